// The three archives over one component: bytes come back, damage is refused, text reads well, the hash sees every
// field.
#include "engine/state_bytes.h"
#include "engine/state_hash.h"
#include "engine/state_json.h"
#include "tests/engine/trading_support.h"

using namespace reprise;
using namespace reprise::engine;
using namespace reprise::engine::test;

namespace {

struct Inner {
  Qty amount;
  bool is_set = false;
  void persist(StateArchive& archive) {
    archive.field("amount", amount);
    archive.field("is_set", is_set);
  }
};

struct EveryKind {
  std::int64_t number = -7;
  Price at = price("100.25");
  UnixNanos when{1'700'000'000'000'000'000};
  DurationNanos length{250};
  double figure = 0.1;
  std::string name = "tick \"x\"\n";
  Side side = Side::SELL;
  std::vector<std::int64_t> numbers = {1, 2, 3};
  std::vector<Inner> inners = {{qty("1.5"), true}, {qty("-2"), false}};
  std::map<std::uint32_t, Inner> by_key = {{4, {qty("4"), true}}};
  std::optional<Price> maybe = price("3");
  std::optional<Price> nothing;
  void persist(StateArchive& archive) {
    archive.field("number", number);
    archive.field("at", at);
    archive.field("when", when);
    archive.field("length", length);
    archive.field("figure", figure);
    archive.field("name", name);
    archive.field("side", side);
    archive.field("numbers", numbers);
    archive.field("inners", inners);
    archive.field("by_key", by_key);
    archive.field("maybe", maybe);
    archive.field("nothing", nothing);
  }
};

}  // namespace

TEST_CASE("a saved state comes back field by field") {
  EveryKind saved;
  EveryKind loaded;
  loaded.number = 0;
  loaded.numbers.clear();
  loaded.inners.resize(5);
  loaded.by_key[9] = {};
  loaded.maybe.reset();
  loaded.nothing = price("1");
  loaded.name.clear();
  REQUIRE(load_state(loaded, save_state(saved)).ok());
  CHECK(hash_state(loaded) == hash_state(saved));
  CHECK(loaded.name == saved.name);
  CHECK_FALSE(loaded.nothing.has_value());
  CHECK(loaded.by_key.size() == 1);
}

TEST_CASE("a state cut off anywhere, or with a byte too many, is refused") {
  EveryKind saved;
  const std::vector<std::byte> bytes = save_state(saved);
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EveryKind loaded;
    const std::vector<std::byte> part(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length));
    REQUIRE_FALSE(load_state(loaded, part).ok());
  }
  std::vector<std::byte> longer = bytes;
  longer.push_back(std::byte{0});
  EveryKind loaded;
  const Status status = load_state(loaded, longer);
  REQUIRE_FALSE(status.ok());
  CHECK(status.error().kind == ErrorKind::corrupt);
}

TEST_CASE("a damaged state never reads outside its bytes") {
  EveryKind saved;
  const std::vector<std::byte> bytes = save_state(saved);
  std::size_t refused = 0;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const int bit : {0, 3, 7}) {
      std::vector<std::byte> damaged = bytes;
      damaged[at] ^= static_cast<std::byte>(1 << bit);
      EveryKind loaded;
      refused +=
          load_state(loaded, damaged).ok() ? 0 : 1;  // a flipped value still loads: the snapshot's checksum is for that
    }
  }
  CHECK(refused > 50);
}

TEST_CASE("the hash sees every field, its name and its place") {
  EveryKind base;
  const StateDigest digest = hash_state(base);
  CHECK(hash_state(base) == digest);
  CHECK(digest.hex().size() == 32);
  std::vector<EveryKind> others(13);
  others[0].number = 7;
  others[1].at = price("100.26");
  others[2].when.ns += 1;
  others[3].length.ns += 1;
  others[4].figure = 0.2;
  others[5].name = "tick";
  others[6].side = Side::BUY;
  others[7].numbers = {1, 3, 2};
  others[8].inners[1].is_set = true;
  others[9].by_key[5] = {};
  others[10].maybe.reset();
  others[11].nothing = Price{};
  others[12].numbers.push_back(4);
  for (std::size_t n = 0; n < others.size(); ++n) {
    INFO("change " << n);
    CHECK_FALSE(hash_state(others[n]) == digest);
  }
}

TEST_CASE("a state reads as JSON by field name, decimals as text") {
  EveryKind sample;
  CHECK(
      state_json(sample) ==
      R"({"number":-7,"at":"100.25","when":1700000000000000000,"length":250,"figure":0.1,"name":"tick \"x\"\u000a","side":2,)"
      R"("numbers":[1,2,3],"inners":[{"amount":"1.5","is_set":true},{"amount":"-2","is_set":false}],)"
      R"("by_key":[{"key":4,"value":{"amount":"4","is_set":true}}],"maybe":{"present":true,"value":"3"},"nothing":{"present":false}})");
}
