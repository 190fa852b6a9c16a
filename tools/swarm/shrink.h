// Makes a failing plan smaller while it still fails with the same invariant: fewer acts, a shorter market, shorter
// acts, fewer strategies and settings, smaller numbers.
//
// Greedy, in rounds, until a round changes nothing or the trials are used up. One thread.
#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "journal/result.h"
#include "sim/swarm/plan.h"

namespace reprise::tools {

struct Shrunk {
  sim::swarm::Plan plan;
  std::string invariant;
  std::string what;  // of the smallest one
  std::uint64_t trials = 0;
};

// A usage error when the plan does not fail at all.
Result<Shrunk> shrink(const sim::swarm::Plan& plan, const std::string& folder, std::uint64_t most_trials,
                      const std::atomic<bool>& stop, const std::function<void(std::uint64_t)>& progress);

}  // namespace reprise::tools
