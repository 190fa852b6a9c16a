// What a strategy says it waits for: the figures are those that decide, and asking changes nothing.
#include "engine/explanation.h"

#include "engine/portfolio/portfolio.h"
#include "tests/engine/world.h"
#include "tests/support/catch.h"

using namespace reprise;
using namespace reprise::test;
using engine::ExplainedAction;
using engine::Explanation;

namespace {

config::Config trend_config() {
  Account account{wide_config()};
  account.strategy("trend", "trend_following",
                   {{"fast_period", "2"},
                    {"slow_period", "4"},
                    {"breakout_period", "4"},
                    {"atr_period", "3"},
                    {"atr_multiple", "2"},
                    {"trail_multiple", "2"},
                    {"protective_stop", "false"}});
  return account.config;
}

config::Config grid_config() {
  Account account{wide_config()};
  account.strategy("grid", "quoting_grid",
                   {{"levels", "2"},
                    {"order_notional", "200"},
                    {"max_inventory", "1000"},
                    {"min_requote_interval", "0s"},
                    {"requote_threshold", "0.001"}});
  return account.config;
}

const ExplainedAction& action(const Explanation& told, std::string_view name) {
  for (const ExplainedAction& each : told.actions)
    if (each.action.name == name) return each;
  FAIL("no action " << name);
  return told.actions.front();
}

const engine::Condition& condition(const ExplainedAction& action, std::string_view name) {
  for (const engine::Condition& each : action.action.conditions)
    if (each.name == name) return each;
  FAIL("no condition " << name);
  return action.action.conditions.front();
}

engine::BarEvent breakout() {
  engine::BarEvent bar;
  bar.instrument = 1;
  bar.open = Price{e8(60'000)};
  bar.high = Price{e8(60'060)};
  bar.low = Price{e8(59'995)};
  bar.close = Price{e8(60'050)};
  return bar;
}

}  // namespace

TEST_CASE("a strategy without enough bars says how many are missing") {
  World world(trend_config());
  world.quiet_bars(1);
  const Explanation told = world.engine().explain(1, 1);
  CHECK(told.has_started);
  const auto& missing = condition(action(told, "enter long"), "bars missing until the indicators are ready");
  CHECK_FALSE(missing.met());
  CHECK(missing.distance() == 3);
}

TEST_CASE(
    "in front of an entry every condition is met by the figures that then decide, and sizing agrees to the unit") {
  World world(trend_config());
  world.quiet_bars(8);
  const engine::BarEvent bar = breakout();
  const Explanation told = world.engine().explain(1, 1, &bar);
  const ExplainedAction& entry = action(told, "enter long");
  CHECK(entry.action.ready());
  CHECK(entry.would_trade());
  CHECK_FALSE(action(told, "enter short").action.ready());
  world.bar(60'000, 60'060, 59'995, 60'050);

  std::int64_t fast = 0, slow = 0;
  world.each<schema::Feature>(RecordType::FEATURE, [&](const RecordView&, schema::Feature::Reader f) {
    if (f.getKind() == schema::FeatureKind::EMA_FAST) fast = f.getValue();
    if (f.getKind() == schema::FeatureKind::EMA_SLOW) slow = f.getValue();
  });
  const auto& averages = condition(entry, "fast EMA above the slow one");
  CHECK(averages.value == fast);
  CHECK(averages.bound == slow);
  const auto& channel = condition(entry, "close above the channel");
  CHECK(channel.value == e8(60'050));
  CHECK(channel.bound == e8(60'010));
  const auto sizing = journal::read<schema::Sizing>(world.last(RecordType::SIZING));
  REQUIRE(entry.sizing);
  CHECK(entry.sizing->raw_qty.e8 == sizing.getRawQty());
  CHECK(entry.sizing->qty.e8 == sizing.getQty());
  CHECK(entry.sizing->stop_distance.e8 == sizing.getStopDistance());
  const auto signal = journal::read<schema::Signal>(world.last(RecordType::SIGNAL));
  REQUIRE(entry.action.signal);
  CHECK(entry.action.signal->stop_price->e8 == signal.getStopPrice());
  // The risk decision lists the same checks against the same bounds; its prices are those behind the bar.
  const auto decision = journal::read<schema::RiskDecision>(world.last(RecordType::RISK_DECISION));
  REQUIRE(entry.risk);
  REQUIRE(entry.risk->checks.size() == decision.getChecks().size());
  for (unsigned i = 0; i < decision.getChecks().size(); ++i) {
    CHECK(entry.risk->checks[i].rule == decision.getChecks()[i].getRule());
    CHECK(entry.risk->checks[i].passed == decision.getChecks()[i].getPassed());
    CHECK(entry.risk->checks[i].bound == decision.getChecks()[i].getBound());
  }
}

TEST_CASE("a close below the channel's edge is told with its distance") {
  World world(trend_config());
  world.quiet_bars(8);
  const Explanation told = world.engine().explain(1, 1);
  const auto& channel = condition(action(told, "enter long"), "close above the channel");
  CHECK_FALSE(channel.met());
  CHECK(channel.distance() == e8(10) + 1);  // it must be above, not at it
}

TEST_CASE("a position that is held waits for its stop") {
  World world(trend_config());
  world.quiet_bars(8);
  world.bar(60'000, 60'060, 59'995, 60'050);
  REQUIRE(world.venue_position(1).is_positive());
  const Explanation told = world.engine().explain(1, 1);
  const auto& stop = condition(action(told, "stop out of the long"), "best bid at or below the stop");
  CHECK_FALSE(stop.met());
  CHECK(stop.distance() > 0);
  CHECK(action(told, "stop out of the long").risk->verdict == schema::RiskVerdict::APPROVED);
}

TEST_CASE("a grid that lies waits for its centre to move, and full inventory is told by side") {
  World world(grid_config());
  world.bbo(59'999, 60'001);
  world.tick();
  world.bbo(59'999.5, 60'001.5);
  const Explanation told = world.engine().explain(1, 1);
  const auto& moved = condition(action(told, "lay the grid"), "centre moved since the grid was laid");
  CHECK_FALSE(moved.met());
  CHECK(moved.bound == mul_div(e8(60'000.5), e8(0.001), kScale));
  CHECK(action(told, "quote to buy").action.ready());
  CHECK(action(told, "quote to buy").risk->verdict == schema::RiskVerdict::APPROVED);
}

TEST_CASE("a halted account denies what the strategy would send, and the gate says so") {
  World world(trend_config());
  world.quiet_bars(8);
  world.operate(schema::OperatorAction::HALT);
  const engine::BarEvent bar = breakout();
  const ExplainedAction entry = action(world.engine().explain(1, 1, &bar), "enter long");
  CHECK(entry.action.ready());
  CHECK_FALSE(entry.would_trade());
  REQUIRE(entry.risk);
  CHECK(entry.risk->verdict == schema::RiskVerdict::DENIED);
  CHECK(entry.risk->failed == schema::RiskRule::KILL_SWITCH);
}

TEST_CASE("asking a strategy changes neither the state nor any later output") {
  for (const bool is_grid : {false, true}) {
    World asked(is_grid ? grid_config() : trend_config());
    World left_alone(is_grid ? grid_config() : trend_config());
    const engine::BarEvent bar = breakout();
    for (int i = 0; i < 60; ++i) {
      const double price =
          60'000 + ((i / 10) % 2 == 0 ? 1 : -1) * (i % 10) * 60;  // runs up, then down, through the channel
      for (World* world : {&asked, &left_alone}) {
        if (is_grid) {
          world->bbo(price - 1, price + 1);
        } else {
          world->bar(price - 20, price + 30, price - 30, price);
        }
        world->tick();
      }
      const auto before = asked.engine().state_hash();
      asked.engine().explain(1, 1);
      asked.engine().explain(1, 1, &bar);
      asked.engine().explain(1, 2);
      asked.engine().explain(9, 1);
      REQUIRE(asked.engine().state_hash() == before);
    }
    REQUIRE(asked.count(RecordType::ORDER_COMMAND) > 0);
    CHECK(asked.records().count() == left_alone.records().count());
    CHECK(asked.engine().state_hash() == left_alone.engine().state_hash());
  }
}
