#include "sim/scenario/director.h"
#include "sim/market_source.h"

#include <algorithm>

#include "engine/risk/risk_engine.h"

namespace reprise::sim::scenario {

using journal::RecordBatch;
using journal::RecordType;
using journal::RecordView;

namespace {

bool is_worth_a_look(RecordType type) {
  switch (type) {
    case RecordType::CLOCK_TICK:
    case RecordType::MARK_PRICE:
    case RecordType::ORDER_REPORT:
    case RecordType::BALANCE_UPDATE:
    case RecordType::POSITION_UPDATE:
    case RecordType::FUNDING_PAYMENT:
    case RecordType::MARGIN_CALL:
    case RecordType::MARKET_BAR:
    case RecordType::RUN_END: return true;
    default: return false;
  }
}

constexpr std::uint64_t kFeedStream = 1'000'003;

}  // namespace

Director::Director(const Scenario& scenario, const config::Config& config, config::Entries entries,
                   Reconfigure reconfigure)
    : scenario_(scenario),
      entries_(std::move(entries)),
      reconfigure_(reconfigure),
      markets_(scenario),
      feed_(scenario, markets_),
      faults_(scenario, {config.venue.order_response_latency_ns}),
      watch_(scenario),
      cues_(scenario.acts.size()),
      feed_draws_(scenario.seed, kFeedStream) {
  for (std::uint64_t act = 0; act < scenario.acts.size(); ++act) draws_.emplace_back(scenario.seed, act);
  outcome_.played.resize(scenario.acts.size());
}

void Director::bind(RunControl& run) {
  run_ = &run;
  feed_.bind(run);
  faults_.bind(run);
  reconciler_.bind(run);
  fields_.bind(run);
  watch_.bind(run);
  for (std::size_t n = 0; n < cues_.size(); ++n) {
    const Act& act = scenario_.acts[n];
    Cue& cue = cues_[n];
    cue.left = act.times;
    has_conditions_ = has_conditions_ || act.when.has_value() || act.at_record != 0;
    if (!act.at) continue;
    cue.is_waiting = false;
    cue.due = {(act.at->is_absolute ? 0 : run.start().ns) + act.at->ns + act.after_ns};
  }
  plan();
}

void Director::plan() {
  next_ = std::min(feed_.next_heal(), reconciler_.next_time());
  for (const Cue& cue : cues_) next_ = std::min({next_, cue.due, cue.is_playing ? cue.until : RunHooks::kNever});
}

void Director::on_time(UnixNanos now) {
  // Ends before beginnings, each in the order of the file; what began in this round may begin others at once.
  for (std::uint32_t n = 0; n < cues_.size(); ++n) {
    Cue& cue = cues_[n];
    if (!cue.is_playing || cue.until > now) continue;
    if (const UnixNanos longer = faults_.until(n); longer > now) {
      cue.until = longer;
      announce_ban(longer);
      continue;
    }
    stop(n, now);
  }
  for (std::uint32_t n = 0; n < cues_.size(); ++n) {
    if (cues_[n].due <= now) fire(n, now);
  }
  if (feed_.next_heal() <= now) feed_.heal(now);
  if (reconciler_.next_time() <= now) reconciler_.answer(now, faults_.venue_is_reachable());
  plan();
}

void Director::fire(std::uint32_t n, UnixNanos now) {
  const Act& act = scenario_.acts[n];
  Cue& cue = cues_[n];
  cue.due = RunHooks::kNever;
  if (cue.left > 0) --cue.left;
  if (cue.left > 0) cue.due = {now.ns + act.every_ns + draws_[n].upto(act.jitter_ns)};
  if (cue.is_playing) stop(n, now);
  if (!draws_[n].chance(act.chance_e8)) return;
  ++outcome_.played[n];
  if (act.for_ns != 0) {
    cue.is_playing = true;
    cue.until = {now.ns + act.for_ns};
  }
  start(n, now);
  for (std::uint32_t other = 0; other < cues_.size(); ++other) {
    if (scenario_.acts[other].with_act != static_cast<std::int32_t>(n)) continue;
    cues_[other].is_waiting = false;
    cues_[other].due = {now.ns + scenario_.acts[other].after_ns};
  }
}

void Director::start(std::uint32_t n, UnixNanos now) {
  const Act& act = scenario_.acts[n];
  const UnixNanos until = cues_[n].until;
  switch (act.kind) {
    case ActKind::outage:
      faults_.start(n, until);
      if (act["feed"].number != 0) feed_.disconnect("venue out of reach");
      return;
    case ActKind::rate_ban:
      faults_.start(n, until);
      announce_ban(until);
      return;
    case ActKind::restart:
      faults_.start(n, until);
      ++down_;
      feed_.lose(true);
      return;
    case ActKind::reject_storm:
    case ActKind::latency:
    case ActKind::lost_acks:
    case ActKind::double_acks:
    case ActKind::late_fills:
    case ActKind::cancel_refused: faults_.start(n, until); return;
    case ActKind::maintenance: return halt_contracts(act, schema::InstrumentState::HALTED, now);
    case ActKind::brackets: return change_brackets(act, now);
    case ActKind::leverage: {
      const auto leverage = static_cast<std::uint32_t>(std::max<std::int64_t>(1, act["to"].number));
      run_->exchange().set_leverage(leverage);
      published_.clear();
      journal::RecordHeader header;
      header.account = kAccount;
      header.ts_event = now.ns;
      published_.append<schema::AccountConfig>(RecordType::ACCOUNT_CONFIG, header,
                                               [&](schema::AccountConfig::Builder b) {
                                                 b.setLeverage(leverage);
                                                 b.setMarginMode(run_->exchange().ledger().standard_mode());
                                               });
      if (is_up()) run_->give(published_);
      return;
    }
    case ActKind::adl: return deleverage(act);
    case ActKind::feed_gap:
    case ActKind::freeze:
    case ActKind::duplicates:
    case ActKind::reorder:
    case ActKind::crossed_book:
    case ActKind::bad_ticks: feed_.start(n, until); return;
    case ActKind::clock_step: run_->set_clock_step({act["by"].number}); return;
    case ActKind::configure: return configure(act);
    case ActKind::kill_switch:
    case ActKind::halt:
    case ActKind::reduce_only:
    case ActKind::resume:
    case ActKind::cancel_all:
    case ActKind::flatten: return operate(act);
    default:
      published_.clear();
      markets_.start(n, now, draws_[n], published_);
      publish(published_, now);
      return;
  }
}

void Director::stop(std::uint32_t n, UnixNanos now) {
  const Act& act = scenario_.acts[n];
  cues_[n].is_playing = false;
  cues_[n].until = RunHooks::kNever;
  switch (act.kind) {
    case ActKind::outage:
      faults_.stop(n);
      if (act["feed"].number != 0) feed_.connect("venue is back");
      reconciler_.ask_about_all({now.ns + 1'000'000'000});
      return;
    case ActKind::restart:
      faults_.stop(n);
      --down_;
      run_->restart_engine();
      feed_.disconnect("process restarted");
      feed_.connect("process restarted");
      reconciler_.ask_about_all({now.ns + 1'000'000'000});
      return;
    case ActKind::rate_ban:
    case ActKind::reject_storm:
    case ActKind::latency:
    case ActKind::lost_acks:
    case ActKind::double_acks:
    case ActKind::late_fills:
    case ActKind::cancel_refused: faults_.stop(n); return;
    case ActKind::maintenance: return halt_contracts(act, schema::InstrumentState::TRADING, now);
    case ActKind::clock_step: run_->set_clock_step({}); return;
    case ActKind::feed_gap:
    case ActKind::freeze:
    case ActKind::duplicates:
    case ActKind::reorder:
    case ActKind::crossed_book:
    case ActKind::bad_ticks: feed_.stop(n); return;
    default: markets_.stop(n); return;
  }
}

void Director::publish(const RecordBatch& records, UnixNanos now) {
  records.for_each(0, [&](const RecordView& view) { run_->to_venue(view, view.header->instrument, now); });
  feed_.deliver(records, now, feed_draws_);
}

void Director::on_market(const SourceRecord& record) {
  const UnixNanos now = run_->now();
  published_.clear();
  markets_.publish(record, now, published_);
  published_.for_each(0,
                      [&](const RecordView& view) { run_->to_venue(view, view.header->instrument, record.happened); });
  if (!world_began_ && is_declaration(record.view.type())) {
    published_.for_each(0,
                        [&](const RecordView& view) { run_->to_engine(view, view.header->instrument, record.recv); });
    return;
  }
  world_began_ = true;
  feed_.deliver(published_, record.recv, feed_draws_);
}

void Director::on_command(const Command& command, UnixNanos arrival) {
  reconciler_.note_command(command, faults_.on_command(command, arrival, draws_));
}

void Director::on_report(const Report& report, UnixNanos arrival) {
  const bool arrives = faults_.on_report(report, arrival, draws_);
  reconciler_.note_report(report, !arrives);
}

void Director::after_input(const RecordView& input, const RecordBatch& outputs) {
  fields_.count(input, outputs);
  const journal::Seq last = input.seq + outputs.count();
  if (!outputs.empty()) {
    reconciler_.note_outputs(outputs);
    next_ = std::min(next_, reconciler_.next_time());
  }
  if (!world_began_ && input.type() != RecordType::RUN_END) return;
  if (outputs.empty() && !is_worth_a_look(input.type())) {
    if (!has_conditions_) return;
  } else {
    const bool is_end = input.type() == RecordType::RUN_END;
    take_stock();
    watch_.look(fields_, last, is_end || input.type() == RecordType::CLOCK_TICK, is_end);
  }
  if (!has_conditions_) return;
  const bool looks = !outputs.empty() || is_worth_a_look(input.type());
  for (std::size_t n = 0; n < cues_.size(); ++n) {
    Cue& cue = cues_[n];
    const Act& act = scenario_.acts[n];
    if (!cue.is_waiting || act.with_act >= 0) continue;
    const bool now = act.at_record != 0
                         ? last >= act.at_record
                         : looks && act.when && (!act.when->is_costly() || input.type() == RecordType::CLOCK_TICK) &&
                               act.when->holds(fields_);
    if (!now) continue;
    cue.is_waiting = false;
    cue.due = {run_->now().ns + act.after_ns};
    next_ = std::min(next_, cue.due);
  }
}

void Director::take_stock() {
  const engine::Portfolio& portfolio = run_->engine().portfolio();
  const Money equity = portfolio.equity();
  if (outcome_.start_equity.is_zero()) outcome_.start_equity = outcome_.least_equity = equity;
  outcome_.end_equity = equity;
  outcome_.least_equity = std::min(outcome_.least_equity, equity);
  const Money peak = std::max(portfolio.peak_equity(), equity);
  if (peak.is_positive()) outcome_.worst_drawdown = std::max(outcome_.worst_drawdown, ratio(peak - equity, peak));
  if (portfolio.maintenance_margin().is_positive()) {
    const Rate used = equity.is_positive() ? ratio(portfolio.maintenance_margin(), std::max(equity, Money{1'000'000}))
                                           : Rate::whole(1);
    outcome_.worst_margin_ratio = std::max(outcome_.worst_margin_ratio, std::min(used, Rate::whole(99)));
  }
  outcome_.fills = fields_.fills();
  outcome_.liquidations = fields_.liquidations();
  const engine::RiskEngine& risk = run_->engine().risk();
  switch (risk.trading_state()) {
    case schema::TradingStateKind::ACTIVE: outcome_.trading_state = "active"; break;
    case schema::TradingStateKind::REDUCING: outcome_.trading_state = "reducing"; break;
    case schema::TradingStateKind::HALTED: outcome_.trading_state = risk.killed() ? "killed" : "halted"; break;
  }
}

void Director::Cue::persist(engine::StateArchive& archive) {
  archive.field("due", due);
  archive.field("until", until);
  archive.field("left", left);
  archive.field("is_waiting", is_waiting);
  archive.field("is_playing", is_playing);
}

void Director::persist(engine::StateArchive& archive) {
  archive.field("markets", markets_);
  archive.field("feed", feed_);
  archive.field("faults", faults_);
  archive.field("reconciler", reconciler_);
  archive.field("fields", fields_);
  archive.field("watch", watch_);
  archive.field("cues", cues_);
  std::uint64_t count = draws_.size();
  archive.begin_list("draws", count);
  for (Draws& draws : draws_) archive.field("item", draws);
  archive.end_list();
  archive.field("feed_draws", feed_draws_);
  std::uint64_t keys = entries_.size();
  archive.begin_list("entries", keys);
  if (archive.loading()) entries_.resize(keys);
  for (auto& [key, value] : entries_) {
    archive.begin_object("item");
    archive.field("key", key);
    archive.field("value", value);
    archive.end_object();
  }
  archive.end_list();
  archive.field("next", next_);
  archive.field("down", down_);
  archive.field("world_began", world_began_);
  archive.begin_object("outcome");
  archive.field("start_equity", outcome_.start_equity);
  archive.field("end_equity", outcome_.end_equity);
  archive.field("least_equity", outcome_.least_equity);
  archive.field("worst_drawdown", outcome_.worst_drawdown);
  archive.field("worst_margin_ratio", outcome_.worst_margin_ratio);
  archive.field("played", outcome_.played);
  archive.end_object();
}

}  // namespace reprise::sim::scenario
