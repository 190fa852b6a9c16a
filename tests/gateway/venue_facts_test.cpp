// The venue's contracts: what is asked, what is read, and what a wrong symbol brings.
#include "gateway/binance/venue_facts.h"
#include "tests/support/catch.h"
#include "tests/support/fake_wire.h"

namespace reprise::gateway::binance::test {

using reprise::test::FakeAnswer;
using reprise::test::FakeWire;

namespace {

std::string contract(const std::string& symbol, const std::string& status = "TRADING") {
  return R"({"symbol":")" + symbol + R"(","contractType":"PERPETUAL","status":")" + status +
         R"(","baseAsset":"BTC","quoteAsset":"USDT","marginAsset":"USDT","liquidationFee":"0.0125","filters":[)"
         R"({"filterType":"PRICE_FILTER","minPrice":"1","maxPrice":"100000","tickSize":"0.10"},)"
         R"({"filterType":"LOT_SIZE","minQty":"0.001","maxQty":"1000","stepSize":"0.001"},)"
         R"({"filterType":"MIN_NOTIONAL","notional":"100"}]})";
}

std::string info(const std::string& contracts) {
  return R"({"rateLimits":[{"rateLimitType":"REQUEST_WEIGHT","interval":"MINUTE","intervalNum":1,"limit":77}],"symbols":[)" +
         contracts + "]}";
}

const std::string kListed = info(contract("BTCUSDT") + "," + contract("BTCUSDC") + "," + contract("ETHUSDT") + "," +
                                 contract("OLDUSDT", "SETTLING"));
const std::string kBrackets =
    R"([{"symbol":"BTCUSDT","brackets":[{"bracket":1,"initialLeverage":42,"notionalCap":5000,"notionalFloor":0,"maintMarginRatio":0.004,"cum":0.0}]}])";

struct FactsDesk {
  FactsDesk() : rest(wire, {}, nullptr) {
    wire.answer = [this](Host, const net::Request& request) -> std::optional<FakeAnswer> {
      const auto found = answers.find(request.path);
      return found == answers.end() ? FakeAnswer{404, "{\"code\":-5000,\"msg\":\"Path is invalid\"}"} : found->second;
    };
    answers["/fapi/v1/exchangeInfo"] = {200, kListed};
    answers["/fapi/v1/fundingInfo"] = {200, R"([{"symbol":"BTCUSDT","fundingIntervalHours":4}])"};
    answers["/fapi/v1/leverageBracket"] = {200, kBrackets};
  }
  Result<VenueFacts> fetch(std::vector<std::string> symbols) {
    std::optional<Result<VenueFacts>> result;
    fetch_venue_facts(rest, std::move(symbols), [&](Result<VenueFacts> facts) { result = std::move(facts); });
    CHECK_FALSE(result.has_value());  // never within the call
    wire.advance(std::chrono::seconds(1));
    REQUIRE(result.has_value());
    return std::move(*result);
  }
  std::map<std::string, FakeAnswer> answers;
  FakeWire wire;
  RestClient rest;
};

}  // namespace

TEST_CASE("venue facts: filters, funding interval and limits come from the venue, brackets without a key are ours") {
  FactsDesk desk;
  auto facts = desk.fetch({"ETHUSDT", "BTCUSDT"});
  REQUIRE(facts.ok());
  REQUIRE(facts->instruments.size() == 2);
  const InstrumentSpec& btc = facts->instruments[1];
  CHECK(btc.symbol == "BTCUSDT");
  CHECK(btc.tick_size == 10'000'000);
  CHECK(btc.lot_size == 100'000);
  CHECK(btc.min_notional == 100 * kScale);
  CHECK(btc.funding_interval_hours == 4);
  CHECK(facts->instruments[0].funding_interval_hours == 8);
  CHECK_FALSE(btc.filters_are_defaults);
  CHECK(btc.tiers_are_defaults);
  CHECK_FALSE(btc.tiers.empty());
  CHECK(facts->notes.size() == 2);
  for (const auto& request : desk.wire.requests) CHECK(request.path != "/fapi/v1/leverageBracket");
  bool is_learnt = false;
  for (const LimitUse& use : desk.rest.limiter().uses(desk.rest.venue_now()))
    is_learnt = is_learnt || (use.rule.kind == LimitKind::request_weight && use.rule.limit == 77);
  CHECK(is_learnt);
  journal::RecordBatch batch;
  append_instrument(btc, {}, batch);
  CHECK(batch.count() == 2);
}

TEST_CASE("venue facts: with a key the margin brackets are the account's own") {
  FactsDesk desk;
  Credentials credentials;
  credentials.api_key = Secret::copy_of("key");
  credentials.api_secret = Secret::copy_of("secret");
  REQUIRE(desk.rest.use(std::move(credentials)).ok());
  auto facts = desk.fetch({"BTCUSDT"});
  REQUIRE(facts.ok());
  REQUIRE(facts->instruments[0].tiers.size() == 1);
  CHECK(facts->instruments[0].tiers[0].max_leverage == 42);
  CHECK_FALSE(facts->instruments[0].tiers_are_defaults);
  CHECK(facts->notes.empty());
}

TEST_CASE(
    "venue facts: a symbol that is not listed is named with its near spellings, one that is not traded with why") {
  FactsDesk desk;
  auto wrong = desk.fetch({"BTCUSTD"});
  REQUIRE_FALSE(wrong.ok());
  CHECK(wrong.error().kind == ErrorKind::usage);
  CHECK(wrong.error().message == "the venue does not list BTCUSTD");
  CHECK(wrong.error().hint.find("BTCUSDT") != std::string::npos);
  auto part = desk.fetch({"BTC"});
  REQUIRE_FALSE(part.ok());
  CHECK(part.error().hint == "did you mean BTCUSDC, BTCUSDT");
  auto far = desk.fetch({"NOTHINGLIKEIT"});
  REQUIRE_FALSE(far.ok());
  CHECK(far.error().hint.find("for example") != std::string::npos);
  auto old = desk.fetch({"BTCUSDT", "OLDUSDT"});
  REQUIRE_FALSE(old.ok());
  CHECK(old.error().message.find("OLDUSDT is not traded now: its status is SETTLING") == 0);
}

TEST_CASE("venue facts: no answer, a web page or an answer without contracts is an error that says so") {
  FactsDesk desk;
  FakeAnswer lost;
  lost.fate = net::Fate::not_sent;
  lost.problem = "connection refused";
  desk.answers["/fapi/v1/exchangeInfo"] = lost;
  auto silent = desk.fetch({"BTCUSDT"});
  REQUIRE_FALSE(silent.ok());
  CHECK(silent.error().kind == ErrorKind::could_not_check);
  CHECK(silent.error().message.find("connection refused") != std::string::npos);
  for (const char* body :
       {"<html>", "[]", "{}", "{\"symbols\":7}", "", "{\"symbols\":[{}]}", "{\"symbols\":[7,null]}"}) {
    INFO(body);
    desk.answers["/fapi/v1/exchangeInfo"] = {200, body};
    CHECK_FALSE(desk.fetch({"BTCUSDT"}).ok());
  }
}

TEST_CASE("venue facts: without funding intervals eight hours are taken, and it is said") {
  FactsDesk desk;
  desk.answers["/fapi/v1/fundingInfo"] = {500, "oops"};
  auto facts = desk.fetch({"BTCUSDT"});
  REQUIRE(facts.ok());
  CHECK(facts->instruments[0].funding_interval_hours == 8);
  CHECK(facts->notes[0].find("funding intervals") == 0);
}

}  // namespace reprise::gateway::binance::test
