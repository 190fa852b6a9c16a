// One instrument's book in step with the venue: which updates are recorded, and when a snapshot is needed.
//
// The futures rule: updates are recorded from the first on; a snapshot S is asked for once they flow, and fits when the
// first update that S does not contain has U <= S <= u or pu == S. From then on pu must equal the u before it. After a
// gap another snapshot is needed, and nothing that came meanwhile is lost. A snapshot from before the first update is
// too old: it is not recorded, and another one is needed.
//
// What is recorded leads to the same book wherever it is read, since the one here is kept by the same class
// (engine/market/book_feed.h) from the same records: BookDelta as it came, BookSnapshot, FeedGap behind an update whose
// predecessor is missing, FeedResync where snapshot and updates joined, FeedAnomaly for a crossed or locked book. A
// crossed book is given up with a FeedDisconnected of the instrument, which makes every reader wait for a snapshot.
//
// Two sockets may deliver the same updates while one takes over from the other: what is there already is dropped, and
// of the spare only what follows without a hole is taken, for the first one will deliver the rest too. Not thread-safe.
#pragma once

#include <cstdint>
#include <string>

#include "engine/market/book_feed.h"
#include "gateway/binance/market_message.h"
#include "gateway/binance/record_maker.h"
#include "journal/record_batch.h"

namespace reprise::gateway::binance {

enum class DeltaFate : std::uint8_t {
  recorded,
  duplicate,  // there already
  ahead,      // of the spare, and its predecessor is still to come
  malformed,  // ids that cannot be: nothing was recorded
};

struct BookCounts {
  std::uint64_t gaps = 0;
  std::uint64_t resyncs = 0;
  std::uint64_t crossed = 0;
  std::uint64_t late_snapshots = 0;
};

class BookSync {
 public:
  // `maker` outlives it. `source` names the stream in records.
  BookSync(RecordMaker& maker, std::string source) : maker_(maker), source_(std::move(source)) {}

  // Messages must be sound (unsound()). The header carries times and instrument; records go to the end of `out`.
  DeltaFate on_delta(const MarketMessage& delta, const journal::RecordHeader& header, bool from_spare,
                     journal::RecordBatch& out);
  // False: too old, not recorded.
  bool on_snapshot(const MarketMessage& snapshot, const journal::RecordHeader& header, journal::RecordBatch& out);
  // The stream is gone, and a FeedDisconnected of the instrument is recorded.
  void on_lost();

  bool wants_snapshot() const {
    return feed_.state() != BookFeedState::synchronised && feed_.state() != BookFeedState::loaded;
  }
  bool has_deltas() const { return chain_last_ != 0; }
  // Raised whenever what came before counts no more: a snapshot asked for under another one is of no use.
  std::uint32_t epoch() const { return epoch_; }
  const BookFeed& feed() const { return feed_; }
  const BookCounts& counts() const { return counts_; }

  // The book as it stands as one BookSnapshot, where it is synchronised: the beginning of another journal.
  void write_book(const journal::RecordHeader& header, journal::RecordBatch& out) const;

 private:
  void after(const BookFeedOutcome& outcome, const journal::RecordHeader& header, journal::RecordBatch& out);
  void forget();

  RecordMaker& maker_;
  const std::string source_;
  BookFeed feed_;
  std::int64_t chain_first_ = 0;     // U of the first update since the last break
  std::int64_t chain_previous_ = 0;  // and its pu
  std::int64_t chain_last_ = 0;      // u of the last one; 0 = none yet
  bool is_locked_ = false;
  std::uint32_t epoch_ = 0;
  BookCounts counts_;
};

}  // namespace reprise::gateway::binance
