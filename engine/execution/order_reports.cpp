// The part of OrderManager that books what the venue reports, through the one transition table.
#include <algorithm>

#include "engine/execution/order_manager.h"
#include "engine/portfolio/margin.h"  // notional_fits
#include "journal/mutant.h"

namespace reprise::engine {

namespace {

using schema::AnomalyKind;
using schema::ReportKind;

constexpr std::int64_t kLargestQty = std::int64_t{1} << 56;  // of a report: beyond it is not a quantity

bool answers(Seq command, std::uint64_t named) {
  return command != 0 && (named == 0 || named == command);
}

}  // namespace

void OrderManager::emit_anomaly(AnomalyKind kind, InstrumentNo instrument, StrategyNo strategy, Seq order_id,
                                OrderStatus status, ReportKind report, std::int64_t expected, std::int64_t actual,
                                Emitter& out) {
  ++anomaly_count_;
  out.emit<schema::OrderAnomaly>(schema::RecordType::ORDER_ANOMALY, instrument, strategy, 0,
                                 [&](schema::OrderAnomaly::Builder b) {
                                   b.setKind(kind);
                                   b.setOrderId(order_id);
                                   b.setStatus(status);
                                   b.setReport(report);
                                   b.setExpected(expected);
                                   b.setActual(actual);
                                 });
}

OrderManager::Outcome OrderManager::on_report(InstrumentNo instrument, schema::OrderReport::Reader report,
                                              Emitter& out) {
  Outcome outcome;
  const ReportKind kind = report.getKind();
  const auto anomaly = [&](AnomalyKind what, StrategyNo strategy, OrderStatus status, std::int64_t expected,
                           std::int64_t actual) {
    outcome.is_anomaly = true;
    emit_anomaly(what, instrument, strategy, report.getOrderId(), status, kind, expected, actual, out);
  };

  if (kind == ReportKind::LIQUIDATION) {  // forced: a fact, whoever's order it names
    take_fill(nullptr, instrument, report, out, outcome);
    return outcome;
  }
  if (report.getOrderId() == 0) {
    outcome.is_foreign = true;
    if (remember_foreign(report.getVenueOrderId()))
      anomaly(AnomalyKind::UNKNOWN_ORDER, 0, OrderStatus::INITIALIZED, 0, report.getVenueOrderId());
    return outcome;
  }
  Order* order = const_cast<Order*>(find(report.getOrderId()));
  if (order == nullptr || order->request.instrument != instrument) {
    const bool repeated =
        kind == ReportKind::FILLED && report.getTradeId() != 0 && trades_.count({instrument, report.getTradeId()}) != 0;
    anomaly(repeated ? AnomalyKind::DUPLICATE_FILL : AnomalyKind::UNKNOWN_ORDER, 0, OrderStatus::INITIALIZED, 0,
            repeated ? report.getTradeId() : report.getVenueOrderId());
    return outcome;
  }
  outcome.order = order;
  outcome.previous = order->status;

  ReportEvent event{};
  switch (kind) {
    case ReportKind::ACCEPTED: event = ReportEvent::accepted; break;
    case ReportKind::REJECTED: event = ReportEvent::rejected; break;
    case ReportKind::FILLED: event = ReportEvent::partial_fill; break;  // refined when the fill is taken
    case ReportKind::CANCELED: event = ReportEvent::canceled; break;
    case ReportKind::CANCEL_REJECTED: event = ReportEvent::cancel_rejected; break;
    case ReportKind::MODIFIED: event = ReportEvent::modified; break;
    case ReportKind::MODIFY_REJECTED: event = ReportEvent::modify_rejected; break;
    case ReportKind::EXPIRED: event = ReportEvent::expired; break;
    case ReportKind::TRIGGERED: event = ReportEvent::triggered; break;
    case ReportKind::TRAILING_ACTIVATED: event = ReportEvent::trailing_activated; break;
    case ReportKind::UNKNOWN: event = ReportEvent::fate_unknown; break;
    case ReportKind::STATUS_SNAPSHOT: event = ReportEvent::status_snapshot; break;
    default:
      anomaly(AnomalyKind::IMPOSSIBLE_TRANSITION, order->request.strategy, order->status, 0,
              static_cast<std::int64_t>(kind));
      return outcome;
  }

  if (order->venue_order_id == 0) order->venue_order_id = report.getVenueOrderId();
  const bool was_open = is_open(order->status);
  if (was_open) count_in(*order, -1);
  if (order->request.close_position && order->request.qty.is_zero() && report.getOrderQty() > 0 &&
      report.getOrderQty() <= kLargestQty)
    order->request.qty = {report.getOrderQty()};  // the venue decides how much a close-position order closes
  if (kind == ReportKind::FILLED) {
    if (!take_fill(order, instrument, report, out, outcome)) {
      if (was_open) count_in(*order, +1);
      return outcome;
    }
    // More stands at the venue than we know of: a modify that we hold for lost was carried out.
    if (order->modify_command == 0 && order->cum_qty >= order->request.qty &&
        report.getOrderQty() > order->cum_qty.e8 && report.getOrderQty() <= kLargestQty)
      order->request.qty = {report.getOrderQty()};
    event = order->cum_qty >= order->request.qty ? ReportEvent::complete_fill : ReportEvent::partial_fill;
  }
  apply(*order, event, report, out, outcome);
  const bool open_now = is_open(order->status);
  if (open_now) count_in(*order, +1);
  if (!is_in_flight(order->status)) order->deadline = {};
  outcome.state_changed = outcome.is_fill || order->status != outcome.previous || outcome.state_changed;
  if (outcome.state_changed) outcome.state_seq = emit_state(*order, outcome.previous, report.getErrorCode(), 0, out);
  if (was_open && !open_now) close(*order);
  return outcome;
}

// Checks an execution, refuses repeated ones, adds it to the order. The order's counts are out while this runs.
bool OrderManager::take_fill(Order* order, InstrumentNo instrument, schema::OrderReport::Reader report, Emitter& out,
                             Outcome& outcome) {
  const StrategyNo strategy = order != nullptr ? order->request.strategy : StrategyNo{0};
  const OrderStatus status = order != nullptr ? order->status : OrderStatus::INITIALIZED;
  const Seq order_id = report.getOrderId();
  const ReportKind kind = report.getKind();
  const Qty qty{report.getLastQty()};
  const Price price{report.getLastPrice()};
  const Side side = order != nullptr ? order->request.side : report.getSide();
  const auto anomaly = [&](AnomalyKind what, std::int64_t expected, std::int64_t actual) {
    outcome.is_anomaly = true;
    emit_anomaly(what, instrument, strategy, order_id, status, kind, expected, actual, out);
  };

  // A report that says nothing usable is refused before any arithmetic.
  constexpr std::int64_t kLargestCommission = std::int64_t{1} << 60;
  if (!qty.is_positive() || !price.is_positive() || !notional_fits(price, qty) || qty.e8 > kLargestQty ||
      (side != Side::BUY && side != Side::SELL) || report.getCommission() > kLargestCommission ||
      report.getCommission() < -kLargestCommission) {
    anomaly(AnomalyKind::QUANTITY_MISMATCH, 0, report.getLastQty());
    return false;
  }
  const std::int64_t trade_id = report.getTradeId();
  if (trade_id != 0 && !remember_trade(instrument, trade_id) && !REPRISE_MUTANT(double_booked_fill)) {
    anomaly(AnomalyKind::DUPLICATE_FILL, 0, trade_id);
    return false;
  }
  if (order != nullptr) {
    if (trade_id == 0 && report.getCumQty() != 0 && report.getCumQty() <= order->cum_qty.e8) {
      anomaly(AnomalyKind::DUPLICATE_FILL, order->cum_qty.e8, report.getCumQty());
      return false;
    }
    if (order->cum_qty.e8 > (std::int64_t{1} << 61) || order->cum_notional.e8 > (std::int64_t{1} << 61)) {
      anomaly(AnomalyKind::OVERFILL, order->request.qty.e8, order->cum_qty.e8);
      return false;
    }
    // An execution on the terms of the modify in flight: the venue has carried it out, its answer is late or lost.
    if (order->modify_command != 0 && report.getOrderQty() == order->pending_qty.e8 &&
        order->pending_qty != order->request.qty) {
      order->request.qty = order->pending_qty;
      if (order->pending_price.is_positive()) order->request.price = order->pending_price;
    }
    order->cum_qty += qty;
    order->cum_notional += price * qty;
    // Complete by the venue's count, on the terms of a modify whose answer we did not take: nothing is left of it.
    if (report.getCumQty() == order->cum_qty.e8 && report.getOrderQty() == order->cum_qty.e8 &&
        order->cum_qty < order->request.qty)
      order->request.qty = order->cum_qty;
    if (order->cum_qty > order->request.qty) anomaly(AnomalyKind::OVERFILL, order->request.qty.e8, order->cum_qty.e8);
    if (report.getCumQty() != 0 && report.getCumQty() != order->cum_qty.e8)
      anomaly(AnomalyKind::QUANTITY_MISMATCH, order->cum_qty.e8, report.getCumQty());
  }
  outcome.is_fill = true;
  FillDetails& fill = outcome.fill;
  fill.order_id = order != nullptr ? order->id : 0;
  fill.instrument = instrument;
  fill.strategy = strategy;
  fill.side = side;
  fill.liquidity = report.getLiquidity();
  fill.trade_id = trade_id;
  fill.price = price;
  fill.qty = qty;
  fill.commission = {report.getCommission()};
  fill.commission_asset = report.getCommissionAsset();
  fill.mid_at_decision = order != nullptr ? order->request.mid_at_decision : Price{};
  fill.is_liquidation = kind == ReportKind::LIQUIDATION;
  return true;
}

// Carries out one cell of the table.
void OrderManager::apply(Order& order, ReportEvent event, schema::OrderReport::Reader report, Emitter& out,
                         Outcome& outcome) {
  const auto anomaly = [&](AnomalyKind what, std::int64_t expected, std::int64_t actual) {
    outcome.is_anomaly = true;
    emit_anomaly(what, order.request.instrument, order.request.strategy, order.id, outcome.previous, report.getKind(),
                 expected, actual, out);
  };
  const auto impossible = [&] { anomaly(AnomalyKind::IMPOSSIBLE_TRANSITION, 0, 0); };
  const auto late = [&] { anomaly(AnomalyKind::STALE_REPORT, 0, 0); };
  // What a modify answered with "modified" does to the order's terms.
  const auto take_terms = [&] {
    const Qty qty{report.getOrderQty()};
    const Price price{report.getPrice()};
    if (order.modify_command != 0 && qty.e8 != 0 && qty != order.pending_qty)
      anomaly(AnomalyKind::QUANTITY_MISMATCH, order.pending_qty.e8, qty.e8);
    const Qty new_qty = qty.is_positive() && qty.e8 <= kLargestQty ? qty : order.pending_qty;
    const Price new_price = price.is_positive() ? price : order.pending_price;
    if (new_qty.is_positive()) order.request.qty = new_qty;
    if (new_price.is_positive()) order.request.price = new_price;
    order.modify_command = 0;
    outcome.state_changed = true;
  };
  // Reached a status: straight, or beneath a pending command.
  const auto reach = [&](OrderStatus next, bool is_beneath) {
    if (next == OrderStatus::TRIGGERED && !is_conditional(order.request.type)) return impossible();
    if (is_closed(next) || !is_beneath) order.status = next;
    if (next != OrderStatus::UNKNOWN) order.beneath = next;
  };

  Transition cell = transition(order.status, event);
  bool is_beneath = false;
  if (cell.kind == TransitionKind::beneath) {
    is_beneath = true;
    cell = transition(order.beneath, event);
    REPRISE_ASSERT(cell.kind != TransitionKind::beneath, "nothing is pending beneath a pending command");
  }
  const bool is_cancel_answer = event == ReportEvent::cancel_rejected;
  const bool is_answer = is_cancel_answer || event == ReportEvent::modified || event == ReportEvent::modify_rejected;
  Seq& command = is_cancel_answer ? order.cancel_command : order.modify_command;

  switch (cell.kind) {
    case TransitionKind::to: reach(cell.next, is_beneath); break;
    case TransitionKind::stay: break;
    case TransitionKind::answer:
      if (!answers(command, report.getCommandSeq())) return impossible();
      if (event == ReportEvent::modified) take_terms();
      command = 0;
      break;
    case TransitionKind::back:
      if (!answers(command, report.getCommandSeq())) return late();
      if (event == ReportEvent::modified) take_terms();
      command = 0;
      order.status = order.status == OrderStatus::PENDING_CANCEL && order.modify_command != 0
                         ? OrderStatus::PENDING_MODIFY
                         : order.beneath;
      break;
    case TransitionKind::working:
      if (is_answer && !answers(command, report.getCommandSeq())) return impossible();
      if (event == ReportEvent::modified) take_terms();
      if (is_answer) command = 0;
      if (order.beneath == OrderStatus::SUBMITTED) order.beneath = OrderStatus::ACCEPTED;
      order.status = order.beneath;
      break;
    case TransitionKind::settle: {
      if (is_closed(order.status)) {
        if (report.getCumQty() != order.cum_qty.e8)
          anomaly(AnomalyKind::QUANTITY_MISMATCH, order.cum_qty.e8, report.getCumQty());
        break;
      }
      const bool undecided = order.status == OrderStatus::UNKNOWN || order.status == OrderStatus::SUBMITTED;
      if (report.getErrorCode() != 0) {  // the venue does not know the order
        const bool is_unconfirmed =
            order.status == OrderStatus::PENDING_CANCEL && order.beneath == OrderStatus::SUBMITTED;
        const bool was_standing = order.status == OrderStatus::UNKNOWN && order.beneath != OrderStatus::SUBMITTED;
        if (!(undecided || is_unconfirmed) || was_standing || order.cum_qty.is_positive()) return impossible();
        order.status = order.beneath = OrderStatus::REJECTED;
        break;
      }
      if (report.getCumQty() != order.cum_qty.e8) {  // executions are missing: its fate stays as it is until they come
        anomaly(AnomalyKind::QUANTITY_MISMATCH, order.cum_qty.e8, report.getCumQty());
        break;
      }
      if (undecided) {
        if (order.modify_command != 0 &&
            (report.getOrderQty() != order.request.qty.e8 || report.getPrice() != order.request.price.e8))
          take_terms();
        if (order.beneath == OrderStatus::SUBMITTED) order.beneath = OrderStatus::ACCEPTED;
        order.status = order.beneath;
      }
      // An answer to an earlier modify may have been lost: with none in flight the venue's terms are the order's.
      if (order.modify_command == 0 && report.getOrderQty() > 0 && report.getOrderQty() <= kLargestQty &&
          (report.getOrderQty() != order.request.qty.e8 ||
           (report.getPrice() > 0 && report.getPrice() != order.request.price.e8))) {
        order.request.qty = {report.getOrderQty()};
        if (report.getPrice() > 0) order.request.price = {report.getPrice()};
        outcome.state_changed = true;
      }
      break;
    }
    case TransitionKind::late: late(); break;
    case TransitionKind::impossible: impossible(); break;
    case TransitionKind::beneath: break;  // resolved above
  }
}

}  // namespace reprise::engine
