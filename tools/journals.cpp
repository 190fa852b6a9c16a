#include "tools/journals.h"

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "engine/take_up.h"
#include "journal/tail.h"

namespace reprise::tools {

namespace fs = std::filesystem;

std::uint64_t directory_bytes(const std::string& path) {
  std::error_code error;
  std::uint64_t total = 0;
  if (fs::is_regular_file(path, error)) return fs::file_size(path, error);  // a slice
  for (fs::recursive_directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    if (it->is_regular_file(ignored)) {
      const auto size = it->file_size(ignored);
      if (!ignored) total += size;
    }
  }
  return total;
}

Status check_is_free(const std::string& option, const std::string& path) {
  std::error_code error;
  if (path.empty()) return usage_error(option + " is empty", "give the path of a directory to make");
  const fs::file_status status = fs::symlink_status(path, error);
  if (fs::exists(status)) {
    return usage_error(path + ": exists already", "choose another path for " + option + ", or remove it first");
  }
  fs::path target = fs::path(path).lexically_normal();
  if (target.filename().empty()) target = target.parent_path();
  fs::path parent = target.parent_path();
  if (parent.empty()) parent = ".";
  if (!fs::is_directory(parent, error)) {
    return usage_error(parent.string() + ": no such directory", "make it first: mkdir -p " + parent.string());
  }
  if (access(parent.c_str(), W_OK | X_OK) != 0) {
    return io_error(parent.string() + ": not writable", "choose another path for " + option);
  }
  return ok_status();
}

const char* status_text(const std::string& path, schema::RunStatus recorded) {
  if (recorded == schema::RunStatus::RUNNING && !journal::has_writer(path))
    recorded = schema::RunStatus::CRASHED_RECOVERED;
  return journal::name_of(recorded);
}

Result<Symbols> read_symbols(const std::string& path) {
  journal::ReaderOptions options;
  options.filter.types = {journal::RecordType::INSTRUMENT};
  auto reader = journal::JournalReader::open(path, options);
  if (!reader) return reader.error();
  Symbols symbols;
  if (reader->base_seq() != 0) {
    auto engine = engine::take_up_base(*reader);
    if (!engine) return engine.error();
    for (const auto& [number, instrument] : engine->instruments().all()) symbols[number] = instrument.symbol;
  }
  journal::RecordView record;
  while (reader->next(record)) {
    symbols[record.header->instrument] = journal::read<schema::Instrument>(record).getSymbol().cStr();
  }
  if (auto status = reader->status(); !status) return status.error();
  return symbols;
}

std::string number_name(std::uint64_t number) {
  std::string text = std::to_string(number);
  text.insert(text.begin(), '#');
  return text;
}

std::string symbol_of(const Symbols& symbols, std::uint32_t instrument) {
  if (instrument == 0) return "";
  const auto found = symbols.find(instrument);
  return found == symbols.end() ? number_name(instrument) : found->second;
}

void write_counts(Json& json, std::string_view name, const TypeCounts& counts) {
  json.key(name).begin_object();
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] != 0) json.field(journal::name_of(static_cast<journal::RecordType>(i)), counts[i]);
  }
  json.end_object();
}

std::string counts_text(const TypeCounts& counts, int width) {
  Table table;
  table.column("record type");
  table.column("records", Table::Align::right);
  table.column("made by");
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    const auto type = static_cast<journal::RecordType>(i);
    table.row({journal::name_of(type), with_thousands(counts[i]), journal::is_output_type(type) ? "engine" : "input"});
  }
  return table.text(width);
}

std::uint64_t peak_memory_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("VmHWM:", 0) == 0) return std::strtoull(line.c_str() + 6, nullptr, 10) * 1024;
  }
  return 0;
}

std::int64_t wall_clock_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace reprise::tools
