// Bars as the venue shows them: the minutes of the last three days, and longer ones made from them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "engine/market/fixed.h"

namespace reprise::gateway::exchange {

struct MinuteBar {
  UnixNanos open_time;
  Price open, high, low, close;
  Qty volume, taker_buy_volume;
  Money quote_volume, taker_buy_quote;
  std::int64_t trades = 0;
  std::int64_t first_id = 0;
  std::int64_t last_id = 0;
};

class MinuteBars {
 public:
  struct Interval {
    const char* name;  // "1m" to "3d"
    std::int64_t ns;
  };
  static std::span<const Interval> intervals();
  static std::int64_t interval_ns(std::string_view name);  // 0 = unknown

  // Joins the minute of its time; `bar.open_time` is any moment of it.
  void add(MinuteBar bar);
  void add_price(UnixNanos time, Price price);  // of a series without trades; `trades` counts the prices

  const std::deque<MinuteBar>& minutes() const { return minutes_; }  // oldest first
  // One bar of the minutes that are less than so many behind the last one; nullopt where there is none.
  std::optional<MinuteBar> sum_of_last(std::int64_t minutes) const;
  // The last `count` bars of an interval, oldest first; nothing for an unknown interval.
  std::vector<MinuteBar> bars(std::string_view interval, std::size_t count) const;

 private:
  std::deque<MinuteBar> minutes_;
};

}  // namespace reprise::gateway::exchange
