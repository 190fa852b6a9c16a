#include "tools/settings.h"

namespace reprise::tools {

Result<Settings> parse_settings(const std::vector<std::string>& given) {
  Settings settings;
  for (const auto& text : given) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return usage_error("--set '" + text + "' is not key=value", "for example --set risk.max_drawdown=0.2");
    }
    settings.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return settings;
}

}  // namespace reprise::tools
