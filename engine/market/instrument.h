// A contract as the engine knows it: filters, contract type, fees and margin brackets. Declared and
// restated by journal records; nothing else changes it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/market/fixed.h"
#include "engine/state_archive.h"
#include "journal/record.h"

namespace reprise {

// Enums that cross the journal come from the schema; domain code uses these names.
using schema::ContractType;
using schema::InstrumentState;
using schema::LiquiditySide;
using schema::MarginMode;
using schema::OrderStatus;
using schema::OrderType;
using schema::Side;
using schema::StpMode;
using schema::TimeInForce;
using schema::TriggerSource;
using schema::Venue;

inline Side opposite(Side side) {
  return side == Side::BUY ? Side::SELL : Side::BUY;
}
inline int sign_of(Side side) {
  return side == Side::BUY ? 1 : -1;
}

using InstrumentNo = std::uint32_t;
inline constexpr InstrumentNo kMaxInstrumentNo = 65'535;  // numbers are small and dense; a larger one is ignored

struct MarginTier {
  Money notional_floor;
  Money notional_cap;
  std::uint32_t max_leverage = 1;
  Rate maintenance_margin_rate;
  Money maintenance_amount;
  void persist(engine::StateArchive& archive);
};

// Tiers by ascending floor; tier n applies for floor <= notional < cap, the last one beyond its cap too.
struct MarginTable {
  std::vector<MarginTier> tiers;
  const MarginTier& tier_for(Money notional) const;  // asserts that there is at least one tier
  Money maintenance_margin(Money notional) const;    // notional * rate - amount
  void persist(engine::StateArchive& archive);
};

struct Instrument {
  InstrumentNo number = 0;
  std::string symbol;
  Venue venue = Venue::UNKNOWN;
  ContractType contract_type = ContractType::UNKNOWN;
  std::string base_asset;
  std::string quote_asset;
  std::string settlement_asset;
  Price tick_size;
  Qty lot_size;
  Qty min_qty;
  Qty max_qty;
  Qty market_max_qty;
  Money min_notional;
  Price min_price;
  Price max_price;
  Rate price_band_up;  // 0 = none
  Rate price_band_down;
  Money contract_multiplier;
  Rate liquidation_fee_rate;
  Rate market_take_bound;
  Rate trigger_protect;
  std::uint32_t max_open_orders = 0;  // 0 = not given
  std::uint16_t funding_interval_hours = 8;
  InstrumentState state = InstrumentState::UNKNOWN;
  Rate maker_fee_rate;
  Rate taker_fee_rate;
  bool has_fee_rates = false;
  MarginTable margin;

  bool is_linear() const {
    return contract_type == ContractType::LINEAR_PERPETUAL || contract_type == ContractType::LINEAR_DELIVERY;
  }
  // Whether a configuration means this instrument: by its symbol, or by "VENUE:SYMBOL" (binanceUsdm:BTCUSDT). The
  // engine and the simulated venue both ask here, so that what one trades the other takes orders for.
  bool is_named(std::string_view name) const;
  Price round_to_tick(Price price, Rounding rounding) const;  // floor or ceiling
  Qty floor_to_lot(Qty qty) const { return lot_size.is_positive() ? floor_to(qty, lot_size) : qty; }

  static Instrument from_record(InstrumentNo number, schema::Instrument::Reader record);
  void persist(engine::StateArchive& archive);
};

// All instruments of a run, by number. A restated instrument keeps its margin table.
class Instruments {
 public:
  void declare(InstrumentNo number, schema::Instrument::Reader record);
  void set_margin(InstrumentNo number, schema::MarginTable::Reader record);
  void set_state(InstrumentNo number, InstrumentState state);
  const Instrument* find(InstrumentNo number) const;  // nullptr when not declared
  const Instrument* find_symbol(const std::string& symbol) const;
  const std::map<InstrumentNo, Instrument>& all() const { return by_number_; }
  void persist(engine::StateArchive& archive) { archive.field("instruments", by_number_); }

 private:
  std::map<InstrumentNo, Instrument> by_number_;
};

}  // namespace reprise
