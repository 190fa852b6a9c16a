#include "sim/swarm/plan.h"

namespace reprise::sim::swarm {

namespace {

std::string span(std::int64_t ns) {
  return std::to_string(ns / 1'000'000) + "ms";
}

// A value that stands inside { } or behind a key: quoted, unless it is itself a list or a map.
std::string quoted(const std::string& value) {
  if (!value.empty() && (value[0] == '[' || value[0] == '{')) return value;
  return "\"" + value + "\"";
}

}  // namespace

std::string scenario_text(const Plan& plan) {
  std::string text = "name: swarm-" + std::to_string(plan.seed) + "\nabout: drawn by the swarm from seed " +
                     std::to_string(plan.seed) + "\nseed: " + std::to_string(plan.seed) +
                     "\nbase:\n  generate: {seed: " + std::to_string(plan.market_seed) +
                     ", length: " + span(plan.length_ns) + ", symbols: " + std::to_string(plan.symbols) +
                     "}\nsettings:\n";
  for (const auto& [key, value] : plan.settings) text += "  " + key + ": " + quoted(value) + "\n";
  text += plan.acts.empty() ? "acts: []\n" : "acts:\n";
  for (const PlannedAct& act : plan.acts) {
    text += "  - at: " + span(act.at_ns) + "\n    " + act.kind + ":";
    if (act.for_ns != 0 || !act.parameters.empty()) {
      std::string inside;
      for (const auto& [key, value] : act.parameters) {
        inside += (inside.empty() ? "" : ", ") + key + ": " + quoted(value);
      }
      if (act.for_ns != 0) inside += (inside.empty() ? "" : ", ") + std::string("for: ") + span(act.for_ns);
      text += " {" + inside + "}";
    }
    text += "\n";
  }
  text +=
      "expect:\n"
      "  - always_conserved: true\n"
      "  - agrees_with_venue: true\n"
      "  - finally: unknown_orders == 0 and not any_stale\n";
  return text;
}

}  // namespace reprise::sim::swarm
