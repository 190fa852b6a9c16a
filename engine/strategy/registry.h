// The list of strategy kinds: the one place where a strategy is registered.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "engine/strategy/strategy.h"
#include "journal/result.h"

namespace reprise::engine {

// Parameters and their ranges by kind, for the configuration loader and --help.
const config::StrategyCatalog& strategy_catalog();

// Makes a strategy for instruments that are declared. Parameters were checked against the catalogue;
// the error is about their combination ("fast period must be below the slow one").
Result<std::unique_ptr<Strategy>> make_strategy(const config::StrategyConfig& config,
                                                std::vector<InstrumentNo> instruments);

}  // namespace reprise::engine
