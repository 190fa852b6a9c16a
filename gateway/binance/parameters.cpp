#include "gateway/binance/parameters.h"

#include <algorithm>

#include "engine/market/fixed.h"
#include "gateway/binance/text_encoding.h"

namespace reprise::gateway::binance {
namespace {

// Calls visit(text of one "name=value") for each part between '&'; empty parts ("a=1&&b=2") are nothing.
template <class Visit>
Status for_each_part(std::string_view text, Visit visit) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view part = text.substr(0, end);
    if (!part.empty()) {
      if (Status status = visit(part); !status) return status;
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return ok_status();
}

std::string_view name_of(std::string_view part) {
  return part.substr(0, part.find('='));
}

std::string_view value_of(std::string_view part) {
  const std::size_t equals = part.find('=');
  return equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1);
}

Result<Parameters::Pair> decoded(std::string_view part) {
  const auto name = percent_decoded(name_of(part));
  if (!name || name->empty() || !is_utf8(*name)) return usage_error("a parameter's name is malformed");
  auto value = percent_decoded(value_of(part));
  if (!value || !is_utf8(*value)) return usage_error("the value of parameter '" + *name + "' is malformed");
  return Parameters::Pair(*name, std::move(*value));
}

}  // namespace

Result<Parameters> Parameters::parse(std::string_view query, std::string_view body) {
  if (query.size() + body.size() > kMaxBytes) return usage_error("the parameters are too long");
  Parameters all;
  std::size_t first_of_body = 0;
  const auto take = [&all, &first_of_body](std::string_view part) -> Status {
    auto pair = decoded(part);
    if (!pair) return pair.error();
    const auto same = [&pair](const Pair& other) { return other.first == pair->first; };
    const auto body_begin = all.pairs_.begin() + static_cast<std::ptrdiff_t>(first_of_body);
    if (std::any_of(body_begin, all.pairs_.end(), same)) {
      return usage_error("parameter '" + pair->first + "' was sent twice");
    }
    if (std::any_of(all.pairs_.begin(), body_begin, same)) return ok_status();
    if (all.pairs_.size() == kMaxCount) return usage_error("too many parameters");
    all.pairs_.push_back(std::move(*pair));
    return ok_status();
  };
  if (Status status = for_each_part(query, take); !status) return status.error();
  first_of_body = all.pairs_.size();
  if (Status status = for_each_part(body, take); !status) return status.error();
  return all;
}

const std::string* Parameters::find(std::string_view name) const {
  for (const Pair& pair : pairs_) {
    if (pair.first == name) return pair.second.empty() ? nullptr : &pair.second;
  }
  return nullptr;
}

std::optional<std::string_view> Parameters::text(std::string_view name) const {
  const std::string* value = find(name);
  return value == nullptr ? std::nullopt : std::optional<std::string_view>(*value);
}

std::optional<std::int64_t> Parameters::integer(std::string_view name) const {
  const std::string* value = find(name);
  if (value == nullptr) return std::nullopt;
  std::string_view digits = *value;
  const bool is_negative = digits.front() == '-';
  if (is_negative) digits.remove_prefix(1);
  if (digits.empty()) return std::nullopt;
  std::int64_t number = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    if (__builtin_mul_overflow(number, std::int64_t{10}, &number)) return std::nullopt;
    if (__builtin_sub_overflow(number, std::int64_t{c - '0'}, &number)) return std::nullopt;
  }
  if (!is_negative && __builtin_sub_overflow(std::int64_t{0}, number, &number)) return std::nullopt;
  return number;
}

std::optional<std::int64_t> Parameters::decimal_e8(std::string_view name) const {
  const std::string* value = find(name);
  std::int64_t e8 = 0;
  if (value == nullptr || !parse_decimal(*value, e8)) return std::nullopt;
  return e8;
}

std::optional<bool> Parameters::flag(std::string_view name) const {
  const std::string* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (*value == "true" || *value == "TRUE" || *value == "True") return true;
  if (*value == "false" || *value == "FALSE" || *value == "False") return false;
  return std::nullopt;
}

std::string Parameters::query_text() const {
  std::string text;
  for (const Pair& pair : pairs_) {
    if (!text.empty()) text.push_back('&');
    append_percent_encoded(text, pair.first);
    text.push_back('=');
    append_percent_encoded(text, pair.second);
  }
  return text;
}

std::string rest_payload(std::string_view query, std::string_view body) {
  std::string payload;
  payload.reserve(query.size() + body.size());
  payload.append(query).append(body);
  return payload;
}

std::string ws_payload(const Parameters& parameters) {
  std::vector<const Parameters::Pair*> sorted;
  for (const Parameters::Pair& pair : parameters.pairs()) {
    if (pair.first != "signature") sorted.push_back(&pair);
  }
  std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
  std::string payload;
  for (const Parameters::Pair* pair : sorted) {
    if (!payload.empty()) payload.push_back('&');
    payload.append(pair->first).append("=").append(pair->second);
  }
  return payload;
}

Result<SignedText> split_signature(std::string_view query, std::string_view body) {
  SignedText result;
  std::optional<std::string_view> raw_signature;
  for (const std::string_view text : {query, body}) {
    // The one signature, with one of the '&' beside it, is cut out; every other byte stays as it came.
    std::size_t begin = 0;
    std::string rest(text);
    while (begin <= text.size()) {
      const std::size_t end = std::min(text.find('&', begin), text.size());
      const std::string_view part = text.substr(begin, end - begin);
      if (name_of(part) == "signature") {
        if (raw_signature) return usage_error("parameter 'signature' was sent twice");
        raw_signature = value_of(part);
        const bool is_first = begin == 0;
        const std::size_t cut = is_first ? 0 : begin - 1;
        const std::size_t behind = is_first ? std::min(end + 1, text.size()) : end;
        rest = std::string(text.substr(0, cut)).append(text.substr(behind));
      }
      begin = end + 1;
    }
    result.payload += rest;
  }
  if (!raw_signature || raw_signature->empty()) return usage_error("parameter 'signature' was not sent");
  auto signature = percent_decoded(*raw_signature, PlusSign::is_plus);
  if (!signature) return usage_error("the value of parameter 'signature' is malformed");
  result.signature = std::move(*signature);
  return result;
}

}  // namespace reprise::gateway::binance
