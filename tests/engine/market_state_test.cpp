// Which prices the engine believes.
#include "engine/market/market_state.h"

#include "journal/record_batch.h"
#include "tests/engine/world.h"
#include "tests/support/catch.h"

using namespace reprise;
using namespace reprise::engine;
using reprise::test::e8;
using reprise::test::kStart;

namespace {

// One instrument, records made on the spot, one millisecond apart.
struct Tape {
  InstrumentMarket market{DurationNanos::seconds(1), DurationNanos::seconds(5), Rate::of_e8(e8(0.1))};
  UnixNanos now{kStart};

  template <class T, class Fill, class Apply>
  MarketChange record(Fill&& fill, Apply&& apply) {
    now = now + DurationNanos::millis(1);
    journal::RecordBatch batch;
    batch.append<T>(journal::RecordType::NONE, {}, fill, 64);
    MarketChange change;
    batch.for_each(1, [&](const journal::RecordView& view) { change = apply(journal::read<T>(view)); });
    return change;
  }
  MarketChange trade(double price, schema::TradeKind kind = schema::TradeKind::MARKET, bool is_aggregate = false) {
    (void)market.bars().close_until(now + DurationNanos::millis(1));
    return record<schema::Trade>(
        [&](schema::Trade::Builder b) {
          b.setPrice(e8(price));
          b.setQty(e8(1));
          b.setKind(kind);
          b.setIsAggregate(is_aggregate);
        },
        [&](schema::Trade::Reader r) { return market.on_trade(r, now); });
  }
  MarketChange bbo(double bid, double ask, std::int64_t id) {
    return record<schema::Bbo>(
        [&](schema::Bbo::Builder b) {
          b.setBidPrice(e8(bid));
          b.setBidQty(e8(1));
          b.setAskPrice(e8(ask));
          b.setAskQty(e8(1));
          b.setUpdateId(id);
        },
        [&](schema::Bbo::Reader r) { return market.on_bbo(r, now); });
  }
  MarketChange snapshot(double bid, double ask, std::int64_t id) {
    return record<schema::BookSnapshot>(
        [&](schema::BookSnapshot::Builder b) {
          b.setLastUpdateId(id);
          auto one = b.initBids(1)[0];
          one.setPrice(e8(bid));
          one.setQty(e8(1));
          auto other = b.initAsks(1)[0];
          other.setPrice(e8(ask));
          other.setQty(e8(1));
        },
        [&](schema::BookSnapshot::Reader r) { return market.on_snapshot(r, now); });
  }
  MarketChange delta(double bid, std::int64_t first, std::int64_t last, std::int64_t previous) {
    return record<schema::BookDelta>(
        [&](schema::BookDelta::Builder b) {
          b.setFirstUpdateId(first);
          b.setLastUpdateId(last);
          b.setPrevLastUpdateId(previous);
          auto one = b.initBids(1)[0];
          one.setPrice(e8(bid));
          one.setQty(e8(1));
        },
        [&](schema::BookDelta::Reader r) { return market.on_delta(r, now); });
  }
};

}  // namespace

TEST_CASE("of book and Bbo the one with the larger update id gives the best prices") {
  Tape tape;
  tape.snapshot(100, 101, 50);
  CHECK(tape.market.best().bid.e8 == e8(100));
  CHECK(tape.bbo(100.2, 100.8, 60).top_changed);
  CHECK(tape.market.source() == PriceSource::bbo);
  CHECK(tape.market.best().bid.e8 == e8(100.2));
  tape.delta(100.5, 45, 70, 40);
  CHECK(tape.market.source() == PriceSource::book);
  CHECK(tape.market.best().bid.e8 == e8(100.5));
  CHECK_FALSE(tape.bbo(100.1, 100.9, 65).top_changed);  // older than the book
  CHECK_FALSE(tape.bbo(100.1, 100.9, 64).top_changed);  // older than itself
}

TEST_CASE("a gap makes the book stale until a snapshot joins again") {
  Tape tape;
  tape.snapshot(100, 101, 50);
  tape.delta(100.1, 45, 60, 40);
  CHECK_FALSE(tape.market.is_stale(tape.now));
  const MarketChange change = tape.delta(100.2, 90, 95, 80);
  CHECK(change.gap);
  CHECK(change.gap_expected == 60);
  CHECK(tape.market.is_stale(tape.now));
  MarketView view;
  tape.market.fill_view(view, nullptr, tape.now);
  CHECK(view.book->is_empty());
  SECTION("a Bbo stands in for it") {
    tape.bbo(100, 101, 100);
    CHECK_FALSE(tape.market.is_stale(tape.now));
  }
  SECTION("a snapshot heals it") {
    tape.snapshot(100, 101, 92);
    CHECK_FALSE(tape.market.is_stale(tape.now));
    CHECK(tape.market.best().bid.e8 == e8(100.2));
  }
}

TEST_CASE("insurance and liquidation prints do not move the last price") {
  Tape tape;
  tape.trade(100);
  CHECK_FALSE(tape.trade(98, schema::TradeKind::INSURANCE_FUND).price_changed);
  CHECK_FALSE(tape.trade(98, schema::TradeKind::ADL).price_changed);
  CHECK(tape.market.last_price().e8 == e8(100));
}

TEST_CASE("an outlier is held back, a second print that stands by it is believed") {
  Tape tape;
  tape.trade(100);
  CHECK_FALSE(tape.trade(150).price_changed);
  CHECK(tape.trade(100.5).price_changed);  // it was a bad print
  CHECK_FALSE(tape.trade(150).price_changed);
  CHECK(tape.trade(151).price_changed);  // it was a jump
  CHECK(tape.market.last_price().e8 == e8(151));
  CHECK(tape.market.held_back() == 2);
}

TEST_CASE("single and aggregate trades of one instrument are not counted twice") {
  Tape tape;
  tape.trade(100);
  CHECK_FALSE(tape.trade(100.1, schema::TradeKind::MARKET, true).price_changed);
  CHECK(tape.market.prints() == 1);
}

TEST_CASE("crossed quotes and old ones are stale, locked ones are not") {
  Tape tape;
  CHECK(tape.market.is_stale(tape.now));
  tape.bbo(100, 100, 1);
  CHECK_FALSE(tape.market.is_stale(tape.now));
  tape.bbo(101, 100, 2);
  CHECK(tape.market.is_stale(tape.now));
  tape.bbo(100, 101, 3);
  CHECK_FALSE(tape.market.is_stale(tape.now + DurationNanos::seconds(5)));
  CHECK(tape.market.is_stale(tape.now + DurationNanos::seconds(6)));
}

TEST_CASE("a lost connection forgets the Bbo and waits for a new book") {
  Tape tape;
  tape.trade(100);
  tape.snapshot(100, 101, 50);
  tape.bbo(100, 101, 51);
  tape.market.on_disconnect();
  CHECK(tape.market.is_stale(tape.now));
  CHECK(tape.market.source() == PriceSource::last_print);
  tape.bbo(100, 101, 20);  // numbering may start anew
  CHECK_FALSE(tape.market.is_stale(tape.now));
}
