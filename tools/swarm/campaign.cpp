#include "tools/swarm/campaign.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstring>
#include <mutex>
#include <optional>
#include <thread>

namespace reprise::tools {

namespace {

// Of the seed that this thread runs; read by the handler of SIGABRT.
thread_local char reproduce_line[160] = "";

void tell_seed(int signal) {
  const std::size_t length = std::strlen(reproduce_line);
  if (length != 0) {
    const auto written = ::write(STDERR_FILENO, reproduce_line, length);
    static_cast<void>(written);
  }
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void remember(const std::string& command) {
  const std::string line = "the program died in this seed: " + command + "\n";
  std::strncpy(reproduce_line, line.c_str(), sizeof reproduce_line - 1);
}

}  // namespace

std::string reproduce_command(std::uint64_t seed, const sim::swarm::DrawOptions& drawing) {
  return "reprise swarm --seeds 1 --start " + std::to_string(seed) +
         (drawing.minutes > 0 ? " --minutes " + std::to_string(drawing.minutes) : "");
}

Result<CampaignResult> run_campaign(const CampaignOptions& options, const std::atomic<bool>& stop,
                                    const std::function<void(std::uint64_t)>& progress) {
  CampaignResult result;
  std::optional<Error> error;
  std::mutex lock;
  std::atomic<std::uint64_t> next{0};
  std::atomic<std::uint64_t> done{0};
  std::atomic<bool> ends{false};
  std::signal(SIGABRT, tell_seed);
  const auto work = [&] {
    for (std::uint64_t n = next++; n < options.seeds && !stop.load() && !ends.load(); n = next++) {
      const std::uint64_t seed = options.first + n;
      remember(reproduce_command(seed, options.drawing));
      const std::string text = sim::swarm::scenario_text(sim::swarm::draw_plan(seed, options.drawing));
      TrialOptions trial;
      trial.folder = options.folder;
      trial.name = std::to_string(seed);
      auto run = run_trial("seed " + std::to_string(seed), text, trial, stop);
      const std::lock_guard<std::mutex> guard(lock);
      ++done;
      if (!run) {
        if (!error && !stop.load()) {
          error = run.error();
          error->message = "seed " + std::to_string(seed) + ": " + error->message;
        }
        ends = true;
        continue;
      }
      ++result.seeds;
      result.records += run->records;
      result.orders += run->orders;
      result.fills += run->fills;
      result.probes.add(run->probes);
      if (run->findings.empty()) continue;
      result.failures.push_back({seed, std::move(run->findings)});
      if (options.stop_at_first_failure) ends = true;
    }
    reproduce_line[0] = '\0';
  };
  std::vector<std::thread> threads;
  const std::uint64_t jobs = std::clamp<std::uint64_t>(options.jobs, 1, std::min<std::uint64_t>(options.seeds, 256));
  for (std::uint64_t n = 0; n < jobs; ++n) threads.emplace_back(work);
  while (done.load() < options.seeds && !stop.load() && !ends.load()) {
    progress(done.load());
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  for (std::thread& thread : threads) thread.join();
  std::signal(SIGABRT, SIG_DFL);
  if (error) return *error;
  if (stop.load()) return io_error("stopped before every seed had run");
  std::sort(result.failures.begin(), result.failures.end(),
            [](const SeedFailure& a, const SeedFailure& b) { return a.seed < b.seed; });
  return result;
}

}  // namespace reprise::tools
