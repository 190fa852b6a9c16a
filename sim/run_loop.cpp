#include "sim/run_loop.h"

#include <algorithm>
#include <limits>

#include "engine/state_bytes.h"
#include "engine/take_up.h"
#include "engine/version.h"
#include "journal/digest.h"

namespace reprise::sim {

using journal::RecordHeader;
using journal::RecordType;
using journal::RecordView;

namespace {

constexpr UnixNanos kNever{std::numeric_limits<std::int64_t>::max()};

std::vector<std::string> symbols_of(const config::Config& config) {
  std::vector<std::string> symbols;
  for (const config::StrategyConfig& strategy : config.strategies) {
    if (strategy.enabled) symbols.insert(symbols.end(), strategy.instruments.begin(), strategy.instruments.end());
  }
  if (symbols.empty()) symbols.emplace_back();  // nothing is traded: no instrument has this name
  return symbols;
}

// A queue is saved as a list.
template <class T>
void persist_queue(engine::StateArchive& archive, std::string_view name, std::deque<T>& queue) {
  std::uint64_t size = queue.size();
  archive.begin_list(name, size);
  if (archive.loading()) queue.resize(size);
  for (T& item : queue) archive.field("item", item);
  archive.end_list();
}

}  // namespace

std::uint64_t backtest_run_tag(const std::string& config_hash, std::uint64_t seed) {
  return journal::hash64(config_hash.data(), config_hash.size(), seed);
}

// ---------------------------------------------------------------------------------------- beginning

void RunLoop::begin(const config::Config& config, const config::Entries& entries) {
  config_ = config;
  exchange_ = std::make_unique<SimExchange>(config_, symbols_of(config_));
  latency_ = LatencyModel(config_.venue, config_.run.seed);
  if (hooks_ != nullptr) hooks_->bind(*this);
  const UnixNanos start = source_.start();
  const std::uint64_t seed = config_.run.seed;
  give<schema::RunStart>(RecordType::RUN_START, start, [&](schema::RunStart::Builder b) {
    b.setRunTag(backtest_run_tag(config::config_hash(entries), seed));
    b.setSeed(seed);
    b.setEngineVersion(engine::kEngineVersion);
    b.setSchemaVersion(journal::kSchemaVersion);
  });
  give_configuration(entries, start);
  look_ahead();
  while (has_ahead_ &&
         (ahead_.view.type() == RecordType::INSTRUMENT || ahead_.view.type() == RecordType::MARGIN_TABLE) &&
         ahead_.recv == start && !ahead_.has_latency && ahead_.at_venue == start) {
    show_venue();
    give_engine_market();
  }
  next_tick_ = first_tick_after(start);
  exchange_->open_account(start);
  // The opening balances are there before the first market record.
  for (const Report& report : exchange_->reports()) give_report(report, start);
  exchange_->reports().clear();
}

Status RunLoop::load(const journal::Snapshot& snapshot) {
  const std::string place = "the snapshot of record " + std::to_string(snapshot.info.seq);
  if (snapshot.info.engine_version != engine::kEngineVersion) {
    return corrupt_error(place + " is of engine version " + std::to_string(snapshot.info.engine_version) +
                             ", this program is version " + std::to_string(engine::kEngineVersion),
                         "replay from the start of the journal");
  }
  const auto* engine_bytes = snapshot.section(engine::kEngineSection);
  const auto* run_bytes = snapshot.section(kRunSection);
  if (engine_bytes == nullptr || run_bytes == nullptr) {
    return corrupt_error(place + " holds no simulated run", "only a backtest or a paper run can be taken up");
  }
  if (Status loaded = engine::load_state(engine_, engine_bytes->bytes); !loaded) return loaded;
  config_ = engine_.config();
  source_.set_feed_latency({config_.venue.feed_latency_ns});
  exchange_ = std::make_unique<SimExchange>(config_, symbols_of(config_));
  std::uint64_t window = 0;
  engine::StateLoader loader(run_bytes->bytes.data(), run_bytes->bytes.size());
  persist(loader, window);
  if (!loader.finished()) {
    return corrupt_error(place + " does not fit this program" +
                             (loader.ok() ? std::string(": bytes are left over") : ", at field " + loader.failed_at()),
                         "replay from the start of the journal");
  }
  SourceRecord record;
  for (; window != 0 && source_.next(record); --window) {
    last_recv_ = record.recv;
    window_.push_back(record);
  }
  look_ahead();
  return source_.status();
}

journal::SnapshotImage RunLoop::snapshot() {
  journal::SnapshotImage image;
  image.engine_version = engine::kEngineVersion;
  image.sections.push_back({std::string(engine::kEngineSection), engine::save_state(engine_)});
  if (hooks_ != nullptr) return image;  // what they hold is not in it: nobody could go on from there
  engine::StateSaver saver;
  std::uint64_t window = window_.size();
  persist(saver, window);
  image.sections.push_back({std::string(kRunSection), saver.take()});
  return image;
}

void RunLoop::persist(engine::StateArchive& archive, std::uint64_t& window) {
  archive.field("exchange", *exchange_);
  archive.field("latency", latency_);
  archive.field("source", source_);
  persist_queue(archive, "commands", commands_);
  persist_queue(archive, "reports", reports_);
  archive.field("next_tick", next_tick_);
  archive.field("venue_time", venue_time_);
  archive.field("engine_time", engine_time_);
  archive.field("inputs", inputs_);
  archive.field("outputs", outputs_made_);
  archive.field("window", window);
}

// ---------------------------------------------------------------------------------------- the loop

bool RunLoop::step() {
  UnixNanos time;
  const Step next = choose(time);
  if (next == Step::none) return false;
  world_time_ = std::max(world_time_, time);
  act(next);
  return source_.status().ok();
}

UnixNanos RunLoop::next_time() {
  UnixNanos time;
  return choose(time) == Step::none ? kNever : time;
}

RunLoop::Step RunLoop::choose(UnixNanos& best) {
  best = kNever;
  Step step = Step::none;
  const auto consider = [&](UnixNanos time, Step candidate) {
    if (time < best) {
      best = time;
      step = candidate;
    }
  };
  // In the order of the kinds: at equal times the first one stays.
  if (hooks_ != nullptr) consider(hooks_->next_time(), Step::hooks);
  consider(exchange_->next_timer(), Step::venue_timer);
  if (has_ahead_) consider(ahead_.at_venue, Step::venue_market);
  if (!commands_.empty()) consider(commands_.front().arrival, Step::venue_command);
  if (!window_.empty()) consider(window_.front().recv, Step::engine_market);
  const bool is_up = hooks_ == nullptr || hooks_->is_up();
  if (!hooked_window_.empty() && is_up) consider(hooked_window_.front().recv, Step::engine_market);
  if (!reports_.empty() && is_up) consider(reports_.front().arrival, Step::engine_report);
  consider(next_tick_, Step::engine_tick);
  // The world ends with the data: nothing is done after its last record.
  if (!has_ahead_ && window_.empty() && hooked_window_.empty() && best > last_recv_) return Step::none;
  return step;
}

void RunLoop::act(Step step) {
  switch (step) {
    case Step::hooks: hooks_->on_time(world_time_); return;
    case Step::venue_timer:
      venue_time_ = exchange_->next_timer();
      exchange_->on_timer(venue_time_);
      take_reports();
      return;
    case Step::venue_market: show_venue(); return;
    case Step::venue_command: {
      venue_time_ = commands_.front().arrival;
      exchange_->on_command(commands_.front().command, venue_time_);
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
      next_tick_ = {now.ns + config_.run.tick_interval_ns};
      if (hooks_ != nullptr && !hooks_->is_up()) return;
      give<schema::ClockTick>(RecordType::CLOCK_TICK, now, [](schema::ClockTick::Builder) {});
      return;
    }
    case Step::none: return;
  }
}

void RunLoop::look_ahead() {
  has_ahead_ = source_.next(ahead_);
  if (has_ahead_) last_recv_ = ahead_.recv;
  if (on_read) on_read();
}

void RunLoop::show_venue() {
  venue_time_ = ahead_.at_venue;
  if (ahead_.has_latency) latency_.observe_feed_latency(ahead_.recv - ahead_.happened);
  if (hooks_ != nullptr) {
    world_time_ = std::max(world_time_, venue_time_);
    hooks_->on_market(ahead_);
    source_.release(ahead_);
  } else {
    exchange_->on_market(ahead_.view, ahead_.instrument, ahead_.at_venue, ahead_.happened);
    window_.push_back(ahead_);
  }
  if (!exchange_->reports().empty()) take_reports();
  look_ahead();
}

void RunLoop::take_reports() {
  for (Report& report : exchange_->reports()) {
    const UnixNanos arrival = latency_.report_arrival(report.time);
    if (hooks_ == nullptr) {
      reports_.push_back({arrival, std::move(report)});
    } else {
      hooks_->on_report(report, arrival);
    }
  }
  exchange_->reports().clear();
}

void RunLoop::give_engine_market() {
  if (hooks_ != nullptr) return give_hooked();
  const SourceRecord record = window_.front();
  window_.pop_front();
  RecordHeader header = arriving(*record.view.header, record.recv);
  header.instrument = record.instrument;
  header.strategy = record.feed;
  header.cause_delta = 0;
  header.flags = record.recv_is_assumed ? journal::kFlagAssumedRecv : std::uint16_t{0};
  if (header == *record.view.header) {  // as it stands in the dataset: no copy
    input({sink_.next_seq(), record.view.header});
  } else {
    batch_.clear();
    batch_.append_copy(header, record.view.body(), record.view.body_words());
    give_batch();
  }
  source_.release(record);
}

RecordHeader RunLoop::arriving(RecordHeader header, UnixNanos recv) {
  engine_time_ = std::max(engine_time_, recv);
  header.ts_engine = engine_time_.ns;
  header.ts_recv = recv.ns;
  return header;
}

void RunLoop::give_batch() {
  batch_.for_each(sink_.next_seq(), [&](const RecordView& view) { input(view); });
}

UnixNanos RunLoop::first_tick_after(UnixNanos time) const {
  const std::int64_t tick = config_.run.tick_interval_ns;
  return tick <= 0 ? kNever : UnixNanos{(time.ns / tick + 1) * tick};
}

void RunLoop::give_report(const Report& report, UnixNanos at) {
  RecordHeader header = arriving({}, by_our_clock(at));
  header.account = report.type == RecordType::MARK_PRICE ? 0 : kAccount;
  header.ts_event = report.time.ns;
  batch_.clear();
  write_report(report, header, batch_);
  give_batch();
}

// An input that the driver itself makes.
template <class T, class Fill>
void RunLoop::give(RecordType type, UnixNanos at, Fill&& fill, std::size_t extra_words) {
  RecordHeader header = arriving({}, by_our_clock(at));
  header.ts_event = header.ts_recv;
  batch_.clear();
  batch_.append<T>(type, header, std::forward<Fill>(fill), extra_words);
  give_batch();
}

void RunLoop::give_configuration(const config::Entries& entries, UnixNanos now) {
  const std::string hash = config::config_hash(entries);
  std::size_t words = 8 + hash.size() / 8;
  for (const auto& [key, value] : entries) words += 4 + key.size() / 8 + value.size() / 8;
  give<schema::Configuration>(
      RecordType::CONFIGURATION, now,
      [&](schema::Configuration::Builder b) {
        auto list = b.initEntries(static_cast<unsigned>(entries.size()));
        for (unsigned n = 0; n < list.size(); ++n) {
          list[n].setKey(entries[n].first);
          list[n].setValue(entries[n].second);
        }
        b.setHash(hash);
      },
      words);
}

// The journal has an input before the engine sees it, and its outputs before anybody acts on them.
void RunLoop::input(const RecordView& view) {
  sink_.append(view);
  ++inputs_;
  outputs_.clear();
  engine_.on(view, outputs_);
  if (outputs_.empty()) {
    if (hooks_ != nullptr) hooks_->after_input(view, outputs_);
    return;
  }
  const journal::Seq first = sink_.next_seq();
  sink_.append(outputs_);
  outputs_made_ += outputs_.count();
  outputs_.for_each(first, [&](const RecordView& output) {
    if (output.type() != RecordType::ORDER_COMMAND) return;
    Command command =
        Command::from_record(output.seq, output.header->instrument, journal::read<schema::OrderCommand>(output));
    const UnixNanos sent = hooks_ == nullptr ? engine_time_ : world_time_;  // our clock may be wrong
    const UnixNanos arrival = std::max(latency_.command_arrival(sent), venue_time_);
    if (hooks_ == nullptr) {
      commands_.push_back({arrival, command});
    } else {
      hooks_->on_command(command, arrival);
    }
  });
  if (hooks_ != nullptr) hooks_->after_input(view, outputs_);
}

void RunLoop::finish(const std::string& reason) {
  give<schema::RunEnd>(
      RecordType::RUN_END, engine_time_ - clock_step_, [&](schema::RunEnd::Builder b) { b.setReason(reason); },
      2 + reason.size() / 8);
}

void RunLoop::reconfigure(const config::Config& config, const config::Entries& entries) {
  config_ = config;
  source_.set_feed_latency({config_.venue.feed_latency_ns});
  exchange_->reconfigure(config_, symbols_of(config_));
  latency_.reconfigure(config_.venue);
  const std::int64_t tick = config_.run.tick_interval_ns;
  if (tick <= 0 || next_tick_ == kNever || next_tick_.ns % tick != 0) next_tick_ = first_tick_after(engine_time_);
  give_configuration(entries, engine_time_ - clock_step_);
}

void RunLoop::operate(schema::OperatorAction action, const std::string& text, const std::string& value) {
  give<schema::OperatorCommand>(
      RecordType::OPERATOR_COMMAND, engine_time_ - clock_step_,
      [&](schema::OperatorCommand::Builder b) {
        b.setAction(action);
        b.setText(text);
        if (!value.empty()) b.setValue(value);
      },
      4 + (text.size() + value.size()) / 8);
}

}  // namespace reprise::sim
