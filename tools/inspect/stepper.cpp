#include "tools/inspect/stepper.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <sstream>

#include "config/config.h"
#include "engine/state_view.h"
#include "tools/inspect/show_state.h"
#include "tools/inspect/state_fields.h"
#include "tools/moment.h"
#include "tools/stop.h"
#include "tools/why/describe.h"
#include "tools/why/show_chain.h"

namespace reprise::tools {

namespace {

using journal::RecordType;
using journal::RecordView;
using journal::Seq;

bool is_order(const RecordView& r) {
  return r.type() == RecordType::ORDER_COMMAND;
}
bool is_fill(const RecordView& r) {
  return r.type() == RecordType::FILL;
}
bool is_decision(const RecordView& r) {
  return r.type() == RecordType::RISK_DECISION && !journal::read<schema::RiskDecision>(r).getIsStateCheck();
}
bool is_breach(const RecordView& r) {
  return r.type() == RecordType::RISK_DECISION &&
         journal::read<schema::RiskDecision>(r).getVerdict() == schema::RiskVerdict::DENIED;
}
bool is_alert(const RecordView& r) {
  return r.type() == RecordType::ALERT;
}
bool is_signal(const RecordView& r) {
  return r.type() == RecordType::SIGNAL;
}

struct Search {
  const char* name;
  const char* what;
  bool (*wanted)(const RecordView&);
};
constexpr Search kSearches[] = {
    {"order", "order command", is_order},
    {"fill", "execution", is_fill},
    {"decision", "risk decision", is_decision},
    {"breach", "denied by risk", is_breach},
    {"signal", "signal", is_signal},
    {"alert", "alert", is_alert},
};

std::uint64_t count_of(const std::string& text) {
  std::uint64_t count = 1;
  if (!text.empty()) std::from_chars(text.data(), text.data() + text.size(), count);
  return std::max<std::uint64_t>(count, 1);
}

std::string rest_of(std::istringstream& words) {
  std::string rest;
  std::getline(words >> std::ws, rest);
  return rest;
}

}  // namespace

Result<Stepper> Stepper::open(const std::string& path, const RunNames& names, Terminal& terminal) {
  auto walk = engine::StateWalk::open(path, [](Seq) { return !stop_on_signals().load(std::memory_order_relaxed); });
  if (!walk) return walk.error();
  auto records = Records::open(path);
  if (!records) return records.error();
  return Stepper(path, names, terminal, std::move(*walk), std::move(*records));
}

Status Stepper::run(std::istream& commands, Seq start, bool is_person) {
  if (is_person) terminal_.line("h is help, q ends; an empty line repeats the last command");
  if (Status gone = go(start); !gone) return gone;
  std::string line;
  while (true) {
    if (is_person) {
      terminal_.write("> ");
      terminal_.flush();
    }
    if (!std::getline(commands, line)) return ok_status();
    if (line.empty()) line = last_line_;
    if (line.empty() || line[0] == '#') continue;
    last_line_ = line;
    if (line == "q" || line == "quit") return ok_status();
    if (Status obeyed = obey(line); !obeyed) {
      if (obeyed.error().kind == ErrorKind::corrupt || stop_on_signals().load()) return obeyed;
      terminal_.line(terminal_.paint(Colour::bad, obeyed.error().text()));
    }
  }
}

Status Stepper::obey(const std::string& line) {
  std::istringstream words(line);
  std::string command;
  words >> command;
  const bool back = command == "back" || command == "b";
  if (command == "h" || command == "help") {
    help();
    return ok_status();
  }
  if (command == "n" || command == "next" || back) {
    const std::string what = rest_of(words);
    if (what.rfind("until ", 0) == 0) return find_condition(what.substr(6), !back);
    for (const Search& search : kSearches) {
      if (what == search.name) return find(search.wanted, !back, search.what);
    }
    const bool is_count = what.find_first_not_of("0123456789") == std::string::npos;
    if (!is_count) return usage_error("'" + what + "' is nothing to go to", "h lists what there is");
    return back ? step_back(count_of(what)) : step_forward(count_of(what));
  }
  if (command == "until") return find_condition(rest_of(words), true);
  if (command == "g" || command == "go") {
    auto seq = last_seq_at(path_, rest_of(words));
    if (!seq) return seq.error();
    return go(*seq);
  }
  if (command == "s" || command == "state") {
    show_state(terminal_, walk_.engine(), {path_, walk_.stands_behind(), 5, false, {}});
    return ok_status();
  }
  if (command == "p" || command == "print") {
    const std::string wanted = rest_of(words);
    Facts facts;
    std::size_t count = 0;
    for (const auto& [path, value] : state_fields(walk_.engine())) {
      if (path.find(wanted) == std::string::npos || ++count > 60) continue;
      facts.add(path, shown_value(value));
    }
    terminal_.write(facts.text());
    if (count == 0) return usage_error("no field has '" + wanted + "' in its path", "p alone shows the first ones");
    if (count > 60) terminal_.line(std::to_string(count - 60) + " more fields");
    return ok_status();
  }
  return usage_error("'" + command + "' is no command", "h lists them");
}

Status Stepper::go(Seq seq) {
  if (Status moved = walk_.go_before(std::max(seq, walk_.base_seq() + 1)); !moved) return moved;
  auto stepped = walk_.step();
  if (!stepped) return stepped.error();
  show_step();
  return ok_status();
}

Status Stepper::step_forward(std::uint64_t count) {
  for (std::uint64_t n = 0; n < count; ++n) {
    auto stepped = walk_.step();
    if (!stepped) return stepped.error();
    if (!*stepped) {
      terminal_.line("the journal ends here");
      return ok_status();
    }
    if (count <= 20) show_step();
  }
  if (count > 20) show_step();
  return ok_status();
}

Status Stepper::step_back(std::uint64_t count) {
  Seq at = walk_.input_seq();
  for (std::uint64_t n = 0; n < count && at > records_.first_seq(); ++n) {
    auto before = records_.last_before(at, [](const RecordView& r) { return !r.header->is_output(); });
    if (!before) return before.error();
    if (!*before) break;
    at = (*before)->seq();
  }
  return go(at);
}

Status Stepper::find(Wanted wanted, bool forward, const std::string& what) {
  if (!forward) {
    auto found = records_.last_before(
        walk_.input_seq(), [&](const RecordView& r) { return wanted(r); }, ~Seq{0});
    if (!found) return found.error();
    if (!*found) return usage_error("no " + what + " in front of here");
    return go((*found)->seq());
  }
  std::optional<Seq> found;
  const Status scanned = records_.scan(walk_.stands_behind() + 1, [&](const RecordView& r) {
    if (wanted(r)) found = r.seq;
    return !found;
  });
  if (!scanned) return scanned;
  if (!found) return usage_error("no " + what + " behind here");
  return go(*found);
}

std::optional<engine::FieldValue> Stepper::read(const engine::FieldPath& path) {
  engine::FieldProbe probe(path);
  engine::StateView(walk_.engine()).persist(probe);
  return probe.take();
}

bool Stepper::Condition::holds(const std::optional<engine::FieldValue>& before,
                               const std::optional<engine::FieldValue>& now) const {
  if (comparison.empty()) return !(before == now);
  if (!now) return false;
  if (now->form != engine::FieldValue::Form::number) {
    return comparison == "==" ? now->text == value : comparison == "!=" && now->text != value;
  }
  // Decimals are at 1e-8, whole numbers as they are.
  const bool is_decimal = now->kind == engine::StateArchive::Kind::decimal;
  std::int64_t left = now->number;
  if (!is_decimal && __builtin_mul_overflow(left, kScale, &left)) left = now->number < 0 ? INT64_MIN : INT64_MAX;
  const std::int64_t right = number;
  if (comparison == "<") return left < right;
  if (comparison == "<=") return left <= right;
  if (comparison == ">") return left > right;
  if (comparison == ">=") return left >= right;
  return comparison == "==" ? left == right : left != right;
}

Result<Stepper::Condition> Stepper::parse(const std::string& text) {
  std::istringstream words(text);
  std::string path;
  Condition condition;
  words >> path >> condition.comparison >> condition.value;
  if (path.empty()) return usage_error("until what?", "until account.equity < 9800, or until positions.BTCUSDT.qty");
  engine::FieldFinder finder(engine::field_names(walk_.engine()));
  engine::StateView(walk_.engine()).persist(finder.archive());
  engine::FieldSearch search = finder.find(path);
  if (!search.found) {
    std::string nearest;
    for (const std::string& each : search.nearest) nearest += (nearest.empty() ? "" : ", ") + each;
    return usage_error("the state has no field " + path + " at this moment", "nearest: " + nearest);
  }
  condition.path = *search.found;
  if (condition.comparison.empty()) return condition;
  for (const char* known : {"<", "<=", ">", ">=", "==", "!="}) {
    if (condition.comparison != known) continue;
    if (condition.value == "true" || condition.value == "false")
      condition.value = condition.value == "true" ? "1" : "0";
    auto number = config::parse_decimal_e8(condition.value);
    condition.number = number.ok() ? *number : 0;
    if (!number.ok() && condition.comparison != "==" && condition.comparison != "!=")
      return usage_error("'" + condition.value + "' is not a number");
    return condition;
  }
  return usage_error("'" + condition.comparison + "' is no comparison", "one of < <= > >= == !=");
}

Status Stepper::find_condition(const std::string& text, bool forward) {
  auto condition = parse(text);
  if (!condition) return condition.error();
  const Seq here = walk_.input_seq();
  std::optional<engine::FieldValue> before = read(condition->path);
  const auto stop_here = [&](const std::optional<engine::FieldValue>& now) {
    show_step();
    terminal_.line("  " + condition->path.text + "  " + (before ? before->text : "(none)") + " -> " +
                   (now ? now->text : "(none)"));
    return ok_status();
  };
  if (forward) {
    while (true) {
      auto stepped = walk_.step();
      if (!stepped) return stepped.error();
      if (!*stepped) break;
      auto now = read(condition->path);
      if (condition->holds(before, now)) return stop_here(now);
      before = std::move(now);
    }
    if (Status back = go(here); !back) return back;
    return usage_error("it does not come about behind here");
  }
  // Backwards by segments, each forward: the last step in front of here at which it holds.
  Seq end = here;
  for (const Seq start : walk_.starts_before(here - 1)) {
    if (Status moved = walk_.go_to(start); !moved) return moved;
    std::optional<Seq> found;
    before = start == walk_.base_seq() && start == 0 ? std::nullopt : read(condition->path);
    while (true) {
      auto stepped = walk_.step();
      if (!stepped) return stepped.error();
      if (!*stepped || walk_.input_seq() >= end) break;
      auto now = read(condition->path);
      if (condition->holds(before, now)) found = walk_.input_seq();
      before = std::move(now);
    }
    if (found) {
      if (Status moved = walk_.go_before(*found); !moved) return moved;
      before = read(condition->path);
      if (auto stepped = walk_.step(); !stepped) return stepped.error();
      return stop_here(read(condition->path));
    }
    end = start + 1;
  }
  if (Status back = go(here); !back) return back;
  return usage_error("it did not come about in front of here");
}

void Stepper::show_step() {
  const RecordView& input = walk_.input();
  if (input.header == nullptr) return;
  std::vector<Step> steps;
  steps.push_back({OwnedRecord(input), describe(input, names_), {}});
  walk_.outputs().for_each(input.seq + 1, [&](const RecordView& output) {
    steps.push_back({OwnedRecord(output), describe(output, names_), {}});
  });
  show_steps(terminal_, steps, names_);
}

void Stepper::help() {
  Facts facts;
  facts.add("n [N]", "N inputs on, with what the engine answered; b [N] back");
  facts.add("n order", "to the next order command; also fill, decision, breach, signal, alert; b order back");
  facts.add("until FIELD", "to where a field changes; until FIELD < NUMBER to where that holds; b until ... back");
  facts.add("g SEQ|TIME", "go there");
  facts.add("s", "the whole state here");
  facts.add("p TEXT", "fields with TEXT in their path, and their values");
  facts.add("q", "end");
  terminal_.write(facts.text());
}

}  // namespace reprise::tools
