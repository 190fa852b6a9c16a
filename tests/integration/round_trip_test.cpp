// A day from nothing to a report: generate, run, replay, verify, export, inspect, report; and what must not
// go unnoticed: a flipped byte, a forged decision, another setting.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "tests/integration/program.h"
#include "tests/support/catch.h"

using namespace reprise::integration;
namespace fs = std::filesystem;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    if (end == std::string::npos) break;
    at = end + 1;
  }
  return lines;
}

// A run of the small day in a scratch directory.
struct Traded {
  Scratch scratch;
  std::string journal = scratch.path("run");
  rapidjson::Document summary = answer(backtest(small_day().profile, small_day().dataset, journal));
};

}  // namespace

TEST_CASE("a synthetic day is traded, replayed identical and verified clean") {
  const Traded traded;
  const auto replay = answer({"replay", traded.journal});
  CHECK(std::string(replay["verdict"].GetString()) == "identical");
  CHECK(replay["first_divergence"].IsNull());
  CHECK(replay["outputs"].GetUint64() > 100);
  CHECK(replay["records"].GetUint64() == replay["inputs"].GetUint64() + replay["outputs"].GetUint64());
  CHECK(replay["by_type"]["orderCommand"].GetUint64() > 0);
  CHECK(replay["by_type"]["riskDecision"].GetUint64() > 0);
  CHECK(replay["by_type"]["fill"].GetUint64() > 0);
  CHECK(replay["wall_seconds"].GetDouble() > 0);
  CHECK(replay["records_per_second"].GetDouble() > 0);
  CHECK(replay["journal_bytes"].GetUint64() > 0);
  std::uint64_t sum = 0;
  for (const auto& member : replay["by_type"].GetObject()) sum += member.value.GetUint64();
  CHECK(sum == replay["records"].GetUint64());

  const auto verify = answer({"verify", traded.journal});
  CHECK(std::string(verify["verdict"].GetString()) == "clean");
  CHECK(verify["problem"].IsNull());
  CHECK(std::string(verify["status"].GetString()) == "ended");
  CHECK(verify["cut_records"].GetUint64() == 0);
  CHECK(verify["first_seq"].GetUint64() == 1);
  CHECK(verify["last_seq"].GetUint64() == replay["records"].GetUint64());
  CHECK(std::string(verify["digest"].GetString()) == replay["digest"].GetString());
  CHECK(std::string(verify["digest"].GetString()) == traded.summary["digest"].GetString());
  CHECK(answer({"verify", small_day().dataset})["records"].GetUint64() > 1000);
}

TEST_CASE("two runs of one day have one digest whatever the durability, and decide the same with the journal off") {
  const Traded traded;
  const std::string digest = traded.summary["digest"].GetString();
  for (const char* durability : {"buffered", "sync"}) {
    const auto again = answer(backtest(small_day().profile, small_day().dataset, traded.scratch.path(durability),
                                       {"--durability", durability}));
    CHECK(digest == again["digest"].GetString());
  }
  // Nor does it tell where the log went or how the blocks were cut.
  const auto elsewhere =
      answer(backtest(small_day().profile, small_day().dataset, traded.scratch.path("elsewhere"),
                      {"--set", "journal.durability=sync", "--set", "journal.block_bytes=8192", "--set",
                       "logging.file=" + traded.scratch.path("elsewhere.log"), "--set", "logging.level=debug"}));
  CHECK(digest == elsewhere["digest"].GetString());
  const auto unjournaled = answer(
      {"run", "--mode", "backtest", "--config", small_day().profile, "--data", small_day().dataset, "--no-journal"});
  CHECK(unjournaled["journal"].IsNull());
  CHECK(unjournaled["digest"].IsNull());
  CHECK(unjournaled["records"].GetUint64() == traded.summary["records"].GetUint64());
  CHECK(unjournaled["outputs"].GetUint64() == traded.summary["outputs"].GetUint64());
}

TEST_CASE("one seed is one dataset, another seed another") {
  const Scratch scratch;
  const auto make = [&](const char* seed, const char* name) {
    answer({"generate", "--seed", seed, "--hours", "0.02", "--out", scratch.path(name)});
    return std::string(answer({"verify", scratch.path(name)})["digest"].GetString());
  };
  const std::string first = make("11", "a");
  CHECK(first == make("11", "b"));
  CHECK(first != make("12", "c"));
}

TEST_CASE("inspect shows manifest and counts, and the state at a seq and at a time") {
  const Traded traded;
  const auto overview = answer({"inspect", traded.journal});
  CHECK(std::string(overview["mode"].GetString()) == "backtest");
  const std::uint64_t records = overview["records"].GetUint64();
  CHECK(overview["instruments"].Size() == 2);

  const auto middle = answer({"inspect", traded.journal, "--at", std::to_string(records / 2)});
  CHECK(middle["seq"].GetUint64() >= records / 2);
  CHECK(middle["state"].IsObject());
  const auto last = answer({"inspect", traded.journal, "--at", std::to_string(records)});
  CHECK(last["seq"].GetUint64() == records);
  CHECK(std::string(middle["state_hash"].GetString()) != last["state_hash"].GetString());
  // The time of a state names the same state.
  const auto by_time = answer({"inspect", traded.journal, "--at", last["time"].GetString()});
  CHECK(std::string(by_time["state_hash"].GetString()) == last["state_hash"].GetString());

  const Outcome text = run({"inspect", traded.journal, "--at", std::to_string(records / 2)});
  CHECK(text.exit_code == 0);
  for (const char* part : {"market", "open orders", "positions", "account", "wallet"})
    CHECK(text.out.find(part) != std::string::npos);
  CHECK(run({"inspect", traded.journal, "--at", std::to_string(records + 1)}).exit_code == 2);
  CHECK(run({"inspect", traded.journal, "--at", "1999-01-01Z"}).exit_code == 2);
}

TEST_CASE("export prints every record of a type as CSV and as JSON lines") {
  const Traded traded;
  const auto counts = answer({"replay", traded.journal});
  for (const auto& member : counts["by_type"].GetObject()) {
    const std::string type = member.name.GetString();
    const std::uint64_t count = member.value.GetUint64();
    const Outcome csv = run({"export", traded.journal, "--type", type, "--format", "csv"});
    INFO(type << " " << csv.err);
    REQUIRE(csv.exit_code == 0);
    const auto rows = lines_of(csv.out);
    CHECK(rows.size() == count + 1);
    CHECK(rows.front().rfind("seq,ts_engine,ts_event,ts_recv,instrument,strategy,cause_seq", 0) == 0);
    const Outcome jsonl = run({"export", traded.journal, "--type", type, "--format", "jsonl"});
    REQUIRE(jsonl.exit_code == 0);
    const auto objects = lines_of(jsonl.out);
    REQUIRE(objects.size() == count);
    for (const std::size_t at : std::set<std::size_t>{0, objects.size() / 2, objects.size() - 1}) {
      rapidjson::Document object;
      object.Parse(objects[at].data(), objects[at].size());
      REQUIRE_FALSE(object.HasParseError());
      CHECK(object["seq"].GetUint64() > 0);
    }
  }
}

TEST_CASE("export keeps to the range, the instrument and the file that were asked for") {
  const Traded traded;
  const auto overview = answer({"inspect", traded.journal});
  const std::string symbol = overview["instruments"][0]["symbol"].GetString();
  const std::uint64_t half = overview["records"].GetUint64() / 2;
  const Outcome part = run({"export", traded.journal, "--type", "trade", "--format", "jsonl", "--until",
                            std::to_string(half), "--instrument", symbol});
  REQUIRE(part.exit_code == 0);
  const auto objects = lines_of(part.out);
  REQUIRE_FALSE(objects.empty());
  for (const auto& line : objects) {
    rapidjson::Document object;
    object.Parse(line.data(), line.size());
    REQUIRE_FALSE(object.HasParseError());
    CHECK(object["seq"].GetUint64() <= half);
    CHECK(object["instrument"].GetString() == symbol);
  }
  const std::string file = traded.scratch.path("trades.csv");
  const auto summary = answer({"export", traded.journal, "--type", "trade", "--format", "csv", "--out", file});
  CHECK(lines_of(read_file(file)).size() == summary["records"].GetUint64() + 1);
  CHECK(run({"export", traded.journal, "--type", "trade", "--format", "csv", "--out", file}).exit_code == 2);
  CHECK(run({"export", traded.journal, "--type", "trade", "--format", "csv", "--instrument", "NOSUCH"}).exit_code == 2);
  CHECK(run({"export", traded.journal, "--type", "nosuch", "--format", "csv"}).exit_code == 2);
}

TEST_CASE("report gives money as decimal strings that add up") {
  const Traded traded;
  const auto report = answer({"report", traded.journal});
  for (const char* name : {"net_profit", "gross_profit", "commission", "funding", "max_drawdown"}) {
    REQUIRE(report.HasMember(name));
    CHECK(report[name].IsString());
  }
  for (const char* name : {"orders", "fills", "positions"}) CHECK(report[name].IsUint64());
  const auto money = [&](const char* name) { return std::stold(report[name].GetString()); };
  CHECK(std::abs(money("gross_profit") - money("commission") + money("funding") - money("net_profit")) < 1e-7L);
  CHECK(report["orders"].GetUint64() > 0);
  const Outcome text = run({"report", traded.journal});
  CHECK(text.exit_code == 0);
  CHECK(text.out.find("net profit") != std::string::npos);
  CHECK(text.out.find('\x1b') == std::string::npos);
  // A dataset traded nothing.
  CHECK(run({"report", small_day().dataset}).exit_code == 2);
}

TEST_CASE("a forged decision passes verify and is named by replay") {
  const Traded traded;
  const std::string forged = traded.scratch.path("forged");
  const auto change = answer({"forge", traded.journal, "--type", "riskDecision", "--out", forged});
  CHECK(std::string(answer({"verify", forged})["verdict"].GetString()) == "clean");
  const auto replay = answer({"replay", forged}, 1);
  CHECK(std::string(replay["verdict"].GetString()) == "diverged");
  const auto& divergence = replay["first_divergence"];
  REQUIRE(divergence.IsObject());
  CHECK(divergence["seq"].GetUint64() == change["seq"].GetUint64());
  CHECK(std::string(divergence["type"].GetString()) == "riskDecision");
  CHECK(std::string(divergence["field"].GetString()) == change["field"].GetString());
  CHECK(std::string(divergence["recorded"].GetString()) != divergence["replayed"].GetString());
  CHECK(divergence["causes"].Size() > 0);
  const Outcome text = run({"replay", forged});
  CHECK(text.exit_code == 1);
  CHECK(text.out.find("riskDecision") != std::string::npos);
  CHECK(text.out.find(change["field"].GetString()) != std::string::npos);
}

TEST_CASE("a flipped byte anywhere in the stored records is found by verify with exit code 3") {
  const Traded traded;
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(traded.journal)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_regular_file() && entry.file_size() > 0 && name.find("LOG") == std::string::npos &&
        name.find("OPTIONS") == std::string::npos && name.find("IDENTITY") == std::string::npos) {
      files.push_back(entry.path());
    }
  }
  REQUIRE_FALSE(files.empty());
  int tried = 0;
  for (const auto& file : files) {
    const std::string copy = traded.scratch.path("flipped" + std::to_string(tried));
    copy_journal(traded.journal, copy);
    const fs::path target = fs::path(copy) / fs::relative(file, traded.journal);
    std::string content = read_file(target.string());
    content[content.size() / 2] = static_cast<char>(content[content.size() / 2] ^ 0x10);
    std::ofstream(target, std::ios::binary | std::ios::trunc) << content;
    const std::vector<std::string> line = {"verify", copy, "--json"};
    const Outcome outcome = run(line);
    INFO(target << "\n" << shown(line, outcome));
    CHECK(outcome.exit_code == 3);
    const auto document = json_of(outcome);
    CHECK(std::string(document["verdict"].GetString()) == "corrupt");
    CHECK(document["problem"].GetStringLength() > 0);
    fs::remove_all(copy);
    ++tried;
  }
  CHECK(tried > 0);
}

TEST_CASE("replay under another setting names record, field, both values and causes") {
  const Traded traded;
  const std::vector<std::string> line = {"replay", traded.journal,
                                         "--set",  "sizing.risk_fraction=0.001",
                                         "--set",  "risk.max_position_notional=50",
                                         "--set",  "risk.max_order_notional=20"};
  const auto replay = answer(line, 1);
  CHECK(std::string(replay["verdict"].GetString()) == "diverged");
  const auto& divergence = replay["first_divergence"];
  REQUIRE(divergence.IsObject());
  CHECK(divergence["seq"].GetUint64() > 0);
  CHECK(divergence["field"].GetStringLength() > 0);
  CHECK(std::string(divergence["recorded"].GetString()) != divergence["replayed"].GetString());
  CHECK(divergence["causes"].Size() > 0);
  // The setting that the run had changes nothing.
  CHECK(
      std::string(answer({"replay", traded.journal, "--set", "sizing.risk_fraction=0.0020"})["verdict"].GetString()) ==
      "identical");
  // What governs inputs alone is told to change nothing; what goes out with an order is not.
  const auto latency = answer({"replay", traded.journal, "--set", "venue.order_entry_latency=90ms"});
  CHECK(std::string(latency["verdict"].GetString()) == "identical");
  CHECK(std::string(latency["note"].GetString()).find("changes nothing") != std::string::npos);
  const auto stp = answer({"replay", traded.journal, "--set", "venue.stp_mode=expire_both"}, 1);
  CHECK(std::string(stp["verdict"].GetString()) == "diverged");
  CHECK(std::string(stp["note"].GetString()).empty());
  // The nearest key is named.
  const Outcome misspelt = run({"replay", traded.journal, "--set", "risk.max_levrage=2"});
  CHECK(misspelt.exit_code == 2);
  CHECK(misspelt.err.find("risk.max_leverage") != std::string::npos);
}

TEST_CASE("a run logs structured lines to the configured file and stays quiet on standard error") {
  const Scratch scratch;
  const std::string log = scratch.path("reprise.log");
  const auto line =
      backtest(small_day().profile, small_day().dataset, scratch.path("run"), {"--set", "logging.file=" + log});
  const Outcome outcome = run(line);
  INFO(shown(line, outcome));
  REQUIRE(outcome.exit_code == 0);
  CHECK(outcome.err.empty());
  const std::string text = read_file(log);
  CHECK(text.find("run started mode=backtest") != std::string::npos);
  CHECK(text.find("run ended digest=xxh3-128:") != std::string::npos);
  CHECK(run(backtest(small_day().profile, small_day().dataset, scratch.path("run2"),
                     {"--set", "logging.file=/proc/reprise/log"}))
            .exit_code == 2);
}

TEST_CASE("a failure is told once on standard error, and replay of a dataset says that it compared nothing") {
  const Traded traded;
  const Outcome again = run(backtest(small_day().profile, small_day().dataset, traded.journal, {"--resume"}));
  CHECK(again.exit_code == 2);
  CHECK(std::count(again.err.begin(), again.err.end(), '\n') == 1);
  const auto dataset = answer({"replay", small_day().dataset});
  CHECK(dataset["outputs"].GetUint64() == 0);
  CHECK(std::string(dataset["note"].GetString()).find("nothing was compared") != std::string::npos);
}

TEST_CASE("a reader that has seen enough ends export and inspect without an error") {
  for (const std::string& command : {std::string("export ") + small_day().dataset + " --type trade --format csv",
                                     std::string("inspect ") + small_day().dataset}) {
    const Outcome piped = run_program(
        "/bin/sh", {"-c", "{ " + std::string(REPRISE_PROGRAM) + " " + command + "; echo code $? >&2; } | head -n 1"});
    INFO(piped.err);
    CHECK(piped.err == "code 0\n");
  }
}
