#include "gateway/binance/book_sync.h"

namespace reprise::gateway::binance {

using journal::RecordType;
using schema::FeedAnomalyKind;
using schema::GapReason;

namespace {

// The record that begins at `offset` of the batch.
journal::RecordView record_at(const journal::RecordBatch& batch, std::size_t offset) {
  return {0, reinterpret_cast<const journal::RecordHeader*>(batch.bytes() + offset)};
}

void append_anomaly(FeedAnomalyKind kind, std::int64_t value, std::int64_t update_id,
                    const journal::RecordHeader& header, journal::RecordBatch& out) {
  out.append<schema::FeedAnomaly>(RecordType::FEED_ANOMALY, header, [&](schema::FeedAnomaly::Builder b) {
    b.setKind(kind);
    b.setValue(value);
    b.setUpdateId(update_id);
  });
}

}  // namespace

DeltaFate BookSync::on_delta(const MarketMessage& m, const journal::RecordHeader& header, bool from_spare,
                             journal::RecordBatch& out) {
  // The rule stands on the chain of pu; without one (0, as spot has it) the feed would apply another.
  if (m.first_id <= 0 || m.last_id < m.first_id || m.previous_id <= 0 || m.previous_id >= m.last_id)
    return DeltaFate::malformed;
  if (chain_last_ != 0 && m.last_id <= chain_last_) return DeltaFate::duplicate;
  const bool follows = m.previous_id == chain_last_;
  if (chain_last_ != 0 && !follows && from_spare) return DeltaFate::ahead;
  const std::int64_t before = chain_last_;
  if (!follows) {
    chain_first_ = m.first_id;
    chain_previous_ = m.previous_id;
  }
  chain_last_ = m.last_id;

  const std::size_t at = out.size_bytes();
  maker_.append(m, header, out);
  const BookFeedOutcome outcome =
      feed_.on_delta(journal::read<schema::BookDelta>(record_at(out, at)), UnixNanos{header.ts_engine});
  const bool is_break = before != 0 && !follows;
  if (is_break || outcome.event == BookFeedEvent::gap) {
    // Any snapshot on its way may lie before the hole.
    ++epoch_;
    ++counts_.gaps;
    out.append<schema::FeedGap>(RecordType::FEED_GAP, header, [&](schema::FeedGap::Builder b) {
      b.setReason(GapReason::SEQUENCE);
      b.setExpectedId(is_break ? before : outcome.expected_id);
      b.setReceivedId(m.previous_id);
    });
  }
  if (outcome.event == BookFeedEvent::buffer_full) {
    // Minutes without a snapshot: readers that keep fewer updates must not be left with a hole that they cannot see.
    ++counts_.gaps;
    out.append<schema::FeedGap>(RecordType::FEED_GAP, header, [&](schema::FeedGap::Builder b) {
      b.setReason(GapReason::DROPPED);
      b.setReceivedId(m.last_id);
    });
    forget();
    return DeltaFate::recorded;
  }
  after(outcome, header, out);
  return DeltaFate::recorded;
}

bool BookSync::on_snapshot(const MarketMessage& m, const journal::RecordHeader& header, journal::RecordBatch& out) {
  if (!wants_snapshot()) return true;
  if (m.last_id <= 0 || (chain_last_ != 0 && m.last_id < chain_first_ && m.last_id != chain_previous_)) {
    ++counts_.late_snapshots;
    return false;
  }
  const std::size_t at = out.size_bytes();
  maker_.append(m, header, out);
  after(feed_.on_snapshot(journal::read<schema::BookSnapshot>(record_at(out, at)), UnixNanos{header.ts_engine}), header,
        out);
  return true;
}

void BookSync::after(const BookFeedOutcome& outcome, const journal::RecordHeader& header, journal::RecordBatch& out) {
  if (outcome.event == BookFeedEvent::joined) {
    ++counts_.resyncs;
    out.append<schema::FeedResync>(RecordType::FEED_RESYNC, header, [&](schema::FeedResync::Builder b) {
      b.setLastUpdateId(outcome.snapshot_id);
      b.setJoinedFirstId(outcome.joined_first_id);
      b.setJoinedLastId(outcome.joined_last_id);
    });
  }
  if (!outcome.book_changed()) return;
  const OrderBook& book = feed_.book();
  if (outcome.is_locked && !is_locked_)
    append_anomaly(FeedAnomalyKind::LOCKED_BOOK, book.best_bid()->price.e8, feed_.last_update_id(), header, out);
  is_locked_ = outcome.is_locked;
  if (!outcome.is_crossed) return;
  ++counts_.crossed;
  append_anomaly(FeedAnomalyKind::CROSSED_BOOK, book.best_bid()->price.e8 - book.best_ask()->price.e8,
                 feed_.last_update_id(), header, out);
  out.append<schema::FeedDisconnected>(
      RecordType::FEED_DISCONNECTED, header,
      [&](schema::FeedDisconnected::Builder b) {
        b.setSource(source_);
        b.setDetail("the book is crossed: given up, to be taken anew");
      },
      8 + source_.size() / 8);
  forget();
}

void BookSync::on_lost() {
  forget();
}

void BookSync::forget() {
  feed_.on_disconnect();
  chain_first_ = chain_previous_ = chain_last_ = 0;
  is_locked_ = false;
  ++epoch_;
}

void BookSync::write_book(const journal::RecordHeader& header, journal::RecordBatch& out) const {
  if (wants_snapshot()) return;
  const OrderBook& book = feed_.book();
  const auto fill = [](capnp::List<schema::Level>::Builder list, BestFirst levels) {
    std::uint32_t n = 0;
    for (const Level& level : levels) {
      list[n].setPrice(level.price.e8);
      list[n].setQty(level.qty.e8);
      ++n;
    }
  };
  const auto bids = static_cast<std::uint32_t>(book.level_count(BookSideKind::bid));
  const auto asks = static_cast<std::uint32_t>(book.level_count(BookSideKind::ask));
  out.append<schema::BookSnapshot>(
      RecordType::BOOK_SNAPSHOT, header,
      [&](schema::BookSnapshot::Builder b) {
        b.setLastUpdateId(feed_.last_update_id());
        fill(b.initBids(bids), book.bids());
        fill(b.initAsks(asks), book.asks());
      },
      2 + 2 * (std::size_t{bids} + asks));
}

}  // namespace reprise::gateway::binance
