#include "sim/scenario/reconciler.h"

#include <algorithm>
#include <vector>

#include "engine/execution/order_manager.h"

namespace reprise::sim::scenario {

namespace {
constexpr std::int64_t kRoundTrip = 200'000'000;
constexpr std::int64_t kAgain = 1'000'000'000;
}  // namespace

void Reconciler::note_command(const Command& command, UnixNanos arrival) {
  std::erase_if(arrivals_, [&](const auto& entry) { return entry.second < run_->now(); });
  if (command.kind == CommandKind::SUBMIT && arrival != RunHooks::kNever) arrivals_[command.order_id] = arrival;
}

void Reconciler::note_outputs(const journal::RecordBatch& outputs) {
  outputs.for_each(1, [&](const journal::RecordView& output) {
    if (output.type() != journal::RecordType::ORDER_STATE) return;
    const auto state = journal::read<schema::OrderState>(output);
    if (state.getStatus() == OrderStatus::UNKNOWN) asked_[state.getOrderId()] = {run_->now().ns + kRoundTrip};
  });
}

void Reconciler::note_report(const Report& report, bool lost) {
  if (report.type != journal::RecordType::ORDER_REPORT || report.order.order_id == 0) return;
  // A refused cancel or modify does not say that the venue ever had the order.
  const bool is_refusal = report.order.kind == ReportKind::REJECTED ||
                          report.order.kind == ReportKind::CANCEL_REJECTED ||
                          report.order.kind == ReportKind::MODIFY_REJECTED;
  if (!is_refusal) at_venue_[report.order.order_id] = 1;
  // What was to be cancelled or changed is not there: its end may have been lost on the way.
  const bool is_missing =
      report.order.kind == ReportKind::CANCEL_REJECTED || report.order.kind == ReportKind::MODIFY_REJECTED;
  if (is_missing && !lost &&
      (report.order.error == VenueError::cancel_rejected || report.order.error == VenueError::order_does_not_exist))
    asked_.try_emplace(report.order.order_id, UnixNanos{run_->now().ns + kRoundTrip});
  if (lost && report.order.kind == ReportKind::CANCELED) lost_ends_[report.order.order_id] = report;
}

void Reconciler::ask_about_all(UnixNanos when) {
  for (const engine::Order* order : run_->engine().orders().open_orders()) asked_[order->id] = when;
}

UnixNanos Reconciler::next_time() const {
  UnixNanos next = RunHooks::kNever;
  for (const auto& [order, when] : asked_) next = std::min(next, when);
  return next;
}

bool Reconciler::ask(Seq id) {
  const engine::Order* order = run_->engine().orders().find(id);
  if (order == nullptr || !engine::is_open(order->status)) return true;
  Report report;
  report.type = journal::RecordType::ORDER_REPORT;
  report.time = run_->now();
  report.instrument = order->request.instrument;
  OrderReport& o = report.order;
  o.order_id = id;
  o.kind = ReportKind::STATUS_SNAPSHOT;
  o.side = order->request.side;
  o.type = order->request.type;
  o.time_in_force = order->request.time_in_force;
  o.price = order->request.price;
  o.order_qty = order->request.qty;
  o.reduce_only = order->request.reduce_only;
  const std::vector<VenueOrder>* open = run_->exchange().orders(report.instrument);
  const VenueOrder* found = nullptr;
  if (open != nullptr) {
    for (const VenueOrder& candidate : *open) {
      if (candidate.id == id) found = &candidate;
    }
  }
  if (found != nullptr) {
    o.venue_order_id = found->venue_id;
    o.price = found->price;
    o.order_qty = found->qty;
    o.cum_qty = found->cum_qty;
    run_->queue_report(report, run_->now());
    // Executions on their way, or a command without an answer: asked again until it is settled.
    return order->status != OrderStatus::UNKNOWN || found->cum_qty == order->cum_qty;
  }
  if (const auto end = lost_ends_.find(id); end != lost_ends_.end()) {
    Report late = end->second;
    late.time = run_->now();
    run_->queue_report(late, run_->now());
    lost_ends_.erase(end);
    return true;
  }
  if (at_venue_.count(id) != 0) return true;  // its end is on its way
  if (const auto under_way = arrivals_.find(id); under_way != arrivals_.end() && under_way->second >= run_->now())
    return false;
  o.error = VenueError::order_does_not_exist;
  run_->queue_report(report, run_->now());
  return true;
}

void Reconciler::answer(UnixNanos now, bool venue_is_reachable) {
  std::vector<Seq> due;
  for (const auto& [order, when] : asked_) {
    if (when <= now) due.push_back(order);
  }
  for (const Seq order : due) {
    if (venue_is_reachable && ask(order)) {
      asked_.erase(order);
    } else {
      asked_[order] = {now.ns + kAgain};
    }
  }
}

void Reconciler::persist(engine::StateArchive& archive) {
  archive.field("asked", asked_);
  archive.field("arrivals", arrivals_);
  archive.field("at_venue", at_venue_);
  archive.field("lost_ends", lost_ends_);
}

}  // namespace reprise::sim::scenario
