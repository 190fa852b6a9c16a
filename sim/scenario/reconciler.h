// What a gateway does about orders of unknown fate: it asks the venue, and the answer is an input like any other.
//
// Each order that the engine calls unknown is asked about a round trip later, again every second while the venue is out
// of reach. The answer: the order's state while it is open; that the venue does not know it; or its end, where the
// report of it was lost. So is each order that the venue did not find when it was to be cancelled or changed. An order
// whose end is still on its way is left alone; that the venue does not know an order is said only when it cannot reach
// the venue any more (a gateway waits out the receive window that it sent along). Deterministic; one thread.
#pragma once

#include <map>

#include "sim/run_hooks.h"
#include "sim/scenario/scenario.h"

namespace reprise::sim::scenario {

class Reconciler {
 public:
  void bind(RunControl& run) { run_ = &run; }
  void note_command(const Command& command, UnixNanos arrival);  // kNever: it does not arrive
  void note_outputs(const journal::RecordBatch& outputs);
  void note_report(const Report& report, bool lost);
  void ask_about_all(UnixNanos when);  // after a restart or an outage
  UnixNanos next_time() const;
  void answer(UnixNanos now, bool venue_is_reachable);
  void persist(engine::StateArchive& archive);

 private:
  bool ask(Seq order);  // true: settled, or nothing to ask

  RunControl* run_ = nullptr;
  std::map<Seq, UnixNanos> asked_;        // order -> when
  std::map<Seq, UnixNanos> arrivals_;     // order -> when its submit command reaches the venue
  std::map<Seq, std::uint8_t> at_venue_;  // orders that the venue has confirmed to have had
  std::map<Seq, Report> lost_ends_;
};

}  // namespace reprise::sim::scenario
