// What a strategy's file offers to the registry.
#pragma once

#include <memory>
#include <vector>

#include "config/config.h"
#include "engine/strategy/strategy.h"
#include "journal/result.h"

namespace reprise::engine {

struct StrategyEntry {
  config::StrategyKind kind;
  Result<std::unique_ptr<Strategy>> (*make)(const config::StrategyConfig& config,
                                            std::vector<InstrumentNo> instruments);
};

StrategyEntry trend_following_entry();
StrategyEntry quoting_grid_entry();

}  // namespace reprise::engine
