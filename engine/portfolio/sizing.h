// How much: a fixed fraction of equity is lost when the stop is hit.
//
//   raw = equity * risk_fraction / |reference - stop|       rounded toward zero
// then capped by: the notional one position may have (max_notional_fraction of equity), the instrument's largest
// quantity, the lot size (down); below the smallest quantity or notional the answer is 0. Each step that bites is
// named in `capped_by`, the last one standing. Without a stop the notional cap alone decides.
#pragma once

#include <optional>

#include "config/config.h"
#include "engine/emitter.h"
#include "engine/market/instrument.h"

namespace reprise::engine {

struct SizingInput {
  StrategyNo strategy = 0;
  Seq cause = 0;  // the signal
  const Instrument* instrument = nullptr;
  Money equity;
  Price reference;  // expected entry
  std::optional<Price> stop;
  Rate strength = Rate::whole(1);  // 0..1, scales the fraction
};

struct SizingResult {
  Qty raw_qty;
  Qty qty;  // multiple of the lot size; 0 = do not trade
  schema::RiskRule capped_by = schema::RiskRule::NONE;
  Seq record_seq = 0;
};

// Journals a Sizing record.
SizingResult size_position(const config::Sizing& limits, const SizingInput& input, Emitter& out);

}  // namespace reprise::engine
