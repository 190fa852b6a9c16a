#include "config/values.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

namespace reprise::config {

namespace {

__extension__ typedef __int128 Wide;  // NOLINT(modernize-use-using)

constexpr std::int64_t kScale = 100'000'000;
constexpr std::size_t kMaxTextBytes = 256;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Text as it may be shown in a message: short, and without bytes that disturb a terminal.
std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text.substr(0, 60)) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  if (text.size() > 60) out += "...";
  return out + "\"";
}

Error wrong(std::string_view text, const std::string& what) {
  return usage_error(in_quotes(text) + " is not " + what);
}

struct Unit {
  std::string_view name;
  std::int64_t ns;
};
constexpr std::array<Unit, 7> kUnits = {{{"d", 86'400'000'000'000},
                                         {"h", 3'600'000'000'000},
                                         {"m", 60'000'000'000},
                                         {"s", 1'000'000'000},
                                         {"ms", 1'000'000},
                                         {"us", 1'000},
                                         {"ns", 1}}};

Result<std::int64_t> decimal_of(std::string_view text) {
  constexpr const char* kWhat = "a decimal number";
  if (text.size() > 64) return wrong(text, kWhat);
  std::size_t i = 0;
  bool negative = false;
  if (i < text.size() && (text[i] == '-' || text[i] == '+')) negative = text[i++] == '-';
  Wide mantissa = 0;
  int exponent = 8;  // the result counts units of 1e-8
  int significant = 0;
  bool any_digit = false;
  bool in_fraction = false;
  for (; i < text.size(); ++i) {
    if (text[i] == '.' && !in_fraction) {
      in_fraction = true;
      continue;
    }
    if (!is_digit(text[i])) break;
    any_digit = true;
    if (in_fraction) --exponent;
    if (significant == 36) {  // 128 bits hold no more; zeros behind the point change nothing
      if (text[i] == '0' && in_fraction) {
        ++exponent;
        continue;
      }
      return usage_error(in_quotes(text) + " has too many digits");
    }
    mantissa = mantissa * 10 + (text[i] - '0');
    if (mantissa != 0) ++significant;
  }
  if (!any_digit) return wrong(text, kWhat);
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    bool exponent_negative = false;
    if (i < text.size() && (text[i] == '-' || text[i] == '+')) exponent_negative = text[i++] == '-';
    const std::size_t first = i;
    int value = 0;
    for (; i < text.size() && is_digit(text[i]); ++i) value = std::min(value * 10 + (text[i] - '0'), 1000);
    if (i == first) return wrong(text, kWhat);
    exponent += exponent_negative ? -value : value;
  }
  if (i != text.size()) return wrong(text, kWhat);
  if (mantissa == 0) return std::int64_t{0};
  for (; exponent < 0; ++exponent) {
    if (mantissa % 10 != 0) return usage_error(in_quotes(text) + " has more than 8 decimals");
    mantissa /= 10;
  }
  constexpr Wide kMax = std::numeric_limits<std::int64_t>::max();
  for (; exponent > 0; --exponent) {
    if (mantissa > kMax / 10) return usage_error(in_quotes(text) + " is too large (the largest is 92233720368)");
    mantissa *= 10;
  }
  if (mantissa > kMax) return usage_error(in_quotes(text) + " is too large (the largest is 92233720368)");
  return static_cast<std::int64_t>(negative ? -mantissa : mantissa);
}

// Whole numbers from the smallest int64 to the largest uint64.
Result<Wide> integer_of(std::string_view text) {
  std::size_t i = 0;
  const bool negative = !text.empty() && text[0] == '-';
  if (negative) ++i;
  if (i == text.size() || text.size() > 24) return wrong(text, "a whole number");
  if (text[i] == '0' && text.size() > i + 1) return wrong(text, "a whole number without leading zeros");
  Wide value = 0;
  for (; i < text.size(); ++i) {
    if (!is_digit(text[i])) return wrong(text, "a whole number");
    value = value * 10 + (text[i] - '0');
  }
  if (negative) value = -value;
  if (value > static_cast<Wide>(std::numeric_limits<std::uint64_t>::max()) ||
      value < static_cast<Wide>(std::numeric_limits<std::int64_t>::min())) {
    return usage_error(in_quotes(text) + " does not fit 64 bits");
  }
  return value;
}

std::string integer_text(Wide value) {
  if (value < 0) return std::to_string(static_cast<std::int64_t>(value));
  return std::to_string(static_cast<std::uint64_t>(value));
}

// The number behind a canonical text, in the unit of its type, for comparing with a range.
Wide magnitude_of(ValueType type, const std::string& canonical) {
  switch (type) {
    case ValueType::decimal: return decimal_of(canonical).value();
    case ValueType::duration: return parse_duration_ns(canonical).value();
    case ValueType::integer: return integer_of(canonical).value();
    default: return 0;
  }
}

Result<std::string> canonical_unchecked(const ValueRule& rule, std::string_view text) {
  switch (rule.type) {
    case ValueType::decimal: {
      auto value = decimal_of(text);
      if (!value) return value.error();
      return decimal_e8_text(*value);
    }
    case ValueType::integer: {
      auto value = integer_of(text);
      if (!value) return value.error();
      return integer_text(*value);
    }
    case ValueType::duration: {
      auto value = parse_duration_ns(std::string(text));
      if (!value) return value.error();
      return duration_text(*value);
    }
    case ValueType::flag:
      if (text == "true" || text == "false") return std::string(text);
      return wrong(text, "true or false");
    case ValueType::choice: {
      if (std::find(rule.choices.begin(), rule.choices.end(), text) != rule.choices.end()) return std::string(text);
      Error error = wrong(text, "one of " + range_text(rule));
      const std::string near = nearest(text, rule.choices);
      if (!near.empty()) error.hint = "did you mean \"" + near + "\"?";
      return error;
    }
    case ValueType::symbol:
      if (text.empty() || is_symbol(text)) return std::string(text);
      return wrong(text, "a symbol such as BTCUSDT");
    case ValueType::asset:
      if (text.empty() || (is_symbol(text) && text.size() <= 16)) return std::string(text);
      return wrong(text, "an asset such as USDT");
    case ValueType::text:
      if (text.size() > kMaxTextBytes) return usage_error(in_quotes(text) + " is longer than 256 bytes");
      for (const char c : text) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
          return wrong(text, "plain text (it has control characters)");
      }
      return std::string(text);
  }
  return wrong(text, "understood");
}

}  // namespace

const char* name_of(ValueType type) {
  switch (type) {
    case ValueType::decimal: return "decimal";
    case ValueType::integer: return "integer";
    case ValueType::duration: return "duration";
    case ValueType::flag: return "flag";
    case ValueType::choice: return "choice";
    case ValueType::text: return "text";
    case ValueType::symbol: return "symbol";
    case ValueType::asset: return "asset";
  }
  return "?";
}

ValueRule rule_of(const ParameterSpec& spec) {
  ValueRule rule;
  switch (spec.type) {
    case ParameterSpec::Type::decimal: rule.type = ValueType::decimal; break;
    case ParameterSpec::Type::integer: rule.type = ValueType::integer; break;
    case ParameterSpec::Type::duration: rule.type = ValueType::duration; break;
    case ParameterSpec::Type::flag: rule.type = ValueType::flag; break;
    case ParameterSpec::Type::choice: rule.type = ValueType::choice; break;
  }
  rule.minimum = spec.minimum;
  rule.maximum = spec.maximum;
  rule.choices = spec.choices;
  return rule;
}

Result<std::string> canonical_value(const ValueRule& rule, std::string_view text) {
  auto canonical = canonical_unchecked(rule, text);
  if (!canonical) return canonical;
  const Wide value = magnitude_of(rule.type, *canonical);
  const bool too_small = !rule.minimum.empty() && value < magnitude_of(rule.type, rule.minimum);
  const bool too_large = !rule.maximum.empty() && value > magnitude_of(rule.type, rule.maximum);
  if (too_small || too_large) return usage_error(in_quotes(text) + " is out of range: " + range_text(rule));
  return canonical;
}

std::string range_text(const ValueRule& rule) {
  if (!rule.choices.empty()) {
    std::string text;
    for (const std::string& choice : rule.choices) text += (text.empty() ? "" : " | ") + choice;
    return text;
  }
  if (!rule.minimum.empty() && !rule.maximum.empty()) return rule.minimum + " to " + rule.maximum;
  if (!rule.minimum.empty()) return "at least " + rule.minimum;
  if (!rule.maximum.empty()) return "at most " + rule.maximum;
  return "";
}

std::string decimal_e8_text(std::int64_t e8) {
  const std::uint64_t magnitude = e8 < 0 ? 0 - static_cast<std::uint64_t>(e8) : static_cast<std::uint64_t>(e8);
  std::string text = std::to_string(magnitude / kScale);
  if (const std::uint64_t fraction = magnitude % kScale; fraction != 0) {
    std::string digits = std::to_string(fraction);
    digits.insert(0, 8 - digits.size(), '0');
    while (digits.back() == '0') digits.pop_back();
    text += '.';
    text += digits;
  }
  return e8 < 0 ? "-" + text : text;
}

bool is_symbol(std::string_view text) {
  if (text.empty() || text.size() > 40) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return is_digit(c) || is_letter(c) || c == '.' || c == '_' || c == '-' || c == ':';
  });
}

bool is_name(std::string_view text) {
  if (text.empty() || text.size() > 32) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_digit(c) || is_letter(c) || c == '_' || c == '-'; });
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> previous(b.size() + 1);
  std::vector<std::size_t> current(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) previous[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t cost = a[i - 1] == b[j - 1] ? 0 : 1;
      current[j] = std::min({previous[j] + 1, current[j - 1] + 1, previous[j - 1] + cost});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        current[j] = std::min(current[j], before[j - 2] + 1);
      }
    }
    std::swap(before, previous);
    std::swap(previous, current);
  }
  return previous[b.size()];
}

std::string nearest(std::string_view wrong_text, const std::vector<std::string>& candidates) {
  const std::string_view given = wrong_text.substr(0, 120);
  const auto last_part = [](std::string_view path) { return path.substr(path.rfind('.') + 1); };
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(2, given.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    std::size_t distance = edit_distance(given, candidate);
    // The right name in the wrong section is a likely mistake too.
    const std::string_view name = last_part(given);
    const std::size_t by_name = edit_distance(name, last_part(candidate));
    if (by_name <= std::max<std::size_t>(1, name.size() / 4)) distance = std::min(distance, by_name + 1);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

Result<std::int64_t> parse_decimal_e8(const std::string& text) {
  return decimal_of(text);
}

Result<std::int64_t> parse_duration_ns(const std::string& text) {
  if (text == "0") return std::int64_t{0};
  constexpr const char* kWhat = "a duration such as 250ms, 5s, 1m, 8h or 1d";
  std::size_t i = 0;
  const bool negative = !text.empty() && text[0] == '-';
  if (negative) ++i;
  const std::size_t first = i;
  Wide whole = 0;
  for (; i < text.size() && is_digit(text[i]); ++i) {
    whole = whole * 10 + (text[i] - '0');
    if (whole > std::numeric_limits<std::int64_t>::max()) return usage_error(in_quotes(text) + " is too long a time");
  }
  if (i == first) return wrong(text, kWhat);
  Wide fraction = 0;
  Wide fraction_scale = 1;
  if (i < text.size() && text[i] == '.') {
    const std::size_t fraction_first = ++i;
    for (; i < text.size() && is_digit(text[i]); ++i) {
      if (i - fraction_first >= 12) return wrong(text, kWhat);
      fraction = fraction * 10 + (text[i] - '0');
      fraction_scale *= 10;
    }
    if (i == fraction_first) return wrong(text, kWhat);
  }
  const std::string_view unit_name = std::string_view(text).substr(i);
  const auto* unit = std::find_if(kUnits.begin(), kUnits.end(), [&](const Unit& u) { return u.name == unit_name; });
  if (unit == kUnits.end()) return wrong(text, kWhat);
  if (fraction * unit->ns % fraction_scale != 0)
    return usage_error(in_quotes(text) + " is not a whole number of nanoseconds");
  const Wide ns = whole * unit->ns + fraction * unit->ns / fraction_scale;
  if (ns > std::numeric_limits<std::int64_t>::max()) return usage_error(in_quotes(text) + " is too long a time");
  return static_cast<std::int64_t>(negative ? -ns : ns);
}

std::string duration_text(std::int64_t ns) {
  if (ns == 0) return "0";
  for (const Unit& unit : kUnits) {
    if (ns % unit.ns == 0) return std::to_string(ns / unit.ns) + std::string(unit.name);
  }
  return std::to_string(ns) + "ns";
}

}  // namespace reprise::config
