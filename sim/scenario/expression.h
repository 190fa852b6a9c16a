// Conditions and expectations as people write them: `position_use.BTCUSDT > 80 % and not halted`.
//
//   or, and, not; < <= > >= == !=; + - * /; abs(x), min(a, b), max(a, b); numbers, shares (80 %), spans (30s); fields
//
// Integer arithmetic at 1e-8, products and quotients in 128 bits rounded half away from zero; what leaves int64 stays
// at its end. What follows from an unknown value is unknown; `or` and `and` may know better. Pure; the fields do the
// looking up.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/scenario/fields.h"

namespace reprise::sim::scenario {

class Expression {
 public:
  static Result<Expression> parse(const std::string& text);

  std::optional<std::int64_t> value(Fields& fields) const;
  bool holds(Fields& fields) const { return value(fields).value_or(0) != 0; }
  const std::string& text() const { return text_; }
  const std::vector<FieldName>& names() const { return names_; }
  bool is_costly() const;  // walks the whole state
  // The fields and their values then: "drawdown 21.3 %, halted no".
  std::string values_text(Fields& fields) const;

 private:
  friend class ExpressionParser;
  enum class Op : std::uint8_t {
    number,
    field,
    negate,
    invert,
    absolute,
    add,
    subtract,
    multiply,
    divide,
    less,
    less_equal,
    greater,
    greater_equal,
    equal,
    not_equal,
    both,
    either,
    smaller,
    larger
  };
  struct Node {
    Op op = Op::number;
    std::int64_t number = 0;
    std::uint32_t field = 0;
    std::uint32_t left = 0;
    std::uint32_t right = 0;
  };
  std::optional<std::int64_t> at(std::uint32_t place, Fields& fields) const;

  std::string text_;
  std::vector<Node> nodes_;  // the last one is the root
  std::vector<FieldName> names_;
};

}  // namespace reprise::sim::scenario
