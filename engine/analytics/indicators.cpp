#include "engine/analytics/indicators.h"

#include <algorithm>
#include <cmath>

#include "engine/analytics/det_math.h"

namespace reprise::engine {

void Ema::add(Price price) {
  const double x = real_of(price.e8);
  value_ = samples_ == 0 ? x : value_ + alpha_ * (x - value_);
  ++samples_;
}
Price Ema::value() const {
  return Price::of_e8(quantise(value_));
}
void Ema::persist(StateArchive& archive) {
  archive.field("value", value_);
  archive.field("samples", samples_);
}

void Atr::add(Price high, Price low, Price close) {
  double range = real_of((high - low).e8);
  if (samples_ > 0) {
    range = std::max(range, real_of((high - previous_close_).abs().e8));
    range = std::max(range, real_of((low - previous_close_).abs().e8));
  }
  previous_close_ = close;
  ++samples_;
  if (samples_ < period_) {
    value_ += range;
  } else if (samples_ == period_) {
    value_ = (value_ + range) / static_cast<double>(period_);
  } else {
    value_ = (value_ * static_cast<double>(period_ - 1) + range) / static_cast<double>(period_);
  }
}
PriceDelta Atr::value() const {
  return PriceDelta::of_e8(quantise(value_));
}
void Atr::persist(StateArchive& archive) {
  archive.field("value", value_);
  archive.field("previous_close", previous_close_);
  archive.field("samples", samples_);
}

void Donchian::add(Price high, Price low) {
  if (!is_ready()) {
    highs_.push_back(high);
    lows_.push_back(low);
    return;
  }
  highs_[next_] = high;
  lows_[next_] = low;
  next_ = (next_ + 1) % highs_.size();
}
Price Donchian::highest() const {
  REPRISE_ASSERT(!highs_.empty(), "channel of no bars");
  return *std::max_element(highs_.begin(), highs_.end());
}
Price Donchian::lowest() const {
  REPRISE_ASSERT(!lows_.empty(), "channel of no bars");
  return *std::min_element(lows_.begin(), lows_.end());
}
void Donchian::persist(StateArchive& archive) {
  archive.field("highs", highs_);
  archive.field("lows", lows_);
  archive.field("next", next_);
}

void RealizedVolatility::add(Price price) {
  if (!price.is_positive()) return;
  if (previous_.is_positive()) {
    const double change = det_log(real_of(price.e8) / real_of(previous_.e8));
    if (!is_ready()) {
      squares_.push_back(change * change);
    } else {
      squares_[next_] = change * change;
      next_ = (next_ + 1) % squares_.size();
    }
  }
  previous_ = price;
}
Rate RealizedVolatility::value() const {
  if (squares_.empty()) return Rate::zero();
  double sum = 0;
  const std::size_t size = squares_.size();
  const std::size_t oldest = is_ready() ? next_ : 0;
  for (std::size_t i = 0; i < size; ++i) sum += squares_[(oldest + i) % size];
  return Rate::of_e8(quantise(std::sqrt(sum / static_cast<double>(size))));
}
void RealizedVolatility::persist(StateArchive& archive) {
  archive.field("previous", previous_);
  archive.field("squares", squares_);
  archive.field("next", next_);
}

}  // namespace reprise::engine
