// Growing pauses between attempts: exponential, with jitter from a seeded stream, so that a run can be repeated.
//
// Pause n (from 0) lies between half of first * 2^n and all of it, at most `longest`. Not thread-safe.
#pragma once

#include <algorithm>
#include <cstdint>

#include "engine/market/fixed.h"
#include "sim/generator/random.h"

namespace reprise::gateway::binance {

class Backoff {
 public:
  Backoff(DurationNanos first, DurationNanos longest, std::uint64_t seed, std::uint64_t component)
      : first_(first.ns), longest_(longest.ns), random_(seed, component) {}

  DurationNanos pause(std::uint32_t attempt) {
    std::int64_t whole = first_;
    for (std::uint32_t i = 0; i < attempt && whole < longest_; ++i) whole *= 2;
    whole = std::min(whole, longest_);
    return {whole - static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(whole / 2 + 1)))};
  }
  DurationNanos next() { return pause(attempt_++); }
  void reset() { attempt_ = 0; }
  std::uint32_t attempts() const { return attempt_; }

 private:
  std::int64_t first_;
  std::int64_t longest_;
  std::uint32_t attempt_ = 0;
  sim::RandomStream random_;
};

}  // namespace reprise::gateway::binance
