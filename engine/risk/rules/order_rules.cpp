// Rules about one order by itself.
#include "engine/risk/rules/rules.h"
#include "journal/mutant.h"

namespace reprise::engine::risk {

// A reduce-only order stands against the net position and closes no more than there is; more is cut.
void reduce_only(const OrderFacts& f, CheckList& list) {
  if (!f.request->reduce_only) return;
  const Qty net = f.portfolio->net_position(f.request->instrument);
  if (net.sign() != -sign_of(f.request->side)) {
    list.add(RiskRule::REDUCE_ONLY, LimitUnit::QUANTITY, false, f.qty.e8, 0);
    return;
  }
  list.add_fitting(RiskRule::REDUCE_ONLY, LimitUnit::QUANTITY, f.qty.e8, net.abs().e8, net.abs());
}

void order_notional(const OrderFacts& f, CheckList& list) {
  if (f.limits->max_order_notional.is_zero() || f.reduces) return;
  const Money notional = saturating_notional(f.price, f.qty);
  list.add(RiskRule::ORDER_NOTIONAL, LimitUnit::MONEY, notional <= f.limits->max_order_notional, notional.e8,
           f.limits->max_order_notional.e8);
}

// Orders and modifies approved in the last second and minute, this one included.
void order_rate(const OrderFacts& f, CheckList& list) {
  if (f.is_flatten) return;
  if (f.limits->max_orders_per_second != 0)
    list.add(RiskRule::ORDER_RATE, LimitUnit::COUNT,
             f.orders_last_second < f.limits->max_orders_per_second + (REPRISE_MUTANT(rate_off_by_one) ? 1u : 0u),
             std::int64_t{f.orders_last_second} + 1, f.limits->max_orders_per_second);
  if (f.limits->max_orders_per_minute != 0)
    list.add(RiskRule::ORDER_RATE, LimitUnit::COUNT, f.orders_last_minute < f.limits->max_orders_per_minute,
             std::int64_t{f.orders_last_minute} + 1, f.limits->max_orders_per_minute);
}

// Of the account by configuration, of one instrument by the venue's filter.
void open_orders(const OrderFacts& f, CheckList& list) {
  if (f.is_flatten || f.is_modify) return;
  const std::uint32_t open = f.orders->open_count();
  if (f.limits->max_open_orders != 0)
    list.add(RiskRule::OPEN_ORDERS, LimitUnit::COUNT,
             open < f.limits->max_open_orders + (REPRISE_MUTANT(open_orders_off_by_one) ? 1u : 0u),
             std::int64_t{open} + 1, f.limits->max_open_orders);
  if (f.instrument->max_open_orders != 0) {
    const std::uint32_t here = f.orders->working(f.request->instrument).open_orders;
    list.add(RiskRule::OPEN_ORDERS, LimitUnit::COUNT, here < f.instrument->max_open_orders, std::int64_t{here} + 1,
             f.instrument->max_open_orders);
  }
}

// A limit price may not be further than the band on the aggressive side of the reference. Value: how far it is, as a
// rate, negative on the passive side.
void price_band(const OrderFacts& f, CheckList& list) {
  if (f.limits->price_band.is_zero() || is_market(f.request->type) || f.is_flatten || !f.reference) return;
  const PriceDelta beyond =
      f.request->side == Side::BUY ? f.request->price - *f.reference : *f.reference - f.request->price;
  const std::int64_t rate = saturating_mul_div(beyond.e8, kScale, f.reference->e8);
  list.add(RiskRule::PRICE_BAND, LimitUnit::RATIO, rate <= f.limits->price_band.e8, rate, f.limits->price_band.e8);
}

}  // namespace reprise::engine::risk
