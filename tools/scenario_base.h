// Prepares the market that a scenario is played on: generates, imports or finds it, and cuts it to its time.
//
// Bases are made once in a folder and shared by the scenarios that name the same one; several threads may ask. Recorded
// data is looked for beside the scenario file, then under $REPRISE_DATA, then in ../shared/data from the project's top.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "sim/generator/generator.h"
#include "sim/scenario/scenario.h"

namespace reprise::tools {

struct PreparedBase {
  std::vector<std::string> datasets;
  std::string missing;  // recorded data that is not here; the scenario is skipped then
};

// What `reprise generate` would be asked for, but for progress.
sim::GeneratorOptions generator_options(const sim::scenario::GeneratedBase& base, const std::string& out);

class ScenarioBases {
 public:
  explicit ScenarioBases(std::string folder) : folder_(std::move(folder)) {}
  // `stop`: set from anywhere, ends the making early with an error.
  Result<PreparedBase> prepare(const sim::scenario::Scenario& scenario, const std::atomic<bool>& stop);

 private:
  struct Shared {
    std::mutex making;
    bool is_made = false;
    std::string path;
  };
  Shared& shared(const std::string& key);
  Status make_generated(const sim::scenario::GeneratedBase& base, const std::string& out,
                        const std::atomic<bool>& stop);
  Status make_imported(const sim::scenario::Base& base, const std::vector<std::string>& files,
                       const std::vector<std::string>& instruments, const std::string& out,
                       const std::atomic<bool>& stop);

  std::string folder_;
  std::mutex lock_;
  std::map<std::string, Shared> made_;
};

}  // namespace reprise::tools
