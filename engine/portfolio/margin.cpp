#include "engine/portfolio/margin.h"

#include <algorithm>
#include <limits>

namespace reprise::engine {

namespace {

__extension__ typedef __int128 Wide;  // NOLINT(modernize-use-using)

Wide floor_div(Wide a, Wide b) {  // b > 0
  Wide q = a / b;
  if (a % b != 0 && a < 0) --q;
  return q;
}

// Price at which balance + s * q * P - N == q * P * rate - amount, to the careful side; none above zero.
std::optional<Price> solve(int s, Qty q, Money open_notional, Money balance, Rate rate, Money amount) {
  // s = +1: P * q * (1 - rate) = N - balance - amount;  s = -1: P * q * (1 + rate) = balance + amount - N
  const Wide numerator =
      s > 0 ? Wide(open_notional.e8) - balance.e8 - amount.e8 : Wide(balance.e8) + amount.e8 - open_notional.e8;
  const Wide factor = s > 0 ? kScale - rate.e8 : kScale + rate.e8;
  if (numerator <= 0 || factor <= 0) return std::nullopt;
  const Wide denominator = Wide(q.e8) * factor;
  const Wide scaled = numerator * kScale * kScale;
  const Wide price = s > 0 ? -floor_div(-scaled, denominator) : floor_div(scaled, denominator);
  if (price <= 0 || price > std::numeric_limits<std::int64_t>::max()) return std::nullopt;
  return Price{static_cast<std::int64_t>(price)};
}

}  // namespace

Money initial_margin(Money notional, std::uint32_t leverage) {
  REPRISE_ASSERT(leverage > 0, "leverage is at least 1");
  return {mul_div(notional.e8, 1, static_cast<std::int64_t>(leverage), Rounding::ceiling)};
}

Money maintenance_margin(const MarginTable& table, Money notional) {
  if (table.tiers.empty() || !notional.is_positive()) return {};
  return std::max(Money{}, table.maintenance_margin(notional));
}

std::optional<Price> liquidation_price(const MarginTable& table, Qty qty, Money open_notional, Money balance) {
  if (qty.is_zero() || table.tiers.empty()) return std::nullopt;
  const int s = qty.sign();
  const Qty q = qty.abs();
  std::optional<Price> nearest;  // of the tier that is missed by the least, where rounding or a gap leaves none
  Wide nearest_miss = 0;
  for (std::size_t i = 0; i < table.tiers.size(); ++i) {
    const MarginTier& tier = table.tiers[i];
    const auto price = solve(s, q, open_notional, balance, tier.maintenance_margin_rate, tier.maintenance_amount);
    if (!price) continue;
    const Money notional = saturating_notional(*price, q);
    Wide miss = 0;
    if (i != 0 && notional < tier.notional_floor) miss = Wide(tier.notional_floor.e8) - notional.e8;
    if (i + 1 != table.tiers.size() && notional >= tier.notional_cap)
      miss = Wide(notional.e8) - tier.notional_cap.e8 + 1;
    if (miss == 0) return price;
    if (!nearest || miss < nearest_miss) {
      nearest = price;
      nearest_miss = miss;
    }
  }
  // A root of another tier alone means that the true tier has none above zero, unless it is missed by rounding.
  if (nearest && nearest_miss <= kScale) return nearest;
  return std::nullopt;
}

std::optional<Price> bankruptcy_price(Qty qty, Money open_notional, Money balance) {
  if (qty.is_zero()) return std::nullopt;
  return solve(qty.sign(), qty.abs(), open_notional, balance, Rate{}, Money{});
}

Money saturating_notional(Price price, Qty qty) {
  std::int64_t narrow = 0;
  if (!__builtin_mul_overflow(price.e8, qty.e8, &narrow) &&
      narrow > std::numeric_limits<std::int64_t>::min() + kScale &&
      narrow < std::numeric_limits<std::int64_t>::max() - kScale)  // the usual case, without a 128-bit division
    return {((narrow < 0 ? -narrow : narrow) + kScale / 2) / kScale};
  const Wide product = Wide(price.e8) * qty.e8;
  const Wide magnitude = ((product < 0 ? -product : product) + kScale / 2) / kScale;
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  return {magnitude > kMax ? kMax : static_cast<std::int64_t>(magnitude)};
}

bool notional_fits(Price price, Qty qty) {
  return saturating_notional(price, qty).e8 < (std::int64_t{1} << 58);
}

std::int64_t saturating_mul_div(std::int64_t a, std::int64_t b, std::int64_t c) {
  REPRISE_ASSERT(c != 0, "division by zero");
  const Wide quotient = Wide(a) * b / c;
  if (quotient > std::numeric_limits<std::int64_t>::max()) return std::numeric_limits<std::int64_t>::max();
  if (quotient < std::numeric_limits<std::int64_t>::min()) return std::numeric_limits<std::int64_t>::min();
  return static_cast<std::int64_t>(quotient);
}

}  // namespace reprise::engine
