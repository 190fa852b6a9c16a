// One simulated run: datasets -> simulated venue -> engine -> sink, in one total order (sim/MODELS.md, "The loop").
//
// The loop can be saved behind any record whose step is done, and taken up there again on the journal that it wrote:
// the records that follow are those of the run that was not interrupted. That is what a snapshot holds (section "run",
// beside the engine's own section), and what branches of a recorded run begin with.
//
// Hooks (sim/run_hooks.h) may step in between the market, the venue and the engine. What they do is in the journal as
// ordinary inputs. Snapshots of such a run hold the engine alone: the loop is not taken up there.
//
// Deterministic and single-threaded. The source and the sink are given and outlive the loop.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "engine/engine.h"
#include "engine/state_archive.h"
#include "journal/record_batch.h"
#include "journal/snapshot.h"
#include "sim/engine_seat.h"
#include "sim/exchange/exchange.h"
#include "sim/exchange/latency.h"
#include "sim/market_source.h"
#include "sim/run_hooks.h"
#include "sim/run_sink.h"

namespace reprise::sim {

// Section of a snapshot beside the engine's own (engine/take_up.h).
inline constexpr std::string_view kRunSection = "run";

class RunLoop final : private RunControl {
 public:
  RunLoop(MarketSource& source, RunSink& sink, RunHooks* hooks = nullptr)
      : source_(source), sink_(sink), hooks_(hooks), seat_(sink) {}

  // Begins at the start of the data: RunStart, Configuration, leading declarations, opening balances.
  // `run_tag`: 0 = that of a backtest.
  void begin(const config::Config& config, const config::Entries& entries, std::uint64_t run_tag = 0);
  // Or behind a record: `source` must stand at the first market record behind the snapshot
  // (DatasetSource::open_behind). A section that this engine version cannot read is a corrupt error.
  Status load(const journal::Snapshot& snapshot);

  // Or behind a record of a run that traded with a real venue, whose snapshot holds the engine alone: beside it stands
  // a venue as the engine knows it (assumed_venue.h). `source` must stand there too (DatasetSource::stand_at).
  Status begin_beside(const journal::Snapshot& snapshot);

  // The next thing that happens; false when the data has ended and nothing is left to do, or the source failed.
  bool step();
  // When that is, by the world's clock; the end of time when there is nothing.
  UnixNanos next_time();
  // A live source has more: see it. (A dataset's records are seen by themselves.)
  void look() {
    if (!has_ahead_) look_ahead();
  }
  // The last record.
  void finish(const std::string& reason);

  // The state between two steps.
  journal::SnapshotImage snapshot();

  // Inputs from outside the market, at the present engine time.
  // The whole configuration anew: the engine takes over what may change (Engine), the venue its fees, models,
  // latencies.
  void reconfigure(const config::Config& config, const config::Entries& entries) override;
  void operate(schema::OperatorAction action, const std::string& text, const std::string& value = {}) override;
  void carry_over(const std::string& key, engine::StrategyNo strategy, InstrumentNo instrument,
                  const std::string& value, const std::string& text);

  // Called whenever the source has been read on; may be empty.
  std::function<void()> on_read;

  engine::Engine& engine() override { return seat_.engine(); }
  const SimExchange& exchange() const { return *exchange_; }
  UnixNanos engine_time() const { return seat_.time(); }
  std::uint64_t inputs() const { return seat_.inputs(); }
  std::uint64_t outputs() const { return seat_.outputs(); }

 private:
  struct CommandInFlight {
    UnixNanos arrival;
    Command command;
    void persist(engine::StateArchive& archive) {
      archive.field("arrival", arrival);
      archive.field("command", command);
    }
  };
  struct ReportInFlight {
    UnixNanos arrival;
    Report report;
    void persist(engine::StateArchive& archive) {
      archive.field("arrival", arrival);
      archive.field("report", report);
    }
  };
  // What can happen next, in the order in which it happens when two fall on one instant. Within one kind:
  // the order of insertion. That is the total order of a run.
  enum class Step { hooks, venue_timer, venue_market, venue_command, engine_market, engine_report, engine_tick, none };

  // A market record that hooks have sent to the engine; takes the place of window_.
  struct HookedRecord {
    UnixNanos recv;
    std::vector<std::uint64_t> words;  // header and body
  };

  Status load_engine(const journal::Snapshot& snapshot);
  Step choose(UnixNanos& time);
  void act(Step step);
  void look_ahead();
  void show_venue();
  void take_reports() override;
  void give_engine_market();
  void give_report(const Report& report, UnixNanos now);
  void give_record(const journal::RecordView& given, UnixNanos at);
  void give_hooked();
  UnixNanos first_tick_after(UnixNanos time) const;
  void input(const journal::RecordView& view);
  UnixNanos by_our_clock(UnixNanos time) const { return time + clock_step_; }

  // RunControl, for hooks (run_loop_hooks.cpp)
  UnixNanos now() const override { return world_time_; }
  UnixNanos start() const override { return source_.start(); }
  SimExchange& exchange() override { return *exchange_; }
  journal::Seq next_seq() const override { return sink_.next_seq(); }
  void to_venue(const journal::RecordView& record, InstrumentNo instrument, UnixNanos happened) override;
  void to_engine(const journal::RecordView& record, InstrumentNo instrument, UnixNanos recv) override;
  void give(const journal::RecordBatch& inputs) override;
  void queue_command(const Command& command, UnixNanos arrival) override;
  void queue_report(const Report& report, UnixNanos arrival) override;
  std::size_t in_flight() const override { return commands_.size() + reports_.size(); }
  void set_clock_step(DurationNanos ahead) override { clock_step_ = ahead; }
  void restart_engine() override;

  // `window`: records that the venue knows and the engine does not; they are not saved but read again.
  void persist(engine::StateArchive& archive, std::uint64_t& window);

  MarketSource& source_;
  RunSink& sink_;
  RunHooks* hooks_;
  config::Config config_;
  std::unique_ptr<SimExchange> exchange_;
  LatencyModel latency_;
  EngineSeat seat_;

  SourceRecord ahead_;  // next record for the venue
  bool has_ahead_ = false;
  std::deque<SourceRecord> window_;  // the venue knows them, the engine not yet
  std::deque<HookedRecord> hooked_window_;
  std::deque<CommandInFlight> commands_;
  std::deque<ReportInFlight> reports_;
  UnixNanos next_tick_;
  UnixNanos venue_time_;
  UnixNanos last_recv_;
  UnixNanos world_time_;      // of the step; differs from engine time where our clock does
  DurationNanos clock_step_;  // our clock minus the world's
};

// From the configuration hash and the seed: the same run has the same tag wherever it is made.
std::uint64_t backtest_run_tag(const std::string& config_hash, std::uint64_t seed);

}  // namespace reprise::sim
