// Bars as the venue shows them: minutes of the last 24 hours and a little, and longer ones made from them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
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
  // The last `count` bars of an interval, oldest first; nothing for an unknown interval.
  std::vector<MinuteBar> bars(std::string_view interval, std::size_t count) const;

 private:
  std::deque<MinuteBar> minutes_;
};

}  // namespace reprise::gateway::exchange
