// How far the model of the venue is from what happened: which orders are one and the same, and what is measured of
// them.
#include "sim/fidelity.h"

#include "engine/market/fixed.h"
#include "tests/support/catch.h"

namespace reprise::sim {
namespace {

constexpr DurationNanos kWindow = DurationNanos::seconds(1);

OrderTrace order(journal::Seq id, std::int64_t sent_ms, schema::Side side) {
  OrderTrace t;
  t.id = id;
  t.sent = {sent_ms * kMillisecond};
  t.strategy = 1;
  t.instrument = 1;
  t.side = side;
  t.type = schema::OrderType::LIMIT;
  return t;
}

OrderTrace filled(OrderTrace t, std::int64_t qty, std::int64_t price, std::int64_t after_ms) {
  t.filled = {qty * kScale};
  t.notional = {qty * price * kScale};
  t.first_fill = {t.sent.ns + after_ms * kMillisecond};
  return t;
}

}  // namespace

TEST_CASE("orders of one kind sent close together are one and the same, others are of one run alone") {
  const std::vector<OrderTrace> happened = {order(100, 1'000, schema::Side::BUY), order(110, 5'000, schema::Side::BUY),
                                            order(120, 9'000, schema::Side::SELL)};
  const std::vector<OrderTrace> modelled = {order(101, 1'200, schema::Side::BUY), order(111, 7'000, schema::Side::BUY),
                                            order(121, 9'000, schema::Side::BUY)};
  const Fidelity f = fidelity(happened, modelled, kWindow);
  CHECK(f.paired == 1);
  CHECK(f.only_happened == 2);
  CHECK(f.only_modelled == 2);
}

TEST_CASE("an order that stood at the point is known by its id, though only one of the runs filled it") {
  OrderTrace stood;
  stood.id = 7;
  const Fidelity f = fidelity({filled(stood, 1, 100, 5)}, {stood}, kWindow);
  CHECK(f.paired == 1);
  CHECK(f.only_happened == 0);
  CHECK(f.filled_only_happened == 1);
  CHECK(f.happened == Money{100 * kScale});
  CHECK(f.modelled.is_zero());
}

TEST_CASE("the price gap is in our favour where the model buys cheaper or sells dearer, weighted by what happened") {
  const auto buy = order(1, 1'000, schema::Side::BUY);
  const auto sell = order(2, 5'000, schema::Side::SELL);
  // Bought at 99 instead of 100, half as much of it: one percent on 200. Sold at 99 instead of 100: one percent lost.
  Fidelity f = fidelity({filled(buy, 2, 100, 3)}, {filled(buy, 1, 99, 8)}, kWindow);
  REQUIRE(f.price_gap);
  CHECK(f.price_gap->e8 == kScale / 100);
  CHECK(f.filled_in_both == 1);
  CHECK(f.fill_happened->ns == 3 * kMillisecond);
  CHECK(f.fill_modelled->ns == 8 * kMillisecond);
  f = fidelity({filled(buy, 2, 100, 3), filled(sell, 2, 100, 3)}, {filled(buy, 2, 99, 3), filled(sell, 2, 99, 3)},
               kWindow);
  REQUIRE(f.price_gap);
  CHECK(f.price_gap->is_zero());
  CHECK_FALSE(fidelity({buy}, {buy}, kWindow).price_gap);
}

}  // namespace reprise::sim
