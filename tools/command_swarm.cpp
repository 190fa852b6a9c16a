// reprise swarm: random faults and markets against the invariants; shrinks what fails.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "config/loader.h"
#include "journal/mutant.h"
#include "tools/command.h"
#include "tools/journals.h"
#include "tools/json_output.h"
#include "tools/stop.h"
#include "tools/swarm/campaign.h"
#include "tools/swarm/shrink.h"

namespace reprise::tools {
namespace {

namespace fs = std::filesystem;
using sim::swarm::Finding;
using sim::swarm::Probes;

constexpr std::uint64_t kMostTrials = 400;

// Journals of the trials; nothing stays when it goes.
class Scratch {
 public:
  static Result<std::string> make(Scratch& scratch) {
    // Memory where the machine offers it: a seed is many small files that live for some milliseconds.
    const char* given = std::getenv("TMPDIR");
    std::error_code error;
    fs::path parent = given != nullptr && *given != '\0' ? fs::path(given) : fs::path("/dev/shm");
    if (!fs::is_directory(parent, error) || ::access(parent.c_str(), W_OK) != 0)
      parent = fs::temp_directory_path(error);
    std::string text = (parent / "reprise-swarm-XXXXXX").string();
    if (mkdtemp(text.data()) == nullptr) return io_error(text + ": cannot be made");
    scratch.path_ = text;
    return text;
  }
  ~Scratch() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }

 private:
  std::string path_;
};

std::string finding_line(const Finding& finding) {
  return finding.invariant + (finding.seq != 0 ? " (seq " + std::to_string(finding.seq) + ")" : "") + ": " +
         finding.what;
}

class SwarmCommand final : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.texts("ACTION", words_, "nothing, or: shrink SEED, show SEED, check FILE").value("[ACTION WHAT]");
    arguments.number("--seeds", seeds_, "how many seeds to run").value("N").shows_default();
    arguments.number("--start", start_, "the first seed").value("SEED").shows_default();
    arguments.number("--minutes", minutes_, "market time of a seed (default: drawn, 1 to 2.5 minutes)").value("M");
    arguments.number("--jobs", jobs_, "seeds at once (default: one a core)").value("J");
    arguments.text("--out", out_, "shrink: the scenario file to write; must not exist").value("FILE");
    arguments.flag("--stop", stop_at_first_, "end with the first seed that fails");
    arguments.flag("--require", require_, "fail too where a required probe was never reached");
    arguments.flag("--probes", show_probes_, "print every probe with its count");
    arguments.examples(
        "reprise swarm --seeds 2000                  # each seed: a market, faults, a quiet end, every invariant\n"
        "reprise swarm --seeds 1 --start 4711        # one seed again\n"
        "reprise swarm show 4711                     # what that seed draws, as a scenario\n"
        "reprise swarm shrink 4711 --out small.yaml  # the smallest scenario that still fails\n"
        "reprise swarm check small.yaml              # the invariants over a scenario file\n"
        "What is drawn and what has to hold: sim/swarm/SWARM.md. Exit code 1: an invariant failed.");
  }

  Result<int> run(Terminal& terminal) override {
#ifdef REPRISE_MUTANTS
    if (words_.size() == 1 && words_[0] == "mutants") {
      for (const std::string& name : mutant_names()) terminal.line(name);
      return kExitFine;
    }
    if (const char* name = std::getenv("REPRISE_MUTANT"); name != nullptr && *name != '\0' && !choose_mutant(name))
      return usage_error(std::string("REPRISE_MUTANT: no planted defect is called ") + name);
#endif
    if (words_.empty()) return run_seeds(terminal);
    if (words_.size() != 2) return usage_error("swarm " + words_[0] + ": takes one thing: a seed or a file");
    if (words_[0] == "check") return check(terminal, words_[1]);
    auto seed = seed_of(words_[1]);
    if (!seed) return seed.error();
    if (words_[0] == "show") {
      terminal.write(sim::swarm::scenario_text(sim::swarm::draw_plan(seed.value(), drawing())));
      return kExitFine;
    }
    if (words_[0] == "shrink") return shrink_seed(terminal, seed.value());
    return usage_error("swarm: \"" + words_[0] + "\" is not an action", "shrink SEED, show SEED or check FILE");
  }

 private:
  sim::swarm::DrawOptions drawing() const {
    return {static_cast<std::int64_t>(minutes_)};
  }

  static Result<std::uint64_t> seed_of(const std::string& text) {
    const bool digits = !text.empty() && text.size() <= 18 && text.find_first_not_of("0123456789") == std::string::npos;
    if (!digits) return usage_error("\"" + text + "\" is not a seed");
    return static_cast<std::uint64_t>(std::stoull(text));
  }

  Result<int> run_seeds(Terminal& terminal) {
    if (seeds_ == 0) return usage_error("--seeds: at least 1");
    if (minutes_ > 600) return usage_error("--minutes: at most 600");
    if (start_ > 999'999'999'999'999'999 - seeds_) return usage_error("--start: too large");
    Scratch scratch;
    auto folder = Scratch::make(scratch);
    if (!folder) return folder.error();
    CampaignOptions options;
    options.first = start_;
    options.seeds = seeds_;
    options.jobs = jobs_ != 0 ? jobs_ : std::max(1u, std::thread::hardware_concurrency());
    options.drawing = drawing();
    options.folder = *folder;
    options.stop_at_first_failure = stop_at_first_;
    Progress progress(terminal, "swarm", "seeds");
    const auto began = std::chrono::steady_clock::now();
    auto result = run_campaign(options, stop_on_signals(), [&](std::uint64_t done) { progress.update(done, seeds_); });
    progress.clear();
    if (!result) return result.error();
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    if (json) {
      tell_json(terminal, *result, seconds);
    } else {
      tell(terminal, *result, seconds);
    }
    bool reached = true;
    for (const std::string& name : Probes::required()) {
      if (!require_ || result->probes.counts().at(name) != 0) continue;
      reached = false;
      if (!json) terminal.line(terminal.paint(Colour::bad, "a required probe was never reached: " + name));
    }
    return result->failures.empty() && reached ? kExitFine : kExitDiverged;
  }

  void tell_json(Terminal& terminal, const CampaignResult& result, double seconds) const {
    Json out;
    out.begin_object().field("seeds", result.seeds).key("failures").begin_array();
    for (const SeedFailure& failure : result.failures) {
      out.begin_object().field("seed", failure.seed);
      out.field("invariant", failure.findings.front().invariant);
      out.key("invariants").begin_array();
      for (std::size_t n = 0; n < failure.findings.size(); ++n) {
        const std::string& name = failure.findings[n].invariant;
        const auto before = failure.findings.begin() + static_cast<std::ptrdiff_t>(n);
        const bool is_new = std::none_of(failure.findings.begin(), before,
                                         [&](const Finding& finding) { return finding.invariant == name; });
        if (is_new) out.value(name);
      }
      out.end_array();
      out.field("what", failure.findings.front().what);
      out.field("seq", failure.findings.front().seq);
      out.field("command", reproduce_command(failure.seed, drawing()));
      out.end_object();
    }
    out.end_array().key("probes").begin_object();
    for (const auto& [name, count] : result.probes.counts()) out.field(name, count);
    out.end_object();
    out.field("records", result.records).field("orders", result.orders).field("fills", result.fills);
    out.field("wall_seconds", seconds).end_object();
    terminal.line(out.text());
  }

  void tell(Terminal& terminal, const CampaignResult& result, double seconds) const {
    for (const SeedFailure& failure : result.failures) {
      terminal.line(terminal.paint(Colour::bad, "seed " + std::to_string(failure.seed) + " fails"));
      for (const Finding& finding : failure.findings) terminal.line("  " + finding_line(finding));
      terminal.line(terminal.paint(Colour::dim, "  " + reproduce_command(failure.seed, drawing())));
    }
    std::uint64_t reached = 0;
    std::vector<std::string> never;
    for (const std::string& name : Probes::names()) {
      const std::uint64_t count = result.probes.counts().at(name);
      if (count == 0) never.push_back(name);
      reached += count != 0 ? 1 : 0;
      if (show_probes_) terminal.line(std::to_string(count) + "\t" + name);
    }
    terminal.line("probes   " + std::to_string(reached) + " of " + std::to_string(Probes::names().size()) + " reached" +
                  (never.empty() ? "" : "; never:"));
    for (const std::string& name : never) terminal.line(terminal.paint(Colour::dim, "           " + name));
    terminal.line("records  " + std::to_string(result.records) + ", orders sent " + std::to_string(result.orders) +
                  ", fills " + std::to_string(result.fills));
    const std::string rate = decimal_1(static_cast<double>(result.seeds) / std::max(seconds, 1e-9));
    terminal.line("took     " + decimal_1(seconds) + " s, " + rate + " seeds/s");
    terminal.line(result.failures.empty()
                      ? terminal.paint(Colour::good, std::to_string(result.seeds) + " seeds, every invariant holds")
                      : terminal.paint(Colour::bad, std::to_string(result.failures.size()) + " of " +
                                                        std::to_string(result.seeds) + " seeds fail"));
  }

  static std::string decimal_1(double value) {
    const auto tenths = static_cast<std::uint64_t>(value * 10 + 0.5);
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10);
  }

  Result<int> check(Terminal& terminal, const std::string& file) {
    auto text = config::read_profile(file);
    if (!text) return text.error();
    Scratch scratch;
    auto folder = Scratch::make(scratch);
    if (!folder) return folder.error();
    TrialOptions options;
    options.folder = *folder;
    options.name = "check";
    auto result = run_trial(file, *text, options, stop_on_signals());
    if (!result) return result.error();
    if (json) {
      Json out;
      out.begin_object().field("path", file).key("failures").begin_array();
      for (const Finding& finding : result->findings) {
        out.begin_object().field("invariant", finding.invariant).field("what", finding.what);
        out.field("seq", finding.seq).field("command", "reprise swarm check " + file).end_object();
      }
      out.end_array().field("records", result->records).field("digest", result->digest).end_object();
      terminal.line(out.text());
    } else {
      for (const Finding& finding : result->findings) terminal.line(finding_line(finding));
      terminal.line("records  " + std::to_string(result->records) + ", fills " + std::to_string(result->fills));
      terminal.line(result->findings.empty() ? terminal.paint(Colour::good, "every invariant holds")
                                             : terminal.paint(Colour::bad, "fails"));
    }
    return result->findings.empty() ? kExitFine : kExitDiverged;
  }

  Result<int> shrink_seed(Terminal& terminal, std::uint64_t seed) {
    const std::string out = out_.empty() ? "swarm-" + std::to_string(seed) + ".yaml" : out_;
    if (Status free = check_is_free("--out", out); !free) return free.error();
    Scratch scratch;
    auto folder = Scratch::make(scratch);
    if (!folder) return folder.error();
    const sim::swarm::Plan plan = sim::swarm::draw_plan(seed, drawing());
    Progress progress(terminal, "shrinking", "trials");
    auto small = shrink(plan, *folder, kMostTrials, stop_on_signals(),
                        [&](std::uint64_t trials) { progress.update(trials, kMostTrials); });
    progress.clear();
    if (!small) return small.error();
    std::ofstream file(out, std::ios::binary);
    file << "# Fails with \"" + small->invariant + "\": " + small->what + "\n# reprise swarm check " + out + "\n" +
                sim::swarm::scenario_text(small->plan);
    if (!file.flush()) return io_error(out + ": cannot be written");
    if (json) {
      Json object;
      object.begin_object().field("seed", seed).field("invariant", small->invariant).field("file", out);
      object.field("trials", small->trials);
      object.field("acts_before", static_cast<std::uint64_t>(plan.acts.size()));
      object.field("acts_after", static_cast<std::uint64_t>(small->plan.acts.size()));
      object.field("seconds_before", plan.length_ns / 1'000'000'000);
      object.field("seconds_after", small->plan.length_ns / 1'000'000'000);
      object.field("settings_before", static_cast<std::uint64_t>(plan.settings.size()));
      object.field("settings_after", static_cast<std::uint64_t>(small->plan.settings.size()));
      object.end_object();
      terminal.line(object.text());
    } else {
      const auto change = [](std::size_t before, std::size_t after) {
        return std::to_string(before) + " -> " + std::to_string(after);
      };
      terminal.line("fails    " + small->invariant + ": " + small->what);
      terminal.line("acts     " + change(plan.acts.size(), small->plan.acts.size()));
      terminal.line("market   " +
                    change(static_cast<std::size_t>(plan.length_ns / 1'000'000'000),
                           static_cast<std::size_t>(small->plan.length_ns / 1'000'000'000)) +
                    " s, symbols " + change(plan.symbols, small->plan.symbols));
      terminal.line("settings " + change(plan.settings.size(), small->plan.settings.size()));
      terminal.line("trials   " + std::to_string(small->trials));
      terminal.line(out + ": written" + terminal.paint(Colour::dim, "   next: reprise swarm check " + out));
    }
    return kExitFine;
  }

  std::vector<std::string> words_;
  std::uint64_t seeds_ = 100;
  std::uint64_t start_ = 1;
  std::uint64_t minutes_ = 0;
  std::uint64_t jobs_ = 0;
  std::string out_;
  bool stop_at_first_ = false;
  bool show_probes_ = false;
  bool require_ = false;
};

}  // namespace

std::unique_ptr<Command> make_swarm() {
  return std::make_unique<SwarmCommand>();
}

}  // namespace reprise::tools
