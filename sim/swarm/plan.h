// What one seed of the swarm draws, as values that can be made smaller one by one: a market, settings, acts.
//
// scenario_text() writes it in the language of scenarios (scenarios/LANGUAGE.md), and that text is what is run: a
// shrunk plan is a scenario file. Times are ns from the start of the data. Pure; thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace reprise::sim::swarm {

// The quiet end of every plan: nothing of it is faulty any more. Within kHealing of it everything must be well again.
inline constexpr std::int64_t kHealing = 25'000'000'000;
inline constexpr std::int64_t kQuiet = kHealing + 10'000'000'000;

struct PlannedAct {
  std::int64_t at_ns = 0;
  std::int64_t for_ns = 0;  // 0: no length of its own
  std::string kind;         // as the language names it
  std::vector<std::pair<std::string, std::string>> parameters;
};

struct Plan {
  std::uint64_t seed = 1;
  std::uint64_t market_seed = 1;
  std::uint32_t symbols = 1;
  std::int64_t length_ns = 0;                                 // of the market, its quiet end included
  std::vector<std::pair<std::string, std::string>> settings;  // configuration keys
  std::vector<PlannedAct> acts;                               // by time
};

std::string scenario_text(const Plan& plan);

}  // namespace reprise::sim::swarm
