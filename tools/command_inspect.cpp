// reprise inspect JOURNAL [--at SEQ|TIME]: what a journal holds, and the whole state at a moment.
//
// With --at the engine is brought to that moment by replaying the inputs before it (nothing is compared),
// so the state shown is the one that made the next decision.
#include <unistd.h>

#include <iostream>

#include "engine/execution/order_manager.h"
#include "engine/state_json.h"
#include "engine/state_walk.h"
#include "sim/branch_point.h"
#include "sim/exchange/exchange.h"
#include "tools/command.h"
#include "tools/inspect/show_state.h"
#include "tools/inspect/state_fields.h"
#include "tools/inspect/stepper.h"
#include "tools/journals.h"
#include "tools/json_output.h"
#include "tools/moment.h"
#include "tools/run_names.h"
#include "tools/stop.h"

namespace reprise::tools {
namespace {

class Inspect final : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.text("JOURNAL", path_, "journal or dataset directory").required();
    arguments.text("--at", at_, "the moment: behind this record, or the last record at or before this time")
        .value("SEQ|TIME");
    arguments.texts("--diff", diff_, "what changed in the state between two moments").value("SEQ|TIME").takes(2);
    arguments.flag("-i", interactive_, "step through the run; commands from standard input (h lists them)");
    arguments.flag("--all", all_, "with --diff: every field, the inside of books and indicators too");
    arguments.number("--limit", limit_, "with --diff: rows to show").shows_default();
    arguments.number("--levels", levels_, "book levels to show on each side").shows_default();
    arguments.examples(
        "reprise inspect run                              # manifest, records by type\n"
        "reprise inspect run --at 120000                  # books, orders, positions, wallets, risk behind record "
        "120000\n"
        "reprise inspect run --at 2024-08-08T23:57:00Z --json   # every field of the state\n"
        "reprise inspect run --diff 120000 120500                 # what changed in between\n"
        "reprise inspect run -i --at 120000                       # step, run to the next order, fill, breach; and "
        "back");
  }

  Result<int> run(Terminal& terminal) override {
    if (!diff_.empty()) return differences(terminal);
    if (interactive_) return step_through(terminal);
    return at_.empty() ? overview(terminal) : state(terminal);
  }

 private:
  Result<int> overview(Terminal& terminal) {
    auto reader = journal::JournalReader::open(path_);
    if (!reader) return reader.error();
    TypeCounts counts{};
    Symbols symbols;
    std::map<std::uint32_t, std::uint64_t> by_instrument;
    std::int64_t first_time = 0;
    std::int64_t last_time = 0;
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;
    Progress progress(terminal, "reading", "records");
    journal::RecordView record;
    while (reader->next(record)) {
      const auto type = record.header->type_code;
      if (type < counts.size()) ++counts[type];
      if (record.type() == journal::RecordType::INSTRUMENT) {
        symbols[record.header->instrument] = journal::read<schema::Instrument>(record).getSymbol().cStr();
      }
      if (record.header->instrument != 0) ++by_instrument[record.header->instrument];
      if (first_time == 0) first_time = record.header->ts_engine;
      last_time = record.header->ts_engine;
      bytes += record.total_bytes();
      if ((++records & 0xFFFF) != 0) continue;
      if (stop_on_signals().load(std::memory_order_relaxed)) return io_error("interrupted");
      progress.update(records, reader->last_seq());
    }
    progress.clear();
    if (auto status = reader->status(); !status) return status.error();
    const journal::Manifest& m = reader->manifest();
    const std::string digest = reader->running_digest().text();  // the manifest has one only when the journal has ended
    const std::uint64_t disk = directory_bytes(path_);
    if (json) {
      Json out;
      out.begin_object();
      out.field("run_id", m.run_id);
      out.field("mode", journal::name_of(m.mode));
      out.field("status", status_text(path_, m.status));
      out.field("schema_version", m.schema_version);
      out.field("engine_version", m.engine_version);
      out.field("build_id", m.build_id);
      out.field("compiler", m.compiler);
      out.field("config_hash", m.config_hash);
      out.field("seed", m.seed);
      out.field("origin", m.origin);
      out.field("parent_run_id", m.parent_run_id);
      out.field("branch_seq", m.branch_seq);
      out.field("left_out", m.left_out);
      out.field("first_seq", reader->first_seq());
      out.field("last_seq", reader->last_seq());
      out.field("durable_seq", m.durable_seq);
      out.field("digest", digest);
      out.field("cut_records", m.cut_records);
      out.field("recoveries", m.recoveries);
      out.field("started_at", time_text(m.started_at));
      out.field("ended_at", time_text(m.ended_at));
      out.field("from", time_text(first_time));
      out.field("until", time_text(last_time));
      out.field("records", records);
      out.field("record_bytes", bytes);
      out.field("journal_bytes", disk);
      write_counts(out, "by_type", counts);
      out.key("instruments").begin_array();
      for (const auto& [number, symbol] : symbols) {
        out.begin_object();
        out.field("number", number);
        out.field("symbol", symbol);
        out.field("records", by_instrument[number]);
        out.end_object();
      }
      out.end_array().end_object();
      terminal.line(out.text());
      return kExitFine;
    }
    terminal.line(terminal.paint(Colour::strong, path_) + "  " + journal::name_of(m.mode) + ", " +
                  status_text(path_, m.status));
    Facts facts;
    facts.add("run", m.run_id + (m.origin.empty() ? "" : "  (" + m.origin + ")"));
    if (!m.parent_run_id.empty()) {
      facts.add("begins", reader->base_seq() == 0
                              ? "anew; takes over the account behind record " + std::to_string(m.branch_seq) +
                                    " of run " + m.parent_run_id
                              : "behind record " + std::to_string(reader->base_seq()) + " of run " + m.parent_run_id);
    }
    if (!m.left_out.empty()) facts.add("left out", m.left_out);
    facts.add("made by", m.build_id + ", " + m.compiler + ", engine version " + std::to_string(m.engine_version) +
                             ", schema version " + std::to_string(m.schema_version));
    if (!m.config_hash.empty()) facts.add("configuration", m.config_hash + ", seed " + std::to_string(m.seed));
    facts.add("records", with_thousands(records) + "  (seq " + std::to_string(reader->first_seq()) + " to " +
                             std::to_string(reader->last_seq()) + ")");
    facts.add("time", time_text(first_time) + " to " + time_text(last_time));
    facts.add("size",
              bytes_text(disk) + " on disk, " + bytes_text(bytes) + " of records" +
                  (records == 0 ? ""
                                : ", " + fixed_text(static_cast<double>(disk) / static_cast<double>(records), 1) +
                                      " B a record"));
    facts.add("digest", digest);
    if (m.recoveries != 0) {
      facts.add("recovered",
                std::to_string(m.recoveries) + " times, " + with_thousands(m.cut_records) + " records cut");
    }
    terminal.write(facts.text());
    terminal.line();
    terminal.write(counts_text(counts, terminal.width()));
    if (!symbols.empty()) {
      terminal.line();
      Table table;
      table.column("instrument", Table::Align::right);
      table.column("symbol");
      table.column("records", Table::Align::right);
      for (const auto& [number, symbol] : symbols) {
        table.row({std::to_string(number), symbol, with_thousands(by_instrument[number])});
      }
      terminal.write(table.text(terminal.width()));
    }
    return kExitFine;
  }

  Result<int> state(Terminal& terminal) {
    auto seq = last_seq_at(path_, at_);
    if (!seq) return seq.error();
    const journal::Seq target = *seq;
    const std::atomic<bool>& stop = stop_on_signals();
    Progress progress(terminal, "replaying", "records");
    auto walk = engine::StateWalk::open(path_, [&](journal::Seq at) {
      progress.update(at, target);
      return !stop.load(std::memory_order_relaxed);
    });
    if (!walk) return walk.error();
    auto moved = walk->go_to(target);
    progress.clear();
    if (!moved) return moved.error();
    for (const std::string& warning : walk->warnings()) terminal.note(warning);
    engine::Engine& engine = walk->engine();
    if (json) {
      Json out;
      out.begin_object();
      out.field("seq", walk->stands_behind());
      out.field("time", time_text(engine.now().ns));
      out.field("inputs", engine.inputs());
      out.field("state_hash", engine.state_hash().text());
      out.key("state").raw(engine::state_json(engine));
      out.end_object();
      terminal.line(out.text());
    } else {
      ShownState shown{path_, walk->stands_behind(), levels_, false, {}};
      find_queue(walk->manifest(), *walk, shown);
      show_state(terminal, engine, shown);
    }
    return kExitFine;
  }

  // The venue's queue is not the engine's to know; the simulated venue is made again up to there.
  void find_queue(const journal::Manifest& manifest, engine::StateWalk& walk, ShownState& shown) {
    if (manifest.mode != schema::RunMode::BACKTEST || walk.engine().orders().open_orders().empty()) return;
    auto run = sim::RecordedRun::open(path_);
    if (!run.ok()) return;
    if (const Status gone = run->go_to(shown.seq); !gone.ok() || run->exchange() == nullptr) return;
    shown.has_queue = true;
    for (const auto& [number, instrument] : walk.engine().instruments().all()) {
      const std::vector<sim::VenueOrder>* orders = run->exchange()->orders(number);
      if (orders == nullptr) continue;
      for (const sim::VenueOrder& order : *orders)
        if (order.is_resting()) shown.ahead[order.id] = order.queue.ahead;
    }
  }

  Result<int> differences(Terminal& terminal) {
    if (diff_.size() != 2) return usage_error("--diff needs two moments", "reprise inspect run --diff A B");
    auto walk =
        engine::StateWalk::open(path_, [](journal::Seq) { return !stop_on_signals().load(std::memory_order_relaxed); });
    if (!walk) return walk.error();
    std::vector<engine::NamedField> fields[2];
    journal::Seq seqs[2];
    std::string times[2];
    for (std::size_t n = 0; n < 2; ++n) {
      auto seq = last_seq_at(path_, diff_[n]);
      if (!seq) return seq.error();
      if (auto moved = walk->go_to(*seq); !moved) return moved.error();
      fields[n] = state_fields(walk->engine());
      seqs[n] = walk->stands_behind();
      times[n] = time_text(walk->engine().now().ns);
    }
    const auto found = state_differences(fields[0], fields[1], all_ || json);
    if (json) {
      Json out;
      out.begin_object();
      out.field("from_seq", seqs[0]);
      out.field("to_seq", seqs[1]);
      out.key("changes").begin_array();
      for (const FieldDifference& each : found) {
        out.begin_object();
        out.field("field", each.path);
        out.field("before", each.before);
        out.field("after", each.after);
        out.field("by", each.by);
        out.end_object();
      }
      out.end_array().end_object();
      terminal.line(out.text());
      return kExitFine;
    }
    terminal.line(terminal.paint(Colour::strong, path_) + "  from behind seq " + std::to_string(seqs[0]) + ", " +
                  times[0] + ", to behind seq " + std::to_string(seqs[1]) + ", " + times[1]);
    if (found.empty()) {
      terminal.line("nothing changed" + std::string(all_ ? "" : " (--all looks at the inside of books too)"));
      return kExitFine;
    }
    show_differences(terminal, found, limit_);
    return kExitFine;
  }

  Result<int> step_through(Terminal& terminal) {
    auto names = RunNames::read(path_);
    if (!names) return names.error();
    journal::Seq start = 0;
    {
      auto reader = journal::JournalReader::open(path_);
      if (!reader) return reader.error();
      start = reader->first_seq();
    }
    if (!at_.empty()) {
      auto seq = last_seq_at(path_, at_);
      if (!seq) return seq.error();
      start = *seq;
    }
    auto stepper = Stepper::open(path_, *names, terminal);
    if (!stepper) return stepper.error();
    if (Status walked = stepper->run(std::cin, start, isatty(STDIN_FILENO) == 1); !walked) return walked.error();
    return kExitFine;
  }

  std::string path_;
  std::string at_;
  std::vector<std::string> diff_;
  bool interactive_ = false;
  bool all_ = false;
  std::uint64_t limit_ = 60;
  std::uint64_t levels_ = 5;
};

}  // namespace

std::unique_ptr<Command> make_inspect() {
  return std::make_unique<Inspect>();
}

}  // namespace reprise::tools
