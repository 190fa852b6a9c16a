// A part of a journal as one portable file (journal/slice_file.h): the state in front of it, its records, the snapshots
// within, and the digest's state, so that its digest is that of the parent's records up to its end.
//
// A slice begins behind a whole step of the engine and ends behind one. It replays, is inspected and, where the parent
// ran against the simulated venue, branched like the journal that it was cut from.
//
// With `without_account` only what came from the world is kept: declarations, books as they stood, market data and
// feed state, numbered anew, as a dataset. No order, balance, decision or setting is in it; it can be traded, and
// proves nothing about the parent. Its manifest says so.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "journal/journal_reader.h"
#include "journal/result.h"

namespace reprise::sim {

struct SliceOptions {
  std::string journal;
  journal::Seq first = 0;  // records from the step with this one
  journal::Seq last = 0;   // to the step with this one
  std::string out;         // the file; must not exist
  bool without_account = false;
  std::function<bool(journal::Seq)> on_way;  // false ends it with an error
};

struct SliceReport {
  journal::Seq behind = 0;  // the record that it begins behind; 0 = the parent's beginning
  journal::Seq first = 0;
  journal::Seq last = 0;
  std::uint64_t records = 0;
  std::uint64_t left_out = 0;
  std::uint64_t record_bytes = 0;  // uncompressed
  std::uint64_t state_bytes = 0;   // of the state at its beginning, compressed
  bool can_be_branched = false;
  journal::Digest digest;
};

Result<SliceReport> make_slice(const SliceOptions& options);

}  // namespace reprise::sim
