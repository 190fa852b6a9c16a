// The whole state at a moment, as a person reads it.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "engine/engine.h"
#include "journal/record.h"
#include "tools/terminal.h"

namespace reprise::tools {

struct ShownState {
  std::string path;          // of the journal
  journal::Seq seq = 0;      // the state is behind this record
  std::uint64_t levels = 5;  // of each side of a book
  // What the venue has in front of our resting orders, by order; of simulated runs only.
  bool has_queue = false;
  std::map<journal::Seq, Qty> ahead;
};

void show_state(Terminal& terminal, engine::Engine& engine, const ShownState& shown);

}  // namespace reprise::tools
