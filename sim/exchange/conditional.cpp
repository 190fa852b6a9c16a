// Stops, take-profits and trailing stops.
//
//   stop          buy fires at price >= trigger, sell at price <= trigger
//   take-profit   buy fires at price <= trigger, sell at price >= trigger
//   trailing      follows the best price since activation; fires when the price has come back by the rate
#include "sim/exchange/exchange.h"

namespace reprise::sim {

std::optional<Price> SimExchange::trigger_price_now(const Slot& slot, TriggerSource source) const {
  switch (source) {
    case TriggerSource::LAST_PRICE: return slot.market.last_or_mid();
    case TriggerSource::MARK_PRICE: return slot.market.mark();
    case TriggerSource::INDEX_PRICE: return slot.market.index() ? slot.market.index() : slot.market.mark();
  }
  return std::nullopt;
}

bool SimExchange::is_touched(const VenueOrder& order, Price price) {
  const bool is_stop = order.type == OrderType::STOP_LIMIT || order.type == OrderType::STOP_MARKET;
  const bool fires_above = is_stop == (order.side == Side::BUY);
  return fires_above ? price >= order.trigger_price : price <= order.trigger_price;
}

bool SimExchange::follow(Slot& slot, VenueOrder& order, Price price) {
  const bool is_buy = order.side == Side::BUY;
  if (!order.is_activated) {
    if (!order.activation_price.is_zero() && (is_buy ? price > order.activation_price : price < order.activation_price))
      return false;
    order.is_activated = true;
    order.extreme = price;
    report_order(slot, order, ReportKind::TRAILING_ACTIVATED);
    return false;
  }
  if (is_buy ? price < order.extreme : price > order.extreme) order.extreme = price;
  const Price back = mul(order.extreme, order.callback_rate);
  return is_buy ? price.e8 >= order.extreme.e8 + back.e8 : price.e8 <= order.extreme.e8 - back.e8;
}

void SimExchange::check_triggers(Slot& slot, TriggerSource source) {
  const std::optional<Price> price = trigger_price_now(slot, source);
  if (!price) return;
  for (std::size_t n = 0; n < slot.orders.size(); ++n) {
    VenueOrder& order = slot.orders[n];
    if (!order.is_waiting || order.is_closed || order.trigger_source != source) continue;
    const bool fires =
        order.type == OrderType::TRAILING_STOP_MARKET ? follow(slot, order, *price) : is_touched(order, *price);
    if (fires) fire(slot, order);
  }
}

void SimExchange::fire(Slot& slot, VenueOrder& order) {
  touch(slot);
  order.is_waiting = false;
  order.arrived = now_;
  if (order.close_position) order.qty = fillable(slot, order);
  report_order(slot, order, ReportKind::TRIGGERED);
  if (const VenueError error = check_admission(slot, order); error != VenueError::none) {
    expire(slot, order, ExpiryReason::TRIGGER_REJECTED, error);
    return;
  }
  start(slot, order);
}

}  // namespace reprise::sim
