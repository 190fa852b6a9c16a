// reprise whatif JOURNAL --from SEQ|TIME: a recorded run as it was up to a moment, from there on otherwise.
#include <algorithm>
#include <filesystem>
#include <thread>

#include "sim/branch.h"
#include "tools/build_info.h"
#include "tools/command.h"
#include "tools/journals.h"
#include "tools/range.h"
#include "tools/run_names.h"
#include "tools/settings.h"
#include "tools/stop.h"
#include "tools/whatif/branches.h"
#include "tools/whatif/changes.h"
#include "tools/whatif/last_chance.h"
#include "tools/whatif/show.h"

namespace reprise::tools {
namespace {

namespace fs = std::filesystem;

class WhatIf final : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.text("JOURNAL", path_, "journal of a run").required();
    arguments.text("--from", from_, "the moment: behind this record, or the last record at or before this time")
        .value("SEQ|TIME");
    arguments.text("--until", until_, "end the branch here instead of with the data").value("SEQ|TIME");
    arguments.texts("--set", settings_, "change a configuration key from there on").value("KEY=VALUE");
    arguments
        .texts("--do", acts_,
               "what the operator does there: flatten, halve, halt, kill, cancel-all, reduce-only, resume")
        .value("ACT");
    arguments.text("--out", out_, "keep the branch as a journal of its own (with several branches: a folder of them)")
        .value("JOURNAL");
    arguments.texts("--sweep", sweeps_, "one branch for each value; repeat it for every combination")
        .value("KEY=A..B:STEP");
    arguments.number("--at-every", every_, "one branch behind every Nth record from --from to --until").value("N");
    arguments
        .text("--last-chance", last_chance_,
              "for a run that is liquidated: the last moment at which this act of the operator still saves it")
        .value("ACT");
    arguments.number("--jobs", jobs_, "branches at a time (0 = one for each core)").value("N");
    arguments.examples(
        "reprise whatif run --from 2024-01-01T02:00:00Z --set risk.max_leverage=1 --out branch\n"
        "reprise whatif run --from 500000 --do flatten\n"
        "reprise whatif run --from 500000 --sweep strategies.trend.params.atr_multiple=2..4:0.5\n"
        "reprise whatif run --from 1 --at-every 100000 --do halt\n"
        "reprise whatif run --last-chance flatten          # when did liquidation become inevitable?\n"
        "Nothing changed: the branch of a backtest or paper run is its parent, byte for byte; that of a live run, "
        "whose\n"
        "venue was a real one, says how far the model of the venue is from what happened.");
  }

  Result<int> run(Terminal& terminal) override {
    stop_ = &stop_on_signals();
    auto names = RunNames::read(path_);
    if (!names) return names.error();
    asset_ = names->asset;
    auto recorded = sim::RecordedRun::open(path_);
    if (!recorded) return recorded.error();
    if (!last_chance_.empty()) return last_chance(terminal, *recorded);
    if (from_.empty()) return usage_error("--from is missing", "name the moment: a seq, or 2024-01-01T02:00:00Z");
    if (Status found = find_range(); !found) return found.error();
    auto changes = changes_asked();
    if (!changes) return changes.error();
    if (changes->size() > 1 || every_ != 0) return many(terminal, *recorded, *changes);
    return one(terminal, *recorded, changes->front());
  }

 private:
  Status find_range() {
    auto reader = journal::JournalReader::open(path_);
    if (!reader) return reader.error();
    auto from = parse_moment(from_);
    if (!from) return from.error();
    auto seq = last_seq_at(*reader, *from);
    if (!seq) return seq.error();
    from_seq_ = *seq;
    last_seq_ = reader->last_seq();
    if (until_.empty()) return ok_status();
    auto until = parse_moment(until_);
    if (!until) return until.error();
    auto last = last_seq_at(*reader, *until);
    if (!last) return last.error();
    if (*last <= from_seq_) return usage_error("--until " + until_ + " is not behind --from " + from_);
    last_seq_ = *last;
    journal::RecordView record;
    if (auto sought = reader->seek(*last); !sought) return sought.error();
    if (!reader->next(record)) return reader->status();
    until_time_ = until->time.value_or(record.header->ts_engine);
    return ok_status();
  }

  Result<std::vector<Change>> changes_asked() const {
    Change common;
    auto settings = parse_settings(settings_);
    if (!settings) return settings.error();
    common.settings = settings_;
    for (const std::string& text : acts_) {
      auto act = parse_act(text);
      if (!act) return act.error();
      common.acts.push_back(*act);
    }
    std::vector<Sweep> sweeps;
    for (const std::string& text : sweeps_) {
      auto sweep = parse_sweep(text);
      if (!sweep) return sweep.error();
      sweeps.push_back(std::move(*sweep));
    }
    return combinations(common, sweeps);
  }

  sim::BranchOptions options_of(const Change& change) const {
    sim::BranchOptions options;
    options.settings = change.settings;
    options.acts = change.acts;
    options.until = until_time_;
    options.origin = fs::absolute(path_).lexically_normal().string();
    options.clock = wall_clock_ns;
    options.build_id = build_id();
    options.compiler = compiler_id();
    options.stop = stop_;
    return options;
  }

  sim::OnWay on_way(Progress& progress) const {
    return [this, &progress](journal::Seq at) {
      progress.update(at, last_seq_);
      return !stop_->load(std::memory_order_relaxed);
    };
  }

  Result<int> one(Terminal& terminal, sim::RecordedRun& recorded, const Change& change) {
    if (!out_.empty()) {
      if (auto status = check_is_free("--out", out_); !status) return status.error();
    }
    Progress progress(terminal, "branching", "records");
    auto point = recorded.point_at(from_seq_, on_way(progress));
    if (!point) return point.error();
    auto parent = sim::parent_figures(*point, until_time_, on_way(progress));
    if (!parent) return parent.error();
    sim::BranchOptions options = options_of(change);
    options.journal = out_;
    options.snapshot_interval = 250'000;
    options.on_way = on_way(progress);
    auto report = sim::run_branch(*point, options);
    progress.clear();
    if (!report) return failed(report.error());
    if (report->stopped) return failed(io_error("interrupted"));
    const ShownBranch branch{change, std::move(*report), out_};
    if (json) {
      Json out;
      begin_json(out, *parent);
      out.key("branch");
      write_branch(out, branch, &*parent);
      out.end_object();
      terminal.line(out.text());
    } else {
      show_branch(terminal, path_, asset_, *parent, branch);
    }
    return kExitFine;
  }

  Result<int> many(Terminal& terminal, sim::RecordedRun& recorded, const std::vector<Change>& changes) {
    if (!out_.empty()) {
      if (auto status = check_is_free("--out", out_); !status) return status.error();
    }
    std::vector<BranchJob> jobs;
    std::vector<ShownBranch> branches;
    for (journal::Seq behind = from_seq_; behind < last_seq_ || behind == from_seq_; behind += every_) {
      for (const Change& change : changes) {
        branches.push_back({change, {}, ""});
        if (!out_.empty()) branches.back().journal = (fs::path(out_) / std::to_string(branches.size())).string();
        jobs.push_back({behind, options_of(change)});
        jobs.back().options.journal = branches.back().journal;
      }
      if (every_ == 0) break;
      if (jobs.size() > 100'000) return usage_error("more than 100,000 branches", "choose a larger --at-every");
    }
    std::error_code error;
    if (!out_.empty() && !fs::create_directory(out_, error)) return io_error(out_ + ": " + error.message());
    Progress progress(terminal, "branching", "branches");
    auto point = recorded.point_at(from_seq_, [&](journal::Seq) { return !stop_->load(std::memory_order_relaxed); });
    if (!point) return point.error();
    auto parent = sim::parent_figures(*point, until_time_);
    if (!parent) return parent.error();
    const std::size_t threads = jobs_ != 0 ? jobs_ : std::max(1u, std::thread::hardware_concurrency());
    auto reports =
        run_branches(recorded, jobs, threads, *stop_, [&](std::size_t done) { progress.update(done, jobs.size()); });
    progress.clear();
    if (!reports) return failed(reports.error());
    for (std::size_t n = 0; n < branches.size(); ++n) branches[n].report = std::move((*reports)[n]);
    if (json) {
      Json out;
      begin_json(out, *parent);
      out.key("branches").begin_array();
      for (const ShownBranch& branch : branches) write_branch(out, branch, &*parent);
      out.end_array().end_object();
      terminal.line(out.text());
      return kExitFine;
    }
    std::vector<std::string> keys;
    for (const std::string& text : sweeps_) keys.push_back(text.substr(0, text.find('=')));
    show_branches(terminal, asset_, keys, every_ != 0, *parent, branches);
    return kExitFine;
  }

  // What this command began to make is not left in the way of the next one.
  Error failed(Error error) const {
    std::error_code ignored;
    if (!out_.empty()) fs::remove_all(out_, ignored);
    return error;
  }

  Result<int> last_chance(Terminal& terminal, sim::RecordedRun& recorded) {
    if (!until_.empty() || !settings_.empty() || !acts_.empty() || !sweeps_.empty() || every_ != 0 || !out_.empty()) {
      return usage_error("--last-chance asks one question: give it the journal and the act alone",
                         "--from says how far back to look");
    }
    auto act = parse_act(last_chance_);
    if (!act) return act.error();
    if (!from_.empty()) {
      if (Status found = find_range(); !found) return found.error();
    }
    Progress progress(terminal, "branching", "branches");
    auto answer = find_last_chance(recorded, *act, from_seq_, *stop_,
                                   [&](std::size_t branches) { progress.update(branches, 0); });
    progress.clear();
    if (!answer) return answer.error();
    if (json) {
      Json out;
      out.begin_object();
      out.field("parent", path_);
      write_last_chance(out, last_chance_, *answer);
      out.end_object();
      terminal.line(out.text());
    } else {
      show_last_chance(terminal, path_, asset_, last_chance_, *answer);
    }
    return kExitFine;
  }

  void begin_json(Json& out, const sim::BranchReport& parent) const {
    out.begin_object();
    out.field("parent", path_);
    out.field("behind", parent.point);
    out.field("time", time_text(parent.point_time));
    out.key("parent_figures").begin_object();
    write_branch_figures(out, parent);
    out.field("digest", parent.digest.text());
    out.end_object();
  }

  std::string path_, from_, until_, out_, last_chance_;
  std::vector<std::string> settings_, acts_, sweeps_;
  std::uint64_t every_ = 0;
  std::uint64_t jobs_ = 0;
  std::string asset_;
  journal::Seq from_seq_ = 0;
  journal::Seq last_seq_ = 0;
  std::int64_t until_time_ = 0;
  const std::atomic<bool>* stop_ = nullptr;
};

}  // namespace

std::unique_ptr<Command> make_whatif() {
  return std::make_unique<WhatIf>();
}

}  // namespace reprise::tools
