#include "tools/moment.h"
#include "engine/market/fixed.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>

namespace reprise::tools {
namespace {

// Reads exactly `count` digits.
bool digits(const std::string& text, std::size_t& at, int count, int& value) {
  if (at + static_cast<std::size_t>(count) > text.size()) return false;
  value = 0;
  for (int i = 0; i < count; ++i, ++at) {
    if (text[at] < '0' || text[at] > '9') return false;
    value = value * 10 + (text[at] - '0');
  }
  return true;
}

bool literal(const std::string& text, std::size_t& at, char c) {
  if (at >= text.size() || text[at] != c) return false;
  ++at;
  return true;
}

std::optional<std::int64_t> iso_time(const std::string& text) {
  std::size_t at = 0;
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (!digits(text, at, 4, year) || !literal(text, at, '-') || !digits(text, at, 2, month) || !literal(text, at, '-') ||
      !digits(text, at, 2, day))
    return std::nullopt;
  std::int64_t fraction = 0;
  if (at < text.size() && (text[at] == 'T' || text[at] == ' ')) {
    ++at;
    if (!digits(text, at, 2, hour) || !literal(text, at, ':') || !digits(text, at, 2, minute)) return std::nullopt;
    if (literal(text, at, ':')) {
      if (!digits(text, at, 2, second)) return std::nullopt;
      if (literal(text, at, '.')) {
        std::int64_t unit = kSecond / 10;
        const std::size_t first = at;
        for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, unit /= 10)
          fraction += (text[at] - '0') * unit;
        if (at == first || at - first > 9) return std::nullopt;
      }
    }
  }
  if (!literal(text, at, 'Z') || at != text.size()) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok() || year < 1970 || year > 2200 || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
  return ((days * 24 + hour) * 60 + minute) * 60 * kSecond + second * kSecond + fraction;
}

}  // namespace

Result<Moment> parse_moment(const std::string& text) {
  Moment moment;
  if (!text.empty() && text.find_first_not_of("0123456789") == std::string::npos) {
    journal::Seq seq = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seq);
    if (error != std::errc{} || end != text.data() + text.size()) {
      return usage_error("'" + text + "' is too large for a seq");
    }
    moment.seq = seq;
    return moment;
  }
  moment.time = iso_time(text);
  if (!moment.time) {
    return usage_error("'" + text + "' is neither a seq nor a time",
                       "digits alone are a seq; a time looks like 2024-08-08T23:55:00Z");
  }
  return moment;
}

Result<journal::Seq> last_seq_at(journal::JournalReader& reader, const Moment& moment) {
  if (moment.seq) {
    if (*moment.seq == 0 || *moment.seq < reader.first_seq() || *moment.seq > reader.last_seq()) {
      return usage_error("seq " + std::to_string(*moment.seq) + " is not in this journal",
                         "it holds " + std::to_string(reader.first_seq()) + " to " + std::to_string(reader.last_seq()));
    }
    return *moment.seq;
  }
  auto next = reader.seek_time(*moment.time + 1);
  if (!next) return next.error();
  const journal::Seq seq = *next == 0 ? reader.last_seq() : *next - 1;
  if (seq == 0 || seq < reader.first_seq()) {
    return usage_error(time_text(*moment.time) + " is before the first record of this journal");
  }
  return seq;
}

Result<journal::Seq> last_seq_at(const std::string& path, const std::string& text) {
  auto moment = parse_moment(text);
  if (!moment) return moment.error();
  auto reader = journal::JournalReader::open(path);
  if (!reader) return reader.error();
  return last_seq_at(*reader, *moment);
}

Result<journal::Seq> first_seq_at(journal::JournalReader& reader, const Moment& moment) {
  if (moment.seq) return std::max(*moment.seq, reader.first_seq());
  auto found = reader.seek_time(*moment.time);
  if (!found) return found.error();
  return *found == 0 ? reader.last_seq() + 1 : *found;
}

std::string time_text(std::int64_t ns) {
  if (ns == 0) return "-";
  std::int64_t seconds = ns / kSecond;
  std::int64_t fraction = ns % kSecond;
  if (fraction < 0) {
    fraction += kSecond;
    --seconds;
  }
  std::int64_t days = seconds / 86'400;
  std::int64_t rest = seconds % 86'400;
  if (rest < 0) {
    rest += 86'400;
    --days;
  }
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{days}}};
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%04d-%02u-%02uT%02d:%02d:%02d.%09lldZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), static_cast<int>(rest / 3600),
                static_cast<int>(rest / 60 % 60), static_cast<int>(rest % 60), static_cast<long long>(fraction));
  return buffer;
}

}  // namespace reprise::tools
