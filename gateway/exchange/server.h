// The exchange server: the exchange behind sockets, its market played in real time or faster, its day in a journal.
//
//   sockets ──> Doorkeeper ──> ExchangeSeat: journal, machine, journal ──> sockets
//   market ───────────────────────^
//
// One thread, the loop's. The venue's clock starts at the wall clock and runs on a steady one, so it never steps; at
// another speed than 1 the market's time runs away from the wall clock, against which request timestamps are still
// checked. Listens on loopback unless told otherwise. A journal that cannot be written ends the server: status().
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/config.h"
#include "gateway/binance/secret.h"
#include "gateway/exchange/admin.h"
#include "gateway/exchange/doorkeeper.h"
#include "gateway/exchange/exchange_seat.h"
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
  std::uint64_t seed = 0;                    // of listen keys and of what faults draw
  std::optional<AdminOptions> admin;
};

struct ExchangeCounts {
  std::uint64_t market_records = 0;
  std::uint64_t requests = 0;
  bool market_ended = false;
};

class ExchangeServer final : public net::ServerHandler, private AdminTarget {
 public:
  // `open_feed` is told when the venue's clock begins. The sink is the day's journal, or none; it outlives the server.
  static Result<std::unique_ptr<ExchangeServer>> start(
      net::Loop& loop, ExchangeServerOptions options, sim::RunSink& sink,
      const std::function<Result<std::unique_ptr<MarketFeed>>(UnixNanos)>& open_feed);
  ~ExchangeServer() override;

  std::uint16_t port() const { return server_->port(); }
  std::string address() const { return server_->address(); }
  const ExchangeCounts& counts() const { return counts_; }
  std::uint16_t admin_port() const { return admin_ == nullptr ? std::uint16_t{0} : admin_->port(); }
  Status status() const { return sink_.status(); }
  // Ends in order: nothing comes in any more, and the journal is ended.
  Result<journal::Digest> stop();
  std::uint64_t records() const { return seat_.records(); }
  net::ServerCounts connection_counts() const { return server_->counts(); }
  // A fault as the admin port takes it (fault_desk.h); its number.
  Result<std::uint64_t> add_fault(std::string_view json) override;

  // net::ServerHandler
  void on_request(net::Request request, net::Reply reply) override;
  std::optional<net::Response> on_websocket(const net::Request& request) override;
  void on_open(net::ConnectionId id) override;
  void on_text(net::ConnectionId id, std::string_view text) override;
  void on_closed(net::ConnectionId id, std::string_view reason) override;

 private:
  ExchangeServer(net::Loop& loop, ExchangeServerOptions options, sim::RunSink& sink);
  // AdminTarget
  bool remove_fault(std::uint64_t id) override;
  std::string state_json() override;

  Clock clock() const;
  void depart();  // what the machine said goes out
  void depart(Departure&& departure);
  void send(ConnectionNo connection, const std::shared_ptr<const std::string>& text);
  void play(UnixNanos until);  // market and timers up to this moment, in their order
  void play_on();              // and plans the next time

  net::Loop& loop_;
  ExchangeServerOptions options_;
  sim::RunSink& sink_;
  Doorkeeper doorkeeper_;
  ExchangeSeat seat_;
  std::optional<net::Reply> reply_;  // to the request that is being handled
  std::set<ConnectionNo> api_connections_;
  std::unique_ptr<AdminDesk> admin_;
  std::unique_ptr<MarketFeed> feed_;
  std::unique_ptr<net::Server> server_;
  std::map<net::ConnectionId, HttpRequest> openings_;  // upgrades that were let pass; on_open follows, or nothing
  std::map<net::ConnectionId, net::TimerId> pings_;
  net::TimerId timer_ = 0;
  std::int64_t wall_start_ = 0;
  std::int64_t steady_start_ = 0;
  ExchangeCounts counts_;
  bool has_ended_ = false;  // the day's journal is closed: what still comes is not part of it
  std::shared_ptr<char> alive_ = std::make_shared<char>();  // gone with the server: late messages have nowhere to go
};

}  // namespace reprise::gateway::exchange
