#include "gateway/binance/rate_limiter.h"

#include <algorithm>

#include "journal/assert.h"

namespace reprise::gateway::binance {
namespace {

constexpr std::int32_t kTooManyRequests = -1003;
constexpr std::int32_t kTooManyOrders = -1015;
constexpr DurationNanos kMinute = DurationNanos::seconds(60);
constexpr DurationNanos kShortestBan = DurationNanos::seconds(120);
constexpr DurationNanos kLongestBan = DurationNanos::seconds(3 * 86'400);
constexpr std::uint64_t kRandomComponent = 0x7261'7465;

RateCounter::Windows windows_of(LimitKind kind) {
  const bool is_told = kind != LimitKind::funding && kind != LimitKind::statistics;
  return is_told ? RateCounter::Windows::aligned : RateCounter::Windows::sliding;
}

std::int64_t amount_of(const RequestCost& cost, const LimitRule& rule) {
  switch (rule.kind) {
    case LimitKind::request_weight: return cost.weight;
    case LimitKind::orders: return rule.interval < kMinute ? cost.orders_10s : cost.orders_1m;
    case LimitKind::raw_requests: return 1;
    case LimitKind::funding: return cost.funding;
    case LimitKind::statistics: return cost.statistics;
  }
  return 1;
}

}  // namespace

RateLimiter::RateLimiter(const Settings& settings)
    : settings_(settings),
      backoff_(DurationNanos::seconds(1), DurationNanos::seconds(600), settings.seed, kRandomComponent) {
  for (std::size_t i = 0; i < kPurposes; ++i) {
    REPRISE_ASSERT(settings.ceilings_permille[i] <= 1000, "a ceiling above the limit");
    REPRISE_ASSERT(i == 0 || settings.ceilings_permille[i] <= settings.ceilings_permille[i - 1],
                   "the less urgent may use no more");
  }
  learn_limits(default_limits());
}

void RateLimiter::learn_limits(const std::vector<LimitRule>& rules) {
  // A kind that is listed is listed whole: what it does not name any more is no limit any more.
  std::erase_if(limits_, [&](const Limit& limit) {
    const auto same_kind = [&](const LimitRule& rule) { return rule.kind == limit.rule.kind; };
    const auto same = [&](const LimitRule& rule) { return same_kind(rule) && rule.interval == limit.rule.interval; };
    return std::any_of(rules.begin(), rules.end(), same_kind) && std::none_of(rules.begin(), rules.end(), same);
  });
  for (const LimitRule& rule : rules) {
    const auto known = std::find_if(limits_.begin(), limits_.end(), [&](const Limit& limit) {
      return limit.rule.kind == rule.kind && limit.rule.interval == rule.interval;
    });
    if (known != limits_.end()) {
      known->rule.limit = rule.limit;
      continue;
    }
    limits_.push_back({rule, RateCounter(rule.interval, windows_of(rule.kind))});
    limits_.back().counter.set_clock_error(settings_.clock_error);
  }
}

void RateLimiter::set_clock_error(DurationNanos error) {
  settings_.clock_error = error;
  for (Limit& limit : limits_) limit.counter.set_clock_error(error);
}

std::int64_t RateLimiter::capacity(const Limit& limit, Purpose purpose) const {
  const auto permille = settings_.ceilings_permille[static_cast<std::size_t>(purpose)];
  return mul_div(limit.rule.limit, permille, 1000, Rounding::floor);
}

Admission RateLimiter::may(const RequestCost& cost, Purpose purpose, UnixNanos now) const {
  Admission admission{Admission::Answer::go, now, ""};
  const auto wait = [&](UnixNanos until, const char* reason) {
    if (until <= admission.earliest) return;
    admission = {Admission::Answer::later, until, reason};
  };
  for (const Limit& limit : limits_) {
    const std::int64_t amount = amount_of(cost, limit.rule);
    if (amount == 0) continue;
    const std::int64_t most = capacity(limit, purpose);
    if (amount > most) return {Admission::Answer::never, now, "it costs more than its purpose may use"};
    wait(limit.counter.earliest(amount, most, now), name_of(limit.rule.kind));
  }
  wait(all_wait_until_, is_banned_ ? "banned by the venue" : "the venue ordered a pause");
  if (cost.orders_10s > 0 || cost.orders_1m > 0) wait(orders_wait_until_, "the venue ordered a pause for orders");
  return admission;
}

RateTicket RateLimiter::on_sent(const RequestCost& cost, UnixNanos now) {
  const RateTicket ticket = ++last_ticket_;
  open_.emplace(ticket, now);
  for (Limit& limit : limits_) {
    limit.counter.add(ticket, amount_of(cost, limit.rule), now, now + settings_.longest_flight);
  }
  return ticket;
}

std::optional<RatePause> RateLimiter::on_response(RateTicket ticket, const RateFeedback& feedback, UnixNanos now) {
  const auto open = open_.find(ticket);
  REPRISE_ASSERT(open != open_.end(), "an answer to a request that is not open");
  const UnixNanos sent = open->second;
  open_.erase(open);
  for (Limit& limit : limits_) {
    limit.counter.finish(ticket, now);
    for (const UsedCount& used : feedback.used) {
      if (used.kind == limit.rule.kind && used.interval == limit.rule.interval) {
        limit.counter.learn(ticket, sent, now, used.count);
      }
    }
  }
  return pause_for(feedback, sent, now);
}

void RateLimiter::on_no_answer(RateTicket ticket, UnixNanos now) {
  const auto open = open_.find(ticket);
  REPRISE_ASSERT(open != open_.end(), "the end of a request that is not open");
  open_.erase(open);
  for (Limit& limit : limits_) limit.counter.finish(ticket, now + settings_.late_arrival);
}

// The end of the window that is full: the one whose count the answer names, else the shortest that could be meant the
// first time and the longest from then on.
UnixNanos RateLimiter::window_end(LimitKind kind, const RateFeedback& feedback, UnixNanos now) const {
  std::optional<DurationNanos> full;
  std::optional<DurationNanos> shortest;
  std::optional<DurationNanos> longest;
  for (const Limit& limit : limits_) {
    if (limit.rule.kind != kind) continue;
    if (!shortest || limit.rule.interval < *shortest) shortest = limit.rule.interval;
    if (!longest || limit.rule.interval > *longest) longest = limit.rule.interval;
    for (const UsedCount& used : feedback.used) {
      const bool is_this = used.kind == kind && used.interval == limit.rule.interval;
      if (is_this && used.count >= limit.rule.limit && (!full || limit.rule.interval > *full)) full = used.interval;
    }
  }
  const DurationNanos interval = full ? *full : (refusals_ <= 1 ? shortest : longest).value_or(kMinute);
  return {(now.ns / interval.ns + 1) * interval.ns};
}

std::optional<RatePause> RateLimiter::pause_for(const RateFeedback& feedback, UnixNanos sent, UnixNanos now) {
  const bool is_refusal =
      feedback.http_status == 429 || feedback.code == kTooManyRequests || feedback.code == kTooManyOrders;
  const bool is_ban = feedback.http_status == 418 || (is_refusal && feedback.banned_until.has_value());
  const bool is_firewall = feedback.http_status == 403;
  const bool is_orders = feedback.code == kTooManyOrders && !is_ban;
  const UnixNanos previous_end = std::max(all_wait_until_, orders_wait_until_);
  // Answers to what was already under way when a pause began say nothing about how it was kept.
  const bool is_news = sent >= previous_end;
  if (!is_refusal && !is_ban && !is_firewall) {
    if (is_news && feedback.http_status >= 200 && feedback.http_status < 300) {
      refusals_ = 0;
      backoff_.reset();
    }
    return std::nullopt;
  }
  RatePause pause;
  pause.is_ban = is_ban;
  pause.is_orders = is_orders;
  if (is_news && is_ban) ++bans_;
  if (is_news && !is_ban) ++refusals_;
  if (feedback.banned_until) {
    pause.until = *feedback.banned_until;
  } else if (feedback.retry_after) {
    pause.until = now + *feedback.retry_after;
  } else if (is_ban) {
    DurationNanos length = kShortestBan;
    for (std::uint32_t i = 1; i < bans_ && length < kLongestBan; ++i) length.ns *= 2;
    pause.until = now + std::min(length, kLongestBan);
  } else {
    pause.until = window_end(is_orders ? LimitKind::orders : LimitKind::request_weight, feedback, now);
  }
  pause.until = std::max(pause.until, now) + settings_.clock_error;
  // A first refusal waits for what the venue says and no longer; from the second in a row on it was not enough.
  if (is_news && refusals_ > 1) pause.until = pause.until + backoff_.next();
  if (is_ban) {
    pause.reason = "banned by the venue";
  } else if (is_firewall) {
    pause.reason = "refused by the venue's firewall";
  } else {
    pause.reason = is_orders ? "too many orders" : "too many requests";
  }
  pause.alert = is_ban || is_firewall || refusals_ > 1 ? schema::AlertLevel::CRITICAL : schema::AlertLevel::WARNING;
  UnixNanos& wait_until = is_orders ? orders_wait_until_ : all_wait_until_;
  if (!is_orders) {
    if (pause.until >= all_wait_until_ || all_wait_until_ <= now) is_banned_ = is_ban;
  }
  wait_until = std::max(wait_until, pause.until);
  pause.until = wait_until;
  return pause;
}

std::vector<LimitUse> RateLimiter::uses(UnixNanos now) const {
  std::vector<LimitUse> result;
  for (const Limit& limit : limits_) result.push_back({limit.rule, limit.counter.used(now)});
  return result;
}

std::optional<UnixNanos> RateLimiter::paused_until(UnixNanos now) const {
  return all_wait_until_ > now ? std::optional(all_wait_until_) : std::nullopt;
}

}  // namespace reprise::gateway::binance
