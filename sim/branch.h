// One branch of a recorded run: the recorded past up to a point, from there on other settings or an operator's acts,
// against the simulated venue fed with the recorded market.
//
// A branch in which nothing is changed makes the records of its parent, byte for byte; of a live parent it shows how
// far the simulated venue is from the real one (sim/fidelity.h). Its journal begins behind the point
// (journal/FORMAT.md, "A journal that begins behind a record"): it holds its own records and the state at the point,
// and names parent and point in its manifest. It replays like any other.
//
// Where a branch stops being comparable: from the first own order that the parent did not send (or did not send then),
// the recorded market no longer answers to what we do. The venue's models fill the gap (sim/MODELS.md); Comparability
// says from where on and how large our trading is beside the market's.
//
// run_branch() may be called from several threads, each with its own options; the point is only read.
#pragma once

// determinism: allowed because the stop flag ends a branch early, it never changes a record
#include <atomic>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "engine/report/performance.h"
#include "journal/journal_writer.h"
#include "sim/branch_point.h"
#include "sim/fidelity.h"

namespace reprise::sim {

struct BranchOptions {
  // What is changed at the point, in this order. Nothing: the parent again. What the operator did later in the parent
  // is done again: at the same record while the branch is its parent, at the same time behind that.
  std::vector<std::string> settings;  // "key=value"
  std::vector<OperatorAct> acts;
  std::string origin;              // where the parent's journal is, for the manifest; "" = as the point has it
  std::string journal;             // where to keep it; "" = only the figures
  std::int64_t until = 0;          // engine time at which the branch ends; 0 = with the recorded market
  bool until_liquidation = false;  // ends at the first liquidation too
  std::uint64_t snapshot_interval = 0;
  journal::Durability durability = journal::Durability::buffered;
  journal::WallClock clock;  // for a journal's manifest
  std::string build_id;
  std::string compiler;
  OnWay on_way;
  // determinism: allowed because stopping only decides where the branch ends
  const std::atomic<bool>* stop = nullptr;
};

struct Comparability {
  journal::Seq first_difference = 0;  // first record that the parent does not have like this; 0 = none
  std::int64_t time = 0;              // engine time of it
  std::string what;                   // its type
  journal::Seq first_own_order = 0;   // first order command behind it; 0 = none
  std::int64_t first_own_order_time = 0;
  std::uint64_t fills = 0;  // our executions behind it
  Money traded;             // their notional
  Money market_traded;      // notional of the recorded trades of these instruments meanwhile; 0 = the data has none
  std::string models;       // of the venue, that answered instead of the market
};

struct BranchReport {
  journal::Seq point = 0;
  std::int64_t point_time = 0;
  journal::Seq last_seq = 0;
  std::int64_t last_time = 0;
  journal::Digest digest;  // over the parent's records up to the point and the branch's own
  bool stopped = false;    // by `stop`
  // Money since the start of the whole run, counts since the point.
  engine::PerformanceFigures figures;
  Money equity_at_point;
  Money equity;       // at the end, at the last marks
  Rate max_drawdown;  // from the account's peak, since the point
  journal::Seq first_liquidation = 0;
  std::int64_t first_liquidation_time = 0;
  bool is_halted = false;  // at the end
  Comparability comparability;
  std::vector<OrderTrace> orders;  // of a live parent and its branches, since the point
};

Result<BranchReport> run_branch(const BranchPoint& point, const BranchOptions& options);

// The same figures of the parent itself: what its journal holds behind the point.
Result<BranchReport> parent_figures(const BranchPoint& point, std::int64_t until = 0, const OnWay& on_way = {});

}  // namespace reprise::sim
