// Instructions a record, counted by callgrind: seconds are noisy on shared machines, these are not.
//
// Each path runs twice in a child under valgrind, on a small and on a larger input; the difference divided by
// the difference in records is free of start-up. Threads are counted apart: `append` is the engine's own
// thread alone, the other paths are all threads together. Kept figures stand in instructions.json by compiler
// and machine; growth beyond 5 % fails the check.
#include <fcntl.h>
#include <rapidjson/document.h>
#include <rapidjson/prettywriter.h>
#include <rapidjson/stringbuffer.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "config/loader.h"
#include "engine/replay.h"
#include "engine/strategy/registry.h"
#include "journal/journal_reader.h"
#include "sim/backtest.h"
#include "sim/generator/generator.h"
#include "tests/bench/bench.h"
#include "tools/json_output.h"

extern char** environ;

namespace reprise::bench {

namespace fs = std::filesystem;

namespace {

constexpr double kGrowthAllowed = 1.05;
constexpr int kRecounts = 3;
constexpr const char* kPaths[] = {"append", "scan", "replay", "order"};
constexpr const char* kMeaning[] = {
    "append one trade, engine's own thread", "scan: read, verify, decode every field of a trade",
    "verified replay of a synthetic day", "backtest with the journal off: venue, engine, orders"};
// Trades for append and scan; seconds of market for replay and order.
constexpr std::uint64_t kSmall[] = {20'000, 20'000, 20, 20};
constexpr std::uint64_t kLarge[] = {60'000, 60'000, 80, 80};

std::string machine_key() {
#if defined(__x86_64__)
  const std::string arch = "x86_64";
#elif defined(__aarch64__)
  const std::string arch = "aarch64";
#else
  const std::string arch = "other";
#endif
#if defined(__clang__)
  return "clang " + std::to_string(__clang_major__) + " " + arch;
#else
  return "GCC " + std::to_string(__GNUC__) + " " + arch;
#endif
}

sim::BacktestOptions backtest_options(const std::string& dataset, const std::string& journal) {
  sim::BacktestOptions options;
  const config::Loaded loaded =
      must(config::load(REPRISE_SOURCE_DIR "/config/examples/demo.yaml", {}, engine::strategy_catalog()));
  options.datasets = {dataset};
  options.config = loaded.config;
  options.entries = loaded.entries;
  options.journal_path = journal;
  options.clock = clock_ns;
  return options;
}

std::string day_path(const Bench& bench, std::uint64_t seconds) {
  return bench.place + "/day-" + std::to_string(seconds);
}
std::string run_path(const Bench& bench, std::uint64_t seconds) {
  return bench.place + "/run-" + std::to_string(seconds);
}
std::string trades_path(std::uint64_t count) {
  return "trades-" + std::to_string(count);
}

void prepare(Bench& bench) {
  for (const std::uint64_t count : {kSmall[1], kLarge[1]}) trades_journal(bench, trades_path(count), count);
  for (const std::uint64_t seconds : {kSmall[2], kLarge[2]}) {
    sim::GeneratorOptions options;
    options.seed = 7;
    options.symbols = 2;
    options.duration_ns = static_cast<std::int64_t>(seconds) * 1'000'000'000;
    options.out = day_path(bench, seconds);
    options.clock = clock_ns;
    fs::remove_all(options.out);
    fs::remove_all(run_path(bench, seconds));
    static_cast<void>(must(sim::generate(options)));
    static_cast<void>(must(sim::run_backtest(backtest_options(options.out, run_path(bench, seconds)))));
  }
}

struct Counted {
  double main_thread = 0;
  double all_threads = 0;
  double records = 0;
};

// "totals: N" of one callgrind file.
double total_of(const fs::path& file) {
  std::ifstream in(file);
  std::string line;
  double total = 0;
  while (std::getline(in, line)) {
    if (line.rfind("totals: ", 0) == 0) total = std::stod(line.substr(8));
    if (total == 0 && line.rfind("summary: ", 0) == 0) total = std::stod(line.substr(9));
  }
  return total;
}

Counted count_under_valgrind(const Bench& bench, const std::string& path, std::uint64_t size) {
  const fs::path folder = fs::path(bench.place) / ("callgrind-" + path + "-" + std::to_string(size));
  fs::remove_all(folder);
  fs::create_directory(folder);
  const std::string self = fs::read_symlink("/proc/self/exe").string();
  const std::string answer = (folder / "records").string();
  const std::string log = (folder / "log").string();
  const std::vector<std::string> arguments = {"valgrind",
                                              "--tool=callgrind",
                                              "--separate-threads=yes",
                                              "--callgrind-out-file=" + (folder / "out").string(),
                                              "--log-file=" + log,
                                              self,
                                              "--workload",
                                              path,
                                              "--workload-size",
                                              std::to_string(size),
                                              "--place",
                                              bench.place};
  std::vector<char*> argv;
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, answer.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  pid_t child = 0;
  const int failed = posix_spawnp(&child, "valgrind", &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) fail(io_error("valgrind cannot be run", "install it: tools/packages test"));
  int status = 0;
  if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    fail(io_error("the workload '" + path + "' failed under valgrind", "see " + log));
  }
  Counted counted;
  std::ifstream(answer) >> counted.records;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.rfind("out-", 0) != 0) continue;
    const double total = total_of(entry.path());
    counted.all_threads += total;
    if (name == "out-01") counted.main_thread = total;
  }
  if (counted.records == 0 || counted.main_thread == 0)
    fail(io_error("callgrind's answer for '" + path + "' is not understood"));
  return counted;
}

// Instructions a record of one path.
double count_path(const Bench& bench, std::size_t path) {
  const Counted small = count_under_valgrind(bench, kPaths[path], kSmall[path]);
  const Counted large = count_under_valgrind(bench, kPaths[path], kLarge[path]);
  const bool own_thread = std::string_view(kPaths[path]) == "append";
  const double more = own_thread ? large.main_thread - small.main_thread : large.all_threads - small.all_threads;
  return more / (large.records - small.records);
}

}  // namespace

int run_workload(const std::string& name, std::uint64_t size, Bench& bench) {
  std::uint64_t records = 0;
  if (name == "append") {
    journal::RecordBatch batch;
    make_trades(batch, 0, 4'000);
    const std::string path = bench.place + "/append";
    fs::remove_all(path);
    journal::WriterOptions options;
    options.clock = clock_ns;
    journal::JournalWriter writer = must(journal::JournalWriter::create(path, journal::Manifest{}, options));
    for (std::uint64_t round = 0; records < size; ++round) {
      append_later(writer, batch, round);
      records += batch.count();
    }
    static_cast<void>(must(writer.end()));
    fs::remove_all(path);
  } else if (name == "scan") {
    journal::JournalReader reader = must(journal::JournalReader::open(bench.place + "/" + trades_path(size)));
    journal::RecordView record;
    while (reader.next(record)) {
      bench.hash.add(decode_every_field(record));
      ++records;
    }
    must(reader.status());
  } else if (name == "replay") {
    engine::Replayer replayer = must(engine::Replayer::open(run_path(bench, size)));
    const engine::ReplayReport report = must(replayer.run());
    if (!report.identical) fail(corrupt_error("the workload does not replay identical"));
    records = report.records;
  } else if (name == "order") {
    records = must(sim::run_backtest(backtest_options(day_path(bench, size), ""))).records;
  } else {
    fail(usage_error("'" + name + "' is no workload"));
  }
  std::printf("%llu\n", static_cast<unsigned long long>(records));
  return 0;
}

int measure_instructions(Bench& bench, const std::string& kept_file, bool check, bool update, bool json) {
  prepare(bench);
  rapidjson::Document kept;
  {
    std::ifstream in(kept_file);
    std::stringstream text;
    text << in.rdbuf();
    kept.Parse(text.str().c_str());
    if (kept.HasParseError() || !kept.IsObject()) kept.SetObject();
  }
  const std::string key = machine_key();
  const bool has_kept = kept.HasMember(key.c_str());
  bool grown = false;
  std::vector<double> values;
  tools::Json out;
  out.begin_object().field("machine", key).key("paths").begin_array();
  tools::Table table;
  table.column("path");
  table.column("instructions a record", tools::Table::Align::right);
  table.column("kept", tools::Table::Align::right);
  table.column("change", tools::Table::Align::right);
  table.column("what");
  for (std::size_t i = 0; i < std::size(kPaths); ++i) {
    bench.say(std::string("counting ") + kPaths[i]);
    double before = 0;
    if (has_kept && kept[key.c_str()].HasMember(kPaths[i])) before = kept[key.c_str()][kPaths[i]].GetDouble();
    double value = count_path(bench, i);
    // Waiting for another thread costs instructions too, and how often that happens is the scheduler's business. It
    // only ever adds: a path that looks grown is counted again, and the least counts.
    for (int again = 0; again < kRecounts && before > 0 && value > before * kGrowthAllowed; ++again) {
      value = std::min(value, count_path(bench, i));
    }
    values.push_back(std::round(value * 10) / 10);
    const bool too_much = before > 0 && value > before * kGrowthAllowed;
    grown = grown || too_much;
    const std::string change =
        before == 0 ? "-" : (value >= before ? "+" : "") + tools::percent_text(value / before - 1);
    table.row({kPaths[i], tools::fixed_text(value, 1), before == 0 ? "-" : tools::fixed_text(before, 1),
               change + (too_much ? "  GROWN" : ""), kMeaning[i]});
    out.begin_object();
    out.field("path", kPaths[i]).field("instructions", value).key("kept");
    if (before == 0) {
      out.null();
    } else {
      out.value(before);
    }
    out.field("grown", too_much).end_object();
  }
  out.end_array().field("checked", has_kept).end_object();
  if (json) {
    std::printf("%s\n", out.text().c_str());
  } else {
    std::printf("%s\n%s", ("machine: " + key).c_str(), table.text(1000).c_str());
  }
  if (update) {
    rapidjson::Value paths(rapidjson::kObjectType);
    for (std::size_t i = 0; i < std::size(kPaths); ++i) {
      paths.AddMember(rapidjson::StringRef(kPaths[i]), values[i], kept.GetAllocator());
    }
    kept.RemoveMember(key.c_str());
    kept.AddMember(rapidjson::Value(key.c_str(), kept.GetAllocator()), paths, kept.GetAllocator());
    rapidjson::StringBuffer buffer;
    rapidjson::PrettyWriter<rapidjson::StringBuffer> writer(buffer);
    writer.SetIndent(' ', 2);
    kept.Accept(writer);
    std::ofstream(kept_file, std::ios::trunc) << buffer.GetString() << "\n";
    std::fprintf(stderr, "kept in %s\n", kept_file.c_str());
  } else if (check && !has_kept) {
    std::fprintf(stderr,
                 "no kept figures for %s: nothing to compare (tools/bench --instructions --update keeps them)\n",
                 key.c_str());
  } else if (check && grown) {
    std::fprintf(
        stderr,
        "a path grew by more than 5 %%: make it cheaper, or keep the new figure in the same commit (--update)\n");
    return 1;
  }
  return 0;
}

}  // namespace reprise::bench
