// One entry of `expect`: short forms for what is asked most often, and expressions for everything else.
#include <algorithm>

#include "config/values.h"
#include "sim/scenario/scenario.h"

namespace reprise::sim::scenario {

namespace {

using config::DocumentNode;
using Node = DocumentNode;
using EKind = Expectation::Kind;

// Bounds on one field, checked all along or at the end.
struct BoundForm {
  const char* key;
  const char* field;
  EKind kind;
};
constexpr BoundForm kBounds[] = {
    {"drawdown", "drawdown", EKind::always},  {"margin_ratio", "margin_ratio", EKind::always},
    {"equity", "equity", EKind::always},      {"leverage", "leverage", EKind::always},
    {"profit", "profit", EKind::finally},     {"commission", "commission", EKind::finally},
    {"funding", "funding", EKind::finally},   {"fills", "fills", EKind::finally},
    {"orders", "orders", EKind::finally},     {"denied", "denied", EKind::finally},
    {"rejected", "rejected", EKind::finally},
};

// A state that has to come: within a span after something, or by a time.
struct StateForm {
  const char* key;
  const char* condition;
};
constexpr StateForm kStates[] = {
    {"halted", "halted"},
    {"reducing", "reducing or halted"},
    {"orders_cancelled", "resting_orders == 0"},
    {"recovered", "healthy"},
    {"flat", "flat"},
    {"liquidated", "liquidations > 0"},
};

// Things that must not happen.
struct NeverForm {
  const char* key;
  const char* condition;
};
constexpr NeverForm kNevers[] = {
    {"no_liquidation", "liquidations == 0"}, {"no_halt", "not halted"}, {"no_anomaly", "anomalies == 0"},
    {"always_conserved", "conserved"},       {"agrees_with_venue", ""},
};

class ExpectationReader {
 public:
  explicit ExpectationReader(const std::string& path) : path_(path) {}

  Result<Expectation> read(const Node& node) {
    if (node.kind != Node::Kind::map || node.entries.empty()) return wrong(node, "an expectation is a map");
    e_.place = path_ + ":" + std::to_string(node.line) + ":" + std::to_string(node.column);
    const Node::Entry* main = nullptr;
    for (const Node::Entry& entry : node.entries) {
      if (entry.key == "from" || entry.key == "until") continue;
      if (main != nullptr) {
        return at_place(path_, entry.line, entry.column,
                        usage_error("one entry has one expectation: \"" + main->key + "\" stands there already"));
      }
      main = &entry;
    }
    if (main == nullptr) return wrong(node, "says until when, but not what is expected");
    if (Status s = body(*main); !s) return s.error();
    if (const Node* from = node.find("from")) {
      Result<TimeSpec> t = parse_time(from->text);
      if (!t) return at_place(path_, from->line, from->column, t.error());
      e_.from = t.value();
      e_.text += " from " + from->text;
    }
    if (const Node* until = node.find("until")) {
      Result<TimeSpec> t = parse_time(until->text);
      if (!t) return at_place(path_, until->line, until->column, t.error());
      e_.until = t.value();
      e_.text += " until " + until->text;
    }
    return std::move(e_);
  }

 private:
  Error wrong(const Node& node, const std::string& what, const std::string& hint = {}) const {
    return at_place(path_, node.line, node.column, usage_error(what, hint));
  }

  Status condition(const Node& at, const std::string& text) {
    Result<Expression> parsed = Expression::parse(text);
    if (!parsed) return at_place(path_, at.line, at.column, parsed.error());
    e_.condition = std::move(parsed).value();
    return ok_status();
  }

  Status body(const Node::Entry& entry) {
    const std::string& key = entry.key;
    const Node& v = entry.value;
    for (const BoundForm& form : kBounds) {
      if (key == form.key) return bounds(form, v);
    }
    for (const StateForm& form : kStates) {
      if (key == form.key) return state(form, v);
    }
    for (const NeverForm& form : kNevers) {
      if (key != form.key) continue;
      if (v.text != "true" && v.kind != Node::Kind::none) return wrong(v, key + ": is true");
      e_.text = key;
      std::replace(e_.text.begin(), e_.text.end(), '_', ' ');
      if (key == "agrees_with_venue") {
        e_.kind = EKind::finally;
        return condition(v, "agrees");
      }
      e_.kind = EKind::always;
      return condition(v, form.condition);
    }
    if (key == "alert" || key == "no_alert") return alert(key, v);
    if (key == "always" || key == "finally") {
      e_.kind = key == "always" ? EKind::always : EKind::finally;
      if (v.kind != Node::Kind::scalar) return wrong(v, key + ": takes an expression");
      e_.text = key + " " + v.text;
      return condition(v, v.text);
    }
    if (key == "eventually") {
      e_.kind = EKind::eventually;
      const Node* that = v.kind == Node::Kind::map ? v.find("that") : &v;
      if (that == nullptr || that->kind != Node::Kind::scalar)
        return wrong(v, "eventually: takes an expression, or {that, by}");
      e_.text = "eventually " + that->text;
      if (Status s = condition(*that, that->text); !s) return s;
      return v.kind == Node::Kind::map ? deadline(v, {"that"}) : ok_status();
    }
    if (key == "state_hash") {
      e_.kind = EKind::state_hash;
      e_.hash = v.text;
      e_.text = "state hash " + v.text;
      return ok_status();
    }
    return at_place(
        path_, entry.line, entry.column,
        usage_error("unknown expectation \"" + key.substr(0, 60) + "\"", nearest_hint(key, expectation_keys())));
  }

  Status bounds(const BoundForm& form, const Node& v) {
    e_.kind = form.kind;
    std::string expression;
    std::string told = form.key;
    const auto add = [&](const std::string& way, const std::string& bound) {
      expression += (expression.empty() ? "" : " and ") + std::string(form.field) +
                    (way == "below"   ? " < "
                     : way == "above" ? " > "
                                      : " == ") +
                    bound;
      told += (told.size() > std::string(form.key).size() ? " and " : " ") + way + " " + bound;
    };
    if (v.kind == Node::Kind::scalar) {  // "below 20 %"
      const std::size_t gap = v.text.find(' ');
      const std::string way = v.text.substr(0, gap);
      if (gap == std::string::npos || (way != "below" && way != "above"))
        return wrong(v, std::string(form.key) + ": takes \"below X\", \"above X\" or a map of them");
      add(way, trim(v.text.substr(gap)));
    } else {
      for (const Node::Entry& entry : v.entries) {
        if (entry.key != "below" && entry.key != "above" && entry.key != "is") {
          return at_place(
              path_, entry.line, entry.column,
              usage_error("unknown key \"" + entry.key + "\"", nearest_hint(entry.key, {"below", "above", "is"})));
        }
        add(entry.key, entry.value.text);
      }
      if (expression.empty()) return wrong(v, std::string(form.key) + ": takes below, above or is");
    }
    e_.text = told;
    return condition(v, expression);
  }

  // {within: 500ms, after: EXPRESSION} or {by: TIME}
  Status state(const StateForm& form, const Node& v) {
    e_.text = form.key;
    std::replace(e_.text.begin(), e_.text.end(), '_', ' ');
    if (Status s = condition(v, form.condition); !s) return s;
    e_.kind = EKind::eventually;
    if (v.kind == Node::Kind::none || v.text == "true") return ok_status();
    if (v.kind != Node::Kind::map) return wrong(v, std::string(form.key) + ": takes {within, after} or {by}");
    return deadline(v, {});
  }

  Status deadline(const Node& v, std::vector<std::string> others) {
    others.insert(others.end(), {"within", "after", "by"});
    for (const Node::Entry& entry : v.entries) {
      if (std::find(others.begin(), others.end(), entry.key) == others.end()) {
        return at_place(path_, entry.line, entry.column,
                        usage_error("unknown key \"" + entry.key + "\"", nearest_hint(entry.key, others)));
      }
    }
    const Node* within = v.find("within");
    const Node* after = v.find("after");
    const Node* by = v.find("by");
    if ((within == nullptr) != (after == nullptr)) return wrong(v, "within and after belong together");
    if (within != nullptr && by != nullptr) return wrong(v, "has both within and by");
    if (within != nullptr) {
      e_.kind = EKind::within;
      Result<std::int64_t> span = parse_span(within->text);
      if (!span) return at_place(path_, within->line, within->column, span.error());
      e_.within_ns = span.value();
      Result<Expression> trigger = Expression::parse(after->text);
      if (!trigger) return at_place(path_, after->line, after->column, trigger.error());
      e_.after = std::move(trigger).value();
      e_.text += " within " + within->text + " after " + after->text;
    } else if (by != nullptr) {
      Result<TimeSpec> time = parse_time(by->text);
      if (!time) return at_place(path_, by->line, by->column, time.error());
      e_.until = time.value();
      e_.text += " by " + by->text;
    }
    return ok_status();
  }

  Status alert(const std::string& key, const Node& v) {
    const Node* kind = v.kind == Node::Kind::map ? v.find("kind") : &v;
    if (kind == nullptr || kind->kind != Node::Kind::scalar) return wrong(v, key + ": takes the kind of the alert");
    e_.text = (key == "alert" ? "alert " : "no alert ") + kind->text;
    if (key == "no_alert") {
      e_.kind = EKind::always;
      return condition(*kind, "alerts." + kind->text + " == 0");
    }
    e_.kind = EKind::eventually;
    if (Status s = condition(*kind, "alerts." + kind->text + " > 0"); !s) return s;
    return v.kind == Node::Kind::map ? deadline(v, {"kind"}) : ok_status();
  }

  const std::string& path_;
  Expectation e_;
};

}  // namespace

const std::vector<std::string>& expectation_keys() {
  static const std::vector<std::string> keys = [] {
    std::vector<std::string> all = {"alert", "no_alert", "always", "finally", "eventually", "state_hash"};
    for (const BoundForm& form : kBounds) all.emplace_back(form.key);
    for (const StateForm& form : kStates) all.emplace_back(form.key);
    for (const NeverForm& form : kNevers) all.emplace_back(form.key);
    return all;
  }();
  return keys;
}

Result<Expectation> read_expectation(const std::string& path, const DocumentNode& node) {
  return ExpectationReader(path).read(node);
}

}  // namespace reprise::sim::scenario
