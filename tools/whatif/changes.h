// What a branch does differently, as given on the command line: settings, operator's acts, values to sweep over.
#pragma once

#include <string>
#include <vector>

#include "journal/result.h"
#include "sim/branch.h"

namespace reprise::tools {

struct Change {
  std::vector<std::string> settings;  // "key=value"
  std::vector<sim::OperatorAct> acts;
  std::vector<std::string> swept;  // values of the swept keys, in their order
};

// "flatten", "halve", "halt", "kill", "cancel-all", "reduce-only", "resume".
Result<sim::OperatorAct> parse_act(const std::string& text);
std::string act_text(const sim::OperatorAct& act);

struct Sweep {
  std::string key;
  std::vector<std::string> values;
};
// "KEY=A..B:STEP" (both ends belong to it) or "KEY=V,V,V".
Result<Sweep> parse_sweep(const std::string& text);
// Every combination, the last sweep fastest, each on top of `common`.
Result<std::vector<Change>> combinations(const Change& common, const std::vector<Sweep>& sweeps);

}  // namespace reprise::tools
