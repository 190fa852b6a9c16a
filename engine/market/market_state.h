// The market as the engine sees it: for every declared instrument its book, best bid and offer, prices,
// bars and whether they can be trusted.
//
// Which price counts. Best bid and offer come from the fresher of two: the book, while it is in step with
// its feed, and the last Bbo record. Both numbered: the larger update id is fresher (Binance numbers both from
// one sequence); else the later one by engine time; the book on a tie. Without either: the last print; without
// prints: the close of the last recorded bar.
//
// Which prints count. Only kind `market` enters the last price and bars. A print further than the configured
// bound from the last one is held back; if the next print stands by it, the market has really moved and both
// count from then on, else it is forgotten. Where a source has both single and aggregate trades, only the
// kind that came first counts. Prices above 5e8 or quantities above 1e10 are not believed, here or in a Bbo.
//
// When data is stale. No price yet; a crossed book or Bbo; a book that lost its feed (a gap) until it has
// joined again, unless a Bbo stands in for it; or nothing heard of the source of the price for longer than the
// configured limit (recorded bars: that limit plus two bar lengths).
//
// Recorded bars (MarketBar) take the place of bars built from trades; the first duration seen counts, others
// are left alone. A recorded bar of the mark price sets the mark price.
//
// Not thread-safe. Nothing is journaled here.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "engine/market/bars.h"
#include "engine/market/book_feed.h"
#include "engine/market/instrument.h"
#include "engine/market/market_view.h"
#include "journal/record.h"

namespace reprise::engine {

inline constexpr std::int64_t kMaxBelievedPrice = 500'000'000 * kScale;
inline constexpr std::int64_t kMaxBelievedQty = 10'000'000'000 * kScale;

struct BestQuote {
  Price bid, ask;  // 0 = empty side
  Qty bid_qty, ask_qty;
  bool operator==(const BestQuote&) const = default;
};

struct RecordedBar {
  Bar bar;
  DurationNanos duration;
};

// What one record did to the market of its instrument.
struct MarketChange {
  bool top_changed = false;    // best bid, best offer or their quantities
  bool price_changed = false;  // a print that counts
  bool mark_changed = false;
  bool gap = false;  // the book lost its feed with this record
  std::int64_t gap_expected = 0;
  std::int64_t gap_received = 0;
  std::optional<RecordedBar> recorded_bar;
};

class InstrumentMarket {
 public:
  InstrumentMarket(DurationNanos bar_interval, DurationNanos stale_after, Rate outlier_bound);

  void configure(DurationNanos bar_interval, DurationNanos stale_after, Rate outlier_bound);

  MarketChange on_trade(schema::Trade::Reader record, UnixNanos now);
  MarketChange on_delta(schema::BookDelta::Reader record, UnixNanos now);
  MarketChange on_snapshot(schema::BookSnapshot::Reader record, UnixNanos now);
  MarketChange on_bbo(schema::Bbo::Reader record, UnixNanos now);
  MarketChange on_mark(schema::MarkPrice::Reader record);
  MarketChange on_market_bar(schema::MarketBar::Reader record, UnixNanos now);
  void on_gap(schema::FeedGap::Reader record);
  void on_disconnect();

  const BookFeed& feed() const { return feed_; }
  BarBuilder& bars() { return bars_; }
  const BarBuilder& bars() const { return bars_; }
  const BestQuote& best() const { return best_; }
  PriceSource source() const;
  Price last_price() const { return last_price_; }  // 0 = none
  Price mark_price() const { return mark_price_; }  // 0 = none
  Price index_price() const { return index_price_; }
  Rate funding_rate() const { return funding_rate_; }
  UnixNanos next_funding() const { return next_funding_; }
  std::uint64_t prints() const { return prints_; }
  std::uint64_t held_back() const { return held_back_; }
  bool uses_recorded_bars() const { return recorded_duration_.ns != 0; }

  bool is_crossed() const { return best_.bid.is_positive() && best_.ask.is_positive() && best_.bid > best_.ask; }
  bool is_stale(UnixNanos now) const;
  std::optional<Price> mid() const;  // of the best bid and offer, else the last price
  void fill_view(MarketView& view, const Instrument* instrument, UnixNanos now) const;
  void persist(StateArchive& archive);

 private:
  MarketChange after_book(const BookFeedOutcome& outcome, bool is_last_in_event);
  bool refresh_best();  // whether it changed
  bool book_counts() const { return feed_.is_usable() && !feed_.book().is_empty(); }
  bool bbo_counts() const { return bbo_time_.ns != 0; }

  DurationNanos stale_after_;
  Rate outlier_bound_;
  BookFeed feed_;
  BarBuilder bars_;
  BestQuote best_;  // cached choice between book and Bbo
  bool best_is_bbo_ = false;
  BestQuote bbo_;
  std::int64_t bbo_update_id_ = 0;
  UnixNanos bbo_time_;  // 0 = none since the last disconnect
  Price last_price_;
  UnixNanos last_print_time_;
  Price candidate_;                // an outlier that waits for confirmation; 0 = none
  std::uint8_t trade_stream_ = 0;  // 0 = none seen, 1 = single trades, 2 = aggregate trades
  std::uint64_t prints_ = 0;
  std::uint64_t held_back_ = 0;
  Price mark_price_;
  Price index_price_;
  Rate funding_rate_;
  UnixNanos next_funding_;
  DurationNanos recorded_duration_;
  UnixNanos recorded_bar_time_;
};

class Market {
 public:
  void configure(DurationNanos bar_interval, DurationNanos stale_after, Rate outlier_bound);
  void declare(InstrumentNo number);
  InstrumentMarket* find(InstrumentNo number) {
    return number < by_number_.size() ? by_number_[number].get() : nullptr;
  }
  const InstrumentMarket* find(InstrumentNo number) const {
    return number < by_number_.size() ? by_number_[number].get() : nullptr;
  }
  std::size_t size() const { return by_number_.size(); }  // one more than the largest number declared
  void persist(StateArchive& archive);

 private:
  DurationNanos bar_interval_;
  DurationNanos stale_after_;
  Rate outlier_bound_;
  std::vector<std::unique_ptr<InstrumentMarket>> by_number_;
};

}  // namespace reprise::engine
