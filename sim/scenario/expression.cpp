#include "sim/scenario/expression.h"

#include <algorithm>
#include <limits>

#include "sim/exchange/wide.h"
#include "sim/scenario/values.h"

namespace reprise::sim::scenario {

namespace {

constexpr int kMaxDepth = 64;

std::int64_t clamped(Wide value) {
  constexpr Wide kMax = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(std::clamp<Wide>(value, -kMax, kMax));
}
std::int64_t divided(Wide value, std::int64_t by) {  // half away from zero
  const Wide wide_by = by;
  const Wide quotient = value / wide_by;
  const Wide rest = value % wide_by;
  const bool away = 2 * (rest < 0 ? -rest : rest) >= (wide_by < 0 ? -wide_by : wide_by);
  const bool negative = (value < 0) != (wide_by < 0);
  return clamped(away ? quotient + (negative ? -1 : 1) : quotient);
}

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

}  // namespace

class ExpressionParser {
 public:
  explicit ExpressionParser(const std::string& text) : text_(text) {}

  Result<Expression> parse() {
    out_.text_ = trim(text_);
    either();
    space();
    if (!error_ && at_ < text_.size()) fail("\"" + text_.substr(at_, 20) + "\" is not expected here");
    if (error_) return *error_;
    return std::move(out_);
  }

 private:
  using Op = Expression::Op;
  using Node = Expression::Node;

  void fail(std::string what, std::string hint = {}) {
    if (!error_) error_ = usage_error("in \"" + out_.text_ + "\": " + what, std::move(hint));
  }
  void space() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  bool sign(const char* wanted) {
    space();
    const std::string_view w(wanted);
    if (error_ || text_.compare(at_, w.size(), w) != 0) return false;
    at_ += w.size();
    return true;
  }
  bool word(const char* wanted) {
    space();
    const std::string_view w(wanted);
    if (error_ || text_.compare(at_, w.size(), w) != 0) return false;
    if (at_ + w.size() < text_.size() && (is_word(text_[at_ + w.size()]) || is_digit(text_[at_ + w.size()])))
      return false;
    at_ += w.size();
    return true;
  }
  std::uint32_t add(Node node) {
    out_.nodes_.push_back(node);
    return static_cast<std::uint32_t>(out_.nodes_.size() - 1);
  }
  std::uint32_t pair(Op op, std::uint32_t left, std::uint32_t right) { return add({op, 0, 0, left, right}); }

  std::uint32_t either() {
    std::uint32_t left = both();
    while (word("or")) left = pair(Op::either, left, both());
    return left;
  }
  std::uint32_t both() {
    std::uint32_t left = inverted();
    while (word("and")) left = pair(Op::both, left, inverted());
    return left;
  }
  std::uint32_t inverted() {
    if (++depth_ > kMaxDepth) fail("nested too deeply");
    std::uint32_t result = 0;
    if (!error_ && word("not")) {
      const std::uint32_t inner = inverted();
      result = add({Op::invert, 0, 0, inner, 0});
    } else if (!error_) {
      result = comparison();
    }
    --depth_;
    return result;
  }
  std::uint32_t comparison() {
    const std::uint32_t left = sum();
    if (sign("<=")) return pair(Op::less_equal, left, sum());
    if (sign(">=")) return pair(Op::greater_equal, left, sum());
    if (sign("==")) return pair(Op::equal, left, sum());
    if (sign("!=")) return pair(Op::not_equal, left, sum());
    if (sign("<")) return pair(Op::less, left, sum());
    if (sign(">")) return pair(Op::greater, left, sum());
    return left;
  }
  std::uint32_t sum() {
    std::uint32_t left = product();
    while (!error_) {
      if (sign("+")) {
        left = pair(Op::add, left, product());
      } else if (sign("-")) {
        left = pair(Op::subtract, left, product());
      } else {
        break;
      }
    }
    return left;
  }
  std::uint32_t product() {
    std::uint32_t left = primary();
    while (!error_) {
      if (sign("*")) {
        left = pair(Op::multiply, left, primary());
      } else if (sign("/")) {
        left = pair(Op::divide, left, primary());
      } else {
        break;
      }
    }
    return left;
  }
  std::uint32_t primary() {
    if (error_) return 0;
    if (++depth_ > kMaxDepth) fail("nested too deeply");
    const std::uint32_t result = error_ ? 0 : primary_inner();
    --depth_;
    return result;
  }
  std::uint32_t primary_inner() {
    if (sign("(")) {
      const std::uint32_t inner = either();
      if (!sign(")")) fail("a closing bracket is missing");
      return inner;
    }
    if (sign("-")) {
      const std::uint32_t inner = primary();
      return add({Op::negate, 0, 0, inner, 0});
    }
    space();
    if (at_ >= text_.size()) {
      fail("something is missing at the end");
      return 0;
    }
    if (is_digit(text_[at_])) return number();
    if (!is_word(text_[at_])) {
      fail("\"" + text_.substr(at_, 1) + "\" is not expected here");
      return 0;
    }
    for (const auto& [name, op] : {std::pair{"abs(", Op::absolute}, {"min(", Op::smaller}, {"max(", Op::larger}}) {
      if (!sign(name)) continue;
      const std::uint32_t left = either();
      if (op != Op::absolute && !sign(",")) fail("two values separated by a comma are expected");
      const std::uint32_t right = op == Op::absolute || error_ ? 0 : either();
      if (!sign(")")) fail("a closing bracket is missing");
      return pair(op, left, right);
    }
    return field();
  }
  std::uint32_t number() {
    std::size_t end = at_;
    while (end < text_.size() && (is_digit(text_[end]) || text_[end] == '.' || text_[end] == '_')) ++end;
    std::string digits = text_.substr(at_, end - at_);
    std::erase(digits, '_');
    std::int64_t value = 0;
    if (end < text_.size() && is_word(text_[end])) {  // a span: 30s, 1h30m
      while (end < text_.size() && (is_digit(text_[end]) || is_word(text_[end]) || text_[end] == '.')) ++end;
      Result<std::int64_t> span = parse_span(text_.substr(at_, end - at_));
      if (!span) {
        fail(span.error().message);
        return 0;
      }
      value = span.value() / 10;
    } else if (!parse_decimal(digits, value)) {
      fail("\"" + digits + "\" is no number");
      return 0;
    }
    at_ = end;
    if (sign("%")) value /= 100;
    return add({Op::number, value, 0, 0, 0});
  }
  std::uint32_t field() {
    std::size_t end = at_;
    while (end < text_.size() && (is_word(text_[end]) || is_digit(text_[end]) || text_[end] == '.')) ++end;
    const std::string name = text_.substr(at_, end - at_);
    at_ = end;
    if (name == "true" || name == "false") return add({Op::number, name == "true" ? kScale : 0, 0, 0, 0});
    Result<FieldName> resolved = resolve_field(name);
    if (!resolved) {
      fail(resolved.error().message, resolved.error().hint);
      return 0;
    }
    out_.names_.push_back(std::move(resolved).value());
    return add({Op::field, 0, static_cast<std::uint32_t>(out_.names_.size() - 1), 0, 0});
  }

  const std::string& text_;
  std::size_t at_ = 0;
  int depth_ = 0;
  Expression out_;
  std::optional<Error> error_;
};

Result<Expression> Expression::parse(const std::string& text) {
  return ExpressionParser(text).parse();
}

bool Expression::is_costly() const {
  return std::any_of(names_.begin(), names_.end(),
                     [](const FieldName& name) { return fields()[name.index].kind == FieldKind::by_path; });
}

std::optional<std::int64_t> Expression::value(Fields& values) const {
  return nodes_.empty() ? std::nullopt : at(static_cast<std::uint32_t>(nodes_.size() - 1), values);
}

std::optional<std::int64_t> Expression::at(std::uint32_t place, Fields& values) const {
  const Node& node = nodes_[place];
  const auto flag = [](bool value) { return value ? kScale : 0; };
  if (node.op == Op::number) return node.number;
  if (node.op == Op::field) return values.value(names_[node.field]);
  const std::optional<std::int64_t> left = at(node.left, values);
  if (node.op == Op::both && left && *left == 0) return 0;
  if (node.op == Op::either && left && *left != 0) return kScale;
  if (node.op == Op::negate || node.op == Op::invert || node.op == Op::absolute) {
    if (!left) return std::nullopt;
    if (node.op == Op::invert) return flag(*left == 0);
    if (node.op == Op::absolute) return clamped(*left < 0 ? -static_cast<Wide>(*left) : static_cast<Wide>(*left));
    return clamped(-static_cast<Wide>(*left));
  }
  const std::optional<std::int64_t> right = at(node.right, values);
  if (node.op == Op::both || node.op == Op::either) {
    if (!right) return std::nullopt;
    if (node.op == Op::either) return *right != 0 ? std::optional<std::int64_t>(kScale) : left;
    if (*right == 0) return 0;
    return left ? std::optional<std::int64_t>(kScale) : std::nullopt;
  }
  if (!left || !right) return std::nullopt;
  const Wide a = *left;
  const Wide b = *right;
  switch (node.op) {
    case Op::add: return clamped(a + b);
    case Op::subtract: return clamped(a - b);
    case Op::multiply: return divided(a * b, kScale);
    case Op::divide:
      if (*right == 0) return std::nullopt;
      return divided(a * kScale, *right);
    case Op::less: return flag(a < b);
    case Op::less_equal: return flag(a <= b);
    case Op::greater: return flag(a > b);
    case Op::greater_equal: return flag(a >= b);
    case Op::equal: return flag(a == b);
    case Op::not_equal: return flag(a != b);
    case Op::smaller: return std::min(*left, *right);
    case Op::larger: return std::max(*left, *right);
    default: return std::nullopt;
  }
}

std::string Expression::values_text(Fields& values) const {
  std::string text;
  std::vector<std::string> told;
  for (const FieldName& name : names_) {
    const std::string full = name_of(name);
    if (std::find(told.begin(), told.end(), full) != told.end()) continue;
    told.push_back(full);
    const std::optional<std::int64_t> value = values.value(name);
    text += (text.empty() ? "" : ", ") + full + " " + (value ? value_text(name, *value) : "unknown");
  }
  return text;
}

}  // namespace reprise::sim::scenario
