// Every field of a state by its path, as `why --field` takes it.
#pragma once

#include <string>
#include <vector>

#include "engine/engine.h"
#include "engine/state_field.h"
#include "journal/record.h"
#include "tools/terminal.h"

namespace reprise::tools {

std::vector<engine::NamedField> state_fields(engine::Engine& engine);
std::string shown_value(const engine::FieldValue& value);  // times as times

struct FieldDifference {
  std::string path;
  std::string before, after;  // "" = there is no such field
  std::string by;             // of numbers: "+1.5"
};

// What changed, in the order of the state. Without `all` levels of books, the parts of indicators and what other
// fields say more plainly are left out.
std::vector<FieldDifference> state_differences(const std::vector<engine::NamedField>& before,
                                               const std::vector<engine::NamedField>& after, bool all);
void show_differences(Terminal& terminal, const std::vector<FieldDifference>& differences, std::size_t most);

}  // namespace reprise::tools
