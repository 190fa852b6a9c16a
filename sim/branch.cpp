#include "sim/branch.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <set>

#include "config/loader.h"
#include "engine/portfolio/portfolio.h"
#include "engine/risk/risk_engine.h"
#include "engine/state_bytes.h"
#include "engine/take_up.h"
#include "journal/journal_reader.h"
#include "sim/dataset_source.h"
#include "sim/run_loop.h"
#include "sim/run_sink.h"

namespace reprise::sim {

using journal::RecordType;
using journal::RecordView;

namespace {

constexpr journal::Seq kBranchProgress = 16'384;

// Of the market's volume and of many executions: stays at its end instead of going beyond.
void add(Money& sum, Money value) {
  if (__builtin_add_overflow(sum.e8, value.e8, &sum.e8)) sum.e8 = INT64_MAX;
}

// What came of a branch, from its records.
class Observer {
 public:
  Observer(const BranchPoint& point, const engine::Engine& engine, BranchReport& report) : report_(report) {
    report_.point = point.state.info.seq;
    report_.point_time = point.state.info.ts_engine;
    report_.equity_at_point = engine.portfolio().equity();
    traces_orders_ = point.is_assumed;
    performance_.begin_behind(engine);
  }

  void on(const RecordView& record) {
    performance_.on(record);
    if (traces_orders_) orders_.on(record);
    report_.last_seq = record.seq;
    report_.last_time = record.header->ts_engine;
    if (record.type() == RecordType::FILL) {
      const auto fill = journal::read<schema::Fill>(record);
      if (fill.getIsLiquidation() && report_.first_liquidation == 0) {
        report_.first_liquidation = record.seq;
        report_.first_liquidation_time = record.header->ts_engine;
      }
      if (report_.comparability.first_difference != 0) {
        ++report_.comparability.fills;
        add(report_.comparability.traded, engine::saturating_notional(Price{fill.getPrice()}, Qty{fill.getQty()}));
        instruments_.insert(record.header->instrument);
      }
    } else if (record.type() == RecordType::TRADE && report_.comparability.first_difference != 0) {
      const auto trade = journal::read<schema::Trade>(record);
      add(market_[record.header->instrument],
          engine::saturating_notional(Price{trade.getPrice()}, Qty{trade.getQty()}));
    } else if (record.type() == RecordType::ORDER_COMMAND && report_.comparability.first_difference != 0 &&
               report_.comparability.first_own_order == 0) {
      report_.comparability.first_own_order = record.seq;
      report_.comparability.first_own_order_time = record.header->ts_engine;
    }
  }

  void finish(const engine::Engine& engine) {
    report_.figures = performance_.account();
    report_.orders = orders_.all();
    report_.max_drawdown = performance_.max_drawdown();
    report_.equity = engine.portfolio().equity();
    report_.is_halted = engine.risk().trading_state() == schema::TradingStateKind::HALTED;
    for (const InstrumentNo instrument : instruments_) add(report_.comparability.market_traded, market_[instrument]);
  }

 private:
  BranchReport& report_;
  engine::Performance performance_;
  bool traces_orders_ = false;
  OrderTraces orders_;
  std::set<InstrumentNo> instruments_;  // in which we traded behind the difference
  std::map<InstrumentNo, Money> market_;
};

// The parent's records behind the point, beside the branch's, up to the first one that differs.
class Beside {
 public:
  Beside(const BranchPoint& point, Comparability& found) : found_(found) {
    auto reader = journal::JournalReader::open(point.parent);
    if (!reader.ok()) return;
    if (reader->seek(point.state.info.seq + 1).ok()) reader_.emplace(std::move(*reader));
  }

  void on(const RecordView& record) {
    if (!reader_) return;
    RecordView recorded;
    if (reader_->next(recorded) && recorded.total_bytes() == record.total_bytes() &&
        std::memcmp(recorded.bytes(), record.bytes(), record.total_bytes()) == 0)
      return;
    found_.first_difference = record.seq;
    found_.time = record.header->ts_engine;
    found_.what = journal::name_of(record.type());
    reader_.reset();
  }

 private:
  Comparability& found_;
  std::optional<journal::JournalReader> reader_;
};

// What the account and the run are made with: changed later it would change nothing.
std::vector<std::string> fixed_keys_that_differ(const config::Entries& before, const config::Entries& after) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : after) {
    if (key.rfind("account.", 0) != 0 && key != "run.seed") continue;
    for (const auto& [old_key, old_value] : before)
      if (old_key == key && old_value != value) keys.push_back(key);
  }
  return keys;
}

std::string models_of(const config::Config& config) {
  return "queue " + config.venue.queue_model + ", latency " + config.venue.latency_model;
}

journal::Manifest manifest_of(const BranchPoint& point, const BranchOptions& options, const config::Entries& entries) {
  journal::Manifest manifest;
  manifest.parent_run_id = point.manifest.run_id;
  manifest.branch_seq = point.state.info.seq;
  manifest.config_hash = config::config_hash(entries);
  manifest.seed = point.manifest.seed;
  manifest.started_at = options.clock();
  manifest.run_id = point.manifest.run_id + "-branch-" + std::to_string(point.state.info.seq) + "-" +
                    std::to_string(manifest.started_at);
  manifest.mode = point.is_assumed ? schema::RunMode::BACKTEST : point.manifest.mode;
  manifest.engine_version = point.state.info.engine_version;
  manifest.build_id = options.build_id;
  manifest.compiler = options.compiler;
  manifest.origin = options.origin.empty() ? point.parent : options.origin;
  return manifest;
}

// A branch of a live run never loses the connection that the run lost, so it does nothing of what the run's fail-safe
// did. One that begins in the middle of it is told of its end like the run was.
bool is_moot(const BranchPoint& point, const RecordedAct& act, bool is_parent) {
  return point.is_assumed && !is_parent && !act.entries && act.act.value.starts_with(kFailSafe) &&
         act.act.action != schema::OperatorAction::ALL_CLEAR;
}

}  // namespace

Result<BranchReport> run_branch(const BranchPoint& point, const BranchOptions& options) {
  REPRISE_ASSERT(options.journal.empty() || static_cast<bool>(options.clock), "a journal needs a clock");
  auto source = DatasetSource::open_behind(point.parent, point.state.info.seq);
  if (!source) return source.error();
  RunSink sink = RunSink::behind(point.state);
  RunLoop loop(*source, sink);
  if (Status loaded = loop.load(point.state); !loaded) return loaded.error();

  BranchReport report;
  const config::Entries entries = loop.engine().entries();
  std::optional<config::Loaded> changed;
  if (!options.settings.empty()) {
    auto made = engine::changed_configuration(entries, options.settings);
    if (!made) return made.error();
    changed = std::move(*made);
    std::string problem = loop.engine().cannot_take_over(changed->config);
    for (const std::string& key : fixed_keys_that_differ(entries, changed->entries))
      problem = key + " is settled when a run begins";
    if (!problem.empty()) return usage_error(problem, "trade the whole run with it: reprise run --set");
  }
  if (!options.journal.empty()) {
    journal::WriterOptions writing;
    writing.durability = options.durability;
    writing.clock = options.clock;
    auto writer = journal::JournalWriter::create_behind(
        options.journal, manifest_of(point, options, changed ? changed->entries : entries), point.state, writing);
    if (!writer) return writer.error();
    sink.go_on_in(std::move(*writer));
  }
  report.comparability.models = models_of(changed ? changed->config : loop.engine().config());
  Observer observer(point, loop.engine(), report);
  Beside beside(point, report.comparability);
  sink.on_record = [&](const RecordView& record) {
    beside.on(record);
    observer.on(record);
  };

  if (changed) loop.reconfigure(changed->config, changed->entries);
  for (const OperatorAct& act : options.acts) loop.operate(act.action, act.text, act.value);

  journal::Seq told = sink.next_seq();
  journal::Seq next_snapshot = options.snapshot_interval == 0 ? 0 : point.state.info.seq + options.snapshot_interval;
  auto recorded_act = std::find_if(point.acts->begin(), point.acts->end(),
                                   [&](const RecordedAct& act) { return act.seq > point.state.info.seq; });
  while (!sink.failed()) {
    if (recorded_act != point.acts->end()) {
      const bool is_parent = report.comparability.first_difference == 0;
      if (is_parent ? recorded_act->seq == sink.next_seq() : loop.engine_time() >= recorded_act->time) {
        if (is_moot(point, *recorded_act, is_parent)) {
          ++recorded_act;
          continue;
        }
        if (Status repeated = repeat_act(loop, *recorded_act, options.settings); !repeated) return repeated.error();
        ++recorded_act;
        continue;
      }
    }
    if (options.stop != nullptr && options.stop->load(std::memory_order_relaxed)) {
      report.stopped = true;
      break;
    }
    if (options.until_liquidation && report.first_liquidation != 0) break;
    if (options.until != 0 && loop.next_time().ns > options.until) break;
    if (!loop.step()) break;
    if (next_snapshot != 0 && sink.next_seq() > next_snapshot) {
      next_snapshot = sink.next_seq() - 1 + options.snapshot_interval;
      if (sink.is_writing()) sink.append_snapshot(loop.snapshot());
    }
    if (sink.next_seq() - told >= kBranchProgress) {
      told = sink.next_seq();
      if (options.on_way && !options.on_way(told)) {
        report.stopped = true;
        break;
      }
    }
  }
  if (Status status = source->status(); !status) return status.error();
  if (Status status = sink.status(); !status) return status.error();
  // The last record is the parent's where it has one; where the branch ends by itself it says nothing about the parent.
  const bool ends_by_itself =
      report.stopped || options.until != 0 || (options.until_liquidation && report.first_liquidation != 0);
  if (ends_by_itself) {
    sink.on_record = nullptr;
    loop.finish(report.stopped ? "stopped" : "the branch ends here");
  } else if (!point.end_reason.empty() || report.comparability.first_difference != 0) {
    loop.finish(point.end_reason.empty() ? "end of data" : point.end_reason);
  }
  if (Status status = sink.status(); !status) return status.error();
  auto digest = sink.end();
  if (!digest) return digest.error();
  report.digest = *digest;
  observer.finish(loop.engine());
  return report;
}

Result<BranchReport> parent_figures(const BranchPoint& point, std::int64_t until, const OnWay& on_way) {
  const journal::SnapshotSection* section = point.state.section(engine::kEngineSection);
  REPRISE_ASSERT(section != nullptr, "a branch point has an engine");
  engine::Engine engine;
  if (Status loaded = engine::load_state(engine, section->bytes); !loaded) return loaded.error();
  auto reader = journal::JournalReader::open(point.parent);
  if (!reader) return reader.error();
  if (Status sought = reader->seek(point.state.info.seq + 1); !sought) return sought.error();
  BranchReport report;
  report.comparability.models = models_of(engine.config());
  report.digest = reader->manifest().digest;
  Observer observer(point, engine, report);
  journal::RecordBatch outputs;
  RecordView record;
  while (reader->next(record)) {
    if (until != 0 && record.header->ts_engine > until) break;
    observer.on(record);
    if (!record.header->is_output()) {
      outputs.clear();
      engine.on(record, outputs);  // for the equity at the end
    }
    if (record.seq % kBranchProgress == 0 && on_way && !on_way(record.seq)) return io_error("interrupted");
  }
  if (Status status = reader->status(); !status) return status.error();
  observer.finish(engine);
  return report;
}

}  // namespace reprise::sim
