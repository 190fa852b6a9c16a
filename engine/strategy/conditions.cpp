#include "engine/strategy/conditions.h"

#include <algorithm>

namespace reprise::engine {

bool Condition::met() const {
  switch (comparison) {
    case Comparison::above: return value > bound;
    case Comparison::at_least: return value >= bound;
    case Comparison::below: return value < bound;
    case Comparison::at_most: return value <= bound;
  }
  return false;
}

std::int64_t Condition::distance() const {
  if (met()) return 0;
  const bool is_strict = comparison == Comparison::above || comparison == Comparison::below;
  const auto gap = value > bound ? static_cast<std::uint64_t>(value) - static_cast<std::uint64_t>(bound)
                                 : static_cast<std::uint64_t>(bound) - static_cast<std::uint64_t>(value);
  constexpr auto kMost = static_cast<std::uint64_t>(INT64_MAX) - 1;
  return static_cast<std::int64_t>(std::min(gap, kMost)) + (is_strict ? 1 : 0);
}

bool PossibleAction::ready() const {
  return std::all_of(conditions.begin(), conditions.end(), [](const Condition& c) { return c.met(); });
}

void Conditions::begin(std::string action) {
  actions_.emplace_back().name = std::move(action);
}

Conditions::Added Conditions::add(std::string name, ConditionUnit unit, std::int64_t value, Comparison comparison,
                                  std::int64_t bound) {
  REPRISE_ASSERT(!actions_.empty(), "a condition belongs to an action: call begin() first");
  Condition& added = actions_.back().conditions.emplace_back();
  added.name = std::move(name);
  added.unit = unit;
  added.comparison = comparison;
  added.value = value;
  added.bound = bound;
  return Added(added);
}

}  // namespace reprise::engine
