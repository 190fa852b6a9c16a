#include "sim/recorded_state.h"

#include <optional>
#include <utility>

#include "engine/state_bytes.h"
#include "engine/take_up.h"
#include "engine/version.h"
#include "sim/branch_point.h"
#include "sim/run_loop.h"

namespace reprise::sim {

using journal::RecordBatch;
using journal::RecordView;

namespace {
constexpr journal::Seq kStateProgress = 65'536;
}

Result<journal::Seq> end_of_step(journal::JournalReader& reader, journal::Seq seq) {
  if (seq < reader.first_seq()) return seq;
  if (Status sought = reader.seek(seq + 1); !sought) return sought.error();
  RecordView record;
  while (reader.next(record) && record.header->is_output()) seq = record.seq;
  if (Status status = reader.status(); !status) return status.error();
  return seq;
}

Result<journal::Seq> start_of_step(journal::JournalReader& reader, journal::Seq seq) {
  RecordView record;
  for (journal::Seq at = seq; at >= reader.first_seq() && at != 0; --at) {
    if (Status sought = reader.seek(at); !sought) return sought.error();
    if (!reader.next(record)) break;
    if (!record.header->is_output()) return at;
  }
  if (Status status = reader.status(); !status) return status.error();
  return reader.first_seq();
}

struct StateTaker::Impl {
  std::string path;
  StateOptions options;
  bool looked_for_run = false;
  std::optional<RecordedRun> run;  // while it can be made again
  // The engine alone, by reading.
  std::optional<journal::JournalReader> reader;
  std::optional<engine::Engine> engine;
  journal::Seq at = 0;
  std::int64_t time = 0;

  Status look_for_run() {
    if (std::exchange(looked_for_run, true) || !options.with_run) return ok_status();
    auto opened = journal::JournalReader::open(path);
    if (!opened) return opened.error();
    const schema::RunMode mode = opened->manifest().mode;
    if (mode != schema::RunMode::BACKTEST && mode != schema::RunMode::PAPER) return ok_status();
    auto recorded = RecordedRun::open(path);
    if (recorded.ok()) {
      run.emplace(std::move(*recorded));
    } else if (recorded.error().kind != ErrorKind::usage) {
      return recorded.error();
    }
    return ok_status();
  }

  Result<journal::Snapshot> engine_behind(journal::Seq seq) {
    if (!reader) {
      auto opened = journal::JournalReader::open(path);
      if (!opened) return opened.error();
      reader.emplace(std::move(*opened));
    }
    if (!engine || seq < at) {
      auto taken = engine::take_up(*reader, engine, seq);
      if (!taken) return taken.error();
      at = taken->seq;
      time = engine->now().ns;
    }
    RecordBatch outputs;
    RecordView record;
    while (at < seq && reader->next(record)) {
      at = record.seq;
      time = record.header->ts_engine;
      if (!record.header->is_output()) {
        outputs.clear();
        engine->on(record, outputs);
      }
      if (at % kStateProgress == 0 && options.on_way && !options.on_way(at)) return io_error("interrupted");
    }
    if (Status status = reader->status(); !status) return status.error();
    journal::Snapshot state;
    state.info.seq = seq;
    state.info.ts_engine = time;
    state.info.engine_version = engine::kEngineVersion;
    state.records = reader->digest_state();
    state.info.digest = state.records.value();
    state.sections.push_back({std::string(engine::kEngineSection), engine::save_state(*engine)});
    return state;
  }
};

StateTaker::StateTaker(std::string path, StateOptions options) : impl_(std::make_unique<Impl>()) {
  impl_->path = std::move(path);
  impl_->options = std::move(options);
}
StateTaker::StateTaker(StateTaker&&) noexcept = default;
StateTaker::~StateTaker() = default;

Result<journal::Snapshot> StateTaker::behind(journal::Seq seq) {
  if (Status looked = impl_->look_for_run(); !looked) return looked.error();
  if (impl_->run) {
    auto state = impl_->run->state_at(seq, impl_->options.on_way);
    if (state.ok() && state->info.seq == seq) return state;
    if (!state.ok() && !impl_->run->cannot_be_made_again()) return state.error();
    impl_->run.reset();
  }
  return impl_->engine_behind(seq);
}

}  // namespace reprise::sim
