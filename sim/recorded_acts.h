// What an operator did in the middle of a recorded run, so that it can be done again: commands and changes of the
// configuration. They are the only inputs of a simulated run that follow from nothing else in it.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/config.h"
#include "journal/journal_reader.h"
#include "journal/result.h"
#include "sim/run_loop.h"

namespace reprise::sim {

struct OperatorAct {
  schema::OperatorAction action = schema::OperatorAction::NONE;
  std::string text;
  std::string value;  // of reducePositions: the share; of the gateway's own commands: kFailSafe
  std::string key{};  // of carryOver, with what stands in its header
  engine::StrategyNo strategy = 0;
  InstrumentNo instrument = 0;
};

// In front of the value of what a live run's fail-safe commands (gateway/run/fail_safe.h): a person said none of it.
inline constexpr std::string_view kFailSafe = "fail_safe";

struct RecordedAct {
  journal::Seq seq = 0;
  UnixNanos time;                          // engine time
  std::optional<config::Entries> entries;  // a new configuration; else the command
  OperatorAct act;
};

// Those of the records `first` to `last`, in order. Reads that part: for a run's first records the configuration that
// it begins with would be among them.
Result<std::vector<RecordedAct>> read_recorded_acts(const std::string& path, journal::Seq first, journal::Seq last);

// Gives it to the loop at its present time, under `settings` ("key=value") where it is a configuration.
Status repeat_act(RunLoop& loop, const RecordedAct& act, const std::vector<std::string>& settings = {});

}  // namespace reprise::sim
