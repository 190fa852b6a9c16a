#include "journal/mutant.h"

#ifdef REPRISE_MUTANTS

#include <algorithm>
#include <cstring>

#include "journal/assert.h"

namespace reprise {

namespace {
std::string& chosen() {
  static std::string name;
  return name;
}
}  // namespace

const std::vector<std::string>& mutant_names() {
  static const std::vector<std::string> names = {
      "fee_sign",
      "fee_not_booked",
      "dropped_fill",
      "double_booked_fill",
      "flip_keeps_cost",
      "wrong_rounding",
      "funding_sign",
      "venue_funding_sign",
      "halt_keeps_orders",
      "rate_off_by_one",
      "open_orders_off_by_one",
      "limit_ignores_orders",
      "never_stale",
      "timer_skipped",
      "deadline_skipped",
      "lost_cause",

      "venue_ignores_reduce_only",
      "kill_without_flatten",
      "stale_recovery",
      "modify_not_counted",
      "reduce_only_not_counted",
      "halted_contract_traded",
  };
  return names;
}

bool choose_mutant(const std::string& name) {
  const auto& names = mutant_names();
  if (std::find(names.begin(), names.end(), name) == names.end()) return false;
  chosen() = name;
  return true;
}

bool mutant_is(const char* name) {
  REPRISE_DEBUG_ASSERT(std::find(mutant_names().begin(), mutant_names().end(), name) != mutant_names().end(), name);
  return std::strcmp(chosen().c_str(), name) == 0;
}

}  // namespace reprise

#endif
