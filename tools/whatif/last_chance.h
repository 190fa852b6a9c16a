// When did liquidation become inevitable? The last moment of a run from which an operator's act still saves the
// account, found by branching.
//
// Searched backwards from the liquidation in doubling steps to a record from which the act saves it, then by halves
// between that and the next one where it does not, down to one step of the engine. What is found is checked by branches
// on both of its sides. Earlier moments from which the act does not help are possible (a position opened, closed and
// opened again); the answer is about the last position before the liquidation.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "sim/branch.h"

namespace reprise::tools {

struct LastChance {
  bool was_liquidated = false;
  journal::Seq liquidation = 0;  // the parent's first one
  std::int64_t liquidation_time = 0;
  Money parent_equity;  // at the end
  bool can_be_saved = false;
  sim::BranchReport saved;  // the last branch that is not liquidated and ends with money
  sim::BranchReport lost;   // the branch one step later; when !can_be_saved the earliest one tried
  std::size_t branches = 0;
};

Result<LastChance> find_last_chance(sim::RecordedRun& run, const sim::OperatorAct& act, journal::Seq not_before,
                                    const std::atomic<bool>& stop,
                                    const std::function<void(std::size_t branches)>& progress);

}  // namespace reprise::tools
