// --set key=value as given on the command line.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "journal/result.h"

namespace reprise::tools {

using Settings = std::vector<std::pair<std::string, std::string>>;
Result<Settings> parse_settings(const std::vector<std::string>& given);

}  // namespace reprise::tools
