// Fixed-point numbers: int64 at 1e-8, strong types, exact algebra.
//
//   Price +- PriceDelta = Price        Price - Price       = PriceDelta
//   Qty   +- Qty        = Qty          Money +- Money      = Money
//   Price * Qty         = Money        PriceDelta * Qty    = Money
//   Money * Rate        = Money        Price * Rate        = Price      Qty * Rate = Qty
//   Money / Price       = Qty          Money / Qty         = Price      ratio(Money, Money) = Rate
//
// Products and quotients go through 128 bits and round half away from zero unless a rounding is
// named. Anything that leaves int64 is a bug and asserts. Price + Price does not compile.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>

#include "journal/assert.h"

namespace reprise {

inline constexpr std::int64_t kScale = 100'000'000;

enum class Rounding { half_away, toward_zero, away_from_zero, floor, ceiling };

// a * b / c with a stated rounding; asserts that c is not 0 and that the result fits.
std::int64_t mul_div(std::int64_t a, std::int64_t b, std::int64_t c, Rounding rounding = Rounding::half_away);

template <class Tag>
struct Fixed {
  std::int64_t e8 = 0;

  static constexpr Fixed of_e8(std::int64_t value) { return Fixed{value}; }
  static constexpr Fixed zero() { return Fixed{0}; }
  static constexpr Fixed whole(std::int64_t units) { return Fixed{units * kScale}; }
  static constexpr Fixed max() { return Fixed{std::numeric_limits<std::int64_t>::max()}; }

  constexpr auto operator<=>(const Fixed&) const = default;
  constexpr bool is_zero() const { return e8 == 0; }
  constexpr bool is_positive() const { return e8 > 0; }
  constexpr bool is_negative() const { return e8 < 0; }
  constexpr int sign() const { return (e8 > 0) - (e8 < 0); }
  constexpr Fixed abs() const { return Fixed{e8 < 0 ? -e8 : e8}; }
};

struct PriceTag;
struct PriceDeltaTag;
struct QtyTag;
struct MoneyTag;
struct RateTag;
using Price = Fixed<PriceTag>;
using PriceDelta = Fixed<PriceDeltaTag>;
using Qty = Fixed<QtyTag>;      // signed where a position is meant
using Money = Fixed<MoneyTag>;  // of one asset; the asset is named by the context
using Rate = Fixed<RateTag>;

namespace detail {
inline std::int64_t checked_add(std::int64_t a, std::int64_t b) {
  std::int64_t r;
  REPRISE_ASSERT(!__builtin_add_overflow(a, b, &r), "fixed-point sum overflows");
  return r;
}
inline std::int64_t checked_sub(std::int64_t a, std::int64_t b) {
  std::int64_t r;
  REPRISE_ASSERT(!__builtin_sub_overflow(a, b, &r), "fixed-point difference overflows");
  return r;
}
}  // namespace detail

template <class Tag>
requires(!std::is_same_v<Tag, PriceTag>) inline Fixed<Tag> operator+(Fixed<Tag> a, Fixed<Tag> b) {
  return {detail::checked_add(a.e8, b.e8)};
}
template <class Tag>
requires(!std::is_same_v<Tag, PriceTag>) inline Fixed<Tag> operator-(Fixed<Tag> a, Fixed<Tag> b) {
  return {detail::checked_sub(a.e8, b.e8)};
}
template <class Tag>
requires(!std::is_same_v<Tag, PriceTag>) inline Fixed<Tag> operator-(Fixed<Tag> a) {
  return {detail::checked_sub(0, a.e8)};
}
template <class Tag>
requires(!std::is_same_v<Tag, PriceTag>) inline Fixed<Tag>& operator+=(Fixed<Tag>& a, Fixed<Tag> b) {
  return a = a + b;
}
template <class Tag>
requires(!std::is_same_v<Tag, PriceTag>) inline Fixed<Tag>& operator-=(Fixed<Tag>& a, Fixed<Tag> b) {
  return a = a - b;
}

inline Price operator+(Price p, PriceDelta d) {
  return {detail::checked_add(p.e8, d.e8)};
}
inline Price operator-(Price p, PriceDelta d) {
  return {detail::checked_sub(p.e8, d.e8)};
}
inline PriceDelta operator-(Price a, Price b) {
  return {detail::checked_sub(a.e8, b.e8)};
}

inline Money mul(Price p, Qty q, Rounding r = Rounding::half_away) {
  return {mul_div(p.e8, q.e8, kScale, r)};
}
inline Money mul(PriceDelta d, Qty q, Rounding r = Rounding::half_away) {
  return {mul_div(d.e8, q.e8, kScale, r)};
}
inline Money mul(Money m, Rate x, Rounding r = Rounding::half_away) {
  return {mul_div(m.e8, x.e8, kScale, r)};
}
inline Price mul(Price p, Rate x, Rounding r = Rounding::half_away) {
  return {mul_div(p.e8, x.e8, kScale, r)};
}
inline PriceDelta mul(PriceDelta p, Rate x, Rounding r = Rounding::half_away) {
  return {mul_div(p.e8, x.e8, kScale, r)};
}
inline Qty mul(Qty q, Rate x, Rounding r = Rounding::half_away) {
  return {mul_div(q.e8, x.e8, kScale, r)};
}
inline Qty div(Money m, Price p, Rounding r = Rounding::toward_zero) {
  return {mul_div(m.e8, kScale, p.e8, r)};
}
inline Qty div(Money m, PriceDelta d, Rounding r = Rounding::toward_zero) {
  return {mul_div(m.e8, kScale, d.e8, r)};
}
inline Price div(Money m, Qty q, Rounding r = Rounding::half_away) {
  return {mul_div(m.e8, kScale, q.e8, r)};
}
inline Rate ratio(Money a, Money b, Rounding r = Rounding::half_away) {
  return {mul_div(a.e8, kScale, b.e8, r)};
}
inline Rate ratio(PriceDelta a, Price b, Rounding r = Rounding::half_away) {
  return {mul_div(a.e8, kScale, b.e8, r)};
}
inline Money operator*(Price p, Qty q) {
  return mul(p, q);
}
inline Money operator*(PriceDelta d, Qty q) {
  return mul(d, q);
}
inline Money operator*(Money m, Rate x) {
  return mul(m, x);
}

// Largest multiple of `step` that is <= value (floor) or smallest >= value (ceiling); step > 0.
std::int64_t floor_to(std::int64_t value, std::int64_t step);
std::int64_t ceil_to(std::int64_t value, std::int64_t step);
template <class Tag>
Fixed<Tag> floor_to(Fixed<Tag> v, Fixed<Tag> step) {
  return {floor_to(v.e8, step.e8)};
}
template <class Tag>
Fixed<Tag> ceil_to(Fixed<Tag> v, Fixed<Tag> step) {
  return {ceil_to(v.e8, step.e8)};
}

// "-12.5" for -1250000000; no exponent, no trailing zeros beyond what is needed ("0" for zero).
std::string decimal_text(std::int64_t e8);
template <class Tag>
std::string decimal_text(Fixed<Tag> v) {
  return decimal_text(v.e8);
}

// Parses a plain decimal, optionally with an exponent ("1e-05"). False on anything else, on more than
// 8 decimals that are not zero (unless `truncate`) and on overflow.
bool parse_decimal(std::string_view text, std::int64_t& e8, bool truncate = false);

// Lengths of time in nanoseconds.
inline constexpr std::int64_t kMillisecond = 1'000'000;
inline constexpr std::int64_t kSecond = 1'000 * kMillisecond;
inline constexpr std::int64_t kMinute = 60 * kSecond;
inline constexpr std::int64_t kHour = 60 * kMinute;
inline constexpr std::int64_t kDay = 24 * kHour;

// Times. Engine code never makes one from a clock; they come with inputs.
struct DurationNanos {
  std::int64_t ns = 0;
  constexpr auto operator<=>(const DurationNanos&) const = default;
  static constexpr DurationNanos millis(std::int64_t v) { return {v * 1'000'000}; }
  static constexpr DurationNanos seconds(std::int64_t v) { return {v * 1'000'000'000}; }
};
struct UnixNanos {
  std::int64_t ns = 0;
  constexpr auto operator<=>(const UnixNanos&) const = default;
};
inline constexpr UnixNanos operator+(UnixNanos t, DurationNanos d) {
  return {t.ns + d.ns};
}
inline constexpr UnixNanos operator-(UnixNanos t, DurationNanos d) {
  return {t.ns - d.ns};
}
inline constexpr DurationNanos operator-(UnixNanos a, UnixNanos b) {
  return {a.ns - b.ns};
}

}  // namespace reprise
