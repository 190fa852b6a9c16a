// The program's own log: structured lines "what key=value ...", levelled, in a rotating file where one is
// configured. Never on the record path: nothing here is called for a record, and no record depends on it.
//
// Without setup() everything below a warning is dropped; warnings and errors go to standard error.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "journal/result.h"

namespace reprise::tools::logging {

enum class Level { debug, info, warning, error };

// `level`: debug | info | warn | error. `file` "" = standard error, where only warnings and errors show
// unless `verbose`. A file grows to 8 MiB and is rotated, four old ones are kept.
Status setup(const std::string& level, const std::string& file, bool verbose);

using Fields = std::initializer_list<std::pair<std::string_view, std::string>>;
void write(Level level, std::string_view what, Fields fields = {});
inline void info(std::string_view what, Fields fields = {}) {
  write(Level::info, what, fields);
}
inline void warning(std::string_view what, Fields fields = {}) {
  write(Level::warning, what, fields);
}

}  // namespace reprise::tools::logging
