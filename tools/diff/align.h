// Reads two journals side by side, aligned by the market records that both were given, and finds the first decision or
// report in which they part.
//
// What must agree is the market: trades, books, quotes, marks, bars as recorded. Everything between two market records
// is compared in order, but for what says which run it is (run start, configuration) and hashes of the state. Marks
// that the simulated venue makes up (is_fallback) count as reports. When one journal ends earlier, both are read to
// there.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tools/why/records.h"

namespace reprise::tools {

struct Parting {
  std::optional<OwnedRecord> a, b;  // one may have nothing there
  std::string field;                // "record" when one has none, "type" when they are of other types
  std::string value_a, value_b;
};

struct AlignedRuns {
  std::uint64_t market_records = 0;  // that both hold
  std::optional<Parting> first;
  bool a_ends_first = false, b_ends_first = false;
};

using SeeRecord = std::function<void(const journal::RecordView&)>;

// An error of usage when the journals hold other markets. `progress` false = interrupted.
Result<AlignedRuns> align_runs(const std::string& path_a, const std::string& path_b, const SeeRecord& see_a,
                               const SeeRecord& see_b, const std::function<bool(journal::Seq, journal::Seq)>& progress);

}  // namespace reprise::tools
