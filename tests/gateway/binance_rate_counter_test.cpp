// The bound on what a limit has used, where the border of a window and what is under way make it hard.
#include "gateway/binance/rate_counter.h"

#include "engine/market/fixed.h"
#include "tests/support/catch.h"

using namespace reprise;
using reprise::gateway::binance::RateCounter;

namespace {

constexpr std::int64_t kBorder = 1'790'000'040'000 * kMillisecond;  // of a minute
static_assert(kBorder % (60'000 * kMillisecond) == 0);

UnixNanos at(std::int64_t millis) {
  return {kBorder + millis * kMillisecond};
}

RateCounter minute(RateCounter::Windows windows = RateCounter::Windows::aligned) {
  RateCounter counter(DurationNanos::seconds(60), windows);
  counter.set_clock_error(DurationNanos::millis(50));
  return counter;
}

}  // namespace

TEST_CASE("what is under way at the border counts in the new window too", "[gateway][binance]") {
  RateCounter counter = minute();
  counter.add(1, 100, at(-1'000), at(59'000));
  CHECK(counter.used(at(-500)) == 100);
  CHECK(counter.used(at(1'000)) == 100);
  counter.finish(1, at(2'000));
  CHECK(counter.used(at(3'000)) == 100);
  CHECK(counter.used(at(60'100)) == 0);
}

TEST_CASE("what was answered before the border does not count behind it", "[gateway][binance]") {
  RateCounter counter = minute();
  counter.add(1, 100, at(-1'000), at(59'000));
  counter.finish(1, at(-51));
  CHECK(counter.used(at(-51)) == 100);
  CHECK(counter.used(at(50)) == 0);
  counter.add(2, 7, at(-60), at(59'000));
  counter.finish(2, at(-50));  // the venue's clock may already be over the border
  CHECK(counter.used(at(50)) == 7);
}

TEST_CASE("near the border there has to be room in both windows", "[gateway][binance]") {
  RateCounter counter = minute();
  counter.add(1, 60, at(-1'000), at(59'000));
  counter.finish(1, at(-900));
  CHECK(counter.earliest(41, 100, at(10)) == at(50));
  CHECK(counter.earliest(40, 100, at(10)) == at(10));
  // Sent behind our border, and the venue may still count it in front of its own.
  counter.add(2, 40, at(10), at(59'000));
  CHECK(counter.earliest(1, 100, at(20)) == at(50));
  CHECK(counter.earliest(60, 100, at(50)) == at(50));
  CHECK(counter.earliest(61, 100, at(50)) == at(60'050));
}

TEST_CASE("a count includes what was answered before it was asked for, and nothing else for certain",
          "[gateway][binance]") {
  RateCounter counter = minute();
  for (const std::uint64_t ticket : {1, 2, 3}) counter.add(ticket, 10, at(1'000), at(59'000));
  counter.finish(1, at(1'100));
  counter.add(4, 10, at(1'200), at(59'000));
  counter.finish(4, at(1'300));
  counter.learn(4, at(1'200), at(1'300), 500);
  CHECK(counter.used(at(1'300)) == 520);  // 2 and 3 may be in it or not
  counter.finish(2, at(1'400));
  counter.learn(2, at(1'000), at(1'400), 490);  // crossed the other on its way: older
  CHECK(counter.used(at(1'400)) == 520);
  counter.finish(3, at(1'450));
  counter.add(5, 10, at(1'500), at(59'000));
  counter.finish(5, at(1'600));
  counter.learn(5, at(1'500), at(1'600), 530);
  CHECK(counter.used(at(1'600)) == 530);
  // Asked for later, and smaller: the venue began anew, whatever our clock says.
  counter.add(6, 10, at(1'700), at(59'000));
  counter.finish(6, at(1'800));
  counter.learn(6, at(1'700), at(1'800), 10);
  CHECK(counter.used(at(1'800)) == 10);
}

TEST_CASE("a count that came across the border is of nobody knows which window", "[gateway][binance]") {
  RateCounter counter = minute();
  counter.add(1, 10, at(-100), at(59'000));
  counter.finish(1, at(100));
  counter.learn(1, at(-100), at(100), 2'000);
  CHECK(counter.used(at(200)) == 10);
}

TEST_CASE("a sliding limit frees what was used one interval after its answer", "[gateway][binance]") {
  RateCounter counter = minute(RateCounter::Windows::sliding);
  counter.add(1, 60, at(0), at(120'000));
  counter.finish(1, at(1'000));
  counter.add(2, 40, at(2'000), at(120'000));
  counter.finish(2, at(3'000));
  CHECK(counter.used(at(4'000)) == 100);
  CHECK(counter.earliest(1, 100, at(4'000)) == at(61'050));
  CHECK(counter.earliest(61, 100, at(4'000)) == at(63'050));
  CHECK(counter.earliest(60, 100, at(61'050)) == at(61'050));
  CHECK(counter.used(at(63'050)) == 0);
}
