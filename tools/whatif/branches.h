// Many branches of one run on all cores.
//
// The caller's thread walks along the run and hands out points; each branch is one thread's. Results are in the order
// of the jobs, whatever the threads do. The recorded past is shared: a point in memory is all that branches copy.
#pragma once

// determinism: threads do not touch one branch's records; each has a loop, an engine and a venue of its own
#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "sim/branch.h"

namespace reprise::tools {

struct BranchJob {
  journal::Seq behind = 0;     // the point: behind the step with this record
  sim::BranchOptions options;  // `stop` is set by run_branches()
};

// `jobs` in ascending order of their points. Ends at the first error, or when `stop` is set.
Result<std::vector<sim::BranchReport>> run_branches(sim::RecordedRun& run, const std::vector<BranchJob>& jobs,
                                                    std::size_t threads, const std::atomic<bool>& stop,
                                                    const std::function<void(std::size_t done)>& progress);

}  // namespace reprise::tools
