#include "sim/generator/limit_book.h"

#include <algorithm>

namespace reprise::sim {

LimitBook::LimitBook() : pool_(1) {}

std::size_t LimitBook::place_of(BookSide side, std::int64_t price) const {
  const auto& levels = side_of(side);
  const auto found = side == BookSide::bid
                         ? std::lower_bound(levels.begin(), levels.end(), price,
                                            [](const BookLevel& l, std::int64_t p) { return l.price < p; })
                         : std::lower_bound(levels.begin(), levels.end(), price,
                                            [](const BookLevel& l, std::int64_t p) { return l.price > p; });
  return static_cast<std::size_t>(found - levels.begin());
}

void LimitBook::touch(BookSide side, std::int64_t price) {
  ++update_id_;
  touched_.push_back({side, price});
}

void LimitBook::release(std::uint32_t slot) {
  pool_[slot].live = false;
  free_.push_back(slot);
  --live_;
}

OrderHandle LimitBook::add(BookSide side, std::int64_t price, std::int64_t qty, std::uint32_t owner) {
  REPRISE_ASSERT(price > 0 && qty > 0, "an order needs a price and a quantity");
  const BookLevel* other = best(opposite(side));
  REPRISE_ASSERT(other == nullptr || (side == BookSide::bid ? price < other->price : price > other->price),
                 "a resting order must not cross the book");
  std::uint32_t slot;
  if (free_.empty()) {
    slot = static_cast<std::uint32_t>(pool_.size());
    pool_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  Order& order = pool_[slot];
  order.price = price;
  order.qty = qty;
  order.owner = owner;
  order.side = side;
  order.live = true;
  ++order.generation;
  ++live_;

  auto& levels = side_of(side);
  const std::size_t place = place_of(side, price);
  order.next = 0;
  if (place < levels.size() && levels[place].price == price) {
    BookLevel& level = levels[place];
    order.previous = level.last;
    pool_[level.last].next = slot;
    level.last = slot;
    level.qty += qty;
  } else {
    order.previous = 0;
    levels.insert(levels.begin() + static_cast<std::ptrdiff_t>(place), BookLevel{price, qty, slot, slot});
  }
  touch(side, price);
  return (static_cast<OrderHandle>(order.generation) << 32) | slot;
}

std::span<const Execution> LimitBook::take(BookSide side, std::int64_t limit, std::int64_t qty) {
  executions_.clear();
  auto& levels = side_of(side);
  while (qty > 0 && !levels.empty()) {
    BookLevel& level = levels.back();
    if (side == BookSide::bid ? level.price < limit : level.price > limit) break;
    while (qty > 0 && level.first != 0) {
      const std::uint32_t slot = level.first;
      Order& maker = pool_[slot];
      const std::int64_t filled = std::min(qty, maker.qty);
      executions_.push_back({maker.owner, level.price, filled});
      qty -= filled;
      maker.qty -= filled;
      level.qty -= filled;
      if (maker.qty == 0) {
        level.first = maker.next;
        if (level.first != 0) {
          pool_[level.first].previous = 0;
        } else {
          level.last = 0;
        }
        release(slot);
      }
      touch(side, level.price);
    }
    if (level.first == 0) levels.pop_back();
  }
  return executions_;
}

bool LimitBook::cancel(OrderHandle handle) {
  const Order* found = find(handle);
  if (found == nullptr) return false;
  const auto slot = static_cast<std::uint32_t>(handle);
  const Order order = *found;
  auto& levels = side_of(order.side);
  const std::size_t place = place_of(order.side, order.price);
  REPRISE_ASSERT(place < levels.size() && levels[place].price == order.price,
                 "an order rests on a level that is not there");
  BookLevel& level = levels[place];
  (order.previous != 0 ? pool_[order.previous].next : level.first) = order.next;
  (order.next != 0 ? pool_[order.next].previous : level.last) = order.previous;
  level.qty -= order.qty;
  if (level.first == 0) levels.erase(levels.begin() + static_cast<std::ptrdiff_t>(place));
  release(slot);
  touch(order.side, order.price);
  return true;
}

std::int64_t LimitBook::qty_at(BookSide side, std::int64_t price) const {
  const auto& levels = side_of(side);
  const std::size_t place = place_of(side, price);
  return place < levels.size() && levels[place].price == price ? levels[place].qty : 0;
}

bool LimitBook::is_consistent() const {
  std::size_t seen = 0;
  for (const BookSide side : {BookSide::bid, BookSide::ask}) {
    const auto& levels = side_of(side);
    for (std::size_t i = 0; i < levels.size(); ++i) {
      const BookLevel& level = levels[i];
      if (i > 0 && (side == BookSide::bid ? levels[i - 1].price >= level.price : levels[i - 1].price <= level.price))
        return false;
      std::int64_t sum = 0;
      std::uint32_t previous = 0;
      for (std::uint32_t slot = level.first; slot != 0; slot = pool_[slot].next) {
        const Order& order = pool_[slot];
        if (!order.live || order.qty <= 0 || order.price != level.price || order.side != side ||
            order.previous != previous)
          return false;
        sum += order.qty;
        previous = slot;
        if (++seen > live_) return false;
      }
      if (sum != level.qty || level.first == 0 || level.last != previous) return false;
    }
  }
  const bool crossed = !bids_.empty() && !asks_.empty() && bids_.back().price >= asks_.back().price;
  return seen == live_ && !crossed;
}

}  // namespace reprise::sim
