// One field of a state by its path: found by name, read again in later states, told from its neighbours.
#include "engine/state_field.h"

#include "engine/execution/order_manager.h"
#include "engine/portfolio/portfolio.h"
#include "engine/risk/risk_engine.h"
#include "engine/state_view.h"
#include "tests/engine/world.h"
#include "tests/support/catch.h"

using namespace reprise;
using namespace reprise::test;
using engine::FieldFinder;
using engine::FieldNames;
using engine::FieldProbe;
using engine::FieldSearch;
using engine::StateArchive;

namespace {

FieldNames names() {
  return {[](std::int64_t number) { return number == 1   ? "BTCUSDT"
                                           : number == 2 ? "ETHUSDT"
                                                         : ""; },
          [](std::int64_t number) { return number == 1 ? "trend" : ""; }};
}

struct Entry {
  std::uint32_t instrument = 0;
  Qty qty;
  void persist(StateArchive& archive) {
    archive.field("instrument", instrument);
    archive.field("qty", qty);
  }
};

struct Sample {
  std::vector<Entry> positions;
  std::map<std::int64_t, Entry> by_key;
  std::vector<std::int64_t> numbers = {5, 6, 7};
  std::optional<Price> maybe;
  std::string name = "day";
  bool is_set = true;
  double figure = 0.25;
  void persist(StateArchive& archive) {
    archive.field("positions", positions);
    archive.field("by_key", by_key);
    archive.field("numbers", numbers);
    archive.field("maybe", maybe);
    archive.field("name", name);
    archive.field("is_set", is_set);
    archive.field("figure", figure);
  }
};

template <class T>
FieldSearch search(T& state, const std::string& path) {
  FieldFinder finder(names());
  state.persist(finder.archive());
  return finder.find(path);
}

template <class T>
std::string read(T& state, const engine::FieldPath& path) {
  FieldProbe probe(path);
  state.persist(probe);
  const auto value = probe.take();
  return value ? value->text : "(none)";
}

template <class T>
std::string value_of(T& state, const std::string& path) {
  const FieldSearch found = search(state, path);
  if (!found.found) return "(no such path)";
  return read(state, *found.found);
}

}  // namespace

TEST_CASE("entries of a list are found by symbol wherever they stand, and before and after others") {
  Sample state;
  state.positions = {{1, Qty{e8(1.5)}}, {2, Qty{e8(-2)}}};
  CHECK(value_of(state, "positions.BTCUSDT.qty") == "1.5");
  CHECK(value_of(state, "positions.ETHUSDT.qty") == "-2");
  CHECK(value_of(state, "positions[1].qty") == "-2");
  const auto eth = search(state, "positions.ETHUSDT.qty").found;
  REQUIRE(eth);
  CHECK(eth->text == "positions.ETHUSDT.qty");
  state.positions.insert(state.positions.begin(), Entry{7, Qty{e8(9)}});
  CHECK(read(state, *eth) == "-2");
  state.positions.pop_back();
  CHECK(read(state, *eth) == "(none)");
}

TEST_CASE("maps, plain lists, flags, texts and doubles are read by path") {
  Sample state;
  state.by_key[42] = {1, Qty{e8(3)}};
  state.by_key[43] = {2, Qty{e8(4)}};
  CHECK(value_of(state, "by_key.42.qty") == "3");
  CHECK(value_of(state, "by_key.43.value.qty") == "4");
  CHECK(value_of(state, "numbers[2]") == "7");
  CHECK(value_of(state, "name") == "day");
  CHECK(value_of(state, "is_set") == "true");
  CHECK(value_of(state, "figure") == "0.25");
  CHECK(value_of(state, "maybe.present") == "false");
}

TEST_CASE("an unknown path gives the nearest valid ones, the likeliest first") {
  Sample state;
  state.positions = {{1, Qty{}}, {2, Qty{}}};
  const FieldSearch result = search(state, "positions.BTCUSDT.qyt");
  CHECK_FALSE(result.found);
  REQUIRE_FALSE(result.nearest.empty());
  CHECK(result.nearest.front() == "positions.BTCUSDT.qty");
  CHECK_FALSE(search(state, "positions").found);
  CHECK_FALSE(search(state, "").found);
}

TEST_CASE("every field that a search names can be read, and a probe agrees with a second search") {
  Account account{wide_config()};
  account.strategy("trend", "trend_following", {{"fast_period", "2"}, {"slow_period", "4"}, {"breakout_period", "4"}});
  World world(account.config);
  for (int i = 0; i < 8; ++i) world.bar(60'000, 60'010, 59'990, 60'000);
  for (int i = 1; i < 40; ++i) world.bar(60'000 + 40 * i, 60'060 + 40 * i, 59'990 + 40 * i, 60'050 + 40 * i);
  REQUIRE_FALSE(world.engine().portfolio().net_position(1).is_zero());
  engine::StateView view(world.engine());
  CHECK(value_of(view, "positions.BTCUSDT.qty") == decimal_text(world.engine().portfolio().net_position(1)));
  CHECK(value_of(view, "account.equity") == decimal_text(world.engine().portfolio().equity()));
  CHECK(value_of(view, "account.trading_state") == "active");
  CHECK(value_of(view, "strategies.trend.tracks.BTCUSDT.instrument") == "1");
  CHECK(value_of(view, "instruments.BTCUSDT.symbol") == "BTCUSDT");
  CHECK(value_of(view, "run.inputs") == std::to_string(world.engine().inputs()));
  // A path with nothing in it like any: everything is listed; each can be found again under its own name.
  const std::vector<std::string> all = [&] {
    FieldFinder finder(names());
    view.persist(finder.archive());
    return finder.find("?", 100'000).nearest;
  }();
  REQUIRE(all.size() > 100);
  for (const std::string& path : all) {
    INFO(path);
    CHECK(value_of(view, path) != "(no such path)");
    CHECK(value_of(view, path) != "(none)");
  }
}

TEST_CASE("reading one field leaves the state as it is") {
  World world(wide_config());
  world.bbo(59'999, 60'001);
  const auto before = world.engine().state_hash();
  engine::StateView view(world.engine());
  value_of(view, "quotes.BTCUSDT.bid");
  CHECK(world.engine().state_hash() == before);
}
