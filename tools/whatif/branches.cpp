#include "tools/whatif/branches.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

namespace reprise::tools {

namespace {

struct Work {
  std::size_t job = 0;
  std::shared_ptr<const sim::BranchPoint> point;
};

}  // namespace

Result<std::vector<sim::BranchReport>> run_branches(sim::RecordedRun& run, const std::vector<BranchJob>& jobs,
                                                    std::size_t threads, const std::atomic<bool>& stop,
                                                    const std::function<void(std::size_t done)>& progress) {
  threads = std::clamp<std::size_t>(threads, 1, std::max<std::size_t>(1, jobs.size()));
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Work> queue;
  bool no_more = false;
  std::size_t done = 0;
  std::optional<Error> error;
  std::vector<sim::BranchReport> reports(jobs.size());

  const auto work = [&] {
    for (;;) {
      Work next;
      {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return !queue.empty() || no_more || error; });
        if (queue.empty() || error) return;
        next = std::move(queue.front());
        queue.pop_front();
      }
      changed.notify_all();
      sim::BranchOptions options = jobs[next.job].options;
      options.stop = &stop;
      auto report = sim::run_branch(*next.point, options);
      const std::lock_guard lock(mutex);
      if (report.ok()) {
        reports[next.job] = std::move(*report);
      } else if (!error) {
        error = report.error();
      }
      ++done;
      changed.notify_all();
    }
  };
  std::vector<std::thread> workers;
  for (std::size_t n = 0; n < threads; ++n) workers.emplace_back(work);

  std::shared_ptr<const sim::BranchPoint> point;
  for (std::size_t n = 0; n < jobs.size() && !stop.load(std::memory_order_relaxed); ++n) {
    if (n == 0 || jobs[n].behind != jobs[n - 1].behind) {
      auto reached = run.point_at(jobs[n].behind, [&](journal::Seq) { return !stop.load(std::memory_order_relaxed); });
      if (!reached.ok()) {
        const std::lock_guard lock(mutex);
        if (!error) error = reached.error();
        break;
      }
      point = std::make_shared<const sim::BranchPoint>(std::move(*reached));
    }
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return queue.size() < 2 * threads || error; });
    if (error) break;
    queue.push_back({n, point});
    if (progress) progress(done);
    changed.notify_all();
  }
  {
    std::unique_lock lock(mutex);
    no_more = true;
    changed.notify_all();
    while (progress && !error && done < jobs.size() && !queue.empty()) {
      const std::size_t before = done;
      changed.wait(lock, [&] { return done != before || error || queue.empty(); });
      progress(done);
    }
  }
  changed.notify_all();
  for (std::thread& worker : workers) worker.join();
  if (error) return *error;
  if (stop.load()) return io_error("interrupted");
  return reports;
}

}  // namespace reprise::tools
