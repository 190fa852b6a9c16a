// Bars from trades. A bar covers [k * interval, (k + 1) * interval) since the Unix epoch, by engine time: the
// time at which the trade reached the engine, which never runs backwards. It closes with the first trade or
// clock tick at or behind its end. An interval without a trade makes no bar.
#pragma once

#include <cstdint>
#include <optional>

#include "engine/market/fixed.h"
#include "engine/market/instrument.h"
#include "engine/state_archive.h"

namespace reprise::engine {

struct Bar {
  Price open, high, low, close;
  Qty volume;  // sums that leave int64 stay at its end
  Money quote_volume;
  Qty buy_volume;  // of trades whose aggressor bought
  std::uint32_t trade_count = 0;
  UnixNanos open_time;
  void persist(StateArchive& archive);
};

class BarBuilder {
 public:
  void set_interval(DurationNanos interval) { interval_ = interval; }  // 0 = builds nothing
  DurationNanos interval() const { return interval_; }

  // The bar that ended at or before `now`, once.
  std::optional<Bar> close_until(UnixNanos now);
  // Call close_until(now) first.
  void add(Price price, Qty qty, Side aggressor, UnixNanos now);
  const Bar* forming() const { return is_open_ ? &bar_ : nullptr; }
  void discard() { is_open_ = false; }
  void persist(StateArchive& archive);

 private:
  DurationNanos interval_;
  bool is_open_ = false;
  Bar bar_;
};

}  // namespace reprise::engine
