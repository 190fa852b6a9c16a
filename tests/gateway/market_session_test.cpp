// The market session against a scripted venue with virtual time: from connecting to rotation, and what goes wrong.
#include <random>

#include "tests/gateway/market_records.h"
#include "tests/support/fake_wire.h"

namespace reprise::gateway::binance::test {

using reprise::test::FakeAnswer;
using reprise::test::FakeSocket;
using reprise::test::FakeWire;
using reprise::test::seconds;

namespace {

using Lines = std::vector<std::string>;

// For tests in which not every stream speaks.
MarketSessionOptions patient() {
  MarketSessionOptions options;
  options.silent_quotes = options.silent_depth = options.silent_marks = {};
  return options;
}

// A desk at the venue's end: one contract, one socket a route.
class Desk {
 public:
  explicit Desk(MarketSessionOptions options = patient(), std::vector<MarketInstrument> instruments = {{"BTCUSDT", 1}})
      : rest(wire, {}, nullptr) {
    wire.answer = [this](Host, const net::Request& request) -> std::optional<FakeAnswer> {
      if (request.path == "/fapi/v1/time") return FakeAnswer{200, "{\"serverTime\":" + std::to_string(millis()) + "}"};
      if (!snapshot) return std::nullopt;
      ++snapshots;
      return snapshot();
    };
    auto made = MarketSession::create(rest, notes, std::move(instruments), options);
    REQUIRE(made.ok());
    session = std::move(made).value();
  }

  std::int64_t millis() { return wire.clock().ns / 1'000'000; }

  // Started, both sockets open, the clock measured, the book in step at 100.
  void open() {
    snapshot = [this] { return depth(100); };
    session->start();
    wire.settle();
    open_socket().accept();
    wire.last_socket("/market/").accept();
    wire.advance(seconds(0.2));
    delta(99, 101, 98);
    wire.advance(seconds(0.2));
    REQUIRE(session->is_live(1));
    notes.news();
  }

  FakeSocket& open_socket() { return wire.last_socket("/public/"); }
  FakeAnswer depth(std::int64_t id) {
    return {200, "{\"lastUpdateId\":" + std::to_string(id) + ",\"E\":" + std::to_string(millis()) +
                     ",\"T\":" + std::to_string(millis()) + ",\"bids\":[[\"99\",\"1\"]],\"asks\":[[\"101\",\"1\"]]}"};
  }
  static std::string wrapped(const std::string& stream, const std::string& data) {
    return "{\"stream\":\"" + stream + "\",\"data\":" + data + "}";
  }
  std::string stamp() { return "\"E\":" + std::to_string(millis()) + ",\"T\":" + std::to_string(millis()); }
  std::string delta_text(std::int64_t first, std::int64_t last, std::int64_t previous,
                         const std::string& bids = "[\"98\",\"2\"]") {
    return wrapped("btcusdt@depth@100ms", "{\"e\":\"depthUpdate\"," + stamp() +
                                              ",\"s\":\"BTCUSDT\",\"U\":" + std::to_string(first) +
                                              ",\"u\":" + std::to_string(last) + ",\"pu\":" + std::to_string(previous) +
                                              ",\"b\":[" + bids + "],\"a\":[]}");
  }
  std::string trade_text(std::int64_t id) {
    return wrapped("btcusdt@trade", "{\"e\":\"trade\"," + stamp() + ",\"s\":\"BTCUSDT\",\"t\":" + std::to_string(id) +
                                        ",\"p\":\"100\",\"q\":\"1\",\"X\":\"MARKET\",\"m\":true}");
  }
  std::string quote_text(std::int64_t id) {
    return wrapped("btcusdt@bookTicker", "{\"e\":\"bookTicker\",\"u\":" + std::to_string(id) +
                                             ",\"s\":\"BTCUSDT\",\"b\":\"99\",\"B\":\"1\",\"a\":\"101\",\"A\":\"1\"," +
                                             stamp() + "}");
  }
  std::string mark_text() {
    return wrapped("btcusdt@markPrice@1s", "{\"e\":\"markPriceUpdate\",\"E\":" + std::to_string(millis()) +
                                               ",\"s\":\"BTCUSDT\",\"p\":\"100\",\"i\":\"100\",\"P\":\"100\",\"r\":"
                                               "\"0.0001\",\"T\":" +
                                               std::to_string(millis() + 1000) + "}");
  }
  std::string liquidation_text() {
    return wrapped(
        "btcusdt@forceOrder",
        "{\"e\":\"forceOrder\",\"E\":" + std::to_string(millis()) +
            ",\"o\":{\"s\":\"BTCUSDT\",\"S\":\"SELL\",\"o\":\"LIMIT\",\"f\":\"IOC\",\"q\":\"1\",\"p\":\"90\","
            "\"ap\":\"91\",\"X\":\"FILLED\",\"l\":\"1\",\"z\":\"1\",\"T\":" +
            std::to_string(millis()) + "}}");
  }
  void delta(std::int64_t first, std::int64_t last, std::int64_t previous) {
    open_socket().say(delta_text(first, last, previous));
  }
  // Everything speaks once a second.
  void speak(int for_seconds) {
    for (int n = 0; n < for_seconds; ++n) {
      wire.advance(seconds(1));
      for (std::size_t i = 0; i < wire.sockets(); ++i) {
        FakeSocket& socket = wire.socket(i);
        if (!socket.is_open) continue;
        if (socket.target.starts_with("/market/")) {
          socket.say(mark_text());
        } else {
          socket.say(quote_text(quote_ + n));
          socket.say(delta_text(update_ + n + 1, update_ + n + 1, update_ + n));
          socket.say(trade_text(trade_ + n));
        }
      }
    }
    quote_ += for_seconds;
    update_ += for_seconds;
    trade_ += for_seconds;
  }
  std::string engine_book() { return book_text(notes.reader.books[1].book()); }

  FakeWire wire;
  RestClient rest;
  Notebook notes;
  std::unique_ptr<MarketSession> session;
  std::function<FakeAnswer()> snapshot;
  int snapshots = 0;

 private:
  std::int64_t quote_ = 1'000;
  std::int64_t update_ = 101;
  std::int64_t trade_ = 500;
};

}  // namespace

TEST_CASE("market: streams are opened by path on their routes, and the book is in step after one snapshot") {
  Desk desk;
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
  Desk desk;
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
  Desk desk;
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
  Desk desk;
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

TEST_CASE("market: a snapshot that was asked for before the connection broke is not used after it") {
  Desk desk;
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
    Desk desk;
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
  Desk desk;
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
  Desk desk(patient(), {{"BTCUSDT", 1}, {"ETHUSDT", 2}});
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
  Desk desk;
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
  Desk desk;
  desk.wire.refuses_to_open = true;
  desk.session->start();
  desk.wire.advance(seconds(300));
  CHECK(desk.wire.sockets() == 0);
  desk.wire.refuses_to_open = false;
  desk.wire.advance(seconds(60));
  CHECK(desk.wire.sockets() == 2);
}

TEST_CASE("market: a stream that ought to speak and does not is told, and its socket opened anew") {
  Desk desk{MarketSessionOptions()};
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
  Desk desk{MarketSessionOptions()};
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

TEST_CASE("market: after 23 hours a fresh socket takes over, and nothing is missing or doubled") {
  MarketSessionOptions options;
  options.times.rotate_after = DurationNanos::seconds(600);
  Desk desk(options);
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
  Desk desk(options);
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
  Desk desk(options);
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

TEST_CASE("market: malformed and foreign frames are counted and told at a bounded rate, and harm nothing") {
  Desk desk;
  desk.open();
  const Lines bad = {
      "",
      "x",
      "{",
      "[]]",
      "null",
      "{\"stream\":\"",
      "{\"stream\":7,\"data\":{}}",
      Desk::wrapped("ethusdt@trade", "{}"),
      Desk::wrapped("btcusdt@trade", "{\"e\":\"trade\"}"),
      Desk::wrapped("btcusdt@depth@100ms", "[[[[[[[[[[[[[["),
      std::string("\0\xff\xfe", 3),
      std::string(100'000, '['),
      // Of a stream that was asked for, but not this one; another contract; figures that cannot be.
      Desk::wrapped("btcusdt@trade",
                    "{\"e\":\"trade\",\"E\":1767225600000,\"T\":1767225600000,\"s\":\"ETHUSDT\",\"t\":1,"
                    "\"p\":\"1\",\"q\":\"1\",\"X\":\"MARKET\",\"m\":true}"),
      Desk::wrapped("btcusdt@trade",
                    "{\"e\":\"trade\",\"E\":1767225600000,\"T\":1767225600000,\"s\":\"BTCUSDT\",\"t\":1,"
                    "\"p\":\"-1\",\"q\":\"1\",\"X\":\"MARKET\",\"m\":true}"),
      Desk::wrapped("btcusdt@bookTicker", desk.trade_text(3).substr(33, desk.trade_text(3).size() - 34)),
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
    Desk desk;
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
    CHECK(desk.notes.reader.books[1].state() == desk.notes.reader.books[1].state());
  }
}

TEST_CASE("market: our own clock stepping back is told, and engine time does not decrease") {
  Desk desk;
  desk.open();
  desk.open_socket().say(desk.trade_text(7));
  desk.wire.clock_step = DurationNanos::seconds(-5);
  desk.open_socket().say(desk.trade_text(8));
  CHECK(desk.notes.news() == Lines{"trade 7", "anomaly: clock back", "trade 8"});
}

TEST_CASE("market: the clock is measured at the start and every five minutes") {
  Desk desk;
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
  Desk desk;
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
  Desk desk;
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
