#include "engine/analytics/microstructure.h"

#include <algorithm>

#include "engine/analytics/det_math.h"

namespace reprise::engine {

Rate imbalance(Qty bid_qty, Qty ask_qty) {
  const double bid = real_of(bid_qty.e8);
  const double ask = real_of(ask_qty.e8);
  const double sum = bid + ask;
  return sum > 0 ? Rate::of_e8(quantise((bid - ask) / sum)) : Rate::zero();
}

Rate imbalance(const OrderBook& book, std::size_t levels) {
  return imbalance(book.top_qty(BookSideKind::bid, levels), book.top_qty(BookSideKind::ask, levels));
}

Price micro_price(Price bid, Qty bid_qty, Price ask, Qty ask_qty) {
  const double bid_weight = real_of(ask_qty.e8);
  const double ask_weight = real_of(bid_qty.e8);
  const double sum = bid_weight + ask_weight;
  const double share = sum > 0 ? ask_weight / sum : 0.5;
  const Price low = std::min(bid, ask);
  const Price high = std::max(bid, ask);
  const Price price = Price::of_e8(quantise(real_of(bid.e8) + (real_of(ask.e8) - real_of(bid.e8)) * share));
  return std::clamp(price, low, high);
}

}  // namespace reprise::engine
