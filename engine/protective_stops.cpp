#include "engine/protective_stops.h"

namespace reprise::engine {

void ProtectiveStops::Stop::persist(StateArchive& archive) {
  archive.field("strategy", strategy);
  archive.field("instrument", instrument);
  archive.field("wanted", wanted);
  archive.field("order_id", order_id);
  archive.field("retry_at", retry_at);
}

ProtectiveStops::Stop* ProtectiveStops::find(StrategyNo strategy, InstrumentNo instrument) {
  for (Stop& stop : stops_) {
    if (stop.strategy == strategy && stop.instrument == instrument) return &stop;
  }
  return nullptr;
}

void ProtectiveStops::want(StrategyNo strategy, InstrumentNo instrument, std::optional<Price> wanted) {
  Stop* stop = find(strategy, instrument);
  if (stop == nullptr) {
    if (!wanted) return;
    stop = &stops_.emplace_back();
    stop->strategy = strategy;
    stop->instrument = instrument;
  }
  stop->wanted = wanted.value_or(Price::zero());
}

void ProtectiveStops::reconcile(StrategyNo strategy, InstrumentNo instrument, Seq cause) {
  Stop* stop = find(strategy, instrument);
  const Instrument* contract = core_.instrument(instrument);
  if (stop == nullptr || contract == nullptr) return;
  const Order* order = stop->order_id == 0 ? nullptr : core_.orders.find(stop->order_id);
  if (order == nullptr || is_closed(order->status)) {
    order = nullptr;
    stop->order_id = 0;
  } else if (is_in_flight(order->status) || order->status == OrderStatus::UNKNOWN ||
             order->status == OrderStatus::TRIGGERED) {
    return;
  }

  const Qty share = core_.portfolio.strategy_position(strategy, instrument);
  const Qty net = core_.portfolio.net_position(instrument);
  const Qty qty = contract->floor_to_lot(share.abs());
  const bool is_covered = share.sign() == net.sign() && net.abs() >= share.abs();
  const bool is_halted = core_.risk.trading_state() == schema::TradingStateKind::HALTED;
  const bool protects = stop->wanted.is_positive() && qty.is_positive() && is_covered;
  const Price trigger =
      contract->round_to_tick(stop->wanted, share.is_positive() ? Rounding::floor : Rounding::ceiling);
  if (order != nullptr) {
    // Halted, no other could take its place: the one that stands is better than none, even where it has drifted.
    const bool fits =
        protects && (is_halted || (order->request.trigger_price == trigger && order->leaves_qty() == qty));
    if (!fits && core_.out.now() >= stop->retry_at) gate_.cancel(order->id, cause);
    return;
  }
  if (!protects || is_halted || core_.out.now() < stop->retry_at) return;
  const Side side = share.is_positive() ? Side::SELL : Side::BUY;
  const Seq signal =
      core_.out.emit<schema::Signal>(RecordType::SIGNAL, instrument, strategy, cause, [&](schema::Signal::Builder b) {
        b.setKind(schema::SignalKind::STOP);
        b.setSide(side);
        b.setStopPrice(trigger.e8);
        b.setStrength(kScale);
        b.setTargetQty(0);
      });
  OrderRequest request;
  request.instrument = instrument;
  request.strategy = strategy;
  request.cause = signal;
  request.side = side;
  request.type = OrderType::STOP_MARKET;
  request.qty = qty;
  request.trigger_price = trigger;
  request.reduce_only = true;
  stop->order_id = gate_.submit(request);
  if (stop->order_id == 0) stop->retry_at = core_.out.now() + kRetryAfter;
}

void ProtectiveStops::reconcile_waiting() {
  for (std::size_t i = 0; i < stops_.size(); ++i) {
    const bool waits = stops_[i].retry_at.ns != 0 || (stops_[i].wanted.is_positive() && stops_[i].order_id == 0);
    if (waits && core_.out.now() >= stops_[i].retry_at) {
      stops_[i].retry_at = UnixNanos{};
      reconcile(stops_[i].strategy, stops_[i].instrument, 0);
    }
  }
}

void ProtectiveStops::on_refused(const Order& order) {
  for (Stop& stop : stops_) {
    if (stop.order_id == order.id) stop.retry_at = core_.out.now() + kRetryAfter;
  }
}

bool ProtectiveStops::is_stop(const Order& order) const {
  for (const Stop& stop : stops_) {
    if (stop.order_id == order.id) return true;
  }
  return false;
}

}  // namespace reprise::engine
