#include "engine/market/book_feed.h"

#include <capnp/any.h>

#include <span>
#include <type_traits>

namespace reprise {

namespace {
using Levels = capnp::List<schema::Level>::Reader;

// A list of levels in a record of this schema lies in memory as Level objects: read it where it is. Another
// layout (a later schema's longer levels) is copied, element by element. Valid as long as record and scratch.
static_assert(sizeof(Level) == 16 && std::is_trivially_copyable_v<Level>);
std::span<const Level> in_place(Levels levels, std::vector<Level>& scratch) {
  const capnp::AnyList::Reader list(levels);
  if (list.getElementSize() == capnp::ElementSize::INLINE_COMPOSITE && levels.size() != 0) {
    const auto bytes = list.getRawBytes();
    if (bytes.size() == levels.size() * sizeof(Level)) {
      return {reinterpret_cast<const Level*>(bytes.begin()), levels.size()};
    }
  }
  scratch.clear();
  for (auto level : levels) scratch.push_back({Price::of_e8(level.getPrice()), Qty::of_e8(level.getQty())});
  return scratch;
}

bool are_sound(std::span<const Level> levels) {
  std::int64_t signs = 0;  // its sign bit gathers those of all figures: no branch a level
  bool has_zero_price = false;
  for (const Level& level : levels) {
    signs |= level.price.e8 | level.qty.e8;
    has_zero_price |= level.price.e8 == 0;
  }
  return signs >= 0 && !has_zero_price;
}
}  // namespace

const char* name_of(BookFeedState state) {
  switch (state) {
    case BookFeedState::empty: return "empty";
    case BookFeedState::buffering: return "buffering";
    case BookFeedState::loaded: return "loaded";
    case BookFeedState::synchronised: return "synchronised";
    case BookFeedState::desynchronised: return "desynchronised";
    case BookFeedState::top_view: return "top_view";
  }
  return "?";
}

const char* name_of(BookFeedEvent event) {
  switch (event) {
    case BookFeedEvent::applied: return "applied";
    case BookFeedEvent::joined: return "joined";
    case BookFeedEvent::snapshot_loaded: return "snapshot_loaded";
    case BookFeedEvent::top_replaced: return "top_replaced";
    case BookFeedEvent::buffered: return "buffered";
    case BookFeedEvent::buffer_full: return "buffer_full";
    case BookFeedEvent::dropped_old: return "dropped_old";
    case BookFeedEvent::gap: return "gap";
    case BookFeedEvent::snapshot_too_old: return "snapshot_too_old";
    case BookFeedEvent::snapshot_ignored: return "snapshot_ignored";
    case BookFeedEvent::malformed: return "malformed";
  }
  return "?";
}

BookFeed::Fit BookFeed::fit(const Ids& ids) const {
  const std::int64_t at = last_update_id_;
  const bool has_joined = state_ == BookFeedState::synchronised;
  if (ids.last == 0) return at == 0 ? (has_joined ? Fit::follows : Fit::joins) : Fit::breaks;  // unnumbered
  if (at == 0) return Fit::breaks;  // a numbered delta cannot be placed on an unnumbered book
  if (ids.previous != 0) {          // futures
    if (has_joined) return ids.previous == at ? Fit::follows : ids.last <= at ? Fit::old : Fit::breaks;
    if (ids.last < at) return Fit::old;
    return ids.first <= at || ids.previous == at ? Fit::joins : Fit::breaks;
  }
  if (ids.last <= at) return Fit::old;  // spot
  if (has_joined) return ids.first == at + 1 ? Fit::follows : Fit::breaks;
  return ids.first <= at + 1 ? Fit::joins : Fit::breaks;
}

BookFeedOutcome BookFeed::wait(schema::BookDelta::Reader delta, const Ids& ids) {
  BookFeedOutcome outcome;
  outcome.event = BookFeedEvent::buffered;
  if (waiting_.size() >= kMaxBuffered) {
    waiting_.pop_front();
    outcome.event = BookFeedEvent::buffer_full;
  }
  Waiting& entry = waiting_.emplace_back();
  entry.first_id = ids.first;
  entry.last_id = ids.last;
  entry.previous_id = ids.previous;
  const auto bids = in_place(delta.getBids(), scratch_bids_);
  const auto asks = in_place(delta.getAsks(), scratch_asks_);
  entry.bids.assign(bids.begin(), bids.end());
  entry.asks.assign(asks.begin(), asks.end());
  return outcome;
}

BookFeedOutcome BookFeed::on_delta(schema::BookDelta::Reader delta, UnixNanos now) {
  BookFeedOutcome outcome;
  const std::span<const Level> bids = in_place(delta.getBids(), scratch_bids_);
  const std::span<const Level> asks = in_place(delta.getAsks(), scratch_asks_);
  if (!are_sound(bids) || !are_sound(asks)) {
    outcome.event = BookFeedEvent::malformed;
    return outcome;
  }
  const Ids ids{delta.getFirstUpdateId(), delta.getLastUpdateId(), delta.getPrevLastUpdateId()};

  if (state_ != BookFeedState::synchronised && state_ != BookFeedState::loaded) {
    if (state_ != BookFeedState::desynchronised) state_ = BookFeedState::buffering;
    if (ids.last == 0) {  // unnumbered: could never be placed later
      outcome.event = BookFeedEvent::dropped_old;
      return outcome;
    }
    return wait(delta, ids);
  }

  switch (fit(ids)) {
    case Fit::old: outcome.event = BookFeedEvent::dropped_old; return outcome;
    case Fit::breaks:
      outcome.expected_id = last_update_id_;
      outcome.received_id = ids.previous != 0 ? ids.previous : ids.first;
      if (ids.last != 0) wait(delta, ids);
      outcome.event = BookFeedEvent::gap;
      state_ = BookFeedState::desynchronised;
      ++gaps_;
      return outcome;
    case Fit::joins:
      outcome.event = BookFeedEvent::joined;
      outcome.snapshot_id = last_update_id_;
      outcome.joined_first_id = ids.first;
      outcome.joined_last_id = ids.last;
      state_ = BookFeedState::synchronised;
      break;
    case Fit::follows: break;
  }
  book_.apply(BookSideKind::bid, bids);
  book_.apply(BookSideKind::ask, asks);
  last_update_id_ = ids.last;
  last_change_ = now;
  outcome.deltas_applied = 1;
  if (delta.getIsLastInEvent()) mark(outcome);
  return outcome;
}

BookFeedOutcome BookFeed::join_waiting(BookFeedOutcome outcome) {
  while (!waiting_.empty()) {
    const Waiting& next = waiting_.front();
    const Ids ids{next.first_id, next.last_id, next.previous_id};
    const Fit place = fit(ids);
    if (place == Fit::breaks) {
      outcome.event = outcome.deltas_applied == 0 ? BookFeedEvent::snapshot_too_old : BookFeedEvent::gap;
      outcome.expected_id = last_update_id_;
      outcome.received_id = ids.previous != 0 ? ids.previous : ids.first;
      state_ = BookFeedState::desynchronised;
      ++gaps_;
      return outcome;
    }
    if (place != Fit::old) {
      if (place == Fit::joins) {
        outcome.event = BookFeedEvent::joined;
        outcome.joined_first_id = ids.first;
        outcome.joined_last_id = ids.last;
        state_ = BookFeedState::synchronised;
      }
      book_.apply(BookSideKind::bid, next.bids);
      book_.apply(BookSideKind::ask, next.asks);
      last_update_id_ = ids.last;
      ++outcome.deltas_applied;
    }
    waiting_.pop_front();
  }
  mark(outcome);
  return outcome;
}

BookFeedOutcome BookFeed::on_snapshot(schema::BookSnapshot::Reader snapshot, UnixNanos now) {
  BookFeedOutcome outcome;
  const std::span<const Level> bids = in_place(snapshot.getBids(), scratch_bids_);
  const std::span<const Level> asks = in_place(snapshot.getAsks(), scratch_asks_);
  if (!are_sound(bids) || !are_sound(asks)) {
    outcome.event = BookFeedEvent::malformed;
    return outcome;
  }
  const std::int64_t id = snapshot.getLastUpdateId();
  outcome.event = BookFeedEvent::snapshot_ignored;
  const bool has_full_book = state_ == BookFeedState::synchronised || state_ == BookFeedState::loaded;
  if (snapshot.getIsPartial()) {
    if (state_ != BookFeedState::empty && state_ != BookFeedState::top_view) return outcome;
  } else if (has_full_book && id != 0 && id < last_update_id_) {
    return outcome;
  }
  book_.load_snapshot(bids, asks);
  last_update_id_ = id;
  last_change_ = now;
  if (snapshot.getIsPartial()) {
    state_ = BookFeedState::top_view;
    outcome.event = BookFeedEvent::top_replaced;
    mark(outcome);
    return outcome;
  }
  state_ = BookFeedState::loaded;
  outcome.event = BookFeedEvent::snapshot_loaded;
  outcome.snapshot_id = id;
  if (id == 0) waiting_.clear();  // numbered deltas cannot join an unnumbered book
  return join_waiting(outcome);
}

void BookFeed::on_disconnect() {
  waiting_.clear();
  if (state_ == BookFeedState::synchronised || state_ == BookFeedState::loaded) {
    state_ = BookFeedState::desynchronised;
  } else if (state_ == BookFeedState::buffering) {
    state_ = BookFeedState::empty;
  }
}

}  // namespace reprise
