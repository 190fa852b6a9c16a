// How much a client has asked for, counted as the venue counts: request weight by address and minute of the wall clock,
// orders by account in 10 seconds and in a minute; too much is 429, going on after that a ban (418) that grows.
//
// Deterministic; times are given.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "gateway/exchange/json_text.h"
#include "gateway/exchange/request.h"

namespace reprise::gateway::exchange {

struct UsageLimits {
  std::int64_t weight_per_minute = 2400;
  std::int64_t orders_per_10s = 300;
  std::int64_t orders_per_minute = 1200;
};

// One limit as exchangeInfo and the WebSocket API's answers show it; `used` only there.
void write_limit(JsonText& out, const char* kind, const char* interval, int intervals, std::int64_t limit,
                 std::optional<std::int64_t> used = {});

class Usage {
 public:
  explicit Usage(UsageLimits limits = {}) : limits_(limits) {}
  const UsageLimits& limits() const { return limits_; }

  // Counts it, or says why not.
  std::optional<ApiError> spend_weight(const std::string& address, std::int64_t weight, UnixNanos now);
  std::optional<ApiError> spend_orders(std::uint32_t account, std::int64_t in_10s, std::int64_t in_minute,
                                       UnixNanos now);

  std::int64_t weight_used(const std::string& address, UnixNanos now) const;
  std::int64_t orders_in_10s(std::uint32_t account, UnixNanos now) const;
  std::int64_t orders_in_minute(std::uint32_t account, UnixNanos now) const;

 private:
  struct Window {
    std::int64_t number = 0;  // which period of the wall clock
    std::int64_t used = 0;
    std::int64_t in(std::int64_t period) const { return period == number ? used : 0; }
    void add(std::int64_t period, std::int64_t amount) {
      used = in(period) + amount;
      number = period;
    }
  };
  struct Address {
    Window weight;
    std::int64_t refused = 0;  // in this minute
    std::int64_t bans = 0;
    UnixNanos banned_until;
  };
  struct Account {
    Window ten_seconds;
    Window minute;
  };

  UsageLimits limits_;
  std::map<std::string, Address> addresses_;
  std::map<std::uint32_t, Account> accounts_;
};

}  // namespace reprise::gateway::exchange
