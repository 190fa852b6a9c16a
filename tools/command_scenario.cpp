// reprise scenario check|list|run|new: scripted stress runs with expectations.
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tools/command.h"
#include "tools/journals.h"
#include "tools/json_output.h"
#include "tools/scenario_report.h"
#include "tools/stop.h"

namespace reprise::tools {
namespace {

namespace fs = std::filesystem;
using sim::scenario::Scenario;

constexpr const char* kTemplate = R"(# NAME: what happened, when, and where its figures come from.
name: NAME
about: one sentence that a trader understands
seed: 1
base:
  generate: {seed: 7, length: 10m, symbols: 2}   # or import: [FILE], or dataset: DATASET
profile: PROFILE
settings:                                        # configuration keys that differ from the profile
  account.initial_balance: 10000
acts:
  - name: fall
    at: 4m
    crash: {by: -8 %, over: 30s, recover: 60 %, recover_over: 2m}
  - with: fall
    liquidity: {side: bid, withdraw: 80 %, within: 0.5 %, for: 1m}
  - when: drawdown > 5 %
    after: 2s
    kill_switch:
expect:
  - no_liquidation: true
  - drawdown: below 20 %
  - always_conserved: true
  - finally: open_orders <= 50
)";

class ScenarioCommand final : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.text("ACTION", action_, "check, list, run or new").required().choices({"check", "list", "run", "new"});
    arguments.texts("FILE", paths_, "scenario files, or folders of them").value("FILE|FOLDER");
    arguments.text("--junit", junit_, "run: also write JUnit XML").value("FILE");
    arguments.text("--keep", keep_, "run: keep every journal here, one a scenario; must not exist").value("FOLDER");
    arguments.flag("--replay", replay_, "run: recompute every journal without the scenario and compare");
    arguments.number("--jobs", jobs_, "run: scenarios at once (default: one a core)").value("N");
    arguments.examples(
        "reprise scenario run scenarios                          # all of them, in parallel\n"
        "reprise scenario run scenarios/flash-wick.yaml --keep out\n"
        "reprise scenario check my.yaml                          # errors with line and column, nothing runs\n"
        "reprise scenario list scenarios\n"
        "reprise scenario new my.yaml                            # from a template\n"
        "The language: scenarios/LANGUAGE.md. Exit code 1: an expectation failed.");
  }

  Result<int> run(Terminal& terminal) override {
    if (paths_.empty()) return usage_error("scenario " + action_ + ": name a file or folder");
    if (action_ == "new") return make_new(terminal);
    auto files = scenario_files(paths_);
    if (!files) return files.error();
    if (action_ == "check") return check(terminal, *files);
    if (action_ == "list") return list(terminal, *files);
    return run_all(terminal, *files);
  }

 private:
  Result<int> make_new(Terminal& terminal) {
    if (paths_.size() != 1) return usage_error("scenario new makes one file");
    const fs::path path(paths_[0]);
    if (Status free = check_is_free("FILE", path.string()); !free) return free.error();
    std::string text = kTemplate;
    const std::string name = path.stem().string();
    const auto fill = [&](const std::string& word, const std::string& with) {
      for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + with.size()))
        text.replace(at, word.size(), with);
    };
    // The nearest profile that ships: from a folder of the project, or where the program is run.
    std::error_code error;
    const fs::path from = fs::absolute(path, error).parent_path();
    std::string profile = "config/examples/demo.yaml";
    for (fs::path at = from; !at.empty(); at = at.parent_path()) {
      if (fs::exists(at / "config/examples/demo.yaml", error)) {
        profile = fs::relative(at / "config/examples/demo.yaml", from, error).string();
        break;
      }
      if (at == at.parent_path()) break;
    }
    fill("NAME", name);
    fill("PROFILE", profile);
    std::ofstream out(path, std::ios::binary);
    out << text;
    if (!out.flush()) return io_error(path.string() + ": cannot be written");
    if (json) {
      Json object;
      object.begin_object().field("file", path.string()).end_object();
      terminal.line(object.text());
    } else {
      terminal.line(path.string() + ": " + terminal.paint(Colour::good, "made") +
                    terminal.paint(Colour::dim, "   next: reprise scenario run " + path.string()));
    }
    return kExitFine;
  }

  Result<int> check(Terminal& terminal, const std::vector<std::string>& files) {
    int code = kExitFine;
    Json out;
    out.begin_object().key("scenarios").begin_array();
    for (const std::string& file : files) {
      auto scenario = load_scenario(file);
      if (!scenario) code = kExitUsage;
      if (json) {
        out.begin_object();
        out.field("path", file);
        out.field("valid", scenario.ok());
        if (!scenario) {
          out.field("error", scenario.error().message);
          out.field("hint", scenario.error().hint);
        }
        out.end_object();
      } else if (scenario) {
        terminal.line(file + ": " + terminal.paint(Colour::good, "good") + ", " +
                      std::to_string(scenario->acts.size()) + " acts, " +
                      std::to_string(scenario->expectations.size()) + " expectations");
      } else {
        terminal.line(terminal.paint(Colour::bad, scenario.error().message));
        if (!scenario.error().hint.empty()) terminal.line("  " + scenario.error().hint);
      }
    }
    out.end_array().end_object();
    if (json) terminal.line(out.text());
    return code;
  }

  Result<int> list(Terminal& terminal, const std::vector<std::string>& files) {
    Table table;
    table.column("scenario");
    table.column("acts", Table::Align::right);
    table.column("expects", Table::Align::right);
    table.column("what");
    Json out;
    out.begin_object().key("scenarios").begin_array();
    for (const std::string& file : files) {
      auto scenario = load_scenario(file);
      if (!scenario) return scenario.error();
      if (json) {
        out.begin_object();
        out.field("name", scenario->name);
        out.field("path", file);
        out.field("about", scenario->about);
        out.field("acts", static_cast<std::uint64_t>(scenario->acts.size()));
        out.field("expectations", static_cast<std::uint64_t>(scenario->expectations.size()));
        out.end_object();
      } else {
        table.row({scenario->name, std::to_string(scenario->acts.size()), std::to_string(scenario->expectations.size()),
                   scenario->about});
      }
    }
    out.end_array().end_object();
    if (json) {
      terminal.line(out.text());
    } else {
      terminal.write(table.text(terminal.width()));
    }
    return kExitFine;
  }

  // Where bases and journals go while they are needed.
  Result<std::string> work_folder() {
    if (!keep_.empty()) {
      if (Status free = check_is_free("--keep", keep_); !free) return free.error();
      std::error_code error;
      fs::create_directory(keep_, error);
      if (error) return io_error(keep_ + ": " + error.message());
      return keep_;
    }
    std::error_code error;
    fs::path pattern = fs::temp_directory_path(error) / "reprise-scenario-XXXXXX";
    std::string text = pattern.string();
    if (mkdtemp(text.data()) == nullptr) return io_error(pattern.string() + ": cannot be made");
    return text;
  }

  Result<int> run_all(Terminal& terminal, const std::vector<std::string>& files) {
    auto folder = work_folder();
    if (!folder) return folder.error();
    const fs::path bases_folder = fs::path(*folder) / ".bases";
    std::error_code error;
    fs::create_directory(bases_folder, error);
    ScenarioBases bases(bases_folder.string());
    ScenarioRunOptions options;
    options.folder = *folder;
    options.keep = !keep_.empty();
    options.replay = replay_;

    const std::atomic<bool>& stop = stop_on_signals();
    std::vector<ScenarioResult> results(files.size());
    std::atomic<std::size_t> next{0};
    std::atomic<std::size_t> done{0};
    const auto work = [&] {
      for (std::size_t n = next++; n < files.size() && !stop.load(); n = next++) {
        results[n] = run_scenario(files[n], options, bases, stop);
        ++done;
      }
    };
    const auto began = std::chrono::steady_clock::now();
    std::size_t jobs = jobs_ != 0 ? static_cast<std::size_t>(jobs_) : std::max(1u, std::thread::hardware_concurrency());
    jobs = std::min({jobs, files.size(), std::size_t{64}});
    std::vector<std::thread> threads;
    for (std::size_t n = 0; n < jobs; ++n) threads.emplace_back(work);
    Progress progress(terminal, "scenarios", "scenarios");
    while (done.load() < files.size() && !stop.load()) {
      progress.update(done.load(), files.size());
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    for (std::thread& thread : threads) thread.join();
    progress.clear();
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    fs::remove_all(bases_folder, error);
    if (fs::is_empty(*folder, error) && keep_.empty()) fs::remove(*folder, error);
    if (stop.load()) return io_error("stopped before every scenario had run");

    if (!junit_.empty()) {
      std::ofstream out(junit_, std::ios::binary);
      out << scenarios_junit(results, seconds);
      if (!out.flush()) return io_error(junit_ + ": cannot be written");
    }
    if (json) {
      terminal.line(scenarios_json(results, seconds));
    } else {
      show_scenarios(terminal, results, seconds);
    }
    int code = kExitFine;
    for (const ScenarioResult& result : results) {
      if (result.verdict == ScenarioResult::Verdict::failed) code = std::max(code, kExitDiverged);
      if (result.verdict == ScenarioResult::Verdict::error) code = std::max(code, exit_code_of(result.error));
    }
    return code;
  }

  std::string action_;
  std::vector<std::string> paths_;
  std::string junit_;
  std::string keep_;
  bool replay_ = false;
  std::uint64_t jobs_ = 0;
};

}  // namespace

std::unique_ptr<Command> make_scenario() {
  return std::make_unique<ScenarioCommand>();
}

}  // namespace reprise::tools
