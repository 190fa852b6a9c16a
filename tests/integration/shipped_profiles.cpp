// Every profile in config/ loads with the real strategies, and each strategy can be made from it.
#include <algorithm>
#include <filesystem>

#include "config/loader.h"
#include "engine/strategy/registry.h"
#include "tests/support/catch.h"

namespace reprise {
namespace {

std::vector<std::string> shipped_profiles() {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(std::string(REPRISE_SOURCE_DIR) + "/config")) {
    if (entry.path().extension() == ".yaml") paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

TEST_CASE("every shipped profile loads, survives its journaled form and makes its strategies") {
  const auto paths = shipped_profiles();
  CHECK(paths.size() >= 6);
  for (const std::string& path : paths) {
    INFO(path);
    auto loaded = config::load(path, {}, engine::strategy_catalog());
    if (!loaded) FAIL(loaded.error().text());
    auto again = config::from_entries(loaded->entries, engine::strategy_catalog());
    REQUIRE(again.ok());
    CHECK(config::to_entries(*again) == loaded->entries);
    for (const config::StrategyConfig& strategy : loaded->config.strategies) {
      INFO(strategy.name);
      std::vector<std::uint32_t> numbers;
      for (std::size_t i = 0; i < strategy.instruments.size(); ++i)
        numbers.push_back(static_cast<std::uint32_t>(i + 1));
      auto made = engine::make_strategy(strategy, numbers);
      if (!made) FAIL(made.error().text());
    }
    // Each order bound leaves room for what the profile itself asks for.
    const auto& risk = loaded->config.risk;
    CHECK(risk.max_order_notional_e8 <= risk.max_position_notional_e8);
    CHECK(risk.max_position_notional_e8 <= risk.max_total_notional_e8);
    CHECK(risk.min_equity_e8 < loaded->config.account.initial_balance_e8);
  }
}

}  // namespace
}  // namespace reprise
