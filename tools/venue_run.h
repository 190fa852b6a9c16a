// reprise run --mode paper|live: a run at a venue that answers, from the first question to the last record.
#pragma once

#include <set>
#include <string>

#include "config/loader.h"
#include "engine/market/fixed.h"
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
  std::string parent;              // live: journal of the run whose account this one takes over; "" = none
  bool resume = false;             // live: go on with the journal that a process left
  std::string on_stop = "cancel";  // live: cancel | keep | flatten
  std::string kill_file;           // engages the kill switch as JOURNAL.kill does; "" = that alone
  std::string control;             // HOST:PORT of the operator's port; "" = none
  std::string confirmation;        // live: what a person confirms
  std::set<std::string> accepted;  // live: what a person takes upon himself (gateway/run/preflight.h)
  std::string drill_report;        // of reprise drill kill-switch
  double hours = 0;                // 0: until a signal
  std::uint64_t snapshot_interval = 250'000;
  bool keeps_raw = false;                                  // every frame as it came, beside the records
  bool orders_by_websocket = true;                         // live: over REST alone otherwise
  DurationNanos flat_after = DurationNanos::seconds(600);  // live: gateway/run/fail_safe.h
  bool json = false;
};

// The kill file that every run looks for.
std::string kill_file_of(const std::string& journal);
inline constexpr const char* kDrillReport = "kill-switch-drill.json";

Result<int> run_at_venue(Terminal& terminal, const VenueRunOptions& options);

}  // namespace reprise::tools
