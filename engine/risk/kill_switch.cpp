#include "engine/risk/kill_switch.h"
#include "journal/mutant.h"

#include <algorithm>

namespace reprise::engine {

namespace {

bool is_flatten_order(const Order& order) {
  return order.request.strategy == 0 && order.request.reduce_only && order.request.type == OrderType::MARKET;
}

void cancel_open(OrderManager& orders, Seq cause, Emitter& out) {
  // Cancelling changes no membership of the open list. A flatten order whose fate is unknown is cancelled too.
  for (Order* order : orders.open_orders()) {
    if (is_flatten_order(*order) && order->status != OrderStatus::UNKNOWN) continue;
    orders.cancel(order->id, cause, out);
  }
}

}  // namespace

bool close_part(const NetPosition& net, Qty qty, Seq cause, const Portfolio& portfolio, OrderManager& orders,
                RiskEngine& risk, const MarketViews& markets, Emitter& out) {
  const MarketView* view = markets.market_view(net.instrument);
  if (view == nullptr || view->instrument == nullptr) return false;
  const Instrument& instrument = *view->instrument;
  OrderRequest request;
  request.instrument = net.instrument;
  request.cause = cause;
  request.side = net.position.qty.is_positive() ? Side::SELL : Side::BUY;
  request.type = OrderType::MARKET;
  request.qty = qty;
  if (instrument.market_max_qty.is_positive()) request.qty = std::min(request.qty, instrument.market_max_qty);
  request.reduce_only = true;
  request.mid_at_decision = view->mid.value_or(Price{});
  RiskInputs inputs;
  inputs.market = view;
  inputs.portfolio = &portfolio;
  inputs.orders = &orders;
  const RiskEngine::Decision decision = risk.check(request, inputs, out);
  if (!decision.passes()) return false;
  request.qty = decision.approved_qty;
  request.cause = decision.record_seq;
  orders.submit(request, out);
  return true;
}

void KillSwitch::engage(Seq cause, const Portfolio& portfolio, OrderManager& orders, RiskEngine& risk,
                        const MarketViews& markets, Emitter& out) {
  active_ = true;
  cause_ = cause;
  next_retry_ = out.now() + kRetryAfter;
  act(portfolio, orders, risk, markets, out);
}

void KillSwitch::pursue(bool is_tick, const Portfolio& portfolio, OrderManager& orders, RiskEngine& risk,
                        const MarketViews& markets, Emitter& out) {
  if (!active_) return;
  const bool is_flat = std::all_of(portfolio.positions().begin(), portfolio.positions().end(),
                                   [](const NetPosition& n) { return n.position.is_flat(); });
  if (is_flat && orders.open_count() == 0) {
    active_ = false;
    return;
  }
  if (is_tick && out.now() >= next_retry_) {
    const UnixNanos deadline = next_retry_;
    next_retry_ = out.now() + kRetryAfter;
    out.emit<schema::TimerFired>(schema::RecordType::TIMER_FIRED, 0, 0, 0, [&](schema::TimerFired::Builder b) {
      b.setKind(schema::TimerKind::FLATTEN_RETRY);
      b.setDeadline(deadline.ns);
    });
    act(portfolio, orders, risk, markets, out);
  } else if (!is_tick) {
    cancel_open(orders, 0, out);  // an order that was on its way in is working now
  }
}

void KillSwitch::act(const Portfolio& portfolio, OrderManager& orders, RiskEngine& risk, const MarketViews& markets,
                     Emitter& out) {
  cancel_open(orders, cause_, out);
  for (const NetPosition& net : portfolio.positions()) {
    if (net.position.is_flat()) continue;
    bool is_under_way = false;
    orders.for_each_open(StrategyNo{0}, net.instrument,
                         [&](const Order& order) { is_under_way |= is_flatten_order(order); });
    if (is_under_way || REPRISE_MUTANT(kill_without_flatten)) continue;
    close_part(net, net.position.qty.abs(), cause_, portfolio, orders, risk, markets, out);
  }
}

void KillSwitch::persist(StateArchive& archive) {
  archive.field("active", active_);
  archive.field("cause", cause_);
  archive.field("next_retry", next_retry_);
}

}  // namespace reprise::engine
