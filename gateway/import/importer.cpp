#include "gateway/import/importer.h"

#include <algorithm>
#include <deque>
#include <filesystem>
#include <queue>
#include <set>

#include "engine/version.h"
#include "gateway/import/file_stream.h"

namespace reprise::gateway {

namespace {

constexpr std::uint64_t kStatusMessages = 512;  // between two looks at what the writer says
constexpr std::uint64_t kProgressMessages = 1u << 15;

// FILE:usdm names the market of FILE, unless a file of that very name exists.
void split_market(const std::string& argument, std::string& path, schema::Venue& venue) {
  path = argument;
  std::error_code code;
  const std::size_t colon = argument.rfind(':');
  if (colon == std::string::npos || std::filesystem::exists(argument, code)) return;
  if (const auto market = market_from(argument.substr(colon + 1))) {
    path = argument.substr(0, colon);
    venue = *market;
  }
}

std::uint64_t size_of(const std::string& path) {
  std::error_code code;
  const auto size = std::filesystem::file_size(path, code);
  return code ? 0 : size;
}

class Import {
 public:
  explicit Import(const ImportOptions& options) : options_(options) {}

  Result<ImportReport> run() {
    if (Status status = prepare(); !status.ok()) return status.error();
    DatasetWriter writer(maker());
    ImportSession session(writer, registry_, table_, report_);
    Status merged = merge(session);
    if (Status made = writer.made(); !made.ok()) return made.error();
    const Status written = session.status();
    for (std::size_t i = 0; i < streams_.size(); ++i) {
      if (streams_[i]) streams_[i]->finish_report();
    }
    report_.records = session.records();
    Result<journal::Manifest> ended = writer.end();
    if (!merged.ok()) {
      Error error = merged.error();
      error.message +=
          "; " + options_.out + " holds the " + std::to_string(report_.records) + " records before that place";
      if (!ended.ok()) error.message += ", and could not be closed: " + ended.error().message;
      return error;
    }
    if (!written.ok()) return written.error();
    if (!ended.ok()) return ended.error();
    report_.manifest = *ended;
    for (const FileReport& file : report_.files) {
      report_.text_bytes += file.text_bytes;
      if (file.records == 0) report_.warnings.push_back(file.path + ": no line made a record");
    }
    return std::move(report_);
  }

 private:
  Status prepare() {
    if (options_.files.empty()) return usage_error("import: no files given", "reprise import FILE... --out DATASET");
    if (options_.out.empty()) return usage_error("import: no dataset given", "name the new dataset with --out DATASET");
    REPRISE_ASSERT(options_.clock != nullptr, "import needs a clock for the manifest");
    std::error_code code;
    if (std::filesystem::exists(options_.out, code)) {
      return usage_error(options_.out + ": exists already", "choose another --out, or remove it first");
    }
    std::set<std::string> seen;
    for (const std::string& argument : options_.files) {
      SourceInfo base;
      split_market(argument, base.path, base.forced_venue);
      const auto canonical = std::filesystem::weakly_canonical(base.path, code).string();
      if (!seen.insert(code ? base.path : canonical).second) {
        return usage_error(base.path + ": named twice", "name each file once");
      }
      Result<std::vector<std::string>> entries = list_entries(base.path);
      if (!entries.ok()) return entries.error();
      bytes_total_ += size_of(base.path);
      for (std::size_t entry = 0; entry < entries->size(); ++entry) {
        SourceInfo& info = sources_.emplace_back(base);
        info.entry = entry;
        info.label = entries->size() == 1 ? base.path : base.path + "!" + (*entries)[entry];
        if (Status status = look_at(info, (*entries)[entry], registry_, table_); !status.ok()) return status;
      }
    }
    // Files of the user come last, so that they win over what a capture holds.
    for (const std::string& path : options_.instrument_files) {
      if (Status status = table_.add_file(path); !status.ok()) return status;
    }
    report_.files.resize(sources_.size());
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      report_.files[i].path = sources_[i].label;
      report_.files[i].format = sources_[i].recognised.format;
      report_.files[i].market = market_name(sources_[i].recognised.venue);
      streams_.push_back(nullptr);
    }
    for (const SourceInfo& source : sources_) {
      if (source.first_time != INT64_MIN)
        start_ = start_ == 0 ? source.first_time : std::min(start_, source.first_time);
    }
    if (start_ == 0) start_ = options_.clock();  // no line of any file makes a record: time is without meaning
    return ok_status();
  }

  // What makes the dataset, on a thread of its own: it shares nothing with the import but the clock.
  DatasetWriter::Make maker() const {
    journal::Manifest manifest;
    manifest.mode = schema::RunMode::DATASET;
    manifest.engine_version = engine::kEngineVersion;
    manifest.build_id = options_.build_id;
    manifest.compiler = options_.compiler;
    manifest.started_at = options_.clock();
    manifest.run_id = "import-" + std::to_string(manifest.started_at);
    manifest.origin = "import";
    for (const SourceInfo& source : sources_) manifest.origin += " " + source.label;
    journal::WriterOptions writer_options;
    writer_options.durability = journal::Durability::buffered;
    writer_options.clock = options_.clock;
    return [path = options_.out, manifest, writer_options] {
      return journal::JournalWriter::create(path, manifest, writer_options);
    };
  }

  Status open(std::size_t place, ImportSession& session) {
    streams_[place] = std::make_unique<FileStream>(sources_[place], registry_, report_.files[place]);
    if (Status status = streams_[place]->open(); !status.ok()) return status;
    const std::int64_t time = sources_[place].first_time == INT64_MIN ? start_ : sources_[place].first_time;
    if (sources_[place].state.is_capture) {
      for (const auto& [slot, offset] : sources_[place].clock_offsets) session.clock_offset(slot, time, offset);
    }
    return ok_status();
  }

  // Closes the stream but keeps its counts.
  void close(std::size_t place) {
    bytes_done_ += streams_[place]->file_bytes_read();
    streams_[place]->finish_report();
    streams_[place].reset();
  }

  bool report_progress(const ImportSession& session) {
    if (!options_.progress) return true;
    ImportProgress progress;
    progress.bytes_total = bytes_total_;
    progress.bytes_done = bytes_done_;
    for (const auto& stream : streams_) {
      if (stream) progress.bytes_done += stream->file_bytes_read();
    }
    progress.records = session.records();
    return options_.progress(progress);
  }

  Status merge(ImportSession& session) {
    session.declare_all(start_);

    // (key, place): the next message of each text, or for one that is not open yet its first time.
    using Entry = std::pair<std::int64_t, std::size_t>;
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> waiting;
    for (std::size_t i = 0; i < sources_.size(); ++i) waiting.emplace(sources_[i].first_time, i);
    std::uint64_t since_status = 0;
    std::uint64_t since_progress = 0;
    while (!waiting.empty()) {
      const std::size_t place = waiting.top().second;
      waiting.pop();
      if (!streams_[place]) {
        if (Status status = open(place, session); !status.ok()) return status;
        Result<bool> more = streams_[place]->advance();
        if (!more.ok()) return more.error();
        if (!*more) {
          close(place);
          continue;
        }
        waiting.emplace(streams_[place]->key(), place);
        continue;
      }
      FileStream& stream = *streams_[place];
      for (;;) {
        const MarketMessage& message = stream.front();
        const ImportSession::Outcome outcome = session.emit(message, stream.records(), sources_[place].state);
        if (outcome.refused != nullptr) {
          stream.refuse(message, outcome.refused);
        } else {
          stream.count(message, outcome.records);
        }
        if (++since_status == kStatusMessages) {
          since_status = 0;
          if (Status status = session.status(); !status.ok()) return status;
        }
        if (++since_progress == kProgressMessages) {
          since_progress = 0;
          if (!report_progress(session)) {
            return usage_error("import: stopped on request", "what was written so far is a valid dataset");
          }
        }
        Result<bool> more = stream.advance();
        if (!more.ok()) return more.error();
        if (!*more) {
          close(place);
          break;
        }
        if (!waiting.empty() && Entry{stream.key(), place} > waiting.top()) {
          waiting.emplace(stream.key(), place);
          break;
        }
      }
    }
    report_progress(session);
    return session.status();
  }

  const ImportOptions& options_;
  InstrumentTable table_;
  InstrumentRegistry registry_;
  ImportReport report_;
  std::deque<SourceInfo> sources_;
  std::vector<std::unique_ptr<FileStream>> streams_;
  std::uint64_t bytes_total_ = 0;
  std::uint64_t bytes_done_ = 0;
  std::int64_t start_ = 0;
};

}  // namespace

Result<ImportReport> import_files(const ImportOptions& options) {
  return Import(options).run();
}

}  // namespace reprise::gateway
