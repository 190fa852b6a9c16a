// The part of OrderSession that merges what is told of an order, from wherever, into reports: each thing once.
#include <algorithm>

#include "gateway/binance/client_order_id.h"
#include "gateway/binance/order_session.h"

namespace reprise::gateway::binance {

using schema::ReportKind;

sim::Report OrderSession::report_of(const Tracked& order, ReportKind kind, UnixNanos time) const {
  sim::Report report;
  report.type = journal::RecordType::ORDER_REPORT;
  report.time = time.ns != 0 ? time : rest_.venue_now();
  report.instrument = order.submit.instrument;
  sim::OrderReport& o = report.order;
  o.kind = kind;
  o.order_id = order.submit.seq;
  o.venue_order_id = order.is_algo && order.actual_id != 0 ? order.actual_id : order.venue_id;
  o.side = order.submit.side;
  o.type = order.submit.type;
  o.time_in_force = order.submit.time_in_force;
  o.price = order.submit.price;
  o.order_qty = order.submit.qty;
  o.cum_qty = order.cum_qty;
  o.reduce_only = order.submit.reduce_only;
  o.trigger_price = order.submit.trigger_price;
  return report;
}

bool OrderSession::remember_trade(InstrumentNo instrument, std::int64_t trade_id) {
  if (trade_id == 0) return true;  // some forced executions have none
  if (!trades_.insert({instrument, trade_id}).second) return false;
  trade_order_.emplace_back(instrument, trade_id);
  if (trade_order_.size() > kTradesKept) {
    trades_.erase(trade_order_.front());
    trade_order_.pop_front();
  }
  return true;
}

void OrderSession::close(Tracked& order, VenueStatus end) {
  if (order.phase == OrderPhase::closed) return;
  order.phase = OrderPhase::closed;
  order.end = end;
  order.modify = 0;
  order.cancel = 0;
  stop_timer(order);
  closed_.push_back(order.submit.seq);
  while (closed_.size() > kClosedKept) {
    const auto oldest = orders_.find(closed_.front());
    closed_.pop_front();
    if (oldest == orders_.end()) continue;
    by_venue_id_.erase(oldest->second.venue_id);
    by_venue_id_.erase(oldest->second.actual_id);
    orders_.erase(oldest);
  }
}

bool OrderSession::take_terms(Tracked& order, const OrderView& view) {
  if (view.time < order.terms_at) return false;
  order.terms_at = view.time;
  if (view.qty.is_positive()) order.submit.qty = view.qty;
  if (view.price.is_positive()) order.submit.price = view.price;
  return true;
}

void OrderSession::find_executions(Tracked& order) {
  if (order.is_reading_trades) return;
  order.is_reading_trades = true;
  read_trades(order.submit.instrument, [this, seq = order.submit.seq](bool) {
    Tracked* found = find(seq);
    if (found == nullptr) return;
    found->is_reading_trades = false;
    if (found->phase != OrderPhase::closed) ask_later(*found);
  });
}

// ------------------------------------------------------------------------------------------ what is told

void OrderSession::tell_accepted(Tracked& order, const OrderView& view) {
  if (order.phase != OrderPhase::closed) order.phase = OrderPhase::working;
  if (order.is_told_accepted) return;
  order.is_told_accepted = true;
  (void)take_terms(order, view);
  listener_.on_report(report_of(order, ReportKind::ACCEPTED, view.time));
}

// What is executed is the sum of what was told, so that executions may come in any order. `venue_qty`: the order's
// quantity as the venue has it; by it the engine sees that an order is complete on the terms of a modify whose answer
// was lost.
void OrderSession::tell_fill(Tracked& order, const TradeView& trade, Qty venue_qty) {
  if (!remember_trade(order.submit.instrument, trade.trade_id)) return;
  order.is_told_accepted = true;  // it stands, whatever its answer will say
  if (order.phase != OrderPhase::closed) order.phase = OrderPhase::working;
  order.cum_qty += trade.qty;
  sim::Report report = report_of(order, ReportKind::FILLED, trade.time);
  if (venue_qty.is_positive()) report.order.order_qty = venue_qty;
  report.order.liquidity = trade.is_maker ? schema::LiquiditySide::MAKER : schema::LiquiditySide::TAKER;
  report.order.last_qty = trade.qty;
  report.order.last_price = trade.price;
  report.order.trade_id = trade.trade_id;
  report.order.commission = trade.commission;
  report.order.commission_asset = symbols_.asset(trade.commission_asset).value_or(engine::kSettlementAsset);
  const Qty whole = report.order.order_qty;
  const bool is_done = whole.is_positive() && order.cum_qty >= whole;
  const Seq cancel = order.cancel;
  if (is_done) close(order, VenueStatus::filled);
  listener_.on_report(report);
  if (is_done && cancel != 0) {
    // Too late: the engine expects one answer to each cancel.
    sim::Report refused = report_of(order, ReportKind::CANCEL_REJECTED, trade.time);
    refused.order.command_seq = cancel;
    refused.order.error = static_cast<sim::VenueError>(-2011);
    listener_.on_report(refused);
  }
}

void OrderSession::tell_modified(Tracked& order, const OrderView& view) {
  const Seq command = order.modify;
  order.modify = 0;
  order.is_modify_unknown = false;
  (void)take_terms(order, view);
  sim::Report report = report_of(order, ReportKind::MODIFIED, view.time);
  report.order.command_seq = command;
  listener_.on_report(report);
}

void OrderSession::tell_end(Tracked& order, const OrderView& view) {
  if (order.phase == OrderPhase::closed) return;
  order.most_qty = std::max(order.most_qty, view.cum_qty);
  if (order.most_qty > order.cum_qty) return find_executions(order);  // executions first
  if (view.status == VenueStatus::filled || view.status == VenueStatus::finished) {
    // All its executions are told: the engine closed it with the last one, unless it was told on terms that the venue
    // had no more. Then it has to hear that nothing is left.
    const bool is_closed_there = order.cum_qty >= order.submit.qty;
    sim::Report rest = report_of(order, ReportKind::EXPIRED, view.time);
    close(order, view.status);
    if (!is_closed_there) listener_.on_report(rest);
    return;
  }
  const bool is_cancel = view.status == VenueStatus::canceled;
  sim::Report report = report_of(order, is_cancel ? ReportKind::CANCELED : ReportKind::EXPIRED, view.time);
  report.order.expiry_reason =
      view.status == VenueStatus::rejected ? schema::ExpiryReason::TRIGGER_REJECTED : view.expiry_reason;
  if (is_cancel) report.order.command_seq = order.cancel;
  close(order, view.status);
  listener_.on_report(report);
}

void OrderSession::tell_gone(Tracked& order) {
  OrderView gone;
  gone.status = VenueStatus::canceled;
  gone.cum_qty = order.cum_qty;
  gone.time = rest_.venue_now();
  tell_end(order, gone);
}

void OrderSession::tell_foreign(const OrderEvent& event) {
  const OrderView& view = event.order;
  const InstrumentNo instrument = symbols_.find(view.symbol);
  if (instrument == 0) return;  // of a contract that this run does not trade
  sim::Report report;
  report.type = journal::RecordType::ORDER_REPORT;
  report.time = view.time.ns != 0 ? view.time : rest_.venue_now();
  report.instrument = instrument;
  sim::OrderReport& o = report.order;
  o.kind = ReportKind::STATUS_SNAPSHOT;
  o.venue_order_id = view.venue_id;
  o.side = view.side;
  o.type = view.type;
  o.time_in_force = view.time_in_force;
  o.price = view.price;
  o.order_qty = view.qty;
  o.cum_qty = view.cum_qty;
  o.reduce_only = view.is_reduce_only;
  o.trigger_price = view.trigger_price;
  o.foreign_client_id = view.client_id;
  listener_.on_report(report);
}

void OrderSession::tell_forced(const OrderEvent& event) {
  const OrderView& view = event.order;
  const InstrumentNo instrument = symbols_.find(view.symbol);
  const bool is_execution = event.execution == Execution::trade || event.execution == Execution::calculated;
  if (instrument == 0 || !is_execution) return;
  if (!remember_trade(instrument, event.trade.trade_id)) return;
  sim::Report report;
  report.type = journal::RecordType::ORDER_REPORT;
  report.time = event.trade.time;
  report.instrument = instrument;
  sim::OrderReport& o = report.order;
  o.kind = ReportKind::LIQUIDATION;
  o.venue_order_id = view.venue_id;
  o.side = view.side;
  o.type = schema::OrderType::LIQUIDATION;
  o.time_in_force = view.time_in_force;
  o.liquidity = event.trade.is_maker ? schema::LiquiditySide::MAKER : schema::LiquiditySide::TAKER;
  o.price = view.price;
  o.order_qty = view.qty;
  o.cum_qty = view.cum_qty;
  o.last_qty = event.trade.qty;
  o.last_price = event.trade.price;
  o.trade_id = event.trade.trade_id;
  o.commission = event.trade.commission;
  o.commission_asset = symbols_.asset(event.trade.commission_asset).value_or(engine::kSettlementAsset);
  o.foreign_client_id = view.client_id;
  listener_.on_report(report);
}

// ------------------------------------------------------------------------------------------ events

void OrderSession::on_event(const OrderEvent& event) {
  const OrderView& view = event.order;
  const ClientId id = recognise(view.client_id, options_.run_tag);
  Tracked* order = id.owner == IdOwner::this_run ? find(id.seq) : nullptr;
  if (order == nullptr && !view.is_algo) {  // what a conditional order became may have an id of the venue's
    if (const auto named = by_venue_id_.find(view.venue_id); named != by_venue_id_.end()) order = find(named->second);
  }
  if (order != nullptr && order->phase == OrderPhase::closed && order->end == VenueStatus::rejected &&
      is_working(view.status))
    return cancel_stray(view);
  if (order != nullptr) return view.is_algo ? merge_algo(*order, view) : merge(*order, event);
  if (id.owner == IdOwner::liquidation || id.owner == IdOwner::settlement) return tell_forced(event);
  if (event.execution == Execution::trade || event.execution == Execution::calculated)
    (void)remember_trade(symbols_.find(view.symbol), event.trade.trade_id);
  tell_foreign(event);
}

void OrderSession::merge(Tracked& order, const OrderEvent& event) {
  const OrderView& view = event.order;
  if (order.is_algo) {
    order.actual_id = view.venue_id;
  } else {
    order.venue_id = view.venue_id;
  }
  by_venue_id_[view.venue_id] = order.submit.seq;
  switch (event.execution) {
    case Execution::new_order:
      if (!order.is_algo) {
        tell_accepted(order, view);
      } else if (order.phase != OrderPhase::closed) {
        // The order that a conditional one became.
        if (!order.is_told_triggered) {
          order.is_told_triggered = true;
          order.is_told_accepted = true;
          listener_.on_report(report_of(order, ReportKind::TRIGGERED, view.time));
        }
        if (!order.is_told_child && !engine::is_market(order.submit.type)) {
          listener_.on_report(report_of(order, ReportKind::ACCEPTED, view.time));
        }
        order.is_told_child = true;
        order.phase = OrderPhase::working;
      }
      return go_on(order);
    case Execution::trade:
    case Execution::calculated: {
      if (order.is_algo && !order.is_told_triggered && order.phase != OrderPhase::closed) {
        order.is_told_triggered = true;
        listener_.on_report(report_of(order, ReportKind::TRIGGERED, view.time));
      }
      if (order.submit.close_position && view.qty.is_positive()) order.submit.qty = view.qty;
      order.most_qty = std::max(order.most_qty, view.cum_qty);
      tell_fill(order, event.trade, view.qty);
      if (order.phase == OrderPhase::closed) return;
      if (view.cum_qty > order.cum_qty) return ask_later(order);  // one before it is late, or lost
      return go_on(order);
    }
    case Execution::canceled:
    case Execution::expired: {
      OrderView end = view;
      if (event.execution == Execution::canceled) end.status = VenueStatus::canceled;
      return tell_end(order, end);
    }
    case Execution::amendment:
      if (order.phase == OrderPhase::closed) return;
      if (order.modify != 0 && (event.modify_id == order.modify || event.modify_id == 0)) {
        tell_modified(order, view);
      } else if (view.qty != order.submit.qty || view.price != order.submit.price) {
        if (order.modify == 0) {  // changed by hand, or an answer that we gave up
          (void)take_terms(order, view);
          listener_.on_report(report_of(order, ReportKind::STATUS_SNAPSHOT, view.time));
        }
      }
      return go_on(order);
    case Execution::none: return;
  }
}

void OrderSession::merge_algo(Tracked& order, const OrderView& view) {
  if (order.venue_id == 0) order.venue_id = view.venue_id;
  if (view.actual_id != 0) {
    order.actual_id = view.actual_id;
    by_venue_id_[view.actual_id] = order.submit.seq;
  }
  if (order.phase == OrderPhase::closed) return;
  switch (view.status) {
    case VenueStatus::new_order:
      tell_accepted(order, view);
      if (view.is_trailing_active && !order.is_told_trailing) {
        order.is_told_trailing = true;
        listener_.on_report(report_of(order, ReportKind::TRAILING_ACTIVATED, view.time));
      }
      return go_on(order);
    case VenueStatus::triggering:
    case VenueStatus::triggered:
    case VenueStatus::finished:
      if (order.submit.close_position && view.qty.is_positive()) order.submit.qty = view.qty;
      order.phase = OrderPhase::working;
      if (!order.is_told_triggered) {
        order.is_told_triggered = true;
        order.is_told_accepted = true;
        listener_.on_report(report_of(order, ReportKind::TRIGGERED, view.time));
      }
      // Finished: what it became has ended. Its own events say how; if they are missing, a question does.
      if (view.status == VenueStatus::finished && order.actual_id != 0 && !order.is_asking) ask_later(order);
      return;
    case VenueStatus::canceled:
    case VenueStatus::expired:
    case VenueStatus::rejected: {
      OrderView end = view;
      end.cum_qty = order.cum_qty;  // the executions are those of the order that it became
      return tell_end(order, end);
    }
    default: return;
  }
}

void OrderSession::take_trades(InstrumentNo instrument, const std::vector<TradeView>& trades) {
  std::vector<const TradeView*> in_order;
  for (const TradeView& trade : trades) in_order.push_back(&trade);
  std::sort(in_order.begin(), in_order.end(),
            [](const TradeView* a, const TradeView* b) { return a->trade_id < b->trade_id; });
  const bool is_any_unknown = std::any_of(orders_.begin(), orders_.end(), [&](const auto& item) {
    return item.second.submit.instrument == instrument && item.second.venue_id == 0 &&
           item.second.phase != OrderPhase::closed;
  });
  bool is_all_known = true;  // so far: what follows somebody unknown is read again
  for (const TradeView* trade : in_order) {
    const auto named = by_venue_id_.find(trade->order_id);
    Tracked* order = named == by_venue_id_.end() ? nullptr : find(named->second);
    // Of somebody else, unless it is of an order whose venue id we do not know yet.
    if (order == nullptr && is_any_unknown) is_all_known = false;
    if (is_all_known) read_trades_[instrument] = std::max(read_trades_[instrument], trade->trade_id);
    if (order == nullptr || trades_.count({instrument, trade->trade_id}) != 0) continue;
    ++counts_.found_executions;
    tell_fill(*order, *trade, order->submit.qty);
  }
}

}  // namespace reprise::gateway::binance
