#include "gateway/import/conveyor.h"

#include <optional>
#include <thread>
#include <vector>

#include "tests/support/catch.h"

using reprise::Error;
using reprise::gateway::Conveyor;

namespace {

struct Seen {
  std::vector<int> items;
  bool failed = false;
};

// Hands over 0, 1, 2, ... of these weights on a thread of its own and takes them on this one.
Seen carry(Conveyor<int>& conveyor, const std::vector<std::size_t>& weights, std::optional<Error> error = {}) {
  std::thread producer([&] {
    int next = 0;
    for (const std::size_t weight : weights) {
      int* item = conveyor.take_empty();
      if (item == nullptr) return;
      *item = next++;
      conveyor.hand_over(weight);
    }
    conveyor.finish(error);
  });
  Seen seen;
  for (;;) {
    auto item = conveyor.next();
    seen.failed = !item.ok();
    if (!item.ok() || *item == nullptr) break;
    seen.items.push_back(**item);
  }
  producer.join();
  return seen;
}

std::vector<int> first(int count) {
  std::vector<int> numbers;
  for (int i = 0; i < count; ++i) numbers.push_back(i);
  return numbers;
}

}  // namespace

TEST_CASE("a conveyor carries every item once and in order", "[gateway]") {
  Conveyor<int> conveyor(8, 3);
  CHECK(carry(conveyor, std::vector<std::size_t>(10'000, 1)).items == first(10'000));
}

TEST_CASE("an item that outweighs the limit passes although its consumer waits for more of them", "[gateway]") {
  Conveyor<int> conveyor(8, 3);
  std::vector<std::size_t> weights;
  for (int i = 0; i < 1'000; ++i) weights.push_back(i % 2 == 0 ? 100 : 1);
  CHECK(carry(conveyor, weights).items == first(1'000));
}

TEST_CASE("an error comes behind all items that were ready before it", "[gateway]") {
  Conveyor<int> conveyor(8, 3);
  const Seen seen = carry(conveyor, {1, 1}, reprise::corrupt_error("broken"));
  CHECK(seen.items == first(2));
  CHECK(seen.failed);
}

TEST_CASE("a consumer that stops gives its producer nothing to fill any more", "[gateway]") {
  Conveyor<int> conveyor(2, 1);
  std::size_t handed = 0;
  std::thread producer([&] {
    while (int* item = conveyor.take_empty()) {
      *item = 1;
      conveyor.hand_over();
      ++handed;
    }
  });
  REQUIRE(conveyor.next().ok());
  conveyor.stop();
  producer.join();
  CHECK(handed >= 1);
}
