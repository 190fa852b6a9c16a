// Liquidation price of an instrument whose long and short are both held in the cross account.
//
//   LP = (behind + amount_L + amount_S - cost_L - cost_S) / (L * rate_L + S * rate_S - L + S)
//
// behind: cross wallet - maintenance of all other cross positions + their unrealised profit; L, S: quantities; cost:
// signed (Ledger); rate and amount: of the bracket that each position's notional at LP is in. Source: the venue's
// formula for positions of a symbol, as in engine/portfolio/margin.h.
//
// Where long and short nearly cancel each other out, a rising price can be what liquidates: maintenance grows with it
// and profit does not. The price is looked for in the direction in which the account loses at the mark price.
#pragma once

#include <optional>

#include "sim/exchange/ledger.h"

namespace reprise::sim {

// None without brackets, without a position, or where no price above zero liquidates. Rounded towards the mark price.
std::optional<Price> hedged_liquidation_price(const MarginTable& table, const LedgerPosition& long_side,
                                              const LedgerPosition& short_side, Price mark, Money behind);

}  // namespace reprise::sim
