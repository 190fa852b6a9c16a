// The values that people write in a scenario: amounts, shares, times, and their exact meaning.
//
//   -8 %          relative to the price then          3 sigma     of the market's own last minutes, for one minute
//   20 spreads    of the spread then                  -500        in units of the price
//   to 3621.81    that very price                     -2 % .. -5 %   drawn between the two, from the scenario's seed
//
// Everything is an integer at 1e-8; nothing passes through floating point. Pure; thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/market/fixed.h"
#include "journal/result.h"

namespace reprise::sim::scenario {

enum class AmountUnit : std::uint8_t { percent, sigma, spreads, absolute, target };

struct Amount {
  AmountUnit unit = AmountUnit::percent;
  std::int64_t low_e8 = 0;  // percent: the share (8 % = 0.08)
  std::int64_t high_e8 = 0;
  bool is_range() const { return low_e8 != high_e8; }
};

// When something happens: since the start of the data, or an instant.
struct TimeSpec {
  bool is_absolute = false;
  std::int64_t ns = 0;
};

Result<Amount> parse_amount(const std::string& text);
Result<std::int64_t> parse_share(const std::string& text);  // "8 %" or "0.08" -> e8
Result<std::int64_t> parse_times(const std::string& text);  // "3" or "3x" -> e8, not negative
Result<TimeSpec> parse_time(const std::string& text);       // "5m", "1h30m", "2024-01-01T00:05:00Z"
Result<std::int64_t> parse_span(const std::string& text);   // "250ms", "1m30s" -> ns, not negative

inline bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
std::string trim(const std::string& text);
std::string time_text(UnixNanos time);  // "2024-01-01T00:05:00.000Z"

}  // namespace reprise::sim::scenario
