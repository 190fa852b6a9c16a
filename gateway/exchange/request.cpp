#include "gateway/exchange/request.h"

#include "gateway/binance/json_text.h"
#include "gateway/exchange/json_text.h"

namespace reprise::gateway::exchange {

namespace {

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool percent_decode(std::string_view raw, std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] == '+') {
      out += ' ';
    } else if (raw[i] == '%') {
      if (i + 2 >= raw.size() || hex(raw[i + 1]) < 0 || hex(raw[i + 2]) < 0) return false;
      out += static_cast<char>(hex(raw[i + 1]) * 16 + hex(raw[i + 2]));
      i += 2;
    } else {
      out += raw[i];
    }
  }
  return true;
}

template <class F>
void for_each_pair(std::string_view text, F&& f) {
  while (!text.empty()) {
    const std::size_t end = text.find('&');
    const std::string_view pair = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    const std::size_t equals = pair.find('=');
    if (!pair.empty()) f(pair.substr(0, equals), equals == std::string_view::npos ? "" : pair.substr(equals + 1));
  }
}

constexpr std::string_view kSignature = "signature=";

// Cuts the signature out of one part; false: none there.
bool cut_signature(std::string_view part, std::string& rest, std::string& signature) {
  std::size_t at = 0;
  while (true) {
    at = part.find(kSignature, at);
    if (at == std::string_view::npos) return false;
    if (at == 0 || part[at - 1] == '&') break;
    ++at;
  }
  const std::size_t end = part.find('&', at);
  const std::string_view value = part.substr(at + kSignature.size(), end == std::string_view::npos ? end : end - at - kSignature.size());
  percent_decode(value, signature);
  // A '+' of an unencoded base64 text is not a blank.
  for (char& c : signature) c = c == ' ' ? '+' : c;
  rest = part.substr(0, at == 0 ? 0 : at - 1);
  if (end != std::string_view::npos) rest += at == 0 ? part.substr(end + 1) : part.substr(end);
  return true;
}

}  // namespace

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
  std::map<std::string, std::string, std::less<>> values;
  bool fine = true;
  const auto add = [&](std::string_view raw_name, std::string_view raw_value) {
    std::string name;
    std::string value;
    fine = percent_decode(raw_name, name) && percent_decode(raw_value, value) && fine;
    values.emplace(std::move(name), std::move(value));  // the first counts
  };
  for_each_pair(query, add);
  for_each_pair(body, add);
  if (!fine) return ApiError{-1100, "Illegal characters found in a parameter."};
  return Params(std::move(values));
}

std::optional<std::string_view> Params::get(std::string_view name) const {
  const auto found = values_.find(name);
  if (found == values_.end() || found->second.empty()) return std::nullopt;
  return found->second;
}

Asked<std::string> Params::text(std::string_view name) const {
  const auto value = get(name);
  if (!value) return missing_parameter(name);
  return std::string(*value);
}

Asked<std::int64_t> Params::integer(std::string_view name) const {
  const auto value = get(name);
  if (!value) return missing_parameter(name);
  std::int64_t number = 0;
  if (!json::integer_of(*value, number)) return malformed_parameter(name);
  return number;
}

Asked<std::int64_t> Params::integer_or(std::string_view name, std::int64_t otherwise) const {
  return has(name) ? integer(name) : Asked<std::int64_t>(otherwise);
}

Asked<std::int64_t> Params::decimal(std::string_view name) const {
  const auto value = get(name);
  if (!value) return missing_parameter(name);
  std::int64_t e8 = 0;
  if (!parse_decimal(*value, e8)) return ApiError{-1111, "Precision is over the maximum defined for this asset."};
  return e8;
}

Asked<std::int64_t> Params::decimal_or(std::string_view name, std::int64_t otherwise) const {
  return has(name) ? decimal(name) : Asked<std::int64_t>(otherwise);
}

Asked<bool> Params::flag_or(std::string_view name, bool otherwise) const {
  const auto value = get(name);
  if (!value) return otherwise;
  if (*value == "true" || *value == "TRUE" || *value == "True") return true;
  if (*value == "false" || *value == "FALSE" || *value == "False") return false;
  return malformed_parameter(name);
}

SignedText signed_text(std::string_view query, std::string_view body) {
  SignedText out;
  std::string rest;
  if (cut_signature(body, rest, out.signature)) {
    out.payload = std::string(query) + rest;
  } else if (cut_signature(query, rest, out.signature)) {
    out.payload = rest + std::string(body);
  } else {
    out.payload = std::string(query) + std::string(body);
  }
  return out;
}

}  // namespace reprise::gateway::exchange
