#include "gateway/run/preflight.h"

#include <algorithm>

#include "engine/market/fixed.h"
#include "gateway/binance/json_text.h"

namespace reprise::gateway {

namespace {

using Verdict = Check::Verdict;
constexpr DurationNanos kLargestOffset = DurationNanos::seconds(10);

Check passed(std::string name, std::string text) {
  return {Verdict::passed, std::move(name), std::move(text), {}};
}
Check refused(std::string name, std::string text, std::string hint) {
  return {Verdict::refused, std::move(name), std::move(text), std::move(hint)};
}
// Refused at the production venue, noted elsewhere.
Check wanting(const PreflightFacts& facts, std::string name, std::string text, std::string hint) {
  return {facts.is_production ? Verdict::refused : Verdict::noted, std::move(name), std::move(text), std::move(hint)};
}

// The same, of what only a beginning needs.
Check wanting_at_first(const PreflightFacts& facts, std::string name, std::string text, std::string hint) {
  PreflightFacts lenient = facts;
  lenient.is_production = facts.is_production && !facts.is_resumed;
  return wanting(lenient, std::move(name), std::move(text), std::move(hint));
}

Check profile_check(const PreflightFacts& facts) {
  const bool is_production = std::any_of(facts.profiles.begin(), facts.profiles.end(), [](const std::string& file) {
    const std::size_t slash = file.rfind('/');
    return file.substr(slash == std::string::npos ? 0 : slash + 1) == kProductionProfile;
  });
  if (is_production) return passed("profile", "extends " + std::string(kProductionProfile));
  return wanting_at_first(facts, "profile", "the configuration does not extend " + std::string(kProductionProfile),
                          "begin it with extends: config/production.yaml");
}

Check confirmation_check(const PreflightFacts& facts) {
  if (!facts.is_production) return passed("confirmation", "not needed here");
  if (facts.confirmation == kConfirmation) return passed("confirmation", "given");
  return refused("confirmation", "this venue trades real money and nobody has confirmed it",
                 "--confirm " + std::string(kConfirmation));
}

Check drill_check(const PreflightFacts& facts) {
  const char* name = "drill";
  const char* hint = "reprise drill kill-switch";
  if (!facts.drill) return wanting_at_first(facts, name, "there is no report of a kill-switch drill", hint);
  json::Document report;
  report.Parse<json::kParseFlags>(facts.drill->data(), facts.drill->size());
  std::int64_t finished = 0;
  const json::Value* verdict = report.HasParseError() || !report.IsObject() ? nullptr : json::member(report, "passed");
  if (verdict == nullptr || !json::integer(report, "finished_at_ns", finished))
    return wanting_at_first(facts, name, "the kill-switch drill's report cannot be read", hint);
  if (!verdict->IsTrue()) return wanting_at_first(facts, name, "the last kill-switch drill failed", hint);
  const std::int64_t age = facts.now - finished;
  const std::string days = std::to_string(age / (86'400 * kSecond)) + " days ago";
  if (age < 0 || age > kDrillAge.ns)
    return wanting_at_first(facts, name, "the last kill-switch drill was " + days, hint);
  return passed(name, "kill switch tested " + days);
}

Check durability_check(const PreflightFacts& facts) {
  if (facts.durability == "buffered")
    return wanting(facts, "durability", "a killed process may forget what it sent: buffered", "--durability sync");
  return passed("durability", facts.durability);
}

Check disk_check(const PreflightFacts& facts) {
  const std::string free = std::to_string(facts.free_disk_bytes >> 20) + " MiB free where the journal goes";
  if (facts.free_disk_bytes < kLeastDisk) return refused("disk", free, "at least 200 MiB");
  if (facts.free_disk_bytes < kProductionDisk) return wanting(facts, "disk", free, "at least 2 GiB");
  return passed("disk", free);
}

Check kill_file_check(const PreflightFacts& facts) {
  if (!facts.kill_file_is_there) return passed("kill file", "not there");
  if (facts.is_resumed) return {Verdict::noted, "kill file", "it is there: the run goes on to close what is open", {}};
  return refused("kill file", "the kill switch is engaged: its file is there", "remove it when trading may begin");
}

bool may(const json::Document& body, const char* name) {
  const json::Value* value = json::member(body, name);
  return value != nullptr && value->IsTrue();
}

}  // namespace

Check limits_check(const PreflightFacts& facts, const config::Config& config) {
  const config::Risk& r = config.risk;
  std::string off;
  const auto need = [&](const char* key, std::int64_t value) {
    if (value <= 0) off += (off.empty() ? "" : ", ") + std::string(key);
  };
  need("risk.max_leverage", r.max_leverage_e8);
  need("risk.max_order_notional", r.max_order_notional_e8);
  need("risk.max_position_notional", r.max_position_notional_e8);
  need("risk.max_total_notional", r.max_total_notional_e8);
  need("risk.daily_loss_fraction", r.daily_loss_fraction_e8);
  need("risk.max_drawdown", r.max_drawdown_e8);
  need("risk.max_open_orders", r.max_open_orders);
  need("risk.max_orders_per_second", r.max_orders_per_second);
  need("risk.max_orders_per_minute", r.max_orders_per_minute);
  need("risk.price_band", r.price_band_e8);
  need("risk.min_equity", r.min_equity_e8);
  need("risk.min_liquidation_distance", r.min_liquidation_distance_e8);
  // The widest of the steps by which production may grow.
  std::string loose;
  const auto within = [&](const char* key, std::int64_t value, std::int64_t most) {
    if (value > most) loose += (loose.empty() ? "" : ", ") + std::string(key);
  };
  within("account.leverage", config.account.leverage, 5);
  within("risk.max_leverage", r.max_leverage_e8, 3 * kScale);
  within("risk.max_total_notional", r.max_total_notional_e8, 3 * config.account.initial_balance_e8);
  within("risk.daily_loss_fraction", r.daily_loss_fraction_e8, kScale / 20);
  within("risk.max_drawdown", r.max_drawdown_e8, kScale / 5);
  if (config.account.margin_mode != "isolated")
    loose += (loose.empty() ? "" : ", ") + std::string("account.margin_mode");
  if (off.empty() && !loose.empty() && facts.is_production) {
    return refused("limits", "looser than any step of production: " + loose,
                   "the steps stand in config/production.yaml");
  }
  if (off.empty()) return passed("limits", "every limit is set");
  return wanting(facts, "limits", "not set: " + off,
                 "a bound of 0 switches its rule off; config/production.yaml sets all");
}

std::vector<Check> offline_checks(const PreflightFacts& facts, const config::Config& config) {
  return {profile_check(facts),    confirmation_check(facts), drill_check(facts),    limits_check(facts, config),
          durability_check(facts), disk_check(facts),         kill_file_check(facts)};
}

Check clock_check(const PreflightFacts& facts, DurationNanos offset) {
  const std::string text = "the venue's clock is " + std::to_string(offset.ns / 1'000'000) + " ms ahead of ours";
  if (offset.ns > kLargestOffset.ns || offset.ns < -kLargestOffset.ns)
    return refused("clock", text, "set the machine's clock (NTP)");
  if (offset.ns > kSecond || offset.ns < -kSecond)
    return wanting(facts, "clock", text, "set the machine's clock (NTP)");
  return passed("clock", text);
}

Check key_check(const PreflightFacts& facts, const std::optional<std::string>& body, const std::string& problem) {
  const char* name = "key";
  const auto accepts = [&](std::string_view what) { return facts.accepted.count(std::string(what)) != 0; };
  json::Document answer;
  if (body) answer.Parse<json::kParseFlags>(body->data(), body->size());
  if (!body || answer.HasParseError() || !answer.IsObject() || json::member(answer, "enableWithdrawals") == nullptr) {
    const std::string text = "what the key may do cannot be asked here" + (problem.empty() ? "" : ": " + problem);
    if (accepts(kUnknownKey)) return {Verdict::noted, name, text + "; accepted", {}};
    return refused(name, text, "look at the key's restrictions by hand, then --accept " + std::string(kUnknownKey));
  }
  if (may(answer, "enableWithdrawals") || may(answer, "enableInternalTransfer") ||
      may(answer, "permitsUniversalTransfer")) {
    const std::string text = "the key can move money away";
    if (accepts(kWithdrawalKey)) return {Verdict::noted, name, text + "; accepted", {}};
    return refused(name, text,
                   "make a key that trades futures and nothing else, or --accept " + std::string(kWithdrawalKey));
  }
  if (!may(answer, "enableFutures")) return refused(name, "the key does not trade futures", "enable it at the venue");
  if (!may(answer, "ipRestrict"))
    return {facts.is_production ? Verdict::noted : Verdict::passed, name, "trades futures only, from any address",
            "restrict it to this machine's address"};
  return passed(name, "trades futures only, from known addresses");
}

Check position_mode_check(std::string_view body) {
  if (body.find("\"dualSidePosition\":true") == std::string_view::npos) return passed("position mode", "one-way");
  return refused("position mode", "the account is in hedge mode; one-way mode is traded",
                 "set it to one-way at the venue");
}

Check capital_check(const PreflightFacts& facts, const config::Config& config, Money equity) {
  const std::int64_t planned = config.account.initial_balance_e8;
  const std::string text =
      "the account has " + decimal_text(equity.e8) + ", the profile is for " + decimal_text(planned);
  if (equity.e8 > planned + planned / 2)
    return wanting_at_first(facts, "capital", text,
                            "growing is a step of its own: see the steps in config/production.yaml");
  return passed("capital", text);
}

const Check* refusal_among(const std::vector<Check>& checks) {
  for (const Check& check : checks)
    if (check.verdict == Verdict::refused) return &check;
  return nullptr;
}

}  // namespace reprise::gateway
