// The venue's WebSocket trading API: one connection on which requests are answered by id, in any order.
//
// It keeps itself connected, with growing pauses, and makes a new connection before the venue cuts the old one (24 h);
// while there is none, callers go by REST. An answer comes as REST would give it: status, the body of the result or of
// the error, and the counters as headers. As with net::HttpClient the result says how far a request came: one that was
// on its way when the connection died, or that has no answer in time, is of unknown fate; the connection is given up
// then.
//
// Calls and callbacks on the wire's thread; `done` never within send(), and never behind destruction.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "gateway/binance/backoff.h"
#include "gateway/binance/parameters.h"
#include "gateway/binance/wire.h"

namespace reprise::gateway::binance {

class WsApi final : private net::WebsocketHandler {
 public:
  struct Options {
    std::uint64_t seed = 0;
    DurationNanos first_pause = DurationNanos::millis(100);
    DurationNanos longest_pause = DurationNanos::seconds(30);
    net::Duration longest_life = std::chrono::minutes(23 * 60 + 30);
    std::size_t most_pending = 1000;
  };
  static constexpr std::int64_t kConnectWeight = 5;

  // `may_connect`: whether a connection may be made now, which costs kConnectWeight; else it is asked again later.
  WsApi(Wire& wire, const Options& options, std::function<bool()> may_connect);
  ~WsApi() override;
  WsApi(const WsApi&) = delete;
  WsApi& operator=(const WsApi&) = delete;

  bool is_open() const;
  std::uint64_t connections() const { return connections_; }
  // False: there is no connection that takes it, and nothing was sent.
  bool send(const std::string& method, const Parameters& parameters, net::Duration time, net::HttpClient::Done done);

 private:
  struct Pending {
    net::HttpClient::Done done;
    std::int64_t sent = 0;
    net::TimerId timer = 0;
  };

  void connect();
  void connect_later();
  void give_up(const char* why);
  void retire();  // no new requests; closes when the last one is answered
  void end(Pending pending, net::HttpResult result);
  void on_text(std::string_view text) override;
  void on_open() override;
  void on_end(const net::WebsocketEnd& end) override;

  Wire& wire_;
  const Options options_;
  std::function<bool()> may_connect_;
  Backoff backoff_;
  std::unique_ptr<net::WebsocketClient> socket_;
  std::unique_ptr<net::WebsocketClient> old_socket_;  // destroyed on the way out of a callback
  std::map<std::int64_t, Pending> pending_;           // by id, in the order of sending
  std::int64_t last_id_ = 0;
  std::int64_t timed_out_ = 0;  // the request whose time is over; 0: none
  std::uint64_t connections_ = 0;
  bool is_retired_ = false;
  net::TimerId retry_timer_ = 0, life_timer_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace reprise::gateway::binance
