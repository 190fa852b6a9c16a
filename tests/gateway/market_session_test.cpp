// The market session against a scripted venue with virtual time: connecting, recording, rotation, opening, stopping.
#include "tests/gateway/market_desk.h"

namespace reprise::gateway::binance::test {

TEST_CASE("market: streams are opened by path on their routes, and the book is in step after one snapshot") {
  MarketDesk desk;
  desk.snapshot = [&] { return desk.depth(100); };
  desk.session->start();
  desk.wire.settle();
  REQUIRE(desk.wire.sockets() == 2);
  CHECK(desk.wire.socket(0).target == "/public/stream?streams=btcusdt@bookTicker/btcusdt@depth@100ms/btcusdt@trade");
  CHECK(desk.wire.socket(1).target == "/market/stream?streams=btcusdt@markPrice@1s/btcusdt@forceOrder");
  desk.wire.socket(0).accept();
  desk.wire.socket(1).accept();
  desk.wire.advance(seconds(0.5));
  CHECK(desk.snapshots == 0);  // nothing is asked before the updates flow
  CHECK(desk.notes.news() == Lines{"public-1 connected", "market-1 connected", "clock"});
  desk.delta(99, 101, 98);
  CHECK(desk.snapshots == 1);
  desk.delta(102, 102, 101);
  desk.wire.advance(seconds(0.1));
  CHECK(desk.notes.news() == Lines{"delta 99-101", "delta 102-102", "snapshot 100", "in step"});
  CHECK(desk.engine_book() == "99x1 98x2 | 101x1");
  CHECK(desk.session->is_live(1));
  CHECK(desk.session->live_books() == 1);
}

TEST_CASE("market: each frame becomes its records in one call of the sink, with time of receipt and of the event") {
  MarketDesk desk;
  desk.open();
  const int calls = desk.notes.calls;
  desk.open_socket().say(desk.trade_text(7));
  desk.open_socket().say(desk.quote_text(8));
  desk.wire.last_socket("/market/").say(desk.mark_text());
  desk.wire.last_socket("/market/").say(desk.liquidation_text());
  desk.open_socket().say("{\"result\":null,\"id\":1}");
  CHECK(desk.notes.news() == Lines{"trade 7", "quote 8", "mark", "liquidation"});
  CHECK(desk.notes.calls == calls + 4);
  CHECK(desk.session->counts().bad_frames == 0);
  CHECK(desk.notes.raw.back().find("public-1 {\"result\"") == 0);
}

TEST_CASE("market: what the venue tells twice is recorded once") {
  MarketDesk desk;
  desk.open();
  const std::string trade = desk.trade_text(7), quote = desk.quote_text(8), mark = desk.mark_text(),
                    print = desk.liquidation_text();
  for (int n = 0; n < 2; ++n) {
    desk.open_socket().say(trade);
    desk.open_socket().say(quote);
    desk.wire.last_socket("/market/").say(mark);
    desk.wire.last_socket("/market/").say(print);
  }
  desk.open_socket().say(desk.trade_text(5));  // late, but not there yet
  CHECK(desk.notes.news() == Lines{"trade 7", "quote 8", "mark", "liquidation", "trade 5"});
  CHECK(desk.session->counts().duplicates == 4);
  // A venue that was started anew may count from the beginning: its numbers are not those of before.
  desk.open_socket().end(net::WebsocketCause::broken);
  desk.wire.advance(seconds(1));
  desk.open_socket().accept();
  desk.notes.news();
  desk.open_socket().say(trade);
  desk.open_socket().say(desk.quote_text(1));
  CHECK(desk.notes.news() == Lines{"trade 7", "quote 1"});
}

TEST_CASE("market: a missing update brings a gap and a new snapshot, at a bounded rate while none fits") {
  MarketDesk desk;
  desk.open();
  desk.wire.advance(seconds(10));
  desk.snapshots = 0;
  desk.snapshot = [&] { return desk.depth(50); };  // always too old
  desk.delta(110, 112, 108);
  CHECK(desk.notes.news() == Lines{"delta 110-112", "gap: after 101 came 108"});
  CHECK_FALSE(desk.session->is_live(1));
  std::int64_t id = 112;
  for (int n = 0; n < 600; ++n, ++id) {
    desk.delta(id + 1, id + 1, id);
    desk.wire.advance(seconds(0.1));
  }
  CHECK(desk.snapshots >= 3);
  CHECK(desk.snapshots <= 8);  // in a minute
  CHECK(desk.notes.count("snapshot 50") == 0);
  desk.snapshot = [&] { return desk.depth(id); };
  for (int n = 0; n < 700; ++n, ++id) {
    desk.delta(id + 1, id + 1, id);
    desk.wire.advance(seconds(0.1));
  }
  CHECK(desk.session->is_live(1));
  CHECK(desk.notes.count("in step") == 1);
}

TEST_CASE("market: after 23 hours a fresh socket takes over, and nothing is missing or doubled") {
  MarketSessionOptions options;
  options.times.rotate_after = DurationNanos::seconds(600);
  MarketDesk desk(options);
  desk.open();
  desk.speak(590);
  CHECK(desk.wire.sockets() == 2);
  for (int n = 0; n < 60; ++n) {
    desk.speak(1);
    for (std::size_t i = 2; i < desk.wire.sockets(); ++i)
      if (!desk.wire.socket(i).is_open) desk.wire.socket(i).accept();
  }
  CHECK(desk.wire.sockets() == 4);
  CHECK(desk.wire.living_sockets() == 2);
  CHECK(desk.session->counts().rotations == 2);
  CHECK(desk.session->counts().reconnects == 0);
  CHECK(desk.session->counts().books.gaps == 0);
  CHECK(desk.notes.count("public-1 taken over") == 1);
  CHECK(desk.notes.count("disconnected #1") == 0);
  for (int n = 0; n < 650; ++n) {
    CHECK(desk.notes.count("trade " + std::to_string(500 + n)) == 1);
    CHECK(desk.notes.count("quote " + std::to_string(1'000 + n)) == 1);
    const std::string id = std::to_string(102 + n);
    CHECK(desk.notes.count("delta " + id + "-" + id) == 1);
  }
  CHECK(desk.notes.count("mark") == 650);
}

TEST_CASE("market: a fresh socket that delivers nothing does not take over, and the old one stays") {
  MarketSessionOptions options;
  options.times.rotate_after = DurationNanos::seconds(100);
  MarketDesk desk(options);
  desk.open();
  desk.speak(100);
  REQUIRE(desk.wire.sockets() == 4);
  desk.speak(150);  // the fresh ones never open
  CHECK(desk.session->counts().rotations == 0);
  CHECK(desk.session->counts().reconnects == 0);
  CHECK(desk.session->is_live(1));
  CHECK(desk.wire.socket(0).is_open);
  CHECK(desk.wire.socket(2).is_gone);
}

TEST_CASE("market: when the old socket ends during the change, the fresh one is taken if it is complete") {
  MarketSessionOptions options;
  options.times.rotate_after = DurationNanos::seconds(100);
  MarketDesk desk(options);
  desk.open();
  desk.speak(100);
  REQUIRE(desk.wire.sockets() == 4);
  FakeSocket& fresh = desk.open_socket();
  fresh.accept();
  desk.speak(2);
  desk.wire.socket(0).end(net::WebsocketCause::broken);
  CHECK(desk.session->counts().rotations == 1);
  CHECK(desk.notes.count("disconnected #1") == 0);
  desk.speak(3);
  CHECK(desk.session->is_live(1));
  CHECK(desk.session->counts().books.gaps == 0);
}

TEST_CASE("market: the clock is measured at the start and every five minutes") {
  MarketDesk desk;
  desk.open();
  for (int n = 0; n < 11; ++n) desk.speak(60);
  CHECK(desk.notes.count("clock") == 2);
  CHECK(desk.rest.round_trip() > DurationNanos{});
}

TEST_CASE("market: many contracts are spread over sockets, a contract's streams of a route stay together") {
  std::vector<MarketInstrument> many;
  for (int n = 0; n < 50; ++n) many.push_back({"COIN" + std::to_string(n) + "USDT", static_cast<InstrumentNo>(n + 1)});
  StreamChoice choice;
  choice.most_streams = 20;
  auto plans = plan_streams(many, choice);
  REQUIRE(plans.ok());
  std::size_t streams = 0;
  for (const StreamPlan& plan : *plans) {
    CHECK(plan.streams.size() <= 20);
    streams += plan.streams.size();
  }
  CHECK(streams == 250);
  CHECK(plans->size() == 9 + 5);
  choice.depth_millis = 200;
  CHECK_FALSE(plan_streams(many, choice).ok());
  CHECK_FALSE(plan_streams({}, {}).ok());
  CHECK_FALSE(plan_streams({{"BTCUSDT", 1}, {"BTCUSDT", 2}}, {}).ok());
  CHECK_FALSE(plan_streams({{"BTC/USDT", 1}}, {}).ok());
}

TEST_CASE("market: an opening holds the books as they stand, and the records behind it continue them") {
  MarketDesk desk;
  desk.open();
  journal::RecordBatch opening;
  desk.session->write_opening(opening);
  Notebook later;
  later.on_records(opening);
  CHECK(later.news() == Lines{"clock", "snapshot 101"});
  desk.notes.reader = Reader();
  opening.for_each(1, [&](const journal::RecordView& view) { desk.notes.reader.read(view); });
  desk.open_socket().say(desk.delta_text(102, 103, 101, "[\"97\",\"3\"]"));
  CHECK(desk.notes.reader.books[1].state() == BookFeedState::synchronised);
  CHECK(desk.engine_book() == "99x1 98x2 97x3 | 101x1");
}

TEST_CASE("market: nothing is called after stop, and a session may be destroyed with requests on their way") {
  MarketDesk desk;
  desk.open();
  desk.snapshot = nullptr;
  desk.wire.advance(seconds(5));
  desk.delta(110, 112, 108);
  REQUIRE(desk.wire.open_requests.size() == 1);
  desk.notes.news();
  desk.session->stop();
  desk.wire.advance(seconds(100));
  CHECK(desk.wire.living_sockets() == 0);
  CHECK(desk.notes.news().empty());
  desk.session.reset();
  desk.wire.reply(0, desk.depth(111));
  CHECK(desk.notes.news().empty());
}

}  // namespace reprise::gateway::binance::test
