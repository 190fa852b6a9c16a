// An account whose money is told behind the start of the run, as a venue tells it.
#include "engine/portfolio/portfolio.h"
#include "engine/risk/risk_engine.h"
#include "tests/engine/world.h"
#include "tests/support/catch.h"

using namespace reprise;
using namespace reprise::test;

namespace {

void tell_balance(World& world, double wallet, double change, schema::BalanceChangeReason reason) {
  world.input<schema::BalanceUpdate>(RecordType::BALANCE_UPDATE, 0, [&](schema::BalanceUpdate::Builder b) {
    b.setWalletBalance(e8(wallet));
    b.setChange(e8(change));
    b.setReason(reason);
  });
}

}  // namespace

TEST_CASE("peak equity and the day's start are the first money told, not what the next minute finds left of it") {
  World world(wide_config(), {"BTCUSDT"}, false);
  world.tick();
  const std::size_t marks = world.count(RecordType::EQUITY_MARK);
  REQUIRE(world.engine().portfolio().peak_equity().is_zero());

  tell_balance(world, 1'000, 1'000, schema::BalanceChangeReason::DEPOSIT);
  CHECK(world.count(RecordType::EQUITY_MARK) == marks + 1);
  CHECK(world.engine().portfolio().peak_equity() == Money{e8(1'000)});
  CHECK(world.engine().risk().day_start_equity() == Money{e8(1'000)});

  // Lost within the same minute: the drawdown begins at what there was.
  tell_balance(world, 940, -60, schema::BalanceChangeReason::FUNDING_FEE);
  for (int second = 0; second < 70; ++second) world.tick();
  CHECK(world.count(RecordType::EQUITY_MARK) > marks + 1);
  CHECK(world.engine().portfolio().equity() == Money{e8(940)});
  CHECK(world.engine().portfolio().peak_equity() == Money{e8(1'000)});
  CHECK(world.engine().risk().day_start_equity() == Money{e8(1'000)});
}

TEST_CASE("money told again, or told as none, makes no further first mark") {
  World world(wide_config(), {"BTCUSDT"}, false);
  world.tick();
  tell_balance(world, 0, 0, schema::BalanceChangeReason::DEPOSIT);
  const std::size_t marks = world.count(RecordType::EQUITY_MARK);
  tell_balance(world, 500, 500, schema::BalanceChangeReason::DEPOSIT);
  tell_balance(world, 700, 200, schema::BalanceChangeReason::DEPOSIT);
  CHECK(world.count(RecordType::EQUITY_MARK) == marks + 1);
}
