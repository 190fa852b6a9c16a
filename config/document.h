// A YAML file as a tree whose every node knows its line and column: for files other than profiles (scenarios).
//
// Values keep the text of the file. Keys stay in the order of the file; a key given twice, a control character, nesting
// deeper than 32 and more than 20,000 nodes are errors "file:line:column: what". Pure; thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "journal/result.h"

namespace reprise::config {

struct DocumentNode {
  enum class Kind { none, scalar, list, map };
  struct Entry;
  Kind kind = Kind::none;  // none: a key without a value
  std::string text;        // scalar
  std::vector<DocumentNode> items;
  std::vector<Entry> entries;
  int line = 1;  // of the value; from 1
  int column = 1;

  const DocumentNode* find(std::string_view key) const;
};
struct DocumentNode::Entry {
  std::string key;
  int line = 1;  // of the key
  int column = 1;
  DocumentNode value;
};

inline const DocumentNode* DocumentNode::find(std::string_view key) const {
  for (const Entry& entry : entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

// Damage that is better named before a YAML parser sees it: control characters, and nesting that would take its stack.
Status check_yaml_text(const std::string& path, const std::string& text);

// `path` is for messages only.
Result<DocumentNode> parse_document(const std::string& path, const std::string& text);

}  // namespace reprise::config
