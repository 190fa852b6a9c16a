// The market as clients see it: books, last trades, marks and statistics of every contract, and the streams made of
// them.
//
// Market records of the dataset come in at venue time; REST reads the state, streams leave through the hub: trades and
// best prices at once, books in windows (each speed with cuts of its own), marks and statistics by timer. Prices
// and quantities at 1e-8, times ns UTC. Deterministic, single-threaded; times are given.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/market/book_feed.h"
#include "engine/market/instrument.h"
#include "gateway/exchange/json_text.h"
#include "gateway/exchange/minute_bars.h"
#include "gateway/exchange/stream_hub.h"
#include "journal/record.h"

namespace reprise::gateway::exchange {

struct PublicTrade {
  std::int64_t id = 0;
  std::int64_t first_id = 0;  // aggregate: the single trades that it covers
  std::int64_t last_id = 0;
  Price price;
  Qty qty;
  UnixNanos time;
  bool buyer_is_maker = false;
};

struct PaidFunding {
  UnixNanos time;
  Rate rate;
  Price mark;
};

class BoardInstrument {
 public:
  Instrument instrument;
  std::string stream;  // the symbol in lower case
  int price_decimals = 8;
  int qty_decimals = 8;

  BookFeed feed;
  std::optional<Level> best_bid() const { return best(BookSideKind::bid); }
  std::optional<Level> best_ask() const { return best(BookSideKind::ask); }
  std::optional<Price> last;
  std::optional<Price> mark;
  std::optional<Price> index;
  Rate funding_rate;
  UnixNanos next_funding;
  std::deque<PublicTrade> trades;  // the last ones, oldest first
  MinuteBars traded, marks, indices;
  std::deque<PaidFunding> fundings;  // the last ones, oldest first
  std::int64_t update_id = 0;        // of the book as it stands

 private:
  friend class MarketBoard;
  struct Window {  // changes of the book that a stream of one speed has not sent yet
    std::int64_t period_ns = 0;
    bool waits = false;
    std::int64_t last_sent = 0;  // id that the last event ended with
    UnixNanos due;
    std::map<std::int64_t, std::int64_t> bids;  // price -> quantity
    std::map<std::int64_t, std::int64_t> asks;
  };
  std::optional<Level> best(BookSideKind side) const;

  Level top_bid_, top_ask_;  // best bid and offer as their own feed says it
  std::int64_t top_id_ = 0;
  bool has_top_feed_ = false;
  Level sent_bid_, sent_ask_;
  std::vector<Window> windows_;
  std::int64_t last_trade_id_ = 0;
};

class MarketBoard {
 public:
  explicit MarketBoard(StreamHub& hub) : hub_(hub) {}

  void on_market(const journal::RecordView& record, InstrumentNo instrument, UnixNanos now, UnixNanos happened);
  // Whole seconds and book windows; call at next_timer() or later.
  void on_timer(UnixNanos now);
  UnixNanos next_timer() const { return next_timer_; }
  // A mark price that the venue makes because the data has none.
  void set_mark(InstrumentNo instrument, Price mark);

  const BoardInstrument* find(InstrumentNo number) const;
  const BoardInstrument* find(std::string_view symbol) const;
  const std::map<InstrumentNo, std::unique_ptr<BoardInstrument>>& all() const { return instruments_; }

  // Statistics of the last 24 hours, from the minutes.
  struct DayStatistics {
    Price open, high, low, last, weighted;
    Qty volume;
    Money quote_volume;
    std::int64_t trades = 0;
    std::int64_t first_id = 0;
    std::int64_t last_id = 0;
    UnixNanos open_time;
    Qty last_qty;
  };
  static DayStatistics day(const BoardInstrument& i);
  // The id that a book snapshot carries. It is used up, so that the next change comes behind it.
  std::int64_t snapshot_id(InstrumentNo number);

 private:
  BoardInstrument& slot(InstrumentNo number);
  void declare(const journal::RecordView& record, InstrumentNo number);
  void on_trade(BoardInstrument& i, schema::Trade::Reader trade, UnixNanos now, UnixNanos happened);
  void on_delta(BoardInstrument& i, schema::BookDelta::Reader delta, UnixNanos now);
  void on_snapshot(BoardInstrument& i, schema::BookSnapshot::Reader snapshot, UnixNanos now);
  using Changes = std::map<std::int64_t, std::int64_t>;  // price -> quantity
  void note_changes(BoardInstrument& i, const Changes& bids, const Changes& asks, UnixNanos now);
  bool wants_book(const BoardInstrument& i, std::int64_t period_ns) const;
  bool wants_any_book(const BoardInstrument& i) const;
  void send_window(BoardInstrument& i, BoardInstrument::Window& window, UnixNanos now);
  void send_partials(BoardInstrument& i, std::int64_t period_ns, UnixNanos now);
  void send_top(BoardInstrument& i, UnixNanos now);
  void send_marks(UnixNanos now);
  void send_bars(UnixNanos now);
  void send_statistics(UnixNanos now);
  void plan(UnixNanos due) {
    if (next_timer_.ns == 0 || due < next_timer_) next_timer_ = due;
  }

  StreamHub& hub_;
  std::map<InstrumentNo, std::unique_ptr<BoardInstrument>> instruments_;
  std::map<std::string, InstrumentNo, std::less<>> by_symbol_;
  Instruments table_;
  UnixNanos next_timer_;
  UnixNanos next_second_;
};

// Payload pieces that REST and streams share.
void write_levels(JsonText& out, const char* name, BestFirst levels, std::size_t limit, const BoardInstrument& i);

}  // namespace reprise::gateway::exchange
