#include "engine/quote_keeper.h"

#include <algorithm>
#include <tuple>

namespace reprise::engine {

void QuoteKeeper::Slot::persist(StateArchive& archive) {
  archive.field("key", key);
  archive.field("side", side);
  archive.field("wanted", wanted);
  archive.field("price", price);
  archive.field("qty", qty);
  archive.field("order_id", order_id);
  archive.field("retry_at", retry_at);
}

void QuoteKeeper::Set::persist(StateArchive& archive) {
  archive.field("strategy", strategy);
  archive.field("instrument", instrument);
  archive.field("min_move", min_move);
  archive.field("by_modify", by_modify);
  archive.field("waiting", waiting);
  archive.field("slots", slots);
}

std::vector<QuoteKeeper::Set>::iterator QuoteKeeper::place_of(StrategyNo strategy, InstrumentNo instrument) {
  return std::lower_bound(
      sets_.begin(), sets_.end(), std::tuple(strategy, instrument),
      [](const Set& set, const auto& wanted) { return std::tuple(set.strategy, set.instrument) < wanted; });
}

QuoteKeeper::Set* QuoteKeeper::find(StrategyNo strategy, InstrumentNo instrument) {
  const auto place = place_of(strategy, instrument);
  const bool found = place != sets_.end() && place->strategy == strategy && place->instrument == instrument;
  return found ? &*place : nullptr;
}

void QuoteKeeper::want(StrategyNo strategy, InstrumentNo instrument, const std::vector<Quote>& wanted,
                       const QuoteStyle& style) {
  const Instrument* contract = core_.instrument(instrument);
  if (contract == nullptr) return;
  if (find(strategy, instrument) == nullptr) {
    if (wanted.empty()) return;
    const auto added = sets_.insert(place_of(strategy, instrument), Set{});
    added->strategy = strategy;
    added->instrument = instrument;
  }
  Set& set = *find(strategy, instrument);
  set.min_move = style.min_move;
  set.by_modify = style.by_modify;
  for (Slot& slot : set.slots) slot.wanted = false;
  for (const Quote& quote : wanted) {
    if (quote.key == 0 || quote.side == Side::NONE || !quote.price.is_positive()) continue;
    auto slot = std::lower_bound(set.slots.begin(), set.slots.end(), quote.key,
                                 [](const Slot& s, std::uint16_t key) { return s.key < key; });
    if (slot == set.slots.end() || slot->key != quote.key) {
      slot = set.slots.insert(slot, Slot{});
      slot->key = quote.key;
    }
    slot->side = quote.side;
    slot->price = contract->round_to_tick(quote.price, quote.side == Side::BUY ? Rounding::floor : Rounding::ceiling);
    slot->qty = contract->floor_to_lot(quote.qty);
    slot->wanted = slot->price.is_positive() && slot->qty.is_positive() && slot->qty >= contract->min_qty &&
                   mul(slot->price, slot->qty) >= contract->min_notional;
  }
}

void QuoteKeeper::plan(Set& set) {
  actions_.clear();
  set.waiting = false;
  // What quotes may still take off the position, where only shrinking is allowed.
  Qty reduce_budget;
  if (core_.risk.trading_state() == schema::TradingStateKind::REDUCING) {
    const Qty share = core_.portfolio.strategy_position(set.strategy, set.instrument);
    const Qty net = core_.portfolio.net_position(set.instrument);
    if (share.sign() == net.sign()) reduce_budget = share.abs() < net.abs() ? share : net;
  }
  for (std::size_t place = 0; place < set.slots.size(); ++place) {
    Slot& slot = set.slots[place];
    const Order* order = slot.order_id == 0 ? nullptr : core_.orders.find(slot.order_id);
    if (order == nullptr || is_closed(order->status)) slot.order_id = 0;
    plan_slot(set, place, reduce_budget);
  }
  std::stable_sort(actions_.begin(), actions_.end(), [](const Action& a, const Action& b) { return a.kind < b.kind; });
}

void QuoteKeeper::plan_slot(const Set& set, std::size_t place, Qty& reduce_budget) {
  const Slot& slot = set.slots[place];
  const schema::TradingStateKind state = core_.risk.trading_state();
  bool wanted = slot.wanted && state != schema::TradingStateKind::HALTED;
  Qty qty = slot.qty;
  bool reduce_only = false;
  if (wanted && state == schema::TradingStateKind::REDUCING) {
    reduce_only = true;
    const bool shrinks = sign_of(slot.side) * reduce_budget.sign() < 0;
    qty = shrinks ? std::min(qty, reduce_budget.abs()) : Qty::zero();
    const Instrument* contract = core_.instrument(set.instrument);
    wanted = qty.is_positive() && qty >= contract->min_qty && mul(slot.price, qty) >= contract->min_notional;
    if (wanted) reduce_budget += sign_of(slot.side) > 0 ? qty : -qty;
  }

  const Order* order = slot.order_id == 0 ? nullptr : core_.orders.find(slot.order_id);
  if (order == nullptr) {
    if (!wanted) return;
    if (core_.out.now() < slot.retry_at) return;
    actions_.push_back({ActionKind::place, place, slot.price, qty, reduce_only});
    return;
  }
  if (is_in_flight(order->status) || order->status == OrderStatus::UNKNOWN) return;  // its answer brings us back
  if (core_.out.now() < slot.retry_at) return;
  if (!wanted || order->request.side != slot.side || (reduce_only && !order->request.reduce_only)) {
    actions_.push_back({ActionKind::cancel, place, {}, {}, false});
    return;
  }
  const PriceDelta distance = (slot.price - order->request.price).abs();
  const Qty leaves = order->leaves_qty();
  const bool moved = !distance.is_zero() && distance >= set.min_move;
  if (!moved && leaves <= qty) return;
  actions_.push_back({set.by_modify ? ActionKind::modify : ActionKind::cancel, place, slot.price, qty, reduce_only});
}

void QuoteKeeper::reconcile(StrategyNo strategy, InstrumentNo instrument, Seq cause) {
  Set* set = find(strategy, instrument);
  if (set == nullptr) return;
  plan(*set);
  if (!actions_.empty()) carry_out(*set, cause);
  const UnixNanos now = core_.out.now();
  for (const Slot& slot : set->slots) {
    if (slot.retry_at > now && (slot.wanted || slot.order_id != 0)) set->waiting = true;
  }
}

void QuoteKeeper::carry_out(Set& set, Seq cause) {
  const MarketView* market = core_.market_view(set.instrument);
  const Action& first = actions_.front();
  const Seq signal = core_.out.emit<schema::Signal>(
      RecordType::SIGNAL, set.instrument, set.strategy, cause, [&](schema::Signal::Builder b) {
        b.setKind(schema::SignalKind::QUOTE);
        b.setSide(set.slots[first.slot].side);
        b.setReferencePrice(market != nullptr ? market->mid.value_or(Price::zero()).e8 : 0);
        b.setStrength(kScale);
        b.setTargetQty(first.qty.e8);
      });
  const UnixNanos retry_at = core_.out.now() + kRetryAfter;
  for (const Action& action : actions_) {
    Slot& slot = set.slots[action.slot];
    switch (action.kind) {
      case ActionKind::cancel: gate_.cancel(slot.order_id, signal); break;
      case ActionKind::modify: {
        const Order* order = core_.orders.find(slot.order_id);
        const ModifyResult result = gate_.modify(*order, action.price, action.qty, signal);
        if (result == ModifyResult::sent) break;
        slot.retry_at = retry_at;
        gate_.cancel(slot.order_id, signal);  // better no quote than one where it should not be
        break;
      }
      case ActionKind::place: {
        OrderRequest request;
        request.instrument = set.instrument;
        request.strategy = set.strategy;
        request.cause = signal;
        request.quote_key = slot.key;
        request.side = slot.side;
        request.type = OrderType::LIMIT;
        request.time_in_force = TimeInForce::GTX;
        request.qty = action.qty;
        request.price = action.price;
        request.reduce_only = action.reduce_only;
        slot.order_id = gate_.submit(request);
        if (slot.order_id == 0) slot.retry_at = retry_at;
        break;
      }
    }
  }
}

void QuoteKeeper::reconcile_waiting() {
  for (std::size_t i = 0; i < sets_.size(); ++i) {
    if (sets_[i].waiting) reconcile(sets_[i].strategy, sets_[i].instrument, 0);
  }
}

void QuoteKeeper::on_refused(const Order& order) {
  Set* set = find(order.request.strategy, order.request.instrument);
  if (set == nullptr) return;
  for (Slot& slot : set->slots) {
    if (slot.order_id != order.id) continue;
    slot.retry_at = core_.out.now() + kRetryAfter;
    set->waiting = true;  // its strategy may be off: nobody else would look at it again
  }
}

}  // namespace reprise::engine
