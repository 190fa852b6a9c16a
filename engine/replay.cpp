#include "engine/replay.h"

#include <algorithm>
#include <cstring>

#include "config/loader.h"
#include "engine/take_up.h"
#include "engine/version.h"
#include "journal/field_diff.h"
#include "journal/record_text.h"

namespace reprise::engine {

namespace {

constexpr std::size_t kMaxCauses = 16;
constexpr std::size_t kMaxCauseText = 400;  // a book snapshot as a cause is told by its beginning

std::string cause_text(const journal::RecordView& record) {
  return journal::record_line(record, kMaxCauseText);
}

// The Configuration record with other entries, in a batch of its own.
Result<journal::RecordBatch> overridden(const journal::RecordView& input,
                                        const std::vector<std::pair<std::string, std::string>>& overrides) {
  const config::Entries entries = entries_of(journal::read<schema::Configuration>(input));
  std::vector<std::string> sets;
  for (const auto& [key, value] : overrides) sets.push_back(key + "=" + value);
  auto loaded = changed_configuration(entries, sets);
  if (!loaded) return loaded.error();

  std::size_t words = 0;
  for (const auto& [key, value] : loaded->entries) words += 4 + key.size() / 8 + value.size() / 8 + 2;
  const std::string hash = config::config_hash(loaded->entries);
  journal::RecordBatch batch;
  journal::RecordHeader header = *input.header;
  batch.append<schema::Configuration>(
      RecordType::CONFIGURATION, header,
      [&](schema::Configuration::Builder b) {
        auto list = b.initEntries(static_cast<capnp::uint>(loaded->entries.size()));
        capnp::uint i = 0;
        for (const auto& [key, value] : loaded->entries) {
          list[i].setKey(key);
          list[i].setValue(value);
          ++i;
        }
        b.setHash(hash);
      },
      words + 16);
  return batch;
}

}  // namespace

struct Replayer::Impl {
  std::string path;
  ReplayOptions options;
  journal::JournalReader reader;
  std::optional<Engine> engine;
  std::unique_ptr<Recomputed> instead;
  journal::RecordBatch outputs;   // of the last input
  const std::byte* at = nullptr;  // first output not yet compared
  std::size_t pending = 0;
  journal::Seq input_seq = 0;
  journal::Seq last_read = 0;
  bool has_configuration = false;
  journal::Seq part_begins = 0;  // first record that was asked for
  std::uint64_t in_part = 0;     // records read from there on
  ReplayReport report;

  Impl(std::string where, ReplayOptions given, journal::JournalReader opened)
      : path(std::move(where)), options(std::move(given)), reader(std::move(opened)) {}

  Status feed(const journal::RecordView& input) {
    journal::RecordView given = input;
    journal::RecordBatch replaced;
    if (input.type() == RecordType::CONFIGURATION) {
      has_configuration = true;
      if (!options.overrides.empty()) {
        auto made = overridden(input, options.overrides);
        if (!made) return made.error();
        replaced = std::move(made).value();
        replaced.for_each(input.seq, [&](const journal::RecordView& view) { given = view; });
      }
    }
    outputs.clear();
    if (instead != nullptr) {
      instead->on(given, outputs);
    } else {
      engine->on(given, outputs);
    }
    at = outputs.bytes();
    pending = outputs.count();
    input_seq = input.seq;
    return ok_status();
  }

  journal::RecordView next_output(journal::Seq seq) const {
    return {seq, reinterpret_cast<const journal::RecordHeader*>(at)};
  }
  void step() {
    at += next_output(0).total_bytes();
    --pending;
  }

  // One recorded output; whether it is the one that the engine made.
  bool compare(const journal::RecordView& recorded) {
    if (pending == 0) {
      diverge(&recorded, nullptr, recorded.seq);
      return false;
    }
    const journal::RecordView replayed = next_output(recorded.seq);
    const std::size_t bytes = recorded.total_bytes();
    const bool same = replayed.total_bytes() == bytes && std::memcmp(recorded.bytes(), replayed.bytes(), bytes) == 0;
    if (!same) diverge(&recorded, &replayed, recorded.seq);
    step();
    return same;
  }

  // Outputs that the engine made and the journal lacks, in front of record `seq`.
  void missing(journal::Seq seq) {
    while (pending != 0) {
      const journal::RecordView replayed = next_output(seq);
      diverge(nullptr, &replayed, seq);
      step();
    }
  }

  void diverge(const journal::RecordView* recorded, const journal::RecordView* replayed, journal::Seq seq) {
    ++report.divergences;
    if (report.first_divergence) return;
    const journal::RecordView& shown = recorded != nullptr ? *recorded : *replayed;
    Divergence found;
    found.seq = seq;
    found.type = shown.type();
    found.instrument = shown.header->instrument;
    found.engine_time = shown.header->ts_engine;
    if (recorded == nullptr || replayed == nullptr) {
      found.field = "record";
      found.recorded = recorded == nullptr ? "(none)" : cause_text(*recorded);
      found.replayed = replayed == nullptr ? "(none)" : cause_text(*replayed);
    } else if (const auto difference = journal::first_difference(*recorded, *replayed)) {
      found.field = difference->field;
      found.recorded = difference->a;
      found.replayed = difference->b;
    } else {
      found.field = "bytes";
      found.recorded = std::to_string(recorded->total_bytes()) + " bytes";
      found.replayed = std::to_string(replayed->total_bytes()) + " bytes";
    }
    found.causes = causes_of(shown, recorded == nullptr);
    report.first_divergence = std::move(found);
  }

  // The chain of causes, nearest first. Everything in front of the first divergence is the same on both sides, so
  // the journal tells it; only causes among the outputs of this very input may exist on the replayed side alone.
  std::vector<std::string> causes_of(const journal::RecordView& record, bool is_replayed) {
    std::vector<std::string> causes;
    journal::ReaderOptions plain;
    plain.read_ahead = false;
    auto lookup = journal::JournalReader::open(path, plain);
    if (!lookup) return causes;
    journal::Seq cause = record.cause_seq();
    while (cause != 0 && causes.size() < kMaxCauses) {
      journal::Seq next = 0;
      bool found = false;
      const auto tell = [&](const journal::RecordView& view) {
        causes.push_back(cause_text(view));
        next = view.cause_seq();
        found = true;
      };
      if (is_replayed && cause > input_seq) {
        outputs.for_each(input_seq + 1, [&](const journal::RecordView& view) {
          if (view.seq == cause) tell(view);
        });
      } else {
        journal::RecordView view;
        if (lookup->seek(cause).ok() && lookup->next(view) && view.seq == cause) tell(view);
      }
      if (!found) break;
      cause = next;
    }
    return causes;
  }

  // The engine in front of what is to be compared.
  Status begin() {
    if (instead != nullptr) {
      if (reader.base_seq() != 0)
        return usage_error(path + " is a part of a day that is replayed as a whole",
                           "replay the journal that it is of");
      if (options.from_seq == 0 && options.from_time == 0 && options.overrides.empty()) return ok_status();
      return usage_error(path + " is replayed from its beginning, under its own settings",
                         "leave --from and --set away");
    }
    journal::Seq limit = options.from_seq == 0 ? 0 : options.from_seq - 1;
    if (options.from_time != 0) {
      auto first = reader.seek_time(options.from_time);
      if (!first.ok()) return first.error();
      if (*first == 0)
        return usage_error(path + ": no record at or after that time", "reprise inspect shows the times");
      limit = std::max(limit, *first - 1);
    } else if (limit >= reader.last_seq() && limit != 0) {
      return usage_error(path + " has no record " + std::to_string(options.from_seq),
                         "its last one is " + std::to_string(reader.last_seq()));
    }
    part_begins = limit + 1;
    auto taken = take_up(reader, engine, limit);
    if (!taken.ok()) return taken.error();
    report.begun_behind = taken->seq;
    last_read = input_seq = taken->seq;
    has_configuration = engine->is_configured();
    for (const std::string& warning : taken->warnings) note(warning);
    if (taken->seq != 0 && !options.overrides.empty()) {
      return usage_error("settings can only be replaced where they were given: in front of the first record",
                         "replay without --from, or branch the run: reprise whatif");
    }
    return ok_status();
  }

  Result<ReplayReport> run() {
    const Status begun = begin();
    if (!begun.ok()) return begun.error();
    const bool may_end_torn = reader.manifest().status != schema::RunStatus::ENDED;
    report.recorded_engine_version = reader.manifest().engine_version;
    add_notes();
    std::uint64_t until_progress = options.progress_interval;
    bool stopped = false;
    journal::RecordView record;
    while (reader.next(record)) {
      const journal::RecordHeader& header = *record.header;
      if (header.is_output()) {
        if (!compare(record) && options.stop_at_first_divergence) stopped = true;
        ++report.outputs;
      } else {
        if (pending != 0) {
          missing(record.seq);
          if (options.stop_at_first_divergence) {
            stopped = true;
            break;
          }
        }
        if ((options.until_seq != 0 && record.seq > options.until_seq) ||
            (options.until_time != 0 && header.ts_engine > options.until_time)) {
          stopped = true;
          break;
        }
        const Status fed = feed(record);
        if (!fed.ok()) return fed.error();
        ++report.inputs;
      }
      last_read = record.seq;
      if (record.seq >= part_begins) ++in_part;
      ++report.records;
      if (header.type_code < report.by_type.size()) ++report.by_type[header.type_code];
      if (--until_progress == 0) {
        until_progress = options.progress_interval;
        if (options.progress && !options.progress({record.seq, reader.last_seq(), header.ts_engine})) stopped = true;
      }
      if (stopped) break;
    }
    const Status status = reader.status();
    if (!status.ok()) return status.error();
    if (!stopped && pending != 0) {
      if (may_end_torn) {
        report.cut_outputs = pending;
      } else {
        missing(last_read + 1);
      }
    }
    const bool is_part =
        options.from_seq != 0 || options.from_time != 0 || options.until_seq != 0 || options.until_time != 0;
    if (is_part && in_part == 0 && report.divergences == 0) {
      return usage_error(path + " has no record in that part", "reprise inspect shows its records and times");
    }
    if (!options.overrides.empty() && !has_configuration && !stopped) {
      return usage_error(path + " has no configuration record whose keys could be replaced",
                         "use --set on the journal of a run");
    }
    if (!stopped && report.outputs == 0 && report.divergences == 0) {
      note(has_configuration ? "no outputs: nothing was compared"
                             : "no configuration in it, so nothing was decided and nothing was compared");
    }
    report.complete = !stopped;
    report.identical = report.divergences == 0;
    if (report.complete) report.digest = reader.running_digest();
    return report;
  }

  void note(const std::string& text) { report.note += (report.note.empty() ? "" : "; ") + text; }

  void add_notes() {
    const std::uint32_t recorded = report.recorded_engine_version;
    if (recorded != kEngineVersion && recorded != 0) {
      note("recorded by engine version " + std::to_string(recorded) + ", replayed by " +
           std::to_string(kEngineVersion));
    }
    for (const auto& [key, value] : options.overrides) {
      const std::string part = key.substr(0, key.find('.'));
      if (key == "venue.stp_mode") continue;  // goes with each order, so the engine reads it too
      if (part == "venue" || part == "run" || part == "journal" || part == "logging") {
        note(key + " changes nothing in a replay: what it governs is an input");
      }
    }
  }
};

Replayer::Replayer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Replayer::Replayer(Replayer&&) noexcept = default;
Replayer& Replayer::operator=(Replayer&&) noexcept = default;
Replayer::~Replayer() = default;

Result<Replayer> Replayer::open(const std::string& path, ReplayOptions options) {
  if (options.progress_interval == 0) options.progress_interval = 1;
  auto reader = journal::JournalReader::open(path);
  if (!reader) return reader.error();
  return Replayer(std::make_unique<Impl>(path, std::move(options), std::move(reader).value()));
}

Result<Replayer> Replayer::open(const std::string& path, ReplayOptions options, std::unique_ptr<Recomputed> instead) {
  auto replayer = open(path, std::move(options));
  if (replayer.ok()) replayer->impl_->instead = std::move(instead);
  return replayer;
}

Result<ReplayReport> Replayer::run() {
  return impl_->run();
}
const journal::Manifest& Replayer::manifest() const {
  return impl_->reader.manifest();
}
bool Replayer::has_engine() const {
  return impl_->instead == nullptr;
}
Engine& Replayer::engine() {
  REPRISE_ASSERT(has_engine(), "no engine was recomputed");
  return *impl_->engine;
}
journal::Seq Replayer::stopped_at() const {
  return impl_->last_read;
}

}  // namespace reprise::engine
