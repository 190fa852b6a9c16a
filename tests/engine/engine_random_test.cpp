// Properties of the engine over random days: the same inputs give the same bytes, also through save and load at any
// moment; the account adds up; every cause stands before its effect.
#include <boost/random/mersenne_twister.hpp>

#include <iostream>

#include "engine/execution/order_manager.h"
#include "engine/portfolio/portfolio.h"
#include "engine/state_bytes.h"
#include "tests/engine/world.h"
#include "tests/support/catch.h"

using namespace reprise;
using namespace reprise::test;

namespace {

config::Config day_account() {
  Account account{wide_config()};
  account.config.engine.equity_mark_interval_ns = 7'000'000'000;
  account.config.engine.state_hash_interval_records = 97;
  account.config.engine.stale_after_ns = 4'000'000'000;
  account.config.risk.max_drawdown_e8 = e8(0.02);
  account.config.risk.max_orders_per_second = 12;
  account.config.risk.on_drawdown = "reduce";
  account.strategy("grid", "quoting_grid",
                   {{"levels", "3"},
                    {"half_spread", "0.0003"},
                    {"spacing", "0.0002"},
                    {"order_notional", "900"},
                    {"max_inventory", "2500"},
                    {"requote_threshold", "0.0001"},
                    {"min_requote_interval", "200ms"},
                    {"volatility_factor", "1"},
                    {"volatility_period", "5"}},
                   {"BTCUSDT", "ETHUSDT"});
  account.strategy("trend", "trend_following",
                   {{"fast_period", "2"},
                    {"slow_period", "5"},
                    {"breakout_period", "4"},
                    {"atr_period", "3"},
                    {"cooldown_bars", "0"}});
  return account.config;
}

// A random walk with everything that a feed and an operator do to an engine.
class Day {
 public:
  explicit Day(std::uint64_t seed) : random_(seed), world(day_account(), {"BTCUSDT", "ETHUSDT"}) {}

  void live(int steps) {
    double price[3] = {0, 60'000, 3'000};
    for (int i = 0; i < steps; ++i) {
      const auto instrument = static_cast<InstrumentNo>(1 + below(2));
      world.wait_ms(static_cast<std::int64_t>(below(300)));
      price[instrument] *= 1.0 + (static_cast<double>(below(2001)) - 1000.0) * 1e-6;
      const double at = price[instrument];
      const std::uint64_t what = below(1000);
      if (what < 500) {
        world.bbo(at, at + 0.1 * static_cast<double>(1 + below(5)), 0.5 + static_cast<double>(below(30)), instrument);
      } else if (what < 800) {
        world.trade(at, 0.01 * static_cast<double>(1 + below(50)), below(2) == 0 ? Side::BUY : Side::SELL, instrument);
      } else if (what < 900) {
        world.tick();
      } else if (what < 950) {
        world.mark(at, instrument);
      } else if (what < 960) {
        delta(instrument, at);
      } else if (what < 965) {
        world.bbo(at + 5, at, 1, instrument);  // crossed
      } else if (what < 970) {
        for (int s = 0; s < 6; ++s) world.tick();  // silence
      } else if (what < 985) {
        world.hold_answers = !world.hold_answers;
        if (!world.hold_answers) world.answer();
      } else if (what < 990) {
        world.partial = 0.25 + 0.25 * static_cast<double>(below(4));
      } else {
        static const schema::OperatorAction actions[] = {
            schema::OperatorAction::REDUCE_ONLY, schema::OperatorAction::HALT, schema::OperatorAction::KILL_SWITCH,
            schema::OperatorAction::CANCEL_ALL, schema::OperatorAction::FLATTEN};
        if (below(3) == 0) world.operate(actions[below(5)]);
        world.operate(schema::OperatorAction::RESUME);
      }
    }
    world.hold_answers = false;
    world.answer();
    world.end();
  }

 private:
  std::uint64_t below(std::uint64_t n) { return random_() % n; }
  void delta(InstrumentNo instrument, double price) {
    const std::int64_t first = update_id_ + 1 + static_cast<std::int64_t>(below(10) == 0 ? 5 : 0);  // sometimes a gap
    if (below(3) == 0) {
      world.input<schema::BookSnapshot>(
          RecordType::BOOK_SNAPSHOT, instrument,
          [&](schema::BookSnapshot::Builder b) {
            b.setLastUpdateId(update_id_);
            auto bid = b.initBids(1)[0];
            bid.setPrice(e8(price));
            bid.setQty(e8(2));
            auto ask = b.initAsks(1)[0];
            ask.setPrice(e8(price + 0.2));
            ask.setQty(e8(3));
          },
          16);
    }
    world.input<schema::BookDelta>(
        RecordType::BOOK_DELTA, instrument,
        [&](schema::BookDelta::Builder b) {
          b.setFirstUpdateId(first);
          b.setLastUpdateId(first + 2);
          b.setPrevLastUpdateId(first - 1);
          auto bid = b.initBids(1)[0];
          bid.setPrice(e8(price));
          bid.setQty(e8(static_cast<double>(below(3))));
        },
        16);
    update_id_ = first + 2;
  }

  boost::random::mt19937_64 random_;
  std::int64_t update_id_ = 1000;

 public:
  World world;
};

}  // namespace

TEST_CASE("the same inputs give the same bytes") {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    INFO("seed " << seed);
    Day day(seed);
    day.live(1500);
    REQUIRE(day.world.count(RecordType::FILL) > 5);
    REQUIRE(day.world.count(RecordType::STATE_HASH) > 5);
    engine::Engine twin;
    CHECK(World::differing(day.world.records(), twin).empty());
    CHECK(twin.state_hash() == day.world.engine().state_hash());
  }
}

TEST_CASE("a saved and loaded engine continues as the original, whatever the cut") {
  for (std::uint64_t seed = 11; seed <= 14; ++seed) {
    Day day(seed);
    day.live(800);
    std::vector<Seq> input_seqs;
    day.world.records().for_each(1, [&](const RecordView& r) {
      if (!r.header->is_output()) input_seqs.push_back(r.seq);
    });
    boost::random::mt19937_64 random(seed);
    for (int cut = 0; cut < 6; ++cut) {
      const std::size_t place = cut == 0 ? 3 : random() % (input_seqs.size() - 1);
      INFO("seed " << seed << ", cut behind input " << place << ", seq " << input_seqs[place]);
      engine::Engine first;
      journal::RecordBatch outputs;
      day.world.records().for_each(1, [&](const RecordView& r) {
        if (r.header->is_output() || r.seq > input_seqs[place]) return;
        outputs.clear();
        first.on(r, outputs);
      });
      const auto bytes = engine::save_state(first);
      engine::Engine second;
      REQUIRE(engine::load_state(second, bytes).ok());
      CHECK(second.state_hash() == first.state_hash());
      CHECK(engine::save_state(second) == bytes);
      CHECK(World::differing(day.world.records(), second, input_seqs[place + 1]).empty());
      CHECK(second.state_hash() == day.world.engine().state_hash());
    }
  }
}

TEST_CASE("damaged state bytes are refused, never believed") {
  Day day(21);
  day.live(300);
  const auto bytes = engine::save_state(day.world.engine());
  boost::random::mt19937_64 random(21);
  for (int i = 0; i < 40; ++i) {
    auto damaged = bytes;
    damaged.resize(random() % damaged.size());
    engine::Engine fresh;
    CHECK_FALSE(engine::load_state(fresh, damaged).ok());
  }
}

TEST_CASE("the engine's account equals the venue's, and money is neither made nor lost") {
  for (std::uint64_t seed = 31; seed <= 36; ++seed) {
    INFO("seed " << seed);
    Day day(seed);
    day.live(1200);
    const engine::Portfolio& portfolio = day.world.engine().portfolio();
    for (InstrumentNo n = 1; n <= 2; ++n) CHECK(portfolio.net_position(n) == day.world.venue_position(n));
    CHECK(portfolio.is_conserved());
  }
}

TEST_CASE("every cause stands before its effect and every order leads back to an input") {
  Day day(41);
  day.live(1000);
  int orders = 0;
  day.world.each<schema::OrderCommand>(RecordType::ORDER_COMMAND,
                                       [&](const RecordView& record, schema::OrderCommand::Reader) {
                                         if (++orders > 200) return;  // at() walks the run: a sample is enough
                                         Seq seq = record.seq;
                                         for (;;) {
                                           const Seq cause = day.world.at(seq).cause_seq();
                                           REQUIRE(cause < seq);
                                           if (cause == 0) break;
                                           seq = cause;
                                         }
                                         CHECK_FALSE(day.world.at(seq).header->is_output());
                                       });
  CHECK(orders > 20);
}

TEST_CASE("records that the engine does not know, or that are outputs, change nothing") {
  World world(day_account(), {"BTCUSDT", "ETHUSDT"});
  world.bbo(60'000, 60'000.1);
  const auto before = world.engine().state_hash();
  journal::RecordBatch odd;
  journal::RecordHeader header;
  header.set_type(static_cast<RecordType>(77));
  header.body_bytes = 0;
  header.ts_engine = world.now();
  odd.append_copy(header, nullptr, 0);
  header.set_type(RecordType::FILL);
  header.flags = journal::kFlagOutput;
  odd.append_copy(header, nullptr, 0);
  journal::RecordBatch outputs;
  odd.for_each(9'000, [&](const RecordView& view) {
    outputs.clear();
    if (view.header->is_output()) world.engine().on(view, outputs);
    CHECK(outputs.empty());
  });
  CHECK(world.engine().state_hash() == before);
}

TEST_CASE("absurd prices and quantities do not reach the arithmetic") {
  World world(day_account(), {"BTCUSDT", "ETHUSDT"});
  world.bbo(60'000, 60'000.1);
  world.trade(60'000);
  static const std::int64_t absurd[] = {INT64_MAX, INT64_MIN, -1, 0, 1, INT64_MAX / 2, 100'000'000'000'000'000};
  for (const std::int64_t price : absurd) {
    for (const std::int64_t qty : absurd) {
      world.input<schema::Trade>(RecordType::TRADE, 1, [&](schema::Trade::Builder b) {
        b.setPrice(price);
        b.setQty(qty);
      });
      world.input<schema::Bbo>(RecordType::BBO, 1, [&](schema::Bbo::Builder b) {
        b.setBidPrice(price);
        b.setBidQty(qty);
        b.setAskPrice(price);
        b.setAskQty(qty);
      });
      world.input<schema::MarkPrice>(RecordType::MARK_PRICE, 1, [&](schema::MarkPrice::Builder b) {
        b.setMarkPrice(price);
        b.setIndexPrice(qty);
      });
      world.input<schema::MarketBar>(RecordType::MARKET_BAR, 1, [&](schema::MarketBar::Builder b) {
        b.setOpen(price);
        b.setHigh(price);
        b.setLow(price);
        b.setClose(price);
        b.setVolume(qty);
        b.setOpenTime(qty);
        b.setCloseTime(price);
      });
      world.input<schema::BookSnapshot>(
          RecordType::BOOK_SNAPSHOT, 2,
          [&](schema::BookSnapshot::Builder b) {
            auto bid = b.initBids(1)[0];
            bid.setPrice(price);
            bid.setQty(qty);
            auto ask = b.initAsks(1)[0];
            ask.setPrice(price);
            ask.setQty(qty);
          },
          16);
      world.wait_ms(500);
      world.tick();
    }
  }
  CHECK(world.engine().portfolio().is_conserved());
}

TEST_CASE("instrument numbers out of range are left alone") {
  World world(day_account(), {"BTCUSDT", "ETHUSDT"});
  for (const InstrumentNo number : {0u, 3u, 70'000u, 4'000'000'000u}) {
    world.bbo(60'000, 60'000.1, 1, number);
    world.trade(60'000, 1, Side::BUY, number);
    world.mark(60'000, number);
  }
  CHECK(world.count(RecordType::ORDER_COMMAND) == 0);
}
