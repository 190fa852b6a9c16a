// The exchange server without its sockets: requests, stream connections and market records in, answers and payloads
// out.
//
// A pure function of what comes in and when: `now` is the venue's time, `wall` the clock that request timestamps and
// rate limits are held against (the same thing unless the market is played at another speed). Single-threaded.
//
//   market records ──> MarketBoard ──> streams (StreamHub)
//        └───────────> ClientAccount (one simulated venue each) ──> user events (StreamHub)
//   requests ──> rest_table (path, security, weight, handler) ──> answer
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "gateway/exchange/client_account.h"
#include "gateway/exchange/market_board.h"
#include "gateway/exchange/request.h"
#include "gateway/exchange/stream_hub.h"
#include "gateway/exchange/usage.h"

namespace reprise::gateway::exchange {

struct Clock {
  UnixNanos now;   // of the venue and its market
  UnixNanos wall;  // of the clients
};

class ExchangeCore {
 public:
  // Whether a text was signed with the secret of an account.
  using Verify = std::function<bool(std::string_view payload, std::string_view signature)>;

  ExchangeCore(config::Config config, UsageLimits limits, StreamHub::Send send, bool unrouted_has_all = false)
      : config_(std::move(config)), hub_(std::move(send), unrouted_has_all), board_(hub_), usage_(limits) {}

  // Of listen keys. Set before the accounts are added.
  void set_seed(std::uint64_t seed) { seed_ = seed; }
  // Accounts are added before the first record.
  void add_account(const std::string& api_key, std::int64_t balance_e8, Verify verify);
  void open(UnixNanos now);

  void on_market(const journal::RecordView& record, InstrumentNo instrument, UnixNanos now, UnixNanos happened);
  // Timers that are due at `now`, in their order of time. next_timer(): 0 = none.
  void on_timer(UnixNanos now);
  UnixNanos next_timer() const;

  Answer on_request(const HttpRequest& request, Clock clock);
  void expire_listen_keys(UnixNanos now);  // of all accounts, as if their time were up

  // A connection is for streams, or for the WebSocket API (/ws-fapi/v1). False: no such path.
  static bool is_websocket_path(std::string_view path);
  static bool is_api_path(std::string_view path);
  void on_open(ConnectionNo connection, const HttpRequest& request, Clock clock);
  void on_text(ConnectionNo connection, std::string_view text, Clock clock);
  void on_closed(ConnectionNo connection);

  // What handlers need.
  struct Caller {
    ClientAccount* account = nullptr;  // nullptr: a public request
    Clock clock;
  };
  MarketBoard& board() { return board_; }
  StreamHub& hub() { return hub_; }
  Usage& usage() { return usage_; }
  const config::Config& config() const { return config_; }

 private:
  struct Client {
    std::unique_ptr<ClientAccount> account;
    Verify verify;
  };
  struct ApiConnection {  // of the WebSocket API
    std::string peer;
    std::string logged_on;  // api key; empty = nobody
    UnixNanos logged_on_at;
    UnixNanos opened_at;
  };
  std::optional<ApiError> check_time(const Params& params, Clock clock, bool is_mandatory) const;
  void on_api_text(ConnectionNo number, ApiConnection& connection, std::string_view text, Clock clock);
  std::vector<std::pair<std::string, std::string>> usage_headers(const std::string& peer, const Client* client,
                                                                 bool counts_orders, UnixNanos wall) const;

  config::Config config_;
  std::uint64_t seed_ = 0;
  StreamHub hub_;
  MarketBoard board_;
  Usage usage_;
  std::map<std::string, Client, std::less<>> clients_;
  std::map<ConnectionNo, ApiConnection> api_connections_;
};

}  // namespace reprise::gateway::exchange
