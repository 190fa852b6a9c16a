// Rules about what the account would hold if every working order on the order's side traded: worst case, so that no
// combination of fills of what works already can break a limit. Orders that only reduce are not concerned: a way out is
// never refused. One that is sent after others were approved against the position may take that position from under
// them; from then on it is counted.
#include "engine/risk/rules/rules.h"

namespace reprise::engine::risk {

void position_qty(const OrderFacts& f, CheckList& list) {
  if (f.limits->max_position_qty.is_zero() || f.reduces) return;
  list.add_fitting(RiskRule::POSITION_QTY, LimitUnit::QUANTITY, f.exposure(f.qty).e8, f.limits->max_position_qty.e8,
                   f.limits->max_position_qty - f.base);
}

void position_notional(const OrderFacts& f, CheckList& list) {
  if (f.limits->max_position_notional.is_zero() || f.reduces) return;
  list.add_fitting(RiskRule::POSITION_NOTIONAL, LimitUnit::MONEY, saturating_notional(f.mark, f.exposure(f.qty)).e8,
                   f.limits->max_position_notional.e8, f.fitting(f.limits->max_position_notional));
}

namespace {
// An order that leaves the worst case of its instrument where it is does not answer for the whole account.
bool enlarges(const OrderFacts& f) {
  return f.exposure(f.qty) > f.opposite;
}
std::int64_t sum(Money a, Money b) {
  std::int64_t r = 0;
  return __builtin_add_overflow(a.e8, b.e8, &r) ? std::numeric_limits<std::int64_t>::max() : r;
}
}  // namespace

void total_notional(const OrderFacts& f, CheckList& list) {
  if (f.limits->max_total_notional.is_zero() || f.reduces || !enlarges(f)) return;
  const Money room = f.limits->max_total_notional - f.other_notional;
  list.add_fitting(RiskRule::TOTAL_NOTIONAL, LimitUnit::MONEY, sum(f.other_notional, f.worst_notional(f.qty)),
                   f.limits->max_total_notional.e8, f.fitting(room));
}

// Worst notional of all instruments over equity.
void leverage(const OrderFacts& f, CheckList& list) {
  if (f.limits->max_leverage.is_zero() || f.reduces || !enlarges(f)) return;
  const Money equity = f.portfolio->equity();
  if (!equity.is_positive()) {
    list.add(RiskRule::LEVERAGE, LimitUnit::RATIO, false, std::numeric_limits<std::int64_t>::max(),
             f.limits->max_leverage.e8);
    return;
  }
  const std::int64_t worst = sum(f.other_notional, f.worst_notional(f.qty));
  const Money allowed{
      std::min(saturating_mul_div(equity.e8, f.limits->max_leverage.e8, kScale), std::int64_t{1} << 61)};
  // Rounded up: a ratio shown at its bound is at its bound.
  const std::int64_t floor = saturating_mul_div(worst, kScale, equity.e8);
  const std::int64_t value =
      worst > allowed.e8 && floor <= f.limits->max_leverage.e8 ? f.limits->max_leverage.e8 + 1 : floor;
  list.add_fitting(RiskRule::LEVERAGE, LimitUnit::RATIO, value, f.limits->max_leverage.e8,
                   f.fitting(allowed - f.other_notional));
}

// Initial margin of what the order adds to the worst case, against what is available.
void available_margin(const OrderFacts& f, CheckList& list) {
  if (f.reduces) return;
  const Qty before = std::max(f.exposure(f.replaced), f.opposite);
  const Qty after = std::max(f.exposure(f.qty), f.opposite);
  if (after <= before) return;
  const Money more = saturating_notional(f.mark, after - before);
  const Money needed =
      initial_margin(more, f.portfolio->leverage(f.request->instrument, saturating_notional(f.mark, after)));
  const Money available = f.portfolio->available_balance(f.order_margin);
  list.add(RiskRule::AVAILABLE_MARGIN, LimitUnit::MONEY, needed <= available, needed.e8, available.e8);
}

// Distance from the mark to the liquidation price if this order traded in full at its price, as a part of the mark.
void liquidation_distance(const OrderFacts& f, CheckList& list) {
  if (f.limits->min_liquidation_distance.is_zero() || f.reduces || !f.mark.is_positive() ||
      !notional_fits(f.price, f.qty))
    return;
  const Qty change = f.request->side == Side::BUY ? f.qty : -f.qty;
  const auto liquidation = f.portfolio->liquidation_price_after(f.request->instrument, change, f.price);
  if (!liquidation) return;  // no price liquidates it
  const std::int64_t distance = saturating_mul_div((f.mark - *liquidation).abs().e8, kScale, f.mark.e8);
  list.add(RiskRule::LIQUIDATION_DISTANCE, LimitUnit::RATIO, distance >= f.limits->min_liquidation_distance.e8,
           distance, f.limits->min_liquidation_distance.e8);
}

}  // namespace reprise::engine::risk
