// What a live run demands before its first order, and the ways into its kill switch.
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "config/loader.h"
#include "engine/market/fixed.h"
#include "engine/strategy/registry.h"
#include "gateway/net/http_client.h"
#include "gateway/run/kill_control.h"
#include "gateway/run/preflight.h"
#include "tests/support/catch.h"

namespace reprise::gateway {
namespace {

using Verdict = Check::Verdict;
constexpr std::int64_t kNow = 1'767'225'600'000'000'000;

config::Config shipped(const std::string& name) {
  auto loaded = config::load(std::string(REPRISE_SOURCE_DIR) + "/config/" + name, {}, engine::strategy_catalog());
  INFO(name);
  REQUIRE(loaded.ok());
  return loaded->config;
}

std::string drill_report(std::int64_t finished, bool passed) {
  return "{\"drill\":\"kill-switch\",\"passed\":" + std::string(passed ? "true" : "false") +
         ",\"finished_at_ns\":" + std::to_string(finished) + "}";
}

// A production run that has all it needs.
PreflightFacts ready() {
  PreflightFacts facts;
  facts.is_production = true;
  facts.profiles = {"config/config.yaml", "config/production.yaml", "mine.yaml"};
  facts.confirmation = kConfirmation;
  facts.now = kNow;
  facts.drill = drill_report(kNow - kDay, true);
  facts.free_disk_bytes = 10ull << 30;
  return facts;
}

std::string refused_by(const PreflightFacts& facts, const config::Config& config) {
  const std::vector<Check> checks = offline_checks(facts, config);
  const Check* refusal = refusal_among(checks);
  return refusal == nullptr ? "" : refusal->name;
}

}  // namespace

TEST_CASE(
    "a production run begins only with its profile, a confirmation, a fresh drill, limits, disk and no kill file") {
  const config::Config config = shipped("production.yaml");
  CHECK(refused_by(ready(), config).empty());
  const auto without = [&](auto&& change) {
    PreflightFacts facts = ready();
    change(facts);
    return refused_by(facts, config);
  };
  CHECK(without([](PreflightFacts& f) { f.profiles = {"config/config.yaml"}; }) == "profile");
  CHECK(without([](PreflightFacts& f) { f.profiles = {"my-production.yaml"}; }) == "profile");
  CHECK(without([](PreflightFacts& f) { f.confirmation = "yes"; }) == "confirmation");
  CHECK(without([](PreflightFacts& f) { f.drill.reset(); }) == "drill");
  CHECK(without([](PreflightFacts& f) { f.drill = "{"; }) == "drill");
  CHECK(without([](PreflightFacts& f) { f.drill = drill_report(kNow - 8 * kDay, true); }) == "drill");
  CHECK(without([](PreflightFacts& f) { f.drill = drill_report(kNow + kDay, true); }) == "drill");
  CHECK(without([](PreflightFacts& f) { f.drill = drill_report(kNow, false); }) == "drill");
  CHECK(without([](PreflightFacts& f) { f.free_disk_bytes = 1ull << 30; }) == "disk");
  CHECK(without([](PreflightFacts& f) { f.kill_file_is_there = true; }) == "kill file");
  CHECK(without([](PreflightFacts& f) { f.durability = "buffered"; }) == "durability");
  const auto with = [&](auto&& change) {
    config::Config changed = config;
    change(changed);
    return refused_by(ready(), changed);
  };
  CHECK(with([](config::Config& c) { c.risk.max_order_notional_e8 = 0; }) == "limits");
  CHECK(with([](config::Config& c) { c.risk.min_equity_e8 = 0; }) == "limits");
  CHECK(with([](config::Config& c) { c.risk.max_leverage_e8 = 20 * kScale; }) == "limits");
  CHECK(with([](config::Config& c) { c.account.margin_mode = "cross"; }) == "limits");
}

TEST_CASE(
    "a production run that crashed goes on though its drill is old and its account has grown, but not without limits") {
  const config::Config config = shipped("production.yaml");
  PreflightFacts facts = ready();
  facts.is_resumed = true;
  facts.drill.reset();
  facts.profiles.clear();
  CHECK(refused_by(facts, config).empty());
  CHECK(capital_check(facts, config, Money{1'000 * kScale}).verdict == Verdict::noted);
  facts.confirmation.clear();
  CHECK(refused_by(facts, config) == "confirmation");
  facts = ready();
  facts.is_resumed = true;
  config::Config unlimited = config;
  unlimited.risk.max_drawdown_e8 = 0;
  CHECK(limits_check(facts, unlimited).verdict == Verdict::refused);
}

TEST_CASE("at an exchange of one's own what protects the account and the machine is demanded, the rest is noted") {
  PreflightFacts facts;
  facts.free_disk_bytes = 1ull << 30;
  const config::Config config = shipped("config.yaml");
  CHECK(refused_by(facts, config).empty());
  std::size_t noted = 0;
  for (const Check& check : offline_checks(facts, config)) noted += check.verdict == Verdict::noted ? 1 : 0;
  CHECK(noted == 4);  // profile, drill, disk, and a limit that the base profile leaves off
  facts.free_disk_bytes = 100u << 20;
  CHECK(refused_by(facts, config) == "disk");
  facts.free_disk_bytes = 1ull << 40;
  facts.kill_file_is_there = true;
  CHECK(refused_by(facts, config) == "kill file");
  facts.is_resumed = true;  // a killed run goes on to close what is open
  CHECK(refused_by(facts, config).empty());
}

TEST_CASE("a key that can move money away does not trade unless somebody takes it upon himself") {
  PreflightFacts facts = ready();
  const auto verdict = [&](const std::string& body) { return key_check(facts, body, "").verdict; };
  const std::string good = R"({"enableWithdrawals":false,"enableFutures":true,"ipRestrict":true})";
  const std::string bad = R"({"enableWithdrawals":true,"enableFutures":true,"ipRestrict":true})";
  CHECK(verdict(good) == Verdict::passed);
  CHECK(verdict(R"({"enableWithdrawals":false,"enableFutures":true,"ipRestrict":false})") == Verdict::noted);
  CHECK(verdict(bad) == Verdict::refused);
  CHECK(verdict(R"({"enableWithdrawals":false,"permitsUniversalTransfer":true,"enableFutures":true})") ==
        Verdict::refused);
  CHECK(verdict(R"({"enableWithdrawals":false,"enableFutures":false})") == Verdict::refused);
  CHECK(verdict("{}") == Verdict::refused);
  CHECK(verdict("no JSON") == Verdict::refused);
  CHECK(key_check(facts, std::nullopt, "404").verdict == Verdict::refused);
  facts.accepted = {std::string(kUnknownKey)};
  CHECK(key_check(facts, std::nullopt, "404").verdict == Verdict::noted);
  CHECK(verdict(bad) == Verdict::refused);
  facts.accepted = {std::string(kWithdrawalKey)};
  CHECK(verdict(bad) == Verdict::noted);
}

TEST_CASE("clock, position mode and capital are judged by what was found") {
  PreflightFacts facts = ready();
  CHECK(clock_check(facts, DurationNanos::seconds(0)).verdict == Verdict::passed);
  CHECK(clock_check(facts, DurationNanos::seconds(-3)).verdict == Verdict::refused);
  facts.is_production = false;
  CHECK(clock_check(facts, DurationNanos::seconds(3)).verdict == Verdict::noted);
  CHECK(clock_check(facts, DurationNanos::seconds(11)).verdict == Verdict::refused);
  CHECK(position_mode_check(R"({"dualSidePosition":false})").verdict == Verdict::passed);
  CHECK(position_mode_check(R"({"dualSidePosition":true})").verdict == Verdict::refused);
  facts.is_production = true;
  const config::Config config = shipped("production.yaml");
  CHECK(capital_check(facts, config, Money{300 * kScale}).verdict == Verdict::passed);
  CHECK(capital_check(facts, config, Money{400 * kScale}).verdict == Verdict::refused);
}

TEST_CASE("the shipped profiles begin with 230 USDT, and production is the careful one") {
  const config::Config base = shipped("config.yaml");
  const config::Config production = shipped("production.yaml");
  for (const char* name : {"config.yaml", "paper.yaml", "staging.yaml", "production.yaml"})
    CHECK(shipped(name).account.initial_balance_e8 == 230 * kScale);
  CHECK(production.account.margin_mode == "isolated");
  CHECK(production.account.leverage < base.account.leverage);
  CHECK(production.risk.max_leverage_e8 <= kScale);
  CHECK(production.risk.max_total_notional_e8 <= production.account.initial_balance_e8);
  CHECK(production.risk.daily_loss_fraction_e8 < base.risk.daily_loss_fraction_e8);
  CHECK(production.risk.max_drawdown_e8 < base.risk.max_drawdown_e8);
  CHECK(production.journal.durability == "sync");
  // The smallest order of BTCUSDT, 100 USDT, is still possible.
  CHECK(production.risk.max_order_notional_e8 >= 100 * kScale);
}

TEST_CASE("the kill switch is engaged once, by a file, a signal or a call with the token") {
  net::Loop loop;
  std::vector<std::string> engaged;
  int resumed = 0;
  std::atomic<bool> signal{false};
  const std::string file =
      (std::filesystem::temp_directory_path() / ("reprise-kill-" + std::to_string(::getpid()))).string();
  std::filesystem::remove(file);
  KillControlOptions options;
  options.files = {file};
  options.signal = &signal;
  options.port.emplace();
  options.token = binance::Secret::copy_of("a token of some length");
  auto control = KillControl::start(
      loop, std::move(options), [&](const std::string& why) { engaged.push_back(why); }, [&] { ++resumed; },
      [] { return std::string(R"({"trading":"active"})"); });
  REQUIRE(control.ok());
  (*control)->look();
  REQUIRE(engaged.empty());
  const auto ask = [&](const std::string& method, const std::string& path, const std::string& token) {
    net::HttpClientOptions to;
    to.host = "127.0.0.1";
    to.port = (*control)->port();
    auto client = net::make_http_client(loop, std::move(to)).value();
    net::Request request;
    request.method = method;
    request.path = path;
    request.headers.add("Authorization", "Bearer " + token);
    std::optional<net::HttpResult> result;
    client->send(std::move(request), std::chrono::seconds(10), [&](net::HttpResult r) { result = std::move(r); });
    while (!result) loop.turn(std::chrono::milliseconds(5));
    return result->response.status;
  };
  CHECK(ask("POST", "/kill", "a token of some other") == 401);
  CHECK(ask("GET", "/kill", "a token of some length") == 404);
  CHECK(ask("GET", "/state", "a token of some length") == 200);
  CHECK(engaged.empty());
  SECTION("file") {
    std::ofstream(file) << "";
    (*control)->look();
    CHECK(engaged == std::vector<std::string>{"the kill file is there"});
  }
  SECTION("signal") {
    signal = true;
    (*control)->look();
    CHECK(engaged == std::vector<std::string>{"a signal came"});
  }
  SECTION("call") {
    CHECK(ask("POST", "/kill", "a token of some length") == 200);
    CHECK(engaged == std::vector<std::string>{"an HTTP call"});
  }
  CHECK((*control)->is_engaged());
  (*control)->look();
  CHECK(ask("POST", "/kill", "a token of some length") == 200);
  CHECK(engaged.size() == 1);
  // The way back, and in again.
  CHECK(ask("POST", "/resume", "a token of some length") == (std::filesystem::exists(file) ? 409 : 200));
  std::filesystem::remove(file);
  CHECK(ask("POST", "/resume", "a token of some length") == 200);
  CHECK(resumed >= 1);
  (*control)->look();
  CHECK_FALSE((*control)->is_engaged());
  CHECK(ask("POST", "/kill", "a token of some length") == 200);
  CHECK(engaged.size() == 2);
}

}  // namespace reprise::gateway
