// What branches came to, for a person and for programs.
#pragma once

#include <string>
#include <vector>

#include "sim/branch.h"
#include "tools/json_output.h"
#include "tools/run_names.h"
#include "tools/terminal.h"
#include "tools/whatif/changes.h"
#include "tools/whatif/last_chance.h"

namespace reprise::tools {

struct ShownBranch {
  Change change;
  sim::BranchReport report;
  std::string journal;  // "" = not kept
};

// Of a live parent also how far the model of the venue is from what happened.
void show_branch(Terminal& terminal, const std::string& parent_path, const std::string& asset,
                 const sim::BranchReport& parent, const ShownBranch& branch);
// A row for each; `keys` are the swept ones, `shows_points` when the branches begin at several moments.
void show_branches(Terminal& terminal, const std::string& asset, const std::vector<std::string>& keys,
                   bool shows_points, const sim::BranchReport& parent, const std::vector<ShownBranch>& branches);
void show_last_chance(Terminal& terminal, const std::string& parent_path, const std::string& asset,
                      const std::string& act, const LastChance& answer);

void write_branch_figures(Json& out, const sim::BranchReport& report);
void write_branch(Json& out, const ShownBranch& branch, const sim::BranchReport* parent);
void write_last_chance(Json& out, const std::string& act, const LastChance& answer);

}  // namespace reprise::tools
