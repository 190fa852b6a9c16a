// Figures of the whole: bytes a trade, backtest with and without journal, verified replay, import, memory.
#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <rapidjson/document.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "config/loader.h"
#include "engine/market/book_feed.h"
#include "engine/replay.h"
#include "engine/strategy/registry.h"
#include "gateway/import/importer.h"
#include "journal/journal_reader.h"
#include "sim/backtest.h"
#include "sim/generator/generator.h"
#include "tests/bench/bench.h"
#include "tools/journals.h"

extern char** environ;

namespace reprise::bench {

namespace fs = std::filesystem;
using journal::JournalReader;
using journal::RecordType;
using journal::RecordView;

namespace {

// ---------------------------------------------------------------------------------------- backtest, replay

struct Took {
  double wall = 0;
  double cpu = 0;  // of all threads
};

Took backtest_seconds(Bench& bench, const Market& market, const std::string& dataset, const std::string& journal) {
  sim::BacktestOptions options;
  const config::Loaded loaded = must(config::load(market.profile, {}, engine::strategy_catalog()));
  options.datasets = {dataset};
  options.config = loaded.config;
  options.entries = loaded.entries;
  options.journal_path = journal;
  options.clock = clock_ns;
  if (!journal.empty()) fs::remove_all(journal);
  const double start = wall_now();
  const double cpu = process_cpu_now();
  const sim::BacktestReport report = must(sim::run_backtest(options));
  const Took took{wall_now() - start, process_cpu_now() - cpu};
  bench.hash.add(report.records);
  bench.hash.add(report.outputs);
  return took;
}

// The bare loop that a verified replay is held against: decode the same compressed journal, keep the books.
double bare_loop_seconds(Bench& bench, const std::string& journal) {
  const double start = wall_now();
  JournalReader reader = must(JournalReader::open(journal));
  std::map<std::uint32_t, BookFeed> books;
  std::uint64_t sum = 0;
  RecordView record;
  while (reader.next(record)) {
    const UnixNanos now{record.header->ts_engine};
    if (record.type() == RecordType::BOOK_DELTA) {
      BookFeed& feed = books[record.header->instrument];
      feed.on_delta(journal::read<schema::BookDelta>(record), now);
      if (const auto best = feed.book().best_bid()) sum += static_cast<std::uint64_t>(best->price.e8);
    } else if (record.type() == RecordType::BOOK_SNAPSHOT) {
      books[record.header->instrument].on_snapshot(journal::read<schema::BookSnapshot>(record), now);
    } else {
      sum += decode_every_field(record);
    }
  }
  must(reader.status());
  bench.hash.add(sum);
  return wall_now() - start;
}

void add_backtest(Bench& bench, const Market& market, const std::string& name, const std::string& journal,
                  const std::vector<Took>& on, const std::vector<Took>& off) {
  const auto middle = [](const std::vector<Took>& rounds, double Took::*part) {
    std::vector<double> values;
    for (const Took& round : rounds) values.push_back(round.*part);
    return median(values);
  };
  JournalReader reader = must(JournalReader::open(journal));
  Figure figure;
  figure.name = name;
  figure.value = static_cast<double>(reader.last_seq()) / middle(on, &Took::wall) * 1e-6;
  figure.unit = "M records/s";
  figure.ratio_to = "the same with the journal off";
  figure.ratio = middle(off, &Took::wall) / middle(on, &Took::wall);
  figure.ratio_goal = 0.7;
  figure.note = "by CPU time of all threads " + tools::fixed_text(middle(off, &Took::cpu) / middle(on, &Took::cpu), 2) +
                ", " + tools::with_thousands(reader.last_seq()) + " records" + (market.is_capture ? "" : ", synthetic");
  bench.figures.push_back(figure);
}

void measure_backtest(Bench& bench, const Market& market) {
  const std::string journal = bench.place + "/run";
  std::vector<Took> on;
  std::vector<Took> off;
  for (int i = 0; i < bench.size.repetitions * 2 + 1; ++i) {  // interleaved: both see the same noise
    off.push_back(backtest_seconds(bench, market, market.dataset, ""));
    on.push_back(backtest_seconds(bench, market, market.dataset, journal));
  }
  add_backtest(bench, market, "backtest, journaled", journal, on, off);
}

void measure_replay(Bench& bench, const Market& market, const std::string& journal) {
  std::vector<double> replay;
  std::vector<double> bare;
  double records = 0;
  for (int i = 0; i < bench.size.repetitions; ++i) {
    bare.push_back(bare_loop_seconds(bench, journal));
    const double start = wall_now();
    engine::Replayer replayer = must(engine::Replayer::open(journal));
    const engine::ReplayReport report = must(replayer.run());
    replay.push_back(wall_now() - start);
    if (!report.identical) fail(corrupt_error("the benchmark's own run does not replay identical"));
    records = static_cast<double>(report.records);
    bench.hash.add(report.digest.low);
    bench.hash.add(report.outputs);
  }
  Figure figure;
  figure.name = "verified replay";
  figure.value = records / median(replay) * 1e-6;
  figure.unit = "M records/s";
  figure.goal = 2;
  figure.ratio_to = "bare loop: decode the same journal, keep the book";
  figure.ratio = median(bare) / median(replay);
  figure.ratio_goal = 0.5;
  figure.note = tools::with_thousands(static_cast<std::uint64_t>(records)) + " records" +
                (market.is_capture ? "" : ", synthetic");
  bench.figures.push_back(figure);
}

// --------------------------------------------------------------------------------------------- size on disk

// A journal of the market's trades alone.
void measure_trade_bytes(Bench& bench, const Market& market) {
  const std::string path = bench.place + "/trades-only";
  fs::remove_all(path);
  journal::ReaderOptions options;
  options.filter.types = {RecordType::TRADE};
  JournalReader reader = must(JournalReader::open(market.dataset, options));
  journal::WriterOptions writer_options;
  writer_options.clock = clock_ns;
  journal::JournalWriter writer = must(journal::JournalWriter::create(path, journal::Manifest{}, writer_options));
  RecordView record;
  std::uint64_t trades = 0;
  std::uint64_t raw = 0;
  while (reader.next(record)) {
    journal::RecordHeader header = *record.header;
    header.cause_delta = 0;
    writer.append(header, record.body(), record.body_words());
    raw += record.total_bytes();
    ++trades;
  }
  must(reader.status());
  static_cast<void>(must(writer.end()));
  if (trades == 0) return;
  Figure figure;
  figure.name = "bytes on disk for each trade";
  figure.value = static_cast<double>(tools::directory_bytes(path)) / static_cast<double>(trades);
  figure.unit = "bytes";
  figure.goal = 25;
  figure.better = Better::lower;
  figure.ratio_to = "its bytes uncompressed";
  figure.ratio = static_cast<double>(tools::directory_bytes(path)) / static_cast<double>(raw);
  figure.note =
      tools::with_thousands(trades) + " trades, everything in the directory" + (market.is_capture ? "" : "; synthetic");
  bench.figures.push_back(figure);
  fs::remove_all(path);
}

// ----------------------------------------------------------------------------------------------------- memory

// Runs a command of the program; returns the most memory it had, in MiB, as it says itself.
double peak_mib(const Bench& bench, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), bench.program);
  arguments.push_back("--json");
  std::vector<char*> argv;
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const std::string answer = bench.place + "/answer.json";
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, answer.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  pid_t child = 0;
  const int failed = posix_spawn(&child, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) fail(io_error(bench.program + ": cannot be run"));
  int status = 0;
  std::stringstream text;
  if (waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0)
    text << std::ifstream(answer).rdbuf();
  rapidjson::Document document;
  document.Parse(text.str().c_str());
  if (document.HasParseError() || !document.IsObject() || !document.HasMember("peak_memory_bytes")) {
    fail(io_error(bench.program + " " + arguments[1] + ": failed"));
  }
  return static_cast<double>(document["peak_memory_bytes"].GetUint64()) / (1024.0 * 1024.0);
}

void measure_peaks(Bench& bench, const Market& market, const std::string& small_run, const std::string& large_dataset,
                   const std::string& large_run, double factor) {
  const auto run_peak = [&](const std::string& dataset) {
    fs::remove_all(bench.place + "/peak");
    const double peak = peak_mib(bench, {"run", "--mode", "backtest", "--config", market.profile, "--data", dataset,
                                         "--journal", bench.place + "/peak"});
    fs::remove_all(bench.place + "/peak");
    return peak;
  };
  const auto add = [&](const std::string& name, double small, double large) {
    Figure figure;
    figure.name = name;
    figure.value = large;
    figure.unit = "MiB";
    figure.goal = 512;
    figure.better = Better::lower;
    figure.ratio_to = "1x input";
    figure.ratio = large / small;
    figure.note = tools::fixed_text(factor, 0) + "x input";
    bench.figures.push_back(figure);
  };
  add("peak memory, run", run_peak(market.dataset), run_peak(large_dataset));
  add("peak memory, replay", peak_mib(bench, {"replay", small_run}), peak_mib(bench, {"replay", large_run}));
  add("peak memory, verify", peak_mib(bench, {"verify", small_run}), peak_mib(bench, {"verify", large_run}));
}

// ----------------------------------------------------------------------------------------------------- import

// The ceiling of an import: decompress the file and look at nothing.
double inflate_seconds(Bench& bench, const std::string& path) {
  const double start = wall_now();
  archive* reader = archive_read_new();
  archive_read_support_filter_all(reader);
  archive_read_support_format_raw(reader);
  std::uint64_t sum = 0;
  archive_entry* entry = nullptr;
  if (archive_read_open_filename(reader, path.c_str(), 1u << 20) == ARCHIVE_OK &&
      archive_read_next_header(reader, &entry) == ARCHIVE_OK) {
    std::vector<char> buffer(1u << 20);
    for (la_ssize_t n = 0; (n = archive_read_data(reader, buffer.data(), buffer.size())) > 0;)
      sum += static_cast<std::uint64_t>(n) + static_cast<unsigned char>(buffer[0]);
  }
  archive_read_free(reader);
  bench.hash.add(sum);
  return wall_now() - start;
}

}  // namespace

// The market to measure with; made once.
Market market_dataset(Bench& bench) {
  Market market;
  market.dataset = bench.place + "/market";
  market.is_capture = bench.capture.has_value();
  fs::remove_all(market.dataset);
  if (market.is_capture) {
    market.profile = REPRISE_SOURCE_DIR "/config/examples/eth-capture.yaml";
    gateway::ImportOptions options;
    options.files = {*bench.capture};
    options.out = market.dataset;
    options.clock = clock_ns;
    market.records = must(gateway::import_files(options)).records;
  } else {
    market.profile = REPRISE_SOURCE_DIR "/config/examples/demo.yaml";
    sim::GeneratorOptions options;
    options.seed = 7;
    options.symbols = 2;
    options.duration_ns = static_cast<std::int64_t>(bench.size.trades >= 1'000'000 ? 3600 : 120) * 1'000'000'000;
    options.out = market.dataset;
    options.clock = clock_ns;
    market.records = must(sim::generate(options)).records;
  }
  return market;
}

void measure_engine(Bench& bench) {
  bench.say("market data");
  const Market market = market_dataset(bench);
  bench.say("bytes a trade");
  measure_trade_bytes(bench, market);
  bench.say("backtest");
  measure_backtest(bench, market);
  bench.say("a long run to replay");
  const std::string large_dataset = repeated_dataset(bench, market, "large-market", bench.size.replay_records);
  const std::string large_run = bench.place + "/large-run";
  const Took on = backtest_seconds(bench, market, large_dataset, large_run);
  const Took off = backtest_seconds(bench, market, large_dataset, "");
  add_backtest(bench, market, "backtest, journaled, market repeated", large_run, {on}, {off});
  bench.say("replay");
  measure_replay(bench, market, large_run);
  bench.say("memory");
  measure_peaks(
      bench, market, bench.place + "/run", large_dataset, large_run,
      static_cast<double>(bench.size.replay_records) / static_cast<double>(std::max<std::uint64_t>(1, market.records)));
}

void measure_import(Bench& bench) {
  bench.say("import");
  std::string file;
  Figure figure;
  if (bench.capture) {
    file = *bench.capture;
  } else {
    // The exchange archive's trades, as text.
    file = bench.place + "/ETHUSDT-trades-2024-01-01.csv";
    std::ofstream csv(file, std::ios::binary);
    csv << "id,price,qty,quote_qty,time,is_buyer_maker\n";
    for (std::uint64_t i = 0; i < bench.size.trades; ++i) {
      csv << 1'000'000 + i << ",23" << 10 + i % 80 << "." << 10 + i % 89 << ",0." << 100 + i % 800 << ",1000.5,"
          << 1'704'067'200'000 + i << (i % 3 == 0 ? ",true\n" : ",false\n");
    }
    figure.note = "synthetic archive CSV, no capture here";
  }
  std::vector<double> rounds;
  std::vector<double> ceiling;
  std::uint64_t text = 0;
  for (int i = 0; i < bench.size.repetitions; ++i) {
    const std::string out = bench.place + "/imported";
    fs::remove_all(out);
    gateway::ImportOptions options;
    options.files = {file};
    options.out = out;
    options.clock = clock_ns;
    const double start = wall_now();
    const gateway::ImportReport report = must(gateway::import_files(options));
    rounds.push_back(wall_now() - start);
    text = report.text_bytes;
    bench.hash.add(report.manifest.digest.low);
    ceiling.push_back(inflate_seconds(bench, file));
    fs::remove_all(out);
  }
  figure.name = "import of raw captures";
  figure.value = static_cast<double>(text) / median(rounds) * 1e-6;
  figure.unit = "MB/s of text";
  figure.goal = 250;
  figure.ratio_to = "decompression alone";
  figure.ratio = median(ceiling) / median(rounds);
  bench.figures.push_back(figure);
}

}  // namespace reprise::bench
