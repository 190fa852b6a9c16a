#include "tools/scenario_run.h"

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "config/loader.h"
#include "engine/engine.h"
#include "engine/replay.h"
#include "engine/strategy/registry.h"
#include "journal/record_text.h"
#include "sim/backtest.h"
#include "tools/build_info.h"
#include "tools/journals.h"

namespace reprise::tools {

namespace fs = std::filesystem;
using sim::scenario::Scenario;

namespace {

constexpr std::size_t kMaxCauses = 12;
constexpr std::size_t kMaxCauseText = 160;

std::vector<std::string> causes_of(journal::JournalReader& reader, journal::Seq seq) {
  std::vector<std::string> causes;
  while (seq != 0 && causes.size() < kMaxCauses) {
    journal::RecordView record;
    if (!reader.seek(seq) || !reader.next(record) || record.seq != seq) break;
    causes.push_back(journal::record_line(record, kMaxCauseText));
    seq = record.cause_seq();
  }
  return causes;
}

// A path as a shell takes it.
std::string shell_word(const std::string& text) {
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' || c == '.' ||
           c == '-' || c == '_';
  });
  return plain ? text : "'" + text + "'";
}

Status tell_failures(const Scenario& scenario, const sim::scenario::Director& director, const std::string& journal,
                     ScenarioResult& result) {
  auto reader = journal::JournalReader::open(journal);
  if (!reader) return reader.error();
  for (const sim::scenario::Failure& failure : director.failures()) {
    const sim::scenario::Expectation& expectation = scenario.expectations[failure.expectation];
    ScenarioFailure told;
    told.expectation = expectation.text;
    told.place = expectation.place;
    told.seq = failure.seq;
    told.time = failure.time.ns;
    told.value = failure.value;
    told.causes = causes_of(*reader, failure.seq);
    told.replay_command = "reprise inspect " + shell_word(journal) + " --at " + std::to_string(failure.seq);
    result.failures.push_back(std::move(told));
  }
  return ok_status();
}

Status play(const std::string& path, const ScenarioRunOptions& options, ScenarioBases& bases,
            const std::atomic<bool>& stop, ScenarioResult& result) {
  auto scenario = load_scenario(path);
  if (!scenario) return scenario.error();
  result.name = scenario->name;
  result.about = scenario->about;
  result.expectations = scenario->expectations.size();
  auto configuration = scenario_configuration(*scenario);
  if (!configuration) return configuration.error();
  auto base = bases.prepare(*scenario, stop);
  if (!base) return base.error();
  if (!base->missing.empty()) {
    result.verdict = ScenarioResult::Verdict::skipped;
    result.reason = base->missing + " is not here (REPRISE_DATA names the folder of recorded data)";
    return ok_status();
  }
  const std::string journal = (fs::path(options.folder) / scenario->name).string();
  if (Status free = check_is_free("--keep", journal); !free) return free.error();

  sim::scenario::Director director(*scenario, configuration->config, configuration->entries,
                                   engine::changed_configuration);
  sim::BacktestOptions backtest;
  backtest.datasets = base->datasets;
  backtest.config = configuration->config;
  backtest.entries = configuration->entries;
  backtest.journal_path = journal;
  // A process that dies recovers what its journal kept: that needs the log of a killed process.
  const bool dies = std::any_of(scenario->acts.begin(), scenario->acts.end(), [](const sim::scenario::Act& act) {
    return act.kind == sim::scenario::ActKind::restart;
  });
  backtest.durability = dies ? journal::Durability::wal : journal::Durability::buffered;
  backtest.clock = wall_clock_ns;
  backtest.build_id = build_id();
  backtest.compiler = compiler_id();
  backtest.stop = &stop;
  backtest.hooks = &director;
  const auto began = std::chrono::steady_clock::now();
  auto report = sim::run_backtest(backtest);
  if (!report) return report.error();
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  if (!director.problem().empty()) return usage_error(director.problem());
  if (report->stopped) return io_error(path + ": stopped");
  result.outcome = director.outcome();
  result.digest = report->digest.text();
  result.records = report->records;
  for (std::size_t n = 0; n < scenario->acts.size(); ++n) {
    const bool may_miss = scenario->acts[n].chance_e8 < kScale;
    if (result.outcome.played[n] == 0 && !may_miss) {
      result.not_played.push_back(std::string(sim::scenario::spec_of(scenario->acts[n].kind).name) + " (" +
                                  scenario->acts[n].place + ")");
    }
  }
  if (Status told = tell_failures(*scenario, director, journal, result); !told) return told;
  auto reader = journal::JournalReader::open(journal);
  if (!reader) return reader.error();
  journal::RecordView first;
  if (reader->next(first))
    result.market_hours = static_cast<double>(report->last_engine_time - first.header->ts_engine) / 3.6e12;
  if (options.replay) {
    auto replayer = engine::Replayer::open(journal);
    if (!replayer) return replayer.error();
    auto replayed = replayer->run();
    if (!replayed) return replayed.error();
    result.replayed = replayed->identical;
    if (!replayed->identical) {
      ScenarioFailure failure;
      failure.expectation = "replay identical";
      failure.seq = replayed->first_divergence ? replayed->first_divergence->seq : 0;
      failure.time = replayed->first_divergence ? replayed->first_divergence->engine_time : 0;
      failure.value = replayed->first_divergence
                          ? replayed->first_divergence->field + " recorded " + replayed->first_divergence->recorded +
                                ", replayed " + replayed->first_divergence->replayed
                          : "";
      failure.replay_command = "reprise replay " + shell_word(journal);
      result.failures.push_back(std::move(failure));
    }
  }
  result.verdict = result.failures.empty() && result.not_played.empty() ? ScenarioResult::Verdict::passed
                                                                        : ScenarioResult::Verdict::failed;
  if (result.verdict == ScenarioResult::Verdict::passed && !options.keep) {
    std::error_code ignored;
    fs::remove_all(journal, ignored);
  } else {
    result.journal = journal;
  }
  return ok_status();
}

}  // namespace

const char* name_of(ScenarioResult::Verdict verdict) {
  switch (verdict) {
    case ScenarioResult::Verdict::passed: return "passed";
    case ScenarioResult::Verdict::failed: return "failed";
    case ScenarioResult::Verdict::skipped: return "skipped";
    case ScenarioResult::Verdict::error: return "error";
  }
  return "?";
}

Result<config::Loaded> scenario_configuration(const Scenario& scenario) {
  const fs::path profile = fs::path(scenario.path).parent_path() / scenario.profile;
  // Without a profile the settings stand on the defaults of the keys.
  const config::ReadFile nothing = [](const std::string&) -> Result<std::string> { return std::string(); };
  auto loaded = config::load(profile.lexically_normal().string(), scenario.settings, engine::strategy_catalog(),
                             scenario.profile.empty() ? nothing : config::read_profile);
  if (!loaded) {
    Error error = loaded.error();
    error.message = scenario.path + ": profile: " + error.message;
    return error;
  }
  auto checked = engine::check_configuration(loaded->entries);
  if (!checked) return checked.error();
  // Every key of a configure act is known before anything runs.
  for (const sim::scenario::Act& act : scenario.acts) {
    if (act.kind != sim::scenario::ActKind::configure) continue;
    std::vector<std::string> sets;
    for (const auto& [key, value] : act["set"].settings) sets.push_back(key + "=" + value);
    auto changed = engine::changed_configuration(loaded->entries, sets);
    if (!changed) {
      Error error = changed.error();
      error.message = act.place + ": configure: " + error.message;
      return error;
    }
  }
  return loaded;
}

Result<Scenario> load_scenario(const std::string& path) {
  auto text = config::read_profile(path);
  if (!text) {
    Error error = text.error();
    error.hint = "a scenario is a YAML file; reprise scenario new makes one";
    return error;
  }
  return sim::scenario::read_scenario(path, *text);
}

ScenarioResult run_scenario(const std::string& path, const ScenarioRunOptions& options, ScenarioBases& bases,
                            const std::atomic<bool>& stop) {
  ScenarioResult result;
  result.path = path;
  result.name = fs::path(path).stem().string();
  if (Status played = play(path, options, bases, stop, result); !played) {
    result.verdict = ScenarioResult::Verdict::error;
    result.error = played.error();
    result.reason = played.error().text();
  }
  return result;
}

Result<std::vector<std::string>> scenario_files(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      if (!fs::exists(path, error)) return usage_error(path + ": no such file or folder");
      files.push_back(path);
      continue;
    }
    std::vector<std::string> found;
    for (fs::recursive_directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
      const std::string extension = it->path().extension().string();
      if (it->is_regular_file(error) && (extension == ".yaml" || extension == ".yml"))
        found.push_back(it->path().string());
    }
    if (found.empty()) return usage_error(path + ": no scenario (*.yaml) in it");
    std::sort(found.begin(), found.end());
    files.insert(files.end(), found.begin(), found.end());
  }
  return files;
}

}  // namespace reprise::tools
