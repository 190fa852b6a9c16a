// A book kept from records by Binance's joining rules.
#include "engine/market/book_feed.h"
#include "journal/record_batch.h"
#include "tests/support/catch.h"

using namespace reprise;

namespace {

struct L {
  std::int64_t price;
  std::int64_t qty;
};

class Feed {
 public:
  BookFeed feed;
  std::int64_t now = 1'000;

  BookFeedOutcome delta(std::int64_t first, std::int64_t last, std::int64_t previous, std::vector<L> bids,
                        std::vector<L> asks = {}) {
    journal::RecordBatch batch;
    batch.append<schema::BookDelta>(
        journal::RecordType::BOOK_DELTA, {},
        [&](schema::BookDelta::Builder b) {
          b.setFirstUpdateId(first);
          b.setLastUpdateId(last);
          b.setPrevLastUpdateId(previous);
          fill(b.initBids(static_cast<unsigned>(bids.size())), bids);
          fill(b.initAsks(static_cast<unsigned>(asks.size())), asks);
        },
        64);
    return feed.on_delta(journal::read<schema::BookDelta>(view(batch)), {++now});
  }
  BookFeedOutcome snapshot(std::int64_t id, std::vector<L> bids, std::vector<L> asks, bool is_partial = false) {
    journal::RecordBatch batch;
    batch.append<schema::BookSnapshot>(
        journal::RecordType::BOOK_SNAPSHOT, {},
        [&](schema::BookSnapshot::Builder b) {
          b.setLastUpdateId(id);
          b.setIsPartial(is_partial);
          fill(b.initBids(static_cast<unsigned>(bids.size())), bids);
          fill(b.initAsks(static_cast<unsigned>(asks.size())), asks);
        },
        64);
    return feed.on_snapshot(journal::read<schema::BookSnapshot>(view(batch)), {++now});
  }
  std::int64_t bid() const { return feed.book().best_bid()->price.e8; }
  std::int64_t bid_qty() const { return feed.book().best_bid()->qty.e8; }

 private:
  static void fill(capnp::List<schema::Level>::Builder list, const std::vector<L>& levels) {
    for (unsigned i = 0; i < levels.size(); ++i) {
      list[i].setPrice(levels[i].price);
      list[i].setQty(levels[i].qty);
    }
  }
  static journal::RecordView view(const journal::RecordBatch& batch) {
    return {1, reinterpret_cast<const journal::RecordHeader*>(batch.bytes())};
  }
};

}  // namespace

TEST_CASE("Futures: deltas before the snapshot wait, old ones are dropped, the rest joins") {
  Feed f;
  CHECK(f.delta(90, 95, 89, {{100, 1}}).event == BookFeedEvent::buffered);
  CHECK(f.delta(98, 105, 95, {{100, 2}}).event == BookFeedEvent::buffered);
  CHECK(f.delta(110, 115, 105, {{100, 3}}).event == BookFeedEvent::buffered);
  CHECK(f.feed.state() == BookFeedState::buffering);
  CHECK_FALSE(f.feed.is_usable());
  const BookFeedOutcome joined = f.snapshot(100, {{99, 7}}, {{101, 7}});
  CHECK(joined.event == BookFeedEvent::joined);
  CHECK(joined.deltas_applied == 2);
  CHECK(joined.snapshot_id == 100);
  CHECK(joined.joined_first_id == 98);
  CHECK(joined.joined_last_id == 105);
  CHECK(f.feed.state() == BookFeedState::synchronised);
  CHECK(f.bid() == 100);
  CHECK(f.bid_qty() == 3);
  CHECK(f.delta(116, 120, 115, {{100, 0}}).event == BookFeedEvent::applied);
  CHECK(f.bid() == 99);
}

TEST_CASE("Futures: the first delta may end exactly at the snapshot, and one whose pu is the snapshot joins too") {
  Feed exact;
  exact.snapshot(100, {{99, 7}}, {{101, 7}});
  CHECK(exact.delta(95, 100, 90, {{99, 8}}).event == BookFeedEvent::joined);
  Feed next;
  next.snapshot(100, {{99, 7}}, {{101, 7}});
  CHECK(next.delta(108, 110, 100, {{99, 8}}).event == BookFeedEvent::joined);
}

TEST_CASE("Futures: a missing delta is reported once and the next fitting snapshot heals it") {
  Feed f;
  f.snapshot(100, {{99, 7}}, {{101, 7}});
  f.delta(99, 101, 98, {});
  const BookFeedOutcome gap = f.delta(120, 125, 119, {{99, 1}});
  CHECK(gap.event == BookFeedEvent::gap);
  CHECK(gap.expected_id == 101);
  CHECK(gap.received_id == 119);
  CHECK(f.bid_qty() == 7);  // the broken delta was not applied
  CHECK_FALSE(f.feed.is_usable());
  CHECK(f.delta(126, 130, 125, {{99, 2}}).event == BookFeedEvent::buffered);
  CHECK(f.feed.gaps() == 1);
  CHECK(f.snapshot(110, {{99, 5}}, {{101, 7}}).event == BookFeedEvent::snapshot_too_old);
  CHECK(f.snapshot(127, {{99, 5}}, {{101, 7}}).event == BookFeedEvent::joined);
  CHECK(f.bid_qty() == 2);
  CHECK(f.feed.is_usable());
}

TEST_CASE("Spot: ids are contiguous and the first delta straddles the snapshot's id plus one") {
  Feed f;
  f.snapshot(100, {{99, 7}}, {{101, 7}});
  CHECK(f.delta(98, 100, 0, {{99, 1}}).event == BookFeedEvent::dropped_old);
  CHECK(f.delta(99, 103, 0, {{99, 2}}).event == BookFeedEvent::joined);
  CHECK(f.delta(104, 104, 0, {{99, 3}}).event == BookFeedEvent::applied);
  const BookFeedOutcome gap = f.delta(106, 107, 0, {{99, 4}});
  CHECK(gap.event == BookFeedEvent::gap);
  CHECK(gap.received_id == 106);
}

TEST_CASE("A repeated delta changes nothing") {
  Feed f;
  f.snapshot(100, {{99, 7}}, {{101, 7}});
  f.delta(99, 101, 98, {{99, 1}});
  CHECK(f.delta(99, 101, 98, {{99, 5}}).event == BookFeedEvent::dropped_old);
  CHECK(f.bid_qty() == 1);
}

TEST_CASE("Partial snapshots are the book where there is nothing better, and are ignored beside a full one") {
  Feed f;
  CHECK(f.snapshot(0, {{99, 7}}, {{101, 7}}, true).event == BookFeedEvent::top_replaced);
  CHECK(f.feed.is_usable());
  CHECK(f.snapshot(0, {{98, 7}}, {{101, 7}}, true).event == BookFeedEvent::top_replaced);
  CHECK(f.bid() == 98);
  f.snapshot(100, {{97, 7}}, {{101, 7}});
  CHECK(f.snapshot(101, {{99, 7}}, {{101, 7}}, true).event == BookFeedEvent::snapshot_ignored);
  CHECK(f.bid() == 97);
}

TEST_CASE("Records without ids are applied in order once there is such a snapshot") {
  Feed f;
  CHECK(f.delta(0, 0, 0, {{99, 1}}).event == BookFeedEvent::dropped_old);
  f.snapshot(0, {{99, 7}}, {{101, 7}});
  CHECK(f.delta(0, 0, 0, {{100, 1}}).event == BookFeedEvent::joined);
  CHECK(f.delta(0, 0, 0, {{100, 2}}).event == BookFeedEvent::applied);
  CHECK(f.bid_qty() == 2);
}

TEST_CASE("A snapshot older than the book is ignored, a younger one replaces it") {
  Feed f;
  f.snapshot(100, {{99, 7}}, {{101, 7}});
  f.delta(99, 110, 98, {});
  CHECK(f.snapshot(105, {{90, 1}}, {{91, 1}}).event == BookFeedEvent::snapshot_ignored);
  CHECK(f.bid() == 99);
  CHECK(f.snapshot(115, {{90, 1}}, {{91, 1}}).event == BookFeedEvent::snapshot_loaded);
  CHECK(f.bid() == 90);
  CHECK(f.delta(111, 114, 110, {{99, 1}}).event == BookFeedEvent::dropped_old);
  CHECK(f.delta(115, 116, 114, {}).event == BookFeedEvent::joined);
}

TEST_CASE("A crossed and a locked book are told, an unsound record changes nothing") {
  Feed f;
  f.snapshot(100, {{99, 7}}, {{101, 7}});
  CHECK(f.delta(100, 101, 99, {{102, 1}}).is_crossed);
  CHECK(f.delta(102, 103, 101, {{102, 0}, {101, 1}}).is_locked);
  const BookFeedOutcome bad = f.delta(104, 105, 103, {{-5, 1}});
  CHECK(bad.event == BookFeedEvent::malformed);
  CHECK(f.feed.last_update_id() == 103);
  CHECK(f.delta(104, 105, 103, {{101, -1}}).event == BookFeedEvent::malformed);
}

TEST_CASE("The buffer of waiting deltas is bounded and gives up its oldest") {
  Feed f;
  std::int64_t id = 1;
  for (std::size_t i = 0; i < BookFeed::kMaxBuffered; ++i, ++id)
    REQUIRE(f.delta(id, id, id - 1 == 0 ? 1 : id - 1, {}).event == BookFeedEvent::buffered);
  CHECK(f.delta(id, id, id - 1, {}).event == BookFeedEvent::buffer_full);
  CHECK(f.feed.buffered() == BookFeed::kMaxBuffered);
}

TEST_CASE("A lost connection makes the book wait for a snapshot") {
  Feed f;
  f.snapshot(100, {{99, 7}}, {{101, 7}});
  f.feed.on_disconnect();
  CHECK_FALSE(f.feed.is_usable());
  CHECK(f.delta(101, 102, 100, {}).event == BookFeedEvent::buffered);
  CHECK(f.snapshot(101, {{99, 6}}, {{101, 7}}).event == BookFeedEvent::joined);
  CHECK(f.feed.is_usable());
}

TEST_CASE("Staleness counts from the last change") {
  Feed f;
  CHECK(f.feed.is_stale({1'000'000}, {10}));
  f.snapshot(100, {{99, 7}}, {{101, 7}});
  CHECK_FALSE(f.feed.is_stale({f.now + 10}, {10}));
  CHECK(f.feed.is_stale({f.now + 11}, {10}));
}
