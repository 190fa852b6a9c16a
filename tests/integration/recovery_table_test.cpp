// The kill table: a process that trades a stress scenario dies behind a record, at every record (nightly) or at some
// (always), and starts again. What it left must verify and replay identical, stand where the undisturbed run stood at
// that record, and lead to the end of the undisturbed run.
//
// Children are forked, not started: the dataset, the scenario and the reference are there already. They die by SIGKILL
// from their own hand right behind a step, with the writer's thread wherever it is.
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>

#include "config/loader.h"
#include "engine/replay.h"
#include "engine/state_walk.h"
#include "engine/strategy/registry.h"
#include "journal/journal_reader.h"
#include "journal/verify.h"
#include "sim/backtest.h"
#include "sim/scenario/director.h"
#include "tests/integration/program.h"
#include "tests/support/catch.h"

namespace reprise::integration {
namespace {

namespace fs = std::filesystem;
using journal::Seq;

// A bad minute of two contracts: a crash, and the venue and the feed failing in it.
const char* kStress = R"(name: worst-minute
base:
  generate: {seed: 5, length: LENGTH, symbols: 2}
profile: PROFILE
seed: 4
acts:
  - at: 12s
    crash: {symbols: {BTCUSDT: 1, ETHUSDT: 1.4}, by: -4 %, over: 6s, hold: 2s, recover: 50 %, recover_over: 10s}
  - at: 14s
    reject_storm: {share: 50 %, code: 1008, commands: submit, for: 5s}
  - at: 16s
    latency: {add: 300ms, jitter: 400ms, way: both, for: 6s}
  - at: 24s
    outage: {orders: lost, for: 5s}
  - at: 32s
    freeze: {then: burst, for: 3s}
  - at: 40s
    feed_gap: {symbols: [BTCUSDT], heal_after: 1s, for: 2s}
expect:
  - always_conserved: true
)";

bool is_nightly() {  // every record of a longer one: some 10,000 kills
  return std::getenv("REPRISE_NIGHTLY") != nullptr;
}

struct Stage {
  sim::scenario::Scenario scenario;
  config::Loaded profile;
  std::string dataset;
};

// Steps into a run as the scenario does, and dies behind record `at`.
class DyingHooks final : public sim::RunHooks {
 public:
  DyingHooks(sim::scenario::Director& director, Seq at, unsigned spin) : director_(director), at_(at), spin_(spin) {}
  void bind(sim::RunControl& run) override {
    run_ = &run;
    director_.bind(run);
  }
  UnixNanos next_time() const override { return director_.next_time(); }
  void on_time(UnixNanos now) override { director_.on_time(now); }
  void on_market(const sim::SourceRecord& record) override { director_.on_market(record); }
  void on_command(const sim::Command& command, UnixNanos arrival) override { director_.on_command(command, arrival); }
  void on_report(const sim::Report& report, UnixNanos arrival) override { director_.on_report(report, arrival); }
  bool is_up() const override { return director_.is_up(); }
  void after_input(const journal::RecordView& input, const journal::RecordBatch& outputs) override {
    director_.after_input(input, outputs);
    if (run_->next_seq() <= at_) return;
    // The writer's thread gets to another place each time.
    for (unsigned n = 0; n < spin_; ++n) asm volatile("");
    ::kill(::getpid(), SIGKILL);
  }
  void persist(engine::StateArchive& archive) override { director_.persist(archive); }

 private:
  sim::scenario::Director& director_;
  sim::RunControl* run_ = nullptr;
  Seq at_;
  unsigned spin_;
};

sim::BacktestOptions options_for(const Stage& stage, const std::string& journal, sim::RunHooks& hooks) {
  sim::BacktestOptions options;
  options.datasets = {stage.dataset};
  options.config = stage.profile.config;
  options.entries = stage.profile.entries;
  options.journal_path = journal;
  options.durability = journal::Durability::wal;
  options.snapshot_interval = 500;
  options.clock = [] { return std::int64_t{1}; };
  options.hooks = &hooks;
  return options;
}

std::unique_ptr<sim::scenario::Director> director_for(const Stage& stage) {
  return std::make_unique<sim::scenario::Director>(stage.scenario, stage.profile.config, stage.profile.entries,
                                                   engine::changed_configuration);
}

// Runs that trade and die, each a child of a process without threads: a fork of this one would take along the locks
// that RocksDB's threads hold at that moment, and now and then wait for them for ever.
class Arena {
 public:
  Arena(const Stage& stage, const std::string& journal) {
    REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends_) == 0);
    keeper_ = ::fork();
    REQUIRE(keeper_ >= 0);
    if (keeper_ == 0) keep(stage, journal);
    ::close(ends_[1]);
  }
  ~Arena() {
    ::close(ends_[0]);
    ::waitpid(keeper_, nullptr, 0);
  }
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  void trade_and_die(Seq at) {
    int status = 0;
    REQUIRE(::write(ends_[0], &at, sizeof at) == sizeof at);
    REQUIRE(::read(ends_[0], &status, sizeof status) == sizeof status);
    REQUIRE(WIFSIGNALED(status));
    REQUIRE(WTERMSIG(status) == SIGKILL);
  }

 private:
  [[noreturn]] void keep(const Stage& stage, const std::string& journal) {
    ::close(ends_[0]);
    Seq at = 0;
    while (::read(ends_[1], &at, sizeof at) == sizeof at) {
      const pid_t child = ::fork();
      if (child == 0) {
        auto director = director_for(stage);
        DyingHooks hooks(*director, at, static_cast<unsigned>(at * 7919 % 200'000));
        auto report = sim::run_backtest(options_for(stage, journal, hooks));
        ::_exit(report.ok() ? 0 : 1);
      }
      int status = 0;
      if (child < 0 || ::waitpid(child, &status, 0) != child) break;
      if (::write(ends_[1], &status, sizeof status) != sizeof status) break;
    }
    ::_exit(0);
  }

  int ends_[2] = {};
  pid_t keeper_ = 0;
};

Seq first_point() {
  const char* text = std::getenv("REPRISE_KILL_START");
  return text == nullptr ? 1 : std::strtoull(text, nullptr, 10);
}

}  // namespace

TEST_CASE("killed behind any record of a stress scenario, a run recovers to the same state and comes to the same end") {
  const Scratch scratch;
  std::string text = kStress;
  text.replace(text.find("PROFILE"), 7, source_path("config/examples/stress.yaml"));
  text.replace(text.find("LENGTH"), 6, is_nightly() ? "210s" : "60s");
  const std::string file = scratch.file("worst.yaml", text);
  Stage stage;
  {
    auto scenario = sim::scenario::read_scenario(file, text);
    INFO((scenario.ok() ? std::string() : scenario.error().text()));
    REQUIRE(scenario.ok());
    stage.scenario = std::move(*scenario);
    auto profile = config::load(source_path("config/examples/stress.yaml"), {}, engine::strategy_catalog());
    REQUIRE(profile.ok());
    stage.profile = std::move(*profile);
    stage.profile.config.journal.block_bytes = 4'096;  // small, so that a part of each run is durable when it dies
    stage.dataset = scratch.path("market");
    answer({"generate", "--seed", "5", "--hours", is_nightly() ? "0.0584" : "0.0167", "--symbols", "2", "--out",
            stage.dataset});
  }
  const std::string journal = scratch.path("killed");
  Arena arena(stage, journal);  // before anything here starts a thread
  const std::string whole = scratch.path("whole");
  auto director = director_for(stage);
  auto reference = sim::run_backtest(options_for(stage, whole, *director));
  REQUIRE(reference.ok());
  REQUIRE(director->problem().empty());
  auto undisturbed = engine::StateWalk::open(whole);
  REQUIRE(undisturbed.ok());

  const Seq points = is_nightly() ? reference->records : 40;
  // With REPRISE_KILL_START the table begins there: a part of it that was made before need not be made again.
  const Seq stride = std::max<Seq>(1, reference->records / points);
  std::size_t killed = 0;
  std::size_t before_first = 0;
  std::uint64_t lost = 0;
  for (Seq at = first_point(); at + 1 < reference->records; at += stride) {
    if (killed % 1'000 == 999) std::cout << "kill table: " << killed + 1 << " kills" << std::endl;
    INFO("killed behind record " << at << " of " << reference->records);
    fs::remove_all(journal);
    arena.trade_and_die(at);
    ++killed;
    if (!fs::exists(journal)) {  // died before the journal was there: the next run begins anew
      ++before_first;
      continue;
    }
    auto verified = journal::verify(journal);
    REQUIRE(verified.ok());
    INFO(verified->problem);
    REQUIRE(verified->clean);
    lost += at > verified->last_seq ? at - verified->last_seq : 0;
    if (verified->last_seq != 0) {
      auto replayer = engine::Replayer::open(journal);
      REQUIRE(replayer.ok());
      auto replayed = replayer->run();
      REQUIRE(replayed.ok());
      REQUIRE(replayed->identical);
      // The state behind the last whole step that was kept is that of the undisturbed run there.
      REQUIRE(undisturbed->go_to(replayer->engine().last_input_seq()).ok());
      REQUIRE(undisturbed->engine().state_hash() == replayer->engine().state_hash());
    }
    auto again = director_for(stage);
    sim::BacktestOptions options = options_for(stage, journal, *again);
    options.resume = true;
    auto resumed = sim::run_backtest(options);
    INFO((resumed.ok() ? std::string() : resumed.error().text()));
    REQUIRE(resumed.ok());
    REQUIRE(resumed->digest == reference->digest);
  }
  std::cout << "kill table: " << killed << " kills over " << reference->records << " records of a stress scenario, "
            << before_first << " before the journal was there, " << killed - before_first
            << " recovered to the state and resumed to the end of the undisturbed run; " << lost
            << " records behind the last durable one cut\n";
}

}  // namespace reprise::integration
