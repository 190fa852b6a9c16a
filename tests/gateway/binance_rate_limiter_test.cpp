// The rate limiter against a model of the venue that counts as the venue does, in virtual time.
#include "gateway/binance/rate_limiter.h"

#include <cstdlib>
#include <iostream>
#include <map>
#include <random>

#include "tests/gateway/rate_venue.h"
#include "tests/support/catch.h"

using namespace reprise;
using namespace reprise::gateway::binance;
using namespace reprise::gateway_tests;

namespace {

UnixNanos border_plus(std::int64_t offset) {
  return {kStart / kMinute * kMinute + offset};
}

RateFeedback answer(int status, std::optional<std::int32_t> code = {}) {
  RateFeedback feedback;
  feedback.http_status = status;
  feedback.code = code;
  return feedback;
}

std::optional<RatePause> ask(RateLimiter& limiter, const RateFeedback& feedback, UnixNanos now,
                             const RequestCost& cost = {}) {
  return limiter.on_response(limiter.on_sent(cost, now), feedback, now);
}

}  // namespace

// With REPRISE_RATE_TABLE set it prints its table.
TEST_CASE("an hour at 95 percent of every limit brings no 429", "[gateway][binance]") {
  const std::uint64_t seed = 20'261;
  INFO("seed " << seed);
  RateLimiter::Settings settings;
  settings.ceilings_permille = {1000, 990, 980, 970};
  settings.clock_error = DurationNanos::millis(20);
  RateLimiter limiter(settings);
  ModelVenue venue(default_limits());
  Session session;
  session.clock_ahead = 15 * kMillisecond;
  session.shortest_latency = 1 * kMillisecond;
  session.longest_latency = 30 * kMillisecond;
  const Outcome outcome = play(session, limiter, venue, kGreedy, seed);
  CHECK(outcome.refused == 0);
  CHECK(outcome.nonsense == 0);
  CHECK(outcome.sent > 100'000);
  std::string table = std::to_string(outcome.sent) + " requests in an hour, " + std::to_string(outcome.refused) +
                      " answered 429\n| limit | allowed | fullest | mean | of it |\n|---|--:|--:|--:|--:|\n";
  for (const ModelVenue::Window& window : venue.windows()) {
    INFO(name_of(window.rule.kind) << " in " << window.rule.interval.ns / kSecond << " s");
    REQUIRE(window.full.size() > 10);
    std::int64_t fullest = 0, sum = 0, counted = 0;
    for (std::size_t i = 0; i < window.full.size(); ++i) {
      fullest = std::max(fullest, window.full[i]);
      if (i < window.full.size() / 5) continue;  // a sliding limit fills slowly at first
      sum += window.full[i];
      ++counted;
    }
    CHECK(fullest <= window.rule.limit);
    CHECK(fullest * 100 >= window.rule.limit * 95);
    // In the mean of the hour too; the ten-second limit of orders is held down by that of the minute.
    const bool is_held_down = window.rule.kind == LimitKind::orders && window.rule.interval.ns < kMinute;
    const std::int64_t target = is_held_down ? 1200 / 6 : window.rule.limit;
    CHECK(sum * 100 >= target * counted * 95);
    table += std::string("| ") + name_of(window.rule.kind) + " in " +
             std::to_string(window.rule.interval.ns / kSecond) + " s | " + std::to_string(window.rule.limit) + " | " +
             std::to_string(fullest) + " | " + std::to_string(sum / counted) + " | " +
             std::to_string(sum * 100 / (window.rule.limit * counted)) + " %" +
             (is_held_down ? ", held down by the minute" : "") + " |\n";
  }
  if (std::getenv("REPRISE_RATE_TABLE") != nullptr) std::cout << table;
}

TEST_CASE("no clock error within the bound, latency, loss or missing header brings a 429", "[gateway][binance]") {
  for (std::uint64_t seed = 1; seed <= 16; ++seed) {
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    const auto pick = [&](std::int64_t below) {
      return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(below));
    };
    RateLimiter::Settings settings;
    settings.ceilings_permille = {1000, 1000, 1000, 1000};
    settings.clock_error = DurationNanos::millis(1 + pick(2) * pick(800));
    settings.seed = seed;
    RateLimiter limiter(settings);
    ModelVenue venue(default_limits());
    Session session;
    session.length = 6 * kMinute;
    session.is_bursty = true;
    session.clock_ahead = (pick(2) * 2 - 1) * (settings.clock_error.ns - pick(kMillisecond));
    session.shortest_latency = pick(20) * kMillisecond;
    session.longest_latency = session.shortest_latency + pick(3000) * kMillisecond;
    session.permille_without_headers = static_cast<unsigned>(pick(3)) * 500;
    session.permille_lost = static_cast<unsigned>(pick(2)) * 200;
    const Outcome outcome = play(session, limiter, venue, kGreedy, seed);
    CHECK(outcome.refused == 0);
    CHECK(outcome.nonsense == 0);
    CHECK(outcome.sent > 1000);
  }
}

TEST_CASE("the model venue refuses who does not ask the limiter's leave, or whose clock is off by more than stated",
          "[gateway][binance]") {
  int refused = 0;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    RateLimiter::Settings settings;
    settings.ceilings_permille = {1000, 1000, 1000, 1000};
    settings.clock_error = DurationNanos::millis(1);
    RateLimiter limiter(settings);
    ModelVenue venue(default_limits());
    Session session;
    session.length = 3 * kMinute;
    session.is_bursty = true;
    session.clock_ahead = -500 * kMillisecond;
    session.longest_latency = 5 * kMillisecond;
    refused += play(session, limiter, venue, kGreedy, seed).refused;
  }
  CHECK(refused > 0);
}

TEST_CASE("what somebody else used of the address shows in the headers and is respected", "[gateway][binance]") {
  RateLimiter limiter({});
  RateFeedback feedback = answer(200);
  read_header(feedback, "x-mbx-used-weight-1m", "2390");
  CHECK_FALSE(ask(limiter, feedback, border_plus(10 * kSecond)));
  const Admission query = limiter.may({5, 0, 0, 0, 0}, Purpose::query, border_plus(11 * kSecond));
  CHECK(query.answer == Admission::Answer::later);
  CHECK(query.earliest == border_plus(kMinute + 50 * kMillisecond));
  CHECK(limiter.may({10, 0, 0, 0, 0}, Purpose::cancel, border_plus(11 * kSecond)).may_go());
  CHECK_FALSE(limiter.may({11, 0, 0, 0, 0}, Purpose::cancel, border_plus(11 * kSecond)).may_go());
  CHECK(limiter.may({5, 0, 0, 0, 0}, Purpose::query, border_plus(kMinute + 50 * kMillisecond)).may_go());
  CHECK(limiter.uses(border_plus(11 * kSecond)).front().used == 2390);
}

TEST_CASE("minus one and malformed headers change nothing, any case of letters is read", "[gateway][binance]") {
  RateFeedback feedback;
  for (const char* value : {"-1", "", "abc", "12x", "99999999999999999999999"}) {
    read_header(feedback, "X-MBX-USED-WEIGHT-1M", value);
    read_header(feedback, "Retry-After", value);
  }
  read_header(feedback, "X-MBX-USED-WEIGHT-", "5");
  read_header(feedback, "X-MBX-USED-WEIGHT-1X", "5");
  read_header(feedback, "X-MBX-USED-WEIGHT", "5");
  read_header(feedback, "Content-Length", "5");
  CHECK(feedback.used.empty());
  CHECK_FALSE(feedback.retry_after);
  read_header(feedback, "X-Mbx-Order-Count-10S", "7");
  read_header(feedback, "x-mbx-order-count-1m", "9");
  read_header(feedback, "retry-after", "30");
  REQUIRE(feedback.used.size() == 2);
  CHECK(feedback.used[0].kind == LimitKind::orders);
  CHECK(feedback.used[0].interval == DurationNanos::seconds(10));
  CHECK(feedback.used[0].count == 7);
  CHECK(feedback.used[1].interval == DurationNanos::seconds(60));
  CHECK(feedback.retry_after == DurationNanos::seconds(30));
  CHECK(banned_until("Way too many requests; IP(1.2.3.4) banned until 1790000000000. Please use the websocket") ==
        UnixNanos{1'790'000'000'000 * kMillisecond});
  CHECK_FALSE(banned_until("banned until tomorrow"));
  CHECK_FALSE(banned_until("banned until 99999999999999999999"));
}

TEST_CASE("limits are learned from exchangeInfo, and what is not understood is refused", "[gateway][binance]") {
  const auto rules = limits_of_exchange_info(
      R"({"rateLimits":[{"rateLimitType":"REQUEST_WEIGHT","interval":"MINUTE","intervalNum":1,"limit":6000},)"
      R"({"rateLimitType":"ORDERS","interval":"SECOND","intervalNum":10,"limit":"50"}]})");
  REQUIRE(rules.ok());
  RateLimiter limiter({});
  limiter.learn_limits(rules.value());
  std::map<std::pair<LimitKind, std::int64_t>, std::int64_t> limits;
  for (const LimitUse& use : limiter.uses(border_plus(0)))
    limits[{use.rule.kind, use.rule.interval.ns}] = use.rule.limit;
  const decltype(limits) expected = {{{LimitKind::request_weight, kMinute}, 6000},
                                     {{LimitKind::orders, 10 * kSecond}, 50},
                                     {{LimitKind::funding, 5 * kMinute}, 500},
                                     {{LimitKind::statistics, 5 * kMinute}, 1000}};
  CHECK(limits == expected);
  for (const char* text :
       {"", "{}", "[]", R"({"rateLimits":[]})",
        R"({"rateLimits":[{"rateLimitType":"NEW","interval":"MINUTE","intervalNum":1,"limit":1}]})",
        R"({"rateLimits":[{"rateLimitType":"ORDERS","interval":"FORTNIGHT","intervalNum":1,"limit":1}]})",
        R"({"rateLimits":[{"rateLimitType":"ORDERS","interval":"MINUTE","intervalNum":0,"limit":1}]})",
        R"({"rateLimits":[{"rateLimitType":"ORDERS","interval":"MINUTE","intervalNum":1,"limit":0}]})",
        R"({"rateLimits":[7]})"}) {
    INFO(text);
    CHECK_FALSE(limits_of_exchange_info(text).ok());
  }
}

TEST_CASE("new orders leave room for queries, queries leave room for reducing and cancelling", "[gateway][binance]") {
  RateLimiter limiter({});
  const UnixNanos now = border_plus(kSecond);
  const auto fill = [&](const RequestCost& cost, Purpose purpose) {
    int count = 0;
    while (limiter.may(cost, purpose, now).may_go()) {
      limiter.on_sent(cost, now);
      ++count;
    }
    return count;
  };
  CHECK(fill({0, 1, 1, 0, 0}, Purpose::order) == 270);
  CHECK(fill({0, 1, 1, 0, 0}, Purpose::reduce) == 24);
  CHECK(fill({1, 0, 0, 0, 0}, Purpose::order) == 2160);
  CHECK(fill({1, 0, 0, 0, 0}, Purpose::query) == 96);
  CHECK(fill({1, 0, 0, 0, 0}, Purpose::cancel) == 144);
  CHECK(limiter.may({2401, 0, 0, 0, 0}, Purpose::cancel, now).answer == Admission::Answer::never);
}

TEST_CASE("a 418 stops everything until the stated end and alerts", "[gateway][binance]") {
  RateLimiter limiter({});
  RateFeedback feedback = answer(418, -1003);
  feedback.banned_until = border_plus(300 * kSecond);
  const auto pause = ask(limiter, feedback, border_plus(10 * kSecond));
  REQUIRE(pause);
  CHECK(pause->is_ban);
  CHECK(pause->alert == schema::AlertLevel::CRITICAL);
  CHECK(pause->until == border_plus(300 * kSecond + 50 * kMillisecond));
  for (const Purpose purpose : {Purpose::cancel, Purpose::reduce, Purpose::query, Purpose::order}) {
    const Admission admission = limiter.may({1, 0, 0, 0, 0}, purpose, border_plus(299 * kSecond));
    CHECK(admission.answer == Admission::Answer::later);
    CHECK(admission.earliest == pause->until);
    CHECK(std::string(admission.reason) == "banned by the venue");
  }
  CHECK(limiter.may({0, 1, 1, 0, 0}, Purpose::cancel, border_plus(299 * kSecond)).answer == Admission::Answer::later);
  CHECK(limiter.paused_until(border_plus(299 * kSecond)) == pause->until);
  CHECK(limiter.may({1, 0, 0, 0, 0}, Purpose::order, pause->until).may_go());
  CHECK_FALSE(limiter.paused_until(pause->until));
}

TEST_CASE("bans without a stated end are assumed to double, up to three days", "[gateway][binance]") {
  RateLimiter limiter({});
  UnixNanos now = border_plus(0);
  std::int64_t previous = 0;
  for (int i = 0; i < 14; ++i) {
    const auto pause = ask(limiter, answer(418), now);
    REQUIRE(pause);
    const std::int64_t length = (pause->until - now).ns - 50 * kMillisecond;
    CHECK(length == (i == 0 ? 120 * kSecond : std::min(2 * previous, 3 * 24 * kHour)));
    previous = length;
    now = pause->until;
  }
}

TEST_CASE("a 429 waits for Retry-After, else for the stated end, else for the next window", "[gateway][binance]") {
  {
    RateLimiter limiter({});
    RateFeedback feedback = answer(429, -1003);
    feedback.retry_after = DurationNanos::seconds(7);
    CHECK(ask(limiter, feedback, border_plus(10 * kSecond))->until == border_plus(17 * kSecond + 50 * kMillisecond));
  }
  {
    RateLimiter limiter({});
    RateFeedback feedback = answer(429, -1003);
    feedback.banned_until = border_plus(200 * kSecond);
    const auto pause = ask(limiter, feedback, border_plus(10 * kSecond));
    CHECK(pause->until == border_plus(200 * kSecond + 50 * kMillisecond));
    CHECK(pause->is_ban);
  }
  {
    RateLimiter limiter({});
    const auto pause = ask(limiter, answer(429, -1003), border_plus(10 * kSecond));
    CHECK(pause->until == border_plus(kMinute + 50 * kMillisecond));
    CHECK(pause->alert == schema::AlertLevel::WARNING);
    CHECK_FALSE(limiter.may({1, 0, 0, 0, 0}, Purpose::cancel, border_plus(59 * kSecond)).may_go());
    CHECK(limiter.may({1, 0, 0, 0, 0}, Purpose::cancel, pause->until).may_go());
  }
}

TEST_CASE("too many orders pauses orders only, for the window that is full", "[gateway][binance]") {
  for (const bool is_minute_full : {false, true}) {
    RateLimiter limiter({});
    RateFeedback feedback = answer(429, -1015);
    feedback.used = {{LimitKind::orders, DurationNanos::seconds(10), is_minute_full ? 12 : 301},
                     {LimitKind::orders, DurationNanos::seconds(60), is_minute_full ? 1201 : 900}};
    const auto pause = ask(limiter, feedback, border_plus(13 * kSecond), {0, 1, 1, 0, 0});
    REQUIRE(pause);
    CHECK(pause->is_orders);
    CHECK(pause->until == border_plus((is_minute_full ? 60 : 20) * kSecond + 50 * kMillisecond));
    CHECK(limiter.may({1, 0, 0, 0, 0}, Purpose::cancel, border_plus(14 * kSecond)).may_go());
    CHECK_FALSE(limiter.may({0, 1, 1, 0, 0}, Purpose::reduce, border_plus(14 * kSecond)).may_go());
  }
}

TEST_CASE("refusals in a row wait longer each time, repeatably, and a success ends the row", "[gateway][binance]") {
  const auto row = [](std::uint64_t seed) {
    RateLimiter::Settings settings;
    settings.seed = seed;
    RateLimiter limiter(settings);
    std::vector<std::int64_t> extra;
    UnixNanos now = border_plus(kSecond);
    for (int i = 0; i < 8; ++i) {
      RateFeedback feedback = answer(429, -1003);
      feedback.retry_after = DurationNanos::seconds(1);
      const auto pause = ask(limiter, feedback, now);
      extra.push_back((pause->until - now).ns - kSecond - 50 * kMillisecond);
      CHECK((i == 0 || pause->alert == schema::AlertLevel::CRITICAL));
      now = pause->until;
    }
    CHECK_FALSE(ask(limiter, answer(200), now));
    RateFeedback feedback = answer(429, -1003);
    feedback.retry_after = DurationNanos::seconds(1);
    extra.push_back((ask(limiter, feedback, now)->until - now).ns - kSecond - 50 * kMillisecond);
    return extra;
  };
  const std::vector<std::int64_t> extra = row(5);
  CHECK(extra == row(5));
  CHECK(extra != row(6));
  CHECK(extra.front() == 0);
  CHECK(extra.back() == 0);
  for (int i = 1; i < 8; ++i) {
    const std::int64_t whole = kSecond << (i - 1);
    CHECK(extra[static_cast<std::size_t>(i)] >= whole / 2);
    CHECK(extra[static_cast<std::size_t>(i)] <= whole);
  }
}

TEST_CASE("answers to what was under way when a pause began do not make it longer", "[gateway][binance]") {
  RateLimiter limiter({});
  std::vector<RateTicket> open;
  for (int i = 0; i < 20; ++i) open.push_back(limiter.on_sent({1, 0, 0, 0, 0}, border_plus(kSecond)));
  std::optional<RatePause> pause;
  for (const RateTicket ticket : open) {
    RateFeedback feedback = answer(418, -1003);
    feedback.banned_until = border_plus(100 * kSecond);
    pause = limiter.on_response(ticket, feedback, border_plus(2 * kSecond));
    REQUIRE(pause);
    CHECK(pause->until == border_plus(100 * kSecond + 50 * kMillisecond));
  }
  // It was one ban, not twenty: the next one is the second.
  const auto next = ask(limiter, answer(418), pause->until);
  CHECK((next->until - pause->until).ns == 240 * kSecond + 50 * kMillisecond);
}

TEST_CASE("a limit that loosens or tightens while requests are under way keeps what is used", "[gateway][binance]") {
  RateLimiter limiter({});
  for (int i = 0; i < 100; ++i) limiter.on_sent({1, 0, 0, 0, 0}, border_plus(kSecond));
  limiter.learn_limits({{LimitKind::request_weight, DurationNanos::seconds(60), 100}});
  CHECK_FALSE(limiter.may({1, 0, 0, 0, 0}, Purpose::cancel, border_plus(kSecond)).may_go());
  limiter.learn_limits({{LimitKind::request_weight, DurationNanos::seconds(60), 102}});
  CHECK(limiter.may({2, 0, 0, 0, 0}, Purpose::cancel, border_plus(kSecond)).may_go());
  CHECK_FALSE(limiter.may({3, 0, 0, 0, 0}, Purpose::cancel, border_plus(kSecond)).answer == Admission::Answer::go);
}
