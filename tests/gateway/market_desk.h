// A desk at the scripted venue's end of a market session: frames in the venue's words, answers, virtual time.
#pragma once

#include "tests/gateway/market_records.h"
#include "tests/support/fake_wire.h"

namespace reprise::gateway::binance::test {

using reprise::test::FakeAnswer;
using reprise::test::FakeSocket;
using reprise::test::FakeWire;
using reprise::test::seconds;

using Lines = std::vector<std::string>;

// For tests in which not every stream speaks.
inline MarketSessionOptions patient() {
  MarketSessionOptions options;
  options.silent_quotes = options.silent_depth = options.silent_marks = {};
  return options;
}

// A desk at the venue's end: one contract, one socket a route.
class MarketDesk {
 public:
  explicit MarketDesk(MarketSessionOptions options = patient(),
                      std::vector<MarketInstrument> instruments = {{"BTCUSDT", 1}})
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

}  // namespace reprise::gateway::binance::test
