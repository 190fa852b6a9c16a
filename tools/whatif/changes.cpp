#include "tools/whatif/changes.h"

#include <algorithm>
#include <utility>

#include "config/config.h"
#include "engine/market/fixed.h"

namespace reprise::tools {

namespace {

constexpr std::size_t kMostBranches = 100'000;

const std::vector<std::pair<std::string, schema::OperatorAction>>& acts() {
  static const std::vector<std::pair<std::string, schema::OperatorAction>> table = {
      {"flatten", schema::OperatorAction::FLATTEN},         {"halt", schema::OperatorAction::HALT},
      {"kill", schema::OperatorAction::KILL_SWITCH},        {"cancel-all", schema::OperatorAction::CANCEL_ALL},
      {"reduce-only", schema::OperatorAction::REDUCE_ONLY}, {"resume", schema::OperatorAction::RESUME},
  };
  return table;
}

Error not_a_sweep(const std::string& text) {
  return usage_error("'" + text + "' is not a sweep",
                     "--sweep risk.max_leverage=1..5:0.5, or --sweep risk.max_leverage=1,2,5");
}

}  // namespace

const std::vector<std::string>& act_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> found;
    for (const auto& [name, action] : acts()) found.push_back(name);
    return found;
  }();
  return names;
}

Result<sim::OperatorAct> parse_act(const std::string& text) {
  for (const auto& [name, action] : acts()) {
    if (name == text) return sim::OperatorAct{action, "what if"};
  }
  std::string known;
  for (const std::string& name : act_names()) known += (known.empty() ? "" : ", ") + name;
  return usage_error("'" + text + "' is not an operator's act", "one of " + known);
}

std::string act_text(const sim::OperatorAct& act) {
  for (const auto& [name, action] : acts()) {
    if (action == act.action) return name;
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
