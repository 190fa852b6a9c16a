// Names for the numbers in a run's records: symbols, strategies, the settlement asset. Read from the declarations at
// the run's beginning (of a branch without its parent: from the state at its base); what is declared later is shown by
// its number.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "config/config.h"
#include "journal/journal_reader.h"
#include "journal/result.h"

namespace reprise::tools {

struct RunNames {
  std::map<std::uint32_t, std::string> symbols;
  std::vector<std::string> strategies;  // number - 1
  std::string asset;                    // "USDT"
  std::map<std::string, std::string> settings;
  journal::Seq configuration_seq = 0;  // 0 = nothing was traded

  static Result<RunNames> read(const std::string& path);
  void take(const config::Entries& entries);                       // strategies, asset and settings
  std::string symbol(std::uint32_t number) const;                  // "" for 0, "#7" when not declared
  std::string strategy(std::uint16_t number) const;                // "engine" for 0
  std::uint32_t find_symbol(const std::string& symbol) const;      // 0 = none
  std::uint16_t find_strategy(const std::string& strategy) const;  // 0 = none
};

}  // namespace reprise::tools
