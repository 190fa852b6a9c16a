#include "engine/strategy/registry.h"

#include "engine/strategy/kinds.h"

namespace reprise::engine {

namespace {
// Adding a strategy: its file, its declaration in kinds.h, its line here.
std::vector<StrategyEntry> entries() {
  return {trend_following_entry(), quoting_grid_entry()};
}
}  // namespace

const config::StrategyCatalog& strategy_catalog() {
  static const config::StrategyCatalog catalog = [] {
    config::StrategyCatalog made;
    for (StrategyEntry& entry : entries()) made.push_back(std::move(entry.kind));
    return made;
  }();
  return catalog;
}

Result<std::unique_ptr<Strategy>> make_strategy(const config::StrategyConfig& config,
                                                std::vector<InstrumentNo> instruments) {
  std::string known;
  for (const StrategyEntry& entry : entries()) {
    if (entry.kind.kind == config.kind) return entry.make(config, std::move(instruments));
    known += (known.empty() ? "" : ", ") + entry.kind.kind;
  }
  return usage_error("strategy " + config.name + ": there is no kind " + config.kind, "kinds: " + known);
}

}  // namespace reprise::engine
