#include "gateway/import/csv_row.h"

namespace reprise::gateway {

namespace {
bool digits(std::string_view text, std::size_t at, std::size_t count, std::int64_t& value) {
  value = 0;
  if (at + count > text.size()) return false;
  for (std::size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    value = value * 10 + (text[i] - '0');
  }
  return true;
}

// Days since 1970-01-01 of a civil date (Gregorian, year 1 and later).
std::int64_t days_from_civil(std::int64_t year, std::int64_t month, std::int64_t day) {
  if (month <= 2) --year;
  const std::int64_t era = year / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}
}  // namespace

std::int64_t date_time_to_nanos(std::string_view t) {
  std::int64_t year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (t.size() < 19 || t[4] != '-' || t[7] != '-' || (t[10] != ' ' && t[10] != 'T') || t[13] != ':' || t[16] != ':')
    return 0;
  if (!digits(t, 0, 4, year) || !digits(t, 5, 2, month) || !digits(t, 8, 2, day) || !digits(t, 11, 2, hour) ||
      !digits(t, 14, 2, minute) || !digits(t, 17, 2, second)) {
    return 0;
  }
  if (year < 2009 || year >= 2100 || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 ||
      second > 60)
    return 0;
  std::int64_t nanos = 0;
  std::size_t i = 19;
  if (i < t.size() && t[i] == '.') {
    std::int64_t unit = 100'000'000;
    for (++i; i < t.size() && t[i] >= '0' && t[i] <= '9'; ++i, unit /= 10) nanos += (t[i] - '0') * unit;
  }
  if (i < t.size() && t[i] == 'Z') ++i;
  if (i != t.size()) return 0;
  return ((days_from_civil(year, month, day) * 24 + hour) * 60 + minute) * 60'000'000'000 + second * 1'000'000'000 +
         nanos;
}

}  // namespace reprise::gateway
