// Position arithmetic: tables a trader can check by hand, and random executions against exact rationals.
#include <boost/multiprecision/cpp_int.hpp>
#include <boost/random/mersenne_twister.hpp>

#include "engine/portfolio/position.h"
#include "tests/engine/trading_support.h"

using namespace reprise;
using namespace reprise::engine;
using namespace reprise::engine::test;
using boost::multiprecision::cpp_rational;

TEST_CASE("average entry on increase, unchanged on reduce, a flip closes and opens") {
  struct Row {
    Side side;
    const char* qty;
    const char* price;
    const char* position;
    const char* entry;
    const char* realized_now;
  };
  const Row rows[] = {
      {Side::BUY, "1", "100", "1", "100", "0"},   {Side::BUY, "3", "104", "4", "103", "0"},  // (100 + 312) / 4
      {Side::SELL, "1", "110", "3", "103", "7"},  {Side::SELL, "1", "100", "2", "103", "-3"},
      {Side::SELL, "5", "105", "-3", "105", "4"},  // closes 2 at +2 each, opens 3 short
      {Side::SELL, "1", "101", "-4", "104", "0"}, {Side::BUY, "2", "100", "-2", "104", "8"},
      {Side::BUY, "2", "104.5", "0", "0", "-1"},  {Side::SELL, "0.003", "33333.33", "-0.003", "33333.33", "0"},
  };
  Position p;
  Money total{};
  for (const Row& row : rows) {
    INFO(row.qty << " @ " << row.price);
    const Money realized = p.apply(row.side, price(row.price), qty(row.qty));
    total += realized;
    CHECK(decimal_text(p.qty) == row.position);
    CHECK(decimal_text(p.entry_price()) == row.entry);
    CHECK(decimal_text(realized) == row.realized_now);
  }
  CHECK(p.realized_pnl == total);
}

TEST_CASE("a closed position leaves no cost behind, whatever was rounded on the way") {
  Position p;
  p.apply(Side::BUY, price("0.00000007"), qty("3.33333333"));
  p.apply(Side::BUY, price("0.00000011"), qty("1.11111111"));
  p.apply(Side::SELL, price("0.00000009"), qty("0.00000001"));
  p.apply(Side::SELL, price("0.00000009"), qty("4.44444443"));
  CHECK(p.qty.is_zero());
  CHECK(p.open_notional.is_zero());
}

TEST_CASE("random executions agree with exact rational arithmetic") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    INFO("seed " << seed);
    boost::random::mt19937_64 dice(seed);
    Position p;
    // The oracle: exact average cost. Money in units of 1e-8.
    cpp_rational q = 0, cost = 0, realized = 0;
    std::int64_t flow = 0;  // sum of signed rounded notionals: exact identity
    int executions = 0;
    for (int n = 0; n < 200; ++n) {
      const Side side = dice() % 2 == 0 ? Side::BUY : Side::SELL;
      const Price at{static_cast<std::int64_t>(100'000'000 + dice() % 5'000'000'000'000)};
      const bool closes = dice() % 6 == 0 && p.qty.sign() == -sign_of(side);
      const Qty amount = closes ? p.qty.abs() : Qty{static_cast<std::int64_t>(1 + dice() % 300'000'000)};
      const Money now = p.apply(side, at, amount);
      ++executions;
      flow += sign_of(side) * mul(at, amount).e8;

      const cpp_rational dq = sign_of(side) * cpp_rational(amount.e8);
      const cpp_rational dcost = dq * at.e8 / kScale;
      cpp_rational gain = 0;
      if (q != 0 && (q > 0) != (dq > 0)) {
        const cpp_rational closed = abs(dq) < abs(q) ? cpp_rational(abs(dq)) : cpp_rational(abs(q));
        const cpp_rational sign = q > 0 ? 1 : -1;
        gain = closed * (cpp_rational(at.e8) / kScale - cost / q) * sign;
        cost -= sign * closed * (cost / q);
        q -= sign * closed;
        const cpp_rational rest = abs(dq) - closed;
        if (rest != 0) {
          q = (dq > 0 ? 1 : -1) * rest;
          cost = q * at.e8 / kScale;
        }
      } else {
        q += dq;
        cost += dcost;
      }
      realized += gain;

      REQUIRE(cpp_rational(p.qty.e8) == q);
      // Each execution rounds at most three times by half a unit; errors of the cost carry over to what is closed
      // later.
      REQUIRE(abs(cpp_rational(p.realized_pnl.e8) - realized) <= 2 * executions);
      REQUIRE(abs(cpp_rational(p.open_notional.e8) - cost) <= 2 * executions);
      REQUIRE(abs(cpp_rational(now.e8) - gain) <= 2 * executions);
      // Exact, always: nothing is made or lost.
      REQUIRE(p.realized_pnl.e8 - p.open_notional.e8 == -flow);
    }
  }
}
