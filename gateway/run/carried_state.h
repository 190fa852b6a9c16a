// What a new release takes over from the journal of the live run before it: whose the positions are, and what the
// limits of risk look back to. Orders of that run are not taken over: they are cancelled before the new run begins.
//
// Read from the outputs, so the engine that made them may be of another version. What the venue holds is not believed
// from here: the new run's own reconciliation says it, and what was closed or opened in between belongs to nobody.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/market/fixed.h"
#include "journal/journal_reader.h"

namespace reprise::gateway {

struct CarriedState {
  struct Share {
    std::string strategy;  // by the names of both configurations: a strategy that is gone leaves its share to nobody
    std::string symbol;
    Qty qty;  // signed
  };
  std::string parent_run_id;
  std::string origin;  // the venue where it was begun
  std::uint64_t run_tag = 0;
  journal::Seq last_seq = 0;
  std::vector<Share> shares;
  Money peak_equity;
  Money day_equity;        // at the start of its last UTC day; 0: not known, the limit was off
  std::int64_t day = 0;    // that day, since 1970
  bool is_halted = false;  // by a rule or a person, the end of the run apart
  std::string halted_by;
};

// What the end of a run says to the engine; it is no halt that a person meant for longer.
inline constexpr const char* kRunEnds = "the run ends";

// Refuses a journal that is still written to, and one that is no live run's.
Result<CarriedState> read_carried_state(const std::string& journal_path);

}  // namespace reprise::gateway
