// One instrument's market under the acts: the records of the base in, what the venue publishes instead out.
//
// Keeps the base's book and the book as published, so that a bent market is still an ordinary one: each delta carries
// exactly the levels that differ, ids follow on, snapshots can be made at any moment. Until an act bends something,
// records pass as they are. From then on the best 60 levels a side are published. Quantities round down to the lot.
// Deterministic; one thread.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/market/book_feed.h"
#include "engine/market/instrument.h"
#include "journal/record_batch.h"
#include "sim/scenario/price_shape.h"

namespace reprise::sim::scenario {

struct Withdrawal {
  std::uint32_t act = 0;
  bool bids = true;
  bool asks = true;
  std::int64_t share_e8 = 0;
  std::int64_t within_e8 = kScale;  // of the mid
  void persist(engine::StateArchive& archive);
};

struct Burst {
  std::uint32_t act = 0;
  Side side = Side::BUY;
  std::int64_t per_second = 0;
  Qty qty;
  UnixNanos since;
  std::int64_t made = 0;
  void persist(engine::StateArchive& archive);
};

class ShapedMarket {
 public:
  PriceShape prices;
  std::vector<Withdrawal> withdrawals;
  std::vector<Burst> bursts;
  bool mark_is_stuck = false;
  std::int64_t mark_off_e8 = 0;
  bool has_funding_rate = false;
  Rate funding_rate;

  void declare(schema::Instrument::Reader record, InstrumentNo number);
  const std::string& symbol() const { return symbol_; }
  bool is_declared() const { return !symbol_.empty(); }
  // Call before the first change of any of the above.
  void begin_to_bend();
  Price published_mid(UnixNanos now) const;  // 0 = none
  Price last_mark() const { return last_mark_; }
  Rate spread() const;  // as published, of the mid

  // Appends what the venue publishes in place of the record, with the header's times.
  void pass(const journal::RecordView& record, const journal::RecordHeader& header, UnixNanos now,
            journal::RecordBatch& out);
  // A whole book as it stands published; false where there is none.
  bool snapshot(const journal::RecordHeader& header, journal::RecordBatch& out) const;
  // A print of `kind` at a price off the published mid; takes a trade id.
  void print(const journal::RecordHeader& header, UnixNanos now, std::int64_t off_e8, Qty qty, schema::TradeKind kind,
             Side side, journal::RecordBatch& out);

  void persist(engine::StateArchive& archive);

 private:
  Price bend(Price price, UnixNanos now, Rounding rounding) const { return prices.apply(price, now, tick_, rounding); }
  Qty remaining(BookSideKind side, Price price, Qty qty) const;
  void bent_side(BookSideKind side, UnixNanos now, std::vector<Level>& out) const;
  void pass_delta(const journal::RecordView& record, const journal::RecordHeader& header, UnixNanos now,
                  journal::RecordBatch& out);
  void pass_snapshot(const journal::RecordView& record, const journal::RecordHeader& header, UnixNanos now,
                     journal::RecordBatch& out);
  void pass_bbo(const journal::RecordView& record, const journal::RecordHeader& header, UnixNanos now,
                journal::RecordBatch& out);
  void pass_trade(const journal::RecordView& record, const journal::RecordHeader& header, UnixNanos now,
                  journal::RecordBatch& out);
  void pass_mark(const journal::RecordView& record, const journal::RecordHeader& header, UnixNanos now,
                 journal::RecordBatch& out);
  void pass_bar(const journal::RecordView& record, const journal::RecordHeader& header, UnixNanos now,
                journal::RecordBatch& out);
  void make_bursts(const journal::RecordHeader& header, UnixNanos now, journal::RecordBatch& out);

  std::string symbol_;
  InstrumentNo number_ = 0;
  Price tick_;
  Qty lot_;
  bool bends_ = false;
  BookFeed base_;
  OrderBook sent_;
  Price bbo_bid_, bbo_ask_;  // of the base
  Price last_mark_;          // as published
  std::int64_t last_trade_id_ = 0;
  std::int64_t trades_added_ = 0;
  std::vector<Level> scratch_;
};

}  // namespace reprise::sim::scenario
