// Hedge mode of the venue: a long and a short position of one contract, each by itself.
#include <boost/random/mersenne_twister.hpp>

#include "engine/portfolio/position.h"
#include "engine/state_bytes.h"
#include "sim/exchange/hedged_liquidation.h"
#include "tests/sim/desk.h"

namespace reprise::sim::test {

namespace {

constexpr PositionSide kLong = PositionSide::LONG;
constexpr PositionSide kShort = PositionSide::SHORT;

DeskSetup twenty_fold(const std::string& balance, const char* mode = "cross") {
  DeskSetup setup;
  setup.with_2026_brackets = true;
  setup.config.account.leverage = 20;
  setup.config.account.margin_mode = mode;
  setup.config.account.initial_balance_e8 = e8(balance);
  setup.tick = "0.0001";
  return setup;
}

// A desk in hedge mode: every order names its position.
class HedgeDesk : public Desk {
 public:
  explicit HedgeDesk(const DeskSetup& setup = {}) : Desk(setup) { exchange.set_hedged(true); }

  HedgeDesk& order(Seq id, PositionSide of, Side side, const std::string& qty, const std::string& price) {
    Command c = command(id, side, OrderType::LIMIT, qty);
    c.price = {e8(price)};
    return give(c, of);
  }
  HedgeDesk& order(Seq id, PositionSide of, Side side, const std::string& qty) {
    Command c = command(id, side, OrderType::MARKET, qty);
    c.time_in_force = TimeInForce::NONE;
    return give(c, of);
  }
  HedgeDesk& stop_order(Seq id, PositionSide of, Side side, const std::string& qty, const std::string& trigger,
                        bool closes_position = false) {
    Command c = command(id, side, OrderType::STOP_MARKET, qty);
    c.time_in_force = TimeInForce::NONE;
    c.trigger_price = {e8(trigger)};
    c.close_position = closes_position;
    return give(c, of);
  }
  HedgeDesk& give(Command c, PositionSide of) {
    c.position_side = of;
    send(c);
    return *this;
  }
  const LedgerPosition& held(PositionSide of) const { return exchange.ledger().position(1, of); }
  std::string qty(PositionSide of) const { return decimal_text(held(of).qty); }
};

LedgerPosition position(const char* qty, const char* entry) {
  LedgerPosition p;
  p.qty = {e8(qty)};
  p.cost = Price{e8(entry)} * p.qty;
  return p;
}

MarginTable table_2026() {
  MarginTable table;
  const auto add = [&](const char* floor, const char* cap, std::uint32_t leverage, const char* rate,
                       const char* amount) {
    table.tiers.push_back({{e8(floor)}, {e8(cap)}, leverage, {e8(rate)}, {e8(amount)}});
  };
  add("0", "300000", 150, "0.004", "0");
  add("300000", "800000", 100, "0.005", "300");
  add("800000", "3000000", 75, "0.0065", "1500");
  add("3000000", "12000000", 50, "0.01", "12000");
  return table;
}

std::string liquidation(const LedgerPosition& longs, const LedgerPosition& shorts, const char* mark,
                        const char* behind) {
  const auto price = hedged_liquidation_price(table_2026(), longs, shorts, {e8(mark)}, {e8(behind)});
  return price ? decimal_text(*price) : "none";
}

}  // namespace

TEST_CASE(
    "hedge mode: a long and a short of one contract stand beside each other, each with its own entry and profit") {
  HedgeDesk d;
  d.at(1).book("99.9x50 | 100x50").mark("100");
  d.order(1, kLong, kBuy, "2").order(2, kShort, kSell, "1");
  d.expect_all({"accepted #1", "filled #1 long buy 2 @ 100 taker, cum 2 of 2, fee 0", "balance 10000 by 0 (order)",
                "position long 2 @ 100", "accepted #2", "filled #2 short sell 1 @ 99.9 taker, cum 1 of 1, fee 0",
                "balance 10000 by 0 (order)", "position short -1 @ 99.9"});
  d.at(2).mark("110");
  CHECK(decimal_text(d.held(kLong).unrealized()) == "20");
  CHECK(decimal_text(d.held(kShort).unrealized()) == "-10.1");
  CHECK(decimal_text(d.exchange.ledger().margin_balance()) == "10009.9");
  // Closing one leaves the other as it is.
  d.book("109x50 | 110x50");
  d.order(3, kShort, kBuy, "1");
  CHECK(d.qty(kShort) == "0");
  CHECK(d.qty(kLong) == "2");
  CHECK(d.wallet() == "9989.9");
  d.order(4, kLong, kSell, "2");
  CHECK(d.wallet() == "10007.9");
  CHECK(d.exchange.ledger().is_flat(1));
}

TEST_CASE("hedge mode: an order names the position, and in one-way mode it names none") {
  HedgeDesk d;
  d.at(1).book("99.9x50 | 100x50").mark("100");
  d.market(1, kBuy, "1").expect({"rejected #1 -4061"});
  Command c = Desk::command(2, kBuy, OrderType::MARKET, "1");
  c.time_in_force = TimeInForce::NONE;
  c.reduce_only = true;
  d.give(c, kShort).expect({"rejected #2 -1106"});
  d.stop_order(3, kLong, kBuy, "0", "110", true).expect({"rejected #3 -2022"});  // buying closes no long
  Desk one_way;
  one_way.at(1).book("99.9x50 | 100x50").mark("100");
  c.reduce_only = false;
  c.position_side = kLong;
  one_way.send(c).expect({"rejected #2 -4061"});
}

TEST_CASE("hedge mode: no order closes more than is held and not yet spoken for by resting orders of that side") {
  HedgeDesk d;
  d.at(1).book("99.9x50 | 100x50").mark("100");
  d.order(1, kShort, kBuy, "1").expect({"rejected #1 -2022"});  // nothing is held
  d.order(2, kLong, kBuy, "2").order(3, kShort, kSell, "5").forget();
  d.order(4, kLong, kSell, "2.001").expect({"rejected #4 -2022"});
  d.order(5, kLong, kSell, "1.5", "105").expect({"accepted #5"});
  d.order(6, kLong, kSell, "1").expect({"rejected #6 -2022"});
  d.modify(5, "2.5", "105").expect({"modify rejected #5 -2022"});
  d.modify(5, "2", "105").expect({"modified #5 to 2 @ 105"});
  d.modify(5, "1.5", "105").forget();
  d.order(7, kLong, kSell, "0.5")
      .expect({"accepted #7", "filled #7 long sell 0.5 @ 99.9 taker, cum 0.5 of 0.5, fee 0"});
  d.order(8, kShort, kBuy, "5", "95").expect({"accepted #8"});  // the short side counts for itself
  d.at(2).trade(kBuy, "10", "106").expect({"filled #5 long sell 1.5 @ 105 maker, cum 1.5 of 1.5, fee 0"});
  CHECK(d.qty(kLong) == "0");
  CHECK(d.qty(kShort) == "-5");
}

TEST_CASE("hedge mode: a stop that fires closes what is held, whatever rests, and what rests then goes") {
  HedgeDesk d;
  d.at(1).book("99.9x50 | 100x50").mark("100").trade(kBuy, "1", "100");
  d.order(1, kLong, kBuy, "2").order(2, kShort, kSell, "2").forget();
  d.order(3, kLong, kSell, "2", "105").stop_order(4, kLong, kSell, "2", "95").expect({"accepted #3", "accepted #4"});
  d.stop_order(5, kShort, kBuy, "0", "110", true).expect({"accepted #5"});
  d.at(2).book("94.9x50 | 95x50").trade(kSell, "1", "94.9");
  d.expect(
      {"triggered #4", "filled #4 long sell 2 @ 94.9 taker, cum 2 of 2, fee 0", "expired #3: reduce-only conflict"});
  // Close-position takes its own side alone.
  d.order(6, kLong, kBuy, "1").forget();
  d.at(3).book("109.9x50 | 110x50").trade(kBuy, "1", "110");
  d.expect({"triggered #5", "filled #5 short buy 2 @ 110 taker, cum 2 of 2, fee 0"});
  CHECK(d.qty(kLong) == "1");
  CHECK(d.qty(kShort) == "0");
}

TEST_CASE("hedge mode: both sides are charged for margin, and what closes is not") {
  HedgeDesk d;  // 10000 at 10x
  d.at(1).book("99.9x1000 | 100x1000").mark("100");
  d.order(1, kLong, kBuy, "600", "100").forget();  // 6000
  d.order(2, kShort, kSell, "500", "99.9").expect({"rejected #2 -2019"});
  d.order(3, kShort, kSell, "390", "99.9").forget();  // 3896.1, and 39 of loss against the mark
  CHECK(d.qty(kShort) == "-390");
  d.order(4, kLong, kBuy, "20", "99").expect({"rejected #4 -2019"});
  d.order(5, kLong, kSell, "600", "101").expect({"accepted #5"});
  d.order(6, kShort, kBuy, "0.001", "99").expect({"accepted #6"});  // below the least notional: it closes
}

TEST_CASE("hedge mode: cross long 2 @ 60000 and short 1 @ 61000 with 10000 are liquidated at 49595.1417") {
  CHECK(liquidation(position("2", "60000"), position("-1", "61000"), "60000", "10000") == "49595.14170041");
  HedgeDesk d(twenty_fold("10000"));
  d.at(1).book("59999x50 | 60000x50").mark("60000");
  d.order(1, kLong, kBuy, "2");
  d.at(2).book("61000x50 | 61001x50").mark("61000");
  d.order(2, kShort, kSell, "1").forget();
  d.at(3).book("49590x50 | 49600x50").mark("49595.15").expect({});
  d.mark("49595.14").expect({"liquidation long sell 2 @ 49590 taker, cum 2 of 2, fee 0"});
  CHECK(d.qty(kShort) == "-1");  // the larger side went, and the account holds again
}

TEST_CASE("hedge mode: the liquidation price is that of the brackets at that price, and of the side that loses") {
  // Long in the third bracket and short in the second there; then in the second and the first.
  CHECK(liquidation(position("20", "60000"), position("-10", "60000"), "60000", "100000") == "50733.19755601");
  CHECK(liquidation(position("20", "60000"), position("-10", "60000"), "60000", "400000") == "20253.54969575");
  // Equal sides lose by a rising price alone: maintenance grows and profit does not.
  CHECK(liquidation(position("1", "60000"), position("-1", "60000"), "60000", "1000") == "125000");
  CHECK(liquidation(position("10", "60000"), position("-10", "60000"), "60000", "10000") == "100000");
  // More short than long: above; one side alone: as in one-way mode; enough behind it: none.
  CHECK(liquidation(position("1", "60000"), position("-2", "60000"), "60000", "10000") == "69169.9604743");
  CHECK(liquidation(position("1", "60000"), {}, "60000", "3000") == "57228.91566266");
  CHECK(liquidation({}, position("-10", "60000"), "60000", "30000") == "62716.41791044");
  CHECK(liquidation(position("2", "60000"), position("-1", "60000"), "60000", "70000") == "none");
  CHECK(liquidation({}, {}, "60000", "3000") == "none");
}

TEST_CASE("hedge mode: isolated sides have wallets of their own, and one is liquidated without the other") {
  HedgeDesk d(twenty_fold("10000", "isolated"));
  d.at(1).book("60000x50 | 60000.1x50").mark("60000");
  d.order(1, kLong, kBuy, "0.5", "60000.1").order(2, kShort, kSell, "1").forget();
  CHECK(decimal_text(d.held(kLong).isolated_wallet) == "1500.0025");
  CHECK(decimal_text(d.held(kShort).isolated_wallet) == "3000");
  CHECK(decimal_text(d.exchange.ledger().cross_wallet()) == "5499.9975");
  CHECK(decimal_text(d.exchange.ledger().bankruptcy_price(1, kShort)) == "63000");
  // Short: (3000 + 60000) / 1.004 = 62749.0039
  d.at(2).book("62740x50 | 62750x50").mark("62749").forget();
  CHECK(d.qty(kShort) == "-1");
  d.mark("62749.01").expect({"liquidation short buy 1 @ 62750 taker, cum 1 of 1, fee 0"});
  CHECK(d.qty(kLong) == "0.5");
  CHECK(decimal_text(d.held(kLong).isolated_wallet) == "1500.0025");
  CHECK(decimal_text(d.held(kShort).isolated_wallet) == "0");
  CHECK(d.wallet() == "7250");
}

TEST_CASE("hedge mode: an isolated side is called for margin by itself, once") {
  HedgeDesk d(twenty_fold("10000", "isolated"));
  d.at(1).book("59999x50 | 60000x50").mark("60000");
  d.order(1, kLong, kBuy, "1");
  d.book("60000x50 | 60001x50");
  d.order(2, kShort, kSell, "1").forget();
  d.at(2).mark("62688").expect_all({"margin call short 250.752 of 312"});
  d.at(3).mark("62690").expect_all({});
  d.at(4).mark("57280").expect_all({"margin call long 229.12 of 280"});
}

TEST_CASE("hedge mode: the long pays funding and the short gets it") {
  HedgeDesk d;
  d.at(1).book("99.9x50 | 100x50").mark("100");
  d.order(1, kLong, kBuy, "2").order(2, kShort, kSell, "1").forget();
  d.at(2).settlement("0.0001", "100");
  d.expect_all({"funding long -0.02", "balance 9999.98 by -0.02 (funding)", "funding short 0.01",
                "balance 9999.99 by 0.01 (funding)"});
}

TEST_CASE("hedge mode: auto-deleveraging takes from the side it names") {
  HedgeDesk d;
  d.at(1).book("99.9x50 | 100x50").mark("100");
  d.order(1, kLong, kBuy, "2").order(2, kShort, kSell, "1").order(3, kShort, kBuy, "1", "90").forget();
  d.exchange.auto_deleverage(1, {e8("5")}, {e8("99")}, d.now, kShort);
  d.expect_all({"liquidation short buy 1 @ 99 taker, cum 1 of 1, fee 0", "balance 10000.9 by 0.9 (order)",
                "position short 0 @ 0", "expired #3: reduce-only conflict"});
  CHECK(d.qty(kLong) == "2");
}

TEST_CASE("hedge mode: a saved venue goes on with both sides, and a one-way venue's bytes say nothing of sides") {
  HedgeDesk d;
  d.at(1).book("99.9x50 | 100x50").mark("100");
  d.order(1, kLong, kBuy, "2").order(2, kShort, kSell, "1").order(3, kShort, kBuy, "1", "90");
  const std::vector<std::byte> bytes = engine::save_state(d.exchange);  // with the reports under way
  HedgeDesk loaded;
  REQUIRE(engine::load_state(loaded.exchange, bytes).ok());
  CHECK(engine::save_state(loaded.exchange) == bytes);
  CHECK(loaded.exchange.ledger().is_hedged());
  CHECK(loaded.qty(kLong) == "2");
  CHECK(loaded.qty(kShort) == "-1");
  CHECK(loaded.exchange.orders(1)->front().position_side == kShort);
  CHECK(loaded.exchange.reports().back().position_side == kShort);
  // There and back again: as if the mode had never been another.
  Desk changed, never;
  changed.exchange.set_hedged(true);
  changed.exchange.set_hedged(false);
  CHECK(engine::save_state(changed.exchange) == engine::save_state(never.exchange));
}

TEST_CASE("hedge mode, random orders: both sides add up after every report, and neither is ever turned round") {
  for (const char* mode : {"cross", "isolated"}) {
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
      CAPTURE(mode, seed);
      DeskSetup setup;
      setup.config.account.margin_mode = mode;
      setup.config.fees.taker_rate_e8 = 50'000;
      setup.config.fees.maker_rate_e8 = -5'000;
      setup.liquidation_fee = "0.0125";
      HedgeDesk d(setup);
      boost::random::mt19937_64 random(seed);
      const auto pick = [&](std::uint64_t n) { return static_cast<std::int64_t>(random() % n); };
      std::map<PositionSide, engine::Position> shadows;
      Money cash = Money::whole(10'000);
      std::int64_t mid = 1000;  // ticks of 0.1
      Seq id = 1;
      const auto price = [](std::int64_t ticks) { return decimal_text(ticks * kScale / 10); };
      int opened = 0, closed = 0, liquidations = 0, fundings = 0;
      for (int step = 1; step <= 1500; ++step) {
        d.at(step * 0.5);
        mid = std::max<std::int64_t>(200, mid + pick(21) - 10);
        const PositionSide of = pick(2) != 0 ? kLong : kShort;
        const Side side = pick(2) != 0 ? kBuy : kSell;
        const std::string qty = std::to_string(1 + pick(40));
        switch (pick(10)) {
          case 0:
          case 1:
            d.book(price(mid - 1) + "x" + std::to_string(1 + pick(30)) + " " + price(mid - 2) + "x20 | " +
                   price(mid + 1) + "x" + std::to_string(1 + pick(30)) + " " + price(mid + 2) + "x20");
            break;
          case 2: d.trade(side, qty, price(mid + pick(5) - 2)); break;
          case 3: d.mark(price(mid)); break;
          case 4:
          case 5: {
            Command c = Desk::command(id++, side, OrderType::LIMIT, qty);
            c.price = {e8(price(mid + pick(9) - 4))};
            c.time_in_force = static_cast<TimeInForce>(1 + pick(4));
            c.stp_mode = static_cast<StpMode>(pick(4));
            d.give(c, of);
            break;
          }
          case 6: d.order(id++, of, side, qty); break;
          case 7: d.stop_order(id++, of, side, qty, price(mid + pick(31) - 15)); break;
          case 8:
            pick(2) != 0 ? d.cancel(1 + static_cast<Seq>(pick(id)))
                         : d.modify(1 + static_cast<Seq>(pick(id)), qty, price(mid + pick(9) - 4));
            break;
          case 9:
            if (pick(4) == 0) d.settlement("0.0005", price(mid));
            if (pick(8) == 0) d.exchange.auto_deleverage(1, {e8(qty)}, {e8(price(mid))}, d.now, of);
            break;
        }
        for (const Report& r : d.exchange.reports()) {
          if (r.type == journal::RecordType::ORDER_REPORT &&
              (r.order.kind == ReportKind::FILLED || r.order.kind == ReportKind::LIQUIDATION)) {
            cash += shadows[r.position_side].apply(r.order.side, r.order.last_price, r.order.last_qty);
            cash -= r.order.commission;
            (closes(r.position_side, r.order.side) ? closed : opened) += 1;
            liquidations += r.order.kind == ReportKind::LIQUIDATION ? 1 : 0;
            REQUIRE(r.order.cum_qty <= r.order.order_qty);
          } else if (r.type == journal::RecordType::FUNDING_PAYMENT) {
            cash += r.funding.amount;
            ++fundings;
          } else if (r.type == journal::RecordType::BALANCE_UPDATE) {
            if (r.balance.reason == schema::BalanceChangeReason::INSURANCE_CLEAR) cash += r.balance.change;
            REQUIRE(r.balance.wallet_balance == cash);
          } else if (r.type == journal::RecordType::POSITION_UPDATE) {
            REQUIRE(r.position_side != PositionSide::BOTH);
            REQUIRE(r.position.qty == shadows[r.position_side].qty);
            REQUIRE(r.position.entry_price == shadows[r.position_side].entry_price());
          }
        }
        d.forget();
        REQUIRE_FALSE(d.held(kLong).qty.is_negative());
        REQUIRE_FALSE(d.held(kShort).qty.is_positive());
        for (const VenueOrder& order : *d.exchange.orders(1)) {
          if (order.is_resting() && order.is_closing()) REQUIRE_FALSE(d.held(order.position_side).qty.is_zero());
        }
        if (step % 500 == 0) d.check_saved_is_same();
      }
      CHECK(opened > 50);
      CHECK(closed > 50);
      CHECK(liquidations > 0);
      CHECK(fundings > 0);
      const Money profit = shadows[kLong].realized_pnl + shadows[kShort].realized_pnl;
      CHECK(cash == Money::whole(10'000) + profit + d.exchange.funding_received() - d.exchange.commission_paid(0) +
                        d.exchange.insurance_paid());
    }
  }
}

}  // namespace reprise::sim::test
