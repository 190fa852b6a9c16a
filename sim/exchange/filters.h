// The exchange's filters on one order (sim/MODELS.md, "Refusals"). Pure functions; first failure counts.
#pragma once

#include <optional>

#include "sim/exchange/messages.h"

namespace reprise::sim {

inline constexpr std::uint32_t kMaxStopOrders = 200;  // untriggered conditional orders, all symbols
inline constexpr DurationNanos kMinGoodTill = DurationNanos::seconds(600);
inline constexpr Rate kMinCallback{100'000};     // 0.1 %
inline constexpr Rate kMaxCallback{20'000'000};  // 20 %

VenueError check_price(const Instrument& instrument, Price price);
VenueError check_qty(const Instrument& instrument, Qty qty, bool is_market);
// PERCENT_PRICE: the aggressive side only.
VenueError check_band(const Instrument& instrument, Side side, Price price, std::optional<Price> mark);
VenueError check_notional(const Instrument& instrument, Qty qty, std::optional<Price> price);
// What has to be there, and nothing that must not be there, for each order type.
VenueError check_shape(const Command& command, UnixNanos now);
// The position that the order names, against the account's position mode.
VenueError check_position_side(const Command& command, bool is_hedged);

}  // namespace reprise::sim
