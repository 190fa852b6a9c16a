// Trend following as a trader would watch it.
#include "tests/engine/world.h"
#include "tests/support/catch.h"

#include "engine/execution/order_manager.h"
#include "engine/portfolio/portfolio.h"

using namespace reprise;
using namespace reprise::test;

namespace {

Account trend_account(std::map<std::string, std::string> params = {}) {
  Account account{wide_config()};
  std::map<std::string, std::string> all = {
      {"fast_period", "2"},  {"slow_period", "4"},    {"breakout_period", "4"},     {"atr_period", "3"},
      {"atr_multiple", "2"}, {"trail_multiple", "2"}, {"protective_stop", "false"}, {"exit_on_cross", "false"}};
  for (auto& [key, value] : params) all[key] = value;
  account.strategy("trend", "trend_following", all);
  return account;
}

}  // namespace

TEST_CASE("a breakout enters, the trailing stop follows and takes it out") {
  World world(trend_account().config);
  world.quiet_bars(8);
  REQUIRE(world.count(RecordType::ORDER_COMMAND) == 0);

  world.bar(60'000, 60'060, 59'995, 60'050);  // closes above the channel
  REQUIRE(world.venue_position(1).is_positive());
  const auto entry = journal::read<schema::Signal>(world.last(RecordType::SIGNAL));
  CHECK(entry.getKind() == schema::SignalKind::ENTER_LONG);
  CHECK(entry.getStopPrice() < e8(60'050));
  const std::int64_t first_stop = entry.getStopPrice();

  for (double price = 60'100; price <= 60'500; price += 50) world.bar(price - 50, price + 5, price - 55, price);
  std::int64_t trailed = 0;
  world.each<schema::Feature>(RecordType::FEATURE, [&](const RecordView&, schema::Feature::Reader f) {
    if (f.getKind() != schema::FeatureKind::STOP_LEVEL) return;
    CHECK(f.getValue() > trailed);  // a stop never goes back
    trailed = f.getValue();
  });
  REQUIRE(trailed > first_stop);
  REQUIRE(world.venue_position(1).is_positive());

  world.bar(60'500, 60'500, 60'300, 60'310);  // back through the trailing stop
  CHECK(world.venue_position(1).is_zero());
  CHECK(journal::read<schema::Signal>(world.last(RecordType::SIGNAL)).getKind() == schema::SignalKind::STOP);
  const auto exit = journal::read<schema::OrderCommand>(world.last(RecordType::ORDER_COMMAND));
  CHECK(exit.getReduceOnly());
  CHECK(exit.getOrderType() == schema::OrderType::MARKET);
  CHECK(world.engine().portfolio().realized_pnl().is_positive());
}

TEST_CASE("a break downwards sells short, and the sum at risk is the configured share of equity") {
  World world(trend_account().config);
  world.quiet_bars(8);
  world.bar(60'000, 60'005, 59'900, 59'920);
  REQUIRE(world.venue_position(1).is_negative());
  const auto sizing = journal::read<schema::Sizing>(world.last(RecordType::SIZING));
  // 1 % of 10,000 at the stop distance, down to the lot.
  const std::int64_t at_risk = mul_div(sizing.getRawQty(), sizing.getStopDistance(), kScale);
  CHECK(at_risk <= e8(100));
  CHECK(at_risk > e8(99.9));
}

TEST_CASE("the stop is watched on every quote, not only at the close of a bar") {
  World world(trend_account().config);
  world.quiet_bars(8);
  world.bar(60'000, 60'060, 59'995, 60'050);
  REQUIRE(world.venue_position(1).is_positive());
  world.wait_ms(200);
  world.bbo(59'000, 59'000.1);
  CHECK(world.venue_position(1).is_zero());
}

TEST_CASE("a protective stop stands at the venue, follows, and goes with the position") {
  World world(trend_account({{"protective_stop", "true"}, {"protective_min_move", "0"}}).config);
  world.quiet_bars(8);
  world.bar(60'000, 60'060, 59'995, 60'050);
  REQUIRE(world.working() == 1);
  const auto first = journal::read<schema::OrderCommand>(world.last(RecordType::ORDER_COMMAND));
  CHECK(first.getOrderType() == schema::OrderType::STOP_MARKET);
  CHECK(first.getReduceOnly());
  CHECK(first.getQty() == world.venue_position(1).e8);

  for (double price = 60'100; price <= 60'300; price += 50) world.bar(price - 50, price + 5, price - 55, price);
  const auto moved = journal::read<schema::OrderCommand>(world.last(RecordType::ORDER_COMMAND));
  CHECK(moved.getTriggerPrice() > first.getTriggerPrice());
  CHECK(world.working() == 1);

  SECTION("our own stop takes the position out and the protective order is cancelled") {
    world.bar(60'300, 60'300, 60'170, 60'175);
    CHECK(world.venue_position(1).is_zero());
    CHECK(world.working() == 0);
  }
  SECTION("a gap through both: the venue's stop trades first, nothing is sold twice") {
    world.venue_first = false;
    world.hold_answers = true;  // our commands are under way while the venue acts
    world.bbo(59'000, 59'000.1);
    world.hold_answers = false;
    world.answer();
    world.tick();
    CHECK(world.venue_position(1).is_zero());
    CHECK(world.engine().portfolio().net_position(1).is_zero());
    CHECK(world.working() == 0);
  }
}

TEST_CASE("a halt leaves the protective stop of an open position where it stands, the kill switch takes all away") {
  World world(trend_account({{"protective_stop", "true"}, {"protective_min_move", "0"}}).config);
  world.quiet_bars(8);
  world.bar(60'000, 60'060, 59'995, 60'050);
  REQUIRE(world.venue_position(1).is_positive());
  REQUIRE(world.working() == 1);
  const std::size_t commands = world.count(RecordType::ORDER_COMMAND);

  SECTION("halt: nothing else could be placed, so the stop is not moved either, and it still takes the position out") {
    world.operate(schema::OperatorAction::HALT);
    for (double price = 60'100; price <= 60'300; price += 50) world.bar(price - 50, price + 5, price - 55, price);
    CHECK(world.working() == 1);
    CHECK(world.count(RecordType::ORDER_COMMAND) == commands);
    world.bbo(59'000, 59'000.1);
    CHECK(world.venue_position(1).is_zero());
    CHECK(world.engine().portfolio().net_position(1).is_zero());
    CHECK(world.working() == 0);
  }
  SECTION("kill switch: flat, and nothing is left at the venue") {
    world.operate(schema::OperatorAction::KILL_SWITCH);
    CHECK(world.venue_position(1).is_zero());
    CHECK(world.working() == 0);
  }
}

TEST_CASE("every order can be walked back to the market data behind it") {
  World world(trend_account().config);
  world.quiet_bars(8);
  world.bar(60'000, 60'060, 59'995, 60'050);
  CHECK(world.chain(world.last(RecordType::ORDER_COMMAND).seq) == "orderCommand riskDecision sizing signal marketBar");
}

TEST_CASE("bars are built from trades when the data has none, and lead to the same entry") {
  World world(trend_account().config);
  world.bbo(59'999.9, 60'000.1);
  for (int i = 0; i < 8; ++i) {
    world.trade(60'000);
    world.trade(60'010);
    world.trade(59'990);
    world.trade(60'000);
    world.tick();
  }
  CHECK(world.count(RecordType::BAR) == 8);
  world.bbo(60'049.9, 60'050.1);
  world.trade(60'050);
  world.tick();
  CHECK(world.venue_position(1).is_positive());
  CHECK(world.chain(world.last(RecordType::ORDER_COMMAND).seq) ==
        "orderCommand riskDecision sizing signal bar clockTick");
}

TEST_CASE("no entry on stale data, but the exit passes") {
  Account account = trend_account();
  account.config.engine.stale_after_ns = 2'000'000'000;
  World world(account.config);
  world.quiet_bars(8);
  world.tick();
  world.bar(60'000, 60'060, 59'995, 60'050);
  REQUIRE(world.venue_position(1).is_positive());
  world.wait_ms(600'000);
  world.tick();
  CHECK(journal::read<schema::Alert>(world.last(RecordType::ALERT)).getKind() == schema::AlertKind::STALE_DATA);
  CHECK(world.engine().portfolio().net_position(1).is_positive());
  world.bar(59'000, 59'000, 58'900, 58'950);
  CHECK(world.venue_position(1).is_zero());
}
