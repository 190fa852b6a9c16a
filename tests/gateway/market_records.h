// What a market session told its sink, in the words of a trader, and the engine's book made of it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/market/market_state.h"
#include "gateway/binance/market_session.h"
#include "tests/support/catch.h"

namespace reprise::gateway::binance::test {

// One record as a line: "delta 101-103", "snapshot 100", "gap sequence 103 105", "resync", "anomaly 12", "trade 7".
inline std::string line_of(const journal::RecordView& view) {
  using journal::RecordType;
  const auto number = [](std::int64_t n) { return std::to_string(n); };
  switch (view.type()) {
    case RecordType::BOOK_DELTA: {
      const auto r = journal::read<schema::BookDelta>(view);
      return "delta " + number(r.getFirstUpdateId()) + "-" + number(r.getLastUpdateId());
    }
    case RecordType::BOOK_SNAPSHOT:
      return "snapshot " + number(journal::read<schema::BookSnapshot>(view).getLastUpdateId());
    case RecordType::FEED_GAP: {
      const auto r = journal::read<schema::FeedGap>(view);
      if (r.getReason() == schema::GapReason::SEQUENCE)
        return "gap: after " + number(r.getExpectedId()) + " came " + number(r.getReceivedId());
      return r.getReason() == schema::GapReason::TIME_HOLE ? "hole in time" : "gap";
    }
    case RecordType::FEED_RESYNC: return "in step";
    case RecordType::FEED_CONNECTED: {
      const auto r = journal::read<schema::FeedConnected>(view);
      const bool took_over = std::string(r.getDetail().cStr()).find("takes over") != std::string::npos;
      return std::string(r.getSource().cStr()) + (took_over ? " taken over" : " connected");
    }
    case RecordType::FEED_DISCONNECTED: return "disconnected #" + number(view.header->instrument);
    case RecordType::FEED_LATENCY: return "clock";
    case RecordType::FEED_ANOMALY:
      switch (journal::read<schema::FeedAnomaly>(view).getKind()) {
        case schema::FeedAnomalyKind::CROSSED_BOOK: return "anomaly: crossed";
        case schema::FeedAnomalyKind::LOCKED_BOOK: return "anomaly: locked";
        case schema::FeedAnomalyKind::MALFORMED_FRAME: return "anomaly: malformed";
        case schema::FeedAnomalyKind::SILENT_STREAM: return "anomaly: silent";
        case schema::FeedAnomalyKind::CLOCK_STEP_BACK: return "anomaly: clock back";
        default: return "anomaly: another";
      }
    case RecordType::TRADE: return "trade " + number(journal::read<schema::Trade>(view).getTradeId());
    case RecordType::BBO: return "quote " + number(journal::read<schema::Bbo>(view).getUpdateId());
    case RecordType::MARK_PRICE: return "mark";
    case RecordType::LIQUIDATION_PRINT: return "liquidation";
    default: return journal::name_of(view.type());
  }
}

// A reader of the records as the engine is one: the same rules for books and disconnects.
class Reader {
 public:
  void read(const journal::RecordView& view) {
    using journal::RecordType;
    const UnixNanos now{view.header->ts_engine};
    BookFeed& book = books[view.header->instrument];
    switch (view.type()) {
      case RecordType::BOOK_DELTA: book.on_delta(journal::read<schema::BookDelta>(view), now); break;
      case RecordType::BOOK_SNAPSHOT: book.on_snapshot(journal::read<schema::BookSnapshot>(view), now); break;
      case RecordType::FEED_DISCONNECTED: book.on_disconnect(); break;
      case RecordType::FEED_GAP:
        if (journal::read<schema::FeedGap>(view).getReason() == schema::GapReason::DROPPED) book.on_disconnect();
        break;
      default: break;
    }
  }
  std::map<InstrumentNo, BookFeed> books;
};

class Notebook final : public MarketSink {
 public:
  void on_records(const journal::RecordBatch& records) override {
    REQUIRE(!records.empty());
    records.for_each(1, [&](const journal::RecordView& view) {
      lines.push_back(line_of(view));
      // An input's engine time never decreases.
      CHECK(view.header->ts_engine >= last_engine_);
      last_engine_ = view.header->ts_engine;
      reader.read(view);
    });
    ++calls;
  }
  void on_raw(UnixNanos, std::string_view source, std::string_view frame) override {
    raw.emplace_back(std::string(source) + " " + std::string(frame));
  }
  void on_note(const std::string& text) override { notes.push_back(text); }

  // The lines since the last call.
  std::vector<std::string> news() { return std::exchange(lines, {}); }
  std::size_t count(const std::string& line) const {
    return static_cast<std::size_t>(std::count(lines.begin(), lines.end(), line));
  }

  std::vector<std::string> lines, raw, notes;
  Reader reader;
  int calls = 0;

 private:
  std::int64_t last_engine_ = 0;
};

// Side by side, best first: "100x1 99x2 | 101x3".
inline std::string book_text(const OrderBook& book) {
  std::string text;
  for (const Level& level : book.bids()) text += decimal_text(level.price) + "x" + decimal_text(level.qty) + " ";
  text += "|";
  for (const Level& level : book.asks()) text += " " + decimal_text(level.price) + "x" + decimal_text(level.qty);
  return text;
}

}  // namespace reprise::gateway::binance::test
