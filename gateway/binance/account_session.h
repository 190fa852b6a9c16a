// The account while we trade: the private stream with its listenKey, and the reconciliation that closes its gaps.
//
// Connecting: a listenKey, the socket, then, with what the stream says kept waiting: open orders, our orders that are
// not among them, trades since the last known, balances, positions; then what waited, then live (binance documentation,
// user data streams; the order of steps closes the gap whatever happened meanwhile). The same reconciliation runs from
// time to time. The key is kept alive every half hour; when it is gone, a new one is made and everything begins anew,
// with growing pauses. What comes of all this goes to OrderSession and to the listener. On the wire's thread; nothing
// is called behind destruction or stop().
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gateway/binance/account_merge.h"
#include "gateway/binance/backoff.h"
#include "gateway/binance/order_session.h"
#include "gateway/binance/rest_client.h"

namespace reprise::gateway::binance {

class AccountListener {
 public:
  virtual ~AccountListener() = default;
  virtual void on_account_report(const sim::Report& report) = 0;  // wallets, positions, payments, margin calls
  virtual void on_account_config(InstrumentNo instrument, const ConfigEvent& event) = 0;
  // The stream is there and everything is reconciled; or it is gone and nothing is certain until it is back.
  virtual void on_live() = 0;
  virtual void on_lost(const std::string& why) = 0;
  virtual void on_account_notice(schema::AlertLevel, const std::string& /*text*/) {}
  // A frame of the private stream as it came, for those who keep them; texts of others never go here.
  virtual void on_private_frame(std::string_view /*frame*/) {}
};

class AccountSession final : private net::WebsocketHandler {
 public:
  struct Options {
    std::uint64_t seed = 0;
    net::Duration keep_alive = std::chrono::minutes(30);
    net::Duration longest_life = std::chrono::minutes(23 * 60 + 30);  // of a socket; the venue cuts it after 24 h
    net::Duration reconcile_every = std::chrono::seconds(60);
    net::Duration reconcile_again = std::chrono::seconds(5);  // after one that failed
    std::uint32_t most_failures = 3;                          // in a row: the stream counts as lost
    DurationNanos first_pause = DurationNanos::millis(100);
    DurationNanos longest_pause = DurationNanos::seconds(30);
    std::size_t most_waiting = 100'000;  // events while reconciling; more begin anew
    AccountMerge::Options merge;
  };

  AccountSession(RestClient& rest, const SymbolTable& symbols, OrderSession& orders, const Options& options,
                 AccountListener& listener);
  ~AccountSession() override;
  AccountSession(const AccountSession&) = delete;
  AccountSession& operator=(const AccountSession&) = delete;

  // A run that is taken up knows its money already: the first figures are compared, not brought in.
  void expect_known_account() { is_first_balance_ = false; }
  void start();
  void stop();
  bool is_live() const { return state_ == State::live; }
  // Reads everything again; does nothing while that is under way.
  void reconcile();
  std::uint64_t connections() const { return connections_; }
  std::uint64_t reconciliations() const { return reconciliations_; }
  std::uint64_t bad_frames() const { return bad_frames_; }

 private:
  enum class State { stopped, waiting, connecting, reconciling, live };

  void connect();
  void open(const std::string& key);
  void lose(const std::string& why);
  void cancel_timers();
  void keep_alive();
  void begin_reconciliation();
  void read_next_trades(std::size_t place);
  void read_balances();
  void read_positions();
  void end_reconciliation(bool ok);
  void take(const UserEvent& event);
  net::TimerId after(net::Duration pause, void (AccountSession::*what)());

  void on_open() override;
  void on_text(std::string_view text) override;
  void on_end(const net::WebsocketEnd& end) override;

  RestClient& rest_;
  const SymbolTable& symbols_;
  OrderSession& orders_;
  const Options options_;
  AccountListener& listener_;
  AccountMerge merge_;
  Backoff backoff_;
  State state_ = State::stopped;
  bool is_reconciling_ = false;
  bool is_first_balance_ = true;
  std::unique_ptr<net::WebsocketClient> socket_;
  std::unique_ptr<net::WebsocketClient> old_socket_;  // destroyed on the way out of a callback
  std::vector<UserEvent> waiting_;
  net::TimerId retry_timer_ = 0, keep_timer_ = 0, life_timer_ = 0, reconcile_timer_ = 0;
  std::uint64_t generation_ = 0;  // of the connection: answers for one before are dropped
  std::uint64_t connections_ = 0, reconciliations_ = 0, bad_frames_ = 0;
  std::uint32_t failed_reconciliations_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace reprise::gateway::binance
