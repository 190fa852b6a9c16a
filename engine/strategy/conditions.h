// What a strategy could do next and what it waits for: Strategy::explain() fills it in, why and why-not show it.
//
// A condition compares a figure with a bound. Its distance is how far the figure has to go until the condition holds,
// in the figure's unit; 0 when it holds. A figure that the strategy also journals as a Feature says which, so that a
// reader can be sent to the record. Never part of a decision.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/strategy/strategy.h"

namespace reprise::engine {

enum class Comparison : std::uint8_t { above, at_least, below, at_most };
enum class ConditionUnit : std::uint8_t { price, money, quantity, count, time, duration, flag };

struct Condition {
  std::string name;
  ConditionUnit unit = ConditionUnit::flag;
  Comparison comparison = Comparison::at_least;
  std::int64_t value = 0;  // 1e-8 for price, money, quantity; ns for times; a flag is 1 or 0 against 1
  std::int64_t bound = 0;
  schema::FeatureKind value_feature = schema::FeatureKind::NONE;
  schema::FeatureKind bound_feature = schema::FeatureKind::NONE;

  bool met() const;
  std::int64_t distance() const;  // at least 0
};

struct PossibleAction {
  std::string name;  // "enter long"
  std::vector<Condition> conditions;
  std::optional<Signal> signal;  // what it would say, where that can be told
  std::optional<Quote> quote;

  bool ready() const;  // every condition is met
};

class Conditions {
 public:
  // Which journaled figures the condition added last compares.
  class Added {
   public:
    explicit Added(Condition& condition) : condition_(condition) {}
    Added& value_is(schema::FeatureKind kind) { return condition_.value_feature = kind, *this; }
    Added& bound_is(schema::FeatureKind kind) { return condition_.bound_feature = kind, *this; }

   private:
    Condition& condition_;
  };

  void begin(std::string action);  // what follows belongs to it
  Added price(std::string name, Price value, Comparison comparison, Price bound) {
    return add(std::move(name), ConditionUnit::price, value.e8, comparison, bound.e8);
  }
  Added delta(std::string name, PriceDelta value, Comparison comparison, PriceDelta bound) {
    return add(std::move(name), ConditionUnit::price, value.e8, comparison, bound.e8);
  }
  Added money(std::string name, Money value, Comparison comparison, Money bound) {
    return add(std::move(name), ConditionUnit::money, value.e8, comparison, bound.e8);
  }
  Added quantity(std::string name, Qty value, Comparison comparison, Qty bound) {
    return add(std::move(name), ConditionUnit::quantity, value.e8, comparison, bound.e8);
  }
  Added count(std::string name, std::int64_t value, Comparison comparison, std::int64_t bound) {
    return add(std::move(name), ConditionUnit::count, value, comparison, bound);
  }
  Added time(std::string name, UnixNanos value, Comparison comparison, UnixNanos bound) {
    return add(std::move(name), ConditionUnit::time, value.ns, comparison, bound.ns);
  }
  Added flag(std::string name, bool holds) {
    return add(std::move(name), ConditionUnit::flag, holds ? 1 : 0, Comparison::at_least, 1);
  }
  void would_signal(const Signal& signal) { actions_.back().signal = signal; }
  void would_quote(const Quote& quote) { actions_.back().quote = quote; }

  std::vector<PossibleAction> take() { return std::exchange(actions_, {}); }

 private:
  Added add(std::string name, ConditionUnit unit, std::int64_t value, Comparison comparison, std::int64_t bound);
  std::vector<PossibleAction> actions_;
};

}  // namespace reprise::engine
