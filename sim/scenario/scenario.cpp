// The file as a whole: name, base, profile, settings; acts and expectations have files of their own.
#include "sim/scenario/scenario.h"

#include "config/values.h"

namespace reprise::sim::scenario {

namespace {

using config::DocumentNode;
using Node = DocumentNode;
using Kind = Node::Kind;

class ScenarioReader {
 public:
  explicit ScenarioReader(const std::string& path) : path_(path) { out_.path = path; }

  Result<Scenario> read(const Node& root) {
    if (root.kind != Kind::map)
      return wrong(root, "a scenario is a map: name, about, seed, base, profile, settings, acts, expect");
    const std::vector<std::string> known = {"name", "about", "seed", "base", "profile", "settings", "acts", "expect"};
    for (const Node::Entry& entry : root.entries) {
      if (Status s = section(entry, known); !s) return s.error();
    }
    if (out_.name.empty()) return wrong(root, "has no name");
    if (!has_base_) return wrong(root, "has no base: the market it is played on");
    if (out_.profile.empty() && out_.settings.empty())
      return wrong(root, "has no profile: the configuration that trades");
    if (out_.expectations.empty()) return wrong(root, "expects nothing: a scenario says under expect what has to hold");
    return std::move(out_);
  }

 private:
  Error wrong(const Node& node, const Error& error) const { return at_place(path_, node.line, node.column, error); }
  Error wrong(const Node& node, const std::string& what) const { return wrong(node, usage_error(what)); }
  Error unknown_key(const Node::Entry& entry, const std::vector<std::string>& known) const {
    return at_place(path_, entry.line, entry.column,
                    usage_error("unknown key \"" + entry.key.substr(0, 60) + "\"", nearest_hint(entry.key, known)));
  }

  Status text(const Node::Entry& entry, std::string& target) const {
    if (entry.value.kind != Kind::scalar) return wrong(entry.value, entry.key + ": takes one value");
    target = entry.value.text;
    return ok_status();
  }
  Status texts(const Node::Entry& entry, std::vector<std::string>& target) const {
    if (entry.value.kind == Kind::scalar) target.push_back(entry.value.text);
    for (const Node& item : entry.value.items) {
      if (item.kind != Kind::scalar) return wrong(item, entry.key + ": takes a list of paths");
      target.push_back(item.text);
    }
    if (target.empty()) return wrong(entry.value, entry.key + ": names at least one path");
    return ok_status();
  }
  Status number(const Node::Entry& entry, std::uint64_t& target, std::uint64_t low, std::uint64_t high) const {
    std::uint64_t value = 0;
    bool good = entry.value.kind == Kind::scalar && !entry.value.text.empty() && entry.value.text.size() <= 18;
    for (const char c : entry.value.text) {
      good = good && c >= '0' && c <= '9';
      if (good) value = value * 10 + static_cast<std::uint64_t>(c - '0');
    }
    if (!good || value < low || value > high) {
      return wrong(entry.value,
                   entry.key + ": is a whole number from " + std::to_string(low) + " to " + std::to_string(high));
    }
    target = value;
    return ok_status();
  }
  Status moment(const Node::Entry& entry, std::int64_t& target) const {
    Result<TimeSpec> time = parse_time(entry.value.text);
    if (!time || !time->is_absolute) return wrong(entry.value, entry.key + ": is a time such as 2024-01-01T00:00:00Z");
    target = time->ns;
    return ok_status();
  }

  Status section(const Node::Entry& entry, const std::vector<std::string>& known) {
    if (entry.key == "name") {
      if (Status s = text(entry, out_.name); !s) return s;
      if (!config::is_name(out_.name)) return wrong(entry.value, "name: letters, digits, - and _, at most 32");
      return ok_status();
    }
    if (entry.key == "about") return text(entry, out_.about);
    if (entry.key == "seed") return number(entry, out_.seed, 0, 999'999'999'999'999'999);
    if (entry.key == "profile") return text(entry, out_.profile);
    if (entry.key == "base") return base(entry);
    if (entry.key == "settings") {
      if (entry.value.kind != Kind::map) return wrong(entry.value, "settings: takes a map of configuration keys");
      for (const Node::Entry& setting : entry.value.entries) {
        if (setting.value.kind != Kind::scalar)
          return wrong(setting.value, setting.key + ": takes one value; write keys by their dotted path");
        out_.settings.push_back(setting.key + "=" + setting.value.text);
      }
      return ok_status();
    }
    if (entry.key == "acts") {
      if (entry.value.kind != Kind::list) return wrong(entry.value, "acts: takes a list");
      for (const Node& item : entry.value.items) {
        Result<Act> act = read_act(path_, item, out_.acts);
        if (!act) return act.error();
        out_.acts.push_back(std::move(act).value());
      }
      return ok_status();
    }
    if (entry.key == "expect") {
      if (entry.value.kind != Kind::list) return wrong(entry.value, "expect: takes a list");
      for (const Node& item : entry.value.items) {
        Result<Expectation> expectation = read_expectation(path_, item);
        if (!expectation) return expectation.error();
        out_.expectations.push_back(std::move(expectation).value());
      }
      return ok_status();
    }
    return unknown_key(entry, known);
  }

  Status base(const Node::Entry& entry) {
    has_base_ = true;
    Base& b = out_.base;
    b.place = path_ + ":" + std::to_string(entry.line) + ":" + std::to_string(entry.column);
    const std::vector<std::string> known = {"generate", "dataset", "import", "instruments", "from", "until"};
    for (const Node::Entry& given : entry.value.entries) {
      Status s = ok_status();
      if (given.key == "generate") {
        s = generated(given);
      } else if (given.key == "dataset") {
        s = texts(given, b.datasets);
      } else if (given.key == "import") {
        s = texts(given, b.imports);
      } else if (given.key == "instruments") {
        s = texts(given, b.instruments);
      } else if (given.key == "from") {
        s = moment(given, b.from_ns);
      } else if (given.key == "until") {
        s = moment(given, b.until_ns);
      } else {
        return unknown_key(given, known);
      }
      if (!s) return s;
    }
    const int kinds = (b.generated ? 1 : 0) + (b.datasets.empty() ? 0 : 1) + (b.imports.empty() ? 0 : 1);
    if (kinds != 1)
      return at_place(path_, entry.line, entry.column, usage_error("base: is one of generate, dataset, import"));
    return ok_status();
  }

  Status generated(const Node::Entry& entry) {
    GeneratedBase g;
    for (const Node::Entry& given : entry.value.entries) {
      Status s = ok_status();
      std::uint64_t symbols = 0;
      if (given.key == "seed") {
        s = number(given, g.seed, 0, 999'999'999'999'999'999);
      } else if (given.key == "length") {
        Result<std::int64_t> span = parse_span(given.value.text);
        if (!span) return wrong(given.value, span.error());
        g.duration_ns = span.value();
      } else if (given.key == "hours") {
        Result<std::int64_t> hours = parse_times(given.value.text);
        if (!hours) return wrong(given.value, hours.error());
        if (hours.value() > 1'000 * kScale) return wrong(given.value, "hours: at most 1000");
        g.duration_ns = hours.value() / 1'000 * 36'000'000;
      } else if (given.key == "symbols") {
        s = number(given, symbols, 1, 20);
        g.symbols = static_cast<std::uint32_t>(symbols);
      } else if (given.key == "start") {
        s = moment(given, g.start_time_ns);
      } else if (given.key == "prices") {
        for (const Node::Entry& price : given.value.entries) {
          Result<std::int64_t> value = parse_times(price.value.text);
          if (!value || value.value() == 0) return wrong(price.value, "a price is a number above 0");
          g.prices[price.key] = value.value();
        }
      } else {
        return unknown_key(given, {"seed", "length", "hours", "symbols", "start", "prices"});
      }
      if (!s) return s;
    }
    if (g.duration_ns <= 0)
      return at_place(path_, entry.line, entry.column, usage_error("generate: needs length, as in length: 20m"));
    out_.base.generated = g;
    return ok_status();
  }

  const std::string& path_;
  Scenario out_;
  bool has_base_ = false;
};

}  // namespace

Error at_place(const std::string& path, int line, int column, const Error& error) {
  Error placed = error;
  placed.message = path + ":" + std::to_string(line) + ":" + std::to_string(column) + ": " + error.message;
  return placed;
}

std::string nearest_hint(const std::string& wrong, const std::vector<std::string>& known) {
  const std::string near = config::nearest(wrong, known);
  if (!near.empty()) return "did you mean \"" + near + "\"?";
  if (known.size() > 14) return "scenarios/LANGUAGE.md lists them";
  std::string list;
  for (const std::string& key : known) list += (list.empty() ? "" : ", ") + key;
  return list.empty() ? "" : "it takes " + list;
}

Result<Scenario> read_scenario(const std::string& path, const std::string& text) {
  Result<DocumentNode> root = config::parse_document(path, text);
  if (!root) return root.error();
  return ScenarioReader(path).read(*root);
}

}  // namespace reprise::sim::scenario
