#include "sim/backtest.h"

#include "engine/engine.h"
#include "engine/version.h"
#include "sim/dataset_source.h"
#include "sim/run_loop.h"
#include "sim/run_sink.h"

namespace reprise::sim {

namespace {

constexpr std::uint64_t kBacktestProgress = 65'536;

Result<BacktestReport> go(const BacktestOptions& options, DatasetSource& source, RunSink& sink) {
  BacktestReport report;
  RunLoop loop(source, sink, options.hooks);
  std::uint64_t next_progress = kBacktestProgress;
  if (options.progress) {
    loop.on_read = [&] {
      if (source.records_read() < next_progress) return;
      next_progress = source.records_read() + kBacktestProgress;
      options.progress({source.records_read(), source.records_total(), sink.next_seq() - 1, loop.engine_time().ns});
    };
  }
  loop.begin(options.config, options.entries);
  journal::Seq next_snapshot = options.snapshot_interval == 0 ? 0 : options.snapshot_interval;
  while (!sink.failed()) {
    if (options.stop != nullptr && options.stop->load(std::memory_order_relaxed)) {
      report.stopped = true;
      break;
    }
    if (!loop.step()) break;
    if (next_snapshot != 0 && sink.next_seq() > next_snapshot) {
      next_snapshot = sink.next_seq() - 1 + options.snapshot_interval;
      if (sink.is_writing()) sink.append_snapshot(loop.snapshot());
    }
  }
  if (Status status = source.status(); !status) return status.error();
  if (Status status = sink.status(); !status) return status.error();
  loop.finish(report.stopped ? "stopped" : "end of data");
  if (Status status = sink.status(); !status) return status.error();
  Result<journal::Digest> digest = sink.end();
  if (!digest) return digest.error();
  report.digest = digest.value();
  report.records = sink.next_seq() - 1;
  report.inputs = loop.inputs();
  report.outputs = loop.outputs();
  report.dataset_records = source.records_read();
  report.compared_records = sink.compared();
  report.last_engine_time = loop.engine_time().ns;
  return report;
}

}  // namespace

Result<BacktestReport> run_backtest(const BacktestOptions& options) {
  REPRISE_ASSERT(static_cast<bool>(options.clock), "a backtest needs a clock for its manifest");
  const std::int64_t began = options.clock();
  if (Result<config::Config> checked = engine::check_configuration(options.entries); !checked) return checked.error();
  Result<DatasetSource> source = DatasetSource::open(options.datasets, {options.config.venue.feed_latency_ns});
  if (!source) return source.error();

  Result<RunSink> sink = RunSink::none();
  if (!options.journal_path.empty()) {
    journal::WriterOptions writing;
    writing.durability = options.durability;
    writing.block_bytes = options.config.journal.block_bytes;
    writing.clock = options.clock;
    if (options.resume) {
      sink = RunSink::resume(options.journal_path, writing);
    } else {
      journal::Manifest manifest;
      manifest.config_hash = config::config_hash(options.entries);
      manifest.seed = options.config.run.seed;
      // The start makes the id unique, tag and configuration say what the run is.
      manifest.run_id = "backtest-" + std::to_string(backtest_run_tag(manifest.config_hash, manifest.seed)) + "-" +
                        std::to_string(began);
      manifest.mode = schema::RunMode::BACKTEST;
      manifest.engine_version = engine::kEngineVersion;
      manifest.build_id = options.build_id;
      manifest.compiler = options.compiler;
      manifest.started_at = began;
      for (const std::string& dataset : options.datasets)
        manifest.origin += (manifest.origin.empty() ? "" : ", ") + dataset;
      sink = RunSink::create(options.journal_path, manifest, writing);
    }
    if (!sink) return sink.error();
  } else if (!options.compare_with.empty()) {
    Result<journal::JournalReader> reader = journal::JournalReader::open(options.compare_with);
    if (!reader) return reader.error();
    sink = RunSink::along(options.compare_with, std::move(reader).value(), 1);
  }
  Result<BacktestReport> report = go(options, source.value(), sink.value());
  if (report) report->wall_seconds = static_cast<double>(options.clock() - began) * 1e-9;
  return report;
}

}  // namespace reprise::sim
