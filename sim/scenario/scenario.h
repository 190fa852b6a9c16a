// A scenario as read from its file: a base, a timeline of acts, expectations. Plain values, checked when read.
//
// read_scenario() is pure: errors are "file:line:column: what" with the nearest valid key as the hint. Nothing here
// knows files; who runs a scenario prepares its base (tools/) and gives the Scenario to the Director.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/document.h"
#include "sim/scenario/acts.h"
#include "sim/scenario/expression.h"
#include "sim/scenario/values.h"

namespace reprise::sim::scenario {

struct GeneratedBase {
  std::uint64_t seed = 1;
  std::int64_t duration_ns = 0;
  std::uint32_t symbols = 1;
  std::int64_t start_time_ns = 0;              // 0: the generator's own
  std::map<std::string, std::int64_t> prices;  // symbol -> price at the start, e8; else the generator's own
};

struct Base {
  std::optional<GeneratedBase> generated;
  std::vector<std::string> datasets;     // journals
  std::vector<std::string> imports;      // recorded files
  std::vector<std::string> instruments;  // filters for the import
  std::int64_t from_ns = 0;              // 0: from the beginning
  std::int64_t until_ns = 0;             // 0: to the end
  std::string place;
};

// A value of an act's parameter, typed by its ParameterSpec.
struct Parameter {
  std::string text;
  std::int64_t number = 0;  // share, times, decimal: e8; span: ns; integer; flag
  Amount amount;
  struct Point {
    std::int64_t offset_ns = 0;
    Amount amount;
  };
  std::vector<Point> points;
  std::map<std::string, std::string> settings;
};

struct SymbolWeight {
  std::string symbol;
  std::int64_t weight_e8 = kScale;  // share of the amount that this one moves
};

struct Act {
  ActKind kind = ActKind::jump;
  std::string name;   // of the user; "" = none
  std::string place;  // "file:line:column"
  // When: exactly one of at, at_record, when, with_act.
  std::optional<TimeSpec> at;
  std::uint64_t at_record = 0;
  std::optional<Expression> when;
  std::int32_t with_act = -1;  // place in the list of acts
  std::int64_t after_ns = 0;
  std::int64_t for_ns = 0;  // 0: no end of its own
  std::uint32_t times = 1;
  std::int64_t every_ns = 0;
  std::int64_t jitter_ns = 0;
  std::int64_t chance_e8 = kScale;
  std::vector<SymbolWeight> symbols;            // empty: all
  std::map<std::string, Parameter> parameters;  // every one of the kind's

  const Parameter& operator[](const char* key) const;
};

struct Expectation {
  enum class Kind : std::uint8_t { always, finally, eventually, within, state_hash };
  Kind kind = Kind::finally;
  std::string text;  // as a person reads it: "drawdown below 20 %"
  std::string place;
  Expression condition;
  std::optional<Expression> after;  // within: counted from when this turns true
  std::int64_t within_ns = 0;
  TimeSpec from;                  // always: not before
  std::optional<TimeSpec> until;  // always: not later; eventually: by then
  std::string hash;
};

struct Scenario {
  std::string name;
  std::string about;
  std::string path;  // of the file
  std::uint64_t seed = 1;
  Base base;
  std::string profile;                // relative to the file
  std::vector<std::string> settings;  // "key=value"
  std::vector<Act> acts;
  std::vector<Expectation> expectations;
};

Result<Scenario> read_scenario(const std::string& path, const std::string& text);

// Parts of the reader, by section of the file.
Error at_place(const std::string& path, int line, int column, const Error& error);
Result<Act> read_act(const std::string& path, const config::DocumentNode& node, const std::vector<Act>& before);
Result<Expectation> read_expectation(const std::string& path, const config::DocumentNode& node);
std::string nearest_hint(const std::string& wrong, const std::vector<std::string>& known);
const std::vector<std::string>& expectation_keys();

}  // namespace reprise::sim::scenario
