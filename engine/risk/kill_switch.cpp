#include "engine/risk/kill_switch.h"
#include "journal/mutant.h"

#include <algorithm>

namespace reprise::engine {

namespace {

void cancel_open(OrderManager& orders, Seq cause, bool with_flatten, Emitter& out) {
  // Cancelling changes no membership of the open list. A flatten order whose fate is unknown is cancelled too.
  for (Order* order : orders.open_orders()) {
    if (!with_flatten && order->request.is_flatten() && order->status != OrderStatus::UNKNOWN) continue;
    orders.cancel(order->id, cause, out);
  }
}

constexpr std::int64_t kInside = kScale / 1000;

// `band` beyond mid, inside the venue's own band around the mark; none where no price is known.
std::optional<Price> price_in_band(const MarketView& view, Side side, Rate band) {
  const std::optional<Price> reference = view.reference();
  if (!reference || view.is_stale || !band.is_positive()) return std::nullopt;
  const Instrument& instrument = *view.instrument;
  const bool is_buy = side == Side::BUY;
  const std::int64_t factor = is_buy ? kScale + band.e8 : std::max<std::int64_t>(0, kScale - band.e8);
  Price price{saturating_mul_div(reference->e8, factor, kScale)};
  // A little inside the venue's: its mark moves while the order is on its way.
  Rate venue_band = is_buy ? instrument.price_band_up : instrument.price_band_down;
  if (venue_band.is_positive()) venue_band.e8 += is_buy ? -kInside : kInside;
  if (view.mark_price && view.mark_price->is_positive() && venue_band.is_positive()) {
    const Price most{saturating_mul_div(view.mark_price->e8, venue_band.e8, kScale)};
    price = is_buy ? std::min(price, most) : std::max(price, most);
  }
  if (instrument.max_price.is_positive()) price = std::min(price, instrument.max_price);
  price = std::max(price, instrument.min_price);
  price = instrument.round_to_tick(price, is_buy ? Rounding::floor : Rounding::ceiling);
  return price.is_positive() ? std::optional(price) : std::nullopt;
}

}  // namespace

bool close_part(const NetPosition& net, Qty qty, Rate band, Seq cause, const Portfolio& portfolio, OrderManager& orders,
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
  if (const std::optional<Price> price = price_in_band(*view, request.side, band)) {
    request.type = OrderType::LIMIT;
    request.time_in_force = TimeInForce::IOC;
    request.price = *price;
  }
  const Qty most = request.type == OrderType::LIMIT ? instrument.max_qty : instrument.market_max_qty;
  if (most.is_positive()) request.qty = std::min(request.qty, most);
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
  if (!active_) tries_ = 0;
  active_ = true;
  cause_ = cause;
  next_retry_ = out.now() + kRetryAfter;
  act(false, portfolio, orders, risk, markets, out);
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
    act(true, portfolio, orders, risk, markets, out);
  } else if (!is_tick) {
    cancel_open(orders, 0, false, out);  // an order that was on its way in is working now
  }
}

void KillSwitch::act(bool is_retry, const Portfolio& portfolio, OrderManager& orders, RiskEngine& risk,
                     const MarketViews& markets, Emitter& out) {
  // What was sent to close is over at once at the venue. Where that is not told by now it is cancelled: the answer says
  // what became of it.
  cancel_open(orders, cause_, is_retry, out);
  const Rate band = risk.limits().flatten_band;
  const Rate reach = tries_ >= kTriesInBand ? Rate{} : Rate{saturating_mul_div(band.e8, tries_ + 1, 1)};
  bool has_sent = false;
  for (const NetPosition& net : portfolio.positions()) {
    if (net.position.is_flat()) continue;
    bool is_under_way = false;
    orders.for_each_open(StrategyNo{0}, net.instrument,
                         [&](const Order& order) { is_under_way |= order.request.is_flatten(); });
    if (is_under_way || REPRISE_MUTANT(kill_without_flatten)) continue;
    has_sent |= close_part(net, net.position.qty.abs(), reach, cause_, portfolio, orders, risk, markets, out);
  }
  if (has_sent) tries_ = std::min(tries_ + 1, kTriesInBand);
}

void KillSwitch::persist(StateArchive& archive) {
  archive.field("active", active_);
  archive.field("cause", cause_);
  archive.field("next_retry", next_retry_);
  archive.field("tries", tries_);
}

}  // namespace reprise::engine
