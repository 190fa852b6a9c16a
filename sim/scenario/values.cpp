#include "sim/scenario/values.h"

#include "config/config.h"

namespace reprise::sim::scenario {

namespace {

// Cuts a unit from the end: "8 %" -> "8".
bool ends_with_word(std::string& text, std::string_view word) {
  if (text.size() <= word.size() || text.compare(text.size() - word.size(), word.size(), word) != 0) return false;
  text = trim(text.substr(0, text.size() - word.size()));
  return true;
}

Result<std::int64_t> number(const std::string& text) {
  std::int64_t value = 0;
  std::string plain = text;
  if (!plain.empty() && plain.front() == '+') plain.erase(0, 1);
  if (plain.empty() || !parse_decimal(plain, value)) return usage_error("\"" + text.substr(0, 60) + "\" is no number");
  return value;
}

struct One {
  AmountUnit unit = AmountUnit::absolute;
  std::int64_t e8 = 0;
};

Result<One> parse_one(std::string text) {
  One one;
  if (text.rfind("to ", 0) == 0) {
    one.unit = AmountUnit::target;
    text = trim(text.substr(3));
  } else if (ends_with_word(text, "%")) {
    one.unit = AmountUnit::percent;
  } else if (ends_with_word(text, "sigmas") || ends_with_word(text, "sigma")) {
    one.unit = AmountUnit::sigma;
  } else if (ends_with_word(text, "spreads") || ends_with_word(text, "spread")) {
    one.unit = AmountUnit::spreads;
  }
  Result<std::int64_t> value = number(text);
  if (!value) return value.error();
  one.e8 = one.unit == AmountUnit::percent ? value.value() / 100 : value.value();
  if (one.unit == AmountUnit::target && one.e8 <= 0) return usage_error("a price is above 0");
  if (one.unit == AmountUnit::percent && (one.e8 <= -kScale || one.e8 > 100 * kScale)) {
    return usage_error("out of range: more than -100 % and at most 10000 %");
  }
  return one;
}

std::int64_t days_from_civil(std::int64_t y, std::int64_t m, std::int64_t d) {
  y -= m <= 2 ? 1 : 0;
  const std::int64_t era = (y >= 0 ? y : y - 399) / 400;
  const std::int64_t yoe = y - era * 400;
  const std::int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
  const std::int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return era * 146'097 + doe - 719'468;
}

std::string two(std::int64_t value, int digits = 2) {
  std::string text = std::to_string(value);
  while (static_cast<int>(text.size()) < digits) text.insert(text.begin(), '0');
  return text;
}

}  // namespace

std::string trim(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

Result<Amount> parse_amount(const std::string& text) {
  Amount amount;
  const std::size_t dots = text.find("..");
  Result<One> low = parse_one(trim(text.substr(0, dots)));
  if (!low) return low.error();
  amount.unit = low->unit;
  amount.low_e8 = amount.high_e8 = low->e8;
  if (dots == std::string::npos) return amount;
  Result<One> high = parse_one(trim(text.substr(dots + 2)));
  if (!high) return high.error();
  if (high->unit != low->unit) return usage_error("both ends of a range have one unit, as in -2 % .. -5 %");
  amount.low_e8 = std::min(low->e8, high->e8);
  amount.high_e8 = std::max(low->e8, high->e8);
  return amount;
}

Result<std::int64_t> parse_share(const std::string& text) {
  std::string plain = trim(text);
  const bool percent = ends_with_word(plain, "%");
  Result<std::int64_t> value = number(plain);
  if (!value) return value.error();
  return percent ? value.value() / 100 : value.value();
}

Result<std::int64_t> parse_times(const std::string& text) {
  std::string plain = trim(text);
  ends_with_word(plain, "x");
  Result<std::int64_t> value = number(plain);
  if (value && value.value() < 0) return usage_error("a multiple is not below 0");
  return value;
}

// Durations of several parts: 1h30m.
Result<std::int64_t> parse_span(const std::string& text) {
  const std::string plain = trim(text);
  std::int64_t total = 0;
  std::size_t at = 0;
  while (at < plain.size()) {
    std::size_t end = at;
    while (end < plain.size() && (is_digit(plain[end]) || plain[end] == '.')) ++end;
    while (end < plain.size() && !is_digit(plain[end])) ++end;
    Result<std::int64_t> part = config::parse_duration_ns(plain.substr(at, end - at));
    if (!part) return part.error();
    total += part.value();
    if (part.value() < 0 || total < 0 || total > 366LL * 86'400'000'000'000)
      return usage_error("out of range for a duration");
    at = end;
  }
  if (plain.empty()) return usage_error("a duration is a number with a unit, as in 250ms, 30s, 5m or 1h30m");
  return total;
}

Result<TimeSpec> parse_time(const std::string& text) {
  const std::string t = trim(text);
  const bool looks_absolute = t.size() >= 20 && t[4] == '-' && t[7] == '-' && t[10] == 'T' && t.back() == 'Z';
  if (!looks_absolute) {
    Result<std::int64_t> span = parse_span(t);
    if (!span) return span.error();
    return TimeSpec{false, span.value()};
  }
  const auto digits = [&](std::size_t from, std::size_t count) -> std::int64_t {
    std::int64_t value = 0;
    for (std::size_t i = from; i < from + count; ++i) {
      if (i >= t.size() || !is_digit(t[i])) return -1;
      value = value * 10 + (t[i] - '0');
    }
    return value;
  };
  const std::int64_t year = digits(0, 4), month = digits(5, 2), day = digits(8, 2);
  const std::int64_t hour = digits(11, 2), minute = digits(14, 2), second = digits(17, 2);
  std::int64_t fraction = 0;
  if (t.size() > 20) {
    if (t[19] != '.' || t.size() > 30) return usage_error("\"" + t + "\" is no time");
    std::int64_t scale = 100'000'000;
    for (std::size_t i = 20; i + 1 < t.size(); ++i, scale /= 10) {
      if (!is_digit(t[i])) return usage_error("\"" + t + "\" is no time");
      fraction += (t[i] - '0') * scale;
    }
  }
  if (year < 1970 || month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 || hour > 23 || minute < 0 ||
      minute > 59 || second < 0 || second > 59 || t[13] != ':' || t[16] != ':') {
    return usage_error("\"" + t + "\" is no time", "for example 2024-01-01T00:05:00Z, or 5m from the start");
  }
  const std::int64_t seconds = days_from_civil(year, month, day) * 86'400 + hour * 3'600 + minute * 60 + second;
  return TimeSpec{true, seconds * 1'000'000'000 + fraction};
}

std::string time_text(UnixNanos time) {
  const std::int64_t ms = floor_to(time.ns, 1'000'000) / 1'000'000;
  const std::int64_t day = floor_to(ms, 86'400'000) / 86'400'000;
  const std::int64_t rest = ms - day * 86'400'000;
  // Civil date from a day number (Hinnant, "chrono-compatible low-level date algorithms").
  const std::int64_t z = day + 719'468;
  const std::int64_t era = (z >= 0 ? z : z - 146'096) / 146'097;
  const std::int64_t doe = z - era * 146'097;
  const std::int64_t yoe = (doe - doe / 1'460 + doe / 36'524 - doe / 146'096) / 365;
  const std::int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const std::int64_t mp = (5 * doy + 2) / 153;
  const std::int64_t d = doy - (153 * mp + 2) / 5 + 1;
  const std::int64_t m = mp < 10 ? mp + 3 : mp - 9;
  const std::int64_t y = yoe + era * 400 + (m <= 2 ? 1 : 0);
  return two(y, 4) + "-" + two(m) + "-" + two(d) + "T" + two(rest / 3'600'000) + ":" + two(rest / 60'000 % 60) + ":" +
         two(rest / 1'000 % 60) + "." + two(rest % 1'000, 3) + "Z";
}

}  // namespace reprise::sim::scenario
