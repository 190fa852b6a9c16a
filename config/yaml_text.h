// A YAML text as its one document. What profiles and other files share: errors that name the place, and an end.
//
// The library's own LoadAll does not end where a text goes on with what begins no value (a comma):
// it finds one empty document after another in front of it.
#pragma once

#include <yaml-cpp/yaml.h>

#include <string>

#include "journal/result.h"

namespace reprise::config {

// How errors name a place: "file:line:", or "file:line:column:".
enum class YamlPlace { line, line_and_column };

// An undefined node when the text holds nothing. Errors: not valid YAML, more than one document. Throws nothing.
Result<YAML::Node> parse_yaml(const std::string& path, const std::string& text, YamlPlace place);

// What the library has thrown, told with its place.
Error yaml_error(const std::string& path, const YAML::Exception& thrown, YamlPlace place);

}  // namespace reprise::config
