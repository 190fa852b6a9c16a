// A request of a client and the answer to it, as values: what REST and the WebSocket API have in common.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/market/fixed.h"
#include "gateway/binance/parameters.h"

namespace reprise::gateway::exchange {

struct HttpRequest {
  std::string method;  // GET, POST, PUT, DELETE
  std::string path;    // "/fapi/v1/order"
  std::string query;   // raw, without '?'
  std::string body;    // raw
  std::string api_key;
  std::string peer;  // address that weight is counted for
};

struct Answer {
  int status = 200;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  bool is_error() const { return status >= 400; }
};

// What a client did wrong, in the venue's words.
struct ApiError {
  int code = 0;
  std::string text;
  int status = 400;
};
Answer answer_of(const ApiError& error);

// A value or the venue's refusal.
template <class T>
class Asked {
 public:
  Asked(T value) : value_(std::move(value)) {}         // NOLINT(google-explicit-constructor)
  Asked(ApiError error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor)
  explicit operator bool() const { return value_.has_value(); }
  T& operator*() { return *value_; }
  T* operator->() { return &*value_; }
  const ApiError& error() const { return error_; }

 private:
  std::optional<T> value_;
  ApiError error_;
};

ApiError missing_parameter(std::string_view name);    // -1102
ApiError malformed_parameter(std::string_view name);  // -1130
ApiError unwanted_parameter(std::string_view name);   // -1106

// Parameters by name, with the venue's refusals.
class Params {
 public:
  explicit Params(binance::Parameters values) : values_(std::move(values)) {}
  static Asked<Params> parse(std::string_view query, std::string_view body);

  std::optional<std::string_view> get(std::string_view name) const { return values_.text(name); }
  bool has(std::string_view name) const { return values_.has(name); }
  const binance::Parameters& all() const { return values_; }

  Asked<std::string> text(std::string_view name) const;  // mandatory
  Asked<std::int64_t> integer(std::string_view name) const;
  Asked<std::int64_t> integer_or(std::string_view name, std::int64_t otherwise) const;
  Asked<std::int64_t> decimal(std::string_view name) const;  // e8, mandatory
  Asked<std::int64_t> decimal_or(std::string_view name, std::int64_t otherwise) const;
  Asked<bool> flag_or(std::string_view name, bool otherwise) const;

 private:
  binance::Parameters values_;
};

}  // namespace reprise::gateway::exchange
