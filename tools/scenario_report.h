// Results of scenarios as a person, a program and a test server read them: table, JSON, JUnit XML.
#pragma once

#include <string>
#include <vector>

#include "tools/scenario_run.h"
#include "tools/terminal.h"

namespace reprise::tools {

void show_scenarios(Terminal& terminal, const std::vector<ScenarioResult>& results, double seconds);
std::string scenarios_json(const std::vector<ScenarioResult>& results, double seconds);
std::string scenarios_junit(const std::vector<ScenarioResult>& results, double seconds);

}  // namespace reprise::tools
