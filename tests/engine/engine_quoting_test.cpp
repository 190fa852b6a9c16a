// The quoting grid and the keeper that makes orders follow it.
#include "tests/engine/world.h"
#include "tests/support/catch.h"

#include "engine/execution/order_manager.h"
#include "engine/portfolio/portfolio.h"
#include "engine/risk/risk_engine.h"

using namespace reprise;
using namespace reprise::test;

namespace {

Account grid_account(std::map<std::string, std::string> params = {}) {
  Account account{wide_config()};
  std::map<std::string, std::string> all = {
      {"levels", "2"},           {"half_spread", "0.001"},        {"spacing", "0.001"},
      {"order_notional", "600"}, {"max_inventory", "1200"},       {"skew", "1"},
      {"centre", "mid"},         {"requote_threshold", "0.0002"}, {"min_requote_interval", "100ms"}};
  for (auto& [key, value] : params) all[key] = value;
  account.strategy("grid", "quoting_grid", all);
  return account;
}

struct Working {
  std::int64_t best_buy = 0, best_sell = 0;
  int buys = 0, sells = 0;
};
Working working(World& world) {
  Working w;
  for (const engine::Order* order : world.engine().orders().open_orders()) {
    const bool is_buy = order->request.side == Side::BUY;
    std::int64_t& best = is_buy ? w.best_buy : w.best_sell;
    const std::int64_t price = order->request.price.e8;
    best = best == 0 ? price : is_buy ? std::max(best, price) : std::min(best, price);
    ++(is_buy ? w.buys : w.sells);
  }
  return w;
}

}  // namespace

TEST_CASE("quotes stand on both sides of the mid, post only, and follow it by modify") {
  World world(grid_account().config);
  world.bbo(59'999.9, 60'000.1);
  Working w = working(world);
  CHECK(w.buys == 2);
  CHECK(w.sells == 2);
  CHECK(w.best_buy == e8(59'940));
  CHECK(w.best_sell == e8(60'060));
  world.each<schema::OrderCommand>(RecordType::ORDER_COMMAND, [](const RecordView&, schema::OrderCommand::Reader c) {
    CHECK(c.getTimeInForce() == schema::TimeInForce::GTX);
  });

  world.wait_ms(200);
  world.bbo(60'019.9, 60'020.1);
  w = working(world);
  CHECK(w.best_buy == e8(59'959.9));  // 60,020 less 0.1 %, down to the tick
  CHECK(w.best_sell == e8(60'080.1));
  const auto last = journal::read<schema::OrderCommand>(world.last(RecordType::ORDER_COMMAND));
  CHECK(last.getKind() == schema::CommandKind::MODIFY);
  CHECK(world.chain(world.last(RecordType::ORDER_COMMAND).seq) == "orderCommand riskDecision signal bbo");
}

TEST_CASE("a small move leaves the quotes and their place in the queue alone") {
  World world(grid_account().config);
  world.bbo(59'999.9, 60'000.1);
  const std::size_t before = world.count(RecordType::ORDER_COMMAND);
  for (int i = 0; i < 10; ++i) {
    world.wait_ms(500);
    world.bbo(60'000.9 - 0.2 * i, 60'001.1 - 0.2 * i);
  }
  CHECK(world.count(RecordType::ORDER_COMMAND) == before);
}

TEST_CASE("quotes lean against the inventory, and the full side is not quoted") {
  World world(grid_account().config);
  world.bbo(59'999.9, 60'000.1);
  world.wait_ms(200);
  world.bbo(59'900, 59'938);  // takes the first buy
  const Qty held = world.engine().portfolio().net_position(1);
  REQUIRE(held.is_positive());
  CHECK(held == world.venue_position(1));
  world.wait_ms(200);
  world.bbo(59'899.9, 59'938.1);
  world.tick();
  const Working w = working(world);
  const std::int64_t mid = e8(59'919);
  CHECK(mid - w.best_buy > w.best_sell - mid);  // keener to sell than to buy

  world.wait_ms(1200);
  world.bbo(59'700, 59'730);  // takes more
  world.wait_ms(1200);
  world.bbo(59'700.5, 59'730.5);
  world.tick();
  const Working full = working(world);
  CHECK(full.sells == 2);
  CHECK(full.buys <= 1);
  CHECK(mul(Price::of_e8(e8(59'700)), world.venue_position(1)) <= Money::of_e8(e8(1210)));
}

TEST_CASE("requoting by cancel places again only when the old order is gone") {
  World world(grid_account({{"requote_by", "cancel"}}).config);
  world.bbo(59'999.9, 60'000.1);
  world.wait_ms(200);
  world.hold_answers = true;
  world.bbo(60'049.9, 60'050.1);
  int cancels = 0, submits = 0;
  world.each<schema::OrderCommand>(RecordType::ORDER_COMMAND, [&](const RecordView&, schema::OrderCommand::Reader c) {
    cancels += c.getKind() == schema::CommandKind::CANCEL ? 1 : 0;
    submits += c.getKind() == schema::CommandKind::SUBMIT ? 1 : 0;
  });
  CHECK(cancels == 4);
  CHECK(submits == 4);  // the first ones; the new ones wait
  world.hold_answers = false;
  world.answer();
  const Working w = working(world);
  CHECK(w.buys == 2);
  CHECK(w.sells == 2);
  CHECK(w.best_buy == e8(59'989.9));
}

TEST_CASE("orders in flight are left alone until they are answered") {
  World world(grid_account().config);
  world.hold_answers = true;
  world.bbo(59'999.9, 60'000.1);
  const std::size_t sent = world.count(RecordType::ORDER_COMMAND);
  world.wait_ms(300);
  world.bbo(60'099.9, 60'100.1);
  CHECK(world.count(RecordType::ORDER_COMMAND) == sent);
  world.hold_answers = false;
  world.answer();
  world.tick();
  world.tick();  // one sell would have crossed the new market and was refused: placed again a second later
  const Working w = working(world);
  CHECK(w.best_buy == e8(60'039.9));
  CHECK(w.buys == 2);
  CHECK(w.sells == 2);
}

TEST_CASE("a partial execution keeps the rest working and counts once") {
  World world(grid_account({{"order_notional", "2400"}, {"max_inventory", "9000"}, {"skew", "0"}}).config);
  world.partial = 0.5;
  world.bbo(59'999.9, 60'000.1);
  world.wait_ms(50);
  world.bbo(59'939.9, 59'940);
  CHECK(world.engine().portfolio().net_position(1) == world.venue_position(1));
  bool seen = false;
  world.each<schema::OrderState>(RecordType::ORDER_STATE, [&](const RecordView&, schema::OrderState::Reader s) {
    seen = seen || s.getStatus() == schema::OrderStatus::PARTIALLY_FILLED;
  });
  CHECK(seen);
}

TEST_CASE("stale data pulls every quote, fresh data brings them back") {
  Account account = grid_account();
  account.config.engine.stale_after_ns = 3'000'000'000;
  World world(account.config);
  world.bbo(59'999.9, 60'000.1);
  world.tick();
  REQUIRE(working(world).buys == 2);
  for (int i = 0; i < 5; ++i) world.tick();
  CHECK(working(world).buys == 0);
  CHECK(working(world).sells == 0);
  world.bbo(59'999.9, 60'000.1);
  world.bbo(59'999.9, 60'000.2);
  CHECK(working(world).buys == 2);
}

TEST_CASE("a crossed market pulls every quote and is told once") {
  World world(grid_account().config);
  world.bbo(59'999.9, 60'000.1);
  world.wait_ms(200);
  world.bbo(60'000.5, 60'000.1);
  CHECK(working(world).buys + working(world).sells == 0);
  CHECK(journal::read<schema::Alert>(world.last(RecordType::ALERT)).getKind() == schema::AlertKind::CROSSED_BOOK);
}

TEST_CASE("the kill switch closes what is open and refuses the rest until resume") {
  World world(grid_account().config);
  world.bbo(59'999.9, 60'000.1);
  world.wait_ms(50);
  world.bbo(59'900, 59'938);
  REQUIRE(world.venue_position(1).is_positive());
  REQUIRE(world.working() > 0);

  world.operate(schema::OperatorAction::KILL_SWITCH);
  CHECK(world.venue_position(1).is_zero());
  CHECK(world.engine().portfolio().net_position(1).is_zero());
  CHECK(world.working() == 0);
  CHECK(world.engine().risk().killed());

  const std::size_t before = world.count(RecordType::ORDER_COMMAND);
  for (int i = 0; i < 5; ++i) {
    world.wait_ms(500);
    world.bbo(59'000 + 100 * i, 59'000.1 + 100 * i);
    world.tick();
  }
  CHECK(world.count(RecordType::ORDER_COMMAND) == before);
  CHECK(world.working() == 0);

  world.operate(schema::OperatorAction::RESUME);
  world.wait_ms(500);
  world.bbo(59'400, 59'400.1);
  CHECK(world.working() > 0);
}

TEST_CASE("the kill switch tries again while a position remains") {
  World world(grid_account().config);
  world.bbo(59'999.9, 60'000.1);
  world.wait_ms(50);
  world.bbo(59'900, 59'938);
  REQUIRE(world.venue_position(1).is_positive());
  world.hold_answers = true;  // the venue is silent
  world.operate(schema::OperatorAction::KILL_SWITCH);
  for (int i = 0; i < 15; ++i) world.tick();  // beyond the order time-out: fate unknown
  world.hold_answers = false;
  world.answer();
  for (int i = 0; i < 5; ++i) world.tick();
  CHECK(world.venue_position(1).is_zero());
  CHECK(world.working() == 0);
}

TEST_CASE("reduce only keeps nothing but quotes that shrink the position") {
  World world(grid_account().config);
  world.bbo(59'999.9, 60'000.1);
  world.wait_ms(50);
  world.bbo(59'900, 59'938);
  REQUIRE(world.venue_position(1).is_positive());
  world.operate(schema::OperatorAction::REDUCE_ONLY);
  world.wait_ms(500);
  world.bbo(59'900, 59'938.1);
  const Working w = working(world);
  CHECK(w.buys == 0);
  CHECK(w.sells >= 1);
  for (const engine::Order* order : world.engine().orders().open_orders()) CHECK(order->request.reduce_only);
  world.wait_ms(500);
  world.bbo(60'500, 60'500.1);  // reached: the position closes, never turns
  world.tick();
  CHECK(world.venue_position(1).is_zero());
}

TEST_CASE("a halt cancels quotes and places none, cancelAll leaves the strategy free to quote again") {
  World world(grid_account().config);
  world.bbo(59'999.9, 60'000.1);
  REQUIRE(world.working() == 4);
  SECTION("halt") {
    world.operate(schema::OperatorAction::HALT);
    CHECK(world.working() == 0);
    world.wait_ms(500);
    world.bbo(60'099.9, 60'100.1);
    CHECK(world.working() == 0);
  }
  SECTION("cancel all") {
    world.operate(schema::OperatorAction::CANCEL_ALL);
    world.wait_ms(500);
    world.bbo(60'009.9, 60'010.1);
    CHECK(world.working() == 4);
  }
}

TEST_CASE(
    "a strategy switched off takes its quotes back, also where a cancel is refused or an order is on its way in") {
  Account account = grid_account();
  World world(account.config);
  account.config.strategies[0].enabled = false;
  SECTION("its cancels are refused for a while") {
    world.bbo(59'999.9, 60'000.1);
    REQUIRE(world.working() == 4);
    world.refuse_cancels = true;
    world.configure(account.config);
    world.tick();
    CHECK(world.working() == 4);
    world.refuse_cancels = false;
    world.tick();
    world.tick();
    CHECK(world.working() == 0);
  }
  SECTION("its orders are on their way in") {
    world.hold_answers = true;
    world.bbo(59'999.9, 60'000.1);
    world.configure(account.config);
    world.hold_answers = false;
    world.answer();
    CHECK(world.working() == 0);
  }
  CHECK(world.engine().orders().open_count() == 0);
}

TEST_CASE("halted, a refused cancel is tried again with the clock until the order is gone") {
  World world(grid_account().config);
  world.bbo(59'999.9, 60'000.1);
  world.refuse_cancels = true;
  world.operate(schema::OperatorAction::HALT);
  world.tick();
  REQUIRE(world.working() == 4);
  world.refuse_cancels = false;
  world.tick();
  world.tick();
  CHECK(world.working() == 0);
  CHECK(world.engine().orders().open_count() == 0);
}
