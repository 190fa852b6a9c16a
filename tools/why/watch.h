// A watchpoint that runs backwards: the inputs that changed one field of the state.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/state_field.h"
#include "engine/state_walk.h"

namespace reprise::tools {

struct FieldChange {
  journal::Seq input_seq = 0;  // the input behind which the value is new
  std::int64_t time = 0;
  std::optional<engine::FieldValue> before;  // nullopt: there was no such field
  std::optional<engine::FieldValue> after;
};

struct FieldHistory {
  std::string path;                         // in full
  std::optional<engine::FieldValue> value;  // at the moment
  std::vector<FieldChange> changes;         // oldest first, the last ones
  std::uint64_t count = 0;                  // changes seen; all of them only when `complete`
  bool complete = false;                    // searched from the journal's beginning
};

// Changes of `path` up to and with record `until`: the last one, or the last `most` of all when `all`. The path is
// looked up in the state at `until`; an error that names the nearest valid ones where there is none.
Result<FieldHistory> watch_field(engine::StateWalk& walk, const std::string& path, journal::Seq until, bool all,
                                 std::size_t most);

}  // namespace reprise::tools
