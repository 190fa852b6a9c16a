// The synthetic market's order book against a slow one that keeps a plain list of orders.
#include <algorithm>
#include <cmath>
#include <list>

#include "sim/generator/limit_book.h"
#include "sim/generator/random.h"
#include "tests/support/catch.h"

namespace reprise::sim {
namespace {

struct PlainOrder {
  OrderHandle handle;
  BookSide side;
  std::int64_t price;
  std::int64_t qty;
  std::uint32_t owner;
};

// Orders in the order of arrival; every question is answered by looking at all of them.
struct PlainBook {
  std::list<PlainOrder> orders;

  std::list<PlainOrder>::iterator best(BookSide side) {
    auto found = orders.end();
    for (auto it = orders.begin(); it != orders.end(); ++it) {
      if (it->side != side) continue;
      const bool better =
          found == orders.end() || (side == BookSide::bid ? it->price > found->price : it->price < found->price);
      if (better) found = it;
    }
    return found;
  }
  std::int64_t qty_at(BookSide side, std::int64_t price) const {
    std::int64_t sum = 0;
    for (const PlainOrder& o : orders) sum += o.side == side && o.price == price ? o.qty : 0;
    return sum;
  }
  std::vector<Execution> take(BookSide side, std::int64_t limit, std::int64_t qty) {
    std::vector<Execution> done;
    for (auto it = best(side); qty > 0 && it != orders.end(); it = best(side)) {
      if (side == BookSide::bid ? it->price < limit : it->price > limit) break;
      const std::int64_t filled = std::min(qty, it->qty);
      done.push_back({it->owner, it->price, filled});
      qty -= filled;
      it->qty -= filled;
      if (it->qty == 0) orders.erase(it);
    }
    return done;
  }
};

TEST_CASE("older orders of a price trade first, better prices before all") {
  LimitBook book;
  book.add(BookSide::ask, 101, 5, 1);
  const OrderHandle second = book.add(BookSide::ask, 101, 5, 2);
  book.add(BookSide::ask, 100, 3, 3);
  const auto done = book.take(BookSide::ask, 101, 9);
  REQUIRE(done.size() == 3);
  CHECK((done[0].maker_owner == 3 && done[0].price == 100 && done[0].qty == 3));
  CHECK((done[1].maker_owner == 1 && done[1].price == 101 && done[1].qty == 5));
  CHECK((done[2].maker_owner == 2 && done[2].price == 101 && done[2].qty == 1));
  CHECK(book.remaining(second) == 4);
  CHECK(book.take(BookSide::ask, 100, 9).empty());
  CHECK(book.qty_at(BookSide::ask, 101) == 4);
}

TEST_CASE("a handle of a finished order finds nothing, also when its slot is in use again") {
  LimitBook book;
  const OrderHandle first = book.add(BookSide::bid, 10, 1, 1);
  CHECK(book.cancel(first));
  const OrderHandle second = book.add(BookSide::bid, 11, 2, 1);
  CHECK(static_cast<std::uint32_t>(first) == static_cast<std::uint32_t>(second));
  CHECK_FALSE(book.cancel(first));
  CHECK(book.remaining(first) == 0);
  CHECK(book.remaining(second) == 2);
}

TEST_CASE("the book trades, cancels and counts like the plain list of orders") {
  for (const std::uint64_t seed : {11u, 12u, 13u, 14u, 15u}) {
    INFO("seed " << seed);
    RandomStream random(seed, 0);
    LimitBook book;
    PlainBook plain;
    std::vector<OrderHandle> handles;
    std::int64_t last_update = 0;
    for (int step = 0; step < 4000; ++step) {
      const BookSide side = random.coin() ? BookSide::bid : BookSide::ask;
      const std::uint64_t act = random.below(10);
      if (act < 5) {
        std::int64_t price = 1000 + static_cast<std::int64_t>(random.below(30)) - (side == BookSide::bid ? 20 : 10);
        if (const auto other = plain.best(opposite(side)); other != plain.orders.end()) {
          price = side == BookSide::bid ? std::min(price, other->price - 1) : std::max(price, other->price + 1);
        }
        const auto qty = static_cast<std::int64_t>(1 + random.below(9));
        const auto owner = static_cast<std::uint32_t>(random.below(5));
        handles.push_back(book.add(side, price, qty, owner));
        plain.orders.push_back({handles.back(), side, price, qty, owner});
      } else if (act < 7 && !handles.empty()) {
        const OrderHandle handle = handles[random.below(handles.size())];
        const auto found = std::find_if(plain.orders.begin(), plain.orders.end(),
                                        [&](const PlainOrder& o) { return o.handle == handle; });
        REQUIRE(book.cancel(handle) == (found != plain.orders.end()));
        if (found != plain.orders.end()) plain.orders.erase(found);
      } else {
        const auto limit = static_cast<std::int64_t>(985 + random.below(35));
        const auto qty = static_cast<std::int64_t>(1 + random.below(25));
        const auto done = book.take(side, limit, qty);
        const auto expected = plain.take(side, limit, qty);
        REQUIRE(done.size() == expected.size());
        for (std::size_t i = 0; i < done.size(); ++i) {
          REQUIRE((done[i].maker_owner == expected[i].maker_owner && done[i].price == expected[i].price &&
                   done[i].qty == expected[i].qty));
        }
      }
      REQUIRE(book.update_id() >= last_update);
      last_update = book.update_id();
      REQUIRE(book.orders() == plain.orders.size());
      for (const BookSide s : {BookSide::bid, BookSide::ask}) {
        const auto best = plain.best(s);
        REQUIRE((book.best(s) == nullptr) == (best == plain.orders.end()));
        if (best != plain.orders.end()) REQUIRE(book.best(s)->price == best->price);
      }
      if (step % 50 == 0) {
        REQUIRE(book.is_consistent());
        for (std::int64_t price = 960; price < 1040; ++price) {
          REQUIRE(book.qty_at(BookSide::bid, price) == plain.qty_at(BookSide::bid, price));
          REQUIRE(book.qty_at(BookSide::ask, price) == plain.qty_at(BookSide::ask, price));
        }
      }
    }
    CHECK(book.is_consistent());
  }
}

TEST_CASE("random draws are the ones of every other build") {
  // Golden draws: Boost's twister, the exponential and the normal must not change under us.
  RandomStream random(42, 7);
  CHECK(stream_seed(42, 7) != stream_seed(42, 8));
  CHECK(stream_seed(42, 7) != stream_seed(43, 7));
  const std::uint64_t bits = random.bits();
  const std::uint64_t bounded = random.below(1000);
  const std::uint64_t exponential = random.exponential_q32();
  const double normal = random.normal();
  CHECK(bits == 2416649347308346029u);
  CHECK(bounded == 120);
  CHECK(exponential == 8836230491u);
  CHECK(normal == 0x1.3631p+0);
}

TEST_CASE("draws have the moments that they are named for") {
  RandomStream random(5, 5);
  constexpr int kDraws = 200'000;
  double exponential = 0;
  double square = 0;
  double sum = 0;
  int beyond_two = 0;
  int large = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double e = static_cast<double>(random.exponential_q32()) / 4294967296.0;
    exponential += e;
    beyond_two += e > 2;
    const double z = random.normal();
    sum += z;
    square += z * z;
    large += random.power_law() >= 8;
  }
  // Five standard errors each.
  CHECK(std::abs(exponential / kDraws - 1) < 0.012);
  CHECK(std::abs(beyond_two / static_cast<double>(kDraws) - 0.135335) < 0.004);
  CHECK(std::abs(sum / kDraws) < 0.012);
  CHECK(std::abs(square / kDraws - 1) < 0.016);
  CHECK(std::abs(large / static_cast<double>(kDraws) - 1.0 / 27) < 0.0022);
}

}  // namespace
}  // namespace reprise::sim
