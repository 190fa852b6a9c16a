#include "sim/run_loop.h"

#include <algorithm>
#include <limits>

#include "engine/state_bytes.h"
#include "engine/take_up.h"
#include "engine/version.h"
#include "journal/digest.h"
#include "sim/assumed_venue.h"

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

std::string place_of(const journal::Snapshot& snapshot) {
  return "the snapshot of record " + std::to_string(snapshot.info.seq);
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

void RunLoop::begin(const config::Config& config, const config::Entries& entries, std::uint64_t run_tag) {
  config_ = config;
  exchange_ = std::make_unique<SimExchange>(config_, symbols_of(config_));
  latency_ = LatencyModel(config_.venue, config_.run.seed);
  if (hooks_ != nullptr) hooks_->bind(*this);
  const UnixNanos start = source_.start();
  const std::uint64_t seed = config_.run.seed;
  input(seat_.run_start(run_tag != 0 ? run_tag : backtest_run_tag(config::config_hash(entries), seed), seed, start));
  input(seat_.configuration(entries, by_our_clock(start)));
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

Status RunLoop::load_engine(const journal::Snapshot& snapshot) {
  const std::string place = place_of(snapshot);
  if (snapshot.info.engine_version != engine::kEngineVersion) {
    return corrupt_error(place + " is of engine version " + std::to_string(snapshot.info.engine_version) +
                             ", this program is version " + std::to_string(engine::kEngineVersion),
                         "replay from the start of the journal");
  }
  const auto* bytes = snapshot.section(engine::kEngineSection);
  if (bytes == nullptr) return corrupt_error(place + " holds no engine", "run reprise verify on the journal");
  if (Status loaded = engine::load_state(seat_.engine(), bytes->bytes); !loaded) return loaded;
  config_ = seat_.engine().config();
  source_.set_feed_latency({config_.venue.feed_latency_ns});
  exchange_ = std::make_unique<SimExchange>(config_, symbols_of(config_));
  return ok_status();
}

Status RunLoop::begin_beside(const journal::Snapshot& snapshot) {
  REPRISE_ASSERT(hooks_ == nullptr, "a scenario has a venue of its own");
  if (Status loaded = load_engine(snapshot); !loaded) return loaded;
  const engine::Engine& engine = seat_.engine();
  const UnixNanos now = engine.now();
  seat_.take_up(now, engine.inputs(), snapshot.info.seq - engine.inputs());
  venue_time_ = world_time_ = now;
  latency_ = LatencyModel(config_.venue, config_.run.seed);
  const AssumedVenue assumed = assume_venue(engine);
  assumed.market.for_each(
      0, [&](const RecordView& view) { exchange_->on_market(view, view.header->instrument, now, now); });
  exchange_->take_over(assumed.account, now);
  take_reports();
  for (const Command& command : assumed.in_flight) commands_.push_back({latency_.command_arrival(now), command});
  next_tick_ = first_tick_after(now);
  look_ahead();
  return source_.status();
}

Status RunLoop::load(const journal::Snapshot& snapshot) {
  if (Status loaded = load_engine(snapshot); !loaded) return loaded;
  const std::string place = place_of(snapshot);
  const auto* run_bytes = snapshot.section(kRunSection);
  if (run_bytes == nullptr) {
    return corrupt_error(place + " holds no simulated run", "only a backtest or a paper run can be taken up");
  }
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
  journal::SnapshotImage image = seat_.snapshot();
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
  UnixNanos engine_time = seat_.time();
  std::uint64_t inputs = seat_.inputs();
  std::uint64_t outputs = seat_.outputs();
  archive.field("engine_time", engine_time);
  archive.field("inputs", inputs);
  archive.field("outputs", outputs);
  if (archive.loading()) seat_.take_up(engine_time, inputs, outputs);
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
  if (!has_ahead_ && source_.is_ended() && window_.empty() && hooked_window_.empty() && best > last_recv_)
    return Step::none;
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
      input(
          seat_.make<schema::ClockTick>(RecordType::CLOCK_TICK, by_our_clock(now), [](schema::ClockTick::Builder) {}));
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
  RecordHeader header = seat_.arriving(*record.view.header, record.recv);
  header.instrument = record.instrument;
  header.strategy = record.feed;
  header.cause_delta = 0;
  header.flags = static_cast<std::uint16_t>((record.recv_is_assumed ? journal::kFlagAssumedRecv : 0) |
                                            (record.is_late ? journal::kFlagLate : 0));
  if (header == *record.view.header) {  // as it stands in the dataset: no copy
    input({sink_.next_seq(), record.view.header});
  } else {
    input(seat_.copy(header, record.view));
  }
  source_.release(record);
}

UnixNanos RunLoop::first_tick_after(UnixNanos time) const {
  const std::int64_t tick = config_.run.tick_interval_ns;
  return tick <= 0 ? kNever : UnixNanos{(time.ns / tick + 1) * tick};
}

void RunLoop::give_report(const Report& report, UnixNanos at) {
  input(seat_.of_report(report, by_our_clock(at)));
}

void RunLoop::input(const RecordView& view) {
  const journal::RecordBatch& outputs = seat_.input(view);
  outputs.for_each(seat_.first_output(), [&](const RecordView& output) {
    if (output.type() != RecordType::ORDER_COMMAND) return;
    Command command =
        Command::from_record(output.seq, output.header->instrument, journal::read<schema::OrderCommand>(output));
    const UnixNanos sent = hooks_ == nullptr ? seat_.time() : world_time_;  // our clock may be wrong
    const UnixNanos arrival = std::max(latency_.command_arrival(sent), venue_time_);
    if (hooks_ == nullptr) {
      commands_.push_back({arrival, command});
    } else {
      hooks_->on_command(command, arrival);
    }
  });
  if (hooks_ != nullptr) hooks_->after_input(view, outputs);
}

void RunLoop::finish(const std::string& reason) {
  input(seat_.run_end(reason, seat_.time()));
}

void RunLoop::reconfigure(const config::Config& config, const config::Entries& entries) {
  config_ = config;
  source_.set_feed_latency({config_.venue.feed_latency_ns});
  exchange_->reconfigure(config_, symbols_of(config_));
  latency_.reconfigure(config_.venue);
  const std::int64_t tick = config_.run.tick_interval_ns;
  if (tick <= 0 || next_tick_ == kNever || next_tick_.ns % tick != 0) next_tick_ = first_tick_after(seat_.time());
  input(seat_.configuration(entries, seat_.time()));
}

void RunLoop::operate(schema::OperatorAction action, const std::string& text, const std::string& value) {
  input(seat_.operator_command(action, text, value, seat_.time()));
}

void RunLoop::carry_over(const std::string& key, engine::StrategyNo strategy, InstrumentNo instrument,
                         const std::string& value, const std::string& text) {
  input(seat_.carry_over(key, strategy, instrument, value, text, seat_.time()));
}

}  // namespace reprise::sim
