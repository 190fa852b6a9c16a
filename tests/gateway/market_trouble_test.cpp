// The market session when things go wrong: lost connections, silence, crossed books, frames that cannot be read.
#include <random>

#include "tests/gateway/market_desk.h"

namespace reprise::gateway::binance::test {

TEST_CASE("market: a snapshot that was asked for before the connection broke is not used after it") {
  MarketDesk desk;
  desk.open();
  desk.snapshot = nullptr;  // answers wait
  desk.wire.advance(seconds(5));
  desk.delta(110, 112, 108);
  desk.wire.advance(seconds(5));
  REQUIRE(desk.wire.open_requests.size() == 1);
  desk.open_socket().end(net::WebsocketCause::broken);
  desk.wire.advance(seconds(3));
  desk.open_socket().accept();
  desk.notes.news();
  desk.wire.reply(0, desk.depth(120));
  CHECK(desk.notes.news().empty());
  desk.delta(130, 131, 129);
  REQUIRE(desk.wire.open_requests.size() == 1);
  desk.wire.reply(0, desk.depth(130));
  CHECK(desk.notes.news() == Lines{"delta 130-131", "snapshot 130", "in step"});
}

TEST_CASE("market: a snapshot that fails or cannot be read is asked for again, and said") {
  for (const FakeAnswer& bad :
       {FakeAnswer{503, "Service Unavailable"}, FakeAnswer{200, "<html>"},
        FakeAnswer{200, "{\"lastUpdateId\":100,\"bids\":[[\"-1\",\"1\"]],\"asks\":[]}"}, FakeAnswer{200, "{}"},
        FakeAnswer{200, "[]"}, FakeAnswer{429, "{\"code\":-1003,\"msg\":\"\"}"}}) {
    INFO(bad.body);
    MarketDesk desk;
    int asked = 0;
    desk.snapshot = [&] { return ++asked == 1 ? bad : desk.depth(100); };
    desk.session->start();
    desk.wire.settle();
    desk.open_socket().accept();
    desk.delta(99, 101, 98);
    for (int n = 0; n < 90; ++n) {
      desk.wire.advance(seconds(1));
      desk.delta(102 + n, 102 + n, 101 + n);
      if (n == 5) desk.snapshot = [&desk, n] { return desk.depth(102 + n); };
    }
    CHECK(desk.session->is_live(1));
    CHECK(desk.session->counts().snapshots_failed == 1);
    CHECK_FALSE(desk.notes.notes.empty());
  }
}

TEST_CASE("market: a crossed book is told and taken anew") {
  MarketDesk desk;
  desk.open();
  desk.snapshot = [&] { return desk.depth(103); };
  desk.wire.advance(seconds(5));
  desk.open_socket().say(desk.delta_text(102, 103, 101, "[\"105\",\"1\"]"));
  CHECK(desk.notes.news() == Lines{"delta 102-103", "anomaly: crossed", "disconnected #1"});
  desk.delta(104, 104, 103);
  desk.wire.advance(seconds(3));
  CHECK(desk.notes.news() == Lines{"delta 104-104", "snapshot 103", "in step"});
  CHECK(desk.engine_book() == "99x1 98x2 | 101x1");
}

TEST_CASE("market: a lost connection is told for each contract, tried again with growing pauses, and healed") {
  MarketDesk desk(patient(), {{"BTCUSDT", 1}, {"ETHUSDT", 2}});
  desk.open();
  desk.wire.advance(seconds(5));
  desk.notes.news();
  const std::size_t before = desk.wire.sockets();
  desk.open_socket().end(net::WebsocketCause::broken, 0, "reset");
  CHECK(desk.notes.news() == Lines{"disconnected #1", "disconnected #2"});
  CHECK_FALSE(desk.session->is_live(1));
  // Nobody answers for ten minutes.
  for (int n = 0; n < 600; ++n) {
    desk.wire.advance(seconds(1));
    if (!desk.open_socket().has_ended) desk.open_socket().end(net::WebsocketCause::not_connected);
  }
  const std::size_t tries = desk.wire.sockets() - before;
  CHECK(tries >= 10);
  CHECK(tries <= 40);
  desk.notes.news();
  for (int n = 0; n < 61 && desk.open_socket().has_ended; ++n) desk.wire.advance(seconds(1));
  desk.open_socket().accept();
  const Lines news = desk.notes.news();
  CHECK(std::count(news.begin(), news.end(), "public-1 connected") == 1);
  CHECK(std::count(news.begin(), news.end(), "hole in time") == 2);
  desk.snapshot = [&] { return desk.depth(900); };
  desk.delta(899, 901, 898);
  desk.wire.advance(seconds(1));
  CHECK(desk.session->is_live(1));
  CHECK(desk.engine_book() == "99x1 98x2 | 101x1");
}

TEST_CASE("market: the end of the market route leaves the books alone, and is a hole in time") {
  MarketDesk desk;
  desk.open();
  desk.wire.last_socket("/market/").end(net::WebsocketCause::closed_by_peer, 1001);
  CHECK(desk.notes.news().empty());
  CHECK(desk.session->is_live(1));
  desk.wire.advance(seconds(1));
  desk.wire.last_socket("/market/").accept();
  CHECK(desk.notes.news() == Lines{"market-1 connected", "hole in time"});
  CHECK(desk.session->is_live(1));
}

TEST_CASE("market: a network that is gone altogether is tried again without end") {
  MarketDesk desk;
  desk.wire.refuses_to_open = true;
  desk.session->start();
  desk.wire.advance(seconds(300));
  CHECK(desk.wire.sockets() == 0);
  desk.wire.refuses_to_open = false;
  desk.wire.advance(seconds(60));
  CHECK(desk.wire.sockets() == 2);
}

TEST_CASE("market: a stream that ought to speak and does not is told, and its socket opened anew") {
  MarketDesk desk{MarketSessionOptions()};
  desk.open();
  const std::size_t before = desk.wire.sockets();
  desk.speak(30);
  CHECK(desk.wire.sockets() == before);
  desk.notes.news();
  // Quotes and updates come, marks do not: a subscription that was acknowledged and stays silent.
  for (int n = 0; n < 25; ++n) {
    desk.wire.advance(seconds(1));
    desk.open_socket().say(desk.quote_text(10'000 + n));
  }
  CHECK(desk.notes.count("anomaly: silent") == 1);
  CHECK(desk.notes.count("disconnected #1") == 0);
  CHECK(desk.wire.sockets() == before + 1);
  CHECK(desk.session->counts().silences == 1);
}

TEST_CASE("market: a contract that stays silent tears its socket down less and less often") {
  MarketDesk desk{MarketSessionOptions()};
  desk.open();
  const std::size_t before = desk.wire.sockets();
  std::size_t known = before;
  desk.wire.socket(1).is_open = false;  // its marks never come again
  for (int n = 0; n < 3'600; ++n) {
    desk.speak(1);
    if (desk.wire.sockets() == known) continue;
    known = desk.wire.sockets();
    FakeSocket& fresh = desk.wire.last_socket("/market/");
    fresh.accept();
    fresh.is_open = false;
  }
  const std::size_t reopened = known - before;
  CHECK(reopened >= 3);
  CHECK(reopened <= 10);
  CHECK(desk.session->is_live(1));
}

TEST_CASE("market: malformed and foreign frames are counted and told at a bounded rate, and harm nothing") {
  MarketDesk desk;
  desk.open();
  const Lines bad = {
      "",
      "x",
      "{",
      "[]]",
      "null",
      "{\"stream\":\"",
      "{\"stream\":7,\"data\":{}}",
      MarketDesk::wrapped("ethusdt@trade", "{}"),
      MarketDesk::wrapped("btcusdt@trade", "{\"e\":\"trade\"}"),
      MarketDesk::wrapped("btcusdt@depth@100ms", "[[[[[[[[[[[[[["),
      std::string("\0\xff\xfe", 3),
      std::string(100'000, '['),
      // Of a stream that was asked for, but not this one; another contract; figures that cannot be.
      MarketDesk::wrapped("btcusdt@trade",
                          "{\"e\":\"trade\",\"E\":1767225600000,\"T\":1767225600000,\"s\":\"ETHUSDT\",\"t\":1,"
                          "\"p\":\"1\",\"q\":\"1\",\"X\":\"MARKET\",\"m\":true}"),
      MarketDesk::wrapped("btcusdt@trade",
                          "{\"e\":\"trade\",\"E\":1767225600000,\"T\":1767225600000,\"s\":\"BTCUSDT\",\"t\":1,"
                          "\"p\":\"-1\",\"q\":\"1\",\"X\":\"MARKET\",\"m\":true}"),
      MarketDesk::wrapped("btcusdt@bookTicker", desk.trade_text(3).substr(33, desk.trade_text(3).size() - 34)),
      desk.delta_text(9, 8, 7),
  };
  for (const std::string& frame : bad) desk.open_socket().say(frame);
  CHECK(desk.session->counts().bad_frames == bad.size());
  CHECK(desk.notes.news() == Lines{"anomaly: malformed"});
  CHECK(desk.session->is_live(1));
  desk.wire.advance(seconds(2));
  desk.open_socket().say("x");
  desk.open_socket().say(desk.trade_text(9));
  CHECK(desk.notes.news() == Lines{"anomaly: malformed", "trade 9"});
}

TEST_CASE("market: frames with bits turned and cut at random never bring more than a counted anomaly") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    MarketDesk desk;
    desk.open();
    for (int n = 0; n < 300; ++n) {
      const Lines good = {desk.trade_text(600 + n), desk.quote_text(700 + n),
                          desk.delta_text(102 + n, 102 + n, 101 + n)};
      std::string frame = good[random() % good.size()];
      for (std::uint64_t flips = random() % 4; flips > 0; --flips)
        frame[random() % frame.size()] = static_cast<char>(random());
      if (random() % 4 == 0) frame.resize(random() % frame.size());
      desk.open_socket().say(frame);
      desk.wire.advance(std::chrono::milliseconds(10));
    }
    CHECK(desk.session->counts().frames >= 300);
    CHECK(desk.session->counts().bad_frames > 0);
    // What passed for a frame made one and the same book here and for every reader.
    journal::RecordBatch opening;
    desk.session->write_opening(opening);
    Reader fresh;
    opening.for_each(1, [&](const journal::RecordView& view) { fresh.read(view); });
    CHECK(desk.notes.reader.books[1].is_usable() == desk.session->is_live(1));
    if (desk.session->is_live(1)) CHECK(book_text(fresh.books[1].book()) == desk.engine_book());
  }
}

TEST_CASE("market: our own clock stepping back is told, and engine time does not decrease") {
  MarketDesk desk;
  desk.open();
  desk.open_socket().say(desk.trade_text(7));
  desk.wire.clock_step = DurationNanos::seconds(-5);
  desk.open_socket().say(desk.trade_text(8));
  CHECK(desk.notes.news() == Lines{"trade 7", "anomaly: clock back", "trade 8"});
}

}  // namespace reprise::gateway::binance::test
