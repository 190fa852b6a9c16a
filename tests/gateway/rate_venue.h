// A model of the venue's rate counting, and traffic that uses as much as the limiter lets go, in virtual time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <queue>
#include <random>
#include <utility>
#include <vector>

#include "engine/market/fixed.h"
#include "gateway/binance/rate_limiter.h"

namespace reprise::gateway_tests {

using namespace reprise::gateway::binance;

inline constexpr std::int64_t kStart = 1'790'000'000 * kSecond;

inline bool is_told_in_headers(LimitKind kind) {
  return kind == LimitKind::request_weight || kind == LimitKind::orders;
}

// Counts what arrives by its own clock: as the venue does in windows, and where the venue does not say how, over any
// stretch of time, which is harder. Who is over a limit gets 429 and is counted too.
class ModelVenue {
 public:
  struct Window {
    LimitRule rule;
    std::int64_t number = -1;
    std::int64_t count = 0;
    std::vector<std::int64_t> full;                                   // what each window that is over had counted
    std::deque<std::pair<std::int64_t, std::int64_t>> last_interval;  // time and amount, of sliding ones
  };
  explicit ModelVenue(const std::vector<LimitRule>& rules) {
    for (const LimitRule& rule : rules) windows_.push_back({rule, -1, 0, {}, {}});
  }

  RateFeedback arrive(const RequestCost& cost, std::int64_t time, bool has_headers) {
    RateFeedback feedback;
    for (Window& window : windows_) {
      const std::int64_t amount = amount_of(cost, window.rule);
      const bool is_told = is_told_in_headers(window.rule.kind);
      if (is_told) turn_to(window, time / window.rule.interval.ns);
      if (!is_told && amount > 0) slide_to(window, time);
      window.count += amount;
      if (!is_told && amount > 0) window.last_interval.emplace_back(time, amount);
      if (amount > 0 && window.count > window.rule.limit) {
        feedback.http_status = 429;
        feedback.code = window.rule.kind == LimitKind::orders ? -1015 : -1003;
      }
      const bool is_in_answer = is_told && (window.rule.kind == LimitKind::request_weight || amount > 0);
      if (is_in_answer && has_headers) feedback.used.push_back({window.rule.kind, window.rule.interval, window.count});
    }
    return feedback;
  }
  const std::vector<Window>& windows() const { return windows_; }

 private:
  static void turn_to(Window& window, std::int64_t number) {
    if (number == window.number) return;
    if (window.number >= 0) window.full.push_back(window.count);
    window.number = number;
    window.count = 0;
  }
  static void slide_to(Window& window, std::int64_t time) {
    while (!window.last_interval.empty() && window.last_interval.front().first + window.rule.interval.ns <= time) {
      window.count -= window.last_interval.front().second;
      window.last_interval.pop_front();
    }
    window.full.push_back(window.count);
  }
  static std::int64_t amount_of(const RequestCost& cost, const LimitRule& rule) {
    if (rule.kind == LimitKind::request_weight) return cost.weight;
    if (rule.kind == LimitKind::funding) return cost.funding;
    if (rule.kind == LimitKind::statistics) return cost.statistics;
    return rule.interval.ns < kMinute ? cost.orders_10s : cost.orders_1m;
  }
  std::vector<Window> windows_;
};

struct Traffic {
  RequestCost cost;
  Purpose purpose;
};

struct Session {
  std::int64_t clock_ahead = 0;       // how far the venue's clock is from what we believe
  std::int64_t shortest_latency = 0;  // each way
  std::int64_t longest_latency = 0;
  unsigned permille_without_headers = 0;
  unsigned permille_lost = 0;  // given up at any moment, while they may still be on their way
  bool is_bursty = false;      // quiet for seconds, then as much as it takes; asks again without waiting
  std::int64_t length = kHour;
};

struct Outcome {
  int sent = 0;
  int refused = 0;   // 429
  int nonsense = 0;  // "later", with a time that is not
};

// As many requests of each kind as the limiter lets go.
inline Outcome play(const Session& session, RateLimiter& limiter, ModelVenue& venue,
                    const std::vector<Traffic>& traffic, std::uint64_t seed) {
  enum class Kind { try_to_send, arrive, answer, lost };
  struct Event {
    std::int64_t time;
    std::uint64_t order;
    Kind kind;
    std::size_t stream;
    RateTicket ticket;
    bool is_lost;
    RateFeedback feedback;
  };
  const auto later = [](const Event& a, const Event& b) {
    return a.time != b.time ? a.time > b.time : a.order > b.order;
  };
  std::priority_queue<Event, std::vector<Event>, decltype(later)> events(later);
  std::mt19937_64 random(seed);
  std::uint64_t order = 0;
  const auto between = [&](std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(high - low + 1));
  };
  const auto add = [&](std::int64_t time, Kind kind, std::size_t stream, RateTicket ticket = 0, bool is_lost = false,
                       const RateFeedback& feedback = {}) {
    events.push({time, order++, kind, stream, ticket, is_lost, feedback});
  };
  // Changes every 1.3 s, so that some bursts begin just before the border of a window.
  const auto gap = [&](std::int64_t time) {
    constexpr std::int64_t kGaps[] = {kMillisecond, 5 * kMillisecond, 100 * kMillisecond, 700 * kMillisecond};
    if (!session.is_bursty) return between(kMillisecond, 40 * kMillisecond);
    const std::uint64_t phase = static_cast<std::uint64_t>(time / (1'300 * kMillisecond)) * 0x9e3779b97f4a7c15u + seed;
    return between(1, kGaps[phase >> 62]);
  };
  Outcome outcome;
  for (std::size_t i = 0; i < traffic.size(); ++i) add(kStart, Kind::try_to_send, i);
  while (!events.empty() && events.top().time < kStart + session.length) {
    const Event event = events.top();
    events.pop();
    const UnixNanos now{event.time};
    const Traffic& what = traffic[event.stream];
    switch (event.kind) {
      case Kind::try_to_send: {
        const Admission admission = limiter.may(what.cost, what.purpose, now);
        if (!admission.may_go()) {
          if (admission.answer == Admission::Answer::never || admission.earliest <= now) ++outcome.nonsense;
          const std::int64_t impatient =
              std::min(admission.earliest.ns, event.time + between(kMillisecond, 200 * kMillisecond));
          const std::int64_t again = session.is_bursty ? impatient : admission.earliest.ns;
          add(std::max(again, event.time + kMillisecond), Kind::try_to_send, event.stream);
          break;
        }
        const RateTicket ticket = limiter.on_sent(what.cost, now);
        ++outcome.sent;
        const std::int64_t latency = between(session.shortest_latency, session.longest_latency);
        const bool is_lost = random() % 1000 < session.permille_lost;
        add(event.time + latency, Kind::arrive, event.stream, ticket, is_lost);
        if (is_lost) add(event.time + between(0, 2 * latency), Kind::lost, event.stream, ticket);
        add(event.time + gap(event.time), Kind::try_to_send, event.stream);
        break;
      }
      case Kind::arrive: {
        const bool has_headers = random() % 1000 >= session.permille_without_headers;
        const RateFeedback feedback = venue.arrive(what.cost, event.time + session.clock_ahead, has_headers);
        if (feedback.http_status == 429) ++outcome.refused;
        if (event.is_lost) break;
        const std::int64_t back = between(session.shortest_latency, session.longest_latency);
        add(event.time + back, Kind::answer, event.stream, event.ticket, false, feedback);
        break;
      }
      case Kind::answer: limiter.on_response(event.ticket, event.feedback, now); break;
      case Kind::lost: limiter.on_no_answer(event.ticket, now); break;
    }
  }
  return outcome;
}

// Reading, ordering, closing and cancelling all at once, more of each than the limits allow.
inline const std::vector<Traffic> kGreedy = {{{5, 0, 0, 0, 0}, Purpose::query},  {{20, 0, 0, 0, 0}, Purpose::query},
                                             {{0, 1, 1, 0, 0}, Purpose::order},  {{0, 1, 1, 0, 0}, Purpose::reduce},
                                             {{1, 0, 0, 0, 0}, Purpose::cancel}, {{5, 5, 1, 0, 0}, Purpose::order},
                                             {{0, 0, 0, 1, 0}, Purpose::query},  {{0, 0, 0, 0, 1}, Purpose::query}};

}  // namespace reprise::gateway_tests
