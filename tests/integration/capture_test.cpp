// A recorded capture from the exchange, where it is at hand: import, run, replay identical.
#include <filesystem>

#include "tests/integration/program.h"
#include "tests/support/catch.h"

using namespace reprise::integration;

TEST_CASE("a recorded capture is imported with every line accounted for, traded and replayed identical") {
  const auto capture = recorded_data("hbt/usdm_ethusdt_20240808.gz");
  if (!capture) return;
  const Scratch scratch;
  const std::string dataset = scratch.path("eth");
  const std::vector<std::string> import = {"import", *capture, "--out", dataset, "--json"};
  const Outcome imported = run(import);
  INFO(shown(import, imported));
  REQUIRE(imported.exit_code == 0);
  const auto report = json_of(imported);
  REQUIRE(report["files"].Size() == 1);
  std::uint64_t accounted = 0;
  for (const auto& kind : report["files"][0]["by_kind"].GetObject()) accounted += kind.value.GetUint64();
  for (const auto& skipped : report["files"][0]["skipped"].GetArray()) accounted += skipped["count"].GetUint64();
  CHECK(accounted == report["files"][0]["lines"].GetUint64());
  CHECK(report["files"][0]["lines"].GetUint64() == 74655);
  CHECK(report["book"]["compared"].GetUint64() > 100);
  CHECK(report["book"]["agreed"].GetUint64() == report["book"]["compared"].GetUint64());

  const std::string journal = scratch.path("run");
  const auto line = backtest(source_path("config/examples/eth-capture.yaml"), dataset, journal, {"--json"});
  const Outcome traded = run(line);
  INFO(shown(line, traded));
  REQUIRE(traded.exit_code == 0);
  const std::vector<std::string> replay = {"replay", journal, "--json"};
  const Outcome replayed = run(replay);
  INFO(shown(replay, replayed));
  REQUIRE(replayed.exit_code == 0);
  const auto verdict = json_of(replayed);
  CHECK(std::string(verdict["verdict"].GetString()) == "identical");
  CHECK(verdict["outputs"].GetUint64() > 100);
  for (const char* type : {"orderCommand", "fill", "riskDecision"}) {
    REQUIRE(verdict["by_type"].HasMember(type));
    CHECK(verdict["by_type"][type].GetUint64() > 0);
  }
  CHECK(run({"verify", journal}).exit_code == 0);
}
