// What the venue says about rate limits, read: the rules of exchangeInfo, the counts in headers, the end of a ban in a
// text. Pure functions; what is malformed is left out (headers) or an Error (exchangeInfo).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/market/fixed.h"
#include "journal/result.h"

namespace reprise::gateway::binance {

enum class LimitKind {
  request_weight,  // by IP address, in windows of the venue's wall clock
  orders,          // by account, in windows of the venue's wall clock
  raw_requests,    // requests whatever their weight
  funding,         // fundingRate and fundingInfo together, by IP; no header tells the count
  statistics       // /futures/data, by IP; no header tells the count
};
const char* name_of(LimitKind kind);

struct LimitRule {
  LimitKind kind = LimitKind::request_weight;
  DurationNanos interval;
  std::int64_t limit = 0;
  bool operator==(const LimitRule&) const = default;
};

// Production as of 2026, for the time before exchangeInfo: 2400 a minute, 300 orders in 10 s, 1200 a minute; and the
// two limits that no exchangeInfo lists.
std::vector<LimitRule> default_limits();
// The "rateLimits" of an exchangeInfo answer; kinds and intervals that are unknown here are an Error: a limit that is
// not kept is worse than none read.
Result<std::vector<LimitRule>> limits_of_exchange_info(std::string_view json);

struct UsedCount {
  LimitKind kind = LimitKind::request_weight;
  DurationNanos interval;
  std::int64_t count = 0;
};

// What one answer says about limits.
struct RateFeedback {
  int http_status = 200;
  std::optional<std::int32_t> code;
  std::vector<UsedCount> used;
  std::optional<DurationNanos> retry_after;
  std::optional<UnixNanos> banned_until;  // venue time
};
// X-MBX-USED-WEIGHT-1M, X-MBX-ORDER-COUNT-10S and the like, Retry-After; in any case of letters. -1 and what is no
// number is left out.
void read_header(RateFeedback& feedback, std::string_view name, std::string_view value);
// "... IP(1.2.3.4) banned until 1790000000000. ...": milliseconds.
std::optional<UnixNanos> banned_until(std::string_view message);

}  // namespace reprise::gateway::binance
