// The exchange server: ExchangeCore behind sockets, its market played in real time or faster.
//
// One thread, the loop's. The venue's clock starts at the wall clock and runs on a steady one, so it never steps; at
// another speed than 1 the market's time runs away from the wall clock, against which request timestamps are still
// checked. Listens on loopback unless told otherwise.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "gateway/binance/secret.h"
#include "gateway/exchange/core.h"
#include "gateway/exchange/market_feed.h"
#include "gateway/net/server.h"

namespace reprise::gateway::exchange {

struct ServedAccount {
  std::string api_key;
  binance::Secret secret;      // HMAC; empty with a public key
  std::string public_key_pem;  // RSA or Ed25519
  std::int64_t balance_e8 = 0;
};

struct ExchangeServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  std::optional<net::ServerTls> tls;
  config::Config config;
  UsageLimits limits;
  std::vector<ServedAccount> accounts;
  double speed = 1;
  bool unrouted_has_all = false;             // streams of every kind on /ws and /stream
  std::function<std::int64_t()> wall_clock;  // ns UTC
};

struct ExchangeCounts {
  std::uint64_t market_records = 0;
  std::uint64_t requests = 0;
  bool market_ended = false;
};

class ExchangeServer final : public net::ServerHandler {
 public:
  // `open_feed` is told when the venue's clock begins.
  static Result<std::unique_ptr<ExchangeServer>> start(
      net::Loop& loop, ExchangeServerOptions options,
      const std::function<Result<std::unique_ptr<MarketFeed>>(UnixNanos)>& open_feed);
  ~ExchangeServer() override;

  std::uint16_t port() const { return server_->port(); }
  std::string address() const { return server_->address(); }
  const ExchangeCounts& counts() const { return counts_; }
  void stop() { server_->stop(); }

  // net::ServerHandler
  void on_request(net::Request request, net::Reply reply) override;
  std::optional<net::Response> on_websocket(const net::Request& request) override;
  void on_open(net::ConnectionId id) override;
  void on_text(net::ConnectionId id, std::string_view text) override;
  void on_closed(net::ConnectionId id, std::string_view reason) override;

 private:
  ExchangeServer(net::Loop& loop, ExchangeServerOptions options);
  Clock clock() const;
  void play(UnixNanos until);  // market and timers up to this moment, in their order
  void play_on();              // and plans the next time

  net::Loop& loop_;
  ExchangeServerOptions options_;
  ExchangeCore core_;
  std::unique_ptr<MarketFeed> feed_;
  std::unique_ptr<net::Server> server_;
  std::map<net::ConnectionId, HttpRequest> openings_;  // upgrades that were let pass; on_open follows, or nothing
  std::map<net::ConnectionId, net::TimerId> pings_;
  net::TimerId timer_ = 0;
  std::int64_t wall_start_ = 0;
  std::int64_t steady_start_ = 0;
  ExchangeCounts counts_;
};

}  // namespace reprise::gateway::exchange
