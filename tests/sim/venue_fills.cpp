// How resting orders trade: queue models, books, best bid and offer alone, trades alone, bars alone.
#include "tests/sim/desk.h"

namespace reprise::sim::test {

namespace {

DeskSetup probabilistic() {
  DeskSetup setup;
  setup.config.venue.queue_model = "probabilistic";
  return setup;
}
}  // namespace

TEST_CASE("a resting order waits for the queue in front of it") {
  Desk d;
  d.at(1).book("99.9x5 | 100.1x5").limit(1, kBuy, "2", "99.9").forget();
  d.at(2).trade(kSell, "4", "99.9").expect({});
  d.at(3).trade(kSell, "2", "99.9").expect({"filled #1 buy 1 @ 99.9 maker, cum 1 of 2, fee 0"});
  d.at(4).trade(kSell, "9", "99.9").expect({"filled #1 buy 1 @ 99.9 maker, cum 2 of 2, fee 0"});
}

TEST_CASE("only the right aggressor, at our price, moves the queue") {
  Desk d;
  d.at(1).book("99.9x1 | 100.1x5").limit(1, kBuy, "1", "99.9").forget();
  d.at(2).trade(kBuy, "50", "99.9").trade(kSell, "50", "100").expect({});
  d.trade(kSell, "50", "99.9", schema::TradeKind::INSURANCE_FUND)
      .trade(kSell, "50", "99.8", schema::TradeKind::ADL)
      .expect({});
  d.trade(kSell, "1", "99.9").expect({});
  d.trade(kSell, "1", "99.9").expect({"filled #1 buy 1 @ 99.9 maker, cum 1 of 1, fee 0"});
}

TEST_CASE("a trade through our price fills us whole, wherever we stood") {
  Desk d;
  d.at(1).book("99.9x1000 | 100.1x5").limit(1, kBuy, "2", "99.9").forget();
  d.at(2).trade(kSell, "0.001", "99.8").expect({"filled #1 buy 2 @ 99.9 maker, cum 2 of 2, fee 0"});
}

TEST_CASE("a trade that happened before our order arrived cannot fill it") {
  Desk d;
  d.at(1).book("99.9x5 | 100.1x5").limit(1, kBuy, "1", "99.9").forget();
  journal::RecordBatch batch;
  batch.append<schema::Trade>(journal::RecordType::TRADE, {}, [](schema::Trade::Builder b) {
    b.setPrice(e8("99"));
    b.setQty(e8("1"));
    b.setAggressorSide(kSell);
  });
  batch.for_each(1, [&](const journal::RecordView& view) {
    d.exchange.on_market(view, 1, d.now, d.now - DurationNanos::millis(1));
  });
  d.expect({});
}

TEST_CASE("pessimistic queue: cancellations count only when they undercut what is ahead") {
  Desk d;
  d.at(1).book("99.9x10 | 100.1x5").limit(1, kBuy, "1", "99.9").forget();
  d.level(kBuy, "99.9", "30");  // joined behind us
  d.level(kBuy, "99.9", "12");  // all of it may have been behind us
  d.trade(kSell, "9.9", "99.9").expect({});
  d.level(kBuy, "99.9", "0.05");  // no more than that stands before us
  d.trade(kSell, "0.15", "99.9").expect({"filled #1 buy 0.1 @ 99.9 maker, cum 0.1 of 1, fee 0"});
}

TEST_CASE("probabilistic queue: a cancellation moves us by its expected share") {
  Desk d(probabilistic());
  d.at(1).book("99.9x10 | 100.1x5").limit(1, kBuy, "1", "99.9").forget();  // 10 ahead
  d.level(kBuy, "99.9", "20");                                             // 10 behind
  d.level(kBuy, "99.9", "14");  // 6 left: 6 * 10 / (10 + 2 * 10) = 2 of them in front, 8 ahead
  d.trade(kSell, "8", "99.9").expect({});
  d.level(kBuy, "99.9", "6");  // the trade's own 8: no cancellation
  d.trade(kSell, "0.5", "99.9").expect({"filled #1 buy 0.5 @ 99.9 maker, cum 0.5 of 1, fee 0"});
}

TEST_CASE("probabilistic queue: a place between two lots still gives executions of whole lots") {
  Desk d(probabilistic());
  d.at(1).book("99.9x10 | 100.1x5").limit(1, kBuy, "1", "99.9").forget();  // 10 ahead
  d.level(kBuy, "99.9", "11");                                             // 1 behind
  d.level(kBuy, "99.9", "10.999");  // 0.001 left: 10/12 of it in front, 9.99916667 ahead
  d.trade(kSell, "10.5", "99.9").expect({"filled #1 buy 0.5 @ 99.9 maker, cum 0.5 of 1, fee 0"});
}

TEST_CASE("a book finer than our lot is taken in whole lots") {
  Desk d;
  d.at(1).book("99.9x5 | 100.1x1.0005 100.2x5").market(1, kBuy, "1.5");
  d.expect({"accepted #1", "filled #1 buy 1 @ 100.1 taker, cum 1 of 1.5, fee 0",
            "filled #1 buy 0.5 @ 100.2 taker, cum 1.5 of 1.5, fee 0"});
}

TEST_CASE("two orders of ours at one price share a trade in their turn") {
  Desk d;
  d.at(1).book("99.9x1 | 100.1x5").limit(1, kBuy, "1", "99.9").limit(2, kBuy, "1", "99.9").forget();
  d.at(2).trade(kSell, "2.5", "99.9");
  d.expect({"filled #1 buy 1 @ 99.9 maker, cum 1 of 1, fee 0", "filled #2 buy 0.5 @ 99.9 maker, cum 0.5 of 1, fee 0"});
}

TEST_CASE("an order inside the spread is first in its queue") {
  Desk d;
  d.at(1).book("99x5 | 101x5").limit(1, kBuy, "1", "100").forget();
  d.at(2).trade(kSell, "1", "100").expect({"filled #1 buy 1 @ 100 maker, cum 1 of 1, fee 0"});
}

TEST_CASE("a counterparty that comes to our price trades with us") {
  Desk d;
  d.at(1).book("99.9x5 | 100.1x5").limit(1, kBuy, "2", "99.9").limit(2, kBuy, "1", "99.8").forget();
  d.at(2).book("99.7x5 | 99.9x0.5").expect({"filled #1 buy 0.5 @ 99.9 maker, cum 0.5 of 2, fee 0"});
  d.at(3).book("99.6x5 | 99.8x0.5");
  d.expect(
      {"filled #1 buy 1.5 @ 99.9 maker, cum 2 of 2, fee 0", "filled #2 buy 0.5 @ 99.8 maker, cum 0.5 of 1, fee 0"});
}

TEST_CASE("best bid and offer alone: one level to take, and a queue once our price is the best") {
  Desk d;
  d.at(1).bbo("99.9x5 | 100.1x2").market(1, kBuy, "3");
  d.expect({"accepted #1", "filled #1 buy 2 @ 100.1 taker, cum 2 of 3, fee 0", "expired #1: market remainder"});
  d.limit(2, kBuy, "1", "99.8").forget();
  d.at(2).trade(kSell, "100", "99.8").expect({});  // nobody knows the queue there
  d.at(3).bbo("99.8x4 | 100x2").trade(kSell, "4", "99.8").expect({});
  d.at(4).trade(kSell, "1", "99.8").expect({"filled #2 buy 1 @ 99.8 maker, cum 1 of 1, fee 0"});
}

TEST_CASE("a newer best bid and offer cuts the book") {
  Desk d;
  d.at(1).book("99.9x5 | 100.1x5 100.2x5 100.3x5").bbo("100x1 | 100.2x1");
  d.market(1, kBuy, "2");
  d.expect({"accepted #1", "filled #1 buy 1 @ 100.2 taker, cum 1 of 2, fee 0",
            "filled #1 buy 1 @ 100.3 taker, cum 2 of 2, fee 0"});
}

TEST_CASE("trades alone: takers pay half the spread and get a share of the volume") {
  DeskSetup setup;
  setup.config.venue.bar_spread_e8 = 100'000;        // 0.1 %
  setup.config.venue.participation_e8 = 10'000'000;  // 10 %
  Desk d(setup);
  d.at(1).trade(kBuy, "10", "100").market(1, kBuy, "3");
  d.expect({"accepted #1", "filled #1 buy 1 @ 100.1 taker, cum 1 of 3, fee 0", "expired #1: market remainder"});
  d.at(2).market(2, kSell, "1", true).expect({"accepted #2", "expired #2: market remainder"});  // the share is used up
  d.trade(kBuy, "5", "100").market(3, kSell, "0.5", true);
  d.expect({"accepted #3", "filled #3 sell 0.5 @ 99.9 taker, cum 0.5 of 0.5, fee 0"});
}

TEST_CASE("trades alone: a resting order needs a trade through it, or a share with the probabilistic model") {
  Desk d;
  d.at(1).trade(kBuy, "10", "100").limit(1, kBuy, "1", "99").forget();
  d.at(2).trade(kSell, "1000", "99").expect({});
  d.at(3).trade(kSell, "0.1", "98.9").expect({"filled #1 buy 1 @ 99 maker, cum 1 of 1, fee 0"});
  Desk p(probabilistic());
  p.at(1).trade(kBuy, "10", "100").limit(1, kBuy, "1", "99").forget();
  p.at(2).trade(kSell, "5", "99").expect({"filled #1 buy 0.5 @ 99 maker, cum 0.5 of 1, fee 0"});
}

TEST_CASE("bars alone: the stop is hit before the target when a bar touches both") {
  DeskSetup setup;
  setup.config.venue.bar_spread_e8 = 0;
  Desk d(setup);
  d.at(60).bar("100", "101", "99", "100", "1000").market(1, kBuy, "1");
  d.expect({"accepted #1", "filled #1 buy 1 @ 100 taker, cum 1 of 1, fee 0"});
  d.stop(2, OrderType::STOP_MARKET, kSell, "1", "95").limit(3, kSell, "1", "105", TimeInForce::GTC, true).forget();
  d.at(120).bar("100", "110", "90", "100", "1000");
  d.expect({"triggered #2", "filled #2 sell 1 @ 95 taker, cum 1 of 1, fee 0", "expired #3: reduce-only conflict"});
}

TEST_CASE("bars alone: a bar that opens beyond the stop fills at its open") {
  DeskSetup setup;
  setup.config.venue.bar_spread_e8 = 0;
  Desk d(setup);
  d.at(60)
      .bar("100", "101", "99", "100", "1000")
      .market(1, kBuy, "1")
      .stop(2, OrderType::STOP_MARKET, kSell, "1", "95")
      .forget();
  d.at(120).bar("90", "92", "85", "91", "1000");
  d.expect({"triggered #2", "filled #2 sell 1 @ 90 taker, cum 1 of 1, fee 0"});
}

TEST_CASE("bars alone: a limit order needs the price to go through it, within its share of the volume") {
  Desk d;
  d.at(60).bar("100", "101", "99", "100", "1000").limit(1, kBuy, "3", "98").forget();
  d.at(120).bar("100", "101", "98", "100", "1000").expect({});
  d.at(180).bar("100", "101", "97.9", "100", "20").expect({"filled #1 buy 2 @ 98 maker, cum 2 of 3, fee 0"});
  d.at(240).bar("100", "101", "97.9", "100", "1000").expect({"filled #1 buy 1 @ 98 maker, cum 3 of 3, fee 0"});
}

TEST_CASE("bars alone: the mark price falls back to the close and is reported as such") {
  Desk d;
  d.at(60).bar("100", "101", "99", "100.5", "1000");
  d.at(61).expect_all({"mark fallback 100.5"});
  d.at(65).expect_all({});
}

TEST_CASE("an outlier print moves nothing until a second one stands by it") {
  DeskSetup setup;
  setup.config.engine.outlier_bound_e8 = 10'000'000;
  Desk d(setup);
  d.at(1).book("99.9x5 | 100.1x5").trade(kBuy, "1", "100").limit(1, kBuy, "1", "99").forget();
  d.at(2).trade(kSell, "1", "50").trade(kSell, "1", "100").expect({});
  d.at(3).trade(kSell, "1", "80").trade(kSell, "1", "79").expect({"filled #1 buy 1 @ 99 maker, cum 1 of 1, fee 0"});
}

TEST_CASE("absurd market data never reaches the venue's arithmetic") {
  Desk d;
  d.at(1).book("99.9x5 | 100.1x5").market(1, kBuy, "1").limit(2, kBuy, "1", "99").forget();
  d.trade(kSell, "1", "90000000000").trade(kBuy, "90000000000", "100").mark("90000000000").expect({});
  CHECK(d.position() == "1");
}

}  // namespace reprise::sim::test
