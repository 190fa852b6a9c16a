#include "tools/scenario_base.h"

#include <cstdlib>
#include <filesystem>

#include "gateway/import/importer.h"
#include "journal/journal_reader.h"
#include "tools/build_info.h"
#include "tools/journals.h"

namespace reprise::tools {

namespace fs = std::filesystem;
using sim::scenario::Base;
using sim::scenario::GeneratedBase;

namespace {

// Where a path of a scenario's base is; "" when nowhere.
std::string find_data(const std::string& path, const std::string& scenario_path) {
  std::vector<fs::path> candidates;
  const fs::path wanted(path);
  if (wanted.is_absolute()) {
    candidates.push_back(wanted);
  } else {
    const fs::path folder = fs::path(scenario_path).parent_path();
    candidates.push_back(folder / wanted);
    if (const char* data = std::getenv("REPRISE_DATA"); data != nullptr && *data != '\0') {
      candidates.push_back(fs::path(data) / wanted);
    }
    candidates.push_back(folder / ".." / ".." / "shared" / "data" / wanted);
  }
  std::error_code error;
  for (const fs::path& candidate : candidates) {
    if (fs::exists(candidate, error)) return candidate.lexically_normal().string();
  }
  return "";
}

bool find_all(const std::vector<std::string>& paths, const std::string& scenario_path, std::vector<std::string>& found,
              std::string& missing) {
  for (const std::string& path : paths) {
    const std::string place = find_data(path, scenario_path);
    if (place.empty()) {
      missing = path;
      return false;
    }
    found.push_back(place);
  }
  return true;
}

// Declarations, and what was received in [from, until]; 0 = open.
Status cut(const std::string& source, std::int64_t from, std::int64_t until, const std::string& out) {
  auto reader = journal::JournalReader::open(source);
  if (!reader) return reader.error();
  journal::Manifest manifest = reader->manifest();
  manifest.origin = source + " (part)";
  journal::WriterOptions writing;
  writing.durability = journal::Durability::buffered;
  writing.clock = wall_clock_ns;
  auto writer = journal::JournalWriter::create(out, manifest, writing);
  if (!writer) return writer.error();
  journal::RecordView record;
  while (reader->next(record)) {
    const bool declares =
        record.type() == journal::RecordType::INSTRUMENT || record.type() == journal::RecordType::MARGIN_TABLE;
    const std::int64_t time = record.header->ts_engine;
    if (until != 0 && time > until && !declares) break;
    if (!declares && from != 0 && time < from) continue;
    journal::RecordHeader header = *record.header;
    header.cause_delta = 0;
    if (declares && from != 0 && header.ts_engine < from) {
      header.ts_engine = header.ts_recv = from;
      header.ts_event = 0;
    }
    writer->append(header, record.body(), record.body_words());
  }
  if (auto status = reader->status(); !status) return status.error();
  auto ended = writer->end();
  return ended ? ok_status() : Status(ended.error());
}

}  // namespace

ScenarioBases::Shared& ScenarioBases::shared(const std::string& key) {
  const std::lock_guard<std::mutex> guard(lock_);
  Shared& base = made_[key];
  if (base.path.empty()) base.path = (fs::path(folder_) / ("base-" + std::to_string(made_.size()))).string();
  return base;
}

sim::GeneratorOptions generator_options(const GeneratedBase& base, const std::string& out) {
  sim::GeneratorOptions options;
  options.seed = base.seed;
  options.duration_ns = base.duration_ns;
  options.symbols = base.symbols;
  if (base.start_time_ns != 0) options.start_time_ns = base.start_time_ns;
  options.out = out;
  options.clock = wall_clock_ns;
  options.build_id = build_id();
  return options;
}

Status ScenarioBases::make_generated(const GeneratedBase& base, const std::string& out, const std::atomic<bool>& stop) {
  sim::GeneratorOptions options = generator_options(base, out);
  options.progress = [&](std::int64_t, std::int64_t) { return !stop.load(std::memory_order_relaxed); };
  auto made = sim::generate(options);
  return made ? ok_status() : Status(made.error());
}

Status ScenarioBases::make_imported(const Base& base, const std::vector<std::string>& files,
                                    const std::vector<std::string>& instruments, const std::string& out,
                                    const std::atomic<bool>& stop) {
  const bool is_part = base.from_ns != 0 || base.until_ns != 0;
  gateway::ImportOptions options;
  options.files = files;
  options.instrument_files = instruments;
  options.out = is_part ? out + "-whole" : out;
  options.clock = wall_clock_ns;
  options.build_id = build_id();
  options.compiler = compiler_id();
  options.progress = [&](const gateway::ImportProgress&) { return !stop.load(std::memory_order_relaxed); };
  auto made = gateway::import_files(options);
  if (!made) return made.error();
  return is_part ? cut(options.out, base.from_ns, base.until_ns, out) : ok_status();
}

Result<PreparedBase> ScenarioBases::prepare(const sim::scenario::Scenario& scenario, const std::atomic<bool>& stop) {
  const Base& base = scenario.base;
  PreparedBase prepared;
  std::vector<std::string> files;
  std::vector<std::string> instruments;
  std::string key;
  if (base.generated) {
    const GeneratedBase& g = *base.generated;
    key = "generate " + std::to_string(g.seed) + " " + std::to_string(g.duration_ns) + " " + std::to_string(g.symbols) +
          " " + std::to_string(g.start_time_ns);
  } else if (!base.imports.empty()) {
    if (!find_all(base.imports, scenario.path, files, prepared.missing)) return prepared;
    if (!find_all(base.instruments, scenario.path, instruments, prepared.missing)) return prepared;
    key = "import " + std::to_string(base.from_ns) + " " + std::to_string(base.until_ns);
    for (const std::string& file : files) key += " " + file;
    for (const std::string& file : instruments) key += " with " + file;
  } else {
    if (!find_all(base.datasets, scenario.path, prepared.datasets, prepared.missing)) return prepared;
    if (base.from_ns == 0 && base.until_ns == 0) return prepared;
    for (std::string& dataset : prepared.datasets) {
      Shared& part =
          shared("part " + dataset + " " + std::to_string(base.from_ns) + " " + std::to_string(base.until_ns));
      const std::lock_guard<std::mutex> guard(part.making);
      if (!part.is_made) {
        if (Status made = cut(dataset, base.from_ns, base.until_ns, part.path); !made) return made.error();
        part.is_made = true;
      }
      dataset = part.path;
    }
    return prepared;
  }
  Shared& made = shared(key);
  const std::lock_guard<std::mutex> guard(made.making);
  if (!made.is_made) {
    const Status status = base.generated ? make_generated(*base.generated, made.path, stop)
                                         : make_imported(base, files, instruments, made.path, stop);
    if (!status) return status.error();
    made.is_made = true;
  }
  prepared.datasets.push_back(made.path);
  return prepared;
}

}  // namespace reprise::tools
