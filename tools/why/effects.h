// The tree of what came of a record: everything whose chain of causes leads to it, the venue's answers included.
#pragma once

#include <cstddef>
#include <vector>

#include "tools/why/records.h"

namespace reprise::tools {

struct Effect {
  OwnedRecord record;
  std::size_t parent;  // place in the list; the first one is the record itself and its own parent
  std::size_t depth;
};

struct Effects {
  std::vector<Effect> tree;  // depth first, by seq among siblings
  bool cut = false;          // there were more than `most`
};

Result<Effects> effects_of(Records& records, journal::Seq seq, std::size_t most);

}  // namespace reprise::tools
