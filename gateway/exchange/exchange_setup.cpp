#include "gateway/exchange/exchange_setup.h"

#include <algorithm>
#include <string>

#include "engine/engine.h"
#include "engine/market/fixed.h"
#include "gateway/binance/json_text.h"

namespace reprise::gateway::exchange {

namespace {
constexpr std::string_view kPrefix = "exchange.";
constexpr std::string_view kBalance = "exchange.balance.";
}  // namespace

config::Entries ExchangeSetup::entries() const {
  config::Entries entries = config::to_entries(config);
  const auto add = [&](const std::string& key, const std::string& value) {
    entries.emplace_back(std::string(kPrefix) + key, value);
  };
  add("weight_per_minute", std::to_string(limits.weight_per_minute));
  add("orders_per_10s", std::to_string(limits.orders_per_10s));
  add("orders_per_minute", std::to_string(limits.orders_per_minute));
  add("unrouted_streams", unrouted_has_all ? "true" : "false");
  for (std::size_t n = 0; n < balances_e8.size(); ++n)
    add("balance." + std::to_string(n + 1), decimal_text(balances_e8[n]));
  std::sort(entries.begin(), entries.end());
  return entries;
}

Result<ExchangeSetup> ExchangeSetup::from(const config::Entries& entries) {
  ExchangeSetup setup;
  config::Entries profile;
  std::vector<std::pair<std::int64_t, std::int64_t>> balances;  // number, amount
  for (const auto& [key, value] : entries) {
    if (!key.starts_with(kPrefix)) {
      profile.emplace_back(key, value);
      continue;
    }
    bool is_good = true;
    if (key.starts_with(kBalance)) {
      auto& [number, amount] = balances.emplace_back();
      is_good = json::integer_of(std::string_view(key).substr(kBalance.size()), number) && parse_decimal(value, amount);
    } else if (key == "exchange.weight_per_minute") {
      is_good = json::integer_of(value, setup.limits.weight_per_minute);
    } else if (key == "exchange.orders_per_10s") {
      is_good = json::integer_of(value, setup.limits.orders_per_10s);
    } else if (key == "exchange.orders_per_minute") {
      is_good = json::integer_of(value, setup.limits.orders_per_minute);
    } else if (key == "exchange.unrouted_streams") {
      setup.unrouted_has_all = value == "true";
    } else {
      is_good = false;
    }
    if (!is_good) return corrupt_error("an exchange has no setting " + key + "=" + value);
  }
  std::sort(balances.begin(), balances.end());
  for (const auto& [number, amount] : balances) setup.balances_e8.push_back(amount);
  auto config = engine::check_configuration(profile);
  if (!config) return config.error();
  setup.config = std::move(*config);
  return setup;
}

}  // namespace reprise::gateway::exchange
