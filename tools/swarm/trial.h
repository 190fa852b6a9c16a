// Runs one scenario the way the swarm does: the real engine, venue and journal, twice, and a replay; then every
// invariant over the journal.
//
// Works in a folder of its own below the one given; several threads may run several. What did not fail leaves nothing
// behind. An operating error (a full disk, a scenario that cannot be read) is an Error; what the engine or the venue
// did wrong is a finding.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "journal/result.h"
#include "sim/scenario/scenario.h"
#include "sim/swarm/finding.h"
#include "sim/swarm/probes.h"

namespace reprise::tools {

struct TrialOptions {
  std::string folder;  // exists
  std::string name;    // of the trial's own folder in it
  bool keep = false;   // the journal of a trial that failed stays
  bool twin = true;
  bool replay = true;
};

struct TrialResult {
  std::vector<sim::swarm::Finding> findings;
  sim::swarm::Probes probes;
  std::uint64_t records = 0;
  std::uint64_t orders = 0;
  std::uint64_t fills = 0;
  std::string digest;
  std::string journal;  // kept; "" = removed
};

// `text`: the scenario, `path`: what its errors call it.
Result<TrialResult> run_trial(const std::string& path, const std::string& text, const TrialOptions& options,
                              const std::atomic<bool>& stop);

// When the last act of a scenario is over, ns from the start of the data.
std::int64_t quiet_from(const sim::scenario::Scenario& scenario);

}  // namespace reprise::tools
