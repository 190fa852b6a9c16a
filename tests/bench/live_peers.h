// A live run and an exchange on the two sides of real sockets, for the figures of the gateway. Both share this
// machine's cores. Errors end the bench.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "gateway/binance/market_session.h"
#include "gateway/binance/symbol_table.h"
#include "gateway/exchange/server.h"
#include "gateway/run/live_loop.h"
#include "tests/bench/bench.h"

namespace reprise::bench {

inline constexpr const char* kKey = "bench-key";
inline constexpr const char* kSecret = "bench-secret";
inline constexpr std::uint64_t kRunTag = 7;
inline constexpr auto kShort = std::chrono::milliseconds(1);

std::int64_t steady_ns();

// A new journal, durability wal.
sim::RunSink journal_at(const std::string& path, schema::RunMode mode);

struct VenueOptions {
  std::optional<net::ServerTls> tls;                          // none: plain
  std::int64_t balance = 1'000;                               // USDT
  double speed = 1;                                           // of its generated market
  std::function<void(const journal::RecordView&)> on_record;  // sees its journal's records, on its thread
};

// An exchange on a thread of its own.
class Venue {
 public:
  Venue(sim::RunSink sink, VenueOptions options);
  ~Venue();
  std::uint16_t port() const { return server_->port(); }
  net::Loop& loop() { return loop_; }                               // only post() from another thread
  gateway::exchange::ExchangeServer& server() { return *server_; }  // on its thread only

 private:
  net::Loop loop_;
  sim::RunSink sink_;
  std::unique_ptr<gateway::exchange::ExchangeServer> server_;
  std::thread thread_;
};

struct BotOptions {
  std::string url;
  std::string authority;      // file of the certificate; "" = plain
  bool by_websocket = false;  // orders over the WebSocket API
  // A socket or a book that was in step for so long is asked for at once when it is lost.
  DurationNanos settled = DurationNanos::seconds(60);
  std::function<void(const journal::RecordView&)> on_record;  // sees its journal's records
  std::function<void(const std::string& client_id)> on_sent;  // a new or changed order has been given to its socket
};

// The client id in a request that makes or changes an order; "" = it is another one.
std::string order_in_request(std::string_view method, std::string_view path, std::string_view parameters);
std::string order_in_text(std::string_view text);  // of the WebSocket API

// A live run of one quoting strategy, in this thread.
class Bot final : private gateway::binance::MarketSink {
 public:
  Bot(sim::RunSink sink, BotOptions options);
  ~Bot() override;
  void turn(net::Duration longest_wait) { loop_.turn(longest_wait); }
  std::int64_t heard_at() const { return heard_; }  // when market records came last, parsed; steady clock, ns

 private:
  void on_records(const journal::RecordBatch& records) override;

  net::Loop loop_;
  sim::RunSink sink_;
  std::unique_ptr<gateway::binance::Wire> wire_;
  std::unique_ptr<gateway::binance::RestClient> rest_;
  gateway::binance::SymbolTable symbols_{"USDT", ""};
  std::unique_ptr<gateway::LiveLoop> live_;
  std::unique_ptr<gateway::binance::MarketSession> market_;
  bool is_live_ = false;
  std::int64_t heard_ = 0;
};

}  // namespace reprise::bench
