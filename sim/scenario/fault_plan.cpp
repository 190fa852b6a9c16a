#include "sim/scenario/fault_plan.h"

#include <algorithm>

namespace reprise::sim::scenario {

namespace {

using journal::RecordType;

bool matches(const std::string& wanted, CommandKind kind) {
  if (wanted == "all") return true;
  if (wanted == "cancel") return kind == CommandKind::CANCEL || kind == CommandKind::CANCEL_ALL;
  if (wanted == "modify") return kind == CommandKind::MODIFY;
  return kind == CommandKind::SUBMIT;
}

bool is_acknowledgement(const Report& report) {
  return report.type == RecordType::ORDER_REPORT &&
         (report.order.kind == ReportKind::ACCEPTED || report.order.kind == ReportKind::MODIFIED ||
          report.order.kind == ReportKind::CANCELED);
}

}  // namespace

void FaultPlan::stop(std::uint32_t act) {
  std::erase_if(playing_, [&](const Playing& playing) { return playing.act == act; });
}

UnixNanos FaultPlan::until(std::uint32_t act) const {
  for (const Playing& playing : playing_) {
    if (playing.act == act) return playing.until;
  }
  return {};
}

UnixNanos FaultPlan::refuse(const Command& command, std::int64_t code, UnixNanos arrival) {
  Report report;
  report.type = RecordType::ORDER_REPORT;
  report.time = arrival;
  report.instrument = command.instrument;
  OrderReport& o = report.order;
  o.order_id = command.order_id;
  o.side = command.side;
  o.type = command.type;
  o.time_in_force = command.time_in_force;
  o.price = command.price;
  o.order_qty = command.qty;
  o.error = static_cast<VenueError>(-code);
  switch (command.kind) {
    case CommandKind::CANCEL: o.kind = ReportKind::CANCEL_REJECTED; break;
    case CommandKind::MODIFY: o.kind = ReportKind::MODIFY_REJECTED; break;
    default: o.kind = ReportKind::REJECTED; break;
  }
  if (o.kind != ReportKind::REJECTED) o.command_seq = command.seq;
  run_->queue_report(report, arrival + response_latency_);
  return RunHooks::kNever;
}

UnixNanos FaultPlan::on_command(const Command& command, UnixNanos arrival, std::vector<Draws>& draws) {
  bool slow = false;
  for (Playing& playing : playing_) {
    const Act& act = scenario_.acts[playing.act];
    switch (act.kind) {
      case ActKind::outage:
        if (act["orders"].text == "lost") return RunHooks::kNever;
        if (act["orders"].text == "refused") return refuse(command, 1001, arrival);
        arrival = std::max(arrival, playing.until);
        break;
      case ActKind::rate_ban:
        playing.until = playing.until + DurationNanos{act["extend"].number};
        return refuse(command, 1003, arrival);
      case ActKind::reject_storm:
        // The venue's overload protection lets through whatever makes positions smaller.
        if (act["code"].number == 1008 && (command.reduce_only || command.close_position)) break;
        if (matches(act["commands"].text, command.kind) && draws[playing.act].chance(act["share"].number)) {
          return refuse(command, act["code"].number, arrival);
        }
        break;
      case ActKind::cancel_refused:
        if (matches("cancel", command.kind) && draws[playing.act].chance(act["share"].number)) {
          return refuse(command, 2011, arrival);
        }
        break;
      case ActKind::latency:
        if (act["way"].text != "response") {
          slow = true;
          arrival = {arrival.ns + act["add"].number + draws[playing.act].upto(act["jitter"].number)};
        }
        break;
      default: break;
    }
  }
  if (slow || arrival < last_command_) arrival = last_command_ = std::max(last_command_, arrival);
  run_->queue_command(command, arrival);
  return arrival;
}

bool FaultPlan::on_report(const Report& report, UnixNanos arrival, std::vector<Draws>& draws) {
  bool twice = false;
  bool slow = false;
  bool late = false;
  std::int64_t late_by = 0;  // several acts add up
  for (const Playing& playing : playing_) {
    const Act& act = scenario_.acts[playing.act];
    switch (act.kind) {
      case ActKind::outage:
      case ActKind::restart: arrival = std::max(arrival, playing.until); break;
      case ActKind::lost_acks:
        if (is_acknowledgement(report) && draws[playing.act].chance(act["share"].number)) return false;
        break;
      case ActKind::double_acks:
        twice = twice || (report.type == RecordType::ORDER_REPORT && draws[playing.act].chance(act["share"].number));
        break;
      case ActKind::late_fills:
        late = true;
        late_by += act["by"].number;
        break;
      case ActKind::latency:
        if (act["way"].text != "entry") {
          slow = true;
          arrival = {arrival.ns + act["add"].number + draws[playing.act].upto(act["jitter"].number)};
        }
        break;
      default: break;
    }
  }
  if (late) {
    // A balance and a position belong to the execution in front of them and come right behind it, whatever else plays;
    // late ones do not overtake each other. They alone may come behind reports that are younger.
    const bool is_fill = report.type == RecordType::ORDER_REPORT && report.order.kind == ReportKind::FILLED;
    if (is_fill) {
      late_since_ = report.time;
      late_arrival_ = std::max(late_arrival_, UnixNanos{arrival.ns + late_by});
    }
    late = is_fill || (report.time == late_since_ && report.type != RecordType::ORDER_REPORT);
    if (late) arrival = late_arrival_;
  }
  if (!late && (slow || arrival < last_report_)) arrival = last_report_ = std::max(last_report_, arrival);
  run_->queue_report(report, arrival);
  if (twice) run_->queue_report(report, arrival);
  return true;
}

bool FaultPlan::venue_is_reachable() const {
  return std::none_of(playing_.begin(), playing_.end(), [&](const Playing& playing) {
    const ActKind kind = scenario_.acts[playing.act].kind;
    return kind == ActKind::outage || kind == ActKind::rate_ban || kind == ActKind::restart;
  });
}

void FaultPlan::Playing::persist(engine::StateArchive& archive) {
  archive.field("act", act);
  archive.field("until", until);
}
void FaultPlan::persist(engine::StateArchive& archive) {
  archive.field("playing", playing_);
  archive.field("last_command", last_command_);
  archive.field("last_report", last_report_);
  archive.field("late_since", late_since_);
  archive.field("late_arrival", late_arrival_);
}

}  // namespace reprise::sim::scenario
