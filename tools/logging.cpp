#include "tools/logging.h"

#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>

namespace reprise::tools::logging {
namespace {

std::shared_ptr<spdlog::logger>& current() {
  static std::shared_ptr<spdlog::logger> logger = [] {
    auto made = std::make_shared<spdlog::logger>("reprise", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_level(spdlog::level::warn);
    made->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
    return made;
  }();
  return logger;
}

spdlog::level::level_enum level_of(Level level) {
  switch (level) {
    case Level::debug: return spdlog::level::debug;
    case Level::info: return spdlog::level::info;
    case Level::warning: return spdlog::level::warn;
    case Level::error: break;
  }
  return spdlog::level::err;
}

bool needs_quotes(const std::string& text) {
  return text.empty() || text.find_first_of(" =\"\n\t") != std::string::npos;
}

}  // namespace

Status setup(const std::string& level, const std::string& file, bool verbose) {
  const spdlog::level::level_enum wanted = spdlog::level::from_str(level == "warning" ? "warn" : level);
  if (wanted == spdlog::level::off && level != "off") {
    return usage_error("log level '" + level + "' is unknown", "debug, info, warn or error");
  }
  if (file.empty()) {
    current()->set_level(verbose ? wanted : std::max(wanted, spdlog::level::warn));
    return ok_status();
  }
  try {
    auto sink = std::make_shared<spdlog::sinks::rotating_file_sink_mt>(file, 8u << 20, 4);
    auto made = std::make_shared<spdlog::logger>("reprise", sink);
    made->set_level(wanted);
    made->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
    made->flush_on(spdlog::level::warn);
    current() = made;
  } catch (const spdlog::spdlog_ex& error) {
    return io_error(file + ": the log cannot be written: " + error.what(), "change logging.file");
  }
  return ok_status();
}

void write(Level level, std::string_view what, Fields fields) {
  spdlog::logger& logger = *current();
  if (!logger.should_log(level_of(level))) return;
  std::string line(what);
  for (const auto& [key, value] : fields) {
    line += " ";
    line += key;
    line += "=";
    if (!needs_quotes(value)) {
      line += value;
      continue;
    }
    line += '"';
    for (const char c : value) {
      if (c == '"' || c == '\\') line += '\\';
      if (c == '\n') {
        line += "\\n";
      } else {
        line += c;
      }
    }
    line += '"';
  }
  logger.log(level_of(level), line);
}

}  // namespace reprise::tools::logging
