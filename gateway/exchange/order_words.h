// The venue's spelling of order enums, both ways. Unknown words give no value.
#pragma once

#include <optional>
#include <string_view>

#include "engine/market/instrument.h"
#include "journal/record.h"

namespace reprise::gateway::exchange {

std::string_view word(Side side);
std::string_view word(schema::PositionSide side);
std::string_view word(OrderType type);
std::string_view word(TimeInForce time_in_force);
std::string_view word(StpMode mode);
std::string_view word(TriggerSource source);  // workingType
std::string_view word(schema::InstrumentState state);

std::optional<Side> side_of(std::string_view word);
std::optional<schema::PositionSide> position_side_of(std::string_view word);
std::optional<OrderType> order_type_of(std::string_view word);
std::optional<TimeInForce> time_in_force_of(std::string_view word);
std::optional<StpMode> stp_mode_of(std::string_view word);
std::optional<TriggerSource> working_type_of(std::string_view word);

// "er" of an order event: 0 none, 1 self-trade, 2 IOC remainder, 4 reduce-only conflict, 5 liquidated, 7 delisted, 9
// market remainder.
int expiry_reason_number(schema::ExpiryReason reason);

}  // namespace reprise::gateway::exchange
