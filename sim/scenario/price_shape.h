// How the acts bend one instrument's prices: a factor over time, and distances from the mid.
//
// A price p becomes (mid + (p - mid) * spread) * factor, rounded to the tick. The factor is the product of the moves
// (jump, grind, crash, flash, path: each a line of points that holds its last value for ever) and of the excess that a
// volatility multiplier has made of the market's own moves. Factors are integers at 1e-12. Deterministic, no floats.
//
// The factor in use, and the mid that distances count from, follow in steps of 0.3 basis points: a slow move shifts a
// book some times a second, as quotes do, and not every level with every record.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/market/fixed.h"
#include "engine/state_archive.h"

namespace reprise::sim::scenario {

inline constexpr std::int64_t kFactorOne = 1'000'000'000'000;

struct Knot {
  std::int64_t offset_ns = 0;
  std::int64_t factor = kFactorOne;
  void persist(engine::StateArchive& archive) {
    archive.field("offset", offset_ns);
    archive.field("factor", factor);
  }
};

struct Move {
  UnixNanos since;
  std::vector<Knot> knots;  // by offset
  std::int64_t at(UnixNanos now) const;
  void persist(engine::StateArchive& archive) {
    archive.field("since", since);
    archive.field("knots", knots);
  }
};

class PriceShape {
 public:
  void scale(std::int64_t factor);  // for ever
  // The first price that the market shows becomes this one.
  void open_at(Price price) { open_at_ = price; }
  void add(Move move) { moves_.push_back(std::move(move)); }
  // The market itself moved: volatility of the last minutes, and what a multiplier makes of it.
  void observe(Price mid, UnixNanos now);
  void set_volatility(std::int64_t times_e8) { volatility_e8_ = times_e8; }
  void set_spread(std::int64_t times_e8) { spread_e8_ = times_e8; }
  std::int64_t spread_times() const { return spread_e8_; }

  bool is_plain() const {
    return moves_.empty() && settled_ == kFactorOne && volatility_e8_ == kScale && spread_e8_ == kScale;
  }
  std::int64_t factor(UnixNanos now) const;  // in use
  Price apply(Price price, UnixNanos now, Price tick, Rounding rounding) const;
  Price mid() const { return mid_; }  // of the market itself; 0 = none yet
  Rate sigma() const;                 // standard deviation of the market's own returns over a minute

  void persist(engine::StateArchive& archive);

 private:
  std::vector<Move> moves_;
  std::int64_t settled_ = kFactorOne;
  std::int64_t volatility_e8_ = kScale;
  std::int64_t spread_e8_ = kScale;
  Price open_at_;  // 0 = done, or not wanted
  Price mid_;
  Price sampled_;
  UnixNanos next_sample_;
  std::int64_t variance_ = 0;  // of one second's return, 1e-18
  std::int64_t samples_ = 0;
  Price anchor_;  // the mid that distances count from
  mutable std::int64_t held_ = kFactorOne;
  mutable UnixNanos looked_at_{-1};
};

}  // namespace reprise::sim::scenario
