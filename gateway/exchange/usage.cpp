#include "gateway/exchange/usage.h"
#include "engine/market/fixed.h"

#include <algorithm>

namespace reprise::gateway::exchange {

namespace {

constexpr std::int64_t kRefusalsBeforeBan = 20;
constexpr std::int64_t kFirstBan = 120 * kSecond;
constexpr std::int64_t kLongestBan = 3 * 86'400 * kSecond;

std::int64_t minute_of(UnixNanos now) {
  return now.ns / (60 * kSecond);
}
std::int64_t ten_seconds_of(UnixNanos now) {
  return now.ns / (10 * kSecond);
}

}  // namespace

void write_limit(JsonText& out, const char* kind, const char* interval, int intervals, std::int64_t limit,
                 std::optional<std::int64_t> used) {
  out.open().field("rateLimitType", kind).field("interval", interval).field("intervalNum", intervals);
  out.field("limit", limit);
  if (used) out.field("count", *used);
  out.close();
}

std::optional<ApiError> Usage::spend_weight(const std::string& address, std::int64_t weight, UnixNanos now) {
  Address& a = addresses_[address];
  const auto banned = [&] {
    return ApiError{-1003,
                    "Way too many requests; IP(" + address + ") banned until " +
                        std::to_string(a.banned_until.ns / 1'000'000) +
                        ". Please use the websocket for live updates to avoid bans.",
                    418};
  };
  if (a.banned_until > now) return banned();
  if (a.weight.number != minute_of(now)) a.refused = 0;
  a.weight.add(minute_of(now), weight);
  if (a.weight.used <= limits_.weight_per_minute) return std::nullopt;
  if (++a.refused > kRefusalsBeforeBan) {
    const std::int64_t length = std::min(kFirstBan << std::min<std::int64_t>(a.bans, 20), kLongestBan);
    ++a.bans;
    a.refused = 0;
    a.banned_until = {now.ns + length};
    return banned();
  }
  return ApiError{-1003,
                  "Too many requests; current limit of IP(" + address + ") is " +
                      std::to_string(limits_.weight_per_minute) +
                      " requests per minute. Please use the websocket for live updates to avoid polling the API.",
                  429};
}

std::optional<ApiError> Usage::spend_orders(std::uint32_t account, std::int64_t in_10s, std::int64_t in_minute,
                                            UnixNanos now) {
  Account& a = accounts_[account];
  const std::int64_t ten = a.ten_seconds.in(ten_seconds_of(now)) + in_10s;
  const std::int64_t minute = a.minute.in(minute_of(now)) + in_minute;
  if (ten > limits_.orders_per_10s || minute > limits_.orders_per_minute) {
    const bool is_ten = ten > limits_.orders_per_10s;
    return ApiError{-1015,
                    "Too many new orders; current limit is " +
                        std::to_string(is_ten ? limits_.orders_per_10s : limits_.orders_per_minute) + " orders per " +
                        (is_ten ? "10 SECOND." : "1 MINUTE."),
                    429};
  }
  a.ten_seconds.add(ten_seconds_of(now), in_10s);
  a.minute.add(minute_of(now), in_minute);
  return std::nullopt;
}

std::int64_t Usage::weight_used(const std::string& address, UnixNanos now) const {
  const auto found = addresses_.find(address);
  return found == addresses_.end() ? 0 : found->second.weight.in(minute_of(now));
}
std::int64_t Usage::orders_in_10s(std::uint32_t account, UnixNanos now) const {
  const auto found = accounts_.find(account);
  return found == accounts_.end() ? 0 : found->second.ten_seconds.in(ten_seconds_of(now));
}
std::int64_t Usage::orders_in_minute(std::uint32_t account, UnixNanos now) const {
  const auto found = accounts_.find(account);
  return found == accounts_.end() ? 0 : found->second.minute.in(minute_of(now));
}

}  // namespace reprise::gateway::exchange
