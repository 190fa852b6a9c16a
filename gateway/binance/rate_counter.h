// How much of one limit is used at most, from what we sent and what the venue said.
//
// The venue counts a request when it arrives, in windows of its own clock; we know when we sent it and when its answer
// came. So a request counts here in every window in which it can have arrived, until a count from the venue is known to
// include it. A count (header) includes for certain what was answered before the request that brought it was sent;
// whatever else is under way is added to it. The result is an upper bound of what the venue has counted of ours, as
// long as our clock is off by no more than the stated error, whatever the order of answers.
//
// Times are venue time as we believe it. Not thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>

#include "engine/market/fixed.h"

namespace reprise::gateway::binance {

using RateTicket = std::uint64_t;  // ascending in the order of sending

class RateCounter {
 public:
  enum class Windows {
    aligned,  // [k * interval, (k + 1) * interval)
    sliding   // any stretch of one interval: the careful reading where nobody says how the venue counts
  };
  RateCounter(DurationNanos interval, Windows windows) : interval_(interval.ns), windows_(windows) {}

  void set_clock_error(DurationNanos error) { clock_error_ = error.ns; }

  void add(RateTicket ticket, std::int64_t amount, UnixNanos sent, UnixNanos presumed_done);
  // The answer came (or will not come any more, `done` being the last moment at which it can have arrived).
  void finish(RateTicket ticket, UnixNanos done);
  // The venue said `count`, in the answer (received at `now`) to a request that was sent at `sent`.
  void learn(RateTicket ticket, UnixNanos sent, UnixNanos now, std::int64_t count);

  // At most so much is counted in a window that a request sent now could fall into.
  std::int64_t used(UnixNanos now) const;
  // The earliest time not before `now` at which `amount` more stays within `capacity`, as far as can be told now; `now`
  // itself means that it may go. amount <= capacity.
  UnixNanos earliest(std::int64_t amount, std::int64_t capacity, UnixNanos now) const;

 private:
  struct Entry {
    RateTicket ticket;
    std::int64_t amount;
    std::int64_t sent;
    std::int64_t done;
  };
  struct Count {  // the venue's, of one window
    std::int64_t count = 0;
    RateTicket ticket = 0;  // of the request that brought it
    std::int64_t sent = 0;
    std::int64_t done = 0;
  };
  std::int64_t window_of(std::int64_t time) const;
  std::int64_t used_in_window(std::int64_t window) const;
  std::int64_t used_sliding(std::int64_t now) const;
  void forget_before(std::int64_t now);

  std::int64_t interval_;
  Windows windows_;
  std::int64_t clock_error_ = 0;
  std::deque<Entry> entries_;
  std::map<std::int64_t, Count> counts_;  // by window
};

}  // namespace reprise::gateway::binance
