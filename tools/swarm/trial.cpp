#include "tools/swarm/trial.h"

#include <algorithm>
#include <filesystem>

#include "engine/engine.h"
#include "engine/replay.h"
#include "journal/journal_reader.h"
#include "sim/backtest.h"
#include "sim/scenario/director.h"
#include "sim/swarm/auditor.h"
#include "sim/swarm/order_checks.h"
#include "sim/swarm/plan.h"
#include "sim/swarm/witness.h"
#include "tools/build_info.h"
#include "tools/journals.h"
#include "tools/scenario_base.h"
#include "tools/scenario_run.h"

namespace reprise::tools {

namespace fs = std::filesystem;
using sim::scenario::Act;
using sim::scenario::ActKind;
using sim::scenario::Scenario;
using sim::swarm::Findings;

namespace {

class Folder {
 public:
  explicit Folder(fs::path path) : path_(std::move(path)) {}
  ~Folder() {
    std::error_code ignored;
    if (!keeps_) fs::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string at(const char* name) const { return (path_ / name).string(); }
  const fs::path& path() const { return path_; }
  void keep() { keeps_ = true; }

 private:
  fs::path path_;
  bool keeps_ = false;
};

Status make_market(const sim::scenario::GeneratedBase& base, const std::string& out) {
  auto made = sim::generate(generator_options(base, out));
  return made ? ok_status() : Status(made.error());
}

struct Played {
  bool finished = false;
  std::string digest;
  std::uint64_t records = 0;
};

// Into a new journal, or along one that it has to make again.
struct TrialPlace {
  std::string journal;
  std::string compare_with;
};

// An error of the run itself is a finding: nothing that a scenario does may end a run.
Result<Played> play(const Scenario& scenario, const config::Loaded& configuration, const std::string& dataset,
                    const TrialPlace& place, const std::atomic<bool>& stop, Findings& findings) {
  sim::scenario::Director director(scenario, configuration.config, configuration.entries,
                                   engine::changed_configuration);
  sim::swarm::Witness witness(director, quiet_from(scenario) + sim::swarm::kHealing, findings);
  sim::BacktestOptions options;
  options.datasets = {dataset};
  options.config = configuration.config;
  options.entries = configuration.entries;
  options.journal_path = place.journal;
  options.compare_with = place.compare_with;
  const bool dies = std::any_of(scenario.acts.begin(), scenario.acts.end(),
                                [](const Act& act) { return act.kind == ActKind::restart; });
  options.durability = dies ? journal::Durability::wal : journal::Durability::buffered;
  options.clock = wall_clock_ns;
  options.build_id = build_id();
  options.compiler = compiler_id();
  options.stop = &stop;
  options.hooks = &witness;
  auto report = sim::run_backtest(options);
  Played played;
  if (!report) {
    findings.add("run", 0, report.error().text());
    return played;
  }
  if (!director.problem().empty()) return usage_error(director.problem());
  if (report->stopped) return io_error("stopped");
  for (const sim::scenario::Failure& failure : director.failures()) {
    findings.add("expectation", failure.seq, scenario.expectations[failure.expectation].text + ": " + failure.value);
  }
  played.finished = true;
  played.digest = report->digest.text();
  played.records = report->records;
  return played;
}

Status check_journal(const std::string& path, TrialResult& result, Findings& findings) {
  auto reader = journal::JournalReader::open(path);
  if (!reader) return reader.error();
  sim::swarm::Auditor auditor(findings);
  sim::swarm::OrderChecks checks(findings);
  journal::RecordView record;
  journal::Seq expected = 1;
  while (reader->next(record)) {
    if (record.seq != expected) findings.add("journaled", record.seq, "the journal has a gap");
    expected = record.seq + 1;
    auditor.on(record);
    checks.on(record);
    result.probes.on(record);
    if (record.type() == journal::RecordType::ORDER_COMMAND) ++result.orders;
    if (record.type() == journal::RecordType::FILL) ++result.fills;
  }
  if (Status read = reader->status(); !read) return read;
  auditor.finish();
  checks.finish();
  return ok_status();
}

Status check_replay(const std::string& path, Findings& findings) {
  auto replayer = engine::Replayer::open(path);
  if (!replayer) return replayer.error();
  auto replayed = replayer->run();
  if (!replayed) return replayed.error();
  if (!replayed->identical) {
    const auto& divergence = replayed->first_divergence;
    findings.add("replay", divergence ? divergence->seq : 0,
                 divergence
                     ? divergence->field + ": recorded " + divergence->recorded + ", replayed " + divergence->replayed
                     : "the replay is not the run");
  }
  return ok_status();
}

}  // namespace

std::int64_t quiet_from(const Scenario& scenario) {
  std::int64_t quiet = 0;
  for (const Act& act : scenario.acts) {
    std::int64_t end = (act.at ? act.at->ns : 0) + act.after_ns + act.for_ns;
    for (const char* key : {"over", "hold", "recover_over", "down", "back", "by", "heal_after"}) {
      const auto found = act.parameters.find(key);
      if (found == act.parameters.end()) continue;
      for (const sim::scenario::ParameterSpec& spec : sim::scenario::spec_of(act.kind).parameters) {
        if (std::string_view(spec.name) == key && spec.kind == sim::scenario::ParameterKind::span)
          end += found->second.number;
      }
    }
    end += (act.times - 1) * (act.every_ns + act.jitter_ns);
    quiet = std::max(quiet, end);
  }
  return quiet;
}

Result<TrialResult> run_trial(const std::string& path, const std::string& text, const TrialOptions& options,
                              const std::atomic<bool>& stop) {
  TrialResult result;
  auto scenario = sim::scenario::read_scenario(path, text);
  if (!scenario) return scenario.error();
  if (!scenario->base.generated) return usage_error(path + ": the swarm plays on generated markets");
  auto configuration = scenario_configuration(*scenario);
  if (!configuration) return configuration.error();
  Folder folder(fs::path(options.folder) / options.name);
  std::error_code error;
  fs::create_directories(folder.path(), error);
  if (error) return io_error(folder.path().string() + ": " + error.message());

  if (Status made = make_market(*scenario->base.generated, folder.at("market")); !made) return made.error();
  Findings findings;
  const std::string journal = folder.at("run");
  auto played = play(*scenario, *configuration, folder.at("market"), {journal, ""}, stop, findings);
  if (!played) return played.error();
  if (played->finished) {
    result.digest = played->digest;
    result.records = played->records;
    if (Status checked = check_journal(journal, result, findings); !checked) return checked.error();
    if (options.replay) {
      if (Status checked = check_replay(journal, findings); !checked) return checked.error();
    }
    if (options.twin) {
      Findings again;  // those of the first, and where the records part, that
      auto twin = play(*scenario, *configuration, folder.at("market"), {"", journal}, stop, again);
      if (!twin) return twin.error();
      if (!twin->finished) {
        findings.add("twin", 0, "run again: " + again.list().back().what);
      } else if (twin->records != played->records) {
        findings.add("twin", 0,
                     "run again, it makes " + std::to_string(twin->records) + " records and not " +
                         std::to_string(played->records));
      }
    }
  }
  result.findings = findings.list();
  if (!result.findings.empty() && options.keep) {
    folder.keep();
    result.journal = journal;
  }
  return result;
}

}  // namespace reprise::tools
