// A wire of tests that talk over WebSockets: what was sent is looked at, what comes is said by hand, time is moved by
// hand.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateway/binance/wire.h"

namespace reprise::test {

class SpokenScheduler final : public net::Scheduler {
 public:
  std::int64_t now() const override { return now_; }
  void post(std::function<void()> f) override { (void)after({}, std::move(f)); }
  net::TimerId after(net::Duration delay, std::function<void()> f) override {
    timers_[{now_ + delay.count(), ++last_}] = std::move(f);
    return last_;
  }
  void cancel(net::TimerId timer) override {
    std::erase_if(timers_, [&](const auto& entry) { return entry.first.second == timer; });
  }
  void advance(net::Duration time) {
    const std::int64_t until = now_ + time.count();
    while (!timers_.empty() && timers_.begin()->first.first <= until) {
      now_ = std::max(now_, timers_.begin()->first.first);
      auto f = std::move(timers_.begin()->second);
      timers_.erase(timers_.begin());
      f();
    }
    now_ = until;
  }

 private:
  std::int64_t now_ = 1;
  net::TimerId last_ = 0;
  std::map<std::pair<std::int64_t, net::TimerId>, std::function<void()>> timers_;
};

struct SpokenSocket {
  gateway::binance::Host host{};
  std::string target;
  net::WebsocketHandler* handler = nullptr;
  std::vector<std::string> sent;
  bool is_open = false;
  bool is_gone = false;
};

class SpokenWire final : public gateway::binance::Wire {
 public:
  net::Scheduler& scheduler() override { return time; }
  UnixNanos clock() override { return {time.now()}; }
  // No answer ever comes over HTTP; how many were asked is counted.
  void request(gateway::binance::Host, net::Request, net::Duration, net::HttpClient::Done) override { ++requests; }
  Result<std::unique_ptr<net::WebsocketClient>> open(gateway::binance::Host host, const std::string& target,
                                                     net::WebsocketHandler& handler) override {
    auto socket = std::make_shared<SpokenSocket>();
    socket->host = host;
    socket->target = target;
    socket->handler = &handler;
    sockets.push_back(socket);
    return std::unique_ptr<net::WebsocketClient>(std::make_unique<Client>(socket));
  }
  void accept() {
    sockets.back()->is_open = true;
    sockets.back()->handler->on_open();
  }
  void say(const std::string& text) { sockets.back()->handler->on_text(text); }
  void end(std::size_t unsent = 0) {
    sockets.back()->is_open = false;
    net::WebsocketEnd end;
    end.cause = net::WebsocketCause::broken;
    end.text = "reset";
    end.unsent_texts = unsent;
    sockets.back()->handler->on_end(end);
  }

  SpokenScheduler time;
  std::size_t requests = 0;
  std::vector<std::shared_ptr<SpokenSocket>> sockets;

 private:
  class Client final : public net::WebsocketClient {
   public:
    explicit Client(std::shared_ptr<SpokenSocket> socket) : socket_(std::move(socket)) {}
    ~Client() override { socket_->is_gone = true; }
    bool is_open() const override { return socket_->is_open; }
    bool send_text(std::string text) override {
      if (!socket_->is_open) return false;
      socket_->sent.push_back(std::move(text));
      return true;
    }
    bool ping(std::string_view) override { return true; }
    void close(std::uint16_t, std::string_view) override {}

   private:
    std::shared_ptr<SpokenSocket> socket_;
  };
};

}  // namespace reprise::test
