// The gate: every order passes check() first, the account's state passes check_state() at every mark.
//
// Each decision is one RiskDecision record with every limit that was checked, its value, its bound and its unit. A
// bound of 0 in the configuration switches a rule off; then it is not listed.
//
//   active    everything
//   reducing  only orders that shrink the account's net position, reduce_only set
//   halted    nothing new; cancels always pass (they are not checked)
//   killed    halted, and the kill switch (kill_switch.h) cancels and flattens
//
// The state is the strictest of what the operator asked for, what the gateway's caution asks for (reducing) and what
// each broken rule asks for. Leaving it: the daily-loss rule asks until the UTC day of engine time ends, caution until
// the gateway's `allClear`; everything else needs the operator's `resume`, which ends all of it and makes the equity of
// that moment the new peak and the new start of the day.
//
// Adding a rule: a function in engine/risk/rules/, one line in engine/risk/registry.cpp.
// check() allocates nothing beyond the output batch. Not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "config/config.h"
#include "engine/emitter.h"
#include "engine/execution/order_manager.h"
#include "engine/portfolio/portfolio.h"
#include "engine/risk/rate_window.h"
#include "engine/strategy/strategy.h"

namespace reprise::engine {

// Limits in the types of the engine; 0 = off.
struct RiskLimits {
  Qty max_position_qty;
  Money max_position_notional;
  Money max_total_notional;
  Money max_order_notional;
  Rate max_leverage;
  std::uint32_t max_orders_per_second = 0;
  std::uint32_t max_orders_per_minute = 0;
  Rate price_band;
  Rate daily_loss_fraction;
  Rate max_drawdown;
  std::uint32_t max_open_orders = 0;
  Money min_equity;
  Rate min_liquidation_distance;
  Rate flatten_band;  // of the kill switch; 0 = market orders
  schema::RiskAction on_daily_loss = schema::RiskAction::REDUCE;
  schema::RiskAction on_drawdown = schema::RiskAction::KILL;
  static RiskLimits from_config(const config::Risk& risk);
};

// What a decision looks at. Nothing is kept beyond the call.
struct RiskInputs {
  const MarketView* market = nullptr;  // of the request's instrument (order checks)
  const Portfolio* portfolio = nullptr;
  const OrderManager* orders = nullptr;
  const Order* replaces = nullptr;  // a modify: this order's working quantity is replaced by the request's
};

class RiskEngine {
 public:
  void configure(const config::Config& config);

  struct Decision {
    schema::RiskVerdict verdict = schema::RiskVerdict::DENIED;
    Qty approved_qty;                                  // 0 when denied
    schema::RiskRule failed = schema::RiskRule::NONE;  // first rule that failed (also when reduced)
    Seq record_seq = 0;
    bool passes() const { return verdict != schema::RiskVerdict::DENIED; }
  };
  // Counts an approved order against the order rate. Cause of the record: request.cause.
  Decision check(const OrderRequest& request, const RiskInputs& inputs, Emitter& out);

  // Account rules: equity floor, daily loss, drawdown, conservation. Journals a RiskDecision (isStateCheck) when
  // `journal` or when a rule breaks; TradingState and Alert when the state changes. Call at every equity mark and after
  // fills.
  void check_state(const RiskInputs& inputs, bool journal, Emitter& out);

  // killSwitch, reduceOnly, halt, flatten, resume, caution, allClear; others do nothing here.
  void on_operator(schema::OperatorAction action, Portfolio& portfolio, Emitter& out);

  schema::TradingStateKind trading_state() const { return state_; }
  bool killed() const { return killed_; }
  bool is_cautious() const { return is_cautious_; }
  // True once after a decision or command that asks for the kill switch or a flatten; the engine then engages it.
  bool take_flatten_request();

  const RiskLimits& limits() const { return limits_; }
  // The day began in the run before: its equity then, the same UTC day.
  void carry_day(Money equity, const Portfolio& portfolio, UnixNanos now);
  Money day_start_equity() const { return day_start_equity_; }
  Money day_loss(const Portfolio& portfolio) const;  // positive = lost; deposits and withdrawals apart

  void persist(StateArchive& archive);

 private:
  struct Breach {  // the figures behind a change of state; zeros for the operator
    std::int64_t value = 0;
    std::int64_t bound = 0;
  };
  void change_state(schema::TradingStateKind state, bool killed, schema::RiskRule rule, Breach breach,
                    schema::AlertLevel level, Seq cause, Emitter& out);
  void start_day(const Portfolio& portfolio);
  struct Demand {
    schema::TradingStateKind state = schema::TradingStateKind::ACTIVE;
    schema::RiskRule rule = schema::RiskRule::NONE;
  };
  Demand strictest_demand() const;
  void loosen(Emitter& out);  // what asked for the state asks no more

  RiskLimits limits_;
  schema::TradingStateKind state_ = schema::TradingStateKind::ACTIVE;
  schema::RiskRule state_rule_ = schema::RiskRule::NONE;  // what put it there; none = operator or gateway
  schema::TradingStateKind operator_state_ = schema::TradingStateKind::ACTIVE;
  bool is_cautious_ = false;
  bool killed_ = false;
  bool flatten_requested_ = false;
  std::int64_t day_ = -1;  // UTC day number of engine time
  Money day_start_equity_;
  Money day_start_deposits_;
  bool daily_loss_latched_ = false;
  bool drawdown_latched_ = false;
  bool equity_floor_latched_ = false;
  bool conservation_latched_ = false;
  RateWindow per_second_{DurationNanos::seconds(1)};
  RateWindow per_minute_{DurationNanos::seconds(60)};
};

const char* name_of(schema::RiskRule rule);

}  // namespace reprise::engine
