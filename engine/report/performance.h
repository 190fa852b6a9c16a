// The figures of `report`, accumulated from the records of a run in one pass. Feed every record in order; ask at the
// end. Pure: no output, no clock; used by tools only, never by a decision.
//
// Money is in the settlement asset; fees in other assets are valued as the engine valued them (Position records).
//   gross_profit  realised + unrealised profit, before fees and funding
//   net_profit    gross_profit - commission + funding
//   slippage      what executions cost against the mid: side * (price - mid) * qty, positive = cost; against the mid
//   when
//                 the order was decided and against the mid at the execution; basis points of the notional measured
//   max_drawdown  largest fall of equity from its peak over the equity marks, as a rate and as money
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "engine/emitter.h"
#include "engine/market/fixed.h"
#include "journal/record.h"

namespace reprise::engine {

struct Slippage {
  Money cost;      // positive = paid more than the mid
  Money notional;  // over which it was measured
  std::uint64_t fills = 0;
  Rate basis_points() const;  // signed, in basis points
};

struct PerformanceFigures {
  Money gross_profit, net_profit, realized_pnl, unrealized_pnl, commission, funding;
  Money traded_notional, maker_notional;
  std::uint64_t orders = 0;  // submit commands
  std::uint64_t modifies = 0, cancels = 0;
  std::uint64_t denied = 0, rejected = 0, canceled = 0, expired = 0, filled_orders = 0;
  std::uint64_t fills = 0, maker_fills = 0, liquidation_fills = 0;
  std::uint64_t positions = 0;  // positions opened (flat to not flat, and flips)
  std::uint64_t closed_positions = 0, winning_positions = 0;
  Slippage against_decision, against_fill;
  Rate maker_share() const;  // of the traded notional
};

class Engine;

class Performance {
 public:
  // Instead of the records in front of them: money is then that of the whole run, counts are of what follows.
  void begin_behind(const Engine& engine);
  void on(const journal::RecordView& record);

  PerformanceFigures account() const;  // settled from the net positions
  std::map<StrategyNo, PerformanceFigures> by_strategy() const;
  std::map<InstrumentNo, PerformanceFigures> by_instrument() const;  // from the net positions
  const std::string& symbol(InstrumentNo instrument) const;          // "" when never declared

  Rate max_drawdown() const { return max_drawdown_; }
  Money max_drawdown_money() const { return max_drawdown_money_; }
  Money first_equity() const { return first_equity_; }
  Money last_equity() const { return last_equity_; }
  Money peak_equity() const { return peak_equity_; }
  std::uint64_t equity_marks() const { return equity_marks_; }
  std::uint64_t records() const { return records_; }
  std::uint64_t anomalies() const { return anomalies_; }
  std::uint64_t alerts() const { return alerts_; }
  std::uint64_t risk_decisions() const { return risk_decisions_; }
  std::uint64_t funding_payments() const { return funding_payments_; }

 private:
  struct Held {  // last Position record of a share or a net position
    std::int64_t qty = 0;
    Money open_notional, realized, commission, funding;
    Money realized_at_open;  // when the position was opened
  };

  void on_position(const journal::RecordView& record);
  void on_fill(const journal::RecordView& record);
  static void settle(PerformanceFigures& figures, const Held& held, Price mark);

  std::map<InstrumentNo, Held> nets_;
  std::map<std::pair<StrategyNo, InstrumentNo>, Held> shares_;
  std::map<StrategyNo, PerformanceFigures> strategies_;  // counts
  std::map<InstrumentNo, PerformanceFigures> instruments_;
  PerformanceFigures account_;
  std::map<InstrumentNo, std::string> symbols_;
  std::string no_symbol_;
  std::map<InstrumentNo, Price> marks_;
  Money first_equity_, last_equity_, peak_equity_, max_drawdown_money_;
  Rate max_drawdown_;
  std::uint64_t equity_marks_ = 0, records_ = 0, anomalies_ = 0, alerts_ = 0, risk_decisions_ = 0,
                funding_payments_ = 0;
};

}  // namespace reprise::engine
