// Where in a journal an engine can begin: at the first record, or behind a snapshot.
//
// The one place that knows. Replay, inspection and walks begin here; a simulated run has its own part of a snapshot
// (sim/run_loop.h).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.h"
#include "journal/journal_reader.h"
#include "journal/snapshot.h"

namespace reprise::engine {

// Section of a snapshot that holds the engine.
inline constexpr std::string_view kEngineSection = "engine";

struct TakenUp {
  journal::Seq seq = 0;               // the state contains the records up to this one; 0 = none
  std::vector<std::string> warnings;  // snapshots that were there and could not be used
};

// A new engine in the state of the newest usable snapshot with seq <= `limit` (or without a state, where there is
// none), and the reader in front of the record behind it. Snapshots that are damaged or of another engine version are
// passed over with a warning. A journal that begins behind another one's record begins at its base, whatever `limit`:
// that its base cannot be used is a corrupt error.
Result<TakenUp> take_up(journal::JournalReader& reader, std::optional<Engine>& engine, journal::Seq limit);

// The engine at the base of a journal that begins behind a record: what was declared before it is there alone.
Result<Engine> take_up_base(journal::JournalReader& reader);

// The places where take_up() can begin, at or before `limit`, newest first; the last one is the journal's beginning
// (its base_seq()).
Result<std::vector<journal::Seq>> starts_before(const journal::JournalReader& reader, journal::Seq limit);

}  // namespace reprise::engine
