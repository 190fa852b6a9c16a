#include "sim/exchange/filters.h"

#include "sim/exchange/ledger.h"
#include "sim/exchange/order.h"

namespace reprise::sim {

namespace {

// Smallest power of ten (as e8) that the step is made of: 0.05 -> 0.01, 0.1 -> 0.1, 5 -> 1.
std::int64_t decimal_unit(std::int64_t step) {
  std::int64_t unit = 1;
  while (unit < kScale && step % (unit * 10) == 0) unit *= 10;
  return unit;
}

}  // namespace

VenueError check_price(const Instrument& i, Price price) {
  if (!price.is_positive()) return VenueError::price_below_zero;
  if (i.max_price.is_positive() && price > i.max_price) return VenueError::price_above_max;
  if (price < i.min_price) return VenueError::price_below_min;
  if (i.tick_size.is_positive()) {
    if (price.e8 % decimal_unit(i.tick_size.e8) != 0) return VenueError::precision;
    if ((price.e8 - i.min_price.e8) % i.tick_size.e8 != 0 && price.e8 % i.tick_size.e8 != 0)
      return VenueError::price_off_tick;
  }
  return VenueError::none;
}

VenueError check_qty(const Instrument& i, Qty qty, bool is_market) {
  if (!qty.is_positive()) return VenueError::qty_not_positive;
  if (qty < i.min_qty) return VenueError::qty_below_min;
  const Qty most = is_market && i.market_max_qty.is_positive() ? i.market_max_qty : i.max_qty;
  if (most.is_positive() && qty > most) return VenueError::qty_above_max;
  if (i.lot_size.is_positive()) {
    if (qty.e8 % decimal_unit(i.lot_size.e8) != 0) return VenueError::precision;
    if ((qty.e8 - i.min_qty.e8) % i.lot_size.e8 != 0 && qty.e8 % i.lot_size.e8 != 0) return VenueError::qty_off_step;
  }
  return VenueError::none;
}

VenueError check_band(const Instrument& i, Side side, Price price, std::optional<Price> mark) {
  if (!mark) return VenueError::none;
  if (side == Side::BUY && i.price_band_up.is_positive() && price > mul(*mark, i.price_band_up))
    return VenueError::price_above_band;
  if (side == Side::SELL && i.price_band_down.is_positive() && price < mul(*mark, i.price_band_down))
    return VenueError::price_below_band;
  return VenueError::none;
}

VenueError check_notional(const Instrument& i, Qty qty, std::optional<Price> price) {
  if (!price) return VenueError::none;
  if (!notional_is_bounded(*price, qty)) return VenueError::qty_above_max;
  if (i.min_notional.is_positive() && *price * qty < i.min_notional) return VenueError::notional_below_min;
  return VenueError::none;
}

VenueError check_shape(const Command& c, UnixNanos now) {
  if (c.side != Side::BUY && c.side != Side::SELL) return VenueError::bad_side;
  if (c.type == OrderType::NONE || c.type == OrderType::LIQUIDATION) return VenueError::bad_order_type;
  if (has_limit_price(c.type)) {
    if (c.time_in_force == TimeInForce::NONE) return VenueError::bad_time_in_force;
    if (c.time_in_force == TimeInForce::GTD && c.good_till < now + kMinGoodTill)
      return VenueError::good_till_out_of_range;
  } else if (c.time_in_force == TimeInForce::GTX || c.time_in_force == TimeInForce::FOK ||
             c.time_in_force == TimeInForce::GTD) {
    return VenueError::bad_time_in_force;
  }
  if (c.close_position) {
    if (c.type != OrderType::STOP_MARKET && c.type != OrderType::TAKE_PROFIT_MARKET)
      return VenueError::close_position_wrong_type;
    if (!c.qty.is_zero()) return VenueError::close_position_with_qty;
  }
  if (c.type == OrderType::TRAILING_STOP_MARKET) {
    if (c.callback_rate < kMinCallback || c.callback_rate > kMaxCallback) return VenueError::callback_rate_out_of_range;
  } else if (is_conditional(c.type) && !c.trigger_price.is_positive()) {
    return VenueError::stop_price_below_zero;
  }
  return VenueError::none;
}

VenueError check_position_side(const Command& c, bool is_hedged) {
  if ((c.position_side != PositionSide::BOTH) != is_hedged) return VenueError::position_side_mismatch;
  if (!is_hedged) return VenueError::none;
  if (c.reduce_only) return VenueError::reduce_only_not_required;  // the two sides say it already
  if (c.close_position && !closes(c.position_side, c.side)) return VenueError::reduce_only_rejected;
  return VenueError::none;
}

}  // namespace reprise::sim
