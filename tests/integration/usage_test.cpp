// The command line itself: help, version, unknown words, exit codes, one JSON object for errors.
#include "tests/integration/program.h"
#include "tests/support/catch.h"

using namespace reprise::integration;

namespace {
const std::vector<std::string> kCommands = {"generate", "import", "run",    "replay", "verify",
                                            "inspect",  "export", "report", "forge"};
}

TEST_CASE("every command explains itself with examples") {
  for (const auto& command : kCommands) {
    const Outcome outcome = run({command, "--help"});
    INFO(shown({command, "--help"}, outcome));
    CHECK(outcome.exit_code == 0);
    CHECK(outcome.err.empty());
    CHECK(outcome.out.find("Examples:") != std::string::npos);
    CHECK(outcome.out.find("--json") != std::string::npos);
    CHECK(outcome.out.find('\x1b') == std::string::npos);
  }
}

TEST_CASE("the main help lists every command and the version names engine and schema") {
  const Outcome help = run({"--help"});
  CHECK(help.exit_code == 0);
  for (const auto& command : kCommands) CHECK(help.out.find("\n  " + command) != std::string::npos);
  const Outcome version = run({"--version"});
  CHECK(version.exit_code == 0);
  CHECK(version.out.find("engine version") != std::string::npos);
  CHECK(version.out.find("schema version") != std::string::npos);
}

TEST_CASE("a wrong command line exits with 2 and says what to do") {
  const std::vector<std::vector<std::string>> lines = {
      {},
      {"fly"},
      {"verify"},
      {"verify", "a", "b"},
      {"replay", "--no-such-option", "x"},
      {"run", "--mode", "sideways", "--config", "c", "--data", "d", "--journal", "j"},
      {"export", "x", "--type", "trade", "--format", "parquet"},
      {"generate", "--seed", "abc", "--out", "x"},
      {"generate", "--seed", "-1", "--out", "/no/such/folder/x"},
      {"generate", "--seed", "1", "--symbols", "-1", "--out", "/no/such/folder/x"},
      {"generate", "--seed", "99999999999999999999", "--out", "/no/such/folder/x"},
      {"export", "x", "--type", "trade", "--format", "csv", "--from", "10", "--until", "5"},
  };
  for (const auto& line : lines) {
    const Outcome outcome = run(line);
    INFO(shown(line, outcome));
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.out.empty());
    CHECK(outcome.err.rfind("reprise", 0) == 0);
    CHECK(outcome.err.find("/no/such/folder") == std::string::npos);  // refused for the number, not for the place
  }
}

TEST_CASE("with --json an error is one JSON object on standard output") {
  const std::vector<std::vector<std::string>> lines = {
      {"fly", "--json"},
      {"verify", "--json"},
      {"verify", "/no/such/journal", "--json"},
      {"replay", "/no/such/journal", "--json"},
      {"inspect", "/no/such/journal", "--json"},
      {"report", "/no/such/journal", "--json"},
      {"export", "/no/such/journal", "--type", "trade", "--format", "csv", "--out", "x", "--json"},
      {"import", "/no/such/file", "--out", "/no/such/folder/x", "--json"},
      {"run", "--mode", "backtest", "--config", "/no/such/file", "--data", "d", "--journal", "/no/such/folder/j",
       "--json"},
  };
  for (const auto& line : lines) {
    const Outcome outcome = run(line);
    INFO(shown(line, outcome));
    CHECK(outcome.exit_code == 2);
    const auto document = json_of(outcome);
    REQUIRE(document.HasMember("error"));
    CHECK(document["error"]["exit_code"].GetInt() == 2);
    CHECK(document["error"]["message"].GetStringLength() > 0);
    CHECK_FALSE(outcome.err.empty());
  }
}

TEST_CASE("a moment that is neither a seq nor a time is refused") {
  const SmallDay& day = small_day();
  for (const char* moment : {"yesterday", "2024-08-08T23:55:00", "2024-13-08T00:00:00Z", "2024-02-30Z", "12:00Z", "-5",
                             "99999999999999999999", "0", "1e3"}) {
    const std::vector<std::string> line = {"inspect", day.dataset, "--at", moment};
    const Outcome outcome = run(line);
    INFO(shown(line, outcome));
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.out.empty());
  }
}
