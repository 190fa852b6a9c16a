// The state of a recorded run behind any of its steps, as a snapshot.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "journal/journal_reader.h"
#include "journal/result.h"
#include "journal/snapshot.h"

namespace reprise::sim {

// The last record of the step that contains `seq`: an input and its outputs are one step. In front of the journal's
// first record: `seq` itself. Moves the reader.
Result<journal::Seq> end_of_step(journal::JournalReader& reader, journal::Seq seq);

// Its first record: the input.
Result<journal::Seq> start_of_step(journal::JournalReader& reader, journal::Seq seq);

struct StateOptions {
  // Of a backtest or paper run also the simulated venue and what is on its way (section "run"), so that the run can be
  // branched there. Left out where the run cannot be made again (sim/branch_point.h); the engine is always in it.
  bool with_run = true;
  std::function<bool(journal::Seq)> on_way;  // false ends it with an error
};

// Goes along one journal; several states in ascending order cost one way.
class StateTaker {
 public:
  StateTaker(std::string path, StateOptions options);
  StateTaker(StateTaker&&) noexcept;
  ~StateTaker();

  // `seq` ends a step (end_of_step()).
  Result<journal::Snapshot> behind(journal::Seq seq);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace reprise::sim
