#include "tools/whatif/last_chance.h"

#include <algorithm>

namespace reprise::tools {

namespace {

class ChanceSearch {
 public:
  ChanceSearch(sim::RecordedRun& run, const sim::OperatorAct& act, const std::atomic<bool>& stop,
               const std::function<void(std::size_t)>& progress)
      : run_(run), progress_(progress) {
    options_.acts = {act};
    options_.until_liquidation = true;
    options_.stop = &stop;
  }

  // The branch behind the step with `seq`.
  Result<sim::BranchReport> at(journal::Seq seq) {
    const auto& stop = *options_.stop;
    auto point = run_.point_at(seq, [&](journal::Seq) { return !stop.load(std::memory_order_relaxed); });
    if (!point) return point.error();
    auto report = sim::run_branch(*point, options_);
    if (!report) return report.error();
    if (report->stopped) return io_error("interrupted");
    if (progress_) progress_(++branches);
    return report;
  }

  std::size_t branches = 0;

 private:
  sim::RecordedRun& run_;
  sim::BranchOptions options_;
  const std::function<void(std::size_t)>& progress_;
};

}  // namespace

Result<LastChance> find_last_chance(sim::RecordedRun& run, const sim::OperatorAct& act, journal::Seq not_before,
                                    const std::atomic<bool>& stop,
                                    const std::function<void(std::size_t branches)>& progress) {
  LastChance answer;
  const auto on_way = [&](journal::Seq) { return !stop.load(std::memory_order_relaxed); };
  const journal::Seq first = std::max<journal::Seq>(not_before, 1);
  auto start = run.point_at(first, on_way);
  if (!start) return start.error();
  auto parent = sim::parent_figures(*start, 0, on_way);
  if (!parent) return parent.error();
  answer.parent_equity = parent->equity;
  answer.liquidation = parent->first_liquidation;
  answer.liquidation_time = parent->first_liquidation_time;
  answer.was_liquidated = answer.liquidation != 0;
  if (!answer.was_liquidated) return answer;

  ChanceSearch search(run, act, stop, progress);
  // A point behind the parent's liquidation comes too late, whatever follows; an account that owes money is not saved.
  const auto is_lost = [&](const sim::BranchReport& report) {
    return report.first_liquidation != 0 || report.point >= answer.liquidation || !report.equity.is_positive();
  };
  journal::Seq lost = answer.liquidation - 1;
  auto lost_report = search.at(lost);
  if (!lost_report) return lost_report.error();
  journal::Seq saved = 0;
  sim::BranchReport saved_report;
  for (journal::Seq back = 1; saved == 0; back *= 2) {
    const journal::Seq seq = answer.liquidation > first + back ? answer.liquidation - back : first;
    auto report = search.at(seq);
    if (!report) return report.error();
    if (is_lost(*report)) {
      lost = std::min(lost, seq);
      lost_report = std::move(report);
      if (seq == first) {
        answer.lost = std::move(*lost_report);
        answer.branches = search.branches;
        return answer;
      }
    } else {
      saved = seq;
      saved_report = std::move(*report);
    }
  }
  while (lost - saved > 1) {
    const journal::Seq middle = saved + (lost - saved) / 2;
    auto report = search.at(middle);
    if (!report) return report.error();
    if (is_lost(*report)) {
      lost = middle;
      lost_report = std::move(report);
    } else {
      saved = middle;
      saved_report = std::move(*report);
    }
  }
  answer.can_be_saved = true;
  answer.saved = std::move(saved_report);
  answer.lost = std::move(*lost_report);
  answer.branches = search.branches;
  return answer;
}

}  // namespace reprise::tools
