// Entry, cancel and modify.
#include <algorithm>

#include "sim/exchange/exchange.h"
#include "sim/exchange/filters.h"

namespace reprise::sim {

VenueOrder VenueOrder::of(const Command& c) {
  VenueOrder order;
  order.id = c.order_id;
  order.side = c.side;
  order.position_side = c.position_side;
  order.type = c.type;
  order.time_in_force = c.time_in_force;
  order.stp_mode = c.stp_mode;
  order.trigger_source = c.trigger_source;
  order.reduce_only = c.reduce_only || closes(c.position_side, c.side);
  order.close_position = c.close_position;
  order.qty = c.qty;
  order.price = has_limit_price(c.type) ? c.price : Price{};
  order.trigger_price = c.trigger_price;
  order.activation_price = c.activation_price;
  order.callback_rate = c.callback_rate;
  // Good-till times count in whole seconds.
  order.good_till =
      c.time_in_force == TimeInForce::GTD ? UnixNanos{c.good_till.ns - c.good_till.ns % 1'000'000'000} : UnixNanos{};
  order.is_waiting = is_conditional(c.type);
  return order;
}

VenueError SimExchange::check_entry(Slot& slot, const Command& c) {
  const Instrument& i = slot.market.instrument;
  if (i.state == InstrumentState::CLOSED || i.state == InstrumentState::DELIVERED) return VenueError::symbol_closed;
  if (i.state != InstrumentState::TRADING && i.state != InstrumentState::UNKNOWN) return VenueError::symbol_not_trading;
  if (const VenueError e = check_shape(c, now_); e != VenueError::none) return e;
  if (const VenueError e = check_position_side(c, ledger_.is_hedged()); e != VenueError::none) return e;
  if (has_limit_price(c.type)) {
    if (const VenueError e = check_price(i, c.price); e != VenueError::none) return e;
  }
  if (is_conditional(c.type) && c.type != OrderType::TRAILING_STOP_MARKET) {
    if (const VenueError e = check_price(i, c.trigger_price); e != VenueError::none) return e;
  }
  if (c.type == OrderType::TRAILING_STOP_MARKET && !c.activation_price.is_zero()) {
    if (const VenueError e = check_price(i, c.activation_price); e != VenueError::none) return e;
  }
  if (!c.close_position) {
    if (const VenueError e = check_qty(i, c.qty, !has_limit_price(c.type)); e != VenueError::none) return e;
  }
  if (is_conditional(c.type)) {
    std::uint32_t waiting = 0;
    for (const auto& other : slots_) waiting += other ? other->waiting : 0;
    if (waiting >= kMaxStopOrders) return VenueError::too_many_stop_orders;
  } else if (i.max_open_orders != 0 && slot.resting >= i.max_open_orders) {
    return VenueError::too_many_orders;
  }
  return VenueError::none;
}

// What is checked when an order meets the book: on entry, or when a conditional one fires.
VenueError SimExchange::check_admission(Slot& slot, const VenueOrder& order) {
  const Instrument& i = slot.market.instrument;
  const bool is_limit = has_limit_price(order.type);
  const std::optional<Price> mark = slot.market.mark();
  const std::optional<Price> counterparty =
      slot.market.best(order.side == Side::BUY ? BookSideKind::ask : BookSideKind::bid);
  if (is_limit) {
    if (const VenueError e = check_band(i, order.side, order.price, mark); e != VenueError::none) return e;
  } else if (counterparty) {
    if (check_band(i, order.side, *counterparty, mark) != VenueError::none)
      return VenueError::counterparty_outside_band;
  }
  if (order.may_only_reduce()) {
    if (fillable(slot, order).is_zero()) return VenueError::reduce_only_rejected;
  } else if (const VenueError e =
                 check_notional(i, order.qty, is_limit ? std::optional(order.price) : (mark ? mark : counterparty));
             e != VenueError::none) {
    return e;
  }
  if (order.time_in_force == TimeInForce::GTX && crosses(slot, order)) return VenueError::post_only_would_take;
  if (order.time_in_force == TimeInForce::FOK) {
    const Qty wanted = order.leaves_qty();
    if (fillable(slot, order) < wanted || takeable(slot, order.side, order.price, wanted) < wanted)
      return VenueError::fok_not_fillable;
  }
  if (order.may_only_reduce()) return VenueError::none;
  // A market order is charged with a little more than the best price on entry, as the venue does.
  Price price = order.price;
  if (!is_limit) {
    const std::optional<Price> base = counterparty ? counterparty : slot.market.last_or_mid();
    if (!base) return VenueError::none;  // nothing to trade with: it expires unfilled
    price = order.side == Side::BUY ? mul(*base, Rate{100'050'000}) : std::max(*base, mark.value_or(*base));
  }
  return check_margin_for(slot, order, price, order.leaves_qty());
}

// In hedge mode an order may close no more than is held and not yet spoken for by resting orders of that side: there is
// nothing behind them that it could open. What waits for its trigger is looked at when it fires, and then takes what is
// there.
VenueError SimExchange::check_closing(const Slot& slot, const VenueOrder& order, Qty leaves) const {
  if (!order.is_closing()) return VenueError::none;
  Qty free = ledger_.position(number_of(slot), order.position_side).qty.abs();
  for (const VenueOrder& other : slot.orders) {
    const bool is_same_kind = other.position_side == order.position_side && other.side == order.side;
    if (is_same_kind && other.id != order.id && other.is_resting()) free -= other.leaves_qty();
  }
  return leaves > free ? VenueError::reduce_only_rejected : VenueError::none;
}

void SimExchange::submit(const Command& c) {
  Slot* slot = find(c.instrument);
  if (slot == nullptr || !slot->market.is_traded) {
    report_refusal(c, ReportKind::REJECTED, VenueError::bad_symbol);
    return;
  }
  if (const VenueError e = check_entry(*slot, c); e != VenueError::none) {
    report_refusal(c, ReportKind::REJECTED, e);
    return;
  }
  VenueOrder order = VenueOrder::of(c);
  order.arrived = now_;

  VenueError error = VenueError::none;
  if (order.is_waiting) {
    const std::optional<Price> price = trigger_price_now(*slot, order.trigger_source);
    if (c.type == OrderType::TRAILING_STOP_MARKET) {
      if (order.activation_price.is_zero()) {
        order.is_activated = price.has_value();
        order.extreme = price.value_or(Price{});
      } else if (price && (c.side == Side::BUY ? order.activation_price >= *price : order.activation_price <= *price)) {
        error = VenueError::would_trigger_immediately;
      }
    } else if (price && is_touched(order, *price)) {
      error = VenueError::would_trigger_immediately;
    }
  } else {
    error = check_closing(*slot, order, order.leaves_qty());
    if (error == VenueError::none) error = check_admission(*slot, order);
  }
  if (error != VenueError::none) {
    report_refusal(c, ReportKind::REJECTED, error);
    return;
  }
  order.venue_id = next_venue_order_id_++;
  slot->orders.push_back(order);
  touch(*slot);
  VenueOrder& kept = slot->orders.back();
  report_order(*slot, kept, ReportKind::ACCEPTED);
  if (!kept.is_waiting) start(*slot, kept);
}

void SimExchange::start(Slot& slot, VenueOrder& order) {
  touch(slot);
  if (!has_limit_price(order.type)) {
    take(slot, order, market_bound(slot, order.side));
    if (!order.is_closed) expire(slot, order, ExpiryReason::MARKET_REMAINDER);
    return;
  }
  if (order.time_in_force != TimeInForce::GTX) take(slot, order, order.price);
  if (order.is_closed) return;
  switch (order.time_in_force) {
    case TimeInForce::IOC: expire(slot, order, ExpiryReason::IOC_REMAINDER); return;
    case TimeInForce::FOK: expire(slot, order, ExpiryReason::FOK_NOT_FILLED); return;
    default: rest(slot, order); return;
  }
}

VenueOrder* SimExchange::find_order(InstrumentNo instrument, Seq id, Slot** slot) {
  *slot = find(instrument);
  if (*slot == nullptr) return nullptr;
  for (VenueOrder& order : (*slot)->orders) {
    if (order.id == id && !order.is_closed) return &order;
  }
  return nullptr;
}

void SimExchange::cancel(const Command& c) {
  Slot* slot = nullptr;
  VenueOrder* order = find_order(c.instrument, c.order_id, &slot);
  if (order == nullptr) {
    report_refusal(c, ReportKind::CANCEL_REJECTED, VenueError::cancel_rejected);
    return;
  }
  order->is_closed = true;
  touch(*slot);
  report_order(*slot, *order, ReportKind::CANCELED).command_seq = c.seq;
}

void SimExchange::cancel_all(const Command& c) {
  for (auto& slot : slots_) {
    if (!slot || (c.instrument != 0 && number_of(*slot) != c.instrument)) continue;
    for (VenueOrder& order : slot->orders) {
      if (order.is_closed) continue;
      order.is_closed = true;
      touch(*slot);
      report_order(*slot, order, ReportKind::CANCELED).command_seq = c.seq;
    }
  }
}

void SimExchange::modify(const Command& c) {
  Slot* slot = nullptr;
  VenueOrder* order = find_order(c.instrument, c.order_id, &slot);
  VenueError error = VenueError::none;
  if (order == nullptr) {
    error = VenueError::order_does_not_exist;
  } else if (slot->market.instrument.state != InstrumentState::TRADING &&
             slot->market.instrument.state != InstrumentState::UNKNOWN) {
    error = VenueError::modify_not_trading;
  } else if (order->is_waiting || !has_limit_price(order->type)) {
    error = VenueError::modify_limit_only;
  } else if (order->price == c.price && order->qty == c.qty) {
    error = VenueError::modify_unchanged;
  } else {
    const Instrument& i = slot->market.instrument;
    error = check_price(i, c.price);
    if (error == VenueError::none) error = check_qty(i, c.qty, false);
    if (error == VenueError::none) error = check_band(i, order->side, c.price, slot->market.mark());
    if (error == VenueError::none && c.qty > order->qty) error = check_closing(*slot, *order, c.qty - order->cum_qty);
    if (error == VenueError::none && !order->may_only_reduce()) {
      error = check_notional(i, c.qty, c.price);
      if (error == VenueError::notional_below_min) error = VenueError::modify_notional_below_min;
      // The new quantity minus what has traded is what margin has to stand behind.
      if (error == VenueError::none && c.qty > order->cum_qty) {
        error = check_margin_for(*slot, *order, c.price, c.qty - order->cum_qty);
      }
    }
  }
  if (error != VenueError::none) {
    report_refusal(c, ReportKind::MODIFY_REJECTED, error);
    return;
  }
  touch(*slot);
  VenueOrder changed = *order;
  changed.price = c.price;
  changed.qty = c.qty;
  if (c.qty <= order->cum_qty || (order->time_in_force == TimeInForce::GTX && crosses(*slot, changed))) {
    order->is_closed = true;
    report_order(*slot, *order, ReportKind::CANCELED).command_seq = c.seq;
    return;
  }
  const bool keeps_priority = order->price == c.price && c.qty < order->qty;
  order->price = c.price;
  order->qty = c.qty;
  report_order(*slot, *order, ReportKind::MODIFIED).command_seq = c.seq;
  if (keeps_priority) return;
  // Later than everybody at the new price; our own orders there keep their turn too.
  const VenueOrder moved = *order;
  slot->orders.erase(slot->orders.begin() + (order - slot->orders.data()));
  slot->orders.push_back(moved);
  VenueOrder& kept = slot->orders.back();
  kept.arrived = now_;
  kept.queue = {};
  start(*slot, kept);
}

}  // namespace reprise::sim
