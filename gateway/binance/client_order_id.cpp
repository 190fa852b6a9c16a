#include "gateway/binance/client_order_id.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "journal/assert.h"

namespace reprise::gateway::binance {
namespace {

constexpr std::string_view kPrefix = "rp";
constexpr std::size_t kTagDigits = 13;  // 36^13 > 2^64
constexpr std::size_t kMaxLength = 36;

std::string base36(std::uint64_t number) {
  std::string digits;
  do {
    digits.push_back("0123456789abcdefghijklmnopqrstuvwxyz"[number % 36]);
    number /= 36;
  } while (number != 0);
  std::reverse(digits.begin(), digits.end());
  return digits;
}

std::optional<std::uint64_t> base36_value(std::string_view digits) {
  if (digits.empty() || digits.size() > kTagDigits) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : digits) {
    unsigned digit = 0;
    if (c >= '0' && c <= '9') {
      digit = static_cast<unsigned>(c - '0');
    } else if (c >= 'a' && c <= 'z') {
      digit = static_cast<unsigned>(c - 'a') + 10;
    } else {
      return std::nullopt;
    }
    if (__builtin_mul_overflow(value, std::uint64_t{36}, &value)) return std::nullopt;
    if (__builtin_add_overflow(value, std::uint64_t{digit}, &value)) return std::nullopt;
  }
  return value;
}

}  // namespace

bool is_valid_client_id(std::string_view id) {
  const auto is_allowed = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == ':' ||
           c == '/' || c == '_' || c == '-';
  };
  return !id.empty() && id.size() <= kMaxLength && std::all_of(id.begin(), id.end(), is_allowed);
}

std::string client_order_id(std::uint64_t run_tag, std::uint64_t seq) {
  REPRISE_ASSERT(seq != 0, "an order has a seq");
  const std::string tag = base36(run_tag);
  std::string id(kPrefix);
  id.append(kTagDigits - tag.size(), '0').append(tag).append("-").append(base36(seq));
  REPRISE_ASSERT(is_valid_client_id(id), id);
  return id;
}

const char* name_of(IdOwner owner) {
  switch (owner) {
    case IdOwner::this_run: return "this_run";
    case IdOwner::other_run: return "other_run";
    case IdOwner::liquidation: return "liquidation";
    case IdOwner::settlement: return "settlement";
    case IdOwner::person: return "person";
    case IdOwner::broker: return "broker";
    case IdOwner::foreign: return "foreign";
  }
  return "?";
}

ClientId recognise(std::string_view id, std::uint64_t this_run_tag) {
  const std::size_t dash = kPrefix.size() + kTagDigits;
  if (id.starts_with(kPrefix) && id.size() > dash + 1 && id[dash] == '-' && id[dash + 1] != '0') {
    const auto tag = base36_value(id.substr(kPrefix.size(), kTagDigits));
    const auto seq = base36_value(id.substr(dash + 1));
    if (tag && seq) return {*tag == this_run_tag ? IdOwner::this_run : IdOwner::other_run, *tag, *seq};
  }
  constexpr std::pair<std::string_view, IdOwner> kPrefixes[] = {{"autoclose-", IdOwner::liquidation},
                                                                {"adl_autoclose", IdOwner::liquidation},
                                                                {"settlement_autoclose-", IdOwner::settlement},
                                                                {"delivery_autoclose-", IdOwner::settlement},
                                                                {"web_", IdOwner::person},
                                                                {"ios_", IdOwner::person},
                                                                {"android_", IdOwner::person},
                                                                {"electron_", IdOwner::person},
                                                                {"x-", IdOwner::broker}};
  for (const auto& [prefix, owner] : kPrefixes) {
    if (id.starts_with(prefix)) return {owner, 0, 0};
  }
  return {};
}

}  // namespace reprise::gateway::binance
