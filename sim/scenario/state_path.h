// Finds one value in the engine's state by its path: "risk.day_start_equity", "portfolio.wallets.0.balance".
//
// Names are those of persist() (`reprise inspect --json` shows them); entries of a list are named by their place.
// Decimals come at 1e-8, whole numbers and flags times 1e8, times in seconds at 1e-8. What is not on the path
// is not made.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/engine.h"

namespace reprise::sim::scenario {

std::optional<std::int64_t> find_in_state(engine::Engine& engine, const std::string& path);

}  // namespace reprise::sim::scenario
