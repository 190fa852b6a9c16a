// The effective configuration of a run, typed. Made by config/loader.h from YAML profiles and --set, or
// from the Configuration record of a journal; both go through the same list of keys (config/keys.cpp),
// so what is journaled is exactly what is used.
//
// Decimals are int64 at 1e-8 (suffix _e8), durations nanoseconds (suffix _ns). Plain values, no
// behaviour; copied freely.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "journal/record.h"
#include "journal/result.h"

namespace reprise::config {

struct Run {
  std::uint64_t seed = 1;
  std::int64_t tick_interval_ns = 1'000'000'000;  // clock ticks in the journal
};

struct Account {
  std::string settlement_asset = "USDT";             // asset number 0
  std::int64_t initial_balance_e8 = 23'000'000'000;  // 230 USDT
  std::string fee_asset;                             // "" = settlement asset; "BNB" = discount asset, asset number 1
  std::int64_t fee_asset_balance_e8 = 0;
  std::int64_t fee_asset_price_e8 = 0;        // fallback price of the fee asset in the settlement asset
  std::string fee_asset_symbol;               // instrument whose price is used when it is in the data
  std::int64_t fee_discount_e8 = 10'000'000;  // 10 % with the fee asset
  std::uint32_t leverage = 5;
  std::string margin_mode = "cross";  // cross | isolated
};

struct Fees {
  std::int64_t taker_rate_e8 = 50'000;   // 0.05 %
  std::int64_t maker_rate_e8 = 20'000;   // 0.02 %
  bool prefer_instrument_rates = false;  // use an instrument's own rates where the data has them
};

struct Engine {
  std::int64_t bar_interval_ns = 60'000'000'000;  // bars built from trades
  std::int64_t equity_mark_interval_ns = 60'000'000'000;
  std::uint64_t state_hash_interval_records = 100'000;
  std::int64_t stale_after_ns = 5'000'000'000;     // market data older than this is stale; 0 = never
  std::int64_t order_timeout_ns = 10'000'000'000;  // answer in flight longer than this: fate unknown
  std::int64_t outlier_bound_e8 = 10'000'000;      // a print further than 10 % from the last is ignored
};

struct Sizing {
  std::int64_t risk_fraction_e8 = 1'000'000;            // of equity lost at the stop: 1 %
  std::int64_t max_notional_fraction_e8 = 200'000'000;  // of equity, for one position: 2x
};

struct Risk {  // 0 = the rule is off, for every bound
  std::int64_t max_position_qty_e8 = 0;
  std::int64_t max_position_notional_e8 = 0;
  std::int64_t max_total_notional_e8 = 0;
  std::int64_t max_order_notional_e8 = 0;
  std::int64_t max_leverage_e8 = 300'000'000;  // gross notional / equity
  std::uint32_t max_orders_per_second = 20;
  std::uint32_t max_orders_per_minute = 600;
  std::int64_t price_band_e8 = 2'000'000;           // limit price within 2 % of mid, aggressive side
  std::int64_t daily_loss_fraction_e8 = 5'000'000;  // of equity at the day's start
  std::int64_t max_drawdown_e8 = 20'000'000;        // of peak equity
  std::uint32_t max_open_orders = 50;
  std::int64_t min_equity_e8 = 0;
  std::int64_t min_liquidation_distance_e8 = 0;  // |mark - liquidation price| / mark
  std::int64_t flatten_band_e8 = 0;              // kill switch: how far from mid it closes; 0 = market orders
  std::string on_daily_loss = "reduce";          // reduce | halt | kill
  std::string on_drawdown = "kill";
  std::string on_stale_data = "deny";  // deny only: no new orders on stale data, exits pass
};

struct Venue {                              // the simulated venue (sim/)
  std::string queue_model = "pessimistic";  // pessimistic | probabilistic
  std::string latency_model = "constant";   // constant | distribution | recorded
  std::int64_t order_entry_latency_ns = 5'000'000;
  std::int64_t order_response_latency_ns = 5'000'000;
  std::int64_t feed_latency_ns = 1'000'000;  // added where the data has no receive time of its own
  std::int64_t latency_sigma_e8 = 0;         // distribution: log-scale spread
  std::string stp_mode = "expire_maker";
  std::string bar_path = "pessimistic";        // pessimistic | open_high_low_close | open_low_high_close
  std::int64_t bar_spread_e8 = 10'000;         // bars and trades alone: assumed half spread, 0.01 %
  std::int64_t participation_e8 = 10'000'000;  // bars and trades alone: share of volume we may take, 10 %
  std::int64_t funding_rate_fallback_e8 = 0;   // where the data has no rate: no funding
  std::string mark_fallback = "mid";           // mid | last: journaled as fallback
};

struct Journal {
  std::string durability = "wal";  // buffered | wal | sync
  std::uint64_t block_bytes = 256 << 10;
};

struct Logging {
  std::string level = "info";
  std::string file;  // "" = standard error
};

struct StrategyConfig {
  std::string name;                      // unique
  std::string kind;                      // registered in engine/strategy/registry.cpp
  std::vector<std::string> instruments;  // symbols
  bool enabled = true;
  std::map<std::string, std::string> params;  // canonical text, checked against the kind's ParameterSpec list
};

struct Config {
  Run run;
  Account account;
  Fees fees;
  Engine engine;
  Sizing sizing;
  Risk risk;
  Venue venue;
  Journal journal;
  Logging logging;
  std::vector<StrategyConfig> strategies;  // strategy number = place + 1
};

// What a strategy kind accepts; the strategy's file declares it, the loader checks it.
struct ParameterSpec {
  enum class Type { decimal, integer, duration, flag, choice };
  std::string key;
  Type type = Type::decimal;
  std::string default_value;  // canonical text: "0.5", "20", "60s", "true"
  std::string minimum;        // "" = none
  std::string maximum;
  std::vector<std::string> choices;
  std::string help;
};
struct StrategyKind {
  std::string kind;
  std::vector<ParameterSpec> parameters;
};
using StrategyCatalog = std::vector<StrategyKind>;

// Flat, sorted by key, complete (defaults included): "risk.max_drawdown" -> "0.2",
// "strategies.trend.params.atr_period" -> "14". This is what a Configuration record holds.
using Entries = std::vector<std::pair<std::string, std::string>>;
Entries to_entries(const Config& config);
// What a run journals, hashes and takes its tag from: all of it, with journal.* and logging.* at their defaults. How
// the journal is stored and where the log goes shape no decision, and the path of a log would give one run another
// digest on another machine.
Entries journaled_entries(Config config);
Result<Config> from_entries(const Entries& entries, const StrategyCatalog& catalog);
std::string config_hash(const Entries& entries);  // hex, over keys and values

// Canonical text <-> values, shared by the loader, strategies' parameters and --set.
Result<std::int64_t> parse_decimal_e8(const std::string& text);
Result<std::int64_t> parse_duration_ns(const std::string& text);  // "250ms", "5s", "1m", "8h", "1d", "0"
std::string duration_text(std::int64_t ns);

}  // namespace reprise::config
