// What a seed of the swarm draws: the same each time, a scenario that can be read, quiet at its end.
#include <map>

#include "sim/scenario/scenario.h"
#include "sim/swarm/draw.h"
#include "sim/swarm/probes.h"
#include "tests/support/catch.h"

namespace reprise::sim::swarm {
namespace {

TEST_CASE("a seed draws the same plan each time, and another seed another one") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CHECK(scenario_text(draw_plan(seed)) == scenario_text(draw_plan(seed)));
    CHECK(scenario_text(draw_plan(seed)) != scenario_text(draw_plan(seed + 1)));
  }
}

TEST_CASE("every plan is a scenario with a quiet end, and every kind of act is drawn") {
  std::map<std::string, int> kinds;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    const Plan plan = draw_plan(seed);
    INFO("seed " << seed);
    const auto scenario = scenario::read_scenario("drawn", scenario_text(plan));
    if (!scenario) FAIL(scenario.error().text());
    CHECK(scenario.value().acts.size() == plan.acts.size());
    for (const PlannedAct& act : plan.acts) {
      ++kinds[act.kind];
      CHECK(act.at_ns + act.for_ns <= plan.length_ns - kQuiet);
    }
  }
  for (const scenario::ActSpec& spec : scenario::act_table()) {
    INFO(spec.name);
    CHECK(kinds[spec.name] > 0);
  }
}

TEST_CASE("the minutes asked for are the length of the market") {
  CHECK(draw_plan(5, {3}).length_ns == 180'000'000'000);
}

TEST_CASE("there are sixty required probes and more, each by one name") {
  CHECK(Probes::required().size() >= 60);
  CHECK(Probes().counts().size() == Probes::names().size());
}

}  // namespace
}  // namespace reprise::sim::swarm
