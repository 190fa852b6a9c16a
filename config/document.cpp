#include "config/document.h"

#include <algorithm>
#include <cstddef>

#include "config/yaml_text.h"

namespace reprise::config {

namespace {

constexpr std::size_t kMaxBytes = 1u << 20;
constexpr std::size_t kMaxNodes = 20'000;
constexpr int kMaxNesting = 32;

class TreeReader {
 public:
  explicit TreeReader(const std::string& path) : path_(path) {}

  Result<DocumentNode> read(const YAML::Node& node, int depth) {
    DocumentNode out;
    out.line = std::max(node.Mark().line, 0) + 1;
    out.column = std::max(node.Mark().column, 0) + 1;
    if (depth > kMaxNesting) return usage_error(place(out.line, out.column) + "nested too deeply");
    if (++nodes_ > kMaxNodes) return usage_error(place(out.line, out.column) + "too large a document");
    if (node.IsScalar()) {
      out.kind = DocumentNode::Kind::scalar;
      out.text = node.Scalar();
    } else if (node.IsSequence()) {
      out.kind = DocumentNode::Kind::list;
      for (const YAML::Node& item : node) {
        Result<DocumentNode> child = read(item, depth + 1);
        if (!child) return child.error();
        out.items.push_back(std::move(child).value());
      }
    } else if (node.IsMap()) {
      out.kind = DocumentNode::Kind::map;
      for (const auto& item : node) {
        DocumentNode::Entry entry;
        entry.line = std::max(item.first.Mark().line, 0) + 1;
        entry.column = std::max(item.first.Mark().column, 0) + 1;
        if (!item.first.IsScalar()) return usage_error(place(entry.line, entry.column) + "a key is a plain word");
        entry.key = item.first.Scalar();
        if (out.find(entry.key) != nullptr) {
          return usage_error(place(entry.line, entry.column) + "key \"" + entry.key.substr(0, 120) +
                             "\" stands there twice");
        }
        Result<DocumentNode> child = read(item.second, depth + 1);
        if (!child) return child.error();
        entry.value = std::move(child).value();
        if (entry.value.kind == DocumentNode::Kind::none) {
          entry.value.line = entry.line;
          entry.value.column = entry.column;
        }
        out.entries.push_back(std::move(entry));
      }
    }
    return out;
  }

 private:
  std::string place(int line, int column) const {
    return path_ + ":" + std::to_string(line) + ":" + std::to_string(column) + ": ";
  }
  const std::string& path_;
  std::size_t nodes_ = 0;
};

}  // namespace

Status check_yaml_text(const std::string& path, const std::string& text) {
  int line = 1;
  int open = 0;
  int column = 0;
  int dashes = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    ++column;
    const auto wrong = [&](const char* what) {
      return usage_error(path + ":" + std::to_string(line) + ":" + std::to_string(column) + ": " + what);
    };
    if ((byte < 0x20 && c != '\n' && c != '\r' && c != '\t') || byte == 0x7f) {
      return wrong("a control character; this is not a YAML text");
    }
    if (c == '\n') {
      ++line;
      column = 0;
      dashes = 0;
    }
    if (c == '[' || c == '{') ++open;
    if ((c == ']' || c == '}') && open > 0) --open;
    if (c == '-' || c == '?' || c == ':') ++dashes;
    if (open > kMaxNesting || dashes > 200) return wrong("nested too deeply");
  }
  return ok_status();
}

Result<DocumentNode> parse_document(const std::string& path, const std::string& text) {
  if (text.size() > kMaxBytes) return usage_error(path + ": larger than 1 MiB");
  if (Status checked = check_yaml_text(path, text); !checked) return checked.error();
  auto root = parse_yaml(path, text, YamlPlace::line_and_column);
  if (!root) return root.error();
  if (!root->IsDefined()) return DocumentNode{};
  try {
    return TreeReader(path).read(*root, 0);
  } catch (const YAML::Exception& e) {
    return yaml_error(path, e, YamlPlace::line_and_column);
  }
}

}  // namespace reprise::config
