// Plays a scenario on a run: fires its acts at their moments and watches its expectations.
//
// The parts: MarketScript bends the market before the venue sees it, FeedScript what of it reaches the engine,
// FaultPlan the order path, Reconciler asks about orders of unknown fate; the Director itself plays what concerns the
// venue as a whole and the operator. Conditions are looked at behind inputs; what they fire happens at the same
// instant, before anything else of it. Everything random is drawn from the scenario's seed, one stream for each act.
//
// A Director serves one run. The scenario must outlive it.
#pragma once

#include <memory>
#include <vector>

#include "config/loader.h"
#include "sim/run_hooks.h"
#include "sim/scenario/fault_plan.h"
#include "sim/scenario/feed_script.h"
#include "sim/scenario/market_script.h"
#include "sim/scenario/reconciler.h"
#include "sim/scenario/watch.h"

namespace reprise::sim::scenario {

// What the scenario did to the account, by the engine's books.
struct Outcome {
  Money start_equity;
  Money end_equity;
  Money least_equity;
  Rate worst_drawdown;
  Rate worst_margin_ratio;
  std::int64_t fills = 0;
  std::int64_t liquidations = 0;
  std::string trading_state;
  std::vector<std::uint32_t> played;  // by act: how often it began
};

class Director final : public RunHooks {
 public:
  // `entries`: the run's configuration, which `configure` acts change. `reconfigure` makes the effective entries of a
  // changed one, or says why not (tools/ passes config::override_entries).
  using Reconfigure = Result<config::Loaded> (*)(const config::Entries& entries, const std::vector<std::string>& sets);
  Director(const Scenario& scenario, const config::Config& config, config::Entries entries, Reconfigure reconfigure);

  const std::vector<Failure>& failures() const { return watch_.failures(); }
  const Outcome& outcome() const { return outcome_; }
  const std::string& problem() const { return problem_; }  // an act that could not be played; "" = none

  void bind(RunControl& run) override;
  UnixNanos next_time() const override { return next_; }
  void on_time(UnixNanos now) override;
  void on_market(const SourceRecord& record) override;
  void on_command(const Command& command, UnixNanos arrival) override;
  void on_report(const Report& report, UnixNanos arrival) override;
  bool is_up() const override { return down_ == 0; }
  void after_input(const journal::RecordView& input, const journal::RecordBatch& outputs) override;
  void persist(engine::StateArchive& archive) override;

 private:
  struct Cue {
    UnixNanos due = RunHooks::kNever;
    UnixNanos until = RunHooks::kNever;  // of the one playing
    std::uint32_t left = 1;
    bool is_waiting = true;  // for its record or condition
    bool is_playing = false;
    void persist(engine::StateArchive& archive);
  };
  void plan();  // next_
  void fire(std::uint32_t act, UnixNanos now);
  void start(std::uint32_t act, UnixNanos now);
  void stop(std::uint32_t act, UnixNanos now);
  void publish(const journal::RecordBatch& records, UnixNanos now);
  // venue_acts.cpp
  void halt_contracts(const Act& act, schema::InstrumentState state, UnixNanos now);
  void change_brackets(const Act& act, UnixNanos now);
  void deleverage(const Act& act);
  void announce_ban(UnixNanos until);
  void operate(const Act& act);
  void configure(const Act& act);
  void take_stock();

  const Scenario& scenario_;
  config::Entries entries_;
  Reconfigure reconfigure_;
  RunControl* run_ = nullptr;
  MarketScript markets_;
  FeedScript feed_;
  FaultPlan faults_;
  Reconciler reconciler_;
  Fields fields_;
  Watch watch_;
  std::vector<Cue> cues_;
  std::vector<Draws> draws_;
  Draws feed_draws_;
  UnixNanos next_ = RunHooks::kNever;
  std::uint32_t down_ = 0;  // restarts playing
  bool world_began_ = false;
  bool has_conditions_ = false;
  Outcome outcome_;
  std::string problem_;
  journal::RecordBatch published_;
};

}  // namespace reprise::sim::scenario
