// Replay says identical, or names the record, the field, both values and the causes.
#include "engine/replay.h"
#include "engine/state_walk.h"

#include <filesystem>

#include "engine/portfolio/portfolio.h"
#include "engine/version.h"
#include "journal/journal_writer.h"
#include "tests/engine/world.h"
#include "tests/support/catch.h"

using namespace reprise;
using namespace reprise::test;

namespace {

struct Folder {
  std::string path;
  explicit Folder(const std::string& name)
      : path((std::filesystem::temp_directory_path() / ("reprise_replay_" + name)).string()) {
    std::filesystem::remove_all(path);
  }
  ~Folder() { std::filesystem::remove_all(path); }
};

void write_journal(const std::string& path, const journal::RecordBatch& records, std::size_t keep = SIZE_MAX,
                   bool end = true) {
  journal::Manifest manifest;
  manifest.mode = schema::RunMode::BACKTEST;
  manifest.engine_version = engine::kEngineVersion;
  journal::WriterOptions options;
  options.clock = [] { return std::int64_t{0}; };
  auto writer = journal::JournalWriter::create(path, manifest, options);
  REQUIRE(writer.ok());
  std::size_t n = 0;
  records.for_each(1, [&](const RecordView& record) {
    if (n++ < keep) writer->append(record);
  });
  REQUIRE(writer->commit().ok());
  if (end) REQUIRE(writer->end().ok());
}

World& breakout_day(World& world) {
  for (int i = 0; i < 8; ++i) world.bar(60'000, 60'010, 59'990, 60'000);
  world.bar(60'000, 60'060, 59'995, 60'050);
  for (double price = 60'100; price <= 60'500; price += 50) world.bar(price - 50, price + 5, price - 55, price);
  world.bar(60'500, 60'500, 60'300, 60'310);
  world.tick();
  world.end();
  return world;
}

config::Config breakout_account() {
  Account account{wide_config()};
  account.strategy("trend", "trend_following",
                   {{"fast_period", "2"},
                    {"slow_period", "4"},
                    {"breakout_period", "4"},
                    {"atr_period", "3"},
                    {"atr_multiple", "2"},
                    {"protective_stop", "false"}});
  return account.config;
}

engine::ReplayReport replay(const std::string& path, engine::ReplayOptions options = {}) {
  auto replayer = engine::Replayer::open(path, std::move(options));
  REQUIRE(replayer.ok());
  auto report = replayer->run();
  INFO((report.ok() ? std::string() : report.error().text()));
  REQUIRE(report.ok());
  return std::move(report).value();
}

}  // namespace

TEST_CASE("an untouched journal replays identical, with the digest of its manifest") {
  World world(breakout_account());
  Folder folder("same");
  write_journal(folder.path, breakout_day(world).records());
  auto replayer = engine::Replayer::open(folder.path);
  REQUIRE(replayer.ok());
  const auto report = replayer->run();
  REQUIRE(report.ok());
  const engine::ReplayReport seen = std::move(report).value();
  CHECK(seen.identical);
  CHECK(seen.complete);
  CHECK(seen.records == world.records().count());
  CHECK(seen.inputs + seen.outputs == seen.records);
  CHECK(seen.by_type[static_cast<std::size_t>(RecordType::FILL)] == world.count(RecordType::FILL));
  CHECK(seen.digest == replayer->manifest().digest);
  CHECK(replayer->engine().state_hash() == world.engine().state_hash());
}

TEST_CASE("one changed constant: the first record that differs, its field, both values and the causes") {
  World world(breakout_account());
  Folder folder("set");
  write_journal(folder.path, breakout_day(world).records());
  engine::ReplayOptions options;
  options.overrides = {{"strategies.trend.params.atr_multiple", "4"}};
  const auto report = replay(folder.path, options);
  CHECK_FALSE(report.identical);
  REQUIRE(report.first_divergence);
  const engine::Divergence& d = *report.first_divergence;
  CHECK(d.type == RecordType::SIGNAL);
  CHECK(d.field == "stop_price");
  CHECK(d.recorded != d.replayed);
  REQUIRE(d.causes.size() == 1);
  CHECK(d.causes[0].find("marketBar (input)") != std::string::npos);
  CHECK(world.at(d.seq).type() == RecordType::SIGNAL);
}

TEST_CASE("a decision that the engine did not make, and one that it misses, are found") {
  World world(breakout_account());
  breakout_day(world);
  Folder folder("edited");
  SECTION("an output is gone") {
    journal::RecordBatch edited;
    const Seq victim = world.last(RecordType::SIGNAL).seq;
    world.records().for_each(1, [&](const RecordView& r) {
      if (r.seq != victim) edited.append_copy(*r.header, r.body(), r.body_words());
    });
    write_journal(folder.path, edited);
    const auto report = replay(folder.path);
    CHECK_FALSE(report.identical);
    CHECK(report.first_divergence->seq == victim);
  }
  SECTION("an output too many, behind the last one") {
    journal::RecordBatch edited;
    RecordView extra = world.last(RecordType::STATE_HASH);
    world.records().for_each(1, [&](const RecordView& r) { edited.append_copy(*r.header, r.body(), r.body_words()); });
    edited.append_copy(*extra.header, extra.body(), extra.body_words());
    write_journal(folder.path, edited);
    const auto report = replay(folder.path);
    REQUIRE(report.first_divergence);
    CHECK(report.first_divergence->field == "record");
    CHECK(report.first_divergence->replayed == "(none)");
  }
  SECTION("the journal ended although outputs are missing at its end") {
    write_journal(folder.path, world.records(), world.records().count() - 1);
    const auto report = replay(folder.path);
    REQUIRE(report.first_divergence);
    CHECK(report.first_divergence->recorded == "(none)");
  }
}

TEST_CASE("the journal of a crashed process may end in the middle of the outputs of its last input") {
  World world(breakout_account());
  breakout_day(world);
  Folder folder("crash");
  write_journal(folder.path, world.records(), world.records().count() - 1, false);
  const auto report = replay(folder.path);
  CHECK(report.identical);
  CHECK(report.cut_outputs == 1);
}

TEST_CASE("a walk goes to a moment and shows the state of that moment, forwards and backwards") {
  World world(breakout_account());
  breakout_day(world);
  Folder folder("moment");
  write_journal(folder.path, world.records());
  const Seq at = world.last(RecordType::ORDER_COMMAND).seq;  // the exit is decided, not yet traded
  auto walk = engine::StateWalk::open(folder.path);
  REQUIRE(walk.ok());
  for (int round = 0; round < 2; ++round) {
    REQUIRE(walk->go_to(at).ok());
    CHECK(walk->stands_behind() >= at);
    CHECK(walk->engine().portfolio().net_position(1).is_positive());
    REQUIRE(walk->go_to(walk->last_seq()).ok());
    CHECK(walk->stands_behind() == walk->last_seq());
    CHECK(walk->engine().state_hash() == world.engine().state_hash());
  }
}

TEST_CASE("a key that the configuration does not have is an error, not a silent identical") {
  World world(breakout_account());
  Folder folder("key");
  write_journal(folder.path, breakout_day(world).records());
  engine::ReplayOptions options;
  options.overrides = {{"strategies.trend.params.atr_multipel", "4"}};
  auto replayer = engine::Replayer::open(folder.path, options);
  REQUIRE(replayer.ok());
  CHECK_FALSE(replayer->run().ok());
}
