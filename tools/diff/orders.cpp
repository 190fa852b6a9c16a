#include "tools/diff/orders.h"

#include <algorithm>
#include <tuple>

#include "engine/report/pairing.h"

namespace reprise::tools {

namespace {

using Group = std::tuple<std::string, std::string, schema::Side, schema::OrderType>;
using Groups = engine::TimedGroups<Group, PlacedOrder>;

Groups grouped(const OrderList& list, const RunNames& names) {
  Groups groups;
  for (const PlacedOrder& order : list.all())
    groups[{names.strategy(order.strategy), names.symbol(order.instrument), order.side, order.type}].push_back(&order);
  return groups;
}

}  // namespace

void OrderList::on(const journal::RecordView& record) {
  if (record.type() == journal::RecordType::ORDER_COMMAND) {
    const auto c = journal::read<schema::OrderCommand>(record);
    if (c.getKind() != schema::CommandKind::SUBMIT) return;
    PlacedOrder order;
    order.id = record.seq;
    order.time = record.header->ts_engine;
    order.strategy = record.header->strategy;
    order.instrument = record.header->instrument;
    order.side = c.getSide();
    order.type = c.getOrderType();
    order.qty = Qty{c.getQty()};
    order.price = Price{c.getPrice()};
    places_[record.seq] = orders_.size();
    orders_.push_back(order);
    return;
  }
  if (record.type() != journal::RecordType::FILL) return;
  const auto f = journal::read<schema::Fill>(record);
  ++fills_;
  auto place = places_.find(f.getOrderId());
  if (f.getOrderId() == 0 || place == places_.end()) {
    PlacedOrder forced;
    forced.time = record.header->ts_engine;
    forced.instrument = record.header->instrument;
    forced.strategy = record.header->strategy;
    forced.side = f.getSide();
    forced.type = schema::OrderType::LIQUIDATION;
    forced.qty = Qty{f.getQty()};
    place = places_.insert_or_assign(record.seq, orders_.size()).first;
    orders_.push_back(forced);
  }
  PlacedOrder& order = orders_[place->second];
  if (order.fills++ == 0) order.first_fill = record.seq;
  order.filled += Qty{f.getQty()};
  order.notional += Price{f.getPrice()} * Qty{f.getQty()};
}

OrderMatch match_orders(const OrderList& a, const RunNames& names_a, const OrderList& b, const RunNames& names_b,
                        DurationNanos window) {
  OrderMatch match;
  engine::pair_by_time(
      grouped(a, names_a), grouped(b, names_b), window, [](const PlacedOrder& order) { return UnixNanos{order.time}; },
      [&](const PlacedOrder* in_a, const PlacedOrder* in_b) {
        if (in_b == nullptr) {
          match.only_a.push_back(*in_a);
        } else if (in_a == nullptr) {
          match.only_b.push_back(*in_b);
        } else {
          ++match.matched;
        }
      });
  const auto by_time = [](const PlacedOrder& x, const PlacedOrder& y) {
    return std::tuple(x.time, x.id, x.first_fill) < std::tuple(y.time, y.id, y.first_fill);
  };
  std::sort(match.only_a.begin(), match.only_a.end(), by_time);
  std::sort(match.only_b.begin(), match.only_b.end(), by_time);
  return match;
}

}  // namespace reprise::tools
