// One instrument's order book by price level (L2), fed with absolute quantities.
//
// Units: prices and quantities at 1e-8 (fixed.h). Each side keeps its levels in order (book_side.h). Not thread-safe.
// Views and references into the book are valid until its next change. Input is not judged here (a crossed book is a
// fact to be asked for, not an error); who feeds the book refuses prices <= 0 and negative quantities (book_feed.h).
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/market/book_side.h"
#include "engine/market/fixed.h"

namespace reprise {

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
  // Sets the absolute quantity at a price; a quantity <= 0 removes the level. Removing a level that is not
  // there is normal. Returns the quantity that stood there before (0 = none).
  Qty set_level(BookSideKind side, Price price, Qty qty) {
    return side == BookSideKind::bid ? bids_.set(price, qty) : asks_.set(price, qty);
  }
  // set_level() for each of them, in their order.
  void apply(BookSideKind side, std::span<const Level> changes) {
    side == BookSideKind::bid ? bids_.apply(changes) : asks_.apply(changes);
  }

  void clear() {
    bids_.clear();
    asks_.clear();
  }
  // Replaces one side. Any order is accepted (best first is fast), of equal prices the last one counts,
  // quantities <= 0 are left out.
  void load_side(BookSideKind side, std::span<const Level> levels) {
    side == BookSideKind::bid ? bids_.load(levels) : asks_.load(levels);
  }
  void load_snapshot(std::span<const Level> bids, std::span<const Level> asks) {
    bids_.load(bids);
    asks_.load(asks);
  }

  std::optional<Level> best_bid() const { return bids_.empty() ? std::nullopt : std::optional(bids_.best()); }
  std::optional<Level> best_ask() const { return asks_.empty() ? std::nullopt : std::optional(asks_.best()); }
  std::optional<Level> best(BookSideKind side) const { return side == BookSideKind::bid ? best_bid() : best_ask(); }
  // The level furthest from the best price; none on an empty side.
  std::optional<Level> worst(BookSideKind side) const;

  bool has_both_sides() const { return !bids_.empty() && !asks_.empty(); }
  bool is_empty() const { return bids_.empty() && asks_.empty(); }
  // Half of bid + ask, rounded down (toward minus infinity) to 1e-8; none without both sides.
  std::optional<Price> mid() const {
    if (!has_both_sides()) return std::nullopt;
    const std::int64_t a = bids_.best().price.e8;
    const std::int64_t b = asks_.best().price.e8;
    return Price::of_e8((a & b) + ((a ^ b) >> 1));
  }
  // Best ask minus best bid: negative when crossed, 0 when locked; none without both sides.
  std::optional<PriceDelta> spread() const {
    if (!has_both_sides()) return std::nullopt;
    return asks_.best().price - bids_.best().price;
  }
  bool is_crossed() const { return has_both_sides() && bids_.best().price > asks_.best().price; }
  bool is_locked() const { return has_both_sides() && bids_.best().price == asks_.best().price; }

  std::size_t level_count(BookSideKind side) const { return levels(side).size(); }  // O(levels / 16)
  BestFirst levels(BookSideKind side) const { return side == BookSideKind::bid ? bids() : asks(); }
  BestFirst bids() const { return bids_.best_first(); }
  BestFirst asks() const { return asks_.best_first(); }
  std::optional<Level> level(BookSideKind side, std::size_t place_from_best) const;
  Qty qty_at(BookSideKind side, Price price) const;  // 0 = no such level

  // Sum of the best `levels` quantities, and of all quantities at `price` or better. Sums that leave int64
  // stay at its end.
  Qty top_qty(BookSideKind side, std::size_t levels) const;
  Qty qty_through(BookSideKind side, Price price) const;
  // Takes up to `wanted` from the side, no worse than `limit` where given.
  BookSweep sweep(BookSideKind side, Qty wanted, std::optional<Price> limit = std::nullopt) const;

  bool operator==(const OrderBook&) const = default;

  // A list of levels a side, best last.
  template <class Archive>
  void persist(Archive& archive) {
    persist_side(archive, "bids", bids_);
    persist_side(archive, "asks", asks_);
  }

 private:
  template <class Archive, BookSideKind kSide>
  static void persist_side(Archive& archive, const char* name, BookSide<kSide>& side) {
    const BestFirst view = side.best_first();
    std::vector<Level> levels(view.begin(), view.end());
    std::reverse(levels.begin(), levels.end());
    archive.field(name, levels);
    if (!archive.loading()) return;
    std::reverse(levels.begin(), levels.end());
    side.load(levels);
  }

  BookSide<BookSideKind::bid> bids_;
  BookSide<BookSideKind::ask> asks_;
};

}  // namespace reprise
