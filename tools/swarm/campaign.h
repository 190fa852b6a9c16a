// Many seeds over the cores: draws, runs, checks, counts.
//
// The result does not depend on the number of jobs: failures are sorted by seed, probes are sums. If the program dies
// in a seed (an assertion), a handler prints the command that reproduces it before it goes.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "sim/swarm/draw.h"
#include "tools/swarm/trial.h"

namespace reprise::tools {

struct CampaignOptions {
  std::uint64_t first = 1;
  std::uint64_t seeds = 100;
  std::uint64_t jobs = 1;
  sim::swarm::DrawOptions drawing;
  std::string folder;
  bool stop_at_first_failure = false;
};

struct SeedFailure {
  std::uint64_t seed = 0;
  std::vector<sim::swarm::Finding> findings;
};

struct CampaignResult {
  std::uint64_t seeds = 0;  // run
  std::vector<SeedFailure> failures;
  sim::swarm::Probes probes;
  std::uint64_t records = 0;
  std::uint64_t orders = 0;
  std::uint64_t fills = 0;
};

// "reprise swarm --seeds 1 --start SEED", with what else the campaign was given.
std::string reproduce_command(std::uint64_t seed, const sim::swarm::DrawOptions& drawing);

// `progress`: called now and then on the caller's thread with the number of seeds done.
Result<CampaignResult> run_campaign(const CampaignOptions& options, const std::atomic<bool>& stop,
                                    const std::function<void(std::uint64_t)>& progress);

}  // namespace reprise::tools
