#include "tools/whatif/changes.h"

#include <algorithm>

#include "config/config.h"
#include "engine/market/fixed.h"

namespace reprise::tools {

namespace {

constexpr std::size_t kMostBranches = 100'000;

struct NamedAct {
  std::string name;
  schema::OperatorAction action;
  std::string value;
};

const std::vector<NamedAct>& acts() {
  static const std::vector<NamedAct> table = {
      {"flatten", schema::OperatorAction::FLATTEN, ""},
      {"halve", schema::OperatorAction::REDUCE_POSITIONS, "0.5"},
      {"halt", schema::OperatorAction::HALT, ""},
      {"kill", schema::OperatorAction::KILL_SWITCH, ""},
      {"cancel-all", schema::OperatorAction::CANCEL_ALL, ""},
      {"reduce-only", schema::OperatorAction::REDUCE_ONLY, ""},
      {"resume", schema::OperatorAction::RESUME, ""},
  };
  return table;
}

Error not_a_sweep(const std::string& text) {
  return usage_error("'" + text + "' is not a sweep",
                     "--sweep risk.max_leverage=1..5:0.5, or --sweep risk.max_leverage=1,2,5");
}

}  // namespace

Result<sim::OperatorAct> parse_act(const std::string& text) {
  std::string known;
  for (const NamedAct& act : acts()) {
    if (act.name == text) return sim::OperatorAct{act.action, "what if", act.value};
    known += (known.empty() ? "" : ", ") + act.name;
  }
  return usage_error("'" + text + "' is not an operator's act", "one of " + known);
}

std::string act_text(const sim::OperatorAct& act) {
  for (const NamedAct& known : acts()) {
    if (known.action == act.action) return known.name;
  }
  return "?";
}

Result<Sweep> parse_sweep(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) return not_a_sweep(text);
  Sweep sweep;
  sweep.key = text.substr(0, equals);
  const std::string values = text.substr(equals + 1);
  const std::size_t dots = values.find("..");
  if (dots == std::string::npos) {
    for (std::size_t at = 0; at <= values.size();) {
      const std::size_t comma = std::min(values.find(',', at), values.size());
      if (comma == at) return not_a_sweep(text);
      sweep.values.push_back(values.substr(at, comma - at));
      at = comma + 1;
    }
    return sweep;
  }
  const std::size_t colon = values.find(':', dots);
  if (colon == std::string::npos) return not_a_sweep(text);
  auto from = config::parse_decimal_e8(values.substr(0, dots));
  auto to = config::parse_decimal_e8(values.substr(dots + 2, colon - dots - 2));
  auto step = config::parse_decimal_e8(values.substr(colon + 1));
  for (const auto* number : {&from, &to, &step})
    if (!number->ok()) return not_a_sweep(text);
  if (*step <= 0 || *to < *from) return usage_error("'" + text + "': the step must be positive and lead from A to B");
  if (static_cast<std::uint64_t>(*to - *from) / static_cast<std::uint64_t>(*step) >= kMostBranches) {
    return usage_error("'" + text + "' has more than " + std::to_string(kMostBranches) + " values");
  }
  for (std::int64_t value = *from; value <= *to; value += *step) sweep.values.push_back(decimal_text(value));
  return sweep;
}

Result<std::vector<Change>> combinations(const Change& common, const std::vector<Sweep>& sweeps) {
  std::vector<Change> all{common};
  for (const Sweep& sweep : sweeps) {
    if (all.size() * sweep.values.size() > kMostBranches) {
      return usage_error("the sweeps have more than " + std::to_string(kMostBranches) + " combinations");
    }
    std::vector<Change> next;
    for (const Change& change : all) {
      for (const std::string& value : sweep.values) {
        Change one = change;
        one.settings.push_back(sweep.key + "=" + value);
        one.swept.push_back(value);
        next.push_back(std::move(one));
      }
    }
    all = std::move(next);
  }
  return all;
}

}  // namespace reprise::tools
