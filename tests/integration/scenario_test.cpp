// `reprise scenario` as a person uses it, every scenario of the tree, and every example of the language's page.
#include <algorithm>
#include <filesystem>
#include <set>

#include "sim/scenario/scenario.h"
#include "tests/integration/program.h"
#include "tests/support/catch.h"

namespace reprise::integration {
namespace {

namespace fs = std::filesystem;

const char* kHead = R"(name: probe
base:
  generate: {seed: 3, length: 90s, symbols: 2}
profile: PROFILE
)";

std::string with_profile(std::string text) {
  const std::string shipped = source_path("config/examples/stress.yaml");
  for (const std::string word : {"PROFILE", "../config/examples/stress.yaml"}) {
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + shipped.size()))
      text.replace(at, word.size(), shipped);
  }
  return text;
}

std::string scenario_file(const Scratch& scratch, const std::string& rest, const std::string& name = "probe.yaml") {
  return scratch.file(name, with_profile(kHead) + rest);
}

// The yaml blocks of a page.
std::vector<std::string> examples_of(const std::string& page) {
  std::vector<std::string> blocks;
  const std::string fence = "```yaml\n";
  for (std::size_t at = page.find(fence); at != std::string::npos; at = page.find(fence, at)) {
    at += fence.size();
    const std::size_t end = page.find("```", at);
    REQUIRE(end != std::string::npos);
    blocks.push_back(page.substr(at, end - at));
    at = end;
  }
  return blocks;
}

std::set<std::string> files_below(const std::string& folder, const std::string& extension) {
  std::set<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && entry.path().extension() == extension)
      files.insert(entry.path().filename().string());
  }
  return files;
}

TEST_CASE("every scenario of the tree is run, passes and replays identical without its file") {
  const std::string folder = source_path("scenarios");
  const std::vector<std::string> arguments = {"scenario", "run", folder, "--replay", "--json"};
  const Outcome outcome = run(arguments);
  INFO(shown(arguments, outcome));
  const auto json = json_of(outcome);
  std::set<std::string> was_run;
  for (const auto& scenario : json["scenarios"].GetArray()) {
    const std::string name = scenario["name"].GetString();
    const std::string verdict = scenario["verdict"].GetString();
    INFO(name);
    was_run.insert(fs::path(scenario["path"].GetString()).filename().string());
    CHECK((verdict == "passed" || verdict == "skipped"));
    if (verdict == "skipped") WARN(name + " skipped: " + scenario["reason"].GetString());
    CHECK(name == fs::path(scenario["path"].GetString()).stem().string());
  }
  CHECK(outcome.exit_code == 0);
  const std::set<std::string> in_tree = files_below(folder, ".yaml");
  CHECK(in_tree.size() >= 16);
  CHECK(was_run == in_tree);
  // Nothing lies there that nobody runs.
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    CHECK((entry.is_directory() || in_tree.count(name) != 0 || name == "LANGUAGE.md"));
  }
}

TEST_CASE("every act stands in an example of the language's page, and the examples pass") {
  const std::string page = read_file(source_path("scenarios/LANGUAGE.md"));
  Scratch scratch;
  std::set<sim::scenario::ActKind> shown_acts;
  int number = 0;
  fs::create_directory(scratch.path("examples"));
  for (const std::string& block : examples_of(page)) {
    const std::string text = with_profile(block);
    auto scenario = sim::scenario::read_scenario("LANGUAGE.md", text);
    if (!scenario) FAIL(scenario.error().text());
    for (const auto& act : scenario.value().acts) shown_acts.insert(act.kind);
    scratch.file("examples/" + std::to_string(++number) + ".yaml", text);
  }
  for (const auto& act : sim::scenario::act_table()) {
    INFO(act.name);
    CHECK(shown_acts.count(act.kind) == 1);
  }
  for (const std::string& key : sim::scenario::expectation_keys()) {
    INFO(key);
    CHECK(page.find("`" + key) != std::string::npos);
  }
  for (const auto& field : sim::scenario::fields()) {
    INFO(field.name);
    CHECK(page.find(field.name) != std::string::npos);
  }
  const std::vector<std::string> arguments = {"scenario", "run", scratch.path("examples"), "--replay"};
  const Outcome outcome = run(arguments);
  INFO(shown(arguments, outcome));
  CHECK(outcome.exit_code == 0);
}

TEST_CASE("a failed expectation says what, when, the value, the causes and the command that shows the moment") {
  Scratch scratch;
  const std::string file = scenario_file(scratch, R"(acts:
  - name: fall
    at: 40s
    jump: {by: -3 %}
expect:
  - always: mid.BTCUSDT > 42000
  - halted: {within: 500ms, after: elapsed > 60s}
  - no_liquidation: true
)");
  const std::vector<std::string> arguments = {
      "scenario", "run", file, "--keep", scratch.path("kept"), "--junit", scratch.path("junit.xml"), "--json"};
  const Outcome outcome = run(arguments);
  INFO(shown(arguments, outcome));
  CHECK(outcome.exit_code == 1);
  const auto json = json_of(outcome);
  const auto& scenario = json["scenarios"][0];
  CHECK(std::string(scenario["verdict"].GetString()) == "failed");
  REQUIRE(scenario["failed"].Size() == 2);
  const auto& first = scenario["failed"][0];
  CHECK(std::string(first["expectation"].GetString()) == "always mid.BTCUSDT > 42000");
  CHECK(first["at"]["seq"].GetUint64() > 0);
  CHECK(std::string(first["at"]["time"].GetString()).substr(0, 17) == "2024-01-01T00:00:");
  CHECK(std::string(first["value"].GetString()).substr(0, 14) == "mid.BTCUSDT 41");
  CHECK(first["causes"].Size() >= 1);
  CHECK(std::string(scenario["failed"][1]["expectation"].GetString()) == "halted within 500ms after elapsed > 60s");

  const std::string command = first["replay_command"].GetString();
  const std::string seq = std::to_string(first["at"]["seq"].GetUint64());
  CHECK(command == "reprise inspect " + scratch.path("kept") + "/probe --at " + seq);
  const Outcome inspected = run({"inspect", scratch.path("kept") + "/probe", "--at", seq});
  CHECK(inspected.exit_code == 0);

  const std::string junit = read_file(scratch.path("junit.xml"));
  CHECK(junit.find("tests=\"1\" failures=\"1\" errors=\"0\" skipped=\"0\"") != std::string::npos);
  CHECK(junit.find("mid.BTCUSDT &gt; 42000") != std::string::npos);

  const Outcome text = run({"scenario", "run", file});
  CHECK(text.exit_code == 1);
  for (const char* word : {"failed: ", "value", "causes", "reprise inspect ", "0 passed, 1 failed, 0 skipped"}) {
    INFO(word);
    CHECK(text.out.find(word) != std::string::npos);
  }
}

TEST_CASE("an act that never began fails the scenario") {
  Scratch scratch;
  const std::string file = scenario_file(scratch, R"(acts:
  - when: equity > 1000000
    kill_switch:
expect:
  - no_halt: true
)");
  const Outcome outcome = run({"scenario", "run", file});
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.out.find("never began: kill_switch") != std::string::npos);
}

TEST_CASE("errors in a scenario name line, column and the nearest key") {
  struct Case {
    const char* rest;
    const char* place;
    const char* hint;
  };
  const std::vector<Case> cases = {
      {"acts:\n  - at: 5s\n    crahs: {by: -8 %, over: 3s}\nexpect:\n  - no_halt: true\n", ":7:5: unknown act",
       "\"crash\""},
      {"acts:\n  - at: 5s\n    crash: {by: -8 %, ovr: 3s}\nexpect:\n  - no_halt: true\n", ":7:23: crash: unknown key",
       "\"over\""},
      {"acts:\n  - at: 5s\n    crash: {by: much, over: 3s}\nexpect:\n  - no_halt: true\n",
       ":7:17: by: \"much\" is no number", "3 sigma"},
      {"acts:\n  - when: drawdwn > 3 %\n    halt:\nexpect:\n  - no_halt: true\n", ":6:11: in \"drawdwn > 3 %\"",
       "\"drawdown\""},
      {"acts:\n  - halt:\nexpect:\n  - no_halt: true\n", ":6:5: does not say when", ""},
      {"acts:\n  - {at: 1s, with: fall, halt: }\nexpect:\n  - no_halt: true\n", "no act above is named \"fall\"", ""},
      {"expect:\n  - no_liqidation: true\n", ":6:5: unknown expectation", "\"no_liquidation\""},
      {"expect:\n  - alert: stale_date\n", "no alert is called \"stale_date\"", "\"stale_data\""},
      {"expekt:\n  - no_halt: true\n", ":5:1: unknown key", "\"expect\""},
      {"", "expects nothing", ""},
  };
  Scratch scratch;
  int number = 0;
  for (const Case& wrong : cases) {
    const std::string file = scenario_file(scratch, wrong.rest, std::to_string(++number) + ".yaml");
    const Outcome outcome = run({"scenario", "check", file});
    INFO(wrong.rest << outcome.out << outcome.err);
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.out.find(wrong.place) != std::string::npos);
    CHECK(outcome.out.find(wrong.hint) != std::string::npos);
    CHECK(run({"scenario", "run", file}).exit_code == 2);
  }
  const std::string unknown_setting = scenario_file(
      scratch, "acts:\n  - at: 5s\n    configure: {set: {risk.max_levrage: 2}}\nexpect:\n  - no_halt: true\n",
      "s.yaml");
  const Outcome outcome = run({"scenario", "run", unknown_setting});
  CHECK(outcome.exit_code == 2);
  CHECK(outcome.out.find("max_leverage") != std::string::npos);
}

TEST_CASE("a new scenario is valid and runs") {
  Scratch scratch;
  const std::string file = scratch.path("mine.yaml");
  REQUIRE(run({"scenario", "new", file}).exit_code == 0);
  CHECK(run({"scenario", "new", file}).exit_code == 2);  // refuses what exists
  CHECK(read_file(file).find("name: mine\n") != std::string::npos);
  std::string text = read_file(file);
  const std::size_t at = text.find("profile: ");
  REQUIRE(at != std::string::npos);
  text.replace(at, text.find('\n', at) - at, "profile: " + source_path("config/examples/demo.yaml"));
  // The template's last act waits for a drawdown that this market does not make.
  const std::string made = scratch.file("made.yaml", text);
  CHECK(run({"scenario", "check", made}).exit_code == 0);
  const Outcome outcome = run({"scenario", "run", made, "--json"});
  INFO(outcome.out << outcome.err);
  CHECK(outcome.exit_code <= 1);
}

TEST_CASE("a scenario without its recorded data is skipped with a word") {
  Scratch scratch;
  const std::string file = scratch.file(
      "absent.yaml",
      with_profile("name: absent\nbase: {import: [nowhere/x.csv]}\nprofile: PROFILE\nexpect:\n  - no_halt: true\n"));
  const std::vector<std::string> arguments = {"scenario", "run", file, "--json"};
  const Outcome outcome = run(arguments);
  CHECK(outcome.exit_code == 0);
  const auto json = json_of(outcome);
  CHECK(std::string(json["scenarios"][0]["verdict"].GetString()) == "skipped");
  CHECK(std::string(json["scenarios"][0]["reason"].GetString()).find("nowhere/x.csv") != std::string::npos);
}

TEST_CASE("a scenario's journal is the same wherever and whenever it is played") {
  Scratch scratch;
  const std::string file = scenario_file(scratch, R"(seed: 5
acts:
  - at: 10s
    jump: {by: -1 % .. 1 %}
    repeat: {times: 5, every: 5s, jitter: 8s}
  - at: 20s
    duplicates: {share: 30 %, for: 20s}
  - at: 30s
    latency: {add: 50ms, jitter: 100ms, for: 30s}
expect:
  - always_conserved: true
)");
  const auto digest = [&](const std::string& path) {
    const Outcome outcome = run({"scenario", "run", path, "--json"});
    INFO(outcome.out << outcome.err);
    CHECK(outcome.exit_code == 0);
    return std::string(json_of(outcome)["scenarios"][0]["digest"].GetString());
  };
  const std::string first = digest(file);
  CHECK(first == digest(file));
  std::string other = read_file(file);
  other.replace(other.find("seed: 5"), 7, "seed: 6");
  CHECK(first != digest(scratch.file("other.yaml", other)));
}

}  // namespace
}  // namespace reprise::integration
