// Order types, times in force, modify, cancel, refusals: what is sent, what the venue says.
#include "tests/sim/desk.h"

namespace reprise::sim::test {

namespace {
const char* const kBook = "99.9x5 99.8x5 99.7x10 | 100.1x1 100.2x2 100.3x10";
}  // namespace

TEST_CASE("a market order walks the levels and reports the account with each fill") {
  Desk d;
  d.at(1).book(kBook).market(1, kBuy, "2");
  d.expect_all({"accepted #1", "filled #1 buy 1 @ 100.1 taker, cum 1 of 2, fee 0", "balance 10000 by 0 (order)",
                "position 1 @ 100.1", "filled #1 buy 1 @ 100.2 taker, cum 2 of 2, fee 0", "balance 10000 by 0 (order)",
                "position 2 @ 100.15"});
}

TEST_CASE("a market order on an empty book expires") {
  Desk d;
  d.at(1).market(1, kBuy, "1").expect({"accepted #1", "expired #1: market remainder"});
}

TEST_CASE("a market order stops at the take bound from the mark price") {
  DeskSetup setup;
  setup.take_bound = "0.001";
  Desk d(setup);
  d.at(1).book(kBook).mark("100.05").market(1, kBuy, "2");  // bound 100.15005
  d.expect({"accepted #1", "filled #1 buy 1 @ 100.1 taker, cum 1 of 2, fee 0", "expired #1: market remainder"});
}

TEST_CASE("liquidity that was taken stays taken until the level shows another quantity") {
  Desk d;
  d.at(1).book(kBook).market(1, kBuy, "1").forget();
  d.at(2).limit(2, kBuy, "1", "100.1", TimeInForce::IOC).expect({"accepted #2", "expired #2: ioc remainder"});
  d.at(3).level(kSell, "100.1", "1").limit(3, kBuy, "1", "100.1", TimeInForce::IOC);
  d.expect({"accepted #3", "expired #3: ioc remainder"});
  d.at(4).level(kSell, "100.1", "1.5").limit(4, kBuy, "1", "100.1", TimeInForce::IOC);
  d.expect({"accepted #4", "filled #4 buy 1 @ 100.1 taker, cum 1 of 1, fee 0"});
}

TEST_CASE("a crossing limit order takes what its price allows and rests with the remainder") {
  Desk d;
  d.at(1).book(kBook).limit(1, kBuy, "2", "100.1");
  d.expect({"accepted #1", "filled #1 buy 1 @ 100.1 taker, cum 1 of 2, fee 0"});
  CHECK(d.exchange.orders(1)->size() == 1);
}

TEST_CASE("ioc expires its remainder, fok fills whole or not at all, gtx never takes") {
  Desk d;
  d.at(1).book(kBook);
  d.limit(1, kBuy, "2", "100.1", TimeInForce::IOC);
  d.expect({"accepted #1", "filled #1 buy 1 @ 100.1 taker, cum 1 of 2, fee 0", "expired #1: ioc remainder"});
  d.limit(2, kBuy, "3", "100.2", TimeInForce::FOK).expect({"rejected #2 -5021"});
  d.limit(3, kBuy, "2", "100.2", TimeInForce::FOK)
      .expect({"accepted #3", "filled #3 buy 2 @ 100.2 taker, cum 2 of 2, fee 0"});
  d.limit(4, kBuy, "1", "100.3", TimeInForce::GTX).expect({"rejected #4 -5022"});
  d.limit(5, kBuy, "1", "100", TimeInForce::GTX).expect({"accepted #5"});
}

TEST_CASE("a gtd order lives until its second and needs ten minutes at least") {
  Desk d;
  d.at(1).book(kBook);
  Command c = Desk::command(1, kBuy, OrderType::LIMIT, "1");
  c.price = {e8("99")};
  c.time_in_force = TimeInForce::GTD;
  c.good_till = d.now + DurationNanos::seconds(599);
  d.send(c).expect({"rejected #1 -5040"});
  c.seq = c.order_id = 2;
  c.good_till = d.now + DurationNanos::seconds(600);
  d.send(c).expect({"accepted #2"});
  d.at(600.9).expect({});
  d.at(601).expect({"expired #2: good till date"});
}

TEST_CASE("cancel is answered, and a cancel that lost its race is refused") {
  Desk d;
  d.at(1).book(kBook).limit(1, kBuy, "1", "99.9").cancel(1).expect({"accepted #1", "canceled #1"});
  d.limit(2, kBuy, "1", "99.9").forget();
  d.at(2).trade(kSell, "1", "99.8").expect({"filled #2 buy 1 @ 99.9 maker, cum 1 of 1, fee 0"});
  d.cancel(2).expect({"cancel rejected #2 -2011"});
}

TEST_CASE("cancel all cancels what is open on the instrument") {
  Desk d;
  d.at(1)
      .book(kBook)
      .limit(1, kBuy, "1", "99")
      .limit(2, kSell, "1", "101")
      .stop(3, OrderType::STOP_MARKET, kSell, "1", "98")
      .forget();
  Command c;
  c.kind = CommandKind::CANCEL_ALL;
  c.seq = 9;
  c.instrument = 1;
  d.send(c).expect({"canceled #1", "canceled #2", "canceled #3"});
}

TEST_CASE("modify keeps the turn on a smaller quantity and loses it otherwise") {
  Desk d;
  d.at(1).book(kBook).limit(1, kBuy, "2", "99.9").forget();  // 5 ahead
  d.at(2).trade(kSell, "4", "99.9").expect({});              // 1 ahead
  d.modify(1, "1.5", "99.9").expect({"modified #1 to 1.5 @ 99.9"});
  d.at(3).trade(kSell, "1.5", "99.9").expect({"filled #1 buy 0.5 @ 99.9 maker, cum 0.5 of 1.5, fee 0"});
  d.modify(1, "3", "99.9").expect({"modified #1 to 3 @ 99.9"});  // back behind what the book shows
  d.at(4).trade(kSell, "4", "99.9").expect({});
  d.modify(1, "3", "99.9").expect({"modify rejected #1 -5027"});
  d.modify(1, "0.5", "99.9").expect({"canceled #1"});  // not more than what has traded
  d.modify(1, "1", "99.9").expect({"modify rejected #1 -2013"});
}

TEST_CASE("a modify into the market takes, unless the order is post-only") {
  Desk d;
  d.at(1).book(kBook).limit(1, kBuy, "1", "99.9").forget();
  d.modify(1, "1", "100.1").expect({"modified #1 to 1 @ 100.1", "filled #1 buy 1 @ 100.1 taker, cum 1 of 1, fee 0"});
  d.limit(2, kBuy, "1", "99.9", TimeInForce::GTX).forget();
  d.modify(2, "1", "100.2").expect({"canceled #2"});
}

TEST_CASE("stop and take-profit orders fire at their price, by last or mark price") {
  Desk d;
  d.at(1).book(kBook).trade(kBuy, "1", "100").market(1, kBuy, "1").forget();
  d.stop(2, OrderType::STOP_MARKET, kSell, "0.5", "99.5").expect({"accepted #2"});
  d.stop(3, OrderType::TAKE_PROFIT_LIMIT, kSell, "0.5", "101", "100.9").expect({"accepted #3"});
  d.stop(4, OrderType::STOP_MARKET, kSell, "0.1", "98", "0", TriggerSource::MARK_PRICE).expect({"accepted #4"});
  d.at(2).trade(kSell, "0.1", "99.5");
  d.expect({"triggered #2", "filled #2 sell 0.5 @ 99.9 taker, cum 0.5 of 0.5, fee 0"});
  d.at(3).trade(kBuy, "0.1", "101").expect({"triggered #3"});
  CHECK(d.exchange.orders(1)->size() == 2);  // #3 rests at 100.9 now, #4 waits
  d.at(4).trade(kSell, "0.1", "97").expect({});
  d.mark("98").expect({"triggered #4", "filled #4 sell 0.1 @ 99.9 taker, cum 0.1 of 0.1, fee 0"});
}

TEST_CASE("a conditional order that would fire at once is refused") {
  Desk d;
  d.at(1).book(kBook).trade(kBuy, "1", "100");
  d.stop(1, OrderType::STOP_MARKET, kSell, "1", "100").expect({"rejected #1 -2021"});
  d.stop(2, OrderType::STOP_MARKET, kBuy, "1", "99.9").expect({"rejected #2 -2021"});
  d.stop(3, OrderType::TAKE_PROFIT_MARKET, kSell, "1", "99").expect({"rejected #3 -2021"});
  d.trail(4, kSell, "1", "0.01", "99.9").expect({"rejected #4 -2021"});
  d.stop(5, OrderType::STOP_LIMIT, kBuy, "1", "100.1", "100.2").expect({"accepted #5"});
}

TEST_CASE("a trailing stop follows the best price and fires when it comes back by its rate") {
  Desk d;
  d.at(1).book(kBook).trade(kBuy, "1", "100").market(1, kBuy, "1").forget();
  d.trail(2, kSell, "1", "0.01", "102").expect({"accepted #2"});
  d.at(2).trade(kBuy, "1", "101").expect({});
  d.at(3).trade(kBuy, "1", "102").expect({"trailing activated #2"});
  d.at(4).trade(kBuy, "1", "110").expect({});
  d.at(5).trade(kSell, "1", "109").expect({});
  d.at(6).trade(kSell, "1", "108.9").expect({"triggered #2", "filled #2 sell 1 @ 99.9 taker, cum 1 of 1, fee 0"});
}

TEST_CASE("reduce-only needs a position, never turns it, and expires when it is gone") {
  Desk d;
  d.at(1).book(kBook).limit(1, kSell, "1", "101", TimeInForce::GTC, true).expect({"rejected #1 -2022"});
  d.market(2, kBuy, "1").forget();
  d.limit(3, kBuy, "1", "99", TimeInForce::GTC, true).expect({"rejected #3 -2022"});
  d.limit(4, kSell, "1", "101", TimeInForce::GTC, true).expect({"accepted #4"});
  d.market(5, kSell, "3", true);
  d.expect({"accepted #5", "filled #5 sell 1 @ 99.9 taker, cum 1 of 3, fee 0", "expired #4: reduce-only conflict",
            "expired #5: reduce-only conflict"});
  CHECK(d.position() == "0");
}

TEST_CASE("close-position takes whatever the position is when it fires") {
  Desk d;
  d.at(1).book(kBook).trade(kBuy, "1", "100").market(1, kBuy, "2").forget();
  Command c = Desk::command(2, kSell, OrderType::STOP_MARKET, "0");
  c.trigger_price = {e8("99")};
  c.close_position = true;
  d.send(c).expect({"accepted #2"});
  d.market(3, kSell, "0.5").forget();
  d.at(2).trade(kSell, "1", "99").expect({"triggered #2", "filled #2 sell 1.5 @ 99.9 taker, cum 1.5 of 1.5, fee 0"});
  c.seq = c.order_id = 4;
  c.trigger_price = {e8("98")};
  d.send(c).expect({"accepted #4"});
  d.at(3).trade(kSell, "1", "98").expect({"triggered #4", "expired #4: trigger rejected -2022"});
  c.seq = c.order_id = 5;
  c.qty = {e8("1")};
  d.send(c).expect({"rejected #5 -4137"});
  c.qty = {};
  c.type = OrderType::STOP_LIMIT;
  c.price = {e8("97")};
  d.send(c).expect({"rejected #5 -4136"});
}

TEST_CASE("self-trade prevention expires the maker, the taker, or both") {
  Desk d;
  d.at(1).book("99x5 | 102x5").limit(1, kSell, "1", "101").limit(2, kSell, "1", "101.5").forget();
  d.limit(3, kBuy, "1", "101").expect({"accepted #3", "expired #1: self trade"});
  d.cancel(3).forget();
  Command c = Desk::command(4, kBuy, OrderType::LIMIT, "1");
  c.price = {e8("101.5")};
  c.stp_mode = StpMode::EXPIRE_TAKER;
  d.send(c).expect({"accepted #4", "expired #4: self trade"});
  c.seq = c.order_id = 5;
  c.stp_mode = StpMode::EXPIRE_BOTH;
  d.send(c).expect({"accepted #5", "expired #2: self trade", "expired #5: self trade"});
  d.limit(6, kSell, "1", "101").forget();
  c.seq = c.order_id = 7;
  c.stp_mode = StpMode::NONE;
  d.send(c).expect({"accepted #7", "filled #6 sell 1 @ 101 maker, cum 1 of 1, fee 0",
                    "filled #7 buy 1 @ 101 taker, cum 1 of 1, fee 0"});
  CHECK(d.position() == "0");
}

TEST_CASE("the filters refuse with the exchange's codes") {
  DeskSetup setup;
  setup.tick = "0.05";
  setup.band_up = "1.05";
  setup.band_down = "0.95";
  setup.max_open_orders = 3;
  Desk d(setup);
  d.at(1).book(kBook).mark("100");
  d.limit(1, kBuy, "1", "0").expect({"rejected #1 -4001"});
  d.limit(2, kSell, "1", "2000000").expect({"rejected #2 -4002"});
  d.limit(3, kBuy, "0", "99").expect({"rejected #3 -4003"});
  d.limit(4, kBuy, "0.0001", "99").expect({"rejected #4 -4004"});
  d.limit(5, kBuy, "1000.001", "99").expect({"rejected #5 -4005"});
  d.market(6, kBuy, "100.001").expect({"rejected #6 -4005"});
  d.limit(7, kBuy, "1", "0.5").expect({"rejected #7 -4013"});
  d.limit(8, kBuy, "1", "99.01").expect({"rejected #8 -4014"});
  d.limit(9, kBuy, "1", "99.001").expect({"rejected #9 -1111"});
  d.limit(10, kBuy, "1.0001", "99").expect({"rejected #10 -1111"});
  d.limit(11, kBuy, "1", "105.05").expect({"rejected #11 -4016"});
  d.limit(12, kSell, "1", "94.95").expect({"rejected #12 -4024"});
  d.limit(13, kBuy, "0.05", "99").expect({"rejected #13 -4164"});
  d.stop(14, OrderType::STOP_MARKET, kSell, "1", "0").expect({"rejected #14 -4006"});
  d.trail(15, kSell, "1", "0.5").expect({"rejected #15 -4510"});
  d.limit(16, kBuy, "1", "99", TimeInForce::NONE).expect({"rejected #16 -1115"});
  d.limit(17, Side::NONE, "1", "99").expect({"rejected #17 -1117"});
  d.limit(20, kBuy, "1", "99").limit(21, kBuy, "1", "99").limit(22, kBuy, "1", "99").forget();
  d.limit(23, kBuy, "1", "99").expect({"rejected #23 -2025"});
  d.modify(20, "1", "99.01").expect({"modify rejected #20 -4014"});
  d.modify(20, "0.05", "99").expect({"modify rejected #20 -5029"});
  CHECK(d.exchange.orders(1)->size() == 3);
}

TEST_CASE("a quantity off the step is refused with its own code") {
  DeskSetup setup;
  setup.lot = "0.005";
  setup.min_qty = "0.005";
  Desk d(setup);
  d.at(1).book(kBook).limit(1, kBuy, "1.002", "99").expect({"rejected #1 -4023"});
}

TEST_CASE("the market order's counterparty has to stand inside the band") {
  DeskSetup setup;
  setup.band_up = "1.05";
  Desk d(setup);
  d.at(1).book("80x1 | 120x1").mark("100").market(1, kBuy, "1").expect({"rejected #1 -4131"});
}

TEST_CASE("at most 200 conditional orders wait") {
  Desk d;
  d.at(1).book(kBook);
  for (Seq id = 1; id <= 200; ++id) d.stop(id, OrderType::STOP_MARKET, kSell, "1", "90");
  d.forget();
  d.stop(201, OrderType::STOP_MARKET, kSell, "1", "90").expect({"rejected #201 -4045"});
}

TEST_CASE("orders need a trading instrument, and market data alone takes none") {
  Desk d;
  d.at(1).book(kBook).limit(1, kBuy, "1", "99").forget();
  d.state(schema::InstrumentState::CANCEL_ONLY).limit(2, kBuy, "1", "99").expect({"rejected #2 -4140"});
  d.modify(1, "1", "98").expect({"modify rejected #1 -5024"});
  d.cancel(1).expect({"canceled #1"});
  d.state(schema::InstrumentState::TRADING).limit(3, kBuy, "1", "99").expect({"accepted #3"});
  d.state(schema::InstrumentState::CLOSED).expect({"expired #3: delisted"});
  d.limit(4, kBuy, "1", "99").expect({"rejected #4 -4141"});
  DeskSetup setup;
  setup.contract = schema::ContractType::INVERSE_PERPETUAL;
  Desk inverse(setup);
  inverse.at(1).book(kBook).limit(1, kBuy, "1", "99").expect({"rejected #1 -1121"});
  setup.contract = schema::ContractType::SPOT;
  Desk spot(setup);
  spot.at(1).book(kBook).limit(1, kBuy, "1", "99").expect({"rejected #1 -1121"});
}

TEST_CASE("margin is checked on entry: available balance and the bracket's limit") {
  DeskSetup setup;
  setup.config.account.initial_balance_e8 = 100 * kScale;
  Desk d(setup);
  d.at(1).book(kBook).mark("100");
  d.limit(1, kBuy, "10", "100").expect({"accepted #1"});  // 1000 of notional at 10x
  d.limit(2, kBuy, "0.1", "100").expect({"rejected #2 -2019"});
  d.limit(3, kSell, "10", "101").expect({"rejected #3 -2019"});  // the larger side counts: 1010
  d.limit(4, kSell, "9", "101").expect({"accepted #4"});
  DeskSetup brackets;
  brackets.with_2026_brackets = true;
  brackets.config.account.initial_balance_e8 = 1'000'000 * kScale;
  brackets.config.account.leverage = 100;
  Desk b(brackets);
  b.at(1).book("59999x1 | 60001x1").mark("60000").limit(1, kBuy, "13.4", "60000").expect({"rejected #1 -2027"});
  b.limit(2, kBuy, "13.3", "60000").expect({"accepted #2"});  // 798000 of 800000
}

}  // namespace reprise::sim::test
