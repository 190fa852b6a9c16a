// One instrument's order book, kept from journal records by Binance's rules.
//
// Futures (a delta names its predecessor, `pu`): drop u < S; the first delta joined to a snapshot S has
// U <= S <= u, or pu == S; from then on pu must equal the u before it.
// Spot (no predecessor, prevLastUpdateId 0): drop u <= S; the first has U <= S + 1 <= u; then U == u before + 1.
// Unnumbered (all ids 0, as vendors' files have it): applied in order once there is an unnumbered snapshot.
//
// Deltas that come before a snapshot are kept (bounded, the oldest go first) and joined when it comes. A
// break is reported once with the id that should have come and the one that did; the book keeps its last
// state, is_usable() turns false, and the next snapshot that fits heals it. Partial snapshots (a view of
// the top) are never joined with deltas: they are the book of an instrument that has nothing better, and
// are ignored otherwise.
//
// Nothing is journaled here: the outcome says what happened, and the owner journals what is worth it.
// Times come with the records. Not thread-safe. A record with a price <= 0 or a negative quantity changes nothing.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "engine/market/order_book.h"
#include "journal/record.h"

namespace reprise {

enum class BookFeedState : std::uint8_t {
  empty,           // nothing seen
  buffering,       // deltas wait for the first snapshot
  loaded,          // a snapshot stands, no delta joined yet
  synchronised,    // snapshot and every delta since
  desynchronised,  // a delta is missing; waits for a snapshot
  top_view,        // partial snapshots only
};
const char* name_of(BookFeedState state);

enum class BookFeedEvent : std::uint8_t {
  applied,           // a delta in its place
  joined,            // the first delta on a snapshot, or a snapshot with deltas that had waited for it
  snapshot_loaded,   // a snapshot; no delta joined yet
  top_replaced,      // a partial snapshot is the book now
  buffered,          // kept until a snapshot comes
  buffer_full,       // kept, and the oldest one that waited was given up
  dropped_old,       // a delta that the snapshot or the book already contains
  gap,               // a delta is missing: expected_id and received_id say which
  snapshot_too_old,  // does not reach the first delta that waits; another one is needed
  snapshot_ignored,  // older than the book, or a partial one beside a full book
  malformed,         // price <= 0 or quantity < 0: nothing was changed
};
const char* name_of(BookFeedEvent event);

struct BookFeedOutcome {
  BookFeedEvent event = BookFeedEvent::applied;
  bool is_crossed = false;  // of the book after the record; both false in the middle of an event
  bool is_locked = false;
  std::int64_t expected_id = 0;  // gap, snapshot_too_old
  std::int64_t received_id = 0;
  std::int64_t joined_first_id = 0;  // joined: ids of the first delta applied on the snapshot
  std::int64_t joined_last_id = 0;
  std::int64_t snapshot_id = 0;  // joined, snapshot_loaded: the snapshot's own id
  std::uint32_t deltas_applied = 0;

  bool book_changed() const {
    return event == BookFeedEvent::applied || event == BookFeedEvent::joined ||
           event == BookFeedEvent::snapshot_loaded || event == BookFeedEvent::top_replaced || deltas_applied != 0;
  }
};

class BookFeed {
 public:
  static constexpr std::size_t kMaxBuffered = 4096;

  // `now`: engine time of the record, for is_stale().
  BookFeedOutcome on_delta(schema::BookDelta::Reader delta, UnixNanos now);
  BookFeedOutcome on_snapshot(schema::BookSnapshot::Reader snapshot, UnixNanos now);
  // The connection is gone: what comes next may have a hole before it. The book waits for a snapshot.
  void on_disconnect();

  const OrderBook& book() const { return book_; }
  BookFeedState state() const { return state_; }
  // Whether decisions may rest on the book (it may still be crossed or stale).
  bool is_usable() const {
    return state_ == BookFeedState::synchronised || state_ == BookFeedState::loaded ||
           state_ == BookFeedState::top_view;
  }
  std::int64_t last_update_id() const { return last_update_id_; }  // of the book as it stands
  UnixNanos last_change() const { return last_change_; }           // engine time; 0 = never
  bool is_stale(UnixNanos now, DurationNanos limit) const { return last_change_.ns == 0 || now - last_change_ > limit; }
  std::uint64_t gaps() const { return gaps_; }
  std::size_t buffered() const { return waiting_.size(); }

  template <class Archive>
  void persist(Archive& archive) {
    archive.field("book", book_);
    archive.field("state", state_);
    archive.field("last_update_id", last_update_id_);
    archive.field("last_change", last_change_);
    archive.field("gaps", gaps_);
    std::vector<Waiting> waiting(waiting_.begin(), waiting_.end());
    archive.field("waiting", waiting);
    if (archive.loading()) waiting_.assign(waiting.begin(), waiting.end());
  }

 private:
  struct Waiting {  // a delta that waits for a snapshot
    std::int64_t first_id = 0;
    std::int64_t last_id = 0;
    std::int64_t previous_id = 0;
    std::vector<Level> bids;
    std::vector<Level> asks;
    template <class Archive>
    void persist(Archive& archive) {
      archive.field("first_id", first_id);
      archive.field("last_id", last_id);
      archive.field("previous_id", previous_id);
      archive.field("bids", bids);
      archive.field("asks", asks);
    }
  };
  struct Ids {
    std::int64_t first = 0;
    std::int64_t last = 0;
    std::int64_t previous = 0;
  };
  enum class Fit : std::uint8_t { old, joins, follows, breaks };
  Fit fit(const Ids& ids) const;

  BookFeedOutcome wait(schema::BookDelta::Reader delta, const Ids& ids);
  BookFeedOutcome join_waiting(BookFeedOutcome outcome);
  void mark(BookFeedOutcome& outcome) const {
    outcome.is_crossed = book_.is_crossed();
    outcome.is_locked = book_.is_locked();
  }

  OrderBook book_;
  BookFeedState state_ = BookFeedState::empty;
  std::int64_t last_update_id_ = 0;
  UnixNanos last_change_{};
  std::uint64_t gaps_ = 0;
  std::deque<Waiting> waiting_;
  std::vector<Level> scratch_bids_;
  std::vector<Level> scratch_asks_;
};

}  // namespace reprise
