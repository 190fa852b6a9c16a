// Drives a backtest: datasets -> simulated venue -> engine -> journal, in one total order (sim/MODELS.md,
// "The loop").
//
// Deterministic: records depend on datasets, configuration and engine version alone. The clock given here
// fills the manifest's wall times, nothing else. Runs on the caller's thread; `stop` may be set from any
// thread or a signal handler. Memory is bounded by the look-ahead of the latencies, not by the datasets.
#pragma once

// determinism: allowed because the stop flag below ends a run early, it never changes a record
#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "config/config.h"
#include "journal/journal_writer.h"
#include "journal/manifest.h"
#include "journal/record.h"
#include "journal/result.h"

namespace reprise::sim {

class RunHooks;  // sim/run_hooks.h

struct BacktestProgress {
  std::uint64_t dataset_records = 0;  // read so far, over all datasets
  std::uint64_t dataset_records_total = 0;
  std::uint64_t records = 0;     // of the run
  std::int64_t engine_time = 0;  // ns UTC
};

inline constexpr std::uint64_t kDefaultSnapshotInterval = 250'000;

struct BacktestOptions {
  // Dataset journals. Merged by receive time, ties by their order here. Instruments of the same venue,
  // symbol and contract type get one number.
  std::vector<std::string> datasets;
  config::Config config;
  config::Entries entries;   // the same configuration, flat: this is what is journaled
  std::string journal_path;  // empty = journal off
  // With the journal off: a journal that this run must make again, record by record (an Error names the first that
  // differs). How many were compared is in the report.
  std::string compare_with;
  journal::Durability durability = journal::Durability::wal;
  // Continues a journal that a killed process left: the run is repeated from the start, records up to the
  // last one kept are compared byte for byte (an Error names the first that differs), later ones appended.
  bool resume = false;
  // Keep the whole state in the journal every so many records, so that any moment is near one; 0 = never.
  std::uint64_t snapshot_interval = kDefaultSnapshotInterval;
  journal::WallClock clock;  // required
  std::string build_id;
  std::string compiler;
  RunHooks* hooks = nullptr;  // steps into the run (a scenario); not owned, new for each run
  std::function<void(const BacktestProgress&)> progress;  // every 65536 dataset records; may be empty
  // determinism: allowed because stopping only decides where the run ends
  const std::atomic<bool>* stop = nullptr;  // set: end the run in order, as soon as possible
};

struct BacktestReport {
  std::uint64_t records = 0;
  std::uint64_t inputs = 0;
  std::uint64_t outputs = 0;
  std::uint64_t dataset_records = 0;
  std::uint64_t compared_records = 0;  // with those of the journal resumed, or of `compare_with`
  journal::Digest digest;              // of the journal; zero with the journal off
  std::int64_t last_engine_time = 0;   // ns UTC
  bool stopped = false;
  double wall_seconds = 0;  // by options.clock
};

Result<BacktestReport> run_backtest(const BacktestOptions& options);

}  // namespace reprise::sim
