// The level book against a slow oracle, under one contract.
#include "engine/market/order_book.h"

#include <algorithm>
#include <functional>
#include <map>
#include <random>

#include "engine/state_bytes.h"
#include "engine/state_hash.h"
#include "tests/support/catch.h"

using namespace reprise;

namespace {

Price units_price(std::int64_t units) {
  return Price::whole(units);
}
Qty units_qty(std::int64_t units) {
  return Qty::whole(units);
}

// The same contract, written for obviousness.
class NaiveBook {
 public:
  Qty set_level(BookSideKind side, Price p, Qty q) {
    auto& levels = side == BookSideKind::bid ? bids_ : asks_;
    const auto found = levels.find(p);
    const Qty before = found == levels.end() ? Qty::zero() : found->second;
    if (q.is_positive()) {
      levels[p] = q;
    } else {
      levels.erase(p);
    }
    return before;
  }
  Qty qty_at(BookSideKind side, Price p) const {
    const auto& levels = side == BookSideKind::bid ? bids_ : asks_;
    const auto found = levels.find(p);
    return found == levels.end() ? Qty::zero() : found->second;
  }
  std::vector<Level> levels(BookSideKind side) const {
    std::vector<Level> result;
    if (side == BookSideKind::bid) {
      for (auto it = bids_.rbegin(); it != bids_.rend(); ++it) result.push_back({it->first, it->second});
    } else {
      for (const auto& [p, q] : asks_) result.push_back({p, q});
    }
    return result;
  }

 private:
  std::map<Price, Qty> bids_;
  std::map<Price, Qty> asks_;
};

std::vector<Level> listed(const OrderBook& book, BookSideKind side) {
  const auto view = book.levels(side);
  return {view.begin(), view.end()};
}

constexpr BookSideKind kSides[] = {BookSideKind::bid, BookSideKind::ask};
constexpr auto kChunk = static_cast<std::int64_t>(BookChunk::kMaxLevels);

// Everything that a book says about its levels, against the oracle.
void require_same(const OrderBook& book, const NaiveBook& oracle) {
  for (const BookSideKind side : kSides) {
    const std::vector<Level> expected = oracle.levels(side);
    REQUIRE(listed(book, side) == expected);
    const BestFirst view = book.levels(side);
    REQUIRE(book.level_count(side) == expected.size());
    REQUIRE(view.empty() == expected.empty());
    REQUIRE(book.best(side) == (expected.empty() ? std::nullopt : std::optional(expected.front())));
    REQUIRE(book.worst(side) == (expected.empty() ? std::nullopt : std::optional(expected.back())));
    std::size_t right = 0;  // levels in front of the first that is told wrong
    for (const Level& level : expected) {
      const bool told =
          view[right] == level && book.level(side, right) == level && book.qty_at(side, level.price) == level.qty;
      if (!told) break;
      ++right;
    }
    REQUIRE(right == expected.size());
    for (const Level& level : expected) {  // between the levels there is nothing
      if (level.price == Price::max()) continue;
      const Price beside = Price::of_e8(level.price.e8 + 1);
      if (book.qty_at(side, beside) != oracle.qty_at(side, beside)) FAIL_CHECK("at " << beside.e8);
    }
  }
}

// `count` levels at prices 2, 4, 6 ... units of 1e-8, so that there is room between any two.
std::vector<Level> even_levels(std::int64_t count) {
  std::vector<Level> levels;
  for (std::int64_t i = 1; i <= count; ++i) levels.push_back({Price::of_e8(2 * i), Qty::of_e8(100 + i)});
  return levels;
}

OrderBook three_a_side() {
  OrderBook book;
  book.load_snapshot(
      std::vector<Level>{
          {units_price(99), units_qty(1)}, {units_price(98), units_qty(2)}, {units_price(97), units_qty(3)}},
      std::vector<Level>{
          {units_price(101), units_qty(4)}, {units_price(102), units_qty(5)}, {units_price(103), units_qty(6)}});
  return book;
}

}  // namespace

TEST_CASE("An empty book has no best price, no mid and no spread") {
  const OrderBook book;
  CHECK_FALSE(book.best_bid());
  CHECK_FALSE(book.best_ask());
  CHECK_FALSE(book.mid());
  CHECK_FALSE(book.spread());
  CHECK_FALSE(book.is_crossed());
  CHECK_FALSE(book.is_locked());
  CHECK(book.is_empty());
}

TEST_CASE("Quantities are absolute, zero removes, and removing an unknown level is normal") {
  OrderBook book;
  CHECK(book.set_level(BookSideKind::bid, units_price(10), units_qty(3)) == Qty::zero());
  CHECK(book.set_level(BookSideKind::bid, units_price(10), units_qty(2)) == units_qty(3));
  CHECK(book.qty_at(BookSideKind::bid, units_price(10)) == units_qty(2));
  CHECK(book.set_level(BookSideKind::bid, units_price(11), Qty::zero()) == Qty::zero());
  CHECK(book.level_count(BookSideKind::bid) == 1);
  CHECK(book.set_level(BookSideKind::bid, units_price(10), Qty::zero()) == units_qty(2));
  CHECK(book.is_empty());
}

TEST_CASE("A snapshot in any order gives the same book, of equal prices the last counts") {
  OrderBook expected = three_a_side();
  OrderBook book;
  book.set_level(BookSideKind::bid, units_price(50), units_qty(9));  // gone with the snapshot
  book.load_snapshot(
      std::vector<Level>{{units_price(97), units_qty(3)},
                         {units_price(99), units_qty(7)},
                         {units_price(98), units_qty(2)},
                         {units_price(99), units_qty(1)},
                         {units_price(90), Qty::zero()}},
      std::vector<Level>{
          {units_price(103), units_qty(6)}, {units_price(101), units_qty(4)}, {units_price(102), units_qty(5)}});
  CHECK(book == expected);
}

TEST_CASE("Levels are listed best first on both sides") {
  const OrderBook book = three_a_side();
  CHECK(listed(book, BookSideKind::bid) == std::vector<Level>{{units_price(99), units_qty(1)},
                                                              {units_price(98), units_qty(2)},
                                                              {units_price(97), units_qty(3)}});
  CHECK(listed(book, BookSideKind::ask) == std::vector<Level>{{units_price(101), units_qty(4)},
                                                              {units_price(102), units_qty(5)},
                                                              {units_price(103), units_qty(6)}});
  CHECK(book.level(BookSideKind::ask, 1) == Level{units_price(102), units_qty(5)});
  CHECK_FALSE(book.level(BookSideKind::ask, 3));
}

TEST_CASE("The mid is rounded down and the spread of a crossed book is negative") {
  OrderBook book;
  book.set_level(BookSideKind::bid, Price::of_e8(100), units_qty(1));
  book.set_level(BookSideKind::ask, Price::of_e8(103), units_qty(1));
  CHECK(book.mid()->e8 == 101);
  CHECK(book.spread()->e8 == 3);
  book.set_level(BookSideKind::bid, Price::of_e8(104), units_qty(1));
  CHECK(book.is_crossed());
  CHECK_FALSE(book.is_locked());
  CHECK(book.spread()->e8 == -1);
  CHECK(book.mid()->e8 == 103);
  book.set_level(BookSideKind::bid, Price::of_e8(104), Qty::zero());
  book.set_level(BookSideKind::bid, Price::of_e8(103), units_qty(1));
  CHECK(book.is_locked());
}

TEST_CASE("The mid of two prices near the end of the range does not overflow") {
  OrderBook book;
  book.set_level(BookSideKind::bid, Price::of_e8(INT64_MAX - 3), units_qty(1));
  book.set_level(BookSideKind::ask, Price::of_e8(INT64_MAX - 1), units_qty(1));
  CHECK(book.mid()->e8 == INT64_MAX - 2);
}

TEST_CASE("A sweep takes the best levels first, respects the limit and says what it could not fill") {
  const OrderBook book = three_a_side();
  const BookSweep all = book.sweep(BookSideKind::ask, units_qty(10));
  CHECK(all.filled == units_qty(10));
  CHECK(all.levels == 3);
  CHECK(all.worst == units_price(103));
  CHECK(all.notional == Money::whole(4 * 101 + 5 * 102 + 103));
  CHECK(all.average->e8 == 10'170'000'000);
  const BookSweep limited = book.sweep(BookSideKind::ask, units_qty(10), units_price(102));
  CHECK(limited.filled == units_qty(9));
  CHECK(limited.worst == units_price(102));
  const BookSweep nothing = book.sweep(BookSideKind::bid, units_qty(1), units_price(100));
  CHECK(nothing.filled.is_zero());
  CHECK_FALSE(nothing.average);
}

TEST_CASE("Sums of quantities count from the best and stay at the end of the range") {
  OrderBook book = three_a_side();
  CHECK(book.top_qty(BookSideKind::bid, 2) == units_qty(3));
  CHECK(book.qty_through(BookSideKind::ask, units_price(102)) == units_qty(9));
  CHECK(book.qty_through(BookSideKind::bid, units_price(100)).is_zero());
  book.set_level(BookSideKind::bid, units_price(99), Qty::max());
  CHECK(book.top_qty(BookSideKind::bid, 9) == Qty::max());
}

TEST_CASE("Random updates give the same levels as the oracle") {
  const std::uint64_t seed = 20240808;
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  OrderBook book;
  NaiveBook oracle;
  for (int step = 0; step < 60'000; ++step) {
    const auto side = random() % 2 == 0 ? BookSideKind::bid : BookSideKind::ask;
    // Sometimes near the best price, sometimes anywhere; sometimes a removal.
    const std::int64_t range = random() % 4 == 0 ? 400 : 12;
    const Price p = Price::of_e8(1000 + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(range)));
    const Qty q = random() % 3 == 0 ? Qty::zero() : Qty::of_e8(static_cast<std::int64_t>(random() % 50));
    REQUIRE(book.set_level(side, p, q) == oracle.set_level(side, p, q));
    if (step % 97 == 0) {
      REQUIRE(listed(book, BookSideKind::bid) == oracle.levels(BookSideKind::bid));
      REQUIRE(listed(book, BookSideKind::ask) == oracle.levels(BookSideKind::ask));
      Qty sum;
      for (const Level& level : oracle.levels(side)) {
        REQUIRE(book.qty_at(side, level.price) == level.qty);
        sum += level.qty;
      }
      REQUIRE(book.top_qty(side, 1'000'000) == sum);
      REQUIRE(book.sweep(side, Qty::max()).filled == sum);
    }
  }
}

TEST_CASE("Batches of changes over deep books give the same levels as the oracle, however they are sorted") {
  for (const std::uint64_t seed : {1u, 2u, 3u, 4u}) {
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    const auto below = [&](std::uint64_t bound) { return static_cast<std::int64_t>(random() % bound); };
    OrderBook book;
    NaiveBook oracle;
    for (int step = 0; step < 1'500; ++step) {
      // The book grows to some thousand levels, shrinks to next to nothing and grows again.
      const bool grows = step % 500 < 300;
      const std::int64_t at = below(2) == 0 ? below(200) : below(6'000);
      const auto width = static_cast<std::uint64_t>(below(3) == 0 ? 20 : 1'500);
      std::vector<Level> changes(static_cast<std::size_t>(below(60)));
      for (Level& change : changes) {
        change.price = Price::of_e8(10'000 + at + below(width));
        change.qty = Qty::of_e8(below(10) < (grows ? 3 : 8) ? 0 : 1 + below(1'000));
      }
      const auto by_price = [](const Level& a, const Level& b) { return a.price < b.price; };
      const std::int64_t order = below(3);
      if (order != 2) std::stable_sort(changes.begin(), changes.end(), by_price);
      if (order == 1) std::reverse(changes.begin(), changes.end());
      const BookSideKind side = kSides[below(2)];
      book.apply(side, changes);
      for (const Level& change : changes) oracle.set_level(side, change.price, change.qty);
      if (step % 50 == 49) require_same(book, oracle);
    }
    require_same(book, oracle);
  }
}

TEST_CASE("A level may come anywhere into a full chunk and go from anywhere") {
  for (const BookSideKind side : kSides) {
    for (const std::int64_t count : {kChunk - 1, kChunk, kChunk + 1, 2 * kChunk, 3 * kChunk}) {
      const std::vector<Level> levels = even_levels(count);
      for (std::int64_t place = 0; place <= count; ++place) {
        INFO("levels " << count << ", place " << place);
        OrderBook book;
        NaiveBook oracle;
        for (const Level& level : levels) {
          book.set_level(side, level.price, level.qty);
          oracle.set_level(side, level.price, level.qty);
        }
        const Price between = Price::of_e8(2 * place + 1);
        REQUIRE(book.set_level(side, between, units_qty(7)) == oracle.set_level(side, between, units_qty(7)));
        require_same(book, oracle);
        const Price there = Price::of_e8(2 * std::max<std::int64_t>(place, 1));
        REQUIRE(book.set_level(side, there, Qty::zero()) == oracle.set_level(side, there, Qty::zero()));
        require_same(book, oracle);
      }
    }
  }
}

TEST_CASE("A deep side may be taken away level by level from either end or at random, and filled again") {
  const std::uint64_t seed = 11;
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  for (const BookSideKind side : kSides) {
    for (int order = 0; order < 3; ++order) {
      OrderBook book;
      NaiveBook oracle;
      for (int round = 0; round < 2; ++round) {
        std::vector<Level> levels = even_levels(20 * kChunk);
        if (order == 1) std::reverse(levels.begin(), levels.end());
        if (order == 2) std::shuffle(levels.begin(), levels.end(), random);
        for (const Level& level : levels) {
          book.set_level(side, level.price, level.qty);
          oracle.set_level(side, level.price, level.qty);
        }
        require_same(book, oracle);
        if (order == 2) std::shuffle(levels.begin(), levels.end(), random);
        std::size_t gone = 0;
        for (const Level& level : levels) {
          REQUIRE(book.set_level(side, level.price, Qty::zero()) == level.qty);
          oracle.set_level(side, level.price, Qty::zero());
          if (++gone % 29 == 0) require_same(book, oracle);
        }
        REQUIRE(book.is_empty());
        require_same(book, oracle);
      }
    }
  }
}

TEST_CASE("Deep snapshots in any order give one book, and the changes behind them too") {
  const std::uint64_t seed = 12;
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  for (const std::int64_t count : {std::int64_t{1}, kChunk - 1, kChunk, kChunk + 1, 5 * kChunk, std::int64_t{5'000}}) {
    std::vector<Level> levels = even_levels(count);
    OrderBook ascending;
    ascending.load_snapshot(levels, levels);
    std::reverse(levels.begin(), levels.end());
    OrderBook descending;
    descending.load_snapshot(levels, levels);
    std::vector<Level> mixed = levels;  // with a repeated price and a removal
    mixed.insert(mixed.begin(), {levels.front().price, units_qty(1)});
    mixed.insert(mixed.begin(), {Price::of_e8(3), Qty::zero()});
    std::shuffle(mixed.begin() + 2, mixed.end(), random);
    OrderBook shuffled;
    shuffled.load_snapshot(even_levels(3), even_levels(77));  // gone with the snapshot
    shuffled.load_snapshot(mixed, mixed);
    NaiveBook oracle;
    for (const Level& level : levels) {
      for (const BookSideKind side : kSides) oracle.set_level(side, level.price, level.qty);
    }
    OrderBook* const books[] = {&ascending, &descending, &shuffled};
    for (OrderBook* const book : books) {
      require_same(*book, oracle);
      REQUIRE(*book == ascending);
    }
    for (int step = 0; step < 300; ++step) {
      const Price p = Price::of_e8(1 + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(2 * count + 2)));
      const Qty q = Qty::of_e8(static_cast<std::int64_t>(random() % 3));
      for (const BookSideKind side : kSides) {
        for (OrderBook* const book : books) book->set_level(side, p, q);
        oracle.set_level(side, p, q);
      }
    }
    for (OrderBook* const book : books) {
      require_same(*book, oracle);
      REQUIRE(*book == ascending);
    }
    ascending.set_level(BookSideKind::ask, Price::of_e8(1), units_qty(123));
    CHECK_FALSE(ascending == descending);
  }
}

TEST_CASE("What is persisted is the levels, best last, whatever way the book came to them") {
  const std::vector<Level> levels = even_levels(4 * kChunk);
  OrderBook loaded;
  loaded.load_snapshot(levels, levels);
  OrderBook grown;
  for (std::int64_t i = 1; i <= 30 * kChunk; ++i) {
    for (const BookSideKind side : kSides) grown.set_level(side, Price::of_e8(i), Qty::of_e8(100 + i / 2));
  }
  for (std::int64_t i = 1; i <= 30 * kChunk; ++i) {
    if (i % 2 == 0 && i <= 8 * kChunk) continue;
    for (const BookSideKind side : kSides) grown.set_level(side, Price::of_e8(i), Qty::zero());
  }
  REQUIRE(grown == loaded);

  struct Plain {
    std::vector<Level> bids;
    std::vector<Level> asks;
    void persist(engine::StateArchive& archive) {
      archive.field("bids", bids);
      archive.field("asks", asks);
    }
  } plain{levels, {levels.rbegin(), levels.rend()}};
  const std::vector<std::byte> bytes = engine::save_state(plain);
  CHECK(engine::save_state(loaded) == bytes);
  CHECK(engine::save_state(grown) == bytes);
  CHECK(engine::hash_state(loaded) == engine::hash_state(plain));
  CHECK(engine::hash_state(grown) == engine::hash_state(plain));
  OrderBook back = three_a_side();
  REQUIRE(engine::load_state(back, bytes).ok());
  CHECK(back == loaded);
  CHECK(back.best_bid() == levels.back());
  CHECK(back.best_ask() == levels.front());
}

TEST_CASE("Prices at both ends of the range are prices like others") {
  constexpr Price kLowest = Price::of_e8(INT64_MIN);
  for (const BookSideKind side : kSides) {
    OrderBook book;
    NaiveBook oracle;
    const auto set = [&](Price p, Qty q) {
      REQUIRE(book.set_level(side, p, q) == oracle.set_level(side, p, q));
      require_same(book, oracle);
    };
    const auto both = [&](Qty q) {
      for (const Price p : {kLowest, Price::max()}) {
        CHECK(book.qty_at(side, p) == Qty::zero());
        set(p, Qty::zero());
        set(p, q);
        set(p, Qty::zero());
        set(p, q);
      }
    };
    book.apply(side, std::vector<Level>{{Price::max(), Qty::zero()}, {kLowest, Qty::zero()}});
    CHECK(book.is_empty());
    for (const Level& level : even_levels(kChunk - 3)) set(level.price, level.qty);
    both(units_qty(1));
    for (std::int64_t i = 0; i < 2 * kChunk; ++i) set(Price::of_e8(2 * i + 1), units_qty(2));
    CHECK(book.qty_at(side, Price::max()) == units_qty(1));
    set(kLowest, Qty::zero());
    set(Price::max(), Qty::zero());
    both(units_qty(3));
  }
}

TEST_CASE("A copy of a book is a book of its own") {
  OrderBook book;
  for (const Level& level : even_levels(5 * kChunk)) book.set_level(BookSideKind::bid, level.price, level.qty);
  const OrderBook before = book;
  OrderBook copy = book;
  for (const Level& level : even_levels(3 * kChunk)) copy.set_level(BookSideKind::bid, level.price, Qty::zero());
  CHECK(book == before);
  CHECK_FALSE(copy == before);
  const OrderBook moved = std::move(book);
  CHECK(moved == before);
  CHECK(moved.level_count(BookSideKind::bid) == static_cast<std::size_t>(5 * kChunk));
}
