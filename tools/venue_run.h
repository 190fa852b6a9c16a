// reprise run --mode paper|live: a run at a venue that answers, from the first question to the last record.
#pragma once

#include <string>

#include "config/loader.h"
#include "journal/journal_writer.h"
#include "tools/command.h"

namespace reprise::tools {

struct VenueRunOptions {
  bool is_live = false;  // else paper
  std::string url;
  std::string ca_file;
  std::string journal;
  std::string config_file;  // for texts
  config::Loaded loaded;
  journal::Durability durability = journal::Durability::wal;
  bool resume = false;             // live: go on with the journal that a process left
  std::string on_stop = "cancel";  // live: cancel | keep | flatten
  std::string kill_file;           // engages the kill switch when it is there
  double hours = 0;                // 0: until a signal
  std::uint64_t snapshot_interval = 250'000;
  bool json = false;
};

Result<int> run_at_venue(Terminal& terminal, const VenueRunOptions& options);

}  // namespace reprise::tools
