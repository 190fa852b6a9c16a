// What the venue states of wallets and positions, put behind the executions that it follows from.
//
// The venue sends the statement before its execution, with the same transaction time; the engine compares a statement
// with its own books and wants it behind (engine/portfolio/portfolio.h). So statements of trading are held until the
// executions of their time are through: until something of another time comes, or a short quiet. Of several statements
// of one time only the last of each wallet and position is told. Everything else passes at once. Single-threaded, on
// the scheduler's thread; calls nothing behind destruction.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "gateway/binance/symbol_table.h"
#include "gateway/binance/user_event.h"
#include "gateway/net/loop.h"
#include "sim/exchange/messages.h"

namespace reprise::gateway::binance {

class AccountMerge {
 public:
  using Tell = std::function<void(const sim::Report&)>;
  struct Options {
    net::Duration quiet = std::chrono::milliseconds(20);     // behind an execution of the same time
    net::Duration longest = std::chrono::milliseconds(250);  // for an execution that does not come
  };
  AccountMerge(net::Scheduler& scheduler, const SymbolTable& symbols, const Options& options, Tell tell);
  ~AccountMerge();
  AccountMerge(const AccountMerge&) = delete;
  AccountMerge& operator=(const AccountMerge&) = delete;

  // To be called before an order event is passed on.
  void before(const OrderEvent& event);
  void take(const AccountEvent& event);
  void take(const MarginCallEvent& event);
  // Figures read from the account: what the venue says now.
  void state(const BalanceView& balance, schema::BalanceChangeReason reason);
  void state(const PositionView& position);
  void flush();  // what is held, now

 private:
  void arm(net::Duration pause);

  net::Scheduler& scheduler_;
  const SymbolTable& symbols_;
  const Options options_;
  const Tell tell_;
  UnixNanos held_time_;  // 0 = nothing is held
  std::map<std::string, BalanceView> balances_;
  std::map<std::string, PositionView> positions_;
  net::TimerId timer_ = 0;
};

}  // namespace reprise::gateway::binance
