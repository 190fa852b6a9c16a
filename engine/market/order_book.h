// One instrument's order book by price level (L2), fed with absolute quantities.
//
// Units: prices and quantities at 1e-8 (fixed.h). Each side is one sorted contiguous vector with the best
// level at its back: updates come close to the best price, so a change moves few levels, and nothing is
// allocated once the vectors have grown to the size of the book. Not thread-safe. Views and references
// into the book are valid until its next change. Input is not judged here (a crossed book is a fact to be
// asked for, not an error); who feeds the book refuses prices <= 0 and negative quantities (book_feed.h).
#pragma once

#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <vector>

#include "engine/market/fixed.h"

namespace reprise {

enum class BookSideKind : std::uint8_t { bid, ask };
constexpr BookSideKind opposite(BookSideKind side) {
  return side == BookSideKind::bid ? BookSideKind::ask : BookSideKind::bid;
}

struct Level {
  Price price;
  Qty qty;
  bool operator==(const Level&) const = default;
  template <class Archive>
  void persist(Archive& archive) {
    archive.field("price", price);
    archive.field("qty", qty);
  }
};

// What taking `filled` from one side costs, level by level from the best.
struct BookSweep {
  Qty filled;                    // less than wanted when the side ran out
  Money notional;                // sum of price * quantity, exact in 128 bits, rounded once half away from zero
  Price worst;                   // price of the last level touched; meaningless when filled is 0
  std::optional<Price> average;  // notional / filled from the exact sum, half away from zero; none when filled is 0
  std::uint32_t levels = 0;
};

class OrderBook {
 public:
  // Iterates a side best first.
  class BestFirst {
   public:
    using Iterator = std::reverse_iterator<const Level*>;
    explicit BestFirst(std::span<const Level> best_last) : levels_(best_last) {}
    Iterator begin() const { return Iterator(levels_.data() + levels_.size()); }
    Iterator end() const { return Iterator(levels_.data()); }
    std::size_t size() const { return levels_.size(); }
    bool empty() const { return levels_.empty(); }
    const Level& operator[](std::size_t place) const { return levels_[levels_.size() - 1 - place]; }

   private:
    std::span<const Level> levels_;
  };

  // Sets the absolute quantity at a price; a quantity <= 0 removes the level. Removing a level that is not
  // there is normal. Returns the quantity that stood there before (0 = none).
  Qty set_level(BookSideKind side, Price price, Qty qty) {
    return side == BookSideKind::bid ? set<BookSideKind::bid>(bids_, price, qty)
                                     : set<BookSideKind::ask>(asks_, price, qty);
  }

  void clear() {
    bids_.clear();
    asks_.clear();
  }
  // Replaces one side. Any order is accepted (best first is fast), of equal prices the last one counts,
  // quantities <= 0 are left out.
  void load_side(BookSideKind side, std::span<const Level> levels);
  void load_snapshot(std::span<const Level> bids, std::span<const Level> asks) {
    load_side(BookSideKind::bid, bids);
    load_side(BookSideKind::ask, asks);
  }
  void reserve(std::size_t levels_a_side) {
    bids_.reserve(levels_a_side);
    asks_.reserve(levels_a_side);
  }

  std::optional<Level> best_bid() const { return bids_.empty() ? std::nullopt : std::optional(bids_.back()); }
  std::optional<Level> best_ask() const { return asks_.empty() ? std::nullopt : std::optional(asks_.back()); }
  std::optional<Level> best(BookSideKind side) const { return side == BookSideKind::bid ? best_bid() : best_ask(); }

  bool has_both_sides() const { return !bids_.empty() && !asks_.empty(); }
  bool is_empty() const { return bids_.empty() && asks_.empty(); }
  // Half of bid + ask, rounded down (toward minus infinity) to 1e-8; none without both sides.
  std::optional<Price> mid() const {
    if (!has_both_sides()) return std::nullopt;
    const std::int64_t a = bids_.back().price.e8;
    const std::int64_t b = asks_.back().price.e8;
    return Price::of_e8((a & b) + ((a ^ b) >> 1));
  }
  // Best ask minus best bid: negative when crossed, 0 when locked; none without both sides.
  std::optional<PriceDelta> spread() const {
    if (!has_both_sides()) return std::nullopt;
    return asks_.back().price - bids_.back().price;
  }
  bool is_crossed() const { return has_both_sides() && bids_.back().price > asks_.back().price; }
  bool is_locked() const { return has_both_sides() && bids_.back().price == asks_.back().price; }

  std::size_t level_count(BookSideKind side) const { return of(side).size(); }
  BestFirst levels(BookSideKind side) const { return BestFirst(of(side)); }
  BestFirst bids() const { return BestFirst(bids_); }
  BestFirst asks() const { return BestFirst(asks_); }
  std::optional<Level> level(BookSideKind side, std::size_t place_from_best) const;
  Qty qty_at(BookSideKind side, Price price) const;  // 0 = no such level

  // Sum of the best `levels` quantities, and of all quantities at `price` or better. Sums that leave int64
  // stay at its end.
  Qty top_qty(BookSideKind side, std::size_t levels) const;
  Qty qty_through(BookSideKind side, Price price) const;
  // Takes up to `wanted` from the side, no worse than `limit` where given.
  BookSweep sweep(BookSideKind side, Qty wanted, std::optional<Price> limit = std::nullopt) const;

  bool operator==(const OrderBook&) const = default;

  template <class Archive>
  void persist(Archive& archive) {  // best last
    archive.field("bids", bids_);
    archive.field("asks", asks_);
  }

 private:
  using Side = std::vector<Level>;
  const Side& of(BookSideKind side) const { return side == BookSideKind::bid ? bids_ : asks_; }

  // Whether a stands further from the best than b, that is: before it in the vector.
  template <BookSideKind kSide>
  static bool is_worse(Price a, Price b) {
    return kSide == BookSideKind::bid ? a < b : a > b;
  }
  // Place of the first level that is not worse than `price`, searched from the best.
  template <BookSideKind kSide>
  static std::size_t find(const Side& levels, Price price) {
    const std::size_t size = levels.size();
    std::size_t high = size;  // nothing at or behind it is worse than price
    std::size_t step = 1;
    while (step <= high && !is_worse<kSide>(levels[high - step].price, price)) {
      high -= step;
      step *= 2;
    }
    std::size_t low = step <= high ? high - step + 1 : 0;
    while (low < high) {
      const std::size_t middle = low + (high - low) / 2;
      if (is_worse<kSide>(levels[middle].price, price)) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
  template <BookSideKind kSide>
  static Qty set(Side& levels, Price price, Qty qty) {
    const std::size_t place = find<kSide>(levels, price);
    if (place < levels.size() && levels[place].price == price) {
      const Qty before = levels[place].qty;
      if (qty.is_positive()) {
        levels[place].qty = qty;
      } else {
        levels.erase(levels.begin() + static_cast<std::ptrdiff_t>(place));
      }
      return before;
    }
    if (qty.is_positive()) levels.insert(levels.begin() + static_cast<std::ptrdiff_t>(place), Level{price, qty});
    return Qty::zero();
  }

  Side bids_;  // ascending: the highest price at the back
  Side asks_;  // descending: the lowest price at the back
};

}  // namespace reprise
