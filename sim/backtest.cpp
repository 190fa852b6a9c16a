#include "sim/backtest.h"

#include <algorithm>
#include <deque>
#include <limits>

#include "engine/engine.h"
#include "engine/version.h"
#include "journal/digest.h"
#include "sim/dataset_source.h"
#include "sim/exchange/exchange.h"
#include "sim/exchange/latency.h"
#include "sim/run_hooks.h"
#include "sim/run_sink.h"

namespace reprise::sim {

namespace {

using journal::RecordHeader;
using journal::RecordType;
using journal::RecordView;

constexpr UnixNanos kNever{std::numeric_limits<std::int64_t>::max()};
constexpr std::uint64_t kProgressEvery = 65'536;

struct CommandInFlight {
  UnixNanos arrival;
  Command command;
};
struct ReportInFlight {
  UnixNanos arrival;
  Report report;
};

// What can happen next, in the order in which it happens when two fall on one instant. Within one kind:
// the order of insertion. That is the total order of a run.
enum class Step { hooks, venue_timer, venue_market, venue_command, engine_market, engine_report, engine_tick, none };

class Run final : private RunControl {
 public:
  Run(const BacktestOptions& options, DatasetSource source, RunSink sink)
      : options_(options),
        source_(std::move(source)),
        sink_(std::move(sink)),
        exchange_(options.config, symbols_of(options.config)),
        latency_(options.config.venue, options.config.run.seed),
        hooks_(options.hooks) {
    if (hooks_ != nullptr) hooks_->bind(*this);
  }

  Result<BacktestReport> go() {
    begin();
    while (!sink_.failed()) {
      if (options_.stop != nullptr && options_.stop->load(std::memory_order_relaxed)) {
        report_.stopped = true;
        break;
      }
      const Step step = choose();
      if (step == Step::none) break;
      act(step);
    }
    if (Status status = source_.status(); !status) return status.error();
    if (Status status = sink_.status(); !status) return status.error();
    finish();
    if (Status status = sink_.status(); !status) return status.error();
    Result<journal::Digest> digest = sink_.end();
    if (!digest) return digest.error();
    report_.digest = digest.value();
    report_.records = sink_.next_seq() - 1;
    report_.dataset_records = source_.records_read();
    report_.resumed_records = sink_.compared();
    report_.last_engine_time = engine_time_.ns;
    return report_;
  }

 private:
  static std::vector<std::string> symbols_of(const config::Config& config) {
    std::vector<std::string> symbols;
    for (const config::StrategyConfig& strategy : config.strategies) {
      if (strategy.enabled) symbols.insert(symbols.end(), strategy.instruments.begin(), strategy.instruments.end());
    }
    if (symbols.empty()) symbols.emplace_back();  // nothing is traded: no instrument has this name
    return symbols;
  }

  // RunStart and Configuration, the declarations that lead the data, the opening balances.
  void begin() {
    const UnixNanos start = source_.start();
    const std::string hash = config::config_hash(options_.entries);
    const std::uint64_t seed = options_.config.run.seed;
    give<schema::RunStart>(RecordType::RUN_START, start, [&](schema::RunStart::Builder b) {
      b.setRunTag(backtest_run_tag(hash, seed));
      b.setSeed(seed);
      b.setEngineVersion(engine::kEngineVersion);
      b.setSchemaVersion(journal::kSchemaVersion);
    });
    std::size_t words = 8 + hash.size() / 8;
    for (const auto& [key, value] : options_.entries) words += 4 + key.size() / 8 + value.size() / 8;
    give<schema::Configuration>(
        RecordType::CONFIGURATION, start,
        [&](schema::Configuration::Builder b) {
          auto list = b.initEntries(static_cast<unsigned>(options_.entries.size()));
          for (unsigned n = 0; n < list.size(); ++n) {
            list[n].setKey(options_.entries[n].first);
            list[n].setValue(options_.entries[n].second);
          }
          b.setHash(hash);
        },
        words);
    look_ahead();
    while (has_ahead_ &&
           (ahead_.view.type() == RecordType::INSTRUMENT || ahead_.view.type() == RecordType::MARGIN_TABLE) &&
           ahead_.recv == start && !ahead_.has_latency && ahead_.at_venue == start) {
      show_venue();
      give_engine_market();
    }
    next_tick_ = options_.config.run.tick_interval_ns <= 0 ? kNever : UnixNanos{(start.ns / tick() + 1) * tick()};
    exchange_.open_account(start);
    // The opening balances are there before the first market record.
    for (const Report& report : exchange_.reports()) give_report(report, start);
    exchange_.reports().clear();
  }

  std::int64_t tick() const { return options_.config.run.tick_interval_ns; }

  Step choose() {
    UnixNanos best = kNever;
    Step step = Step::none;
    const auto consider = [&](UnixNanos time, Step candidate) {
      if (time < best) {
        best = time;
        step = candidate;
      }
    };
    // In the order of the kinds: at equal times the first one stays.
    if (hooks_ != nullptr) consider(hooks_->next_time(), Step::hooks);
    consider(exchange_.next_timer(), Step::venue_timer);
    if (has_ahead_) consider(ahead_.at_venue, Step::venue_market);
    if (!commands_.empty()) consider(commands_.front().arrival, Step::venue_command);
    if (!window_.empty()) consider(window_.front().recv, Step::engine_market);
    const bool is_up = hooks_ == nullptr || hooks_->is_up();
    if (!hooked_window_.empty() && is_up) consider(hooked_window_.front().recv, Step::engine_market);
    if (!reports_.empty() && is_up) consider(reports_.front().arrival, Step::engine_report);
    consider(next_tick_, Step::engine_tick);
    // The world ends with the data: nothing is done after its last record.
    if (!has_ahead_ && window_.empty() && hooked_window_.empty() && best > last_recv_) return Step::none;
    world_time_ = std::max(world_time_, best);
    return step;
  }

  void act(Step step) {
    switch (step) {
      case Step::hooks: hooks_->on_time(world_time_); return;
      case Step::venue_timer:
        venue_time_ = exchange_.next_timer();
        exchange_.on_timer(venue_time_);
        take_reports();
        return;
      case Step::venue_market: show_venue(); return;
      case Step::venue_command: {
        venue_time_ = commands_.front().arrival;
        exchange_.on_command(commands_.front().command, venue_time_);
        commands_.pop_front();
        take_reports();
        return;
      }
      case Step::engine_market: give_engine_market(); return;
      case Step::engine_report: {
        const ReportInFlight in_flight = std::move(reports_.front());
        reports_.pop_front();
        give_report(in_flight.report, hooks_ == nullptr ? in_flight.arrival : world_time_);
        return;
      }
      case Step::engine_tick: {
        const UnixNanos now = next_tick_;
        next_tick_ = {now.ns + tick()};
        if (hooks_ != nullptr && !hooks_->is_up()) return;
        give<schema::ClockTick>(RecordType::CLOCK_TICK, now, [](schema::ClockTick::Builder) {});
        return;
      }
      case Step::none: return;
    }
  }

  void look_ahead() {
    has_ahead_ = source_.next(ahead_);
    if (has_ahead_) last_recv_ = ahead_.recv;
    if (options_.progress && source_.records_read() >= next_progress_) {
      next_progress_ = source_.records_read() + kProgressEvery;
      options_.progress({source_.records_read(), source_.records_total(), sink_.next_seq() - 1, engine_time_.ns});
    }
  }

  void show_venue() {
    venue_time_ = ahead_.at_venue;
    if (ahead_.has_latency) latency_.observe_feed_latency(ahead_.recv - ahead_.happened);
    if (hooks_ == nullptr) {
      exchange_.on_market(ahead_.view, ahead_.instrument, ahead_.at_venue, ahead_.happened);
      window_.push_back(ahead_);
    } else {
      world_time_ = std::max(world_time_, venue_time_);
      hooks_->on_market(ahead_);
      source_.release(ahead_);
    }
    if (!exchange_.reports().empty()) take_reports();
    look_ahead();
  }

  void take_reports() override {
    for (Report& report : exchange_.reports()) {
      const UnixNanos arrival = latency_.report_arrival(report.time);
      if (hooks_ == nullptr) {
        reports_.push_back({arrival, std::move(report)});
      } else {
        hooks_->on_report(report, arrival);
      }
    }
    exchange_.reports().clear();
  }

  void give_engine_market() {
    if (hooks_ != nullptr) return give_hooked();
    const SourceRecord record = window_.front();
    window_.pop_front();
    engine_time_ = std::max(engine_time_, record.recv);
    RecordHeader header = *record.view.header;
    header.instrument = record.instrument;
    header.ts_engine = engine_time_.ns;
    header.ts_recv = record.recv.ns;
    header.cause_delta = 0;
    header.flags = 0;
    if (header == *record.view.header) {  // as it stands in the dataset: no copy
      input({sink_.next_seq(), record.view.header});
    } else {
      batch_.clear();
      batch_.append_copy(header, record.view.body(), record.view.body_words());
      batch_.for_each(sink_.next_seq(), [&](const RecordView& view) { input(view); });
    }
    source_.release(record);
  }

  void give_report(const Report& report, UnixNanos at) {
    const UnixNanos now = at + clock_step_;
    engine_time_ = std::max(engine_time_, now);
    RecordHeader header;
    header.account = report.type == RecordType::MARK_PRICE ? 0 : kAccount;
    header.ts_engine = engine_time_.ns;
    header.ts_event = report.time.ns;
    header.ts_recv = now.ns;
    batch_.clear();
    write_report(report, header, batch_);
    batch_.for_each(sink_.next_seq(), [&](const RecordView& view) { input(view); });
  }

  // An input that the driver itself makes.
  template <class T, class Fill>
  void give(RecordType type, UnixNanos at, Fill&& fill, std::size_t extra_words = 0) {
    const UnixNanos now = at + clock_step_;
    engine_time_ = std::max(engine_time_, now);
    RecordHeader header;
    header.ts_engine = engine_time_.ns;
    header.ts_event = now.ns;
    header.ts_recv = now.ns;
    batch_.clear();
    batch_.append<T>(type, header, std::forward<Fill>(fill), extra_words);
    batch_.for_each(sink_.next_seq(), [&](const RecordView& view) { input(view); });
  }

  // The journal has an input before the engine sees it, and its outputs before anybody acts on them.
  void input(const RecordView& view) {
    sink_.append(view);
    ++report_.inputs;
    outputs_.clear();
    engine_.on(view, outputs_);
    if (outputs_.empty()) {
      if (hooks_ != nullptr) hooks_->after_input(view, outputs_);
      return;
    }
    const journal::Seq first = sink_.next_seq();
    sink_.append(outputs_);
    report_.outputs += outputs_.count();
    outputs_.for_each(first, [&](const RecordView& output) {
      if (output.type() != RecordType::ORDER_COMMAND) return;
      Command command =
          Command::from_record(output.seq, output.header->instrument, journal::read<schema::OrderCommand>(output));
      const UnixNanos sent = hooks_ == nullptr ? engine_time_ : world_time_;  // by our clock, which hooks may step
      const UnixNanos arrival = std::max(latency_.command_arrival(sent), venue_time_);
      if (hooks_ == nullptr) {
        commands_.push_back({arrival, command});
      } else {
        hooks_->on_command(command, arrival);
      }
    });
    if (hooks_ != nullptr) hooks_->after_input(view, outputs_);
  }

  // ---------------------------------------------------------------------------------------- for hooks (RunControl)

  UnixNanos now() const override { return world_time_; }
  UnixNanos start() const override { return source_.start(); }
  engine::Engine& engine() override { return engine_; }
  SimExchange& exchange() override { return exchange_; }
  journal::Seq next_seq() const override { return sink_.next_seq(); }

  void to_venue(const RecordView& record, InstrumentNo instrument, UnixNanos happened) override {
    exchange_.on_market(record, instrument, world_time_, std::min(happened, world_time_));
    if (!exchange_.reports().empty()) take_reports();
  }

  void to_engine(const RecordView& record, InstrumentNo instrument, UnixNanos recv) override {
    const UnixNanos behind = hooked_window_.empty() ? world_time_ : hooked_window_.back().recv;
    hooked_window_.push_back({std::max(recv, behind), {}});
    RecordHeader header = *record.header;
    header.instrument = instrument;
    hooked_window_.back().record.append_copy(header, record.body(), record.body_words());
  }

  void give_hooked() {
    const HookedRecord next = std::move(hooked_window_.front());
    hooked_window_.pop_front();
    give_at(next.record, next.recv);
  }

  void give(const journal::RecordBatch& inputs) override { give_at(inputs, world_time_); }

  void give_at(const journal::RecordBatch& inputs, UnixNanos at) {
    inputs.for_each(0, [&](const RecordView& given) {
      const UnixNanos now = at + clock_step_;
      engine_time_ = std::max(engine_time_, now);
      RecordHeader header = *given.header;
      header.ts_engine = engine_time_.ns;
      header.ts_recv = now.ns;
      header.cause_delta = 0;
      header.flags = 0;
      batch_.clear();
      batch_.append_copy(header, given.body(), given.body_words());
      batch_.for_each(sink_.next_seq(), [&](const RecordView& view) { input(view); });
    });
  }

  // Ordered by arrival; what came first goes first at equal times.
  template <class Queue, class Entry>
  static void insert_by_arrival(Queue& queue, Entry entry) {
    auto at = queue.end();
    while (at != queue.begin() && entry.arrival < std::prev(at)->arrival) --at;
    queue.insert(at, std::move(entry));
  }
  void queue_command(const Command& command, UnixNanos arrival) override {
    insert_by_arrival(commands_, CommandInFlight{std::max(arrival, venue_time_), command});
  }
  void queue_report(const Report& report, UnixNanos arrival) override {
    insert_by_arrival(reports_, ReportInFlight{std::max(arrival, world_time_), report});
  }

  void set_clock_step(DurationNanos ahead) override { clock_step_ = ahead; }

  void restart_engine() override {
    hooked_window_.clear();
    const journal::Digest before = engine_.state_hash();
    engine_ = engine::Engine();
    journal::RecordBatch recomputed;
    const Status read = sink_.for_each_kept([&](const RecordView& record) {
      if (record.header->is_output()) return;
      recomputed.clear();
      engine_.on(record, recomputed);
    });
    if (!read) {
      sink_.fail(read.error());
    } else if (engine_.state_hash() != before) {
      sink_.fail(io_error("the engine restarted from the journal is not the one that was stopped, at record " +
                          std::to_string(sink_.next_seq() - 1)));
    }
  }

  void finish() {
    const char* reason = report_.stopped ? "stopped" : "end of data";
    give<schema::RunEnd>(
        RecordType::RUN_END, engine_time_, [&](schema::RunEnd::Builder b) { b.setReason(reason); }, 4);
  }

  struct HookedRecord {
    UnixNanos recv;
    journal::RecordBatch record;
  };

  const BacktestOptions& options_;
  DatasetSource source_;
  RunSink sink_;
  SimExchange exchange_;
  LatencyModel latency_;
  engine::Engine engine_;
  BacktestReport report_;
  RunHooks* hooks_;
  std::deque<HookedRecord> hooked_window_;  // in place of window_ where there are hooks
  DurationNanos clock_step_;                // our clock minus the world's

  SourceRecord ahead_;  // next record for the venue
  bool has_ahead_ = false;
  std::deque<SourceRecord> window_;  // the venue knows them, the engine not yet
  std::deque<CommandInFlight> commands_;
  std::deque<ReportInFlight> reports_;
  UnixNanos next_tick_ = kNever;
  UnixNanos venue_time_;
  UnixNanos engine_time_;
  UnixNanos last_recv_;
  UnixNanos world_time_;
  std::uint64_t next_progress_ = kProgressEvery;
  journal::RecordBatch batch_;
  journal::RecordBatch outputs_;
};

}  // namespace

std::uint64_t backtest_run_tag(const std::string& config_hash, std::uint64_t seed) {
  return journal::hash64(config_hash.data(), config_hash.size(), seed);
}

Result<BacktestReport> run_backtest(const BacktestOptions& options) {
  REPRISE_ASSERT(static_cast<bool>(options.clock), "a backtest needs a clock for its manifest");
  const std::int64_t began = options.clock();
  if (Result<config::Config> checked = engine::check_configuration(options.entries); !checked) return checked.error();
  Result<DatasetSource> source = DatasetSource::open(options.datasets, {options.config.venue.feed_latency_ns});
  if (!source) return source.error();

  Result<RunSink> sink = RunSink::none();
  if (!options.journal_path.empty()) {
    journal::WriterOptions writing;
    writing.durability = options.durability;
    writing.block_bytes = options.config.journal.block_bytes;
    writing.clock = options.clock;
    if (options.resume) {
      sink = RunSink::resume(options.journal_path, writing);
    } else {
      journal::Manifest manifest;
      manifest.config_hash = config::config_hash(options.entries);
      manifest.seed = options.config.run.seed;
      // The start makes the id unique, tag and configuration say what the run is.
      manifest.run_id = "backtest-" + std::to_string(backtest_run_tag(manifest.config_hash, manifest.seed)) + "-" +
                        std::to_string(began);
      manifest.mode = schema::RunMode::BACKTEST;
      manifest.engine_version = engine::kEngineVersion;
      manifest.build_id = options.build_id;
      manifest.compiler = options.compiler;
      manifest.started_at = began;
      for (const std::string& dataset : options.datasets)
        manifest.origin += (manifest.origin.empty() ? "" : ", ") + dataset;
      sink = RunSink::create(options.journal_path, manifest, writing);
    }
    if (!sink) return sink.error();
  }
  Run run(options, std::move(source).value(), std::move(sink).value());
  Result<BacktestReport> report = run.go();
  if (report) report->wall_seconds = static_cast<double>(options.clock() - began) * 1e-9;
  return report;
}

}  // namespace reprise::sim
