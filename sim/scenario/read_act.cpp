// One entry of `acts`: what it does, when, how often, with which parameters.
#include <algorithm>

#include "config/values.h"
#include "sim/scenario/scenario.h"

namespace reprise::sim::scenario {

namespace {

using config::DocumentNode;
using Kind = DocumentNode::Kind;

const std::vector<std::string>& timing_keys() {
  static const std::vector<std::string> keys = {"at", "at_record", "when", "with", "after", "repeat", "chance", "name"};
  return keys;
}

Result<std::int64_t> parse_integer(const std::string& text, std::int64_t low, std::int64_t high) {
  std::int64_t e8 = 0;
  if (!parse_decimal(trim(text), e8) || e8 % kScale != 0 || e8 / kScale < low || e8 / kScale > high) {
    return usage_error("\"" + text.substr(0, 40) + "\" is not a whole number from " + std::to_string(low) + " to " +
                       std::to_string(high));
  }
  return e8 / kScale;
}

class ActReader {
 public:
  ActReader(const std::string& path, const std::vector<Act>& before) : path_(path), before_(before) {}

  Result<Act> read(const DocumentNode& node) {
    if (node.kind != Kind::map) return wrong(node, "an act is a map: when it happens, and what");
    act_.place = path_ + ":" + std::to_string(node.line) + ":" + std::to_string(node.column);
    const DocumentNode::Entry* body = nullptr;
    for (const DocumentNode::Entry& entry : node.entries) {
      const bool is_timing = std::find(timing_keys().begin(), timing_keys().end(), entry.key) != timing_keys().end();
      if (is_timing) {
        if (Status s = timing(entry); !s) return s.error();
        continue;
      }
      const ActSpec* spec = find_act(entry.key);
      if (spec == nullptr) {
        std::vector<std::string> known = timing_keys();
        for (const ActSpec& act : act_table()) known.emplace_back(act.name);
        return at_place(path_, entry.line, entry.column,
                        usage_error("unknown act \"" + entry.key.substr(0, 60) + "\"", nearest_hint(entry.key, known)));
      }
      if (body != nullptr) {
        return at_place(path_, entry.line, entry.column,
                        usage_error("one entry has one act: \"" + body->key + "\" stands there already",
                                    "begin another entry with a dash; with: NAME ties two together"));
      }
      body = &entry;
      spec_ = spec;
    }
    if (body == nullptr) return wrong(node, "says when, but not what happens");
    act_.kind = spec_->kind;
    const int moments =
        (act_.at ? 1 : 0) + (act_.at_record != 0 ? 1 : 0) + (act_.when ? 1 : 0) + (act_.with_act >= 0 ? 1 : 0);
    if (moments != 1)
      return wrong(node, moments == 0 ? "does not say when: at, at_record, when or with"
                                      : "has more than one of at, at_record, when, with");
    if (Status s = body_of(*body); !s) return s.error();
    return std::move(act_);
  }

 private:
  Error wrong(const DocumentNode& node, const Error& error) const {
    return at_place(path_, node.line, node.column, error);
  }
  Error wrong(const DocumentNode& node, const std::string& what) const { return wrong(node, usage_error(what)); }

  template <class T>
  Status take(const DocumentNode& node, Result<T> parsed, T& target) {
    if (node.kind != Kind::scalar) return wrong(node, "takes one value");
    if (!parsed) return wrong(node, parsed.error());
    target = std::move(parsed).value();
    return ok_status();
  }

  Status timing(const DocumentNode::Entry& entry) {
    const DocumentNode& v = entry.value;
    if (entry.key == "repeat") return repeat(v);
    if (v.kind != Kind::scalar) return wrong(v, entry.key + ": takes one value");
    if (entry.key == "name") {
      act_.name = v.text;
      return ok_status();
    }
    if (entry.key == "at") {
      TimeSpec time;
      if (Status s = take(v, parse_time(v.text), time); !s) return s;
      act_.at = time;
      return ok_status();
    }
    if (entry.key == "at_record") {
      std::int64_t seq = 0;
      if (Status s = take(v, parse_integer(v.text, 1, 1'000'000'000'000 / 100), seq); !s) return s;
      act_.at_record = static_cast<std::uint64_t>(seq);
      return ok_status();
    }
    if (entry.key == "when") {
      Result<Expression> parsed = Expression::parse(v.text);
      if (!parsed) return wrong(v, parsed.error());
      act_.when = std::move(parsed).value();
      return ok_status();
    }
    if (entry.key == "with") {
      std::vector<std::string> names;
      for (std::size_t i = 0; i < before_.size(); ++i) {
        names.push_back(before_[i].name);
        if (!before_[i].name.empty() && before_[i].name == v.text) act_.with_act = static_cast<std::int32_t>(i);
      }
      if (act_.with_act < 0) {
        return wrong(
            v, usage_error("no act above is named \"" + v.text.substr(0, 60) + "\"", nearest_hint(v.text, names)));
      }
      return ok_status();
    }
    if (entry.key == "after") return take(v, parse_span(v.text), act_.after_ns);
    if (Status s = take(v, parse_share(v.text), act_.chance_e8); !s) return s;
    if (act_.chance_e8 < 0 || act_.chance_e8 > kScale) return wrong(v, "a chance is 0 to 100 %");
    return ok_status();
  }

  Status repeat(const DocumentNode& node) {
    if (node.kind != Kind::map) return wrong(node, "repeat: takes {times, every, jitter}");
    for (const DocumentNode::Entry& entry : node.entries) {
      Status s = ok_status();
      if (entry.key == "times") {
        std::int64_t times = 0;
        s = take(entry.value, parse_integer(entry.value.text, 1, 10'000), times);
        act_.times = static_cast<std::uint32_t>(times);
      } else if (entry.key == "every") {
        s = take(entry.value, parse_span(entry.value.text), act_.every_ns);
      } else if (entry.key == "jitter") {
        s = take(entry.value, parse_span(entry.value.text), act_.jitter_ns);
      } else {
        s = at_place(
            path_, entry.line, entry.column,
            usage_error("unknown key \"" + entry.key + "\"", nearest_hint(entry.key, {"times", "every", "jitter"})));
      }
      if (!s) return s;
    }
    if (act_.times > 1 && act_.every_ns == 0) return wrong(node, "repeat: needs every");
    return ok_status();
  }

  Status body_of(const DocumentNode::Entry& entry) {
    const DocumentNode& body = entry.value;
    if (body.kind == Kind::scalar || body.kind == Kind::list) {
      return wrong(body, std::string(spec_->name) + ": takes a map of its parameters, or nothing");
    }
    std::vector<std::string> known;
    if (spec_->length != ActSpec::Length::instant) known.emplace_back("for");
    if (spec_->takes_symbols) known.emplace_back("symbols");
    for (const ParameterSpec& p : spec_->parameters) known.emplace_back(p.name);
    for (const DocumentNode::Entry& given : body.entries) {
      if (std::find(known.begin(), known.end(), given.key) == known.end()) {
        Error error =
            usage_error(std::string(spec_->name) + ": unknown key \"" + given.key.substr(0, 60) + "\"",
                        known.empty() ? std::string(spec_->name) + " takes none" : nearest_hint(given.key, known));
        return at_place(path_, given.line, given.column, error);
      }
      if (given.key == "for") {
        if (Status s = take(given.value, parse_span(given.value.text), act_.for_ns); !s) return s;
        if (act_.for_ns == 0) return wrong(given.value, "for: is longer than 0");
      } else if (given.key == "symbols") {
        if (Status s = symbols(given.value); !s) return s;
      }
    }
    if (spec_->length == ActSpec::Length::lasts && act_.for_ns == 0) {
      return at_place(path_, entry.line, entry.column,
                      usage_error(std::string(spec_->name) + ": needs for, its length"));
    }
    for (const ParameterSpec& p : spec_->parameters) {
      const DocumentNode* given = body.find(p.name);
      if (given == nullptr && p.fallback == nullptr) {
        return at_place(path_, entry.line, entry.column, usage_error(std::string(spec_->name) + ": needs " + p.name));
      }
      DocumentNode fallback;
      if (given == nullptr) {
        fallback.kind = Kind::scalar;
        fallback.text = p.fallback;
        fallback.line = entry.line;
        fallback.column = entry.column;
        given = &fallback;
      }
      Result<Parameter> value = parameter(p, *given);
      if (!value) return value.error();
      act_.parameters[p.name] = std::move(value).value();
    }
    return ok_status();
  }

  Status symbols(const DocumentNode& node) {
    const auto add = [&](const DocumentNode& at, const std::string& symbol, std::int64_t weight) -> Status {
      if (!config::is_symbol(symbol)) return wrong(at, "\"" + symbol.substr(0, 40) + "\" is not a symbol");
      act_.symbols.push_back({symbol, weight});
      return ok_status();
    };
    if (node.kind == Kind::scalar) return node.text == "all" ? ok_status() : add(node, node.text, kScale);
    if (node.kind == Kind::list) {
      for (const DocumentNode& item : node.items) {
        if (Status s = add(item, item.text, kScale); !s) return s;
      }
      return ok_status();
    }
    for (const DocumentNode::Entry& entry : node.entries) {  // symbol: weight
      Result<std::int64_t> weight = parse_share(entry.value.text);
      if (!weight) return wrong(entry.value, weight.error());
      if (Status s = add(entry.value, entry.key, weight.value()); !s) return s;
    }
    return ok_status();
  }

  Result<Parameter> parameter(const ParameterSpec& spec, const DocumentNode& node) {
    Parameter p;
    if (spec.kind == ParameterKind::points) return points(spec, node);
    if (spec.kind == ParameterKind::settings) {
      if (node.kind != Kind::map || node.entries.empty())
        return wrong(node, std::string(spec.name) + ": takes a map of configuration keys");
      for (const DocumentNode::Entry& entry : node.entries) p.settings[entry.key] = entry.value.text;
      return p;
    }
    if (node.kind != Kind::scalar) return wrong(node, std::string(spec.name) + ": takes one value");
    p.text = node.text;
    const auto number = [&](Result<std::int64_t> parsed, std::int64_t low, std::int64_t high,
                            const char* range) -> Result<Parameter> {
      if (!parsed)
        return wrong(node, usage_error(std::string(spec.name) + ": " + parsed.error().message, parsed.error().hint));
      if (parsed.value() < low || parsed.value() > high) return wrong(node, std::string(spec.name) + ": is " + range);
      p.number = parsed.value();
      return p;
    };
    constexpr std::int64_t kYear = 366LL * 86'400'000'000'000;
    switch (spec.kind) {
      case ParameterKind::amount: {
        Result<Amount> amount = parse_amount(node.text);
        if (!amount)
          return wrong(node, usage_error(std::string(spec.name) + ": " + amount.error().message,
                                         "for example -8 %, 3 sigma, 20 spreads, to 3621.81, -2 % .. -5 %"));
        p.amount = amount.value();
        return p;
      }
      case ParameterKind::share: return number(parse_share(node.text), 0, kScale, "0 to 100 %");
      case ParameterKind::signed_share:
        return number(parse_share(node.text), -kScale + 1, 100 * kScale, "more than -100 %");
      case ParameterKind::times: return number(parse_times(node.text), 0, 1'000 * kScale, "0 to 1000");
      case ParameterKind::span: return number(parse_span(node.text), 0, kYear, "a duration");
      case ParameterKind::signed_span: {
        const bool negative = !node.text.empty() && node.text.front() == '-';
        Result<std::int64_t> span = parse_span(negative ? node.text.substr(1) : node.text);
        if (span && negative) span = -span.value();
        return number(span, -86'400'000'000'000, 86'400'000'000'000, "at most a day");
      }
      case ParameterKind::integer: return number(parse_integer(node.text, 0, 1'000'000), 0, 1'000'000, "0 to 1000000");
      case ParameterKind::decimal:
        return number(parse_times(node.text), 0, std::int64_t{9'000'000'000} * kScale, "not negative");
      case ParameterKind::flag:
        if (node.text != "true" && node.text != "false")
          return wrong(node, std::string(spec.name) + ": is true or false");
        p.number = node.text == "true" ? 1 : 0;
        return p;
      case ParameterKind::choice:
        if (std::find(spec.choices.begin(), spec.choices.end(), node.text) == spec.choices.end()) {
          std::string list;
          for (const std::string& choice : spec.choices) list += (list.empty() ? "" : ", ") + choice;
          return wrong(node,
                       usage_error(std::string(spec.name) + ": \"" + node.text.substr(0, 40) + "\" is none of " + list,
                                   nearest_hint(node.text, spec.choices)));
        }
        return p;
      default: return p;
    }
  }

  Result<Parameter> points(const ParameterSpec& spec, const DocumentNode& node) {
    Parameter p;
    if (node.kind != Kind::list || node.items.empty())
      return wrong(node, std::string(spec.name) + ": takes a list of [time, amount]");
    for (const DocumentNode& item : node.items) {
      if (item.kind != Kind::list || item.items.size() != 2)
        return wrong(item, "a point is [time, amount], as in [5m, -8 %]");
      Result<std::int64_t> offset = parse_span(item.items[0].text);
      if (!offset) return wrong(item.items[0], offset.error());
      Result<Amount> amount = parse_amount(item.items[1].text);
      if (!amount) return wrong(item.items[1], amount.error());
      if (!p.points.empty() && offset.value() <= p.points.back().offset_ns)
        return wrong(item.items[0], "points come in the order of time");
      p.points.push_back({offset.value(), amount.value()});
    }
    return p;
  }

  const std::string& path_;
  const std::vector<Act>& before_;
  const ActSpec* spec_ = nullptr;
  Act act_;
};

}  // namespace

const Parameter& Act::operator[](const char* key) const {
  const auto found = parameters.find(key);
  REPRISE_ASSERT(found != parameters.end(), "an act has every parameter of its kind");
  return found->second;
}

Result<Act> read_act(const std::string& path, const DocumentNode& node, const std::vector<Act>& before) {
  return ActReader(path, before).read(node);
}

}  // namespace reprise::sim::scenario
