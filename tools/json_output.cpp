#include "tools/json_output.h"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cmath>

#include "engine/market/fixed.h"

namespace reprise::tools {

namespace {
using Writer = rapidjson::Writer<rapidjson::StringBuffer, rapidjson::UTF8<>, rapidjson::UTF8<>, rapidjson::CrtAllocator,
                                 rapidjson::kWriteNanAndInfFlag>;
}

struct Json::Impl {
  rapidjson::StringBuffer buffer;
  Writer writer{buffer};
};

Json::Json() : impl_(std::make_unique<Impl>()) {}
Json::~Json() = default;

Json& Json::begin_object() {
  impl_->writer.StartObject();
  return *this;
}
Json& Json::end_object() {
  impl_->writer.EndObject();
  return *this;
}
Json& Json::begin_array() {
  impl_->writer.StartArray();
  return *this;
}
Json& Json::end_array() {
  impl_->writer.EndArray();
  return *this;
}
Json& Json::key(std::string_view name) {
  impl_->writer.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
  return *this;
}
Json& Json::value(std::string_view text) {
  // Names of files may hold bytes that are no UTF-8; JSON must stay JSON.
  std::string clean;
  clean.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    std::size_t length = lead < 0x80                   ? 1
                         : lead >= 0xC2 && lead < 0xE0 ? 2
                         : lead >= 0xE0 && lead < 0xF0 ? 3
                         : lead >= 0xF0 && lead < 0xF5 ? 4
                                                       : 0;
    bool good = length != 0 && i + length <= text.size();
    for (std::size_t k = 1; good && k < length; ++k) {
      good = (static_cast<unsigned char>(text[i + k]) & 0xC0u) == 0x80u;
    }
    if (good) {
      clean.append(text.substr(i, length));
      i += length;
    } else {
      clean += "\xEF\xBF\xBD";  // U+FFFD
      ++i;
    }
  }
  impl_->writer.String(clean.data(), static_cast<rapidjson::SizeType>(clean.size()));
  return *this;
}
Json& Json::value(std::uint64_t number) {
  impl_->writer.Uint64(number);
  return *this;
}
Json& Json::value(std::int64_t number) {
  impl_->writer.Int64(number);
  return *this;
}
Json& Json::value(double number) {
  if (!std::isfinite(number)) {
    impl_->writer.Null();
    return *this;
  }
  impl_->writer.Double(std::round(number * 1e6) / 1e6);
  return *this;
}
Json& Json::value(bool flag) {
  impl_->writer.Bool(flag);
  return *this;
}
Json& Json::null() {
  impl_->writer.Null();
  return *this;
}
Json& Json::decimal(std::int64_t e8) {
  return value(decimal_text(e8));
}
Json& Json::raw(std::string_view json) {
  impl_->writer.RawValue(json.data(), json.size(), rapidjson::kObjectType);
  return *this;
}

std::string Json::text() const {
  return {impl_->buffer.GetString(), impl_->buffer.GetSize()};
}

std::string error_json(const Error& error, int exit_code) {
  const char* kind = error.kind == ErrorKind::usage     ? "usage"
                     : error.kind == ErrorKind::corrupt ? "corrupt"
                                                        : "could_not_check";
  Json json;
  json.begin_object().key("error").begin_object();
  json.field("kind", kind);
  json.field("message", error.message);
  json.field("hint", error.hint);
  json.field("exit_code", exit_code);
  json.end_object().end_object();
  return json.text();
}

}  // namespace reprise::tools
