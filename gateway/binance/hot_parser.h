// Field scanner for the messages that make up nearly all of a capture: trade, aggTrade, bookTicker and
// depthUpdate objects as Binance writes them. It reads each byte once, converts numbers where it meets them and
// knows just enough JSON; whatever is unusual (escapes, nesting, unknown events, long numbers) it declines, and
// message_parser.h takes it.
#pragma once

#include <string_view>

#include "gateway/binance/market_message.h"

namespace reprise::gateway {

// `object` is the event's JSON object, from '{' to '}'. True: `message` (freshly reset) is filled except
// for ts_recv. False: declined, and `message` may hold half-read fields.
bool parse_hot_event(std::string_view object, MarketMessage& message);

// Reads [["price","qty"],...] at p; false where it is anything else.
bool scan_levels(const char*& p, const char* end, std::vector<LevelE8>& levels);

}  // namespace reprise::gateway
