// Makes the effective configuration from YAML profiles and --set overrides.
//
//   extends: config.yaml      # path relative to this file; what it says holds until this file says otherwise
//   risk: {max_drawdown: 0.1}
//   strategies:
//     trend: {kind: trend_following, instruments: [BTCUSDT], params: {atr_period: 14}}
//
// Everything is checked: unknown keys, wrong types, values out of range, keys given twice and circles
// of profiles are errors "file:line: key: what" with the nearest valid key as hint. Values keep the text
// of the file until they are typed (config/values.h), so no decimal is ever rounded. Pure apart from
// reading files; thread-safe.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "config/config.h"
#include "journal/result.h"

namespace reprise::config {

struct Loaded {
  Config config;
  Entries entries;                 // what a Configuration record holds
  std::vector<std::string> files;  // every profile read, base first
};

// Gives the bytes of a file or says why not. Tests pass their own.
using ReadFile = std::function<Result<std::string>(const std::string& path)>;
Result<std::string> read_profile(const std::string& path);

// `sets`: "key=value", later ones win over earlier ones and all win over the files.
Result<Loaded> load(const std::string& path, const std::vector<std::string>& sets, const StrategyCatalog& catalog,
                    const ReadFile& read_file = read_profile);

// A recorded configuration under other settings (replay --set).
Result<Loaded> override_entries(const Entries& entries, const std::vector<std::string>& sets,
                                const StrategyCatalog& catalog);

}  // namespace reprise::config
