// Fees, funding, margin calls, liquidation, latency: the account's side of the venue.
#include <boost/random/mersenne_twister.hpp>

#include "engine/portfolio/position.h"
#include "engine/state_bytes.h"
#include "sim/exchange/latency.h"
#include "tests/sim/desk.h"

namespace reprise::sim::test {

namespace {

Money money(const char* text) {
  return {e8(text)};
}
Price price(const char* text) {
  return {e8(text)};
}
Qty qty(const char* text) {
  return {e8(text)};
}

// The published examples: brackets of 2026, 20x, a wallet of our choice.
DeskSetup bracket_setup(const std::string& balance, const char* mode, const char* liquidation_fee = "0") {
  DeskSetup setup;
  setup.with_2026_brackets = true;
  setup.config.account.leverage = 20;
  setup.config.account.margin_mode = mode;
  setup.config.account.initial_balance_e8 = e8(balance);
  setup.liquidation_fee = liquidation_fee;
  setup.tick = "0.0001";
  return setup;
}
}  // namespace

TEST_CASE("maker and taker fees come out of the wallet") {
  DeskSetup setup;
  setup.config.fees.taker_rate_e8 = 50'000;
  setup.config.fees.maker_rate_e8 = 20'000;
  Desk d(setup);
  d.at(1).book("99.9x5 | 100x5").market(1, kBuy, "1");
  d.expect_all({"accepted #1", "filled #1 buy 1 @ 100 taker, cum 1 of 1, fee 0.05", "balance 9999.95 by -0.05 (order)",
                "position 1 @ 100"});
  d.limit(2, kSell, "1", "101").forget();
  d.at(2).trade(kBuy, "1", "102");
  d.expect_all({"mark fallback 99.95", "filled #2 sell 1 @ 101 maker, cum 1 of 1, fee 0.0202",
                "balance 10000.9298 by 0.9798 (order)", "position 0 @ 0"});
}

TEST_CASE("the discount asset pays the fee while it lasts") {
  DeskSetup setup;
  setup.config.fees.taker_rate_e8 = 50'000;
  setup.config.account.fee_asset = "BNB";
  setup.config.account.fee_asset_balance_e8 = e8("0.0001");
  setup.config.account.fee_asset_price_e8 = e8("500");
  Desk d(setup);
  d.at(1).book("99.9x5 | 100x5").market(1, kBuy, "1");  // 0.05 less 10 % = 0.045 USDT = 0.00009 BNB
  d.expect_all({"accepted #1", "filled #1 buy 1 @ 100 taker, cum 1 of 1, fee 0.00009 of asset 1",
                "balance 10000 by 0 (order)", "balance of asset 1 0.00001 by -0.00009 (order)", "position 1 @ 100"});
  d.market(2, kBuy, "1");  // what is left is too little: the settlement asset pays the full fee
  d.expect({"accepted #2", "filled #2 buy 1 @ 100 taker, cum 1 of 1, fee 0.05"});
}

TEST_CASE("leverage and margin mode are an instrument's own: an isolated position stands beside cross ones") {
  Ledger ledger;
  ledger.configure(MarginMode::CROSS, 10);
  ledger.deposit(0, money("1000"));
  Instrument cross, isolated;
  cross.number = 1;
  isolated.number = 2;
  ledger.set_mode(2, MarginMode::ISOLATED);
  ledger.set_leverage(2, 5);
  CHECK(ledger.leverage(1) == 10);
  const auto instrument_of = [&](InstrumentNo n) -> const Instrument& { return n == 1 ? cross : isolated; };
  ledger.apply_fill(cross, kBuy, price("100"), qty("1"));
  ledger.apply_fill(isolated, kBuy, price("100"), qty("1"));
  CHECK(ledger.position(1).isolated_wallet == Money{});
  CHECK(ledger.position(2).isolated_wallet == money("20"));
  ledger.set_mark(1, price("90"));
  ledger.set_mark(2, price("85"));
  CHECK(ledger.margin_balance() == money("970"));  // 1000 - 20 put apart, and the loss of the cross position alone
  CHECK(ledger.margin_state(1, instrument_of).maintenance == money("0.45"));
  CHECK(ledger.margin_state(1, instrument_of).balance == money("970"));
  CHECK(ledger.margin_state(2, instrument_of).maintenance == money("0.425"));
  CHECK(ledger.margin_state(2, instrument_of).balance == money("5"));
  CHECK(ledger.bankruptcy_price(2) == price("80"));
  // Closed by force below its bankruptcy price, it takes nothing from the cross account: the fund pays.
  ledger.apply_fill(isolated, kSell, price("75"), qty("1"), true);
  CHECK(ledger.clear_deficit(2) == money("5"));
  CHECK(ledger.wallet_balance() == money("980"));
  CHECK(ledger.margin_balance() == money("970"));
  // What all are given, each has; what one is given stays its own.
  ledger.set_leverage(3);
  CHECK(ledger.leverage(1) == 3);
  CHECK(ledger.leverage(2) == 3);
  ledger.set_leverage(1, 7);
  CHECK(ledger.leverage(2) == 3);
  CHECK(ledger.mode(2) == MarginMode::ISOLATED);
}

TEST_CASE("a liquidated isolated position takes its own orders with it, and leaves the cross account alone") {
  DeskSetup setup = bracket_setup("1000", "cross");
  Desk d(setup);
  d.exchange.set_margin_mode(1, MarginMode::ISOLATED);
  d.at(1).book("99.9x50 | 100x50").market(1, kBuy, "10").forget();
  d.limit(2, kBuy, "1", "90").forget();
  d.at(2).mark("94");
  CHECK(d.exchange.ledger().position(1).qty.is_zero());
  CHECK(d.exchange.orders(1)->empty());
  CHECK(d.wallet() == "999");  // sold at 99.9, where the book stood
}

TEST_CASE("funding is paid from the settlement records: longs pay a positive rate") {
  Desk d;
  d.at(1).book("99.9x5 | 100x5").market(1, kBuy, "2").forget();
  d.at(2).settlement("0.0001", "101");
  d.expect_all({"mark fallback 99.95", "funding -0.0202", "balance 9999.9798 by -0.0202 (funding)"});
  d.settlement("0.0001", "101").expect_all({});  // the same settlement told twice
  d.market(2, kSell, "4").forget();
  d.at(100).settlement("0.0001", "100").expect_all({"funding 0.02", "balance 9999.7998 by 0.02 (funding)"});
}

TEST_CASE("funding is derived from the announced time where there are no settlement records, never both") {
  Desk d;
  d.at(1).book("99.9x5 | 100x5").mark("100", "0.0003", 30).market(1, kBuy, "1").forget();
  d.at(20).mark("102", "0.0005", 30).expect_all({});
  d.at(31).expect_all({"funding -0.051", "balance 9999.949 by -0.051 (funding)"});
  d.settlement("0.0005", "102").expect_all({});        // comes behind: paid already
  d.mark("102", "0.0001", 60).at(120).expect_all({});  // from now on the records alone count
  d.settlement("0.0001", "102").expect_all({"funding -0.0102", "balance 9999.9388 by -0.0102 (funding)"});
}

TEST_CASE("isolated long 1 @ 60000 with 3000 behind it is liquidated at 57228.9157 and not before") {
  Desk d(bracket_setup("10000", "isolated"));
  d.at(1).book("59999.9x5 | 60000x5").mark("60000").market(1, kBuy, "1").forget();
  CHECK(decimal_text(d.exchange.ledger().position(1).isolated_wallet) == "3000");
  CHECK(decimal_text(d.exchange.ledger().bankruptcy_price(1)) == "57000");
  d.at(2).book("57200x5 | 57300x5").mark("57228.92");
  d.expect({});
  d.mark("57228.91").expect({"liquidation sell 1 @ 57200 taker, cum 1 of 1, fee 0"});
  CHECK(d.position() == "0");
  CHECK(d.wallet() == "7200");
}

TEST_CASE("isolated short 10 @ 60000 with 30000 behind it: second bracket, liquidated at 62716.4179") {
  Desk d(bracket_setup("50000", "isolated"));
  d.at(1).book("60000x20 | 60000.1x20").mark("60000").market(1, kSell, "10").forget();
  CHECK(decimal_text(d.exchange.ledger().bankruptcy_price(1)) == "63000");
  d.at(2).book("62700x20 | 62720x20").mark("62716.41").expect({});
  d.mark("62716.42");
  // Step by step: first down to the bracket's floor of 300000, then it is healthy again or the rest goes too.
  CHECK(d.exchange.reports().front().order.kind == ReportKind::LIQUIDATION);
  CHECK(d.exchange.ledger().position(1).qty > Qty::whole(-10));
}

TEST_CASE("cross long 1 @ 60000 with 10000 in the wallet is liquidated where the balance meets the maintenance") {
  // LP = (10000 - 60000) / (0.004 - 1) = 50200.8032
  Desk d(bracket_setup("10000", "cross"));
  d.at(1).book("59999x5 | 60000x5").mark("60000").market(1, kBuy, "1").forget();
  d.at(2).book("50200x5 | 50300x5").mark("50200.81").forget();
  CHECK(d.position() == "1");
  d.mark("50200.80").expect({"liquidation sell 1 @ 50200 taker, cum 1 of 1, fee 0"});
}

TEST_CASE("liquidation cancels every order, charges its fee, and the fund fills a negative wallet") {
  DeskSetup setup = bracket_setup("3100", "cross", "0.0125");
  Desk d(setup);
  d.at(1).book("59999x5 | 60000x5").mark("60000").market(1, kBuy, "1").limit(2, kBuy, "0.01", "50000").forget();
  d.at(2).book("57150x0.4 56000x5 | 57300x5").mark("57120");
  // Bankruptcy at 56900: 0.4 trades at 57150, the fund takes over 0.6 at 56900; fees 285.75 and 426.75.
  d.expect_all({"expired #2: account liquidated", "liquidation sell 0.4 @ 57150 taker, cum 0.4 of 1, fee 285.75",
                "balance 1674.25 by -1425.75 (order)", "position 0.6 @ 60000",
                "liquidation sell 0.6 @ 56900 taker, cum 1 of 1, fee 426.75", "balance -612.5 by -2286.75 (order)",
                "position 0 @ 0", "balance 0 by 612.5 (insurance clear)"});
  CHECK(decimal_text(d.exchange.insurance_paid()) == "612.5");
}

TEST_CASE("auto-deleveraging closes part of a position at its price without a fee, and reduce-only orders go with it") {
  Desk d(bracket_setup("10000", "cross", "0.0125"));
  d.at(1)
      .book("59999x5 | 60000x5")
      .mark("60000")
      .market(1, kBuy, "1")
      .limit(2, kSell, "1", "61000", TimeInForce::GTC, true);
  d.forget();
  d.exchange.auto_deleverage(1, Qty{e8("0.25")}, Price{e8("60400")}, d.now);
  d.expect_all({"liquidation sell 0.25 @ 60400 taker, cum 0.25 of 0.25, fee 0", "balance 10100 by 100 (order)",
                "position 0.75 @ 60000"});
  d.exchange.auto_deleverage(1, Qty{e8("5")}, Price{e8("60000")}, d.now);  // no more than there is
  d.expect_all({"liquidation sell 0.75 @ 60000 taker, cum 0.75 of 0.75, fee 0", "balance 10100 by 0 (order)",
                "position 0 @ 0", "expired #2: reduce-only conflict"});
  d.exchange.auto_deleverage(1, Qty{e8("1")}, Price{e8("60000")}, d.now);
  d.expect_all({});
}

TEST_CASE("a margin call comes once, when four fifths of the balance are needed") {
  Desk d(bracket_setup("3100", "cross"));
  d.at(1).book("59999x5 | 60000x5").mark("60000").market(1, kBuy, "1").forget();
  d.at(2).mark("57190").expect_all({});  // 228.76 of 290
  d.at(3).mark("57180").expect_all({"margin call 228.72 of 280"});
  d.at(4).mark("57175").expect_all({});
}

TEST_CASE("random orders: the ledger adds up after every report, to the last unit") {
  for (const char* mode : {"cross", "isolated"}) {
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
      CAPTURE(mode, seed);
      DeskSetup setup;
      setup.config.account.margin_mode = mode;
      setup.config.fees.taker_rate_e8 = 50'000;
      setup.config.fees.maker_rate_e8 = -5'000;
      setup.config.venue.queue_model = seed % 2 == 0 ? "probabilistic" : "pessimistic";
      setup.liquidation_fee = "0.0125";
      Desk d(setup);
      boost::random::mt19937_64 random(seed);
      const auto pick = [&](std::uint64_t n) { return static_cast<std::int64_t>(random() % n); };
      engine::Position shadow;  // the engine's arithmetic, fed by the same executions
      Money cash = Money::whole(10'000);
      std::int64_t mid = 1000;  // ticks of 0.1
      Seq id = 1;
      const auto price = [](std::int64_t ticks) { return decimal_text(ticks * kScale / 10); };
      std::map<Seq, Qty> done;
      int fills = 0, liquidations = 0, fundings = 0;
      for (int step = 1; step <= 1500; ++step) {
        d.at(step * 0.5);
        mid = std::max<std::int64_t>(200, mid + pick(21) - 10);
        switch (pick(9)) {
          case 0:
          case 1:
            d.book(price(mid - 1) + "x" + std::to_string(1 + pick(30)) + " " + price(mid - 2) + "x20 | " +
                   price(mid + 1) + "x" + std::to_string(1 + pick(30)) + " " + price(mid + 2) + "x20");
            break;
          case 2: d.trade(pick(2) != 0 ? kBuy : kSell, std::to_string(1 + pick(20)), price(mid + pick(5) - 2)); break;
          case 3: d.mark(price(mid)); break;
          case 4:
            d.limit(id++, pick(2) != 0 ? kBuy : kSell, std::to_string(1 + pick(40)), price(mid + pick(9) - 4),
                    static_cast<TimeInForce>(1 + pick(4)), pick(5) == 0);
            break;
          case 5: d.market(id++, pick(2) != 0 ? kBuy : kSell, std::to_string(1 + pick(60)), pick(4) == 0); break;
          case 6:
            d.stop(id++, static_cast<OrderType>(3 + pick(4)), pick(2) != 0 ? kBuy : kSell, std::to_string(1 + pick(9)),
                   price(mid + pick(31) - 15), price(mid + pick(11) - 5));
            break;
          case 7:
            pick(2) != 0
                ? d.cancel(1 + static_cast<Seq>(pick(id)))
                : d.modify(1 + static_cast<Seq>(pick(id)), std::to_string(1 + pick(30)), price(mid + pick(9) - 4));
            break;
          case 8:
            if (pick(4) == 0) d.settlement("0.0005", price(mid));
            break;
        }
        for (const Report& r : d.exchange.reports()) {
          if (r.type == journal::RecordType::ORDER_REPORT &&
              (r.order.kind == ReportKind::FILLED || r.order.kind == ReportKind::LIQUIDATION)) {
            cash += shadow.apply(r.order.side, r.order.last_price, r.order.last_qty) - r.order.commission;
            ++fills;
            liquidations += r.order.kind == ReportKind::LIQUIDATION ? 1 : 0;
            if (r.order.order_id != 0) {
              done[r.order.order_id] += r.order.last_qty;
              REQUIRE(done[r.order.order_id] == r.order.cum_qty);
              REQUIRE(r.order.cum_qty <= r.order.order_qty);
            }
          } else if (r.type == journal::RecordType::FUNDING_PAYMENT) {
            cash += r.funding.amount;
            ++fundings;
          } else if (r.type == journal::RecordType::BALANCE_UPDATE) {
            if (r.balance.reason == schema::BalanceChangeReason::INSURANCE_CLEAR) cash += r.balance.change;
            REQUIRE(r.balance.wallet_balance == cash);
          } else if (r.type == journal::RecordType::POSITION_UPDATE) {
            REQUIRE(r.position.qty == shadow.qty);
            REQUIRE(r.position.entry_price == shadow.entry_price());
          }
        }
        d.forget();
        if (step % 500 == 0) d.check_saved_is_same();
      }
      CHECK(fills > 100);
      CHECK(fundings > 0);
      CHECK(d.exchange.ledger().wallet_balance() == cash);
      // Everything that left or entered: deposits + profit + funding - commission + insurance.
      CHECK(cash == Money::whole(10'000) + shadow.realized_pnl + d.exchange.funding_received() -
                        d.exchange.commission_paid(0) + d.exchange.insurance_paid());
    }
  }
}

TEST_CASE("latency: constant, drawn around its median, or the feed's own, nothing overtakes") {
  config::Venue venue;
  venue.order_entry_latency_ns = 5'000'000;
  LatencyModel constant(venue, 1);
  CHECK(constant.command_arrival({100}).ns == 5'000'100);

  venue.latency_model = "distribution";
  venue.latency_sigma_e8 = 50'000'000;
  LatencyModel drawn(venue, 7), twin(venue, 7), other(venue, 8);
  int below = 0, differs = 0;
  UnixNanos last{};
  for (int n = 0; n < 2000; ++n) {
    const UnixNanos sent{n * std::int64_t{1'000'000'000}};
    const UnixNanos arrival = drawn.command_arrival(sent);
    REQUIRE(arrival == twin.command_arrival(sent));
    differs += arrival == other.command_arrival(sent) ? 0 : 1;
    REQUIRE(arrival >= last);
    REQUIRE(arrival > sent);
    last = arrival;
    below += (arrival - sent).ns < 5'000'000 ? 1 : 0;
  }
  CHECK(below > 900);
  CHECK(below < 1100);
  CHECK(differs > 1900);
  // Saved and loaded, the stream goes on where it was.
  LatencyModel loaded;
  REQUIRE(engine::load_state(loaded, engine::save_state(drawn)).ok());
  CHECK(loaded.command_arrival(last + DurationNanos::seconds(9)) ==
        drawn.command_arrival(last + DurationNanos::seconds(9)));

  venue.latency_model = "recorded";
  LatencyModel recorded(venue, 1);
  CHECK(recorded.report_arrival({0}).ns == 5'000'000);
  recorded.observe_feed_latency({2'000'000});
  CHECK(recorded.report_arrival({1'000'000'000}).ns == 1'002'000'000);
}

TEST_CASE("the integer exponential is right to seven digits") {
  const auto near = [](std::int64_t x, double expected) {
    return static_cast<double>(exp_q32(x)) / 4294967296.0 == Approx(expected).epsilon(1e-7);
  };
  CHECK(near(0, 1.0));
  CHECK(near(std::int64_t{1} << 32, 2.718281828459045));
  CHECK(near(-(std::int64_t{1} << 32), 0.36787944117144233));
  CHECK(near(std::int64_t{5} << 32, 148.4131591025766));
}

}  // namespace reprise::sim::test
