// Liquidation prices against published examples, and against the definition at random.
#include <boost/random/mersenne_twister.hpp>

#include "engine/portfolio/margin.h"
#include "tests/engine/trading_support.h"

using namespace reprise;
using namespace reprise::engine;
using namespace reprise::engine::test;

namespace {

MarginTable table_of(const std::vector<Tier>& tiers) {
  MarginTable table;
  for (const Tier& t : tiers)
    table.tiers.push_back({money(t.floor), money(t.cap), t.leverage, rate(t.rate), money(t.amount)});
  return table;
}

void check_near(std::optional<Price> found, const std::string& expected, const std::string& tolerance) {
  REQUIRE(found.has_value());
  INFO(decimal_text(*found) << " against " << expected);
  CHECK((*found - price(expected)).abs() <= PriceDelta{e8(tolerance)});
}

}  // namespace

TEST_CASE("liquidation price of the venue's own worked examples, to the cent and to eight decimals") {
  struct Case {
    const char* name;
    const char* wallet;
    const char* other_maintenance;
    const char* other_unrealized;
    const char* amount;
    const char* position;
    const char* entry;
    const char* rate;
    const char* to_the_cent;
    const char* exact;
  };
  const Case cases[] = {
      {"ETHUSDT cross long", "1535443.01", "71200.81144", "-56354.57", "135365", "3683.979", "1456.84", "0.1",
       "1153.26", "1153.25646470"},
      {"BTCUSDT cross long", "1535443.01", "356512.508", "-448192.89", "16300", "109.488", "32481.98", "0.025",
       "26316.89", "26316.89330890"},
      {"ETHUSDT isolated long", "1535443.01", "0", "0", "135365", "3683.979", "1456.84", "0.1", "1114.78",
       "1114.78496375"},
      {"BTCUSDT isolated long", "1535443.01", "0", "0", "16300", "109.488", "32481.98", "0.025", "18778.73",
       "18778.72593217"},
  };
  for (const Case& c : cases) {
    INFO(c.name);
    const MarginTable table = table_of({{"0", "100000000", 10, c.rate, c.amount}});
    const Money cost = price(c.entry) * qty(c.position);
    const Money balance = money(c.wallet) - money(c.other_maintenance) + money(c.other_unrealized);
    const auto found = liquidation_price(table, qty(c.position), cost, balance);
    check_near(found, c.to_the_cent, "0.0051");
    check_near(found, c.exact, "0.00000002");
  }
}

TEST_CASE("the bracket at the liquidation price decides, not the one at entry") {
  const MarginTable table = table_of(btc_tiers());
  // long 1 @ 60000, isolated 3000
  check_near(liquidation_price(table, qty("1"), money("60000"), money("3000")), "57228.9157", "0.0001");
  check_near(bankruptcy_price(qty("1"), money("60000"), money("3000")), "57000", "0");
  // short 10 @ 60000, isolated 30000: bracket 2
  check_near(liquidation_price(table, qty("-10"), money("-600000"), money("30000")), "62716.4179", "0.0001");
  check_near(bankruptcy_price(qty("-10"), money("-600000"), money("30000")), "63000", "0");
  // long 4.9 @ 60000: 294000 at entry, bracket 1
  check_near(liquidation_price(table, qty("4.9"), money("294000"), money("3000")), "59626.2601", "0.0001");
  // cross long 1 @ 60000, wallet 10000, others need 50 and stand at -200
  check_near(liquidation_price(table, qty("1"), money("60000"), money("10000") - money("50") - money("200")),
             "50451.8072", "0.0001");
  // short 4.9 @ 60000, wallet 12000: bracket 1 at entry (294000), above 300000 at the liquidation price
  const auto crossing = liquidation_price(table, qty("-4.9"), money("-294000"), money("12000"));
  REQUIRE(crossing.has_value());
  CHECK(saturating_notional(*crossing, qty("4.9")) > money("300000"));
  check_near(crossing, "62199.2080", "0.0001");  // (12000 + 300 + 294000) / (4.9 * 1.005)
}

TEST_CASE("a position that no price can liquidate has no liquidation price") {
  const MarginTable table = table_of(btc_tiers());
  CHECK_FALSE(liquidation_price(table, qty("1"), money("60000"), money("70000")).has_value());
  CHECK_FALSE(liquidation_price(table, qty("0"), money("0"), money("1")).has_value());
  CHECK_FALSE(liquidation_price(MarginTable{}, qty("1"), money("60000"), money("1")).has_value());
  CHECK_FALSE(bankruptcy_price(qty("1"), money("60000"), money("60000")).has_value());
}

TEST_CASE("at the liquidation price the margin balance equals the maintenance margin, a step further it is below") {
  const MarginTable table = table_of(btc_tiers());
  boost::random::mt19937_64 dice(7);
  int found_prices = 0;
  for (int n = 0; n < 4000; ++n) {
    INFO("seed 7, case " << n);
    const bool is_long = dice() % 2 == 0;
    const Qty q = Qty{static_cast<std::int64_t>(100'000 + dice() % 100'000'000'000)};
    const Price entry{static_cast<std::int64_t>(1'000'000'000'000 + dice() % 9'000'000'000'000)};
    const Money cost = is_long ? entry * q : -(entry * q);
    const Money balance{mul_div((entry * q).e8, static_cast<std::int64_t>(1 + dice() % 60), 100)};
    const Qty signed_q = is_long ? q : -q;
    const auto lp = liquidation_price(table, signed_q, cost, balance);
    if (!lp) continue;
    ++found_prices;
    const auto excess = [&](Price at) {  // margin balance beyond maintenance
      const Money value = at * signed_q;
      return balance + value - cost - maintenance_margin(table, value.abs());
    };
    // One unit of price is q * 1e-8 of money; the table's rounding adds a few units.
    const Money step{q.e8 / kScale + 4};
    CHECK(excess(*lp).abs() <= step + step);
    const PriceDelta away{lp->e8 / 1000};
    const Price worse = is_long ? *lp - away : *lp + away;
    const Price better = is_long ? *lp + away : *lp - away;
    CHECK(excess(worse).is_negative());
    CHECK(excess(better).is_positive());
  }
  CHECK(found_prices > 3000);
}

TEST_CASE("margins round up, maintenance is never negative") {
  CHECK(initial_margin(money("100"), 3) == money("33.33333334"));
  const MarginTable table = table_of({{"0", "100", 10, "0.004", "5"}});
  CHECK(maintenance_margin(table, money("50")).is_zero());
  CHECK(maintenance_margin(table, Money{}).is_zero());
  CHECK(maintenance_margin(table_of({{"0", "100", 10, "0.004", "0"}}), Money{1}) == Money{1});
}

TEST_CASE("products that would leave the range are held at its end") {
  CHECK(saturating_notional(Price::max(), Qty::max()) == Money::max());
  CHECK(saturating_notional(price("100"), qty("-2.5")) == money("250"));
  CHECK(saturating_notional(Price{3}, Qty{50'000'000}) == Money{2});
  CHECK(saturating_mul_div(INT64_MAX, INT64_MAX, 1) == INT64_MAX);
  CHECK(saturating_mul_div(INT64_MAX, INT64_MIN, 1) == INT64_MIN);
  CHECK(saturating_mul_div(-7, 1, 2) == -3);
}
