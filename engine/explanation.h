// What a strategy waits for at this moment, and the gates behind it: what sizing and risk would say to the order that
// it would send. For why and why-not; made from copies and scratch, so the engine's state and its outputs stay as they
// are.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/core.h"
#include "engine/strategy/conditions.h"

namespace reprise::engine {

struct GateCheck {
  schema::RiskRule rule = schema::RiskRule::NONE;
  schema::LimitUnit unit = schema::LimitUnit::NONE;
  bool passed = true;
  std::int64_t value = 0;  // in the unit, as in a RiskDecision record
  std::int64_t bound = 0;
};

struct SizingOutcome {
  Money equity;
  Rate risk_fraction;
  PriceDelta stop_distance;
  Qty raw_qty;
  Qty qty;
  schema::RiskRule capped_by = schema::RiskRule::NONE;
};

struct RiskOutcome {
  schema::RiskVerdict verdict = schema::RiskVerdict::DENIED;
  schema::RiskRule failed = schema::RiskRule::NONE;
  Qty requested;
  Qty approved;
  std::vector<GateCheck> checks;
};

struct ExplainedAction {
  PossibleAction action;
  Side side = Side::NONE;               // of the order that it would send
  std::optional<SizingOutcome> sizing;  // entries
  std::optional<RiskOutcome> risk;      // where an order would be left to check

  bool would_trade() const {
    return action.ready() && (!sizing || sizing->qty.is_positive()) &&
           (!risk || risk->verdict != schema::RiskVerdict::DENIED);
  }
};

struct Explanation {
  StrategyNo strategy = 0;
  InstrumentNo instrument = 0;
  bool is_enabled = false;
  bool has_started = false;
  bool trades_instrument = false;
  Qty position;
  std::uint32_t working_orders = 0;
  std::vector<ExplainedAction> actions;
};

ExplainedAction explain_gates(const Core& core, StrategyNo strategy, InstrumentNo instrument, PossibleAction action);

}  // namespace reprise::engine
