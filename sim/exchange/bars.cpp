// Bars alone: the path inside a bar that nobody recorded, taken against us (sim/MODELS.md, "Bars alone").
#include <algorithm>

#include "sim/exchange/exchange.h"

namespace reprise::sim {

bool SimExchange::low_comes_first(const Slot& slot) const {
  if (config_.venue.bar_path == "open_high_low_close") return false;
  if (config_.venue.bar_path == "open_low_high_close") return true;
  // Pessimistic: what hurts the position comes first. Flat: with more to buy than to sell the high comes first, so
  // that what is bought afterwards misses it; and the other way round.
  const int held = ledger_.net_qty(number_of(slot)).sign();
  if (held != 0) return held > 0;
  std::int64_t buys = 0;
  for (const VenueOrder& order : slot.orders) buys += order.side == Side::BUY ? 1 : -1;
  return buys <= 0;
}

void SimExchange::on_bar(Slot& slot, schema::MarketBar::Reader bar) {
  const Price open{bar.getOpen()};
  const Price high{bar.getHigh()};
  const Price low{bar.getLow()};
  const Price close{bar.getClose()};
  if (!bar.getIsFinal()) return;
  for (const Price price : {open, high, low, close}) {
    if (!is_believable(price, {})) return;
  }
  if (bar.getIsMarkPrice()) {
    slot.market.set_mark(close, true);
    revalue(slot);
    return;
  }
  // Where there is a book or there are trades, the bar tells nothing new.
  if (slot.market.has_book() || slot.market.has_prints()) return;
  const Qty volume{std::clamp<std::int64_t>(bar.getVolume(), 0, kMaxQty)};
  slot.market.on_bar_volume(volume);
  const UnixNanos opened{bar.getOpenTime()};
  const bool low_first = low_comes_first(slot);
  const Price points[] = {open, low_first ? low : high, low_first ? high : low, close};
  // From the last close to the open the price jumps: what lies between is hit at the open, not on the way.
  slot.market.set_last(open);
  walk_segment(slot, open, open, opened, true);
  for (int n = 0; n < 3; ++n) walk_segment(slot, points[n], points[n + 1], opened, false);
  slot.market.set_last(close);
  if (slot.waiting != 0) check_triggers(slot, TriggerSource::LAST_PRICE);
}

// The price moves from one point to another; whatever lies on the way is done in the order of the way.
void SimExchange::walk_segment(Slot& slot, Price from, Price to, UnixNanos opened, bool is_open) {
  const bool is_up = to > from;
  Price at = from;
  for (;;) {
    // Nearest thing on the way: a trigger at it, or a limit order that the move goes through.
    VenueOrder* next = nullptr;
    Price next_price;
    bool is_trigger = false;
    const auto consider = [&](VenueOrder& order, Price price, bool trigger) {
      const bool is_nearer = next == nullptr || (is_up ? price < next_price : price > next_price);
      if (!is_nearer) return;
      next = &order;
      next_price = price;
      is_trigger = trigger;
    };
    for (VenueOrder& order : slot.orders) {
      if (order.is_closed) continue;
      if (order.is_waiting) {
        if (order.trigger_source != TriggerSource::LAST_PRICE) continue;
        if (order.type == OrderType::TRAILING_STOP_MARKET) continue;
        if (is_touched(order, at)) {
          consider(order, at, true);
        } else if (is_touched(order, to)) {
          consider(order, order.trigger_price, true);
        }
        continue;
      }
      // A limit order needs the price to go through it. One that came more than a second after the bar opened may
      // have missed the move: it waits for the next bar. Triggers never wait.
      if (order.arrived > opened + DurationNanos::seconds(1)) continue;
      const bool is_through = order.side == Side::BUY ? to < order.price : to > order.price;
      if (!is_through || fillable(slot, order).is_zero()) continue;
      const bool is_behind = order.side == Side::BUY ? at < order.price : at > order.price;
      if (slot.market.instrument.floor_to_lot(slot.market.volume_budget(now_)).is_zero()) continue;
      consider(order, is_behind ? at : order.price, false);
    }
    if (next == nullptr) break;
    at = next_price;
    slot.market.set_last(at);
    if (is_trigger) {
      fire(slot, *next);
    } else {
      const Qty budget = slot.market.instrument.floor_to_lot(slot.market.volume_budget(now_));
      const Qty qty = std::min(budget, fillable(slot, *next));
      slot.market.take_volume(qty, now_);
      fill(slot, *next, next->price, qty, LiquiditySide::MAKER);
    }
  }
  slot.market.set_last(to);
  if (is_open) return;
  // Trailing stops follow the turning points; one that fires does so at its own level on the way back.
  for (std::size_t n = 0; n < slot.orders.size(); ++n) {
    VenueOrder& order = slot.orders[n];
    if (!order.is_waiting || order.is_closed || order.type != OrderType::TRAILING_STOP_MARKET ||
        order.trigger_source != TriggerSource::LAST_PRICE) {
      continue;
    }
    if (!follow(slot, order, to)) continue;
    const Price back = mul(order.extreme, order.callback_rate);
    slot.market.set_last(order.side == Side::BUY ? Price{order.extreme.e8 + back.e8}
                                                 : Price{order.extreme.e8 - back.e8});
    fire(slot, order);
    slot.market.set_last(to);
  }
}

}  // namespace reprise::sim
