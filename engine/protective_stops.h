// Keeps one reduce-only stop-market order at the venue for the position of a strategy that asked for it.
//
// The order follows the position's quantity and the wanted stop by cancel and place (the venue cannot modify
// conditional orders); between the two the strategy's own stop is the only one. Triggered by the last price. It is
// placed only while the account's net position covers the strategy's share, since the venue sees the net alone.
// After a refusal it is tried again kRetryAfter later. A halt lets nothing new through, so the order that stands then
// stays as long as there is a position behind it; the kill switch cancels it with everything else.
#pragma once

#include <optional>
#include <vector>

#include "engine/order_gate.h"

namespace reprise::engine {

class ProtectiveStops {
 public:
  static constexpr DurationNanos kRetryAfter = DurationNanos::seconds(1);

  ProtectiveStops(Core& core, OrderGate& gate) : core_(core), gate_(gate) {}

  void want(StrategyNo strategy, InstrumentNo instrument, std::optional<Price> stop);
  void reconcile(StrategyNo strategy, InstrumentNo instrument, Seq cause);
  void reconcile_waiting();  // on every clock tick
  void on_refused(const Order& order);
  bool is_stop(const Order& order) const;
  void persist(StateArchive& archive) { archive.field("stops", stops_); }

 private:
  struct Stop {
    StrategyNo strategy = 0;
    InstrumentNo instrument = 0;
    Price wanted;  // 0 = none
    Seq order_id = 0;
    UnixNanos retry_at;
    void persist(StateArchive& archive);
  };
  Stop* find(StrategyNo strategy, InstrumentNo instrument);

  Core& core_;
  OrderGate& gate_;
  std::vector<Stop> stops_;  // in the order in which they were first asked for
};

}  // namespace reprise::engine
