#include "gateway/binance/rate_limits.h"

#include <algorithm>
#include <string>

#include "engine/market/fixed.h"
#include "gateway/binance/json_text.h"
#include "gateway/binance/text_encoding.h"

namespace reprise::gateway::binance {
namespace {

constexpr std::int64_t kLongestInterval = 7 * 86'400 * kSecond;
constexpr std::int64_t kLongestRetryAfter = 7 * 86'400;

std::optional<DurationNanos> interval_of(char unit, std::int64_t number) {
  const std::int64_t seconds = unit == 's' ? 1 : unit == 'm' ? 60 : unit == 'h' ? 3'600 : unit == 'd' ? 86'400 : 0;
  if (seconds == 0 || number <= 0 || number > kLongestInterval / kSecond / seconds) return std::nullopt;
  return DurationNanos::seconds(seconds * number);
}

// "1m", "10s"
std::optional<DurationNanos> interval_of(std::string_view text) {
  std::int64_t number = 0;
  if (text.size() < 2 || !json::integer_of(text.substr(0, text.size() - 1), number)) return std::nullopt;
  return interval_of(text.back(), number);
}

}  // namespace

const char* name_of(LimitKind kind) {
  switch (kind) {
    case LimitKind::request_weight: return "REQUEST_WEIGHT";
    case LimitKind::orders: return "ORDERS";
    case LimitKind::raw_requests: return "RAW_REQUESTS";
    case LimitKind::funding: return "FUNDING";
    case LimitKind::statistics: return "STATISTICS";
  }
  return "?";
}

std::vector<LimitRule> default_limits() {
  return {{LimitKind::request_weight, DurationNanos::seconds(60), 2400},
          {LimitKind::orders, DurationNanos::seconds(10), 300},
          {LimitKind::orders, DurationNanos::seconds(60), 1200},
          {LimitKind::funding, DurationNanos::seconds(300), 500},
          {LimitKind::statistics, DurationNanos::seconds(300), 1000}};
}

Result<std::vector<LimitRule>> limits_of_exchange_info(std::string_view text) {
  json::Document document;
  document.Parse<json::kParseFlags>(text.data(), text.size());
  if (document.HasParseError()) return corrupt_error("exchangeInfo is not JSON");
  const json::Value* const list = json::member(document, "rateLimits");
  if (list == nullptr || !list->IsArray()) return corrupt_error("exchangeInfo has no rateLimits");
  std::vector<LimitRule> rules;
  for (const json::Value& entry : list->GetArray()) {
    LimitRule rule;
    const std::string_view type = json::text(entry, "rateLimitType");
    const std::string_view unit = json::text(entry, "interval");
    if (type == "REQUEST_WEIGHT") {
      rule.kind = LimitKind::request_weight;
    } else if (type == "ORDERS") {
      rule.kind = LimitKind::orders;
    } else if (type == "RAW_REQUESTS") {
      rule.kind = LimitKind::raw_requests;
    } else {
      return corrupt_error("exchangeInfo: unknown rate limit '" + std::string(type) + "'");
    }
    std::int64_t number = 0;
    std::optional<DurationNanos> interval;
    if (json::integer(entry, "intervalNum", number) &&
        (unit == "SECOND" || unit == "MINUTE" || unit == "HOUR" || unit == "DAY")) {
      interval = interval_of(lower_text(unit).front(), number);
    }
    if (!interval || !json::integer(entry, "limit", rule.limit) || rule.limit <= 0) {
      return corrupt_error("exchangeInfo: a rate limit of " + std::string(type) + " is malformed");
    }
    rule.interval = *interval;
    rules.push_back(rule);
  }
  if (rules.empty()) return corrupt_error("exchangeInfo lists no rate limits");
  return rules;
}

void read_header(RateFeedback& feedback, std::string_view name, std::string_view value) {
  constexpr std::string_view kWeight = "x-mbx-used-weight-";
  constexpr std::string_view kOrders = "x-mbx-order-count-";
  const std::string lowered = lower_text(name);
  std::int64_t number = 0;
  if (!json::integer_of(value, number) || number < 0) return;
  if (lowered == "retry-after") {
    if (number <= kLongestRetryAfter) feedback.retry_after = DurationNanos::seconds(number);
    return;
  }
  const bool is_weight = lowered.starts_with(kWeight);
  if (!is_weight && !lowered.starts_with(kOrders)) return;
  const auto interval = interval_of(std::string_view(lowered).substr(is_weight ? kWeight.size() : kOrders.size()));
  if (interval) feedback.used.push_back({is_weight ? LimitKind::request_weight : LimitKind::orders, *interval, number});
}

std::optional<UnixNanos> banned_until(std::string_view message) {
  constexpr std::string_view kWords = "banned until ";
  const std::size_t at = message.find(kWords);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view rest = message.substr(at + kWords.size());
  const std::size_t digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
  std::int64_t millis = 0;
  if (digits > 15 || !json::integer_of(rest.substr(0, digits), millis)) return std::nullopt;
  return UnixNanos{millis * 1'000'000};
}

}  // namespace reprise::gateway::binance
