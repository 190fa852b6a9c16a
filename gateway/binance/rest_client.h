// Requests to the venue: signed, counted against the venue's limits, judged by the error table. They go to its REST
// host, or, where use_ws_api() was called, over one WebSocket connection as far as it is there and offers them.
//
// A request that the limits do not allow yet waits here, by purpose (cancels first) and then in order; one that they
// never allow fails at once. What an answer says about limits, and a pause or ban it brings, goes to the listener. A
// request is never repeated here: what to do about an answer is the caller's. Each is signed when it leaves, with the
// time of then. Callbacks come on the wire's thread and never within send(). Errors and texts hold no secrets.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "gateway/binance/credentials.h"
#include "gateway/binance/error_table.h"
#include "gateway/binance/rate_limiter.h"
#include "gateway/binance/request_form.h"
#include "gateway/binance/signer.h"
#include "gateway/binance/wire.h"
#include "gateway/binance/ws_api.h"

namespace reprise::gateway::binance {

// What became of one request.
struct Answer {
  Judgement judgement;  // of the order, and what to do
  bool is_ok = false;   // 2xx and no error code: `body` is what was asked for
  int http_status = 0;  // 0: no answer
  std::optional<std::int32_t> code;
  std::string message;  // the venue's text, or what went wrong on the way
  std::string body;
  UnixNanos sent;  // our clock; 0: never left
  UnixNanos received;

  // The venue's words for people: "-2011 Unknown order sent.", "HTTP 503 Service Unavailable."
  std::string told() const;
};

class RestListener {
 public:
  virtual ~RestListener() = default;
  virtual void on_limit_use(const LimitUse&, UnixNanos /*venue_now*/) {}
  virtual void on_pause(const RatePause&) {}
};

class RestClient {
 public:
  using Done = std::function<void(const Answer&)>;
  struct Options {
    net::Duration time = std::chrono::seconds(10);  // for one request, from leaving to its last byte
    std::int64_t recv_window_millis = 5000;
    std::size_t most_waiting = 1000;
    RateLimiter::Settings limits;
  };

  // Without credentials only public requests can be made. `listener` may be nullptr; it outlives the client.
  RestClient(Wire& wire, const Options& options, RestListener* listener);
  ~RestClient();  // nothing is called any more
  RestClient(const RestClient&) = delete;
  RestClient& operator=(const RestClient&) = delete;

  Status use(Credentials credentials);
  bool has_credentials() const { return signer_.has_value(); }

  // From here on what the WebSocket API offers goes there (ws_api.h), while it is connected.
  void use_ws_api(const WsApi::Options& options);
  const WsApi* ws_api() const { return ws_api_.get(); }  // nullptr: not used

  void send(const VenueRequest& request, Done done);
  // To another host of the venue, whose limits are not counted here.
  void send_to(Host host, const VenueRequest& request, Done done);

  // Venue clock minus ours. The clock is measured by measure_clock(): of several probes the one with the shortest way.
  DurationNanos clock_offset() const { return offset_; }
  DurationNanos round_trip() const { return round_trip_; }
  UnixNanos venue_now() const { return wire_.clock() + offset_; }
  using Measured = std::function<void(bool ok, const std::string& problem)>;
  void measure_clock(int probes, Measured done);

  RateLimiter& limiter() { return limiter_; }
  std::size_t waiting() const { return waiting_.size(); }
  Wire& wire() { return wire_; }

 private:
  struct Waiting {
    Host host = Host::rest;
    VenueRequest request;
    Done done;
  };
  struct Probes;
  void pump();
  void leave(Waiting waiting);
  bool leave_by_ws_api(const Waiting& waiting);
  bool may_connect_ws_api();
  void fail_soon(Done done, Answer answer);
  void on_result(const Waiting& waiting, RateTicket ticket, UnixNanos sent, net::HttpResult result);
  void probe(std::shared_ptr<Probes> probes);

  Wire& wire_;
  const Options options_;
  RestListener* listener_;
  RateLimiter limiter_;
  std::optional<Credentials> credentials_;
  std::optional<Signer> signer_;
  std::unique_ptr<WsApi> ws_api_;
  std::deque<Waiting> waiting_;  // by purpose, then in order
  net::TimerId wake_ = 0;
  DurationNanos offset_{};
  DurationNanos round_trip_{};
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace reprise::gateway::binance
