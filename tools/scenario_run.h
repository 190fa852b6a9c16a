// Runs scenarios: loads a file, prepares its base, plays it into a journal, and says what came of it.
//
// One call runs one scenario on the caller's thread; several threads may run several. Journals of scenarios that passed
// are removed unless they are to be kept; those of failed ones stay, since the replay commands name them.
#pragma once

#include <string>
#include <vector>

#include "sim/scenario/director.h"
#include "tools/scenario_base.h"

namespace reprise::tools {

struct ScenarioFailure {
  std::string expectation;
  std::string place;  // file:line:column
  journal::Seq seq = 0;
  std::int64_t time = 0;  // engine time
  std::string value;
  std::vector<std::string> causes;  // nearest first
  std::string replay_command;
};

struct ScenarioResult {
  enum class Verdict { passed, failed, skipped, error };
  Verdict verdict = Verdict::error;
  std::string name;
  std::string path;
  std::string about;
  std::string reason;  // why skipped or not run
  Error error;
  std::vector<ScenarioFailure> failures;
  std::size_t expectations = 0;
  std::vector<std::string> not_played;  // acts that never began
  sim::scenario::Outcome outcome;
  std::string journal;  // where it is kept; "" = removed
  std::string digest;
  std::uint64_t records = 0;
  double market_hours = 0;
  double seconds = 0;
  bool replayed = false;  // recomputed without the scenario, identical
};
const char* name_of(ScenarioResult::Verdict verdict);

struct ScenarioRunOptions {
  std::string folder;   // journals go here, one a scenario
  bool keep = false;    // also of those that passed
  bool replay = false;  // recompute each journal and compare
};

// What can be told without running: everything but the base. `name` in the error's place says which file.
Result<sim::scenario::Scenario> load_scenario(const std::string& path);
// The configuration that a scenario begins with, every key of its `configure` acts checked.
Result<config::Loaded> scenario_configuration(const sim::scenario::Scenario& scenario);
ScenarioResult run_scenario(const std::string& path, const ScenarioRunOptions& options, ScenarioBases& bases,
                            const std::atomic<bool>& stop);
// The scenario files that a path names: itself, or every .yaml in a folder and below, by name.
Result<std::vector<std::string>> scenario_files(const std::vector<std::string>& paths);

}  // namespace reprise::tools
