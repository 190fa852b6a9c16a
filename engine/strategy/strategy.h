// A strategy: reads domain events, tells what it wants. It never sees Cap'n Proto, the journal, the
// venue or the account's other strategies.
//
// Adding one: one file in engine/strategy/ and one line in strategy/registry.cpp.
//
// A strategy says what it wants in three ways. Directional ones give a Signal (enter, exit): sizing turns
// it into a quantity, risk checks it, execution trades it. Quoting ones keep a set of Quotes: the wanted
// working orders by key; execution places, modifies and cancels until the book of working orders matches. And a
// protective stop: one reduce-only stop order for the strategy's position, kept at the venue for the case that
// we are not there.
// All handlers run on the engine's thread, in the order of the journal.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/emitter.h"
#include "engine/market/instrument.h"
#include "engine/market/market_view.h"
#include "engine/state_archive.h"

namespace reprise::engine {

struct TradeEvent {
  InstrumentNo instrument = 0;
  Price price;
  Qty qty;
  Side aggressor = Side::NONE;
  UnixNanos ts_event;
};

struct BarEvent {
  InstrumentNo instrument = 0;
  Price open, high, low, close;
  Qty volume;
  UnixNanos open_time;
  DurationNanos duration;
};

struct FillEvent {  // one execution of this strategy's own order
  InstrumentNo instrument = 0;
  Seq order_id = 0;
  Side side = Side::NONE;
  Price price;
  Qty qty;
  bool is_maker = false;
  bool is_liquidation = false;
};

struct OrderEvent {  // a state change of this strategy's own order
  InstrumentNo instrument = 0;
  Seq order_id = 0;
  OrderStatus status = OrderStatus::INITIALIZED;
};

struct Signal {
  schema::SignalKind kind = schema::SignalKind::NONE;
  Side side = Side::NONE;
  Price reference_price;
  std::optional<Price> stop_price;
  Rate strength = Rate::whole(1);
  Qty target_qty;  // signed, for kinds that name a quantity themselves
};

struct Quote {
  std::uint16_t key = 0;  // identifies the slot (level and side); one working order a key
  Side side = Side::NONE;
  Price price;
  Qty qty;
};

// How quotes follow what is wanted.
struct QuoteStyle {
  PriceDelta min_move;    // a working order nearer than this to the wanted price stays (queue position is worth more)
  bool by_modify = true;  // move orders by modify; else by cancel and place
};

// What a strategy may do and ask while it handles an event.
class StrategyContext {
 public:
  virtual ~StrategyContext() = default;
  virtual UnixNanos now() const = 0;
  virtual const MarketView& market(InstrumentNo instrument) const = 0;
  virtual Qty position(InstrumentNo instrument) const = 0;  // this strategy's own share, signed
  virtual std::optional<Price> entry_price(InstrumentNo instrument) const = 0;
  // Own orders not closed, protective stops apart.
  virtual bool has_working_orders(InstrumentNo instrument) const = 0;
  virtual Money equity() const = 0;  // margin balance of the account

  virtual Seq signal(InstrumentNo instrument, const Signal& signal) = 0;
  // Directional signals are sized, checked and traded at once with a market order: enterLong and enterShort by
  // the stop distance, exit and stop for the whole position, target for the difference to target_qty.
  // Wanted quotes, complete: keys that are missing are pulled; empty = pull all.
  virtual void quote(InstrumentNo instrument, const std::vector<Quote>& wanted, const QuoteStyle& style) = 0;
  // Wanted protective stop for the position; nullopt = none. Follows the position's quantity by itself.
  virtual void protect(InstrumentNo instrument, std::optional<Price> stop) = 0;
  virtual Seq feature(InstrumentNo instrument, schema::FeatureKind kind, std::int64_t value_e8) = 0;
  virtual void set_timer(std::uint64_t timer_id, UnixNanos deadline) = 0;  // own id space; replaces
};

class Strategy {
 public:
  virtual ~Strategy() = default;
  virtual void on_start(StrategyContext&) {}
  virtual void on_bar(const BarEvent&, StrategyContext&) {}
  virtual void on_book(InstrumentNo, StrategyContext&) {}  // book or best bid/offer changed
  virtual void on_trade(const TradeEvent&, StrategyContext&) {}
  virtual void on_fill(const FillEvent&, StrategyContext&) {}
  virtual void on_order(const OrderEvent&, StrategyContext&) {}
  virtual void on_timer(std::uint64_t /*timer_id*/, StrategyContext&) {}
  virtual void persist(StateArchive& archive) = 0;
  // Made anew with other parameters in the middle of a run: takes over from the one before (same kind, same
  // instruments) what still fits; what the parameters shape otherwise begins anew. No event follows on_start() then.
  virtual void inherit(const Strategy& before) = 0;
};

}  // namespace reprise::engine
