#include "sim/branch_point.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "engine/state_bytes.h"
#include "engine/take_up.h"
#include "engine/version.h"
#include "sim/dataset_source.h"
#include "sim/recorded_state.h"
#include "sim/run_loop.h"
#include "sim/run_sink.h"

namespace reprise::sim {

using journal::RecordType;
using journal::RecordView;

namespace {

constexpr journal::Seq kWayProgress = 16'384;

struct Beginning {
  std::uint64_t run_tag = 0;
  config::Entries entries;
  config::Config config;
};

// RunStart and Configuration lead every run.
Result<Beginning> beginning_of(const std::string& path) {
  journal::ReaderOptions plain;
  plain.read_ahead = false;
  auto reader = journal::JournalReader::open(path, plain);
  if (!reader) return reader.error();
  RecordView record;
  Beginning beginning;
  for (int n = 0; n < 8 && reader->next(record); ++n) {
    if (record.type() == RecordType::RUN_START) beginning.run_tag = journal::read<schema::RunStart>(record).getRunTag();
    if (record.type() != RecordType::CONFIGURATION) continue;
    beginning.entries = engine::entries_of(journal::read<schema::Configuration>(record));
    auto config = engine::check_configuration(beginning.entries);
    if (!config) return config.error();
    beginning.config = std::move(*config);
    return beginning;
  }
  if (auto status = reader->status(); !status) return status.error();
  return usage_error(path + " has no configuration among its first records", "branch the journal of a run");
}

std::string end_reason_of(const std::string& path) {
  journal::ReaderOptions plain;
  plain.read_ahead = false;
  auto reader = journal::JournalReader::open(path, plain);
  if (!reader || reader->last_seq() == 0) return {};
  auto last_input = start_of_step(*reader, reader->last_seq());  // outputs may stand behind it
  if (!last_input || !reader->seek(*last_input)) return {};
  RecordView record;
  if (!reader->next(record) || record.type() != RecordType::RUN_END) return {};
  return journal::read<schema::RunEnd>(record).getReason().cStr();
}

// A run on its way along its journal.
struct Way {
  Way(DatasetSource s, RunSink k) : source(std::move(s)), sink(std::move(k)), loop(source, sink) {}
  DatasetSource source;
  RunSink sink;
  RunLoop loop;
};

}  // namespace

struct RecordedRun::Impl {
  std::string path;
  journal::JournalReader reader;  // looks for snapshots
  std::string end_reason;
  // From record acts_from on to the end; read when the first branch is asked for, since most questions ask for none.
  std::shared_ptr<const std::vector<RecordedAct>> acts;
  journal::Seq acts_from = 0;
  std::unique_ptr<Way> way;
  // Of a live run: the engine's way, and what stands where it has come to.
  std::optional<StateTaker> engine_way;
  OnWay asks;  // of the move under way
  std::optional<journal::Snapshot> assumed;

  Impl(std::string p, journal::JournalReader r) : path(std::move(p)), reader(std::move(r)) {}
  bool is_live() const { return reader.manifest().mode == schema::RunMode::LIVE; }

  Status begin_at_start() {
    auto beginning = beginning_of(path);
    if (!beginning) return beginning.error();
    auto source = DatasetSource::open({path}, {beginning->config.venue.feed_latency_ns});
    if (!source) return source.error();
    auto kept = journal::JournalReader::open(path);
    if (!kept) return kept.error();
    way = std::make_unique<Way>(std::move(*source), RunSink::along(path, std::move(*kept), 1));
    way->loop.begin(beginning->config, beginning->entries, beginning->run_tag);
    return ok_status();
  }

  Status begin_behind(const journal::Snapshot& snapshot) {
    auto kept = journal::JournalReader::open(path);
    if (!kept) return kept.error();
    if (auto sought = kept->seek(snapshot); !sought) return sought.error();
    auto source = DatasetSource::open_behind(path, snapshot.info.seq);
    if (!source) return source.error();
    way = std::make_unique<Way>(std::move(*source), RunSink::along(path, std::move(*kept), snapshot.info.seq + 1));
    return way->loop.load(snapshot);
  }

  // The nearest snapshot that this program can take up, or the start.
  Status begin_before(journal::Seq seq) {
    const journal::Seq base = reader.base_seq();
    Error problem;
    for (journal::Seq at = std::max(seq, base); at != 0;) {
      auto found = reader.snapshot_at_or_before(at);
      if (!found) return found.error();
      if (!*found) break;
      const journal::Seq behind = (*found)->info.seq;
      const Status begun = begin_behind(**found);
      if (begun.ok()) return begun;
      problem = begun.error();
      at = behind - 1;
      if (behind == base) break;
    }
    if (base == 0) return begin_at_start();
    return problem.message.empty() ? corrupt_error(path + ": its base is damaged", "run reprise verify on it")
                                   : problem;
  }

  // A venue as the engine knows it, beside the engine behind the step that contains `seq`.
  Status assume_at(journal::Seq seq, const OnWay& on_way) {
    auto end = end_of_step(reader, seq);
    if (!end) return end.error();
    if (assumed && assumed->info.seq == *end) return ok_status();
    if (!engine_way) {
      engine_way.emplace(path, StateOptions{false, [this](journal::Seq at) { return !asks || asks(at); }});
    }
    asks = on_way;
    auto state = engine_way->behind(*end);
    asks = nullptr;
    if (!state) return state.error();
    engine::Engine engine;
    const journal::SnapshotSection* section = state->section(engine::kEngineSection);
    if (Status loaded = engine::load_state(engine, section->bytes); !loaded) return loaded;
    if (!engine.is_configured()) {
      return usage_error(path + ": the run has no configuration yet behind record " + std::to_string(*end),
                         "branch it later");
    }
    auto source = DatasetSource::open_behind(path, *end);
    if (!source) return source.error();
    source->stand_at(engine.instruments(), engine.now());
    way = std::make_unique<Way>(std::move(*source), RunSink::behind(*state));
    if (Status begun = way->loop.begin_beside(*state); !begun) return begun;
    state->sections = way->loop.snapshot().sections;
    assumed = std::move(*state);
    return ok_status();
  }

  Status go_to(journal::Seq seq, const OnWay& on_way) {
    if (seq > reader.last_seq() || seq < reader.base_seq() || seq == 0) {
      return usage_error(path + " has no record " + std::to_string(seq),
                         "it holds " + std::to_string(reader.first_seq()) + " to " + std::to_string(reader.last_seq()));
    }
    if (is_live()) return assume_at(seq, on_way);
    auto nearest = reader.snapshot_at_or_before(seq);
    const journal::Seq start = nearest.ok() && *nearest ? (*nearest)->info.seq : 0;
    const bool is_nearer = way == nullptr || start > way->sink.next_seq();
    if (is_nearer || way->sink.next_seq() - 1 > seq) {
      if (Status begun = begin_before(seq); !begun) return begun.error();
    }
    journal::Seq told = way->sink.next_seq();
    auto repeated = read_recorded_acts(path, way->sink.next_seq(), seq);
    if (!repeated) return repeated.error();
    auto act = repeated->begin();
    while (way->sink.next_seq() <= seq && !way->sink.failed()) {
      if (act != repeated->end() && act->seq == way->sink.next_seq()) {
        if (Status done = repeat_act(way->loop, *act); !done) return done.error();
        ++act;
        continue;
      }
      if (!way->loop.step()) break;
      if (way->sink.next_seq() - told < kWayProgress) continue;
      told = way->sink.next_seq();
      if (on_way && !on_way(told)) return io_error("interrupted");
    }
    if (Status status = way->source.status(); !status) return status.error();
    return way->sink.status();
  }

  journal::Snapshot state() {
    if (assumed) return *assumed;
    journal::SnapshotImage image = way->loop.snapshot();
    journal::Snapshot state;
    state.info.seq = way->sink.next_seq() - 1;
    state.info.ts_engine = way->loop.engine_time().ns;
    state.info.engine_version = image.engine_version;
    state.records = way->sink.digest_state();
    state.info.digest = state.records.value();
    state.sections = std::move(image.sections);
    return state;
  }

  Status read_acts_behind(journal::Seq seq) {
    if (acts != nullptr && acts_from <= seq + 1) return ok_status();
    auto read = read_recorded_acts(path, seq + 1, reader.last_seq());
    if (!read) return read.error();
    acts = std::make_shared<const std::vector<RecordedAct>>(std::move(*read));
    acts_from = seq + 1;
    return ok_status();
  }
};

RecordedRun::RecordedRun(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RecordedRun::RecordedRun(RecordedRun&&) noexcept = default;
RecordedRun& RecordedRun::operator=(RecordedRun&&) noexcept = default;
RecordedRun::~RecordedRun() = default;

Result<RecordedRun> RecordedRun::open(const std::string& path) {
  auto reader = journal::JournalReader::open(path);
  if (!reader) return reader.error();
  const journal::Manifest& manifest = reader->manifest();
  if (manifest.mode == schema::RunMode::DATASET) {
    return usage_error(path + " is a dataset: nothing was decided in it", "trade it first: reprise run");
  }
  if (manifest.mode == schema::RunMode::EXCHANGE) {
    return usage_error(path + " is an exchange's day: its clients decided", "reprise replay makes it again");
  }
  if (manifest.engine_version != engine::kEngineVersion) {
    return usage_error(path + " was made by engine version " + std::to_string(manifest.engine_version) +
                           ", this program is version " + std::to_string(engine::kEngineVersion),
                       "trade its dataset again with this program");
  }
  auto impl = std::make_unique<Impl>(path, std::move(*reader));
  impl->end_reason = end_reason_of(path);
  return RecordedRun(std::move(impl));
}

Status RecordedRun::go_to(journal::Seq seq, const OnWay& on_way) {
  return impl_->go_to(seq, on_way);
}

Result<journal::Snapshot> RecordedRun::state_at(journal::Seq seq, const OnWay& on_way) {
  if (Status gone = impl_->go_to(seq, on_way); !gone) return gone.error();
  return impl_->state();
}

Result<BranchPoint> RecordedRun::point_at(journal::Seq seq, const OnWay& on_way) {
  if (Status gone = impl_->go_to(seq, on_way); !gone) return gone.error();
  BranchPoint point;
  point.parent = impl_->path;
  point.manifest = impl_->reader.manifest();
  point.end_reason = impl_->end_reason;
  point.is_assumed = impl_->is_live();
  point.state = impl_->state();
  if (Status read = impl_->read_acts_behind(point.state.info.seq); !read) return read.error();
  point.acts = impl_->acts;
  return point;
}

bool RecordedRun::cannot_be_made_again() const {
  return impl_->way != nullptr && impl_->way->sink.failed();
}

const SimExchange* RecordedRun::exchange() const {
  return impl_->way == nullptr ? nullptr : &std::as_const(impl_->way->loop).exchange();
}

}  // namespace reprise::sim
