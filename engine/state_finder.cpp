// FieldFinder: the state as a tree of names, a path matched against it, and the paths that are nearest to a wrong one.
#include <algorithm>
#include <array>
#include <charconv>

#include "engine/state_field.h"

namespace reprise::engine {

namespace {

constexpr std::array<std::string_view, 6> kIdentities = {"key", "number", "strategy", "instrument", "asset", "id"};
constexpr std::array<std::string_view, 4> kWrappers = {"value", "state", "market", "position"};
constexpr std::size_t kMostListed = 20'000;  // leaves that are compared with a wrong path

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

struct Token {
  std::string text;
  bool is_place = false;  // "[3]"
};

std::vector<Token> tokens_of(const std::string& path) {
  std::vector<Token> tokens;
  std::string word;
  const auto finish = [&](bool is_place) {
    if (!word.empty()) tokens.push_back({std::exchange(word, {}), is_place});
  };
  for (const char c : path) {
    if (c == '.' || c == '[') {
      finish(false);
    } else if (c == ']') {
      finish(true);
    } else {
      word += c;
    }
  }
  finish(false);
  return tokens;
}

std::optional<std::uint64_t> number_of(const std::string& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

struct Node {
  enum class Kind : std::uint8_t { object, list, value };
  Kind kind = Kind::object;
  std::string name;
  std::int64_t number = 0;  // of an integer
  bool is_integer = false;
  FieldValue value;
  std::vector<std::size_t> children;
};

}  // namespace

class FieldFinder::Tree final : public StateArchive {
 public:
  explicit Tree(const FieldNames& names) : names_(names) { nodes_.emplace_back(); }

  bool loading() const override { return false; }
  void begin_object(std::string_view name) override { open_.push_back(add(name, Node::Kind::object)); }
  void end_object() override { open_.pop_back(); }
  void begin_list(std::string_view name, std::uint64_t&) override { open_.push_back(add(name, Node::Kind::list)); }
  void end_list() override { open_.pop_back(); }
  void integer(std::string_view name, std::int64_t& value, Kind kind) override {
    Node& node = nodes_[add(name, Node::Kind::value)];
    node.number = value;
    node.is_integer = true;
    node.value = integer_value(value, kind);
  }
  void real(std::string_view name, double& value) override {
    nodes_[add(name, Node::Kind::value)].value = real_value(value);
  }
  void text(std::string_view name, std::string& value) override {
    FieldValue& kept = nodes_[add(name, Node::Kind::value)].value;
    kept.form = FieldValue::Form::text;
    kept.text = value;
  }

  std::vector<NamedField> leaves() const {
    std::vector<NamedField> all;
    list(0, "", false, all);
    return all;
  }

  FieldSearch find(const std::string& path, std::size_t most_nearest) {
    FieldSearch result;
    tokens_ = tokens_of(path);
    FieldPath found;
    if (!tokens_.empty() && match(0, 0, found)) {
      result.found = std::move(found);
      return result;
    }
    std::vector<NamedField> all;
    list(0, "", true, all);
    std::vector<std::pair<std::size_t, std::string>> ranked;
    for (auto& [leaf, value] : all) {
      std::size_t cost = edit_distance(path, leaf) + 100;
      for (const Token& token : tokens_)
        if (leaf.find(token.text) != std::string::npos) cost -= std::min<std::size_t>(cost, 12 + token.text.size());
      ranked.emplace_back(cost, std::move(leaf));
    }
    std::sort(ranked.begin(), ranked.end());
    for (std::size_t i = 0; i < ranked.size() && i < most_nearest; ++i) result.nearest.push_back(ranked[i].second);
    return result;
  }

 private:
  struct Identity {
    std::string field;
    std::int64_t number;
    std::string name;
  };

  std::size_t add(std::string_view name, Node::Kind kind) {
    const std::size_t at = nodes_.size();
    nodes_.emplace_back();
    nodes_.back().kind = kind;
    nodes_.back().name = std::string(name);
    nodes_[open_.back()].children.push_back(at);
    return at;
  }

  std::string name_of(const std::string& list, const std::string& field, std::int64_t number) const {
    std::string name;
    if (field == "instrument" || field == "number" || (field == "key" && list == "instruments")) {
      name = names_.instrument(number);
    } else if (field == "strategy") {
      name = number == 0 ? "engine" : names_.strategy(number);
    }
    return name.empty() ? std::to_string(number) : name;
  }

  std::vector<Identity> identities_of(const Node& list, const Node& entry) const {
    std::vector<Identity> identities;
    for (const std::size_t child : entry.children) {
      const Node& node = nodes_[child];
      if (!node.is_integer || !is_one_of(kIdentities, node.name)) break;
      identities.push_back({node.name, node.number, name_of(list.name, node.name, node.number)});
    }
    return identities;
  }

  static void extend(std::string& text, const std::string& part) { text += (text.empty() ? "" : ".") + part; }

  // Depth first; `path` holds what was matched so far and is left as it was where nothing matches.
  bool match(std::size_t at, std::size_t token, FieldPath& path) const {
    const Node& node = nodes_[at];
    if (node.kind == Node::Kind::value) return token == tokens_.size();
    if (node.kind == Node::Kind::list) return token < tokens_.size() && match_entry(node, token, path);
    for (const bool through_wrapper : {false, true}) {
      for (const std::size_t child : node.children) {
        const Node& next = nodes_[child];
        const bool fits = through_wrapper
                              ? next.kind != Node::Kind::value && is_one_of(kWrappers, next.name)
                              : token < tokens_.size() && !tokens_[token].is_place && tokens_[token].text == next.name;
        if (!fits) continue;
        const FieldPath before = path;
        path.steps.push_back({next.name, std::nullopt, {}});
        if (!through_wrapper) extend(path.text, next.name);
        if (match(child, through_wrapper ? token : token + 1, path)) return true;
        path = before;
      }
    }
    return false;
  }

  bool match_entry(const Node& list, std::size_t token, FieldPath& path) const {
    const auto place_wanted = number_of(tokens_[token].text);
    for (const bool by_place : {false, true}) {
      for (std::size_t place = 0; place < list.children.size(); ++place) {
        const std::size_t child = list.children[place];
        const std::vector<Identity> identities = identities_of(list, nodes_[child]);
        std::string shown = "[" + std::to_string(place) + "]";
        std::size_t used = 0;
        if (by_place) {
          if (place_wanted != place) continue;
          used = 1;
        } else if (tokens_[token].is_place) {
          continue;
        } else if (identities.empty()) {
          if (list.name != "strategies" || names_.strategy(static_cast<std::int64_t>(place) + 1) != tokens_[token].text)
            continue;
          used = 1;
          shown = tokens_[token].text;
        } else {
          shown.clear();
          for (const Identity& identity : identities) {
            if (token + used < tokens_.size() && tokens_[token + used].text == identity.name) ++used;
            extend(shown, identity.name);
          }
          if (used == 0) continue;
        }
        const FieldPath before = path;
        FieldStep step;
        if (identities.empty() || by_place) {
          step.place = place;
        } else {
          for (const Identity& identity : identities) step.identity.emplace_back(identity.field, identity.number);
        }
        path.steps.push_back(std::move(step));
        if (shown.front() == '[') {
          path.text += shown;
        } else {
          extend(path.text, shown);
        }
        if (match(child, token + used, path)) return true;
        path = before;
      }
    }
    return false;
  }

  // `is_short`: of entries without a name the first two stand for all.
  void list(std::size_t at, const std::string& path, bool is_short, std::vector<NamedField>& all) const {
    if (is_short && all.size() >= kMostListed) return;
    const Node& node = nodes_[at];
    if (node.kind == Node::Kind::value) {
      all.emplace_back(path, node.value);
      return;
    }
    for (std::size_t place = 0; place < node.children.size(); ++place) {
      const std::size_t child = node.children[place];
      std::string next = path;
      if (node.kind == Node::Kind::list) {
        const std::vector<Identity> identities = identities_of(node, nodes_[child]);
        const std::string strategy =
            node.name == "strategies" ? names_.strategy(static_cast<std::int64_t>(place) + 1) : "";
        if (!identities.empty()) {
          for (const Identity& identity : identities) extend(next, identity.name);
        } else if (!strategy.empty()) {
          extend(next, strategy);
        } else {
          if (is_short && place > 1) break;
          next += "[" + std::to_string(place) + "]";
        }
      } else if (!is_one_of(kWrappers, nodes_[child].name) || nodes_[child].kind == Node::Kind::value) {
        extend(next, nodes_[child].name);
      }
      list(child, next, is_short, all);
    }
  }

  const FieldNames& names_;
  std::vector<Node> nodes_;
  std::vector<std::size_t> open_ = {0};
  std::vector<Token> tokens_;
};

FieldFinder::FieldFinder(FieldNames names) : names_(std::move(names)), tree_(std::make_unique<Tree>(names_)) {}
FieldFinder::~FieldFinder() = default;
StateArchive& FieldFinder::archive() {
  return *tree_;
}
std::vector<NamedField> FieldFinder::leaves() const {
  return tree_->leaves();
}
FieldSearch FieldFinder::find(const std::string& path, std::size_t most_nearest) {
  return tree_->find(path, most_nearest);
}

}  // namespace reprise::engine
