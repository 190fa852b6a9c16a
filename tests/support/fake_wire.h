// A wire without a network: virtual time that a test moves, HTTP answers and WebSockets that it scripts.
//
//   FakeWire wire;                                   // time stands still
//   wire.answer = [](Host, const net::Request& r) { return FakeAnswer{200, body}; };
//   ... start what is tested ...
//   wire.settle();                                   // what was posted runs; no time passes
//   wire.socket(0).accept();                         // the first one opened, in order of opening
//   wire.socket(0).say(R"({"stream":...})");
//   wire.advance(seconds(3));                        // timers ring in their order
//
// Answers come `latency` after the request. Without `answer`, or where it returns nullopt, a request waits in
// `open_requests` for reply(). One thread. A socket that its owner destroyed stays here, with is_gone true.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/binance/wire.h"

namespace reprise::test {

using gateway::binance::Host;

inline net::Duration seconds(double s) {
  return net::Duration(static_cast<std::int64_t>(s * 1e9));
}

struct FakeAnswer {
  int status = 200;
  std::string body = {};
  net::Headers headers = {};
  net::Fate fate = net::Fate::answered;
  std::string problem = {};
};

// The venue's end of one socket.
class FakeSocket {
 public:
  Host host = Host::streams;
  std::string target;
  bool is_open = false;
  bool is_gone = false;  // its owner closed or destroyed it
  bool has_ended = false;
  std::vector<std::string> sent;  // texts from the client

  void accept();
  void say(const std::string& text);
  void end(net::WebsocketCause cause, std::uint16_t code = 0, const std::string& text = {}, std::size_t unsent = 0);

 private:
  friend class FakeWire;
  net::WebsocketHandler* handler_ = nullptr;
};

class FakeScheduler final : public net::Scheduler {
 public:
  std::int64_t now() const override { return now_; }
  void post(std::function<void()> function) override { posted_.push_back(std::move(function)); }
  net::TimerId after(net::Duration delay, std::function<void()> function) override;
  void cancel(net::TimerId timer) override;

 private:
  friend class FakeWire;
  void settle();
  void advance(net::Duration by);

  std::int64_t now_ = 1'000'000'000;
  std::deque<std::function<void()>> posted_;
  std::map<std::pair<std::int64_t, net::TimerId>, std::function<void()>> timers_;
  net::TimerId last_ = 0;
};

class FakeWire final : public gateway::binance::Wire {
 public:
  static constexpr std::int64_t kStart = 1'767'225'600'000'000'000;  // 2026-01-01T00:00:00Z

  net::Scheduler& scheduler() override { return scheduler_; }
  UnixNanos clock() override { return {kStart + scheduler_.now_ + clock_step.ns}; }
  void request(Host host, net::Request request, net::Duration time, net::HttpClient::Done done) override;
  Result<std::unique_ptr<net::WebsocketClient>> open(Host host, const std::string& target,
                                                     net::WebsocketHandler& handler) override;

  void settle() { scheduler_.settle(); }
  void advance(net::Duration by) { scheduler_.advance(by); }

  // In the order of opening.
  FakeSocket& socket(std::size_t place) { return *sockets_.at(place); }
  std::size_t sockets() const { return sockets_.size(); }
  FakeSocket& last_socket(const std::string& part = {});
  std::size_t living_sockets() const;  // not gone and not ended

  struct OpenRequest {
    Host host;
    net::Request request;
    net::HttpClient::Done done;
  };
  void reply(std::size_t place, const FakeAnswer& answer);  // takes it out of open_requests

  std::function<std::optional<FakeAnswer>(Host, const net::Request&)> answer;
  net::Duration latency = std::chrono::milliseconds(20);
  DurationNanos clock_step;            // of our wall clock
  bool refuses_to_open = false;        // open() fails
  std::vector<net::Request> requests;  // all of them, in order
  std::vector<OpenRequest> open_requests;

 private:
  void deliver(net::HttpClient::Done done, const FakeAnswer& answer);

  FakeScheduler scheduler_;
  std::vector<std::shared_ptr<FakeSocket>> sockets_;
};

}  // namespace reprise::test
