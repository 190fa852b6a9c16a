// JSON as the venue writes it: decimals as text with the symbol's own number of decimals, ids and times as numbers.
//
// A thin layer over RapidJSON's writer, so that an answer reads like its field list. Not thread-safe.
#pragma once

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/market/fixed.h"

namespace reprise::gateway::exchange {

// 6000010000000 with 2 decimals -> "60000.10". Digits beyond `decimals` are kept: no figure is ever cut.
std::string fixed_decimals(std::int64_t e8, int decimals);

// Number of decimals that a step is written with: 0.001 -> 3, 5 -> 0.
int decimals_of(std::int64_t step_e8);

// The venue's times: whole milliseconds.
constexpr std::int64_t ms(UnixNanos time) {
  return time.ns / 1'000'000;
}

class JsonText {
 public:
  JsonText() : writer_(buffer_) {}
  JsonText(const JsonText&) = delete;
  JsonText& operator=(const JsonText&) = delete;

  JsonText& open() { return writer_.StartObject(), *this; }
  JsonText& close() { return writer_.EndObject(), *this; }
  JsonText& open_list() { return writer_.StartArray(), *this; }
  JsonText& close_list() { return writer_.EndArray(), *this; }
  JsonText& key(std::string_view name) {
    writer_.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
    return *this;
  }
  JsonText& text(std::string_view value) {
    writer_.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
    return *this;
  }
  JsonText& number(std::int64_t value) { return writer_.Int64(value), *this; }
  JsonText& flag(bool value) { return writer_.Bool(value), *this; }
  JsonText& null() { return writer_.Null(), *this; }
  // A value that is JSON already.
  JsonText& raw(std::string_view value, rapidjson::Type type = rapidjson::kObjectType) {
    writer_.RawValue(value.data(), value.size(), type);
    return *this;
  }

  JsonText& field(std::string_view name, std::string_view value) { return key(name).text(value); }
  JsonText& field(std::string_view name, const char* value) { return key(name).text(value); }
  JsonText& field(std::string_view name, std::int64_t value) { return key(name).number(value); }
  JsonText& field(std::string_view name, int value) { return key(name).number(value); }
  JsonText& field(std::string_view name, std::uint32_t value) { return key(name).number(value); }
  JsonText& field(std::string_view name, bool value) { return key(name).flag(value); }
  JsonText& decimal(std::string_view name, std::int64_t e8, int decimals) {
    return key(name).text(fixed_decimals(e8, decimals));
  }
  JsonText& decimal(std::string_view name, std::int64_t e8) { return key(name).text(decimal_text(e8)); }
  template <class Tag>
  JsonText& decimal(std::string_view name, Fixed<Tag> value, int decimals) {
    return decimal(name, value.e8, decimals);
  }
  template <class Tag>
  JsonText& decimal(std::string_view name, Fixed<Tag> value) {
    return decimal(name, value.e8);
  }
  // A decimal as a JSON number (leverage brackets).
  JsonText& decimal_number(std::string_view name, std::int64_t e8) {
    return key(name).raw(decimal_text(e8), rapidjson::kNumberType);
  }

  std::string str() const { return {buffer_.GetString(), buffer_.GetSize()}; }

 private:
  rapidjson::StringBuffer buffer_;
  rapidjson::Writer<rapidjson::StringBuffer> writer_;
};

}  // namespace reprise::gateway::exchange
