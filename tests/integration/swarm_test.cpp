// The swarm as a person runs it: a short campaign, one seed again, and what it answers to nonsense.
#include "tests/integration/program.h"
#include "tests/support/catch.h"

using namespace reprise::integration;

TEST_CASE("sixty seeds of the swarm keep every invariant") {
  const auto answered = answer({"swarm", "--seeds", "60", "--start", "1"});
  CHECK(answered["seeds"].GetUint64() == 60);
  CHECK(answered["failures"].Size() == 0);
  CHECK(answered["fills"].GetUint64() > 100);
  std::size_t reached = 0;
  for (const auto& probe : answered["probes"].GetObject()) reached += probe.value.GetUint64() != 0 ? 1 : 0;
  CHECK(reached >= 60);
}

TEST_CASE("a seed is the same in another process, whatever runs beside it") {
  const auto alone = answer({"swarm", "--seeds", "1", "--start", "17"});
  const auto again = answer({"swarm", "--seeds", "1", "--start", "17", "--jobs", "2"});
  CHECK(alone["records"].GetUint64() == again["records"].GetUint64());
  CHECK(alone["orders"].GetUint64() == again["orders"].GetUint64());
  const Scratch scratch;
  const auto shown_once = run({"swarm", "show", "17"});
  REQUIRE(shown_once.exit_code == 0);
  CHECK(run({"swarm", "show", "17"}).out == shown_once.out);
  const std::string file = scratch.file("seed.yaml", shown_once.out);
  const auto checked = answer({"swarm", "check", file});
  CHECK(checked["records"].GetUint64() == alone["records"].GetUint64());
  CHECK(checked["failures"].Size() == 0);
}

TEST_CASE("the swarm refuses what it cannot do") {
  const Scratch scratch;
  CHECK(run({"swarm", "--seeds", "0"}).exit_code == 2);
  CHECK(run({"swarm", "dance"}).exit_code == 2);
  CHECK(run({"swarm", "show", "x"}).exit_code == 2);
  CHECK(run({"swarm", "check", scratch.path("nowhere.yaml")}).exit_code == 2);
  // Nothing to make smaller where nothing fails.
  CHECK(run({"swarm", "shrink", "17", "--out", scratch.path("small.yaml")}).exit_code == 2);
}
