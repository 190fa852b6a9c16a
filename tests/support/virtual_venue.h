// The exchange's core behind a wire without sockets, in virtual time, with faults on the way: the gateway and its venue
// in one process, each step of both repeatable from a seed.
//
// Requests and stream messages take some time; by the plan they are lost, doubled, delayed, reordered, answered with
// the venue's errors (processed or not), and connections and listenKeys end. Signatures are not checked. One thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gateway/binance/wire.h"
#include "gateway/exchange/core.h"
#include "gateway/exchange/market_feed.h"
#include "journal/assert.h"
#include "sim/generator/random.h"

namespace reprise::test {

// Of a thousand, for each request of an order, a cancel, a modify, a query; and for each private event.
struct FaultPlan {
  std::uint32_t lost_before = 0;       // never arrives; no answer
  std::uint32_t lost_after = 0;        // processed; no answer
  std::uint32_t late = 0;              // arrives 1 to 8 s later: some beyond the receive window
  std::uint32_t not_sent = 0;          // no connection
  std::uint32_t unknown_done = 0;      // 503 "Unknown error", processed
  std::uint32_t unknown_not_done = 0;  // the same, not processed
  std::uint32_t unavailable = 0;       // 503 "Service Unavailable.", not processed
  std::uint32_t timeout_code = 0;      // 408 -1007, processed or not
  std::uint32_t limited = 0;           // 429, not processed
  std::uint32_t event_lost = 0;
  std::uint32_t event_doubled = 0;
  std::uint32_t event_delayed = 0;  // up to 3 s: overtaken by others
  std::uint32_t disconnect = 0;     // the private stream ends
  std::uint32_t key_expires = 0;
  std::int32_t new_orders_refused = 0;  // 0, or the code that every new order is refused with
  static FaultPlan all(std::uint32_t permille);
};

class VirtualVenue final : public gateway::binance::Wire {
 public:
  static constexpr std::int64_t kOpening = 1'767'225'600'000'000'000;  // 2026-01-01T00:00:00Z

  explicit VirtualVenue(std::uint64_t seed, const std::string& symbol_count = "1");
  ~VirtualVenue() override;

  net::Scheduler& scheduler() override { return scheduler_; }
  UnixNanos clock() override { return now(); }
  void request(gateway::binance::Host host, net::Request request, net::Duration time,
               net::HttpClient::Done done) override;
  Result<std::unique_ptr<net::WebsocketClient>> open(gateway::binance::Host host, const std::string& target,
                                                     net::WebsocketHandler& handler) override;

  UnixNanos now() const { return {kOpening + scheduler_.now_}; }
  void advance(double seconds);
  // Everything that belongs to the client is forgotten, as when its process dies.
  void forget_client();

  // The venue's own view, past all faults.
  std::string ask(const std::string& method, const std::string& path, const std::string& query);

  FaultPlan faults;
  bool is_down = false;                           // nothing arrives, every connection is refused
  UnixNanos banned_until;                         // 418 for every request until then
  std::uint64_t banned_requests = 0;              // that came in spite of it
  bool is_private_down = false;                   // of the private stream alone: no events, no connection
  std::uint64_t api_requests = 0;                 // over the WebSocket API
  std::map<std::string, std::uint64_t> injected;  // by name
  std::uint64_t order_requests = 0;               // POST /order and /algoOrder that arrived
  const std::string& symbol() const { return symbol_; }

 private:
  class Scheduler final : public net::Scheduler {
   public:
    std::int64_t now() const override { return now_; }
    void post(std::function<void()> f) override { (void)after({}, std::move(f)); }
    net::TimerId after(net::Duration delay, std::function<void()> f) override;
    void cancel(net::TimerId timer) override;
    std::int64_t now_ = 1'000'000'000;
    std::map<std::pair<std::int64_t, net::TimerId>, std::function<void()>> timers_;
    std::map<net::TimerId, std::int64_t> due_;
    net::TimerId last_ = 0;
  };
  struct Socket {
    net::WebsocketHandler* handler = nullptr;
    bool is_open = false;
    bool is_private = false;
    bool is_api = false;  // of the WebSocket API
    std::string target;
    std::int64_t last_delivery = 0;
  };
  class Client;

  void play();
  bool strike(std::uint32_t permille, const char* name);
  void deliver(std::uint64_t connection, const std::string& text, std::int64_t delay);
  void on_sent(gateway::exchange::ConnectionNo connection, std::shared_ptr<const std::string> text);
  void end_socket(std::uint64_t connection, const char* why, std::size_t unsent_texts = 0);
  net::Response process(const net::Request& request);
  // Carries a request there and its answer back, with what may befall both. `process` is the venue's work, `answered`
  // and `refused` reach the client; neither is called where it never hears of it.
  struct Carried {
    bool is_order = false;  // about orders: what the plan strikes
    bool is_new = false;    // a new order
    std::function<net::Response()> process;
    std::function<void(const net::Response&)> answered;
    std::function<void()> not_sent;
  };
  void carry(Carried request);
  void on_api_text(std::uint64_t connection, const std::string& text);

  Scheduler scheduler_;
  sim::RandomStream random_;
  gateway::exchange::ExchangeCore core_;
  std::unique_ptr<gateway::exchange::MarketFeed> feed_;
  std::map<std::uint64_t, Socket> sockets_;
  std::uint64_t last_connection_ = 0;
  std::uint64_t life_ = 1;             // of the client
  std::string* api_answer_ = nullptr;  // where the core's answer to a request of the WebSocket API goes
  std::string symbol_;
};

}  // namespace reprise::test
