#include "gateway/exchange/minute_bars.h"
#include "engine/market/fixed.h"

#include <algorithm>

namespace reprise::gateway::exchange {

namespace {

constexpr std::size_t kKeptMinutes = 3 * 1440;  // one bar of the longest interval

constexpr MinuteBars::Interval kIntervals[] = {
    {"1m", kMinute},        {"3m", 3 * kMinute},   {"5m", 5 * kMinute},    {"15m", 15 * kMinute},
    {"30m", 30 * kMinute},  {"1h", 60 * kMinute},  {"2h", 120 * kMinute},  {"4h", 240 * kMinute},
    {"6h", 360 * kMinute},  {"8h", 480 * kMinute}, {"12h", 720 * kMinute}, {"1d", 1440 * kMinute},
    {"3d", 4320 * kMinute},
};

void add_to(MinuteBar& into, const MinuteBar& bar) {
  into.high = std::max(into.high, bar.high);
  into.low = std::min(into.low, bar.low);
  into.close = bar.close;
  into.volume += bar.volume;
  into.taker_buy_volume += bar.taker_buy_volume;
  into.quote_volume += bar.quote_volume;
  into.taker_buy_quote += bar.taker_buy_quote;
  into.trades += bar.trades;
  into.last_id = bar.last_id;
}

}  // namespace

std::span<const MinuteBars::Interval> MinuteBars::intervals() {
  return kIntervals;
}

std::int64_t MinuteBars::interval_ns(std::string_view name) {
  for (const Interval& known : kIntervals) {
    if (name == known.name) return known.ns;
  }
  return 0;
}

void MinuteBars::add(MinuteBar bar) {
  bar.open_time = {bar.open_time.ns / kMinute * kMinute};
  if (!minutes_.empty() && bar.open_time <= minutes_.back().open_time) return add_to(minutes_.back(), bar);
  minutes_.push_back(bar);
  if (minutes_.size() > kKeptMinutes) minutes_.pop_front();
}

void MinuteBars::add_price(UnixNanos time, Price price) {
  MinuteBar bar;
  bar.open_time = time;
  bar.open = bar.high = bar.low = bar.close = price;
  bar.trades = 1;
  add(bar);
}

std::optional<MinuteBar> MinuteBars::sum_of_last(std::int64_t minutes) const {
  std::optional<MinuteBar> sum;
  for (const MinuteBar& minute : minutes_) {
    if (minutes_.back().open_time.ns - minute.open_time.ns >= minutes * kMinute) continue;
    if (sum)
      add_to(*sum, minute);
    else
      sum = minute;
  }
  return sum;
}

std::vector<MinuteBar> MinuteBars::bars(std::string_view interval, std::size_t count) const {
  std::vector<MinuteBar> out;
  const std::int64_t length = interval_ns(interval);
  if (length == 0) return out;
  for (const MinuteBar& minute : minutes_) {
    const UnixNanos begin{minute.open_time.ns / length * length};
    if (out.empty() || out.back().open_time != begin) {
      out.push_back(minute);
      out.back().open_time = begin;
    } else {
      add_to(out.back(), minute);
    }
  }
  if (out.size() > count) out.erase(out.begin(), out.end() - static_cast<std::ptrdiff_t>(count));
  return out;
}

}  // namespace reprise::gateway::exchange
