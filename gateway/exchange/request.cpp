#include "gateway/exchange/request.h"

#include "gateway/exchange/json_text.h"

namespace reprise::gateway::exchange {

Answer answer_of(const ApiError& error) {
  JsonText json;
  json.open().field("code", error.code).field("msg", error.text).close();
  return {error.status, json.str(), {}};
}

ApiError missing_parameter(std::string_view name) {
  return {-1102, "Mandatory parameter '" + std::string(name) + "' was not sent, was empty/null, or malformed."};
}
ApiError malformed_parameter(std::string_view name) {
  return {-1130, "Data sent for parameter '" + std::string(name) + "' is not valid."};
}
ApiError unwanted_parameter(std::string_view name) {
  return {-1106, "Parameter '" + std::string(name) + "' sent when not required."};
}

Asked<Params> Params::parse(std::string_view query, std::string_view body) {
  auto values = binance::Parameters::parse(query, body);
  if (!values) return ApiError{-1101, "Illegal or repeated parameters: " + values.error().message};
  return Params(std::move(values).value());
}

Asked<std::string> Params::text(std::string_view name) const {
  const auto value = get(name);
  if (!value) return missing_parameter(name);
  return std::string(*value);
}

Asked<std::int64_t> Params::integer(std::string_view name) const {
  if (!has(name)) return missing_parameter(name);
  const auto value = values_.integer(name);
  if (!value) return malformed_parameter(name);
  return *value;
}

Asked<std::int64_t> Params::integer_or(std::string_view name, std::int64_t otherwise) const {
  return has(name) ? integer(name) : Asked<std::int64_t>(otherwise);
}

Asked<std::int64_t> Params::decimal(std::string_view name) const {
  if (!has(name)) return missing_parameter(name);
  const auto value = values_.decimal_e8(name);
  if (!value) return ApiError{-1111, "Precision is over the maximum defined for this asset."};
  return *value;
}

Asked<std::int64_t> Params::decimal_or(std::string_view name, std::int64_t otherwise) const {
  return has(name) ? decimal(name) : Asked<std::int64_t>(otherwise);
}

Asked<bool> Params::flag_or(std::string_view name, bool otherwise) const {
  if (!has(name)) return otherwise;
  const auto value = values_.flag(name);
  if (!value) return malformed_parameter(name);
  return *value;
}

}  // namespace reprise::gateway::exchange
