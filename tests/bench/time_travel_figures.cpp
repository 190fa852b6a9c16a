// Figures of time travel: the state of any moment, snapshots, branches.
#include <filesystem>
#include <random>
#include <thread>

#include "config/loader.h"
#include "engine/state_walk.h"
#include "engine/strategy/registry.h"
#include "journal/journal_reader.h"
#include "sim/backtest.h"
#include "sim/branch.h"
#include "sim/dataset_source.h"
#include "sim/run_loop.h"
#include "sim/run_sink.h"
#include "tests/bench/bench.h"
#include "tools/journals.h"
#include "tools/whatif/branches.h"

namespace reprise::bench {

namespace fs = std::filesystem;
using journal::JournalReader;
using journal::Seq;

namespace {

config::Loaded profile_of(const Market& market) {
  return must(config::load(market.profile, {}, engine::strategy_catalog()));
}

// A long run with snapshots at the default interval; returns its journal.
std::string long_run(Bench& bench, const Market& market) {
  const std::string journal = bench.place + "/travelled";
  const config::Loaded loaded = profile_of(market);
  sim::BacktestOptions options;
  options.datasets = {repeated_dataset(bench, market, "large-market", bench.size.replay_records)};
  options.config = loaded.config;
  options.entries = loaded.entries;
  options.journal_path = journal;
  options.clock = clock_ns;
  must(sim::run_backtest(options));
  return journal;
}

void measure_moments(Bench& bench, const std::string& journal, int moments) {
  const Seq last = must(JournalReader::open(journal)).last_seq();
  std::mt19937_64 random(7);
  std::vector<double> ms;
  for (int n = 0; n < moments; ++n) {
    const Seq seq = 1 + random() % last;
    const double start = wall_now();
    engine::StateWalk walk = must(engine::StateWalk::open(journal));
    must(walk.go_to(seq));
    bench.hash.add(walk.engine().state_hash().low);
    ms.push_back((wall_now() - start) * 1e3);
  }
  const std::string note = tools::with_thousands(static_cast<std::uint64_t>(moments)) + " random moments of " +
                           tools::with_thousands(last) + " records, journal opened each time";
  bench.figures.push_back(figure_of("state of any moment, p50", median(ms), "ms", {}, Better::lower, note));
  bench.figures.push_back(
      figure_of("state of any moment, p99", percentile(ms, 0.99), "ms", 1'000, Better::lower, note));
}

// Taking the state of a running loop, on the engine's own thread; compressing and storing is the writer's.
void measure_snapshots(Bench& bench, const Market& market) {
  constexpr Seq kEvery = 5'000;
  const config::Loaded loaded = profile_of(market);
  sim::DatasetSource source = must(sim::DatasetSource::open({market.dataset}, {loaded.config.venue.feed_latency_ns}));
  sim::RunSink sink = sim::RunSink::none();
  sim::RunLoop loop(source, sink);
  std::vector<double> ms;
  double total = 0;
  std::size_t bytes = 0;
  const double start = wall_now();
  loop.begin(loaded.config, loaded.entries);
  Seq next = kEvery;
  while (loop.step()) {
    if (sink.next_seq() < next) continue;
    next = sink.next_seq() + kEvery;
    const double began = wall_now();
    const journal::SnapshotImage image = loop.snapshot();
    ms.push_back((wall_now() - began) * 1e3);
    total += ms.back() * 1e-3;
    bytes = 0;
    for (const auto& section : image.sections) bytes += section.bytes.size();
  }
  if (ms.empty()) return;
  const double run = wall_now() - start - total;
  const double mean = total / static_cast<double>(ms.size());
  const double interval =
      run / static_cast<double>(sink.next_seq()) * static_cast<double>(sim::kDefaultSnapshotInterval);
  bench.figures.push_back(figure_of("snapshot of the whole state, p99", percentile(ms, 0.99), "ms", 5, Better::lower,
                                    "on the engine's thread, " + tools::bytes_text(bytes) + " at the end"));
  bench.figures.push_back(figure_of(
      "snapshots at the default interval", mean / (mean + interval) * 100, "% of throughput", 2, Better::lower,
      "one every " + tools::with_thousands(std::uint64_t{sim::kDefaultSnapshotInterval}) + " records"));
}

double branch_seconds(const std::string& journal, Seq behind, int branches, std::size_t threads, ResultHash& hash) {
  sim::RecordedRun run = must(sim::RecordedRun::open(journal));
  std::vector<tools::BranchJob> jobs;
  for (int n = 0; n < branches; ++n) {
    tools::BranchJob job;
    job.behind = behind;
    job.options.settings = {"fees.taker_rate=0.000" + std::to_string(100 + n % 800)};
    jobs.push_back(std::move(job));
  }
  const std::atomic<bool> stop{false};
  const double start = wall_now();
  for (const sim::BranchReport& report : must(tools::run_branches(run, jobs, threads, stop, {})))
    hash.add(report.digest.low);
  return wall_now() - start;
}

void measure_branches(Bench& bench, const std::string& journal, int branches) {
  JournalReader reader = must(JournalReader::open(journal));
  journal::RecordView record;
  must(reader.seek(reader.last_seq()));
  if (!reader.next(record)) return;
  const Seq behind = must(reader.seek_time(record.header->ts_engine - 60'000'000'000)) - 1;
  const auto cores = static_cast<std::size_t>(std::max(1u, std::thread::hardware_concurrency()));
  const double all = branch_seconds(journal, behind, branches, cores, bench.hash);
  const int fewer = std::max(1, branches / 4);
  const double one = branch_seconds(journal, behind, fewer, 1, bench.hash) / fewer * branches;
  Figure figure = figure_of("1,000 branches of the last minute", all / branches * 1'000, "s", 60, Better::lower,
                            tools::with_thousands(static_cast<std::uint64_t>(branches)) + " run, " +
                                tools::with_thousands(reader.last_seq() - behind) + " records each");
  figure.ratio_to = "perfect scaling over the cores from one thread";
  figure.ratio = one / (all * static_cast<double>(cores));
  figure.ratio_goal = 0.85;
  bench.figures.push_back(figure);
}

}  // namespace

void measure_time_travel(Bench& bench) {
  const bool full = bench.size.trades >= 4'000'000;
  const bool tiny = bench.size.trades <= 20'000;
  bench.say("market data");
  const Market market = market_dataset(bench);
  bench.say("snapshots");
  measure_snapshots(bench, market);
  bench.say("a long run to travel in");
  const std::string journal = long_run(bench, market);
  bench.say("moments");
  measure_moments(bench, journal, full ? 1'000 : tiny ? 10 : 200);
  bench.say("branches");
  measure_branches(bench, journal, full ? 1'000 : tiny ? 8 : 100);
  fs::remove_all(journal);
}

}  // namespace reprise::bench
