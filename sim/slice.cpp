#include "sim/slice.h"

#include <optional>
#include <utility>
#include <vector>

#include "engine/state_bytes.h"
#include "engine/take_up.h"
#include "journal/journal_writer.h"
#include "journal/scratch_folder.h"
#include "journal/slice_file.h"
#include "sim/dataset_source.h"
#include "sim/opened_market.h"
#include "sim/recorded_state.h"
#include "sim/run_loop.h"

namespace reprise::sim {

using journal::RecordBatch;
using journal::RecordType;
using journal::RecordView;

namespace {

constexpr journal::Seq kSliceProgress = 65'536;

journal::Manifest manifest_for(const journal::Manifest& parent, journal::Seq behind, journal::Seq last) {
  journal::Manifest manifest = parent;
  manifest.parent_run_id = parent.run_id;
  manifest.branch_seq = behind;
  manifest.run_id = parent.run_id + "-slice-" + std::to_string(behind) + "-" + std::to_string(last);
  manifest.origin = "records " + std::to_string(behind + 1) + " to " + std::to_string(last) + " of " + parent.run_id;
  manifest.status = schema::RunStatus::UNKNOWN;
  manifest.recoveries = 0;
  manifest.cut_records = 0;
  return manifest;
}

journal::WriterOptions writing_like(const journal::Manifest& parent) {
  journal::WriterOptions options;
  options.durability = journal::Durability::buffered;
  // The same slice is the same file, whenever it is cut.
  options.clock = [at = parent.ended_at != 0 ? parent.ended_at : parent.started_at] { return at; };
  return options;
}

// Records and snapshots behind `behind`, as they are.
Status copy_records(journal::JournalReader& reader, journal::JournalWriter& writer, journal::Seq behind,
                    journal::Seq last, const SliceOptions& options, SliceReport& report) {
  auto snapshots = reader.snapshots();
  if (!snapshots) return snapshots.error();
  auto next_snapshot = snapshots->begin();
  while (next_snapshot != snapshots->end() && next_snapshot->seq <= behind) ++next_snapshot;
  if (Status sought = reader.seek(behind + 1); !sought) return sought;
  RecordView record;
  while (reader.next(record) && record.seq <= last) {
    writer.append(record);
    ++report.records;
    report.record_bytes += record.total_bytes();
    if (next_snapshot != snapshots->end() && next_snapshot->seq == record.seq) {
      auto kept = reader.snapshot_at_or_before(record.seq);
      if (kept.ok() && *kept && (*kept)->info.seq == record.seq)
        writer.append_snapshot({(*kept)->info.engine_version, (*kept)->sections});
      ++next_snapshot;
    }
    if (record.seq % kSliceProgress == 0 && options.on_way && !options.on_way(record.seq))
      return io_error("interrupted");
    if (writer.failed()) return writer.status();
  }
  return reader.status();
}

Status copy_world(journal::JournalReader& reader, journal::JournalWriter& writer, journal::Seq behind,
                  journal::Seq last, const SliceOptions& options, SliceReport& report) {
  if (Status sought = reader.seek(behind + 1); !sought) return sought;
  RecordView record;
  while (reader.next(record) && record.seq <= last) {
    bool is_kept = is_from_the_world(record.type());
    if (record.type() == RecordType::MARK_PRICE)  // the simulated venue made it up
      is_kept = is_kept && !journal::read<schema::MarkPrice>(record).getIsFallback();
    if (is_kept) {
      journal::RecordHeader header = *record.header;
      header.account = 0;
      header.cause_delta = 0;
      writer.append(header, record.body(), record.body_words());
      ++report.records;
      report.record_bytes += record.total_bytes();
    } else {
      ++report.left_out;
    }
    if (record.seq % kSliceProgress == 0 && options.on_way && !options.on_way(record.seq))
      return io_error("interrupted");
    if (writer.failed()) return writer.status();
  }
  return reader.status();
}

}  // namespace

Result<SliceReport> make_slice(const SliceOptions& options) {
  auto opened = journal::JournalReader::open(options.journal);
  if (!opened) return opened.error();
  journal::JournalReader& reader = *opened;
  const journal::Manifest parent = reader.manifest();
  const journal::Seq base = reader.base_seq();
  if (options.first > options.last || options.last > reader.last_seq() || options.first <= base) {
    return usage_error("records " + std::to_string(options.first) + " to " + std::to_string(options.last) +
                           " are no part of " + options.journal,
                       "it holds " + std::to_string(reader.first_seq()) + " to " + std::to_string(reader.last_seq()));
  }
  auto start = start_of_step(reader, options.first);
  if (!start) return start.error();
  const journal::Seq behind = *start - 1;
  auto last = end_of_step(reader, options.last);
  if (!last) return last.error();
  if (parent.status != schema::RunStatus::ENDED && *last == reader.last_seq()) {
    // The last step of a crashed run may lack outputs; a slice is whole.
    last = start_of_step(reader, *last);
    if (!last) return last.error();
    *last -= 1;
  }
  if (behind >= *last) {
    return usage_error("only the last step of a run that crashed is in that part, and outputs of it may be lost",
                       "choose a part that begins before record " + std::to_string(behind + 1));
  }
  auto folder = journal::ScratchFolder::make("cut");
  if (!folder) return folder.error();
  const std::string work = folder->path() + "/journal";
  SliceReport report;
  report.behind = behind;
  report.last = *last;

  std::optional<journal::Snapshot> state;
  report.can_be_branched = parent.mode == schema::RunMode::BACKTEST || parent.mode == schema::RunMode::PAPER;
  if (behind != 0) {
    StateOptions wanted;
    wanted.with_run = !options.without_account;
    wanted.on_way = options.on_way;
    auto found = StateTaker(options.journal, wanted).behind(behind);
    if (!found) return found.error();
    state = std::move(*found);
    report.can_be_branched = state->section(kRunSection) != nullptr;
  }

  journal::Manifest manifest = manifest_for(parent, behind, *last);
  const journal::WriterOptions writing = writing_like(parent);
  if (options.without_account) {
    manifest.parent_run_id.clear();
    manifest.branch_seq = 0;
    manifest.mode = schema::RunMode::DATASET;
    manifest.config_hash.clear();
    manifest.seed = 0;
    manifest.run_id = "dataset-" + std::to_string(behind) + "-" + std::to_string(*last);
    manifest.origin = "market data of records " + std::to_string(behind + 1) + " to " + std::to_string(*last);
    manifest.left_out = "account";
  }
  const bool is_based = state.has_value() && !options.without_account;
  auto writer = is_based ? journal::JournalWriter::create_behind(work, manifest, *state, writing)
                         : journal::JournalWriter::create(work, manifest, writing);
  if (!writer) return writer.error();
  Status copied = ok_status();
  if (options.without_account) {
    if (state) {
      engine::Engine engine;
      if (Status loaded = engine::load_state(engine, state->section(engine::kEngineSection)->bytes); !loaded)
        return loaded.error();
      const RecordBatch opening = opened_market(engine);
      if (!opening.empty()) writer->append(opening);
    }
    if (copied.ok()) copied = copy_world(reader, *writer, behind, *last, options, report);
  } else {
    copied = copy_records(reader, *writer, behind, *last, options, report);
  }
  if (!copied.ok()) return copied.error();
  auto ended = writer->end();
  if (!ended) return ended.error();
  report.first = ended->first_seq;
  report.digest = ended->digest;
  if (is_based) {
    auto cut = journal::JournalReader::open(work);
    if (!cut) return cut.error();
    auto kept = cut->snapshots();
    if (kept.ok() && !kept->empty()) report.state_bytes = kept->front().stored_bytes;
  }
  if (Status written = journal::write_slice_file(work, options.out); !written) return written.error();
  return report;
}

}  // namespace reprise::sim
