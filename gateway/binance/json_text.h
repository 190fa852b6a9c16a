// RapidJSON with every number kept as its text, so that decimals stay exact, and a parser that cannot be
// driven out of stack by deep nesting. Members are read by name through these helpers.
#pragma once

#include <rapidjson/document.h>

#include <cstdint>
#include <string_view>

#include "engine/market/fixed.h"

namespace reprise::gateway::json {

using Allocator = rapidjson::MemoryPoolAllocator<>;
using Document = rapidjson::GenericDocument<rapidjson::UTF8<>, Allocator>;
using Value = Document::ValueType;
inline constexpr unsigned kParseFlags = rapidjson::kParseNumbersAsStringsFlag | rapidjson::kParseIterativeFlag;

inline std::string_view text_of(const Value& value) {
  return value.IsString() ? std::string_view(value.GetString(), value.GetStringLength()) : std::string_view();
}

inline const Value* member(const Value& object, const char* name) {
  if (!object.IsObject()) return nullptr;
  const auto found = object.FindMember(name);
  return found == object.MemberEnd() ? nullptr : &found->value;
}

inline std::string_view text(const Value& object, const char* name) {
  const Value* value = member(object, name);
  return value == nullptr ? std::string_view() : text_of(*value);
}

inline bool integer_of(std::string_view text, std::int64_t& value) {
  std::int64_t e8 = 0;
  // Small numbers through the decimal parser would lose range: ids go up to 2^63.
  if (text.empty() || text.size() > 20) return false;
  std::size_t i = text[0] == '-' ? 1 : 0;
  if (i == text.size()) return false;
  for (; i < text.size(); ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    if (__builtin_mul_overflow(e8, std::int64_t{10}, &e8)) return false;
    if (__builtin_add_overflow(e8, static_cast<std::int64_t>(text[i] - '0'), &e8)) return false;
  }
  value = text[0] == '-' ? -e8 : e8;
  return true;
}

inline bool integer(const Value& object, const char* name, std::int64_t& value) {
  return integer_of(text(object, name), value);
}

inline bool decimal(const Value& object, const char* name, std::int64_t& e8, bool truncate = false) {
  return parse_decimal(text(object, name), e8, truncate);
}

}  // namespace reprise::gateway::json
