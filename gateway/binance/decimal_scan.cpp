#include "gateway/binance/decimal_scan.h"

namespace reprise::gateway {

bool scan_decimal_slowly(const char*& p, const char* end, std::int64_t& e8) {
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
  return !__builtin_mul_overflow(static_cast<std::int64_t>(mantissa), eight_digits::kPowers[8 - decimals], &e8);
}

bool scan_unsigned_slowly(const char*& p, const char* end, std::int64_t& value) {
  std::uint64_t sum = 0;
  const char* const first = p;
  if (end - p >= 8 && eight_digits::count(eight_digits::load(p)) == 8) {
    sum = static_cast<std::uint64_t>(eight_digits::value(eight_digits::load(p), 8));
    p += 8;
  }
  while (p < end && static_cast<unsigned char>(*p - '0') < 10) sum = sum * 10 + static_cast<unsigned char>(*p++ - '0');
  const std::ptrdiff_t digits = p - first;
  if (digits == 0 || digits > 18) return false;
  value = static_cast<std::int64_t>(sum);
  return true;
}

}  // namespace reprise::gateway
