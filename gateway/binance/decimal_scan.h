// Decimal text straight to int64 at 1e-8, for the hot path. parse_decimal (engine/market/fixed.h) is the
// reference: where scan_decimal accepts, both give the same number (a test says so); it declines what is
// rare (signs, exponents, more than 18 digits or 8 decimals), and the caller takes the slow road then.
//
// Eight characters at a time in one integer register, where there is room behind p to load them; one by one near
// the end. Inlined by force: a call would keep p in memory, and this is where most of an import's time goes. Nothing is
// read at or behind `end`. Little-endian, as everything here.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace reprise::gateway {

namespace eight_digits {
inline constexpr std::int64_t kPowers[9] = {1, 10, 100, 1'000, 10'000, 100'000, 1'000'000, 10'000'000, 100'000'000};

// Each character less '0', the first one in the lowest byte.
inline std::uint64_t load(const char* p) {
  std::uint64_t text;
  std::memcpy(&text, p, sizeof text);
  return text ^ 0x3030'3030'3030'3030;
}
// Digits before the first character that is none: 0 to 8.
inline unsigned count(std::uint64_t loaded) {
  const std::uint64_t others =
      (((loaded & 0x7f7f'7f7f'7f7f'7f7f) + 0x7676'7676'7676'7676) | loaded) & 0x8080'8080'8080'8080;
  return static_cast<unsigned>(std::countr_zero(others)) / 8;  // of 0: 64
}
// The number that the first `digits` (1 to 8) of them make: pairs, fours, eights.
inline std::int64_t value(std::uint64_t loaded, unsigned digits) {
  std::uint64_t v = loaded << (64 - 8 * digits);  // zeros in front
  v = (v * (1 + (10 << 8))) >> 8 & 0x00ff'00ff'00ff'00ff;
  v = (v * (1 + (100 << 16))) >> 16 & 0x0000'ffff'0000'ffff;
  v = (v * (1 + (10'000ull << 32))) >> 32;
  return static_cast<std::int64_t>(v);
}
}  // namespace eight_digits

// One character after the other: near the end of the text, and for numbers that are long.
bool scan_decimal_slowly(const char*& p, const char* end, std::int64_t& e8);
bool scan_unsigned_slowly(const char*& p, const char* end, std::int64_t& value);

// Reads digits [. digits] at p and leaves p behind them. False: declined, p is anywhere.
[[gnu::always_inline]] inline bool scan_decimal(const char*& p, const char* end, std::int64_t& e8) {
  using namespace eight_digits;
  if (end - p <= 16) return scan_decimal_slowly(p, end, e8);
  const std::uint64_t text = load(p);
  const unsigned digits = count(text);
  if (digits - 1 >= 7) return scan_decimal_slowly(p, end, e8);  // 1 to 7: the product below cannot overflow
  const std::int64_t whole = value(text, digits) * kPowers[8];
  p += digits;
  if (*p != '.') {
    e8 = whole;
    return true;
  }
  const std::uint64_t rest = load(++p);
  const unsigned decimals = count(rest);
  if (decimals == 0) return false;
  p += decimals;
  if (decimals == 8 && static_cast<unsigned char>(*p - '0') < 10) return false;
  e8 = whole + value(rest, decimals) * kPowers[8 - decimals];
  return true;
}

// Reads up to 18 digits; false where there is none or there are more.
[[gnu::always_inline]] inline bool scan_unsigned(const char*& p, const char* end, std::int64_t& value) {
  using namespace eight_digits;
  if (end - p < 16) return scan_unsigned_slowly(p, end, value);
  const std::uint64_t text = load(p);
  const unsigned digits = count(text);
  if (digits == 0) return false;
  const std::uint64_t rest = load(p + 8);
  const unsigned more = digits == 8 ? count(rest) : 0;
  if (more == 8) return scan_unsigned_slowly(p, end, value);
  value = eight_digits::value(text, digits) * kPowers[more];
  if (more != 0) value += eight_digits::value(rest, more);
  p += digits + more;
  return true;
}

// Reads what scan_unsigned (is_integer: `value` is the number itself) or else scan_decimal (`value` at 1e-8) reads.
[[gnu::always_inline]] inline bool scan_number(const char*& p, const char* end, std::int64_t& value, bool& is_integer) {
  using namespace eight_digits;
  if (end - p > 16) {
    const std::uint64_t text = load(p);
    const unsigned digits = count(text);
    const std::uint64_t rest = load(p + 8);
    const unsigned more = digits == 8 ? count(rest) : 0;
    const char* const behind = p + digits + more;
    if (more < 8 && *behind != '.') {
      if (digits == 0) return false;
      is_integer = true;
      value = eight_digits::value(text, digits) * kPowers[more];
      if (more != 0) value += eight_digits::value(rest, more);
      p = behind;
      return true;
    }
    is_integer = false;
    if (digits < 8) return scan_decimal(p, end, value);
  }
  const char* const first = p;
  is_integer = scan_unsigned(p, end, value) && (p == end || *p != '.');
  if (is_integer) return true;
  p = first;
  return scan_decimal(p, end, value);
}

}  // namespace reprise::gateway
