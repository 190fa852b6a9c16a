// When a request may go: the venue's limits, shared among the purposes of requests, and the pauses that it orders.
//
// The limiter knows no clock: `now` is venue time as we believe it (our clock plus the measured offset), with an error
// of at most Settings::clock_error. may() answers, on_sent() takes the budget, then exactly one of on_response() and
// on_no_answer(). Requests whose purpose is worth more may use more of each limit: what is left above the ceiling of
// new orders can always pay for queries, and what is left above that of queries for reducing and cancelling. A 429
// pauses what the answer names (requests, or new orders only) until the stated time, a 418 everything until the stated
// end. After several in a row the pauses grow, with jitter from a seeded stream. Not thread-safe; deterministic.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "gateway/binance/backoff.h"
#include "gateway/binance/rate_counter.h"
#include "gateway/binance/rate_limits.h"
#include "journal/record.capnp.h"

namespace reprise::gateway::binance {

enum class Purpose { cancel, reduce, query, order };  // the most urgent first
inline constexpr std::size_t kPurposes = 4;

struct RequestCost {
  std::int64_t weight = 1;
  std::int64_t orders_10s = 0;
  std::int64_t orders_1m = 0;
  std::int64_t funding = 0;     // 1: fundingRate, fundingInfo
  std::int64_t statistics = 0;  // 1: /futures/data
  bool operator==(const RequestCost&) const = default;
};

struct Admission {
  enum class Answer { go, later, never };  // never: it costs more than its purpose may use at all
  Answer answer = Answer::go;
  UnixNanos earliest;       // later: no use to ask before; the answer may be `later` again
  const char* reason = "";  // for people
  bool may_go() const { return answer == Answer::go; }
};

// A pause that an answer brought.
struct RatePause {
  UnixNanos until;
  bool is_ban = false;     // 418, or a 429 that says "banned"
  bool is_orders = false;  // only what counts as an order has to wait
  schema::AlertLevel alert = schema::AlertLevel::WARNING;
  const char* reason = "";
};

struct LimitUse {
  LimitRule rule;
  std::int64_t used = 0;  // at most
};

class RateLimiter {
 public:
  struct Settings {
    std::array<std::uint32_t, kPurposes> ceilings_permille = {1000, 980, 940, 900};  // by Purpose, of each limit
    DurationNanos clock_error = DurationNanos::millis(50);
    DurationNanos longest_flight = DurationNanos::seconds(60);  // a request without an end is over then
    DurationNanos late_arrival = DurationNanos::seconds(5);     // how long after its end a lost one can still arrive
    std::uint64_t seed = 0;
  };
  explicit RateLimiter(const Settings& settings);  // with default_limits()

  // New limits of the kinds listed; the others stay, and what is used stays counted.
  void learn_limits(const std::vector<LimitRule>& rules);
  void set_clock_error(DurationNanos error);

  Admission may(const RequestCost& cost, Purpose purpose, UnixNanos now) const;
  RateTicket on_sent(const RequestCost& cost, UnixNanos now);
  std::optional<RatePause> on_response(RateTicket ticket, const RateFeedback& feedback, UnixNanos now);
  void on_no_answer(RateTicket ticket, UnixNanos now);

  std::vector<LimitUse> uses(UnixNanos now) const;
  // All requests wait until then; nullopt: none has to.
  std::optional<UnixNanos> paused_until(UnixNanos now) const;

 private:
  struct Limit {
    LimitRule rule;
    RateCounter counter;
  };
  std::int64_t capacity(const Limit& limit, Purpose purpose) const;
  std::optional<RatePause> pause_for(const RateFeedback& feedback, UnixNanos sent, UnixNanos now);
  UnixNanos window_end(LimitKind kind, const RateFeedback& feedback, UnixNanos now) const;

  Settings settings_;
  std::vector<Limit> limits_;
  std::map<RateTicket, UnixNanos> open_;  // sent at
  RateTicket last_ticket_ = 0;
  UnixNanos all_wait_until_;
  UnixNanos orders_wait_until_;
  bool is_banned_ = false;
  std::uint32_t refusals_ = 0;  // 429 in a row, each asked for after the pause of the one before
  std::uint32_t bans_ = 0;
  Backoff backoff_;
};

}  // namespace reprise::gateway::binance
