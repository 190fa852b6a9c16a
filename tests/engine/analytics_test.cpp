// Indicators against values computed by hand, exp and log against reference values.
#include "engine/analytics/det_math.h"
#include "engine/analytics/indicators.h"
#include "engine/analytics/microstructure.h"
#include "engine/market/bars.h"
#include "engine/timers.h"
#include "tests/engine/world.h"
#include "tests/support/catch.h"

using namespace reprise;
using namespace reprise::engine;
using reprise::test::e8;

namespace {
Price price_of(double value) {
  return Price::of_e8(e8(value));
}
bool is_near(double value, double expected) {
  const double error = value > expected ? value - expected : expected - value;
  const double size = expected < 0 ? -expected : expected;
  return error <= 4.5e-16 * size;  // 2 ulp
}
}  // namespace

TEST_CASE("logarithms agree with published constants") {
  CHECK(det_log(1.0) == 0.0);
  CHECK(is_near(det_log(2.0), 0.69314718055994530942));
  CHECK(is_near(det_log(10.0), 2.30258509299404568402));
  CHECK(is_near(det_log(2.71828182845904523536), 1.0));
  CHECK(is_near(det_log(0.5), -0.69314718055994530942));
  CHECK(is_near(det_log(3.0), 1.09861228866810969140));
  CHECK(is_near(det_log(1e300), 690.77552789821370521));
  CHECK(is_near(det_log(1.0 + 9.5367431640625e-07), 9.536738616591882339e-07));
}

TEST_CASE("exponentials agree with published constants and undo logarithms") {
  CHECK(det_exp(0.0) == 1.0);
  CHECK(is_near(det_exp(1.0), 2.71828182845904523536));
  CHECK(is_near(det_exp(-1.0), 0.36787944117144232160));
  CHECK(is_near(det_exp(10.0), 22026.4657948067165170));
  CHECK(det_exp(-1000.0) == 0.0);
  for (double x = 0.001; x < 1e6; x *= 1.7) {
    const double back = det_exp(det_log(x));
    CHECK((back > x ? back - x : x - back) <= 8e-15 * x);
  }
}

TEST_CASE("quantising rounds half away from zero and holds at the ends of int64") {
  CHECK(quantise(1.5) == 150'000'000);
  CHECK(quantise(0.000000005) == 1);
  CHECK(quantise(-0.000000005) == -1);
  CHECK(quantise(1e30) > 9'000'000'000'000'000'000);
  CHECK(quantise(-1e30) < -9'000'000'000'000'000'000);
}

TEST_CASE("the exponential average starts at the first sample and is ready after its period") {
  Ema ema(3);
  ema.add(price_of(10));
  ema.add(price_of(20));
  CHECK_FALSE(ema.is_ready());
  CHECK(ema.value() == price_of(15));
  ema.add(price_of(25));
  CHECK(ema.is_ready());
  CHECK(ema.value() == price_of(20));
}

TEST_CASE("the average true range counts gaps and smooths as Wilder did") {
  Atr atr(2);
  atr.add(price_of(12), price_of(10), price_of(11));  // 2
  atr.add(price_of(15), price_of(14), price_of(15));  // 15 - 11 = 4
  REQUIRE(atr.is_ready());
  CHECK(atr.value().e8 == e8(3));
  atr.add(price_of(15), price_of(14), price_of(14));  // 1: (3 + 1) / 2
  CHECK(atr.value().e8 == e8(2));
}

TEST_CASE("the channel holds the last bars only") {
  Donchian channel(2);
  channel.add(price_of(30), price_of(5));
  channel.add(price_of(20), price_of(10));
  CHECK(channel.is_ready());
  CHECK(channel.highest() == price_of(30));
  channel.add(price_of(21), price_of(11));
  CHECK(channel.highest() == price_of(21));
  CHECK(channel.lowest() == price_of(10));
}

TEST_CASE("realised volatility of a price that doubles and halves is ln 2") {
  RealizedVolatility volatility(4);
  for (int i = 0; i < 9; ++i) volatility.add(price_of(i % 2 == 0 ? 100 : 200));
  CHECK(volatility.is_ready());
  CHECK(volatility.value().e8 == 69'314'718);
}

TEST_CASE("the micro price leans to the thin side and stays within the spread") {
  const Price bid = price_of(100), ask = price_of(101);
  CHECK(micro_price(bid, Qty::whole(1), ask, Qty::whole(1)) == price_of(100.5));
  CHECK(micro_price(bid, Qty::whole(3), ask, Qty::whole(1)) == price_of(100.75));
  CHECK(micro_price(bid, Qty{}, ask, Qty{}) == price_of(100.5));
  CHECK(micro_price(bid, Qty::whole(1), ask, Qty{}) == ask);
  CHECK(imbalance(Qty::whole(3), Qty::whole(1)) == Rate::of_e8(e8(0.5)));
}

TEST_CASE("a bar closes with the first trade or tick at its end, and an empty interval makes none") {
  BarBuilder bars;
  bars.set_interval(DurationNanos::seconds(1));
  const UnixNanos start{test::kStart + 300'000'000};
  bars.add(price_of(10), Qty::whole(1), Side::BUY, start);
  bars.add(price_of(12), Qty::whole(2), Side::SELL, start + DurationNanos::millis(100));
  bars.add(price_of(9), Qty::whole(1), Side::BUY, start + DurationNanos::millis(699));
  CHECK_FALSE(bars.close_until(start + DurationNanos::millis(699)));
  const auto bar = bars.close_until(start + DurationNanos::millis(700));
  REQUIRE(bar);
  CHECK(bar->open_time.ns == test::kStart);  // aligned to the epoch
  CHECK(bar->open == price_of(10));
  CHECK(bar->high == price_of(12));
  CHECK(bar->low == price_of(9));
  CHECK(bar->close == price_of(9));
  CHECK(bar->volume == Qty::whole(4));
  CHECK(bar->buy_volume == Qty::whole(2));
  CHECK(bar->quote_volume == Money::whole(43));
  CHECK(bar->trade_count == 3);
  CHECK_FALSE(bars.close_until(start + DurationNanos::seconds(60)));
}

TEST_CASE("timers fire by deadline, then kind, strategy and id, setting one again moves it") {
  using schema::TimerKind;
  Timers timers;
  timers.set({{30}, TimerKind::STRATEGY, 2, 1});
  timers.set({{10}, TimerKind::STRATEGY, 1, 5});
  timers.set({{10}, TimerKind::EQUITY_MARK, 0, 0});
  timers.set({{10}, TimerKind::STRATEGY, 1, 4});
  timers.set({{20}, TimerKind::STRATEGY, 2, 1});
  CHECK_FALSE(timers.take_due({9}));
  CHECK(timers.take_due({50})->kind == TimerKind::EQUITY_MARK);
  CHECK(timers.take_due({50})->id == 4);
  CHECK(timers.take_due({50})->id == 5);
  CHECK(timers.take_due({50})->deadline.ns == 20);
  CHECK_FALSE(timers.take_due({50}));
}
