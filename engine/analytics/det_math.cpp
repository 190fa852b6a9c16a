#include "engine/analytics/det_math.h"

#include <bit>

#include "engine/market/fixed.h"
#include "journal/assert.h"

namespace reprise::engine {

namespace {
// ln 2 in two parts; the high part has 20 trailing zero bits, so that k * high is exact for |k| < 2^20.
constexpr double kLn2High = 6.93147180369123816490e-01;
constexpr double kLn2Low = 1.90821492927058770002e-10;
constexpr double kLn2Inverse = 1.44269504088896338700e+00;
constexpr double kSqrt2 = 1.41421356237309514547e+00;

double power_of_two(int exponent) {  // -1022..1023
  return std::bit_cast<double>(static_cast<std::uint64_t>(exponent + 1023) << 52);
}
}  // namespace

double det_log(double x) {
  REPRISE_ASSERT(x > 0 && x <= 1.7976931348623157e308, "logarithm of a number that is not positive and finite");
  int exponent = 0;
  if (x < 2.2250738585072014e-308) {  // subnormal
    x *= 18014398509481984.0;         // 2^54
    exponent = -54;
  }
  const auto bits = std::bit_cast<std::uint64_t>(x);
  exponent += static_cast<int>(bits >> 52) - 1023;
  double m = std::bit_cast<double>((bits & 0x000FFFFFFFFFFFFFull) | 0x3FF0000000000000ull);
  if (m > kSqrt2) {
    m *= 0.5;
    ++exponent;
  }
  // m in [sqrt(1/2), sqrt(2)]: ln m = 2 atanh(s), s = f / (2 + f), |s| < 0.172. Written as f - (f^2/2 - s (f^2/2 + R)),
  // so that the rounding of s does not matter near 1.
  const double f = m - 1.0;
  const double s = f / (2.0 + f);
  const double z = s * s;
  double r = 0.0;
  for (int k = 12; k >= 1; --k) r = (r + 2.0 / static_cast<double>(2 * k + 1)) * z;  // 2z/3 + 2z^2/5 + ...
  const double half = 0.5 * f * f;
  const double e = static_cast<double>(exponent);
  return e * kLn2High - ((half - (s * (half + r) + e * kLn2Low)) - f);
}

double det_exp(double x) {
  REPRISE_ASSERT(x <= 709.0, "exponential leaves the range of a double");
  if (x < -708.0) return 0.0;
  const double scaled = x * kLn2Inverse;
  const int k = static_cast<int>(scaled + (scaled < 0 ? -0.5 : 0.5));
  const double high = x - static_cast<double>(k) * kLn2High;
  const double low = static_cast<double>(k) * kLn2Low;
  const double r = high - low;  // |r| < 0.347
  double sum = 0.0;
  for (int n = 15; n >= 2; --n) sum = (sum + 1.0) * r / static_cast<double>(n);  // r/2 + r^2/6 + ...
  const double result = 1.0 + (r + r * sum);
  return k >= -1022 && k <= 1023 ? result * power_of_two(k) : result * power_of_two(k / 2) * power_of_two(k - k / 2);
}

std::int64_t quantise(double value) {
  REPRISE_ASSERT(value == value, "NaN reached a decision");
  const double scaled = value * 1e8;
  if (scaled >= 9.2e18) return 9'200'000'000'000'000'000;
  if (scaled <= -9.2e18) return -9'200'000'000'000'000'000;
  return static_cast<std::int64_t>(scaled + (scaled < 0 ? -0.5 : 0.5));
}

}  // namespace reprise::engine
