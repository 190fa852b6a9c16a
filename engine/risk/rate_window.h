// How many orders in the last interval of engine time: a sliding window over a ring of times.
//
// The window at `now` is (now - interval, now]. The ring holds as many times as the limit: older ones cannot
// change the answer to "are there already `limit` orders in the window".
#pragma once

#include <cstdint>
#include <vector>

#include "engine/market/fixed.h"
#include "engine/state_archive.h"

namespace reprise::engine {

class RateWindow {
 public:
  explicit RateWindow(DurationNanos interval) : interval_(interval) {}

  void set_limit(std::uint32_t limit);  // 0 = keeps nothing
  std::uint32_t count(UnixNanos now);   // orders in the window, at most the limit
  void add(UnixNanos now);

  void persist(StateArchive& archive);

 private:
  DurationNanos interval_;
  std::vector<std::int64_t> times_;  // ring of `limit` entries
  std::uint32_t limit_ = 0;
  std::uint32_t first_ = 0;  // oldest
  std::uint32_t size_ = 0;
};

}  // namespace reprise::engine
