// The futures rule for one book: snapshots that are late or too old, gaps, crossed books, two sockets at a time.
#include <random>

#include "gateway/binance/book_sync.h"
#include "tests/gateway/market_records.h"

namespace reprise::gateway::binance::test {

namespace {

// Price and quantity in whole units.
std::vector<LevelE8> levels(std::vector<std::pair<int, int>> from) {
  std::vector<LevelE8> out;
  for (const auto& [price, qty] : from) out.push_back({price * kScale, qty * kScale});
  return out;
}

class Desk {
 public:
  using Sides = std::vector<std::pair<int, int>>;
  DeltaFate delta(std::int64_t first, std::int64_t last, std::int64_t previous, const Sides& bids = {},
                  const Sides& asks = {}, bool from_spare = false) {
    MarketMessage m;
    m.kind = MessageKind::book_delta;
    m.first_id = first;
    m.last_id = last;
    m.previous_id = previous;
    m.bids = levels(bids);
    m.asks = levels(asks);
    const DeltaFate fate = book.on_delta(m, header(), from_spare, batch_);
    flush();
    return fate;
  }
  bool snapshot(std::int64_t id, const Sides& bids = {{99, 1}}, const Sides& asks = {{101, 1}}) {
    MarketMessage m;
    m.kind = MessageKind::book_snapshot;
    m.last_id = id;
    m.bids = levels(bids);
    m.asks = levels(asks);
    const bool taken = book.on_snapshot(m, header(), batch_);
    flush();
    return taken;
  }
  std::string seen_by_the_engine() { return book_text(notes.reader.books[1].book()); }
  std::string kept_here() { return book_text(book.feed().book()); }

  RecordMaker maker;
  BookSync book{maker, "BTCUSDT book"};
  Notebook notes;

 private:
  journal::RecordHeader header() {
    journal::RecordHeader h;
    h.instrument = 1;
    h.ts_engine = h.ts_recv = ++time_;
    return h;
  }
  void flush() {
    if (!batch_.empty()) notes.on_records(batch_);
    batch_.clear();
  }
  journal::RecordBatch batch_;
  std::int64_t time_ = 1'000;
};

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("book: updates that came before the snapshot are joined to it, those that it holds are not applied again") {
  Desk desk;
  CHECK(desk.delta(90, 95, 89, {{98, 7}}) == DeltaFate::recorded);
  CHECK(desk.delta(97, 103, 95, {{99, 2}}) == DeltaFate::recorded);
  CHECK(desk.delta(105, 106, 103, {}, {{101, 0}, {102, 4}}) == DeltaFate::recorded);
  CHECK(desk.book.wants_snapshot());
  CHECK(desk.snapshot(100));
  CHECK_FALSE(desk.book.wants_snapshot());
  CHECK(desk.notes.news() == Lines{"delta 90-95", "delta 97-103", "delta 105-106", "snapshot 100", "in step"});
  CHECK(desk.seen_by_the_engine() == "99x2 | 102x4");
  CHECK(desk.kept_here() == desk.seen_by_the_engine());
}

TEST_CASE("book: a snapshot from before the first update is not recorded, and the next one that fits heals the book") {
  Desk desk;
  desk.delta(105, 109, 104, {{99, 3}});
  CHECK_FALSE(desk.snapshot(100));
  CHECK(desk.book.wants_snapshot());
  CHECK(desk.book.counts().late_snapshots == 1);
  CHECK(desk.snapshot(104));  // the update's predecessor: nothing is missing between them
  CHECK(desk.notes.news() == Lines{"delta 105-109", "snapshot 104", "in step"});
  CHECK(desk.seen_by_the_engine() == "99x3 | 101x1");
}

TEST_CASE("book: a snapshot ahead of the stream waits for it, and joins the update that holds its number") {
  Desk desk;
  desk.delta(90, 95, 89);
  CHECK(desk.snapshot(100));
  CHECK(desk.delta(96, 99, 95, {{50, 1}}) == DeltaFate::recorded);  // the snapshot holds it already
  CHECK(desk.delta(100, 102, 99, {{99, 5}}) == DeltaFate::recorded);
  CHECK(desk.notes.news() == Lines{"delta 90-95", "snapshot 100", "delta 96-99", "delta 100-102", "in step"});
  CHECK(desk.seen_by_the_engine() == "99x5 | 101x1");
}

TEST_CASE("book: a missing update is told once, and what came after it is not lost when the next snapshot comes") {
  Desk desk;
  desk.delta(100, 101, 99);
  desk.snapshot(101);
  const std::uint32_t epoch = desk.book.epoch();
  desk.notes.news();
  CHECK(desk.delta(110, 112, 108, {{98, 8}}) == DeltaFate::recorded);
  CHECK(desk.delta(113, 115, 112, {{97, 7}}) == DeltaFate::recorded);
  CHECK(desk.notes.news() == Lines{"delta 110-112", "gap: after 101 came 108", "delta 113-115"});
  CHECK(desk.book.wants_snapshot());
  CHECK(desk.book.epoch() != epoch);
  CHECK_FALSE(desk.snapshot(105));  // before the hole's end
  CHECK(desk.snapshot(111, {{96, 1}}, {{101, 1}}));
  CHECK(desk.notes.news() == Lines{"snapshot 111", "in step"});
  CHECK(desk.seen_by_the_engine() == "98x8 97x7 96x1 | 101x1");
}

TEST_CASE("book: a hole while the snapshot is awaited is told too, and only what lies behind it counts") {
  Desk desk;
  desk.delta(100, 101, 99, {{90, 1}});
  desk.delta(110, 112, 108, {{98, 8}});
  CHECK_FALSE(desk.snapshot(101));
  CHECK(desk.snapshot(110));
  CHECK(desk.notes.news() ==
        Lines{"delta 100-101", "delta 110-112", "gap: after 101 came 108", "snapshot 110", "in step"});
  CHECK(desk.seen_by_the_engine() == "99x1 98x8 | 101x1");
}

TEST_CASE("book: a crossed one is told, given up, and taken anew by every reader") {
  Desk desk;
  desk.delta(100, 101, 99);
  desk.snapshot(101);
  desk.notes.news();
  desk.delta(102, 103, 101, {{102, 1}});
  CHECK(desk.notes.news() == Lines{"delta 102-103", "anomaly: crossed", "disconnected #1"});
  CHECK(desk.book.wants_snapshot());
  CHECK_FALSE(desk.notes.reader.books[1].is_usable());
  desk.delta(104, 105, 103, {{97, 2}});
  CHECK(desk.snapshot(103));
  CHECK(desk.seen_by_the_engine() == "99x1 97x2 | 101x1");
  CHECK(desk.kept_here() == desk.seen_by_the_engine());
}

TEST_CASE("book: two sockets with one stream double nothing, and the spare may not jump ahead") {
  Desk desk;
  desk.delta(100, 101, 99);
  desk.snapshot(101);
  desk.notes.news();
  CHECK(desk.delta(104, 105, 103, {{95, 5}}, {}, true) == DeltaFate::ahead);
  CHECK(desk.delta(102, 103, 101, {{96, 6}}) == DeltaFate::recorded);
  CHECK(desk.delta(104, 105, 103, {{95, 5}}) == DeltaFate::recorded);
  CHECK(desk.delta(104, 105, 103, {{95, 5}}, {}, true) == DeltaFate::duplicate);
  CHECK(desk.delta(106, 107, 105, {{94, 4}}, {}, true) == DeltaFate::recorded);
  CHECK(desk.delta(106, 107, 105, {{94, 4}}) == DeltaFate::duplicate);
  CHECK(desk.notes.news() == Lines{"delta 102-103", "delta 104-105", "delta 106-107"});
  CHECK(desk.book.counts().gaps == 0);
}

TEST_CASE("book: update numbers that cannot be are refused, whatever the state") {
  Desk desk;
  CHECK(desk.delta(0, 5, 1) == DeltaFate::malformed);
  CHECK(desk.delta(9, 8, 7) == DeltaFate::malformed);
  CHECK(desk.delta(9, 9, 9) == DeltaFate::malformed);
  CHECK(desk.delta(9, 10, 0) == DeltaFate::malformed);
  CHECK(desk.delta(-3, -1, -4) == DeltaFate::malformed);
  CHECK(desk.notes.lines.empty());
}

TEST_CASE("book: without any snapshot the memory stays bounded, and a later one still makes the right book") {
  Desk desk;
  std::int64_t id = 100;
  for (std::size_t i = 0; i < BookFeed::kMaxBuffered + 100; ++i, id += 2) desk.delta(id + 1, id + 2, id, {{90, 9}});
  CHECK(desk.notes.count("gap") == 1);
  CHECK(desk.book.feed().buffered() <= BookFeed::kMaxBuffered);
  CHECK(desk.snapshot(id - 2));
  desk.delta(id + 1, id + 2, id, {{98, 1}});
  CHECK(desk.seen_by_the_engine() == "99x1 98x1 90x9 | 101x1");
  CHECK(desk.kept_here() == desk.seen_by_the_engine());
}

TEST_CASE("book: whatever is lost, late or doubled, a reader of the records has the venue's book when told in step") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    const auto below = [&](std::uint64_t n) { return static_cast<std::int64_t>(random() % n); };
    Desk desk;
    OrderBook venue;  // bids 50..99, asks 101..150: it never crosses
    std::int64_t id = 1'000;
    struct Taken {
      std::int64_t id;
      Desk::Sides bids, asks;
    };
    std::vector<Taken> on_the_way;
    int compared = 0;
    for (int step = 0; step < 400; ++step) {
      Desk::Sides bids, asks;
      const std::int64_t previous = id;
      for (std::int64_t n = 1 + below(3); n > 0; --n) {
        const bool is_bid = below(2) == 0;
        const int price = static_cast<int>(is_bid ? 50 + below(50) : 101 + below(50));
        const int qty = static_cast<int>(below(4));
        (is_bid ? bids : asks).emplace_back(price, qty);
        venue.set_level(is_bid ? BookSideKind::bid : BookSideKind::ask, Price{price * kScale}, Qty{qty * kScale});
      }
      const std::int64_t first = previous + 1 + below(3);
      id = first + below(4);
      if (below(12) != 0) {
        desk.delta(first, id, previous, bids, asks);
        if (below(10) == 0) desk.delta(first, id, previous, bids, asks, below(2) == 0);
      }
      if (below(6) == 0) {
        Taken taken{id, {}, {}};
        for (const Level& l : venue.bids())
          taken.bids.emplace_back(static_cast<int>(l.price.e8 / kScale), static_cast<int>(l.qty.e8 / kScale));
        for (const Level& l : venue.asks())
          taken.asks.emplace_back(static_cast<int>(l.price.e8 / kScale), static_cast<int>(l.qty.e8 / kScale));
        on_the_way.push_back(taken);
      }
      if (!on_the_way.empty() && below(3) == 0) {
        if (desk.book.wants_snapshot())
          desk.snapshot(on_the_way.front().id, on_the_way.front().bids, on_the_way.front().asks);
        on_the_way.erase(on_the_way.begin());
      }
      const BookFeed& reader = desk.notes.reader.books[1];
      CHECK(reader.state() == desk.book.feed().state());
      if (reader.state() != BookFeedState::synchronised || reader.last_update_id() != id) continue;
      ++compared;
      CHECK(book_text(reader.book()) == book_text(venue));
    }
    CHECK(compared > 20);
  }
}

}  // namespace reprise::gateway::binance::test
