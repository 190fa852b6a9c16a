// The table of figures: value, goal, ratio against a ceiling that was measured in the same run.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tools/terminal.h"

namespace reprise::bench {

enum class Better { lower, higher };

struct Figure {
  std::string name;
  double value = 0;
  std::string unit;
  std::optional<double> goal;
  Better better = Better::higher;
  std::string ratio_to;  // what the ratio is against, "" = none
  double ratio = 0;
  std::optional<double> ratio_goal;  // the ratio has a goal of its own
  std::string note;

  bool met() const {
    if (goal && (better == Better::higher ? value < *goal : value > *goal)) return false;
    return !ratio_goal || ratio >= *ratio_goal;
  }
  bool has_goal() const { return goal.has_value() || ratio_goal.has_value(); }
};

// One that stands alone: its goal is of its value.
Figure figure_of(const std::string& name, double value, const std::string& unit, std::optional<double> goal,
                 Better better, const std::string& note);

std::string figures_text(const std::vector<Figure>& figures, const tools::Terminal& terminal);
std::string figures_json(const std::vector<Figure>& figures, const std::string& machine, std::uint64_t result_hash);

}  // namespace reprise::bench
