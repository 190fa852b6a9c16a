// The parts of a scenario by themselves: amounts, expressions, bent prices and books, saved state.
#include "engine/state_bytes.h"
#include "sim/scenario/director.h"
#include "tests/support/catch.h"

namespace reprise::sim::scenario {
namespace {

std::int64_t e8(const std::string& text) {
  std::int64_t value = 0;
  REQUIRE(parse_decimal(text, value));
  return value;
}

TEST_CASE("amounts keep the decimals that a person wrote") {
  const auto percent = parse_amount("-8.05 %");
  REQUIRE(percent.ok());
  CHECK(percent.value().unit == AmountUnit::percent);
  CHECK(percent.value().low_e8 == -8'050'000);
  CHECK(parse_amount("3 sigma").value().unit == AmountUnit::sigma);
  CHECK(parse_amount("20 spreads").value().low_e8 == 20 * kScale);
  CHECK(parse_amount("-500").value().unit == AmountUnit::absolute);
  CHECK(parse_amount("to 3621.81").value().low_e8 == 362'181'000'000);
  const auto range = parse_amount("-2 % .. -5 %");
  REQUIRE(range.ok());
  CHECK(range.value().low_e8 == -5'000'000);
  CHECK(range.value().high_e8 == -2'000'000);
  for (const char* wrong : {"", "much", "-100 %", "2 % .. 3 sigma", "to -5", "8 %%", "1e"}) {
    INFO(wrong);
    CHECK_FALSE(parse_amount(wrong).ok());
  }
}

TEST_CASE("times are spans from the start or instants") {
  CHECK(parse_time("1h30m").value().ns == 5'400'000'000'000);
  CHECK(parse_time("250ms").value().ns == 250'000'000);
  const auto instant = parse_time("2024-02-29T23:59:59.5Z");
  REQUIRE(instant.ok());
  CHECK(instant.value().is_absolute);
  CHECK(instant.value().ns == 1'709'251'199'500'000'000);
  CHECK(time_text({instant.value().ns}) == "2024-02-29T23:59:59.500Z");
  for (const char* wrong : {"", "5", "5 parsecs", "2024-13-01T00:00:00Z", "2024-01-01T00:00:00.x5Z", "-3s"}) {
    INFO(wrong);
    CHECK_FALSE(parse_time(wrong).ok());
  }
}

TEST_CASE("expressions without fields are exact arithmetic") {
  Fields fields;
  const auto value = [&](const char* text) {
    auto parsed = Expression::parse(text);
    INFO(text);
    REQUIRE(parsed.ok());
    return parsed.value().value(fields).value_or(-999);
  };
  CHECK(value("1 + 2 * 3") == 7 * kScale);
  CHECK(value("(1 + 2) * 3 - -1") == 10 * kScale);
  CHECK(value("2 / 3") == 66'666'667);
  CHECK(value("-2 / 3") == -66'666'667);
  CHECK(value("80 % == 0.8") == kScale);
  CHECK(value("abs(-5) == max(5, min(7, 3)) and not 1 > 2") == kScale);
  CHECK(value("1 > 2 or 3 >= 3") == kScale);
  CHECK(value("1m30s") == 90 * kScale);
  CHECK(value("1 / 0") == -999);
  CHECK(value("1 / 0 > 5") == -999);
  CHECK(value("1 / 0 > 5 or 2 > 1") == kScale);
  CHECK(value("1 / 0 > 5 and 1 > 2") == 0);
  CHECK(value("90000000000 * 90000000000 > 5") == kScale);
  for (const char* wrong :
       {"", "1 +", "(1", "1 2", "drawdwn > 1", "position > 1", "equity.X > 1", "min(1)", "1 % %", "> 3"}) {
    INFO(wrong);
    CHECK_FALSE(Expression::parse(wrong).ok());
  }
  CHECK_FALSE(Expression::parse(std::string(500, '(') + "1" + std::string(500, ')')).ok());
}

TEST_CASE("a move goes straight from point to point and holds its last value") {
  const UnixNanos start{1'000'000'000'000};
  const Move move{start, {{0, kFactorOne}, {100, kFactorOne / 2}, {200, kFactorOne / 2}, {300, kFactorOne}}};
  CHECK(move.at({start.ns - 5}) == kFactorOne);
  CHECK(move.at({start.ns + 50}) == kFactorOne * 3 / 4);
  CHECK(move.at({start.ns + 150}) == kFactorOne / 2);
  CHECK(move.at({start.ns + 250}) == kFactorOne * 3 / 4);
  CHECK(move.at({start.ns + 9'999}) == kFactorOne);
}

TEST_CASE("prices scale, distances from the mid multiply, bids round down and offers up") {
  PriceShape shape;
  shape.observe({e8("100")}, {1});
  shape.set_spread(3 * kScale);
  CHECK(shape.apply({e8("99.9")}, {2}, {e8("0.1")}, Rounding::floor).e8 == e8("99.7"));
  CHECK(shape.apply({e8("100.1")}, {2}, {e8("0.1")}, Rounding::ceiling).e8 == e8("100.3"));
  shape.set_spread(kScale);
  shape.add({{2}, {{0, kFactorOne * 9 / 10}}});
  CHECK(shape.apply({e8("99.9")}, {3}, {e8("0.1")}, Rounding::floor).e8 == e8("89.9"));
  CHECK(shape.apply({e8("100.1")}, {3}, {e8("0.1")}, Rounding::ceiling).e8 == e8("90.1"));
}

TEST_CASE("a volatility multiplier enlarges the market's own moves and keeps where they led") {
  PriceShape shape;
  shape.observe({e8("100")}, {1});
  shape.set_volatility(3 * kScale);
  shape.observe({e8("101")}, {2});  // + 1 %: three times that
  CHECK(shape.apply({e8("101")}, {3}, {1}, Rounding::half_away).e8 == e8("103.02"));
  shape.set_volatility(kScale);
  shape.observe({e8("102")}, {4});
  CHECK(shape.apply({e8("102")}, {5}, {1}, Rounding::half_away).e8 == e8("104.04"));
}

// A bent market as a gateway hears it: the deltas lead from one published book to the next, whatever is bent.
TEST_CASE("deltas of a bent market add up to its snapshots") {
  ShapedMarket market;
  journal::RecordBatch declared;
  declared.append<schema::Instrument>(journal::RecordType::INSTRUMENT, {}, [](schema::Instrument::Builder b) {
    b.setSymbol("XUSDT");
    b.setTickSize(kScale / 10);
    b.setLotSize(kScale / 1000);
  });
  declared.for_each(1, [&](const journal::RecordView& v) { market.declare(journal::read<schema::Instrument>(v), 1); });

  BookFeed heard;
  journal::RecordBatch base;
  journal::RecordBatch published;
  std::int64_t id = 10;
  UnixNanos now{1'000'000'000};
  RandomStream random(7, 7);
  const auto pass = [&] {
    published.clear();
    base.for_each(1, [&](const journal::RecordView& v) { market.pass(v, *v.header, now, published); });
    published.for_each(1, [&](const journal::RecordView& v) {
      if (v.type() == journal::RecordType::BOOK_DELTA) {
        const BookFeedOutcome outcome = heard.on_delta(journal::read<schema::BookDelta>(v), now);
        CHECK(outcome.event != BookFeedEvent::gap);
        CHECK_FALSE(outcome.is_crossed);
        CHECK_FALSE(outcome.is_locked);
      } else {
        heard.on_snapshot(journal::read<schema::BookSnapshot>(v), now);
      }
    });
    base.clear();
  };
  base.append<schema::BookSnapshot>(
      journal::RecordType::BOOK_SNAPSHOT, {},
      [&](schema::BookSnapshot::Builder b) {
        b.setLastUpdateId(id);
        auto bids = b.initBids(90);
        auto asks = b.initAsks(90);
        for (unsigned i = 0; i < 90; ++i) {
          bids[i].setPrice((10'000 - i) * (kScale / 10));
          bids[i].setQty(kScale + i);
          asks[i].setPrice((10'001 + i) * (kScale / 10));
          asks[i].setQty(kScale + i);
        }
      },
      400);
  pass();
  for (int round = 0; round < 400; ++round) {
    now.ns += 100'000'000;
    if (round == 50) market.begin_to_bend();
    if (round == 50) market.prices.add({now, {{0, kFactorOne}, {9'000'000'000, kFactorOne * 8 / 10}}});
    if (round == 120) market.prices.set_spread(4 * kScale);
    if (round == 160) market.withdrawals.push_back({0, true, false, 90'000'000, 500'000});
    if (round == 220) market.withdrawals.clear();
    if (round == 260) market.prices.set_spread(kScale);
    base.append<schema::BookDelta>(
        journal::RecordType::BOOK_DELTA, {},
        [&](schema::BookDelta::Builder b) {
          b.setFirstUpdateId(id + 1);
          b.setPrevLastUpdateId(id);
          b.setLastUpdateId(id + 1);
          auto bids = b.initBids(1);
          auto asks = b.initAsks(1);
          bids[0].setPrice(static_cast<std::int64_t>(10'000 - random.below(50)) * (kScale / 10));
          bids[0].setQty(static_cast<std::int64_t>(1 + random.below(9)) * kScale);
          asks[0].setPrice(static_cast<std::int64_t>(10'001 + random.below(50)) * (kScale / 10));
          asks[0].setQty(static_cast<std::int64_t>(1 + random.below(9)) * kScale);
        },
        40);
    ++id;
    pass();
    journal::RecordBatch whole;
    REQUIRE(market.snapshot({}, whole));
    BookFeed anew;
    whole.for_each(
        1, [&](const journal::RecordView& v) { anew.on_snapshot(journal::read<schema::BookSnapshot>(v), now); });
    CHECK(anew.book() == heard.book());
    if (round == 350) CHECK(heard.book().level_count(BookSideKind::bid) == 60);
  }
  CHECK(heard.book().best_bid()->price.e8 < e8("801"));
}

Result<config::Loaded> no_change(const config::Entries&, const std::vector<std::string>&) {
  return usage_error("not here");
}

TEST_CASE("the state of a scenario is saved and loaded whole") {
  const auto scenario = read_scenario("x.yaml", R"(name: x
base: {generate: {length: 1m}}
profile: p.yaml
acts:
  - {at: 1s, jump: {by: -1 % .. -2 %}}
  - {when: equity > 5, halt: }
expect:
  - halted: {within: 1s, after: equity > 5}
  - no_liquidation: true
)");
  if (!scenario) FAIL(scenario.error().text());
  Director first(scenario.value(), {}, {{"run.seed", "1"}}, no_change);
  Director second(scenario.value(), {}, {}, no_change);
  const std::vector<std::byte> saved = engine::save_state(first);
  CHECK(engine::save_state(second) != saved);
  REQUIRE(engine::load_state(second, saved).ok());
  CHECK(engine::save_state(second) == saved);
}

TEST_CASE("draws are saved as their number") {
  Draws first(5, 9);
  for (int i = 0; i < 100; ++i) first.upto(1'000);
  Draws second(5, 9);
  REQUIRE(engine::load_state(second, engine::save_state(first)).ok());
  for (int i = 0; i < 10; ++i) CHECK(first.upto(1'000'000) == second.upto(1'000'000));
}

}  // namespace
}  // namespace reprise::sim::scenario
