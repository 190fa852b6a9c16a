// Bar indicators: exponential moving average, Wilder's average true range, Donchian channel, realised
// volatility. Doubles inside, in a fixed order of evaluation; what they return to a decision is quantised
// to 1e-8. Each says when it has seen enough to be used.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "engine/market/fixed.h"
#include "engine/state_archive.h"

namespace reprise::engine {

// alpha = 2 / (period + 1); the first value is the first sample; ready after `period` samples.
class Ema {
 public:
  explicit Ema(std::int64_t period = 1) : period_(period), alpha_(2.0 / (static_cast<double>(period) + 1.0)) {}
  void add(Price price);
  bool is_ready() const { return samples_ >= period_; }
  std::int64_t missing() const { return std::max<std::int64_t>(0, period_ - samples_); }  // samples until ready
  Price value() const;
  void persist(StateArchive& archive);

 private:
  std::int64_t period_;
  double alpha_;
  double value_ = 0;
  std::int64_t samples_ = 0;
};

// Wilder 1978: the first value is the mean of the first `period` true ranges, then (previous * (n-1) + TR) / n.
// The first bar has no previous close: its true range is high - low.
class Atr {
 public:
  explicit Atr(std::int64_t period = 1) : period_(period) {}
  void add(Price high, Price low, Price close);
  bool is_ready() const { return samples_ >= period_; }
  std::int64_t missing() const { return std::max<std::int64_t>(0, period_ - samples_); }
  PriceDelta value() const;
  void persist(StateArchive& archive);

 private:
  std::int64_t period_;
  double value_ = 0;  // sum while samples_ < period_
  Price previous_close_;
  std::int64_t samples_ = 0;
};

// Highest high and lowest low of the last `period` bars added. Ask before adding the bar that may break out.
class Donchian {
 public:
  explicit Donchian(std::int64_t period = 1) : period_(period) {}
  void add(Price high, Price low);
  bool is_ready() const { return missing() == 0; }
  std::int64_t missing() const { return std::max<std::int64_t>(0, period_ - static_cast<std::int64_t>(highs_.size())); }
  Price highest() const;
  Price lowest() const;
  void persist(StateArchive& archive);

 private:
  std::int64_t period_;
  std::vector<Price> highs_;  // rings; next_ is the oldest once full
  std::vector<Price> lows_;
  std::uint64_t next_ = 0;
};

// Square root of the mean squared log return over the last `period` returns: volatility of one sampling
// interval, not annualised. Summed anew from oldest to newest, so that no error builds up.
class RealizedVolatility {
 public:
  explicit RealizedVolatility(std::int64_t period = 1) : period_(period) {}
  void add(Price price);
  bool is_ready() const { return static_cast<std::int64_t>(squares_.size()) >= period_; }
  Rate value() const;
  void persist(StateArchive& archive);

 private:
  std::int64_t period_;
  Price previous_;
  std::vector<double> squares_;
  std::uint64_t next_ = 0;
};

}  // namespace reprise::engine
