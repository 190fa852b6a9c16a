#include "tools/swarm/shrink.h"

#include <algorithm>

#include "engine/market/fixed.h"
#include "tools/swarm/trial.h"

namespace reprise::tools {

using sim::swarm::Plan;
using sim::swarm::PlannedAct;

namespace {

// Halves the first number of a text ("8.40 %" -> "4.20 %"); the text itself where there is none to make smaller.
std::string halved(const std::string& text) {
  std::size_t begin = 0;
  while (begin < text.size() && (text[begin] < '0' || text[begin] > '9')) ++begin;
  std::size_t end = begin;
  while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
  if (begin == end || end - begin > 9) return text;
  const int value = std::stoi(text.substr(begin, end - begin));
  if (value < 2) return text;
  return text.substr(0, begin) + std::to_string(value / 2) + text.substr(end);
}

class Shrinker {
 public:
  Shrinker(std::string folder, std::uint64_t most, const std::atomic<bool>& stop,
           const std::function<void(std::uint64_t)>& progress)
      : folder_(std::move(folder)), most_(most), stop_(stop), progress_(progress) {}

  Result<Shrunk> run(const Plan& plan) {
    Result<std::string> first = invariant_of(plan);
    if (!first) return first.error();
    if (first->empty()) return usage_error("seed " + std::to_string(plan.seed) + " does not fail", "nothing to shrink");
    out_.invariant = first.value();
    out_.plan = plan;
    for (bool changed = true; changed && !spent();) {
      changed = drop_acts();
      changed = shorten_market() || changed;
      changed = drop_strategies() || changed;
      changed = shorten_acts() || changed;
      changed = make_numbers_smaller() || changed;
      changed = drop_settings() || changed;
    }
    out_.trials = trials_;
    return out_;
  }

 private:
  bool spent() const { return trials_ >= most_ || stop_.load(); }

  Result<std::string> invariant_of(const Plan& plan) {
    ++trials_;
    progress_(trials_);
    TrialOptions options;
    options.folder = folder_;
    options.name = "shrink";
    auto run = run_trial("plan", scenario_text(plan), options, stop_);
    if (!run) return run.error();
    if (run->findings.empty()) return std::string();
    what_ = run->findings.front().what;
    // The one looked for, if it is among them.
    for (const auto& finding : run->findings) {
      if (finding.invariant != out_.invariant) continue;
      what_ = finding.what;
      return finding.invariant;
    }
    return run->findings.front().invariant;
  }

  // A plan that cannot be run (a setting that another one needs) is not smaller, it is wrong.
  bool take(const Plan& smaller) {
    if (spent()) return false;
    const Result<std::string> found = invariant_of(smaller);
    if (!found || found.value() != out_.invariant) return false;
    out_.plan = smaller;
    out_.what = what_;
    return true;
  }

  bool drop_acts() {
    bool changed = false;
    // Halves first, then one by one, from the end.
    for (std::size_t part = std::max<std::size_t>(out_.plan.acts.size() / 2, 1); part >= 1; part /= 2) {
      for (std::size_t at = out_.plan.acts.size(); at > 0 && !spent();) {
        const std::size_t begin = at > part ? at - part : 0;
        Plan smaller = out_.plan;
        const auto from = smaller.acts.begin();
        smaller.acts.erase(from + static_cast<std::ptrdiff_t>(begin), from + static_cast<std::ptrdiff_t>(at));
        changed = take(smaller) || changed;
        at = std::min(begin, out_.plan.acts.size());
      }
    }
    return changed;
  }

  bool shorten_market() {
    std::int64_t needed = sim::swarm::kQuiet;
    for (const PlannedAct& act : out_.plan.acts) needed = std::max(needed, act.at_ns + act.for_ns + sim::swarm::kQuiet);
    for (const std::int64_t length : {needed, (out_.plan.length_ns + needed) / 2, out_.plan.length_ns - 10 * kSecond}) {
      if (length < sim::swarm::kQuiet || length >= out_.plan.length_ns - kSecond) continue;
      Plan smaller = out_.plan;
      smaller.length_ns = length / 1'000'000 * 1'000'000;
      if (take(smaller)) return true;
    }
    Plan fewer = out_.plan;
    if (fewer.symbols == 1) return false;
    fewer.symbols = 1;
    return take(fewer);
  }

  bool shorten_acts() {
    bool changed = false;
    for (std::size_t n = 0; n < out_.plan.acts.size() && !spent(); ++n) {
      Plan smaller = out_.plan;
      if (smaller.acts[n].for_ns < 2 * kSecond) continue;
      smaller.acts[n].for_ns = smaller.acts[n].for_ns / 2'000'000 * 1'000'000;
      changed = take(smaller) || changed;
    }
    return changed;
  }

  bool make_numbers_smaller() {
    bool changed = false;
    for (std::size_t n = 0; n < out_.plan.acts.size(); ++n) {
      for (std::size_t p = 0; p < out_.plan.acts[n].parameters.size() && !spent(); ++p) {
        Plan smaller = out_.plan;
        auto& [key, value] = smaller.acts[n].parameters[p];
        const std::string half = halved(value);
        if (key == "code" || key == "points" || key == "set" || half == value) continue;
        value = half;
        changed = take(smaller) || changed;
      }
    }
    return changed;
  }

  bool drop_strategies() {
    bool changed = false;
    for (const char* name : {"strategies.s3.", "strategies.s2.", "strategies.s1."}) {
      Plan smaller = out_.plan;
      std::erase_if(smaller.settings, [&](const auto& setting) { return setting.first.rfind(name, 0) == 0; });
      if (smaller.settings.size() != out_.plan.settings.size()) changed = take(smaller) || changed;
    }
    return changed;
  }

  // What is left out stands at its default.
  bool drop_settings() {
    bool changed = false;
    for (std::size_t at = out_.plan.settings.size(); at > 0 && !spent(); --at) {
      Plan smaller = out_.plan;
      smaller.settings.erase(smaller.settings.begin() + static_cast<std::ptrdiff_t>(at - 1));
      changed = take(smaller) || changed;
    }
    return changed;
  }

  std::string folder_;
  std::uint64_t most_;
  const std::atomic<bool>& stop_;
  const std::function<void(std::uint64_t)>& progress_;
  std::uint64_t trials_ = 0;
  std::string what_;
  Shrunk out_;
};

}  // namespace

Result<Shrunk> shrink(const Plan& plan, const std::string& folder, std::uint64_t most_trials,
                      const std::atomic<bool>& stop, const std::function<void(std::uint64_t)>& progress) {
  return Shrinker(folder, most_trials, stop, progress).run(plan);
}

}  // namespace reprise::tools
