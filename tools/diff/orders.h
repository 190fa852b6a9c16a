// The orders of two runs, matched: same strategy, symbol, side and type, sent within a window of each other, in time
// order, each at most once. What is left is what only one of them has.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/market/fixed.h"
#include "journal/record.h"
#include "tools/run_names.h"

namespace reprise::tools {

struct PlacedOrder {
  journal::Seq id = 0;  // 0 = forced by the venue: its first fill then
  std::int64_t time = 0;
  std::uint16_t strategy = 0;
  std::uint32_t instrument = 0;
  schema::Side side = schema::Side::NONE;
  schema::OrderType type = schema::OrderType::NONE;
  Qty qty;
  Price price;  // 0 = market
  Qty filled;
  Money notional;
  std::uint64_t fills = 0;
  journal::Seq first_fill = 0;
};

// One run's orders, in the order in which they were sent.
class OrderList {
 public:
  void on(const journal::RecordView& record);
  const std::vector<PlacedOrder>& all() const { return orders_; }
  std::uint64_t fills() const { return fills_; }

 private:
  std::vector<PlacedOrder> orders_;
  std::map<journal::Seq, std::size_t> places_;
  std::uint64_t fills_ = 0;
};

struct OrderMatch {
  std::uint64_t matched = 0;
  std::vector<PlacedOrder> only_a, only_b;  // by time
};

OrderMatch match_orders(const OrderList& a, const RunNames& names_a, const OrderList& b, const RunNames& names_b,
                        DurationNanos window);

}  // namespace reprise::tools
