// Turns what happens in one synthetic instrument into the records that its venue would publish.
//
// Trades one record an execution; best bid and offer when price or quantity of it changed; book deltas of
// absolute quantities with the update-id trio, one for each interval with changes; mark, index and the
// running funding rate once a second; funding settlements. A feed delay shared by all instruments (one
// connection, so nothing overtakes) makes ts_recv from ts_event. Not thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "journal/record_batch.h"
#include "sim/generator/agents.h"
#include "sim/generator/random.h"
#include "sim/generator/symbols.h"

namespace reprise::sim {

// The venue-to-us delay: 1.2 ms and more, exponential, one record in four thousand with a pause.
class FeedDelay {
 public:
  explicit FeedDelay(std::uint64_t seed) : random_(seed, 4) {}
  // Header of a record published at `ts_event`: receive times never decrease.
  journal::RecordHeader stamp(std::uint32_t instrument, std::int64_t ts_event);

 private:
  RandomStream random_;
  std::int64_t last_recv_ = 0;
};

struct PublishedCounts {
  std::uint64_t trades = 0;
  std::uint64_t book_deltas = 0;
  std::uint64_t bbos = 0;
  std::uint64_t mark_prices = 0;
  std::uint64_t funding_settlements = 0;
};

class Publisher {
 public:
  Publisher(const SymbolSpec& spec, std::uint32_t instrument, std::uint64_t seed);

  // The book as it stands, whole. Deltas follow on from it.
  void snapshot(InstrumentMarket& market, std::int64_t now, FeedDelay& delay, journal::RecordBatch& out);
  // After an agent acted: its trades, then the best bid and offer where they changed.
  void after_act(const InstrumentMarket& market, std::int64_t now, FeedDelay& delay, journal::RecordBatch& out);
  void flush_delta(InstrumentMarket& market, std::int64_t now, FeedDelay& delay, journal::RecordBatch& out);
  // Every second. `value`: fundamental value in price units.
  void mark(const InstrumentMarket& market, double value, std::int64_t now, FeedDelay& delay,
            journal::RecordBatch& out);
  void settle_funding(std::int64_t now, FeedDelay& delay, journal::RecordBatch& out);

  const PublishedCounts& counts() const { return counts_; }

 private:
  std::int64_t price_e8(std::int64_t ticks) const { return ticks * spec_.tick_e8; }
  std::int64_t qty_e8(std::int64_t lots) const { return lots * spec_.lot_e8; }

  const SymbolSpec& spec_;
  std::uint32_t instrument_;
  RandomStream index_noise_;
  PublishedCounts counts_;
  std::int64_t last_trade_id_ = 0;
  std::int64_t last_price_e8_ = 0;
  std::int64_t delta_last_id_ = 0;
  BookLevel last_bid_;
  BookLevel last_ask_;
  double basis_average_ = 0;  // mid - index over 150 s, price units
  double premium_sum_ = 0;    // of this funding interval
  std::uint64_t premium_count_ = 0;
  std::int64_t mark_price_e8_ = 0;
  std::int64_t funding_rate_e8_ = 0;  // the estimate last published
  std::vector<TouchedLevel> scratch_;
};

inline constexpr std::int64_t kFundingInterval = 8LL * 3'600 * 1'000'000'000;

}  // namespace reprise::sim
