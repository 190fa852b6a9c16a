// The venue's refusals: one table of codes and texts, spelled as Binance USD-M Futures spells them.
// The text goes into OrderReport.reason, the code into OrderReport.errorCode.
#pragma once

#include <cstdint>

namespace reprise::sim {

enum class VenueError : std::int32_t {
  none = 0,
  internal_error = -1001,
  too_many_requests = -1003,
  overloaded = -1008,
  reduce_only_not_required = -1106,
  precision = -1111,
  bad_time_in_force = -1115,
  bad_order_type = -1116,
  bad_side = -1117,
  bad_symbol = -1121,
  cancel_rejected = -2011,
  order_does_not_exist = -2013,
  margin_insufficient = -2019,
  would_trigger_immediately = -2021,
  reduce_only_rejected = -2022,
  too_many_orders = -2025,
  position_limit = -2027,
  price_below_zero = -4001,
  price_above_max = -4002,
  qty_not_positive = -4003,
  qty_below_min = -4004,
  qty_above_max = -4005,
  stop_price_below_zero = -4006,
  price_below_min = -4013,
  price_off_tick = -4014,
  price_above_band = -4016,
  qty_off_step = -4023,
  price_below_band = -4024,
  too_many_stop_orders = -4045,
  position_side_mismatch = -4061,
  counterparty_outside_band = -4131,
  close_position_wrong_type = -4136,
  close_position_with_qty = -4137,
  symbol_not_trading = -4140,
  symbol_closed = -4141,
  callback_rate_out_of_range = -4510,
  notional_below_min = -4164,
  fok_not_fillable = -5021,
  post_only_would_take = -5022,
  modify_not_trading = -5024,
  modify_limit_only = -5025,
  modify_unchanged = -5027,
  modify_notional_below_min = -5029,
  good_till_out_of_range = -5040,
};

struct VenueErrorEntry {
  VenueError code;
  const char* text;
};

inline constexpr VenueErrorEntry kVenueErrors[] = {
    {VenueError::none, ""},
    {VenueError::too_many_requests, "Way too many requests; IP banned. Please use the websocket for live updates."},
    {VenueError::internal_error, "Internal error; unable to process your request. Please try again."},
    {VenueError::overloaded,
     "Request throttled by system-level protection. Reduce-only/close-position orders are exempt. Please try again."},
    {VenueError::reduce_only_not_required, "Parameter 'reduceonly' sent when not required."},
    {VenueError::precision, "Precision is over the maximum defined for this asset."},
    {VenueError::bad_time_in_force, "Invalid timeInForce."},
    {VenueError::bad_order_type, "Invalid orderType."},
    {VenueError::bad_side, "Invalid side."},
    {VenueError::bad_symbol, "Invalid symbol."},
    {VenueError::cancel_rejected, "Unknown order sent."},
    {VenueError::order_does_not_exist, "Order does not exist."},
    {VenueError::margin_insufficient, "Margin is insufficient."},
    {VenueError::would_trigger_immediately, "Order would immediately trigger."},
    {VenueError::reduce_only_rejected, "ReduceOnly Order is rejected."},
    {VenueError::too_many_orders, "Reach max open order limit."},
    {VenueError::position_limit, "Exceeded the maximum allowable position at current leverage."},
    {VenueError::price_below_zero, "Price less than 0."},
    {VenueError::price_above_max, "Price greater than max price."},
    {VenueError::qty_not_positive, "Quantity less than or equal to zero."},
    {VenueError::qty_below_min, "Quantity less than min quantity."},
    {VenueError::qty_above_max, "Quantity greater than max quantity."},
    {VenueError::stop_price_below_zero, "Stop price less than or equal to zero."},
    {VenueError::price_below_min, "Price less than min price."},
    {VenueError::price_off_tick, "Price not increased by tick size."},
    {VenueError::price_above_band, "Limit price can't be higher than the upper bound."},
    {VenueError::qty_off_step, "Quantity not increased by step size."},
    {VenueError::price_below_band, "Limit price can't be lower than the lower bound."},
    {VenueError::too_many_stop_orders, "Reach max stop order limit."},
    {VenueError::position_side_mismatch, "Order's position side does not match user's setting."},
    {VenueError::counterparty_outside_band,
     "The counterparty's best price does not meet the PERCENT_PRICE filter limit."},
    {VenueError::close_position_wrong_type, "Target strategy invalid for orderType with closePosition."},
    {VenueError::close_position_with_qty, "Quantity must be zero with closePosition equals true."},
    {VenueError::symbol_not_trading, "Invalid symbol status for opening position."},
    {VenueError::symbol_closed, "Symbol is closed."},
    {VenueError::callback_rate_out_of_range, "Callback rate out of range."},
    {VenueError::notional_below_min, "Order's notional is too small (unless you choose reduce only)."},
    {VenueError::fok_not_fillable,
     "Due to the order could not be filled immediately, the FOK order has been rejected."},
    {VenueError::post_only_would_take,
     "Due to the order could not be executed as maker, the Post Only order will be rejected."},
    {VenueError::modify_not_trading, "Symbol is not in trading status. Order amendment is not permitted."},
    {VenueError::modify_limit_only, "Only limit order is supported."},
    {VenueError::modify_unchanged, "No need to modify the order."},
    {VenueError::modify_notional_below_min, "Order's notional is too small."},
    {VenueError::good_till_out_of_range,
     "The goodTillDate timestamp must be greater than the current time plus 600 seconds."},
};

// Text of a code; the table is short and refusals are rare.
constexpr const char* text_of(VenueError code) {
  for (const VenueErrorEntry& entry : kVenueErrors) {
    if (entry.code == code) return entry.text;
  }
  return "";
}

}  // namespace reprise::sim
