// reprise snapshot JOURNAL: the snapshots that a journal keeps; more of them on demand, or fewer.
#include <algorithm>

#include "engine/version.h"
#include "journal/snapshot.h"
#include "sim/branch_point.h"
#include "sim/recorded_state.h"
#include "sim/run_loop.h"
#include "tools/command.h"
#include "tools/journals.h"
#include "tools/json_output.h"
#include "tools/moment.h"
#include "tools/stop.h"

namespace reprise::tools {
namespace {

class Snapshot final : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.text("JOURNAL", path_, "journal directory, of a run that has ended").required();
    arguments.texts("--at", at_, "keep the state behind this record or time").value("SEQ|TIME");
    arguments.number("--every", every_, "keep a state every so many records").value("RECORDS");
    arguments.number("--thin", thin_, "drop snapshots that stand closer to the one before than this").value("RECORDS");
    arguments.examples(
        "reprise snapshot run                            # the snapshots there are\n"
        "reprise snapshot run --at 2024-01-01T02:00:00Z  # one more, so that this moment is near\n"
        "reprise snapshot run --every 50000\n"
        "reprise snapshot run --thin 1000000             # old ones cost space and can be made again");
  }

  Result<int> run(Terminal& terminal) override {
    journal::SnapshotEdit edit;
    auto planned = plan(terminal, edit);
    if (!planned) return planned.error();
    if (!edit.add.empty() || !edit.remove.empty()) {
      if (Status edited = journal::edit_snapshots(path_, edit); !edited) return edited.error();
    }
    return show(terminal, edit);
  }

 private:
  Status plan(Terminal& terminal, journal::SnapshotEdit& edit) {
    auto reader = journal::JournalReader::open(path_);
    if (!reader) return reader.error();
    auto there = reader->snapshots();
    if (!there) return there.error();
    std::vector<journal::Seq> wanted;
    for (const std::string& text : at_) {
      auto moment = parse_moment(text);
      if (!moment) return moment.error();
      auto seq = last_seq_at(*reader, *moment);
      if (!seq) return seq.error();
      wanted.push_back(*seq);
    }
    if (every_ != 0) {
      for (journal::Seq seq = reader->base_seq() + every_; seq < reader->last_seq(); seq += every_)
        wanted.push_back(seq);
    }
    std::sort(wanted.begin(), wanted.end());
    const std::atomic<bool>& stop = stop_on_signals();
    Progress progress(terminal, "taking snapshots", "records");
    sim::StateOptions options;
    options.on_way = [&](journal::Seq at) {
      progress.update(at, reader->last_seq());
      return !stop.load(std::memory_order_relaxed);
    };
    sim::StateTaker taker(path_, options);
    for (const journal::Seq seq : wanted) {
      auto end = sim::end_of_step(*reader, seq);
      if (!end) return end.error();
      const bool is_there =
          std::any_of(there->begin(), there->end(), [&](const auto& info) { return info.seq == *end; }) ||
          (!edit.add.empty() && edit.add.back().info.seq == *end);
      if (is_there) continue;
      auto state = taker.behind(*end);
      if (!state) return state.error();
      edit.add.push_back(std::move(*state));
    }
    progress.clear();
    if (thin_ != 0) {
      journal::Seq kept = 0;
      for (const journal::SnapshotInfo& info : *there) {
        const bool is_base = info.seq == reader->base_seq();
        if (!is_base && info.seq < kept + thin_) {
          edit.remove.push_back(info.seq);
        } else {
          kept = info.seq;
        }
      }
    }
    return ok_status();
  }

  Result<int> show(Terminal& terminal, const journal::SnapshotEdit& edit) {
    auto reader = journal::JournalReader::open(path_);
    if (!reader) return reader.error();
    std::vector<std::string> warnings;
    auto there = reader->snapshots(&warnings);
    if (!there) return there.error();
    if (json) {
      Json out;
      out.begin_object();
      out.field("added", static_cast<std::uint64_t>(edit.add.size()));
      out.field("removed", static_cast<std::uint64_t>(edit.remove.size()));
      out.key("snapshots").begin_array();
      for (const journal::SnapshotInfo& info : *there) {
        out.begin_object();
        out.field("seq", info.seq);
        out.field("time", time_text(info.ts_engine));
        out.field("engine_version", info.engine_version);
        out.field("bytes", info.raw_bytes);
        out.field("stored_bytes", info.stored_bytes);
        out.field("content", info.content.text());
        out.end_object();
      }
      out.end_array();
      out.key("warnings").begin_array();
      for (const std::string& warning : warnings) out.value(warning);
      out.end_array().end_object();
      terminal.line(out.text());
      return kExitFine;
    }
    for (const std::string& warning : warnings) terminal.note(warning);
    if (!edit.add.empty() || !edit.remove.empty()) {
      terminal.line(std::to_string(edit.add.size()) + " added, " + std::to_string(edit.remove.size()) + " removed");
    }
    Table table;
    table.column("behind", Table::Align::right);
    table.column("time");
    table.column("state", Table::Align::right);
    table.column("stored", Table::Align::right);
    table.column("note");
    std::uint64_t stored = 0;
    for (const journal::SnapshotInfo& info : *there) {
      stored += info.stored_bytes;
      table.row({std::to_string(info.seq), time_text(info.ts_engine), bytes_text(info.raw_bytes),
                 bytes_text(info.stored_bytes),
                 info.engine_version != engine::kEngineVersion
                     ? "engine version " + std::to_string(info.engine_version) + ": not used by this program"
                 : info.seq == reader->base_seq() ? "the journal begins here"
                                                  : ""});
    }
    if (there->empty()) {
      terminal.line(path_ + ": no snapshots" + (at_.empty() ? "; --every or --at makes some" : ""));
    } else {
      terminal.write(table.text(terminal.width()));
      terminal.line(std::to_string(there->size()) + " snapshots, " + bytes_text(stored) + " of " +
                    bytes_text(directory_bytes(path_)));
    }
    return kExitFine;
  }

  std::string path_;
  std::vector<std::string> at_;
  std::uint64_t every_ = 0;
  std::uint64_t thin_ = 0;
};

}  // namespace

std::unique_ptr<Command> make_snapshot() {
  return std::make_unique<Snapshot>();
}

}  // namespace reprise::tools
