#include "sim/fidelity.h"

#include <algorithm>
#include <tuple>

#include "engine/portfolio/margin.h"
#include "engine/report/pairing.h"

namespace reprise::sim {

using journal::RecordType;
using journal::RecordView;

namespace {

// The first is the order's id where it is known to be one and the same.
using Group = std::tuple<journal::Seq, std::uint16_t, std::uint32_t, schema::Side, schema::OrderType>;
using Groups = engine::TimedGroups<Group, OrderTrace>;

Groups grouped(const std::vector<OrderTrace>& traces) {
  Groups groups;
  for (const OrderTrace& t : traces) {
    const bool stood = t.sent.ns == 0;
    groups[stood ? Group{t.id, 0, 0, schema::Side::NONE, schema::OrderType::NONE}
                 : Group{0, t.strategy, t.instrument, t.side, t.type}]
        .push_back(&t);
  }
  return groups;
}

std::optional<DurationNanos> median(std::vector<std::int64_t>& values) {
  if (values.empty()) return std::nullopt;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return DurationNanos{*middle};
}

}  // namespace

OrderTrace& OrderTraces::trace(journal::Seq id, const RecordView& record) {
  const auto [place, is_new] = places_.try_emplace(id, traces_.size());
  if (is_new) {
    OrderTrace& made = traces_.emplace_back();
    made.id = id;
    made.instrument = record.header->instrument;
  }
  return traces_[place->second];
}

void OrderTraces::on(const RecordView& record) {
  const UnixNanos now{record.header->ts_engine};
  if (record.type() == RecordType::ORDER_COMMAND) {
    const auto command = journal::read<schema::OrderCommand>(record);
    if (command.getKind() != schema::CommandKind::SUBMIT) return;
    OrderTrace& t = trace(record.seq, record);
    t.sent = now;
    t.strategy = record.header->strategy;
    t.side = command.getSide();
    t.type = command.getOrderType();
  } else if (record.type() == RecordType::ORDER_REPORT) {
    const auto report = journal::read<schema::OrderReport>(record);
    if (report.getOrderId() == 0) return;
    OrderTrace& t = trace(report.getOrderId(), record);
    if (t.answered.ns == 0) t.answered = now;
  } else if (record.type() == RecordType::FILL) {
    const auto fill = journal::read<schema::Fill>(record);
    if (fill.getOrderId() == 0) return;
    OrderTrace& t = trace(fill.getOrderId(), record);
    t.side = fill.getSide();
    if (t.first_fill.ns == 0) t.first_fill = now;
    t.filled += Qty{fill.getQty()};
    t.notional += engine::saturating_notional(Price{fill.getPrice()}, Qty{fill.getQty()});
  }
}

Fidelity fidelity(const std::vector<OrderTrace>& happened, const std::vector<OrderTrace>& modelled,
                  DurationNanos window) {
  Fidelity f;
  std::vector<std::int64_t> answers_a, answers_b, fills_a, fills_b;
  Money gap;  // in our favour, at the quantity that was executed at the venue
  Money at_venue;
  engine::pair_by_time(
      grouped(happened), grouped(modelled), window, [](const OrderTrace& t) { return t.sent; },
      [&](const OrderTrace* a, const OrderTrace* b) {
        if (a == nullptr || b == nullptr) {
          ++(b == nullptr ? f.only_happened : f.only_modelled);
          return;
        }
        ++f.paired;
        f.happened += a->notional;
        f.modelled += b->notional;
        if (a->sent.ns != 0) {
          if (a->answered.ns != 0) answers_a.push_back((a->answered - a->sent).ns);
          if (b->answered.ns != 0) answers_b.push_back((b->answered - b->sent).ns);
          if (a->first_fill.ns != 0) fills_a.push_back((a->first_fill - a->sent).ns);
          if (b->first_fill.ns != 0) fills_b.push_back((b->first_fill - b->sent).ns);
        }
        if (a->filled.is_zero() || b->filled.is_zero()) {
          if (!a->filled.is_zero()) ++f.filled_only_happened;
          if (!b->filled.is_zero()) ++f.filled_only_modelled;
          return;
        }
        ++f.filled_in_both;
        const Money as_modelled = mul(div(b->notional, b->filled), a->filled);
        gap += a->side == schema::Side::BUY ? a->notional - as_modelled : as_modelled - a->notional;
        at_venue += a->notional;
      });
  if (at_venue.is_positive()) f.price_gap = Rate{mul_div(gap.e8, kScale, at_venue.e8)};
  f.answer_happened = median(answers_a);
  f.answer_modelled = median(answers_b);
  f.fill_happened = median(fills_a);
  f.fill_modelled = median(fills_b);
  return f;
}

}  // namespace reprise::sim
