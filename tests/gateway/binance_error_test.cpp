// The error table: every code of the venue that is documented, the rules that all rows keep, and the doubtful cases.
#include <set>
#include <string>

#include "gateway/binance/error_table.h"
#include "tests/support/catch.h"

using namespace reprise::gateway::binance;

namespace {

constexpr RequestKind kKinds[] = {RequestKind::place,       RequestKind::modify,     RequestKind::cancel,
                                  RequestKind::cancel_all,  RequestKind::query,      RequestKind::account_setting,
                                  RequestKind::user_stream, RequestKind::public_data};

struct Documented {
  std::vector<int> codes;
  std::set<Fate> fates;
  std::set<Reaction> reactions;
};

std::vector<int> span(int first, int last) {
  std::vector<int> codes;
  for (int code = first; code >= last; --code) codes.push_back(code);
  return codes;
}

std::vector<int> joined(std::initializer_list<std::vector<int>> lists) {
  std::vector<int> all;
  for (const auto& list : lists) all.insert(all.end(), list.begin(), list.end());
  return all;
}

const std::set<Fate> kNotAccepted = {Fate::not_accepted};
const std::set<Fate> kUnknown = {Fate::unknown};
// "Local bug or configuration": the request must not be repeated as it is.
const std::set<Reaction> kOurs = {Reaction::fatal, Reaction::refresh_instruments, Reaction::refresh_account,
                                  Reaction::halt_trading};
const std::set<Reaction> kBusiness = {Reaction::give_up, Reaction::refresh_account, Reaction::refresh_instruments,
                                      Reaction::correct_and_retry};

// The venue's list, by the class of reaction that it asks for.
const std::vector<Documented> kDocumented = {
    {{-1000}, kUnknown, {Reaction::query_order}},
    {{-1001, -1008}, {Fate::failed_resendable}, {Reaction::retry_with_backoff}},
    {{-1002, -2014, -2015, -1022}, kNotAccepted, {Reaction::fatal}},
    {{-1003, -1015}, kNotAccepted, {Reaction::wait_for_limit}},
    {{-1006, -1007}, kUnknown, {Reaction::query_order}},
    {{-1010, -1013, -1014, -1016, -1020}, kNotAccepted, {Reaction::fatal}},
    {{-1021, -5028}, kNotAccepted, {Reaction::resync_clock}},
    {joined({span(-1100, -1108), span(-1114, -1118), {-1130, -1136}}), kNotAccepted, {Reaction::fatal}},
    {{-1109}, kNotAccepted, {Reaction::fatal}},
    {{-1111}, kNotAccepted, {Reaction::refresh_instruments}},
    {{-1112}, kNotAccepted, {Reaction::give_up}},
    {{-1121, -1122, -4140, -4141}, kNotAccepted, {Reaction::refresh_instruments}},
    {{-1125}, kNotAccepted, {Reaction::renew_listen_key}},
    {{-1127, -4165}, kNotAccepted, {Reaction::fatal}},
    {{-2010}, kNotAccepted, kBusiness},
    {{-2011, -2013}, kUnknown, {Reaction::query_order}},
    {{-2018, -2019, -4050, -4051}, kNotAccepted, {Reaction::refresh_account}},
    {{-2020, -5021, -5022, -5041}, kNotAccepted, {Reaction::give_up}},
    {{-2021, -4142}, kNotAccepted, {Reaction::give_up}},
    {{-2022, -4118}, kNotAccepted, {Reaction::refresh_account}},
    {{-2023}, kNotAccepted, {Reaction::halt_trading}},
    {{-2024, -2025, -4045}, kNotAccepted, {Reaction::refresh_account}},
    {{-2026}, kNotAccepted, {Reaction::fatal}},
    {{-2027, -2028}, kNotAccepted, {Reaction::refresh_account}},
    {joined({span(-4001, -4005), {-4013, -4014, -4023}}), kNotAccepted, {Reaction::refresh_instruments}},
    {{-4015}, kNotAccepted, {Reaction::fatal}},
    {{-4016, -4024, -4131, -4183, -4184, -4210, -4211}, kNotAccepted, {Reaction::correct_and_retry}},
    {{-4028}, kNotAccepted, {Reaction::fatal}},
    {{-4046, -4059, -4171, -4052, -5027}, {Fate::accepted}, {Reaction::none}},
    {{-4047, -4048, -4067, -4068, -4161, -4167, -4168, -4170}, kNotAccepted, {Reaction::refresh_account}},
    {{-4061, -4062}, kNotAccepted, {Reaction::refresh_account}},
    {{-4082, -4083, -4032}, kNotAccepted, {Reaction::fatal}},
    {{-4087, -4088, -4105, -4106, -4107, -4189, -4192, -4400, -4401}, kNotAccepted, {Reaction::reduce_only}},
    {{-4109}, kNotAccepted, {Reaction::halt_trading}},
    {{-4116}, {Fate::accepted}, {Reaction::query_order}},
    {{-4117}, kUnknown, {Reaction::query_order}},
    {{-4120, -4137, -4138, -4139}, kNotAccepted, {Reaction::fatal}},
    {{-4164, -5029}, kNotAccepted, {Reaction::correct_and_retry}},
    {{-4202, -4203, -4205, -4206, -4208, -4209, -4300, -4402, -4403}, kNotAccepted, kOurs},
    {{-4531}, kNotAccepted, {Reaction::refresh_account}},
    {{-5000}, kNotAccepted, {Reaction::fatal}},
    {{-5024}, kNotAccepted, {Reaction::refresh_instruments}},
    {{-5025, -5026, -5043, -5047}, kNotAccepted, kBusiness},
    {span(-5037, -5040), kNotAccepted, {Reaction::fatal}}};

Judgement judged(RequestKind kind, int status, std::optional<int> code, std::string_view text = {}) {
  return judge(kind, {status, code, text_kind(text)});
}

bool would_send_again(const Judgement& judgement) {
  return judgement.fate == Fate::failed_resendable || judgement.reaction == Reaction::retry_with_backoff;
}

}  // namespace

TEST_CASE("every documented code has its certainty and its reaction", "[gateway][binance]") {
  std::size_t walked = 0;
  for (const Documented& group : kDocumented) {
    for (const int code : group.codes) {
      INFO("code " << code);
      const ErrorRow* row = find_error(code);
      REQUIRE(row != nullptr);
      CHECK(group.fates.count(row->fate) == 1);
      CHECK(group.reactions.count(row->reaction) == 1);
      const Judgement judgement = judged(RequestKind::place, 400, code);
      CHECK(judgement.is_known);
      CHECK(judgement.fate == row->fate);
      CHECK(judgement.reaction == row->reaction);
      ++walked;
    }
  }
  INFO(walked << " codes of " << error_rows().size() << " rows");
  CHECK(walked > 130);
}

TEST_CASE("the table is ordered, without doubles, and each row says something", "[gateway][binance]") {
  int previous = 0;
  for (const ErrorRow& row : error_rows()) {
    INFO("code " << row.code);
    CHECK(row.code < previous);
    previous = row.code;
    CHECK(find_error(row.code) == &row);
    CHECK(std::string(row.name).size() > 2);
    CHECK(std::string(row.meaning).size() > 5);
    CHECK(std::string(name_of(row.fate)) != "?");
    CHECK(std::string(name_of(row.reaction)) != "?");
    // What may have happened is asked for; what is sent again certainly did not happen.
    if (row.fate == Fate::unknown) CHECK(row.reaction == Reaction::query_order);
    CHECK((row.fate == Fate::failed_resendable) == (row.reaction == Reaction::retry_with_backoff));
    if (row.reaction == Reaction::none) CHECK(row.fate == Fate::accepted);
    if (row.reaction == Reaction::fatal || row.reaction == Reaction::halt_trading) {
      CHECK(row.alert == reprise::schema::AlertLevel::CRITICAL);
    }
  }
  CHECK(find_error(-1) == nullptr);
  CHECK(find_error(-999'999) == nullptr);
  CHECK(find_error(0) == nullptr);
}

TEST_CASE("each HTTP status says what the documentation says about the order", "[gateway][binance]") {
  const auto check = [](int status, std::optional<int> code, std::string_view text, Fate fate, Reaction reaction) {
    INFO("status " << status << ", text " << text);
    const Judgement judgement = judged(RequestKind::place, status, code, text);
    CHECK(judgement.is_known);
    CHECK(name_of(judgement.fate) == std::string(name_of(fate)));
    CHECK(name_of(judgement.reaction) == std::string(name_of(reaction)));
  };
  check(200, {}, "", Fate::accepted, Reaction::none);
  check(200, 200, "success", Fate::accepted, Reaction::none);
  check(401, -2015, "Invalid API-key, IP, or permissions for action.", Fate::not_accepted, Reaction::fatal);
  check(403, {}, "<html>blocked</html>", Fate::not_accepted, Reaction::wait_for_limit);
  check(404, -5000, "Path /x, Method GET is invalid", Fate::not_accepted, Reaction::fatal);
  check(408, -1007, "Timeout waiting for response from backend server.", Fate::unknown, Reaction::query_order);
  check(418, -1003, "Way too many requests; IP banned until 1790000000000.", Fate::not_accepted,
        Reaction::stop_all_requests);
  check(429, -1003, "Too many requests.", Fate::not_accepted, Reaction::wait_for_limit);
  check(429, -1015, "Too many new orders.", Fate::not_accepted, Reaction::wait_for_limit);
  check(503, {}, "Unknown error, please check your request or try again later.", Fate::unknown, Reaction::query_order);
  check(503, -1000, "Unknown error, please check your request or try again later.", Fate::unknown,
        Reaction::query_order);
  check(503, {}, "Service Unavailable.", Fate::failed_resendable, Reaction::retry_with_backoff);
  check(503, -1008, "Request throttled by system-level protection. Reduce-only orders are exempt.",
        Fate::failed_resendable, Reaction::retry_with_backoff);
  check(503, -1001, "Internal error; unable to process your request. Please try again.", Fate::failed_resendable,
        Reaction::retry_with_backoff);
  check(503, {}, "<html>Bad gateway</html>", Fate::unknown, Reaction::query_order);
}

TEST_CASE("what no table knows is unknown and is never sent again", "[gateway][binance]") {
  const std::vector<std::pair<int, std::optional<int>>> answers = {
      {400, -9999}, {200, -9999}, {500, {}},    {500, -9999}, {502, {}},    {504, {}},    {400, {}},
      {0, {}},      {302, {}},    {503, -9999}, {599, {}},    {500, -2019}, {502, -4164}, {504, -1121}};
  for (const auto& [status, code] : answers) {
    for (const RequestKind kind : kKinds) {
      const Judgement judgement = judged(kind, status, code);
      INFO("status " << status << ", kind " << static_cast<int>(kind));
      CHECK_FALSE(judgement.is_known);
      if (!is_about_orders(kind)) continue;
      CHECK(judgement.fate == Fate::unknown);
      CHECK(judgement.reaction == Reaction::query_order);
    }
  }
}

TEST_CASE("no answer whatever of doubtful fate makes an order be sent again", "[gateway][binance]") {
  const char* const texts[] = {"", "Unknown error, please check", "Service Unavailable.", "<html>", "whatever"};
  for (int status = 0; status < 600; ++status) {
    for (const char* text : texts) {
      for (const ErrorRow& row : error_rows()) {
        const Judgement judgement = judged(RequestKind::place, status, row.code, text);
        if (would_send_again(judgement)) REQUIRE((row.code == -1001 || row.code == -1008));
        if (row.code == -1006 || row.code == -1007) REQUIRE((judgement.fate == Fate::unknown || status == 418));
      }
      const Judgement judgement = judged(RequestKind::place, status, std::nullopt, text);
      if (would_send_again(judgement)) REQUIRE((status == 503 && std::string_view(text) == "Service Unavailable."));
    }
  }
}

TEST_CASE("silence after sending is unknown, silence before it is not", "[gateway][binance]") {
  for (const RequestKind kind : kKinds) {
    CHECK(judge_silence(kind, false).fate == Fate::failed_resendable);
    if (is_about_orders(kind)) CHECK(judge_silence(kind, true).reaction == Reaction::query_order);
  }
  CHECK(judge_silence(RequestKind::place, true).fate == Fate::unknown);
  CHECK(judge_silence(RequestKind::public_data, true).reaction == Reaction::retry_with_backoff);
  CHECK(judge_silence(RequestKind::account_setting, true).reaction == Reaction::refresh_account);
}
