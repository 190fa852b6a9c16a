// Reads a strategy's parameters. They were checked against the strategy's ParameterSpec list when the configuration
// was made, so a missing or malformed one is a bug.
#pragma once

#include <string>

#include "config/config.h"
#include "engine/market/fixed.h"

namespace reprise::engine {

class Parameters {
 public:
  explicit Parameters(const config::StrategyConfig& config) : config_(config) {}

  Rate rate(const std::string& key) const { return Rate::of_e8(decimal_e8(key)); }
  Money money(const std::string& key) const { return Money::of_e8(decimal_e8(key)); }
  std::int64_t decimal_e8(const std::string& key) const {
    auto parsed = config::parse_decimal_e8(text(key));
    REPRISE_ASSERT(parsed.ok(), key);
    return *parsed;
  }
  std::int64_t integer(const std::string& key) const { return decimal_e8(key) / kScale; }
  DurationNanos duration(const std::string& key) const {
    auto parsed = config::parse_duration_ns(text(key));
    REPRISE_ASSERT(parsed.ok(), key);
    return {*parsed};
  }
  bool flag(const std::string& key) const { return text(key) == "true"; }
  const std::string& text(const std::string& key) const {
    const auto found = config_.params.find(key);
    REPRISE_ASSERT(found != config_.params.end(), "strategy parameter without a value: " + key);
    return found->second;
  }

 private:
  const config::StrategyConfig& config_;
};

}  // namespace reprise::engine
