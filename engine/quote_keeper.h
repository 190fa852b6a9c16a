// Makes the working orders of a quoting strategy match the quotes that it wants.
//
// One slot for each (strategy, instrument, key); at most one order in a slot. A slot acts when its order is not in
// flight: cancel what is no longer wanted, modify (or cancel, by style) what stands too far from its price, place
// what is missing. An order stays where it is while its price is within style.min_move of the wanted one, so that
// small changes do not cost its place in the queue. Its quantity shrinks at once and grows only with the next move:
// what risk or a partial execution made smaller is not topped up in place.
//
// Orders are post-only limits (gtx). Prices are rounded away from the market, quantities down; a quote below the
// instrument's smallest quantity or notional is not placed. After a refusal (risk, venue) the slot waits
// kRetryAfter. In state reducing only quotes that shrink both the strategy's and the account's position are kept,
// as reduce-only orders; in state halted none.
#pragma once

#include <vector>

#include "engine/order_gate.h"
#include "engine/strategy/strategy.h"

namespace reprise::engine {

class QuoteKeeper {
 public:
  static constexpr DurationNanos kRetryAfter = DurationNanos::seconds(1);

  QuoteKeeper(Core& core, OrderGate& gate) : core_(core), gate_(gate) {}

  void want(StrategyNo strategy, InstrumentNo instrument, const std::vector<Quote>& wanted, const QuoteStyle& style);
  // Does what can be done now. `cause` 0 = the input.
  void reconcile(StrategyNo strategy, InstrumentNo instrument, Seq cause);
  // Slots that wait for their retry or for a change of the trading state: call on every clock tick.
  void reconcile_waiting();
  // The venue refused the order of a slot, or its cancel or modify.
  void on_refused(const Order& order);
  void persist(StateArchive& archive) { archive.field("quote_sets", sets_); }

 private:
  struct Slot {
    std::uint16_t key = 0;
    Side side = Side::NONE;
    bool wanted = false;
    Price price;
    Qty qty;
    Seq order_id = 0;
    UnixNanos retry_at;
    void persist(StateArchive& archive);
  };
  struct Set {
    StrategyNo strategy = 0;
    InstrumentNo instrument = 0;
    PriceDelta min_move;
    bool by_modify = true;
    bool waiting = false;
    std::vector<Slot> slots;  // by key
    void persist(StateArchive& archive);
  };
  enum class ActionKind : std::uint8_t { cancel, modify, place };
  struct Action {
    ActionKind kind;
    std::size_t slot;
    Price price;
    Qty qty;
    bool reduce_only;
  };

  std::vector<Set>::iterator place_of(StrategyNo strategy, InstrumentNo instrument);
  Set* find(StrategyNo strategy, InstrumentNo instrument);
  void plan(Set& set);
  void plan_slot(const Set& set, std::size_t place, Qty& reduce_budget);
  void carry_out(Set& set, Seq cause);

  Core& core_;
  OrderGate& gate_;
  std::vector<Set> sets_;  // by strategy, then instrument
  std::vector<Action> actions_;
};

}  // namespace reprise::engine
