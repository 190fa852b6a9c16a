#include "engine/market/order_book.h"

#include <algorithm>
#include <limits>

namespace reprise {

namespace {
__extension__ typedef __int128 Wide;  // NOLINT(modernize-use-using)

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

std::int64_t saturate(Wide value) {
  return value > kMax ? kMax : static_cast<std::int64_t>(value);
}

// value and divisor not negative
std::int64_t divide_half_away(Wide value, Wide divisor) {
  return saturate((value + divisor / 2) / divisor);
}

bool at_or_better(BookSideKind side, Price price, Price limit) {
  return side == BookSideKind::bid ? price >= limit : price <= limit;
}
}  // namespace

std::optional<Level> OrderBook::worst(BookSideKind side) const {
  if (levels(side).empty()) return std::nullopt;
  return side == BookSideKind::bid ? bids_.worst() : asks_.worst();
}

std::optional<Level> OrderBook::level(BookSideKind side, std::size_t place_from_best) const {
  const BestFirst view = levels(side);
  if (place_from_best >= view.size()) return std::nullopt;
  return view[place_from_best];
}

Qty OrderBook::qty_at(BookSideKind side, Price price) const {
  return side == BookSideKind::bid ? bids_.qty_at(price) : asks_.qty_at(price);
}

Qty OrderBook::top_qty(BookSideKind side, std::size_t count) const {
  Wide sum = 0;
  for (const Level& level : levels(side)) {
    if (count-- == 0) break;
    sum += level.qty.e8;
  }
  return Qty::of_e8(saturate(sum));
}

Qty OrderBook::qty_through(BookSideKind side, Price price) const {
  Wide sum = 0;
  for (const Level& level : levels(side)) {
    if (!at_or_better(side, level.price, price)) break;
    sum += level.qty.e8;
  }
  return Qty::of_e8(saturate(sum));
}

BookSweep OrderBook::sweep(BookSideKind side, Qty wanted, std::optional<Price> limit) const {
  BookSweep result;
  Wide sum = 0;
  for (const Level& level : levels(side)) {
    if (result.filled >= wanted || (limit && !at_or_better(side, level.price, *limit))) break;
    const Qty taken = std::min(level.qty, wanted - result.filled);
    sum += static_cast<Wide>(level.price.e8) * taken.e8;
    result.filled += taken;
    result.worst = level.price;
    ++result.levels;
  }
  if (result.filled.is_positive()) {
    result.notional = Money::of_e8(divide_half_away(sum, kScale));
    result.average = Price::of_e8(divide_half_away(sum, result.filled.e8));
  }
  return result;
}

}  // namespace reprise
