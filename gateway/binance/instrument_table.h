// What is known about contracts: filters from exchangeInfo, margin brackets, shipped fallbacks.
//
// Sources, the best first: files named by the user, exchangeInfo found inside a capture, the tables that
// ship in config/instruments (embedded in the binary). What none of them knows is inferred from the
// recorded figures (a tick and a lot that fit all of them) with the most careful generic bracket table,
// and marked as such (filters_are_defaults). Units: 1e-8. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "journal/record_batch.h"
#include "journal/result.h"

namespace reprise::gateway {

using schema::Venue;

struct TierSpec {
  std::int64_t floor = 0;
  std::int64_t cap = 0;
  std::uint32_t max_leverage = 1;
  std::int64_t rate = 0;
  std::int64_t amount = 0;
  bool operator==(const TierSpec&) const = default;
};

struct InstrumentSpec {
  std::string symbol;  // unique over venues, see symbol_in_dataset()
  std::string venue_symbol;
  Venue venue = Venue::UNKNOWN;
  schema::ContractType contract_type = schema::ContractType::UNKNOWN;
  std::string base_asset;
  std::string quote_asset;
  std::string settlement_asset;
  std::int64_t tick_size = 0;
  std::int64_t lot_size = 0;
  std::int64_t min_qty = 0;
  std::int64_t max_qty = 0;
  std::int64_t market_max_qty = 0;
  std::int64_t min_notional = 0;
  std::int64_t min_price = 0;
  std::int64_t max_price = 0;
  std::int64_t price_band_up = 0;
  std::int64_t price_band_down = 0;
  std::int64_t multiplier = 100'000'000;
  std::int64_t liquidation_fee_rate = 0;
  std::int64_t market_take_bound = 0;
  std::int64_t trigger_protect = 0;
  std::uint32_t max_open_orders = 0;
  std::uint16_t funding_interval_hours = 8;
  schema::InstrumentState state = schema::InstrumentState::TRADING;
  bool filters_are_defaults = false;
  std::vector<TierSpec> tiers;
  bool tiers_are_defaults = false;
};

// "BTCUSDT" on USD-M, "BTCUSD_PERP" on COIN-M, "BTCUSDT.SPOT" on spot: one name for one contract.
std::string symbol_in_dataset(Venue venue, std::string_view venue_symbol);
const char* market_name(Venue venue);  // "usdm", "coinm", "spot"
std::optional<Venue> market_from(std::string_view name);

class InstrumentTable {
 public:
  InstrumentTable();  // with the shipped tables

  // exchangeInfo or leverageBracket answers, a list of ccxt-style leverage tiers by symbol, or a table in
  // the form of config/instruments: told apart by content. `place` names the source in errors.
  Status add_file(const std::string& path);
  Status add_json(std::string_view json, const std::string& place, Venue venue_if_unsaid = Venue::UNKNOWN);

  // Everything known; nullopt for a symbol nobody knows.
  std::optional<InstrumentSpec> find(Venue venue, const std::string& venue_symbol) const;
  // As find(), with tick and lot that fit the recorded prices and quantities: `price_step` and `qty_step`
  // are the largest powers of ten that divide all of them (0 = none seen). Says in `warning` what was made up.
  InstrumentSpec find_or_infer(Venue venue, const std::string& venue_symbol, std::int64_t price_step,
                               std::int64_t qty_step, std::string& warning) const;

 private:
  using Key = std::pair<Venue, std::string>;
  std::map<Key, InstrumentSpec> specs_;
  std::map<Key, std::vector<TierSpec>> tiers_;
  std::map<Key, std::vector<TierSpec>> shipped_tiers_;
};

// Largest power of ten (in units of 1e-8) that divides value and step; step 0 = no bound yet.
std::int64_t common_step(std::int64_t step, std::int64_t value);

// The Instrument and MarginTable records of a contract.
void append_instrument(const InstrumentSpec& spec, const journal::RecordHeader& header, journal::RecordBatch& batch);

const char* shipped_usdm_instruments();
const char* shipped_coinm_instruments();

}  // namespace reprise::gateway
