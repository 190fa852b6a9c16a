// Decimal text straight to int64 at 1e-8, for the hot path. parse_decimal (engine/market/fixed.h) is the
// reference: where scan_decimal accepts, both give the same number (a test says so); it declines what is
// rare (signs, exponents, more than 18 digits or 8 decimals), and the caller takes the slow road then.
#pragma once

#include <cstdint>

namespace reprise::gateway {

// Reads digits [. digits] at p and leaves p behind them. False: declined, p is anywhere.
inline bool scan_decimal(const char*& p, const char* end, std::int64_t& e8) {
  static constexpr std::int64_t kPowers[9] = {1, 10, 100, 1'000, 10'000, 100'000, 1'000'000, 10'000'000, 100'000'000};
  std::uint64_t mantissa = 0;
  const char* const first = p;
  while (p < end && static_cast<unsigned char>(*p - '0') < 10)
    mantissa = mantissa * 10 + static_cast<unsigned char>(*p++ - '0');
  std::ptrdiff_t digits = p - first;
  std::ptrdiff_t decimals = 0;
  if (digits == 0) return false;
  if (p < end && *p == '.') {
    const char* const point = ++p;
    while (p < end && static_cast<unsigned char>(*p - '0') < 10)
      mantissa = mantissa * 10 + static_cast<unsigned char>(*p++ - '0');
    decimals = p - point;
    digits += decimals;
    if (decimals == 0) return false;
  }
  if (digits > 18 || decimals > 8) return false;
  return !__builtin_mul_overflow(static_cast<std::int64_t>(mantissa), kPowers[8 - decimals], &e8);
}

// Reads up to 18 digits; false where there is none or there are more.
inline bool scan_unsigned(const char*& p, const char* end, std::int64_t& value) {
  std::uint64_t sum = 0;
  const char* const first = p;
  while (p < end && static_cast<unsigned char>(*p - '0') < 10) sum = sum * 10 + static_cast<unsigned char>(*p++ - '0');
  const std::ptrdiff_t digits = p - first;
  if (digits == 0 || digits > 18) return false;
  value = static_cast<std::int64_t>(sum);
  return true;
}

}  // namespace reprise::gateway
