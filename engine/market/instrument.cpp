#include "engine/market/instrument.h"

namespace reprise {

namespace {

std::string_view prefix_of(Venue venue) {
  switch (venue) {
    case Venue::BINANCE_USDM: return "binanceUsdm";
    case Venue::BINANCE_COINM: return "binanceCoinm";
    case Venue::BINANCE_SPOT: return "binanceSpot";
    case Venue::SYNTHETIC: return "synthetic";
    default: return "unknown";
  }
}

}  // namespace

void MarginTier::persist(engine::StateArchive& archive) {
  archive.field("notional_floor", notional_floor);
  archive.field("notional_cap", notional_cap);
  archive.field("max_leverage", max_leverage);
  archive.field("maintenance_margin_rate", maintenance_margin_rate);
  archive.field("maintenance_amount", maintenance_amount);
}

const MarginTier& MarginTable::tier_for(Money notional) const {
  REPRISE_ASSERT(!tiers.empty(), "margin table without tiers");
  for (const MarginTier& tier : tiers) {
    if (notional < tier.notional_cap) return tier;
  }
  return tiers.back();
}

Money MarginTable::maintenance_margin(Money notional) const {
  const MarginTier& tier = tier_for(notional);
  return mul(notional, tier.maintenance_margin_rate, Rounding::ceiling) - tier.maintenance_amount;
}

void MarginTable::persist(engine::StateArchive& archive) {
  archive.field("tiers", tiers);
}

bool Instrument::is_named(std::string_view name) const {
  if (name == symbol) return true;
  const std::size_t colon = name.find(':');
  return colon != std::string_view::npos && name.substr(0, colon) == prefix_of(venue) &&
         name.substr(colon + 1) == symbol;
}

Price Instrument::round_to_tick(Price price, Rounding rounding) const {
  if (!tick_size.is_positive()) return price;
  return rounding == Rounding::ceiling ? ceil_to(price, tick_size) : floor_to(price, tick_size);
}

Instrument Instrument::from_record(InstrumentNo number, schema::Instrument::Reader r) {
  Instrument i;
  i.number = number;
  i.symbol = r.getSymbol().cStr();
  i.venue = r.getVenue();
  i.contract_type = r.getContractType();
  i.base_asset = r.getBaseAsset().cStr();
  i.quote_asset = r.getQuoteAsset().cStr();
  i.settlement_asset = r.getSettlementAsset().cStr();
  i.tick_size = {r.getTickSize()};
  i.lot_size = {r.getLotSize()};
  i.min_qty = {r.getMinQty()};
  i.max_qty = {r.getMaxQty()};
  i.market_max_qty = {r.getMarketMaxQty()};
  i.min_notional = {r.getMinNotional()};
  i.min_price = {r.getMinPrice()};
  i.max_price = {r.getMaxPrice()};
  i.price_band_up = {r.getPriceBandUp()};
  i.price_band_down = {r.getPriceBandDown()};
  i.contract_multiplier = {r.getContractMultiplier()};
  i.liquidation_fee_rate = {r.getLiquidationFeeRate()};
  i.market_take_bound = {r.getMarketTakeBound()};
  i.trigger_protect = {r.getTriggerProtect()};
  i.max_open_orders = r.getMaxOpenOrders();
  i.funding_interval_hours = r.getFundingIntervalHours();
  i.state = r.getState();
  i.maker_fee_rate = {r.getMakerFeeRate()};
  i.taker_fee_rate = {r.getTakerFeeRate()};
  i.has_fee_rates = r.getHasFeeRates();
  return i;
}

void Instrument::persist(engine::StateArchive& archive) {
  archive.field("number", number);
  archive.field("symbol", symbol);
  archive.field("venue", venue);
  archive.field("contract_type", contract_type);
  archive.field("base_asset", base_asset);
  archive.field("quote_asset", quote_asset);
  archive.field("settlement_asset", settlement_asset);
  archive.field("tick_size", tick_size);
  archive.field("lot_size", lot_size);
  archive.field("min_qty", min_qty);
  archive.field("max_qty", max_qty);
  archive.field("market_max_qty", market_max_qty);
  archive.field("min_notional", min_notional);
  archive.field("min_price", min_price);
  archive.field("max_price", max_price);
  archive.field("price_band_up", price_band_up);
  archive.field("price_band_down", price_band_down);
  archive.field("contract_multiplier", contract_multiplier);
  archive.field("liquidation_fee_rate", liquidation_fee_rate);
  archive.field("market_take_bound", market_take_bound);
  archive.field("trigger_protect", trigger_protect);
  archive.field("max_open_orders", max_open_orders);
  archive.field("funding_interval_hours", funding_interval_hours);
  archive.field("state", state);
  archive.field("maker_fee_rate", maker_fee_rate);
  archive.field("taker_fee_rate", taker_fee_rate);
  archive.field("has_fee_rates", has_fee_rates);
  archive.field("margin", margin);
}

void Instruments::declare(InstrumentNo number, schema::Instrument::Reader record) {
  Instrument& instrument = by_number_[number];
  MarginTable margin = std::move(instrument.margin);
  instrument = Instrument::from_record(number, record);
  instrument.margin = std::move(margin);
}

void Instruments::set_margin(InstrumentNo number, schema::MarginTable::Reader record) {
  Instrument& instrument = by_number_[number];
  instrument.number = number;
  instrument.margin.tiers.clear();
  for (auto tier : record.getTiers()) {
    instrument.margin.tiers.push_back({{tier.getNotionalFloor()},
                                       {tier.getNotionalCap()},
                                       tier.getMaxLeverage(),
                                       {tier.getMaintenanceMarginRate()},
                                       {tier.getMaintenanceAmount()}});
  }
}

void Instruments::set_state(InstrumentNo number, InstrumentState state) {
  auto found = by_number_.find(number);
  if (found != by_number_.end()) found->second.state = state;
}

const Instrument* Instruments::find(InstrumentNo number) const {
  auto found = by_number_.find(number);
  return found == by_number_.end() ? nullptr : &found->second;
}

const Instrument* Instruments::find_symbol(const std::string& symbol) const {
  for (const auto& [number, instrument] : by_number_) {
    if (instrument.symbol == symbol) return &instrument;
  }
  return nullptr;
}

}  // namespace reprise
