#include "engine/state_json.h"

#include <charconv>

namespace reprise::engine {

StateJsonWriter::StateJsonWriter() {
  take();
}

std::string StateJsonWriter::take() {
  std::string done = out_.empty() ? std::string() : out_ + "}";
  REPRISE_ASSERT(levels_.size() <= 1, "an object or list was not ended");
  out_ = "{";
  levels_.assign(1, {false, true});
  return done;
}

void StateJsonWriter::quoted(std::string_view text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  out_ += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out_ += '\\';
      out_ += c;
    } else if (byte < 0x20) {
      out_ += "\\u00";
      out_ += kDigits[byte >> 4];
      out_ += kDigits[byte & 15u];
    } else {
      out_ += c;
    }
  }
  out_ += '"';
}

void StateJsonWriter::key(std::string_view name) {
  Level& level = levels_.back();
  if (!level.first) out_ += ',';
  level.first = false;
  if (level.is_list) return;
  quoted(name);
  out_ += ':';
}

void StateJsonWriter::begin_object(std::string_view name) {
  key(name);
  out_ += '{';
  levels_.push_back({false, true});
}
void StateJsonWriter::end_object() {
  REPRISE_ASSERT(levels_.size() > 1 && !levels_.back().is_list, "end of an object that was not begun");
  out_ += '}';
  levels_.pop_back();
}
void StateJsonWriter::begin_list(std::string_view name, std::uint64_t&) {
  key(name);
  out_ += '[';
  levels_.push_back({true, true});
}
void StateJsonWriter::end_list() {
  REPRISE_ASSERT(levels_.size() > 1 && levels_.back().is_list, "end of a list that was not begun");
  out_ += ']';
  levels_.pop_back();
}
void StateJsonWriter::integer(std::string_view name, std::int64_t& value, Kind kind) {
  key(name);
  switch (kind) {
    case Kind::decimal: quoted(decimal_text(value)); break;
    case Kind::flag: out_ += value != 0 ? "true" : "false"; break;
    default: out_ += std::to_string(value); break;
  }
}
void StateJsonWriter::real(std::string_view name, double& value) {
  key(name);
  if (!(value - value == 0.0)) {  // not finite: JSON has no number for it
    quoted(value != value ? "nan" : value > 0 ? "inf" : "-inf");
    return;
  }
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value);
  out_.append(text, end.ptr);
}
void StateJsonWriter::text(std::string_view name, std::string& value) {
  key(name);
  quoted(value);
}

}  // namespace reprise::engine
