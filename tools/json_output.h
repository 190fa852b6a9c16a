// Builds the one JSON object that a command prints with --json. A thin face of RapidJSON's writer.
//
// Money, prices and quantities go in as decimal strings (decimal()), counts as numbers.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "journal/result.h"

namespace reprise::tools {

class Json {
 public:
  Json();
  ~Json();
  Json(const Json&) = delete;
  Json& operator=(const Json&) = delete;

  Json& begin_object();
  Json& end_object();
  Json& begin_array();
  Json& end_array();
  Json& key(std::string_view name);

  Json& value(std::string_view text);
  Json& value(const char* text) { return value(std::string_view(text)); }
  Json& value(const std::string& text) { return value(std::string_view(text)); }
  Json& value(std::uint64_t number);
  Json& value(std::uint32_t number) { return value(std::uint64_t{number}); }
  Json& value(std::int64_t number);
  Json& value(std::int32_t number) { return value(std::int64_t{number}); }
  Json& value(double number);  // six decimals: rates, seconds; null where not finite
  Json& value(bool flag);
  Json& null();
  Json& decimal(std::int64_t e8);    // "12.5"
  Json& raw(std::string_view json);  // a finished JSON value made elsewhere

  template <class T>
  Json& field(std::string_view name, const T& v) {
    key(name);
    return value(v);
  }
  Json& decimal_field(std::string_view name, std::int64_t e8) {
    key(name);
    return decimal(e8);
  }

  std::string text() const;  // complete once the outermost object is closed

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// {"error": {"kind", "message", "hint", "exit_code"}}
std::string error_json(const Error& error, int exit_code);

}  // namespace reprise::tools
