// Every order rule, in the order in which they are checked and listed. A new rule is one line in registry.cpp.
#pragma once

#include <cstddef>

#include "engine/risk/rules/rules.h"

namespace reprise::engine::risk {

struct RegisteredRule {
  schema::RiskRule rule;
  OrderRule check;
};

struct RuleSpan {
  const RegisteredRule* first;
  std::size_t count;
  const RegisteredRule* begin() const { return first; }
  const RegisteredRule* end() const { return first + count; }
};
RuleSpan order_rules();

}  // namespace reprise::engine::risk
