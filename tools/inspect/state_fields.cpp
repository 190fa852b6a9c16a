#include "tools/inspect/state_fields.h"

#include <map>

#include "engine/state_view.h"
#include "tools/moment.h"

namespace reprise::tools {

namespace {

using engine::FieldValue;
using engine::NamedField;

bool begins(const std::string& path, const char* prefix) {
  return path.rfind(prefix, 0) == 0;
}

// What a person does not look for first: the raw forms of account, positions and quotes, the market's inside, windows.
bool is_inside(const std::string& path) {
  for (const char* prefix : {"portfolio.", "market.", "instruments.", "freshness", "run.", "is_crossed"})
    if (begins(path, prefix)) return true;
  return path.back() == ']' || path.find(".orders_last_") != std::string::npos;
}

std::string change_of(const FieldValue& before, const FieldValue& after) {
  const bool is_number =
      before.form == FieldValue::Form::number && after.form == FieldValue::Form::number && before.kind == after.kind;
  if (!is_number || before.kind == engine::StateArchive::Kind::flag) return "";
  std::int64_t by = 0;
  if (__builtin_sub_overflow(after.number, before.number, &by)) return "";
  switch (before.kind) {
    case engine::StateArchive::Kind::decimal: return (by > 0 ? "+" : "") + decimal_text(by);
    case engine::StateArchive::Kind::time:
      return before.number == 0 || after.number == 0 ? "" : "+" + seconds_text(static_cast<double>(by) * 1e-9);
    default: return (by > 0 ? "+" : "") + std::to_string(by);
  }
}

}  // namespace

std::vector<NamedField> state_fields(engine::Engine& engine) {
  engine::FieldFinder finder(engine::field_names(engine));
  engine::StateView(engine).persist(finder.archive());
  std::vector<NamedField> fields = finder.leaves();
  // Two entries may have one name (wrappers are left out of it): the later ones get a number.
  std::map<std::string, int> seen;
  for (auto& [path, value] : fields) {
    const int times = ++seen[path];
    if (times > 1) path += "#" + std::to_string(times);
  }
  return fields;
}

std::string shown_value(const FieldValue& value) {
  const bool is_time = value.form == FieldValue::Form::number && value.kind == engine::StateArchive::Kind::time;
  return is_time ? time_text(value.number) : value.text;
}

std::vector<FieldDifference> state_differences(const std::vector<NamedField>& before,
                                               const std::vector<NamedField>& after, bool all) {
  std::map<std::string, const FieldValue*> was;
  for (const auto& [path, value] : before) was[path] = &value;
  std::vector<FieldDifference> found;
  std::map<std::string, bool> seen;
  for (const auto& [path, value] : after) {
    seen[path] = true;
    if (!all && is_inside(path)) continue;
    const auto old = was.find(path);
    if (old == was.end()) {
      found.push_back({path, "", shown_value(value), ""});
    } else if (!(*old->second == value)) {
      found.push_back({path, shown_value(*old->second), shown_value(value), change_of(*old->second, value)});
    }
  }
  for (const auto& [path, value] : before) {
    if (seen.count(path) != 0 || (!all && is_inside(path))) continue;
    found.push_back({path, shown_value(value), "", ""});
  }
  return found;
}

void show_differences(Terminal& terminal, const std::vector<FieldDifference>& differences, std::size_t most) {
  Table table;
  table.column("field");
  for (const char* name : {"before", "after", "by"}) table.column(name, Table::Align::right);
  std::size_t rows = 0;
  for (const FieldDifference& each : differences) {
    if (rows++ == most) break;
    table.row({each.path, each.before.empty() ? "-" : each.before, each.after.empty() ? "-" : each.after, each.by});
  }
  terminal.write(table.text(terminal.width()));
  if (differences.size() > most) {
    terminal.line(std::to_string(differences.size() - most) + " more (--limit)");
  }
}

}  // namespace reprise::tools
