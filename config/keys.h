// The one list of configuration keys: dotted path, type, range, help, and where the value lives in
// Config. Defaults, YAML loading, --set, the journaled entries, suggestions for misspelt keys and
// config/KEYS.md all come from it: adding a key is one field in config.h and one line in keys.cpp.
//
// Strategies are not in the list (their names are the user's): strategies.NAME.{kind, instruments,
// enabled, params.KEY}, with the parameters that the kind declares. They are numbered by name, in byte
// order. The list is constant; functions are pure and thread-safe.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/values.h"

namespace reprise::config {

struct Key {
  std::string path;  // "risk.max_drawdown"
  ValueRule rule;
  std::string help;
  std::function<std::string(const Config&)> get;  // canonical text
  std::function<void(Config&, const std::string& canonical)> set;
};

const std::vector<Key>& keys();  // in the order of the reference
const Key* find_key(std::string_view path);
std::vector<std::string> key_paths();

// A value with the place it came from, for messages.
struct Located {
  std::string text;
  std::string place;  // "config.yaml:12", "--set"; never empty
};
using LocatedValues = std::map<std::string, Located>;  // by dotted path

// Types every value, fills in defaults (also of strategies' parameters) and checks what holds between
// keys. Every error names the place of the value it is about.
Result<Config> config_from(const LocatedValues& values, const StrategyCatalog& catalog);

std::string key_reference();  // the text of config/KEYS.md

}  // namespace reprise::config
