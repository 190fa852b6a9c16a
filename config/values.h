// Values of the configuration: what a key accepts, and their one canonical spelling.
//
// A value is text until it is typed. canonical_value() checks it against a rule and returns the one
// spelling that is journaled ("0.050" -> "0.05", "60s" -> "1m"), so equal configurations have equal
// bytes. Numbers never pass through floating point: a decimal is int64 at 1e-8, exactly. Errors say
// what is wrong with the text; who calls adds file, line and key. Pure functions; thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "journal/result.h"

namespace reprise::config {

enum class ValueType { decimal, integer, duration, flag, choice, text, symbol, asset };
const char* name_of(ValueType type);  // "a decimal", for messages

struct ValueRule {
  ValueType type = ValueType::text;
  std::string minimum;  // canonical text, "" = none
  std::string maximum;
  std::vector<std::string> choices;
};
ValueRule rule_of(const ParameterSpec& spec);

Result<std::string> canonical_value(const ValueRule& rule, std::string_view text);
std::string range_text(const ValueRule& rule);  // "0 to 1", "at least 1ms", "a | b"; "" where there is none

std::string decimal_e8_text(std::int64_t e8);  // "-12.5" for -1250000000
// A symbol as instruments are named in the journal: letters, digits and . _ - :, at most 40.
bool is_symbol(std::string_view text);
// A name given by the user (strategies): letters, digits, _ and -, at most 32.
bool is_name(std::string_view text);

// Damerau-Levenshtein distance (neighbours swapped count once).
std::size_t edit_distance(std::string_view a, std::string_view b);
// The candidate nearest to `wrong`, or "" when none is near enough to be what was meant.
std::string nearest(std::string_view wrong, const std::vector<std::string>& candidates);

}  // namespace reprise::config
