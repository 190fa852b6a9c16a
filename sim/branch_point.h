// A moment of a recorded run as a place where branches begin.
//
// The past is not copied and not recomputed from the start: the loop is taken up behind the nearest snapshot and goes
// along the journal, whose records it must make again byte for byte, to the moment. What stands there is kept as a
// snapshot, and any number of branches begin with it (sim/branch.h).
//
// A run against the simulated venue has the venue's state in its snapshots, and where there is none, in the run itself;
// one that cannot be made again (a scenario bent it, another program version wrote it) is an error that names the first
// record. A live run is not made again: its engine is brought to the moment, and beside it stands a venue as the engine
// knows it (assumed_venue.h); what follows is the model's.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "journal/manifest.h"
#include "journal/result.h"
#include "journal/snapshot.h"
#include "sim/recorded_acts.h"

namespace reprise::sim {

class SimExchange;  // sim/exchange/exchange.h

struct BranchPoint {
  std::string parent;  // path of its journal
  journal::Manifest manifest;
  journal::Snapshot state;  // behind record state.info.seq; with the digest of the records up to there
  std::string end_reason;   // of the parent's RunEnd; "" = it has none
  bool is_assumed = false;  // the parent is a live run: its venue is not known, the state has one as assumed
  std::shared_ptr<const std::vector<RecordedAct>> acts;  // of the parent, those behind the state at least
};

// Called with the seq reached; false ends the way with an error.
using OnWay = std::function<bool(journal::Seq)>;

class RecordedRun {
 public:
  static Result<RecordedRun> open(const std::string& path);
  RecordedRun(RecordedRun&&) noexcept;
  RecordedRun& operator=(RecordedRun&&) noexcept;
  ~RecordedRun();

  // Behind the step that contains record `seq`: an input and its outputs are one step. Moves cost what the way is
  // long, backwards from the nearest snapshot.
  Status go_to(journal::Seq seq, const OnWay& on_way = {});
  // There, what stands there.
  Result<journal::Snapshot> state_at(journal::Seq seq, const OnWay& on_way = {});
  // And what a branch from there needs besides: reads the rest of the journal once.
  Result<BranchPoint> point_at(journal::Seq seq, const OnWay& on_way = {});
  // Whether the last move failed because the run makes other records than its journal has.
  bool cannot_be_made_again() const;
  // The simulated venue as it stands there; nullptr in front of the first move.
  const SimExchange* exchange() const;

 private:
  struct Impl;
  explicit RecordedRun(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace reprise::sim
