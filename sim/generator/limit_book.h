// An order-level limit order book with price-time priority: the place where the synthetic market trades.
//
// Units: prices in ticks, quantities in lots (both integers > 0). Every change of the book raises
// update_id() by one, as a venue numbers them. Orders live in a pool with free slots reused, so memory is
// bounded by the most orders that ever rested at once. Not thread-safe. Wrong use asserts.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "journal/assert.h"

namespace reprise::sim {

enum class BookSide : std::uint8_t { bid, ask };
constexpr BookSide opposite(BookSide side) {
  return side == BookSide::bid ? BookSide::ask : BookSide::bid;
}

using OrderHandle = std::uint64_t;  // slot and generation; 0 = none; a finished order's handle finds nothing

struct BookLevel {
  std::int64_t price = 0;
  std::int64_t qty = 0;
  std::uint32_t first = 0;  // oldest order
  std::uint32_t last = 0;
};

struct Execution {
  std::uint32_t maker_owner = 0;
  std::int64_t price = 0;
  std::int64_t qty = 0;
};

struct TouchedLevel {
  BookSide side = BookSide::bid;
  std::int64_t price = 0;
  auto operator<=>(const TouchedLevel&) const = default;
};

class LimitBook {
 public:
  LimitBook();

  // Rests an order behind all others of its price. It must not cross the other side.
  OrderHandle add(BookSide side, std::int64_t price, std::int64_t qty, std::uint32_t owner);
  // Takes from `side` (the side that is hit) best price first, oldest order first, no further than `limit`,
  // at most `qty`. The executions are valid until the next call.
  std::span<const Execution> take(BookSide side, std::int64_t limit, std::int64_t qty);
  // False when the order is gone already.
  bool cancel(OrderHandle handle);
  // What is left of an order; 0 when it is gone.
  std::int64_t remaining(OrderHandle handle) const {
    const Order* order = find(handle);
    return order == nullptr ? 0 : order->qty;
  }
  std::int64_t price_of(OrderHandle handle) const {
    const Order* order = find(handle);
    return order == nullptr ? 0 : order->price;
  }

  const BookLevel* best(BookSide side) const {
    const auto& levels = side_of(side);
    return levels.empty() ? nullptr : &levels.back();
  }
  std::int64_t qty_at(BookSide side, std::int64_t price) const;                     // 0 = no level
  std::span<const BookLevel> levels(BookSide side) const { return side_of(side); }  // best last
  std::int64_t update_id() const { return update_id_; }
  std::size_t orders() const { return live_; }

  // Levels changed since the last clear_touched(), in the order of change, with repetitions.
  std::vector<TouchedLevel>& touched() { return touched_; }

  // Every sum and link recomputed; for tests.
  bool is_consistent() const;

 private:
  struct Order {
    std::int64_t price = 0;
    std::int64_t qty = 0;
    std::uint32_t previous = 0;
    std::uint32_t next = 0;
    std::uint32_t owner = 0;
    std::uint32_t generation = 0;
    BookSide side = BookSide::bid;
    bool live = false;
  };

  const Order* find(OrderHandle handle) const {
    const auto slot = static_cast<std::uint32_t>(handle);
    if (slot == 0 || slot >= pool_.size()) return nullptr;
    const Order& order = pool_[slot];
    return order.live && order.generation == static_cast<std::uint32_t>(handle >> 32) ? &order : nullptr;
  }
  std::vector<BookLevel>& side_of(BookSide side) { return side == BookSide::bid ? bids_ : asks_; }
  const std::vector<BookLevel>& side_of(BookSide side) const { return side == BookSide::bid ? bids_ : asks_; }
  std::size_t place_of(BookSide side, std::int64_t price) const;  // where the level of this price stands or belongs
  void touch(BookSide side, std::int64_t price);
  void release(std::uint32_t slot);

  std::vector<BookLevel> bids_;  // ascending: best last
  std::vector<BookLevel> asks_;  // descending: best last
  std::vector<Order> pool_;      // slot 0 is never used
  std::vector<std::uint32_t> free_;
  std::vector<Execution> executions_;
  std::vector<TouchedLevel> touched_;
  std::int64_t update_id_ = 0;
  std::size_t live_ = 0;
};

}  // namespace reprise::sim
