// Fuzz target: any bytes as a profile (and its last line as a --set) end in a configuration or an Error,
// and what was accepted survives the way through the journaled entries.
#include <cstddef>
#include <cstdint>
#include <string>

#include "config/loader.h"
#include "journal/assert.h"

namespace {
const reprise::config::StrategyCatalog& catalog() {
  using Spec = reprise::config::ParameterSpec;
  static const reprise::config::StrategyCatalog kinds = {
      {"trend",
       {Spec{"period", Spec::Type::integer, "20", "2", "1000", {}, ""},
        Spec{"stop", Spec::Type::decimal, "2", "0", "20", {}, ""}}}};
  return kinds;
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace config = reprise::config;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::string last_line = text.substr(text.rfind('\n') + 1);
  const auto load = [&](const std::vector<std::string>& sets) {
    return config::load("p.yaml", sets, catalog(), [&](const std::string& path) -> reprise::Result<std::string> {
      if (path == "p.yaml") return text;
      return reprise::usage_error(path + ": cannot be read");
    });
  };
  for (const auto& loaded : {load({}), load({last_line})}) {
    if (!loaded.ok()) continue;
    auto again = config::from_entries(loaded.value().entries, catalog());
    REPRISE_ASSERT(again.ok(), "an accepted configuration is refused from its entries");
    REPRISE_ASSERT(config::to_entries(*again) == loaded.value().entries, "entries change on the way through Config");
  }
  return 0;
}
