#include "config/keys.h"

#include <xxhash.h>

#include <algorithm>
#include <cstdio>
#include <type_traits>

namespace reprise::config {

namespace {

// A key's accessors from the two member pointers that lead to its field.
template <class S, class F>
Key make(ValueType type, const char* path, S Config::*section, F S::*field, std::string minimum, std::string maximum,
         const char* help) {
  Key key;
  key.path = path;
  key.rule = {type, std::move(minimum), std::move(maximum), {}};
  key.help = help;
  key.get = [=](const Config& config) -> std::string {
    const F& value = config.*section.*field;
    if constexpr (std::is_same_v<F, std::string>) {
      return value;
    } else if constexpr (std::is_same_v<F, bool>) {
      return value ? "true" : "false";
    } else if (type == ValueType::decimal) {
      return decimal_e8_text(static_cast<std::int64_t>(value));
    } else if (type == ValueType::duration) {
      return duration_text(static_cast<std::int64_t>(value));
    } else {
      return std::to_string(value);
    }
  };
  key.set = [=](Config& config, const std::string& canonical) {
    F& value = config.*section.*field;
    if constexpr (std::is_same_v<F, std::string>) {
      value = canonical;
    } else if constexpr (std::is_same_v<F, bool>) {
      value = canonical == "true";
    } else if (type == ValueType::decimal) {
      value = static_cast<F>(parse_decimal_e8(canonical).value());
    } else if (type == ValueType::duration) {
      value = static_cast<F>(parse_duration_ns(canonical).value());
    } else {
      value = static_cast<F>(std::stoull(canonical));  // canonical and within the key's range, which is not negative
    }
  };
  return key;
}

template <class S>
Key choice(const char* path, S Config::*section, std::string S::*field, std::vector<std::string> choices,
           const char* help) {
  Key key = make(ValueType::choice, path, section, field, "", "", help);
  key.rule.choices = std::move(choices);
  return key;
}

std::vector<Key> make_keys() {
  using C = Config;
  constexpr auto kDecimal = ValueType::decimal;
  constexpr auto kInteger = ValueType::integer;
  constexpr auto kDuration = ValueType::duration;
  constexpr auto kFlag = ValueType::flag;
  const std::string max_money = "90000000000";
  const std::string max_u64 = "18446744073709551615";
  return {
      make(kInteger, "run.seed", &C::run, &Run::seed, "0", max_u64, "seed of every random stream of the run"),
      make(kDuration, "run.tick_interval", &C::run, &Run::tick_interval_ns, "1ms", "1h",
           "distance of the clock ticks that drive timers and deadlines"),

      make(ValueType::asset, "account.settlement_asset", &C::account, &Account::settlement_asset, "", "",
           "asset of wallet, margin and profit; asset number 0"),
      make(kDecimal, "account.initial_balance", &C::account, &Account::initial_balance_e8, "0.00000001", max_money,
           "wallet balance at the start, in the settlement asset"),
      make(ValueType::asset, "account.fee_asset", &C::account, &Account::fee_asset, "", "",
           "asset that pays fees (BNB), asset number 1; empty: the settlement asset"),
      make(kDecimal, "account.fee_asset_balance", &C::account, &Account::fee_asset_balance_e8, "0", max_money,
           "balance of the fee asset at the start"),
      make(kDecimal, "account.fee_asset_price", &C::account, &Account::fee_asset_price_e8, "0", max_money,
           "price of the fee asset in the settlement asset until the data has one"),
      make(ValueType::symbol, "account.fee_asset_symbol", &C::account, &Account::fee_asset_symbol, "", "",
           "instrument whose price values the fee asset when it is in the data; empty: none"),
      make(kDecimal, "account.fee_discount", &C::account, &Account::fee_discount_e8, "0", "1",
           "share of the fee that is waived when the fee asset pays it"),
      make(kInteger, "account.leverage", &C::account, &Account::leverage, "1", "125", "leverage set at the venue"),
      choice("account.margin_mode", &C::account, &Account::margin_mode, {"cross", "isolated"},
             "margin mode set at the venue"),

      make(kDecimal, "fees.taker_rate", &C::fees, &Fees::taker_rate_e8, "0", "0.1",
           "fee of a taker fill, share of its notional"),
      make(kDecimal, "fees.maker_rate", &C::fees, &Fees::maker_rate_e8, "-0.01", "0.1",
           "fee of a maker fill, share of its notional; negative: a rebate"),
      make(kFlag, "fees.prefer_instrument_rates", &C::fees, &Fees::prefer_instrument_rates, "", "",
           "use an instrument's own rates where the data carries them"),

      make(kDuration, "engine.bar_interval", &C::engine, &Engine::bar_interval_ns, "1s", "1d",
           "length of the bars built from trades"),
      make(kDuration, "engine.equity_mark_interval", &C::engine, &Engine::equity_mark_interval_ns, "100ms", "1d",
           "distance of equity marks"),
      make(kInteger, "engine.state_hash_interval_records", &C::engine, &Engine::state_hash_interval_records, "1",
           "1000000000000", "a hash of the whole state is journaled after this many inputs"),
      make(kDuration, "engine.stale_after", &C::engine, &Engine::stale_after_ns, "0", "1d",
           "market data older than this is stale; 0: never"),
      make(kDuration, "engine.order_timeout", &C::engine, &Engine::order_timeout_ns, "1ms", "1h",
           "an order without an answer for longer than this has an unknown fate"),
      make(kDecimal, "engine.outlier_bound", &C::engine, &Engine::outlier_bound_e8, "0", "100",
           "a print further than this share from the last one is ignored; 0: off"),

      make(kDecimal, "sizing.risk_fraction", &C::sizing, &Sizing::risk_fraction_e8, "0", "1",
           "share of equity lost when the stop is hit"),
      make(kDecimal, "sizing.max_notional_fraction", &C::sizing, &Sizing::max_notional_fraction_e8, "0", "125",
           "largest notional of one position, as a multiple of equity"),

      make(kDecimal, "risk.max_position_qty", &C::risk, &Risk::max_position_qty_e8, "0", max_money,
           "largest position of one instrument, in its base asset; 0: off"),
      make(kDecimal, "risk.max_position_notional", &C::risk, &Risk::max_position_notional_e8, "0", max_money,
           "largest notional of one instrument's position; 0: off"),
      make(kDecimal, "risk.max_total_notional", &C::risk, &Risk::max_total_notional_e8, "0", max_money,
           "largest sum of all positions' notional; 0: off"),
      make(kDecimal, "risk.max_order_notional", &C::risk, &Risk::max_order_notional_e8, "0", max_money,
           "largest notional of one order; 0: off"),
      make(kDecimal, "risk.max_leverage", &C::risk, &Risk::max_leverage_e8, "0", "125",
           "gross notional over equity; 0: off"),
      make(kInteger, "risk.max_orders_per_second", &C::risk, &Risk::max_orders_per_second, "0", "1000000",
           "order commands in any second; 0: off"),
      make(kInteger, "risk.max_orders_per_minute", &C::risk, &Risk::max_orders_per_minute, "0", "1000000",
           "order commands in any minute; 0: off"),
      make(kDecimal, "risk.price_band", &C::risk, &Risk::price_band_e8, "0", "1",
           "furthest that a limit price may lie beyond mid on the aggressive side, share of mid; 0: off"),
      make(kDecimal, "risk.daily_loss_fraction", &C::risk, &Risk::daily_loss_fraction_e8, "0", "1",
           "loss since the start of the UTC day, share of equity then; 0: off"),
      make(kDecimal, "risk.max_drawdown", &C::risk, &Risk::max_drawdown_e8, "0", "1",
           "fall from peak equity, share of the peak; 0: off"),
      make(kInteger, "risk.max_open_orders", &C::risk, &Risk::max_open_orders, "0", "1000000",
           "orders working at once; 0: off"),
      make(kDecimal, "risk.min_equity", &C::risk, &Risk::min_equity_e8, "0", max_money,
           "no new risk below this equity, in the settlement asset; 0: off"),
      make(kDecimal, "risk.min_liquidation_distance", &C::risk, &Risk::min_liquidation_distance_e8, "0", "1",
           "least distance of the mark price from the liquidation price, share of mark; 0: off"),
      make(
          kDecimal, "risk.flatten_band", &C::risk, &Risk::flatten_band_e8, "0", "0.5",
          "how far beyond mid the kill switch closes, share of mid, once more of it with each retry; 0: market orders"),
      choice("risk.on_daily_loss", &C::risk, &Risk::on_daily_loss, {"reduce", "halt", "kill"},
             "what a breach of daily_loss_fraction does"),
      choice("risk.on_drawdown", &C::risk, &Risk::on_drawdown, {"reduce", "halt", "kill"},
             "what a breach of max_drawdown does"),
      choice("risk.on_stale_data", &C::risk, &Risk::on_stale_data, {"deny"},
             "what stale data does: no new orders, exits pass"),

      choice("venue.queue_model", &C::venue, &Venue::queue_model, {"pessimistic", "probabilistic"},
             "simulated venue: how our place in a level's queue is estimated"),
      choice("venue.latency_model", &C::venue, &Venue::latency_model, {"constant", "distribution", "recorded"},
             "simulated venue: where latencies come from"),
      make(kDuration, "venue.order_entry_latency", &C::venue, &Venue::order_entry_latency_ns, "0", "10m",
           "from our command to the matching engine"),
      make(kDuration, "venue.order_response_latency", &C::venue, &Venue::order_response_latency_ns, "0", "10m",
           "from the matching engine to our report"),
      make(kDuration, "venue.feed_latency", &C::venue, &Venue::feed_latency_ns, "0", "10m",
           "added to market data that has no receive time of its own"),
      make(kDecimal, "venue.latency_sigma", &C::venue, &Venue::latency_sigma_e8, "0", "3",
           "spread of the latency distribution on a log scale; only with latency_model distribution"),
      choice("venue.stp_mode", &C::venue, &Venue::stp_mode, {"none", "expire_taker", "expire_maker", "expire_both"},
             "self-trade prevention"),
      choice("venue.bar_path", &C::venue, &Venue::bar_path,
             {"pessimistic", "open_high_low_close", "open_low_high_close"},
             "order of prices inside a bar when bars are all there is"),
      make(kDecimal, "venue.bar_spread", &C::venue, &Venue::bar_spread_e8, "0", "0.1",
           "assumed half spread where there is no book, share of the price"),
      make(kDecimal, "venue.participation", &C::venue, &Venue::participation_e8, "0", "1",
           "share of traded volume that may fill us where there is no book"),
      make(kDecimal, "venue.funding_rate_fallback", &C::venue, &Venue::funding_rate_fallback_e8, "-0.1", "0.1",
           "funding rate where the data has none; 0: no funding then"),
      choice("venue.mark_fallback", &C::venue, &Venue::mark_fallback, {"mid", "last"},
             "mark price where the data has none, journaled as fallback"),

      choice("journal.durability", &C::journal, &Journal::durability, {"buffered", "wal", "sync"},
             "survives: a clean end | a killed process | lost power"),
      make(kInteger, "journal.block_bytes", &C::journal, &Journal::block_bytes, "4096", "16777216",
           "raw size at which a block of records closes"),

      choice("logging.level", &C::logging, &Logging::level, {"trace", "debug", "info", "warn", "error", "off"},
             "least level that is logged"),
      make(ValueType::text, "logging.file", &C::logging, &Logging::file, "", "",
           "log file, rotated; empty: standard error"),
  };
}

Error at(const std::string& place, const std::string& key, Error error) {
  error.kind = ErrorKind::usage;
  error.message = place + ": " + key + ": " + error.message;
  return error;
}

Error unknown_key(const std::string& place, const std::string& path, const std::vector<std::string>& candidates) {
  Error error = usage_error(place + ": unknown key \"" + path.substr(0, 120) + "\"");
  const std::string near = nearest(path, candidates);
  error.hint = near.empty() ? "config/KEYS.md lists every key" : "did you mean \"" + near + "\"?";
  return error;
}

// What a strategy has been given, before its kind is known.
struct StrategyValues {
  std::map<std::string, Located> fields;
  std::map<std::string, Located> params;
  std::string place;
};

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    std::string_view part = text.substr(0, comma);
    while (!part.empty() && part.front() == ' ') part.remove_prefix(1);
    while (!part.empty() && part.back() == ' ') part.remove_suffix(1);
    parts.emplace_back(part);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return parts;
}

Result<StrategyConfig> strategy_from(const std::string& name, const StrategyValues& values,
                                     const StrategyCatalog& catalog, const std::vector<std::string>& named) {
  const std::string prefix = "strategies." + name;
  StrategyConfig strategy;
  strategy.name = name;
  const auto kind = values.fields.find("kind");
  if (kind == values.fields.end()) {
    Error error = usage_error(values.place + ": " + prefix + " has no kind");
    const std::string near = nearest(name, named);
    if (!near.empty()) error.hint = "did you mean \"strategies." + near + "\"?";
    return error;
  }
  std::vector<std::string> kinds;
  for (const StrategyKind& known : catalog) kinds.push_back(known.kind);
  const auto spec =
      std::find_if(catalog.begin(), catalog.end(), [&](const StrategyKind& k) { return k.kind == kind->second.text; });
  if (spec == catalog.end()) {
    ValueRule rule{ValueType::choice, "", "", kinds};
    return at(kind->second.place, prefix + ".kind", canonical_value(rule, kind->second.text).error());
  }
  strategy.kind = spec->kind;

  if (const auto enabled = values.fields.find("enabled"); enabled != values.fields.end()) {
    auto flag = canonical_value({ValueType::flag, "", "", {}}, enabled->second.text);
    if (!flag) return at(enabled->second.place, prefix + ".enabled", flag.error());
    strategy.enabled = *flag == "true";
  }
  const auto instruments = values.fields.find("instruments");
  if (instruments == values.fields.end() || instruments->second.text.empty()) {
    return usage_error(values.place + ": " + prefix + " has no instruments", "give it a list such as [BTCUSDT]");
  }
  for (std::string& symbol : split_list(instruments->second.text)) {
    const std::string key = prefix + ".instruments";
    if (!is_symbol(symbol)) {
      return at(instruments->second.place, key,
                usage_error("\"" + symbol.substr(0, 60) + "\" is not a symbol such as BTCUSDT"));
    }
    if (std::find(strategy.instruments.begin(), strategy.instruments.end(), symbol) != strategy.instruments.end()) {
      return at(instruments->second.place, key, usage_error("\"" + symbol + "\" stands there twice"));
    }
    strategy.instruments.push_back(std::move(symbol));
  }

  std::vector<std::string> parameter_paths;
  for (const ParameterSpec& parameter : spec->parameters) {
    parameter_paths.push_back(prefix + ".params." + parameter.key);
    auto canonical = canonical_value(rule_of(parameter), parameter.default_value);
    REPRISE_ASSERT(canonical.ok(), "default of " + spec->kind + "." + parameter.key + " breaks its own rule");
    strategy.params[parameter.key] = *canonical;
  }
  for (const auto& [key, value] : values.params) {
    const std::string path = prefix + ".params." + key;
    const auto parameter = std::find_if(spec->parameters.begin(), spec->parameters.end(),
                                        [&, k = std::string_view(key)](const ParameterSpec& p) { return p.key == k; });
    if (parameter == spec->parameters.end()) return unknown_key(value.place, path, parameter_paths);
    auto canonical = canonical_value(rule_of(*parameter), value.text);
    if (!canonical) return at(value.place, path, canonical.error());
    strategy.params[key] = *canonical;
  }
  return strategy;
}

// What must hold between keys.
Status check_together(const Config& config, const LocatedValues& values) {
  const auto place_of = [&](const std::string& path) {
    const auto found = values.find(path);
    return found == values.end() ? std::string("defaults") : found->second.place;
  };
  const Account& account = config.account;
  if (account.settlement_asset.empty()) {
    return usage_error(place_of("account.settlement_asset") + ": account.settlement_asset: is empty",
                       "name it, for example USDT");
  }
  if (!account.fee_asset.empty()) {
    const std::string place = place_of("account.fee_asset") + ": account.fee_asset: ";
    if (account.fee_asset == account.settlement_asset) {
      return usage_error(place + "is the settlement asset", "leave it empty to pay fees in the settlement asset");
    }
    if (account.fee_asset_price_e8 == 0) {
      return usage_error(place + "has no price",
                         "set account.fee_asset_price, which holds until account.fee_asset_symbol has one");
    }
  }
  return ok_status();
}

}  // namespace

const std::vector<Key>& keys() {
  static const std::vector<Key> list = make_keys();
  return list;
}

const Key* find_key(std::string_view path) {
  for (const Key& key : keys()) {
    if (key.path == path) return &key;
  }
  return nullptr;
}

std::vector<std::string> key_paths() {
  std::vector<std::string> paths;
  for (const Key& key : keys()) paths.push_back(key.path);
  return paths;
}

Result<Config> config_from(const LocatedValues& values, const StrategyCatalog& catalog) {
  Config config;
  config.strategies.clear();
  std::map<std::string, StrategyValues> strategies;
  for (const auto& [path, value] : values) {
    constexpr std::string_view kPrefix = "strategies.";
    if (path.rfind(kPrefix, 0) != 0) {
      const Key* key = find_key(path);
      if (key == nullptr) return unknown_key(value.place, path, key_paths());
      auto canonical = canonical_value(key->rule, value.text);
      if (!canonical) return at(value.place, path, canonical.error());
      key->set(config, *canonical);
      continue;
    }
    const std::size_t dot = path.find('.', kPrefix.size());
    const std::string name = path.substr(kPrefix.size(), dot == std::string::npos ? dot : dot - kPrefix.size());
    if (!is_name(name)) {
      return usage_error(value.place + ": \"" + name.substr(0, 60) + "\" is not a name for a strategy",
                         "use letters, digits, _ and -, at most 32");
    }
    const std::string rest = dot == std::string::npos ? "" : path.substr(dot + 1);
    StrategyValues& strategy = strategies[name];
    if (strategy.place.empty()) strategy.place = value.place;
    if (rest == "kind" || rest == "instruments" || rest == "enabled") {
      strategy.fields[rest] = value;
    } else if (rest.rfind("params.", 0) == 0 && rest.size() > 7) {
      strategy.params[rest.substr(7)] = value;
    } else {
      const std::string base = "strategies." + name + ".";
      return unknown_key(value.place, path, {base + "kind", base + "instruments", base + "enabled", base + "params"});
    }
  }
  std::vector<std::string> named;
  for (const auto& [name, strategy] : strategies) {
    if (strategy.fields.count("kind") != 0) named.push_back(name);
  }
  for (const auto& [name, strategy] : strategies) {
    auto typed = strategy_from(name, strategy, catalog, named);
    if (!typed) return typed.error();
    config.strategies.push_back(std::move(*typed));
  }
  if (Status together = check_together(config, values); !together) return together.error();
  return config;
}

Entries to_entries(const Config& config) {
  Entries entries;
  for (const Key& key : keys()) entries.emplace_back(key.path, key.get(config));
  for (const StrategyConfig& strategy : config.strategies) {
    const std::string prefix = "strategies." + strategy.name + ".";
    std::string instruments;
    for (const std::string& symbol : strategy.instruments) instruments += (instruments.empty() ? "" : ",") + symbol;
    entries.emplace_back(prefix + "kind", strategy.kind);
    entries.emplace_back(prefix + "instruments", instruments);
    entries.emplace_back(prefix + "enabled", strategy.enabled ? "true" : "false");
    for (const auto& [key, value] : strategy.params) entries.emplace_back(prefix + "params." + key, value);
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

Entries journaled_entries(Config config) {
  config.journal = {};
  config.logging = {};
  return to_entries(config);
}

Result<Config> from_entries(const Entries& entries, const StrategyCatalog& catalog) {
  LocatedValues values;
  for (const auto& [path, text] : entries) {
    if (!values.emplace(path, Located{text, "configuration record"}).second) {
      return usage_error("configuration record: key \"" + path.substr(0, 120) + "\" stands there twice");
    }
  }
  return config_from(values, catalog);
}

std::string config_hash(const Entries& entries) {
  std::string bytes;
  for (const auto& [key, value] : entries) {
    bytes += key;
    bytes += '\0';
    bytes += value;
    bytes += '\0';
  }
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  char text[33];
  std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(hash.high64),
                static_cast<unsigned long long>(hash.low64));
  return text;
}

std::string key_reference() {
  const Config defaults;
  std::string text =
      "# Configuration keys\n\n"
      "Made from the list in `config/keys.cpp`; a test holds it. Every key can be set in a profile and with\n"
      "`--set key=value`. Decimals are exact to 8 places (no floating point); durations carry a unit (`ns`, `us`,\n"
      "`ms`, `s`, `m`, `h`, `d`); shares are plain decimals (`0.05` is 5 %).\n";
  std::string section;
  for (const Key& key : keys()) {
    const std::size_t dot = key.path.find('.');
    if (key.path.substr(0, dot) != section) {
      section = key.path.substr(0, dot);
      text += "\n## " + section + "\n\n| key | type | range | default | meaning |\n|---|---|---|---|---|\n";
    }
    std::string range = range_text(key.rule);
    for (std::size_t bar = range.find(" | "); bar != std::string::npos; bar = range.find(" | "))
      range.replace(bar, 3, ", ");
    std::string value = key.get(defaults);
    std::string help = key.help;
    for (std::size_t bar = help.find(" | "); bar != std::string::npos; bar = help.find(" | "))
      help.replace(bar, 3, ", ");
    text += "| `" + key.path + "` | " + name_of(key.rule.type) + " | " + range + " | " +
            (value.empty() ? "empty" : "`" + value + "`") + " | " + help + " |\n";
  }
  text +=
      "\n## strategies\n\n"
      "A map by name; strategies are numbered in the byte order of their names, from 1.\n\n"
      "| key | meaning |\n|---|---|\n"
      "| `strategies.NAME.kind` | which strategy, for example `trend_following` |\n"
      "| `strategies.NAME.instruments` | list of symbols; with `--set` separated by commas |\n"
      "| `strategies.NAME.enabled` | `true` (default) or `false` |\n"
      "| `strategies.NAME.params.KEY` | a parameter that the kind declares; its default holds where it is not given "
      "|\n";
  return text;
}

}  // namespace reprise::config
