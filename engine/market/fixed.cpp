#include "engine/market/fixed.h"

namespace reprise {

namespace {
__extension__ typedef __int128 Wide;  // NOLINT(modernize-use-using)

std::int64_t narrow(Wide value) {
  REPRISE_ASSERT(value <= std::numeric_limits<std::int64_t>::max(), "fixed-point result overflows");
  REPRISE_ASSERT(value >= std::numeric_limits<std::int64_t>::min(), "fixed-point result underflows");
  return static_cast<std::int64_t>(value);
}
}  // namespace

std::int64_t mul_div(std::int64_t a, std::int64_t b, std::int64_t c, Rounding rounding) {
  REPRISE_ASSERT(c != 0, "fixed-point division by zero");
  Wide numerator = static_cast<Wide>(a) * b;
  Wide denominator = c;
  if (denominator < 0) {
    numerator = -numerator;
    denominator = -denominator;
  }
  Wide quotient = 0;
  Wide rest = 0;
  // Most products fit 64 bits or have a positive 64-bit quotient: the compiler's 128-bit division is a call,
  // so the narrow case is taken first. Both give the same number.
  if (numerator <= std::numeric_limits<std::int64_t>::max() && numerator >= std::numeric_limits<std::int64_t>::min()) {
    const auto n = static_cast<std::int64_t>(numerator);
    const auto d = static_cast<std::int64_t>(denominator);
    quotient = n / d;
    rest = n % d;
  } else {
    quotient = numerator / denominator;
    rest = numerator % denominator;
  }
  if (rest != 0) {
    const bool negative = rest < 0;
    const Wide magnitude = negative ? -rest : rest;
    switch (rounding) {
      case Rounding::half_away:
        if (magnitude * 2 >= denominator) quotient += negative ? -1 : 1;
        break;
      case Rounding::toward_zero: break;
      case Rounding::away_from_zero: quotient += negative ? -1 : 1; break;
      case Rounding::floor: quotient -= negative ? 1 : 0; break;
      case Rounding::ceiling: quotient += negative ? 0 : 1; break;
    }
  }
  return narrow(quotient);
}

std::int64_t floor_to(std::int64_t value, std::int64_t step) {
  REPRISE_ASSERT(step > 0, "step must be positive");
  std::int64_t rest = value % step;
  if (rest < 0) rest += step;
  return detail::checked_sub(value, rest);
}

std::int64_t ceil_to(std::int64_t value, std::int64_t step) {
  const std::int64_t floor = floor_to(value, step);
  return floor == value ? value : detail::checked_add(floor, step);
}

std::string decimal_text(std::int64_t e8) {
  const bool negative = e8 < 0;
  const std::uint64_t magnitude = negative ? 0 - static_cast<std::uint64_t>(e8) : static_cast<std::uint64_t>(e8);
  std::string text = std::to_string(magnitude / kScale);
  std::uint64_t fraction = magnitude % kScale;
  if (fraction != 0) {
    std::string digits = std::to_string(fraction);
    digits.insert(0, 8 - digits.size(), '0');
    while (digits.back() == '0') digits.pop_back();
    text += '.';
    text += digits;
  }
  return negative ? "-" + text : text;
}

bool parse_decimal(std::string_view text, std::int64_t& e8, bool truncate) {
  std::size_t i = 0;
  bool negative = false;
  if (i < text.size() && (text[i] == '-' || text[i] == '+')) negative = text[i++] == '-';

  // Mantissa as digits with a decimal exponent; 19 significant digits are enough for int64.
  Wide mantissa = 0;
  int exponent = 0;
  int digits = 0;
  bool seen_digit = false;
  bool in_fraction = false;
  bool dropped = false;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '.' && !in_fraction) {
      in_fraction = true;
      continue;
    }
    if (c < '0' || c > '9') break;
    seen_digit = true;
    if (digits >= 30) {
      if (c != '0') dropped = true;
      if (!in_fraction) ++exponent;
      continue;
    }
    mantissa = mantissa * 10 + (c - '0');
    if (mantissa != 0) ++digits;
    if (in_fraction) --exponent;
  }
  if (!seen_digit) return false;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    bool exponent_negative = false;
    if (i < text.size() && (text[i] == '-' || text[i] == '+')) exponent_negative = text[i++] == '-';
    int value = 0;
    std::size_t first = i;
    for (; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i) {
      if (value < 1000) value = value * 10 + (text[i] - '0');
    }
    if (i == first) return false;
    exponent += exponent_negative ? -value : value;
  }
  if (i != text.size()) return false;

  exponent += 8;  // to units of 1e-8
  if (mantissa == 0) {
    e8 = 0;
    return true;
  }
  while (exponent < 0) {
    if (mantissa % 10 != 0) dropped = true;
    mantissa /= 10;
    ++exponent;
    if (mantissa == 0) break;
  }
  if (dropped && !truncate) return false;
  constexpr Wide kMax = std::numeric_limits<std::int64_t>::max();
  for (; exponent > 0 && mantissa != 0; --exponent) {
    if (mantissa > kMax / 10) return false;
    mantissa *= 10;
  }
  if (mantissa > kMax) return false;
  e8 = static_cast<std::int64_t>(negative ? -mantissa : mantissa);
  return true;
}

}  // namespace reprise
