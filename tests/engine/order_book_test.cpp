// The level book against a slow oracle, under one contract.
#include "engine/market/order_book.h"

#include <functional>
#include <map>
#include <random>

#include "tests/support/catch.h"

using namespace reprise;

namespace {

Price price(std::int64_t units) {
  return Price::whole(units);
}
Qty qty(std::int64_t units) {
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

OrderBook three_a_side() {
  OrderBook book;
  book.load_snapshot(std::vector<Level>{{price(99), qty(1)}, {price(98), qty(2)}, {price(97), qty(3)}},
                     std::vector<Level>{{price(101), qty(4)}, {price(102), qty(5)}, {price(103), qty(6)}});
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
  CHECK(book.set_level(BookSideKind::bid, price(10), qty(3)) == Qty::zero());
  CHECK(book.set_level(BookSideKind::bid, price(10), qty(2)) == qty(3));
  CHECK(book.qty_at(BookSideKind::bid, price(10)) == qty(2));
  CHECK(book.set_level(BookSideKind::bid, price(11), Qty::zero()) == Qty::zero());
  CHECK(book.level_count(BookSideKind::bid) == 1);
  CHECK(book.set_level(BookSideKind::bid, price(10), Qty::zero()) == qty(2));
  CHECK(book.is_empty());
}

TEST_CASE("A snapshot in any order gives the same book, of equal prices the last counts") {
  OrderBook expected = three_a_side();
  OrderBook book;
  book.set_level(BookSideKind::bid, price(50), qty(9));  // gone with the snapshot
  book.load_snapshot(
      std::vector<Level>{
          {price(97), qty(3)}, {price(99), qty(7)}, {price(98), qty(2)}, {price(99), qty(1)}, {price(90), Qty::zero()}},
      std::vector<Level>{{price(103), qty(6)}, {price(101), qty(4)}, {price(102), qty(5)}});
  CHECK(book == expected);
}

TEST_CASE("Levels are listed best first on both sides") {
  const OrderBook book = three_a_side();
  CHECK(listed(book, BookSideKind::bid) ==
        std::vector<Level>{{price(99), qty(1)}, {price(98), qty(2)}, {price(97), qty(3)}});
  CHECK(listed(book, BookSideKind::ask) ==
        std::vector<Level>{{price(101), qty(4)}, {price(102), qty(5)}, {price(103), qty(6)}});
  CHECK(book.level(BookSideKind::ask, 1) == Level{price(102), qty(5)});
  CHECK_FALSE(book.level(BookSideKind::ask, 3));
}

TEST_CASE("The mid is rounded down and the spread of a crossed book is negative") {
  OrderBook book;
  book.set_level(BookSideKind::bid, Price::of_e8(100), qty(1));
  book.set_level(BookSideKind::ask, Price::of_e8(103), qty(1));
  CHECK(book.mid()->e8 == 101);
  CHECK(book.spread()->e8 == 3);
  book.set_level(BookSideKind::bid, Price::of_e8(104), qty(1));
  CHECK(book.is_crossed());
  CHECK_FALSE(book.is_locked());
  CHECK(book.spread()->e8 == -1);
  CHECK(book.mid()->e8 == 103);
  book.set_level(BookSideKind::bid, Price::of_e8(104), Qty::zero());
  book.set_level(BookSideKind::bid, Price::of_e8(103), qty(1));
  CHECK(book.is_locked());
}

TEST_CASE("The mid of two prices near the end of the range does not overflow") {
  OrderBook book;
  book.set_level(BookSideKind::bid, Price::of_e8(INT64_MAX - 3), qty(1));
  book.set_level(BookSideKind::ask, Price::of_e8(INT64_MAX - 1), qty(1));
  CHECK(book.mid()->e8 == INT64_MAX - 2);
}

TEST_CASE("A sweep takes the best levels first, respects the limit and says what it could not fill") {
  const OrderBook book = three_a_side();
  const BookSweep all = book.sweep(BookSideKind::ask, qty(10));
  CHECK(all.filled == qty(10));
  CHECK(all.levels == 3);
  CHECK(all.worst == price(103));
  CHECK(all.notional == Money::whole(4 * 101 + 5 * 102 + 103));
  CHECK(all.average->e8 == 10'170'000'000);
  const BookSweep limited = book.sweep(BookSideKind::ask, qty(10), price(102));
  CHECK(limited.filled == qty(9));
  CHECK(limited.worst == price(102));
  const BookSweep nothing = book.sweep(BookSideKind::bid, qty(1), price(100));
  CHECK(nothing.filled.is_zero());
  CHECK_FALSE(nothing.average);
}

TEST_CASE("Sums of quantities count from the best and stay at the end of the range") {
  OrderBook book = three_a_side();
  CHECK(book.top_qty(BookSideKind::bid, 2) == qty(3));
  CHECK(book.qty_through(BookSideKind::ask, price(102)) == qty(9));
  CHECK(book.qty_through(BookSideKind::bid, price(100)).is_zero());
  book.set_level(BookSideKind::bid, price(99), Qty::max());
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
