// One row of a CSV by column name or place: reads figures exactly and remembers the first that is wrong.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/market/fixed.h"
#include "gateway/binance/decimal_scan.h"
#include "gateway/binance/market_message.h"

namespace reprise::gateway {

class CsvRow {
 public:
  explicit CsvRow(const std::vector<std::string_view>& fields) : fields_(fields) {}

  std::size_t size() const { return fields_.size(); }
  std::string_view text(std::size_t i) const { return i < fields_.size() ? fields_[i] : std::string_view(); }

  std::int64_t decimal(std::size_t i, const char* name, bool truncate = false) {
    const std::string_view field = text(i);
    const char* p = field.data();
    std::int64_t value = 0;
    if (scan_decimal(p, field.data() + field.size(), value) && p == field.data() + field.size()) return value;
    if (!parse_decimal(field, value, truncate)) complain(name, "no number that fits 8 decimals");
    return value;
  }
  // Figures that carry more decimals than we keep.
  std::int64_t rough_decimal(std::size_t i, const char* name) { return decimal(i, name, true); }
  std::int64_t optional_decimal(std::size_t i, const char* name) {
    const std::string_view field = text(i);
    return field.empty() || field == "null" ? 0 : rough_decimal(i, name);
  }
  std::int64_t integer(std::size_t i, const char* name) {
    const std::string_view field = text(i);
    const char* p = field.data();
    std::int64_t value = 0;
    if (scan_unsigned(p, field.data() + field.size(), value) && p == field.data() + field.size()) return value;
    std::int64_t e8 = 0;
    if (parse_decimal(field, e8) && e8 % kScale == 0) return e8 / kScale;
    complain(name, "no whole number");
    return 0;
  }
  // Seconds, ms, us or ns by size.
  std::int64_t time(std::size_t i, const char* name) {
    const std::string_view field = text(i);
    std::int64_t value = 0;
    if (field.size() == 19) {
      std::uint64_t sum = 0;
      for (const char c : field) {
        if (c < '0' || c > '9') return complain(name, "no time"), 0;
        sum = sum * 10 + static_cast<std::uint64_t>(c - '0');
      }
      value = sum > 9'000'000'000'000'000'000u ? 0 : static_cast<std::int64_t>(sum);
    } else {
      value = integer(i, name);
    }
    value = to_nanos(value);
    if (value == 0) complain(name, "no time between 2009 and 2100");
    return value;
  }
  bool flag(std::size_t i, const char* name) {
    const std::string_view field = text(i);
    if (field == "true" || field == "True" || field == "TRUE" || field == "1") return true;
    if (field != "false" && field != "False" && field != "FALSE" && field != "0")
      complain(name, "neither true nor false");
    return false;
  }
  void complain(const char* name, const char* what) {
    if (problem_.empty()) problem_ = std::string(name) + " is " + what;
  }
  const std::string& problem() const { return problem_; }

 private:
  const std::vector<std::string_view>& fields_;
  std::string problem_;
};

// "2024-01-31 23:59:59[.ffffff]" (also with T and Z), UTC, to ns; 0 when it is none.
std::int64_t date_time_to_nanos(std::string_view text);

}  // namespace reprise::gateway
