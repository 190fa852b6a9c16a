#include "sim/scenario/price_shape.h"

#include <algorithm>

#include "sim/exchange/wide.h"

namespace reprise::sim::scenario {

namespace {

constexpr std::int64_t kLeast = kFactorOne / 10'000;
constexpr std::int64_t kMost = kFactorOne * 10'000;

bool has_moved(std::int64_t held, std::int64_t now) {
  return static_cast<Wide>(now > held ? now - held : held - now) * 100'000 > static_cast<Wide>(held) * 3;
}

std::int64_t times(std::int64_t a, std::int64_t b) {
  const Wide product = (static_cast<Wide>(a) * b + kFactorOne / 2) / kFactorOne;
  return static_cast<std::int64_t>(std::clamp<Wide>(product, kLeast, kMost));
}

std::int64_t root(Wide value) {  // floor of the square root
  if (value <= 0) return 0;
  Wide low = 0;
  Wide high = Wide{1} << 63;
  while (high - low > 1) {
    const Wide middle = (low + high) / 2;
    if (middle * middle <= value) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return static_cast<std::int64_t>(low);
}

}  // namespace

std::int64_t Move::at(UnixNanos now) const {
  const std::int64_t offset = now.ns - since.ns;
  if (knots.empty() || offset <= knots.front().offset_ns) return knots.empty() ? kFactorOne : knots.front().factor;
  for (std::size_t i = 1; i < knots.size(); ++i) {
    const Knot& a = knots[i - 1];
    const Knot& b = knots[i];
    if (offset >= b.offset_ns) continue;
    const Wide part = static_cast<Wide>(b.factor - a.factor) * (offset - a.offset_ns) / (b.offset_ns - a.offset_ns);
    return a.factor + static_cast<std::int64_t>(part);
  }
  return knots.back().factor;
}

void PriceShape::scale(std::int64_t factor) {
  settled_ = times(settled_, std::clamp(factor, kLeast, kMost));
  looked_at_ = {-1};
}

std::int64_t PriceShape::factor(UnixNanos now) const {
  if (now == looked_at_) return held_;
  std::int64_t factor = settled_;
  for (const Move& move : moves_) factor = times(factor, move.at(now));
  looked_at_ = now;
  if (has_moved(held_, factor)) held_ = factor;
  return held_;
}

void PriceShape::observe(Price mid, UnixNanos now) {
  if (!mid.is_positive()) return;
  if (open_at_.is_positive()) {
    scale(mul_div(open_at_.e8, kFactorOne, mid.e8));
    open_at_ = {};
  }
  if (volatility_e8_ != kScale && mid_.is_positive() && mid != mid_) {
    // The excess of this move: (times - 1) of its return.
    const Wide move = static_cast<Wide>(mid.e8 - mid_.e8) * kFactorOne / mid_.e8;
    scale(kFactorOne + static_cast<std::int64_t>(move * (volatility_e8_ - kScale) / kScale));
  }
  mid_ = mid;
  if (!anchor_.is_positive() || has_moved(anchor_.e8, mid.e8)) anchor_ = mid;
  if (now < next_sample_) return;
  if (sampled_.is_positive()) {
    const auto move = static_cast<std::int64_t>(static_cast<Wide>(mid.e8 - sampled_.e8) * 1'000'000'000 / sampled_.e8);
    const std::int64_t capped = std::clamp<std::int64_t>(move, -1'000'000'000, 1'000'000'000);
    ++samples_;
    variance_ += (capped * capped - variance_) / std::min<std::int64_t>(samples_, 300);
  }
  sampled_ = mid;
  next_sample_ = {now.ns + 1'000'000'000};
}

Rate PriceShape::sigma() const {
  return {root(static_cast<Wide>(variance_) * 60) / 10};
}

Price PriceShape::apply(Price price, UnixNanos now, Price tick, Rounding rounding) const {
  Wide x = price.e8;
  if (spread_e8_ != kScale && anchor_.is_positive()) x = anchor_.e8 + (x - anchor_.e8) * spread_e8_ / kScale;
  x = x * factor(now) / kFactorOne;
  std::int64_t step = tick.is_positive() ? tick.e8 : 1;
  x = std::clamp<Wide>(x, 0, Wide{4'000'000'000} * kScale);
  const auto e8 = static_cast<std::int64_t>(x);
  const std::int64_t rounded = rounding == Rounding::ceiling ? ceil_to(e8, step)
                               : rounding == Rounding::floor ? floor_to(e8, step)
                                                             : floor_to(e8 + step / 2, step);
  return {std::max(rounded, step)};
}

void PriceShape::persist(engine::StateArchive& archive) {
  archive.field("moves", moves_);
  archive.field("settled", settled_);
  archive.field("volatility", volatility_e8_);
  archive.field("spread", spread_e8_);
  archive.field("open_at", open_at_);
  archive.field("mid", mid_);
  archive.field("sampled", sampled_);
  archive.field("next_sample", next_sample_);
  archive.field("variance", variance_);
  archive.field("samples", samples_);
  archive.field("anchor", anchor_);
  archive.field("held", held_);
  archive.field("looked_at", looked_at_);
}

}  // namespace reprise::sim::scenario
