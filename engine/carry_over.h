// What a run takes over from the run before it: an account's past that no venue tells.
//
// The first reconciliation finds the account's net positions and gives them to strategy 0; carryOver commands behind it
// say whose they were, and what the limits of risk look back to. Each is an input like any other, so that a replay
// knows them too.
//
//   key           header                 value
//   share         strategy, instrument   signed quantity; what strategy 0 holds on that side is the most that moves
//   peak_equity                          equity at its highest, settlement asset
//   day_equity                           equity when the UTC day began
#pragma once

#include <string>

#include "engine/core.h"

namespace reprise::engine {

struct CarriedOver {
  Qty moved;            // to the strategy, signed; 0: nothing
  std::string problem;  // for people; empty: none
};
CarriedOver carry_over(Core& core, const journal::RecordHeader& header, schema::OperatorCommand::Reader command);

}  // namespace reprise::engine
