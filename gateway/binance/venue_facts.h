// What the venue says about its contracts, asked before anything else: filters, margin brackets, funding intervals, and
// its limits, which the client's limiter learns from the same answer.
//
// Margin brackets need an API key; without one the shipped tables stand in and are marked as defaults. The funding
// interval is 8 hours for a contract that fundingInfo does not list. One thread, the wire's.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/binance/instrument_table.h"
#include "gateway/binance/rest_client.h"
#include "journal/result.h"

namespace reprise::gateway::binance {

struct VenueFacts {
  std::vector<InstrumentSpec> instruments;  // in the order asked; append_instrument() makes their records
  std::vector<std::string> notes;           // what is second best, for people
};

// From the bodies of the answers; `brackets` and `funding` may be empty. Errors: a symbol that the venue does not list
// (with near spellings) or that is not TRADING (usage), an answer that cannot be read (corrupt).
Result<VenueFacts> venue_facts_of(std::string_view exchange_info, std::string_view brackets, std::string_view funding,
                                  const std::vector<std::string>& symbols);

// Asks for all of it. `done` comes once, never within the call, and not at all once the client is gone. Errors: as
// above, and could_not_check where the venue does not answer.
using FactsDone = std::function<void(Result<VenueFacts>)>;
void fetch_venue_facts(RestClient& rest, std::vector<std::string> symbols, FactsDone done);

}  // namespace reprise::gateway::binance
