// Every command with input that is empty, truncated, of the wrong kind, noise, not readable, not writable,
// or with a target that exists: exit code 2 or 3, a message that names the place, never a crash.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <random>

#include "tests/integration/program.h"
#include "tests/support/catch.h"

using namespace reprise::integration;
namespace fs = std::filesystem;

namespace {

std::string noise(std::size_t bytes, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string text;
  for (std::size_t i = 0; i < bytes; ++i) text += static_cast<char>(random());
  return text;
}

using Runner = std::function<Outcome(const std::vector<std::string>&)>;
Outcome as_ourselves(const std::vector<std::string>& line) {
  return run(line);
}

// Refused with 2 or 3, a word that names the place, and (asked for JSON) one JSON object.
void refused(std::vector<std::string> line, const std::string& place, const Runner& run = as_ourselves) {
  const Outcome plain = run(line);
  {
    INFO(shown(line, plain));
    CHECK(plain.signal == 0);
    CHECK((plain.exit_code == 2 || plain.exit_code == 3));
    const std::string said = plain.err + plain.out;
    CHECK(said.find(place) != std::string::npos);
  }
  line.push_back("--json");
  const Outcome outcome = run(line);
  INFO(shown(line, outcome));
  CHECK(outcome.exit_code == plain.exit_code);
  json_of(outcome);
}

}  // namespace

TEST_CASE("commands that read a journal refuse whatever is none and name it") {
  const SmallDay& day = small_day();
  const Scratch scratch;
  std::vector<std::string> places;
  places.push_back(scratch.path("missing"));
  fs::create_directory(scratch.path("empty-directory"));
  places.push_back(scratch.path("empty-directory"));
  places.push_back(scratch.file("empty-file", ""));
  places.push_back(scratch.file("text", "symbol,price\nBTCUSDT,1\n"));
  places.push_back(scratch.file("noise", noise(100'000, 1)));
  fs::create_directory(scratch.path("directory-of-noise"));
  for (const char* name : {"CURRENT", "MANIFEST-000001", "000004.log", "TAIL", "SEAL"}) {
    std::ofstream(scratch.path("directory-of-noise") + "/" + name, std::ios::binary) << noise(5000, 2);
  }
  places.push_back(scratch.path("directory-of-noise"));
  // A journal whose largest file was cut in half.
  const std::string cut = scratch.path("cut");
  copy_journal(day.dataset, cut);
  fs::path largest;
  for (const auto& entry : fs::recursive_directory_iterator(cut)) {
    if (entry.is_regular_file() && (largest.empty() || entry.file_size() > fs::file_size(largest)))
      largest = entry.path();
  }
  fs::permissions(largest, fs::perms::owner_all, fs::perm_options::add);
  fs::resize_file(largest, fs::file_size(largest) / 2);
  places.push_back(cut);
  // A journal with a file missing.
  const std::string holed = scratch.path("holed");
  copy_journal(day.dataset, holed);
  fs::remove(fs::path(holed) / fs::relative(largest, cut));
  places.push_back(holed);

  for (const auto& place : places) {
    refused({"verify", place}, place);
    refused({"replay", place}, place);
    refused({"inspect", place}, place);
    refused({"inspect", place, "--at", "5"}, place);
    refused({"report", place}, place);
    refused({"export", place, "--type", "trade", "--format", "csv", "--out", scratch.path("never.csv")}, place);
    std::error_code ignored;
    fs::remove(scratch.path("never.csv"), ignored);
    refused({"forge", place, "--type", "trade", "--out", scratch.path("never")}, place);
    fs::remove_all(scratch.path("never"), ignored);
    refused({"run", "--mode", "backtest", "--config", day.profile, "--data", place, "--journal", scratch.path("never")},
            place);
    fs::remove_all(scratch.path("never"), ignored);
  }
}

TEST_CASE("what may not be read or written is an error that names it, and says what to do") {
  // Root may do everything: the program then runs as nobody, from a place that nobody can reach.
  const SmallDay& day = small_day();
  const Scratch scratch;
  const std::string home = fs::path(scratch.path("x")).parent_path().string();
  const std::string program = scratch.path("program");
  fs::copy_file(REPRISE_PROGRAM, program);
  fs::copy(source_path("config"), scratch.path("config"), fs::copy_options::recursive);
  copy_journal(day.dataset, scratch.path("day"));
  const std::string profile = scratch.path("config/examples/demo.yaml");
  chmod(home.c_str(), 0755);
  const Runner nobody = [&](const std::vector<std::string>& line) {
    if (geteuid() != 0) return run(line);
    std::vector<std::string> all = {"--reuid=65534", "--regid=65534", "--clear-groups", program};
    all.insert(all.end(), line.begin(), line.end());
    return run_program("/usr/bin/setpriv", all);
  };

  const std::string locked = scratch.path("locked");
  copy_journal(day.dataset, locked);
  REQUIRE(nobody({"verify", locked}).exit_code == 0);  // reading needs no right to write
  chmod(locked.c_str(), 0);
  for (const char* command : {"verify", "replay", "inspect", "report"}) refused({command, locked}, locked, nobody);
  chmod(locked.c_str(), 0755);
  for (const auto& entry : fs::directory_iterator(locked)) chmod(entry.path().c_str(), 0);
  for (const char* command : {"verify", "replay", "inspect", "report"}) {
    refused({command, locked}, locked, nobody);
    CHECK(nobody({command, locked}).err.find("give yourself") != std::string::npos);
  }

  const std::string folder = scratch.path("read-only");
  fs::create_directory(folder);
  chmod(folder.c_str(), 0555);
  refused({"generate", "--seed", "1", "--hours", "0.01", "--out", folder + "/day"}, folder, nobody);
  refused(backtest(profile, scratch.path("day"), folder + "/run"), folder, nobody);
  refused({"export", scratch.path("day"), "--type", "trade", "--format", "csv", "--out", folder + "/t.csv"}, folder,
          nobody);
  chmod(folder.c_str(), 0777);
  for (const std::string& name : {std::string("prices.csv"), std::string("profile.yaml")})
    chmod(scratch.file(name, "x\n").c_str(), 0);
  refused({"import", scratch.path("prices.csv"), "--out", folder + "/day"}, "prices.csv", nobody);
  refused(backtest(scratch.path("profile.yaml"), scratch.path("day"), folder + "/run"), "profile.yaml", nobody);
}

TEST_CASE("targets that exist or cannot be made are refused before any work") {
  const SmallDay& day = small_day();
  const Scratch scratch;
  const std::string file = scratch.file("file", "precious");
  fs::create_directory(scratch.path("directory"));
  fs::create_symlink(scratch.path("nowhere"), scratch.path("dangling"));
  const std::string csv =
      scratch.file("prices.csv", "id,price,qty,quote_qty,time,is_buyer_maker\n1,10.5,2,21,1704067200000,true\n");
  for (const std::string& target :
       {file, scratch.path("directory"), scratch.path("dangling"), scratch.path("no/such/folder"), file + "/below"}) {
    INFO(target);
    refused({"generate", "--seed", "1", "--hours", "0.01", "--out", target}, "");
    refused({"import", csv, "--out", target}, "");
    refused(backtest(day.profile, day.dataset, target), "");
    refused({"forge", day.dataset, "--type", "trade", "--out", target}, "");
    refused({"export", day.dataset, "--type", "trade", "--format", "csv", "--out", target}, "");
  }
  CHECK(read_file(file) == "precious");
  CHECK(fs::is_empty(scratch.path("directory")));
  if (fs::exists("/proc/version"))
    refused({"generate", "--seed", "1", "--hours", "0.01", "--out", "/proc/reprise-day"}, "/proc");
}

TEST_CASE("import refuses files that are empty, truncated, of the wrong kind or noise, and names them") {
  const Scratch scratch;
  std::vector<std::string> files;
  files.push_back(scratch.path("missing.csv"));
  files.push_back(scratch.file("empty.csv", ""));
  files.push_back(scratch.file("noise.bin", noise(200'000, 3)));
  files.push_back(scratch.file("noise.gz", "\x1f\x8b\x08\x00" + noise(20'000, 4)));
  files.push_back(scratch.file("noise.zst", "\x28\xb5\x2f\xfd" + noise(20'000, 5)));
  files.push_back(scratch.file("text.txt", "Dear diary,\ntoday the market was closed.\n"));
  files.push_back(scratch.file("page.html", "<html><body>404</body></html>\n"));
  files.push_back(scratch.file("long.txt", std::string(10u << 20, 'x')));
  files.push_back(scratch.file("zeros", std::string(100'000, '\0')));
  fs::create_directory(scratch.path("folder"));
  files.push_back(scratch.path("folder"));
  int number = 0;
  for (const auto& file : files) {
    refused({"import", file, "--out", scratch.path("out" + std::to_string(number++))}, file);
  }
}

TEST_CASE(
    "absurd values, NaN and times running backwards in a file are skipped or recorded, never trusted, and all lines "
    "add up") {
  const Scratch scratch;
  const std::string csv = scratch.file("BTCUSDT-trades-2024-01-01.csv",
                                       "id,price,qty,quote_qty,time,is_buyer_maker\n"
                                       "1,42000.5,0.010,420.005,1704067200000,true\n"
                                       "2,NaN,0.010,420.005,1704067200100,true\n"
                                       "3,-5,0.010,420.005,1704067200200,true\n"
                                       "4,99999999999999999999999,0.010,420.005,1704067200300,true\n"
                                       "5,42001,1e400,420.005,1704067200400,false\n"
                                       "6,42001\n"
                                       "7,42001,0.5,21000.5,1704067100000,false\n"
                                       "8,42002,0.5,21001,1704067200600,false\n");
  const std::vector<std::string> line = {"import", csv, "--out", scratch.path("day"), "--json"};
  const Outcome outcome = run(line);
  INFO(shown(line, outcome));
  CHECK(outcome.signal == 0);
  REQUIRE(outcome.exit_code == 0);
  const auto report = json_of(outcome);
  REQUIRE(report["files"].Size() == 1);
  const auto& file = report["files"][0];
  std::uint64_t accounted = 0;
  for (const auto& kind : file["by_kind"].GetObject()) accounted += kind.value.GetUint64();
  for (const auto& skipped : file["skipped"].GetArray()) {
    accounted += skipped["count"].GetUint64();
    CHECK(skipped["first_line"].GetUint64() > 0);
    CHECK(skipped["reason"].GetStringLength() > 0);
  }
  CHECK(accounted == file["lines"].GetUint64());
  CHECK(file["lines"].GetUint64() == 9);
  CHECK(run({"verify", scratch.path("day")}).exit_code == 0);
}

TEST_CASE("a profile that is wrong is refused with file, line and the nearest key") {
  const SmallDay& day = small_day();
  const Scratch scratch;
  const std::string base = "extends: " + source_path("config/config.yaml") + "\n";
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"risk: {max_levrage: 2}\n", "max_leverage"},  {"risk:\n  max_leverage: lots\n", ":3"},
      {"risk: {max_leverage: -1}\n", ":2"},          {"risk: [1, 2\n", ":"},
      {"strategies: {a: {kind: magic}}\n", "magic"},
  };
  int number = 0;
  for (const auto& [text, expected] : wrong) {
    const std::string profile = scratch.file("wrong" + std::to_string(number++) + ".yaml", base + text);
    const auto line = backtest(profile, day.dataset, scratch.path("never"));
    const Outcome outcome = run(line);
    INFO(shown(line, outcome));
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.err.find(profile) != std::string::npos);
    CHECK(outcome.err.find(expected) != std::string::npos);
    CHECK_FALSE(fs::exists(scratch.path("never")));
  }
  refused(backtest(scratch.path("missing.yaml"), day.dataset, scratch.path("never")), "missing.yaml");
  refused(backtest(scratch.file("noise.yaml", noise(2000, 6)), day.dataset, scratch.path("never")), "noise.yaml");
  refused(backtest(day.profile, day.dataset, scratch.path("never"), {"--set", "risk.max_leverage"}),
          "risk.max_leverage");
  refused(backtest(day.profile, day.dataset, scratch.path("never"), {"--set", "no.such_key=1"}), "no.such_key");
  refused(backtest(scratch.file("unknown.yaml",
                                "extends: " + day.profile +
                                    "\nstrategies: {trend: {kind: trend_following, instruments: [NOSUCHUSDT]}}\n"),
                   day.dataset, scratch.path("never")),
          "NOSUCHUSDT");
}
