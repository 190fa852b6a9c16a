#include "engine/portfolio/sizing.h"

#include <algorithm>
#include <limits>

#include "engine/portfolio/margin.h"

namespace reprise::engine {

using schema::RiskRule;

SizingResult size_position(const config::Sizing& limits, const SizingInput& input, Emitter& out) {
  REPRISE_ASSERT(input.instrument != nullptr, "sizing needs an instrument");
  const Instrument& instrument = *input.instrument;
  SizingResult result;
  const Rate fraction{limits.risk_fraction_e8};
  PriceDelta distance{};
  if (input.stop) distance = (input.reference - *input.stop).abs();

  if (input.equity.is_positive() && input.reference.is_positive()) {
    const std::int64_t strength = std::clamp(input.strength.e8, std::int64_t{0}, kScale);
    const std::int64_t at_risk =
        saturating_mul_div(saturating_mul_div(input.equity.e8, fraction.e8, kScale), strength, kScale);
    const Qty largest{
        limits.max_notional_fraction_e8 > 0
            ? saturating_mul_div(saturating_mul_div(input.equity.e8, limits.max_notional_fraction_e8, kScale), kScale,
                                 input.reference.e8)
            : std::numeric_limits<std::int64_t>::max()};
    if (distance.is_positive()) {
      result.raw_qty = {saturating_mul_div(at_risk, kScale, distance.e8)};
    } else {
      result.raw_qty = {saturating_mul_div(largest.e8, strength, kScale)};
    }
    result.qty = result.raw_qty;
    if (result.qty > largest) {
      result.qty = largest;
      result.capped_by = RiskRule::POSITION_NOTIONAL;
    }
    if (instrument.max_qty.is_positive() && result.qty > instrument.max_qty) {
      result.qty = instrument.max_qty;
      result.capped_by = RiskRule::LOT_SIZE;
    }
    const Qty before = result.qty;
    result.qty = instrument.floor_to_lot(result.qty);
    if (result.qty != before && result.capped_by == RiskRule::NONE) result.capped_by = RiskRule::LOT_SIZE;
    if (result.qty < instrument.min_qty || result.qty.is_zero()) {
      result.qty = {};
      result.capped_by = RiskRule::LOT_SIZE;
    } else if (saturating_notional(input.reference, result.qty) < instrument.min_notional) {
      result.qty = {};
      result.capped_by = RiskRule::MIN_NOTIONAL;
    }
  } else {
    result.capped_by = RiskRule::EQUITY_FLOOR;
  }

  result.record_seq = out.emit<schema::Sizing>(schema::RecordType::SIZING, instrument.number, input.strategy,
                                               input.cause, [&](schema::Sizing::Builder b) {
                                                 b.setEquity(input.equity.e8);
                                                 b.setRiskFraction(fraction.e8);
                                                 b.setStopDistance(distance.e8);
                                                 b.setRawQty(result.raw_qty.e8);
                                                 b.setQty(result.qty.e8);
                                                 b.setCappedBy(result.capped_by);
                                               });
  return result;
}

}  // namespace reprise::engine
