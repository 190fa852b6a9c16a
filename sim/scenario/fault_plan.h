// Plays the venue acts on the order path: what becomes of commands on their way there and of reports on their way back.
//
// Refusals are reports of the venue with its error code; a lost message leaves no trace. Everything else about the
// venue (halts, margin tables, deleveraging) is the Director's. Deterministic; one thread.
#pragma once

#include <vector>

#include "config/config.h"
#include "sim/run_hooks.h"
#include "sim/scenario/draws.h"
#include "sim/scenario/scenario.h"

namespace reprise::sim::scenario {

class FaultPlan {
 public:
  FaultPlan(const Scenario& scenario, DurationNanos response_latency)
      : scenario_(scenario), response_latency_(response_latency) {}
  void bind(RunControl& run) { run_ = &run; }

  void start(std::uint32_t act, UnixNanos until) { playing_.push_back({act, until}); }
  void stop(std::uint32_t act);
  UnixNanos until(std::uint32_t act) const;  // a ban may have been made longer; 0 = not playing

  // When the command reaches the venue; kNever: it does not.
  UnixNanos on_command(const Command& command, UnixNanos arrival, std::vector<Draws>& draws);
  // False: the report was lost.
  bool on_report(const Report& report, UnixNanos arrival, std::vector<Draws>& draws);
  bool venue_is_reachable() const;

  void persist(engine::StateArchive& archive);

 private:
  struct Playing {
    std::uint32_t act = 0;
    UnixNanos until;
    void persist(engine::StateArchive& archive);
  };
  UnixNanos refuse(const Command& command, std::int64_t code, UnixNanos arrival);

  const Scenario& scenario_;
  DurationNanos response_latency_;
  RunControl* run_ = nullptr;
  std::vector<Playing> playing_;
  UnixNanos last_command_;  // one connection each way: slow, but nothing overtakes
  UnixNanos last_report_;
  UnixNanos late_since_;    // venue time of the execution whose reports are late; what belongs to it is late too
  UnixNanos late_arrival_;  // of the last of them
};

}  // namespace reprise::sim::scenario
