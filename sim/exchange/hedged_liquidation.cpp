#include "sim/exchange/hedged_liquidation.h"

#include <algorithm>

#include "sim/exchange/wide.h"

namespace reprise::sim {

namespace {

constexpr Wide kFarPrice = Wide{1} << 61;

// A position while the price goes through the brackets.
struct Walker {
  const std::vector<MarginTier>& tiers;
  std::int64_t qty;  // e8, not negative
  std::size_t at = 0;

  Walker(const std::vector<MarginTier>& table, Qty held, Price mark) : tiers(table), qty(held.abs().e8) {
    const Money notional = bounded_notional(mark, held.abs());
    while (at + 1 < tiers.size() && notional >= tiers[at].notional_cap) ++at;
  }
  Wide needed() const { return static_cast<Wide>(qty) * tiers[at].maintenance_margin_rate.e8; }
  Money amount() const { return qty == 0 ? Money{} : tiers[at].maintenance_amount; }
  // Prices (e8) at which the bracket is left.
  Wide lower_end() const { return qty == 0 ? 0 : static_cast<Wide>(tiers[at].notional_floor.e8) * kScale / qty; }
  Wide upper_end() const {
    if (qty == 0 || at + 1 == tiers.size()) return kFarPrice;
    return static_cast<Wide>(tiers[at].notional_cap.e8) * kScale / qty;
  }
};

}  // namespace

std::optional<Price> hedged_liquidation_price(const MarginTable& table, const LedgerPosition& long_side,
                                              const LedgerPosition& short_side, Price mark, Money behind) {
  if (table.tiers.empty() || (long_side.qty.is_zero() && short_side.qty.is_zero())) return std::nullopt;
  Walker longs(table.tiers, long_side.qty, mark);
  Walker shorts(table.tiers, short_side.qty, mark);
  const Wide costs = static_cast<Wide>(long_side.cost.e8) + short_side.cost.e8;
  const Wide net = (static_cast<Wide>(shorts.qty) - longs.qty) * kScale;
  const auto divisor = [&] { return longs.needed() + shorts.needed() + net; };  // e16
  const bool loses_by_falling = divisor() < 0;
  while (true) {
    const Wide below = divisor();
    // Along this stretch of prices the account does not lose in that direction: it holds.
    if (below == 0 || (below < 0) != loses_by_falling) return std::nullopt;
    const Wide above = static_cast<Wide>(behind.e8) + longs.amount().e8 + shorts.amount().e8 - costs;
    const Wide exact = above * kScale * kScale;
    Wide price = exact / below;
    if (loses_by_falling && price > 0 && exact % below != 0) ++price;
    Walker& next = loses_by_falling ? (longs.lower_end() >= shorts.lower_end() ? longs : shorts)
                                    : (longs.upper_end() <= shorts.upper_end() ? longs : shorts);
    const Wide end = loses_by_falling ? next.lower_end() : next.upper_end();
    const bool is_last = loses_by_falling ? next.at == 0 : end >= kFarPrice;
    if (is_last || (loses_by_falling ? price >= end : price <= end)) {
      if (price <= 0 || price > kFarPrice) return std::nullopt;
      return Price{static_cast<std::int64_t>(price)};
    }
    loses_by_falling ? --next.at : ++next.at;
  }
}

}  // namespace reprise::sim
