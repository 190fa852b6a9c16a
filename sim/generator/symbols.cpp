#include "sim/generator/symbols.h"

#include <array>
#include <string>

namespace reprise::sim {

namespace {

constexpr std::int64_t kUnit = 100'000'000;

//     symbol      base     tick       lot          price               min notional  vol/s     common  spread  order
//     activity
constexpr std::array<SymbolSpec, kMaxSymbols> kSpecs = {{
    {"BTCUSDT", "BTC", 10'000'000, 100'000, 42'500 * kUnit, 100 * kUnit, 0.000080, 0.85, 0.000012, 5000, 1.00},
    {"ETHUSDT", "ETH", 1'000'000, 100'000, 2'280 * kUnit, 20 * kUnit, 0.000100, 0.85, 0.000015, 3500, 0.85},
    {"SOLUSDT", "SOL", 100'000, 100'000'000, 101 * kUnit, 5 * kUnit, 0.000150, 0.75, 0.000030, 2000, 0.60},
    {"BNBUSDT", "BNB", 1'000'000, 1'000'000, 313 * kUnit, 5 * kUnit, 0.000090, 0.70, 0.000035, 1500, 0.45},
    {"XRPUSDT", "XRP", 10'000, 10'000'000, 61'540'000, 5 * kUnit, 0.000110, 0.70, 0.000085, 500, 0.45},
    {"ADAUSDT", "ADA", 10'000, 100'000'000, 59'200'000, 5 * kUnit, 0.000130, 0.72, 0.000090, 350, 0.35},
    {"DOGEUSDT", "DOGE", 1'000, 100'000'000, 8'960'000, 5 * kUnit, 0.000140, 0.70, 0.000070, 350, 0.40},
    {"AVAXUSDT", "AVAX", 100'000, 100'000'000, 3'865'000'000, 5 * kUnit, 0.000160, 0.72, 0.000045, 350, 0.35},
    {"LINKUSDT", "LINK", 100'000, 1'000'000, 1'495'000'000, 5 * kUnit, 0.000140, 0.70, 0.000055, 300, 0.30},
    {"DOTUSDT", "DOT", 100'000, 10'000'000, 819'000'000, 5 * kUnit, 0.000140, 0.72, 0.000070, 300, 0.30},
    {"LTCUSDT", "LTC", 1'000'000, 100'000, 7'265'000'000, 20 * kUnit, 0.000110, 0.70, 0.000080, 300, 0.30},
    {"NEARUSDT", "NEAR", 100'000, 100'000'000, 365'000'000, 5 * kUnit, 0.000170, 0.68, 0.000150, 250, 0.25},
    {"FILUSDT", "FIL", 100'000, 10'000'000, 690'000'000, 5 * kUnit, 0.000160, 0.68, 0.000090, 250, 0.25},
    {"ATOMUSDT", "ATOM", 100'000, 1'000'000, 1'060'000'000, 5 * kUnit, 0.000140, 0.70, 0.000065, 250, 0.25},
    {"ALGOUSDT", "ALGO", 10'000, 10'000'000, 22'300'000, 5 * kUnit, 0.000150, 0.68, 0.000230, 200, 0.20},
    {"UNIUSDT", "UNI", 100'000, 100'000'000, 735'000'000, 5 * kUnit, 0.000150, 0.68, 0.000080, 200, 0.20},
    {"ETCUSDT", "ETC", 100'000, 1'000'000, 2'220'000'000, 20 * kUnit, 0.000140, 0.70, 0.000050, 200, 0.20},
    {"TRXUSDT", "TRX", 1'000, 100'000'000, 10'780'000, 5 * kUnit, 0.000080, 0.55, 0.000060, 200, 0.20},
    {"BCHUSDT", "BCH", 1'000'000, 100'000, 25'900'000'000, 20 * kUnit, 0.000130, 0.70, 0.000040, 200, 0.20},
    {"XLMUSDT", "XLM", 1'000, 100'000'000, 12'930'000, 5 * kUnit, 0.000120, 0.65, 0.000050, 200, 0.20},
}};

struct TierShape {
  std::int64_t cap_notional;  // USDT
  std::uint32_t max_leverage;
  std::int64_t rate_e8;
};
// A large contract's table; smaller ones get a tenth of the caps and start at lower leverage.
constexpr std::array<TierShape, 9> kTiers = {{
    {50'000, 125, 400'000},
    {250'000, 100, 500'000},
    {3'000'000, 75, 650'000},
    {15'000'000, 50, 1'000'000},
    {30'000'000, 25, 2'000'000},
    {100'000'000, 20, 2'500'000},
    {200'000'000, 10, 5'000'000},
    {500'000'000, 5, 10'000'000},
    {1'000'000'000, 2, 25'000'000},
}};

}  // namespace

std::span<const SymbolSpec> symbol_specs() {
  return kSpecs;
}

void append_declaration(const SymbolSpec& spec, journal::RecordHeader header, journal::RecordBatch& out) {
  const bool is_large = spec.min_notional_e8 >= 20 * kUnit && spec.typical_notional >= 3000;
  // The largest order: about 5 million USDT, in whole lots.
  const std::int64_t max_qty =
      (5'000'000 * kUnit / (spec.start_price_e8 / 1'000) * (kUnit / 1'000)) / spec.lot_e8 * spec.lot_e8;
  out.append<schema::Instrument>(
      journal::RecordType::INSTRUMENT, header,
      [&](schema::Instrument::Builder b) {
        b.setSymbol(spec.symbol);
        b.setVenue(schema::Venue::SYNTHETIC);
        b.setContractType(schema::ContractType::LINEAR_PERPETUAL);
        b.setBaseAsset(spec.base_asset);
        b.setQuoteAsset("USDT");
        b.setSettlementAsset("USDT");
        b.setTickSize(spec.tick_e8);
        b.setLotSize(spec.lot_e8);
        b.setMinQty(spec.lot_e8);
        b.setMaxQty(max_qty);
        b.setMarketMaxQty(max_qty / 5 / spec.lot_e8 * spec.lot_e8);
        b.setMinNotional(spec.min_notional_e8);
        b.setMinPrice(spec.tick_e8);
        b.setMaxPrice(spec.start_price_e8 / spec.tick_e8 * spec.tick_e8 * 20);
        b.setPriceBandUp(105'000'000);
        b.setPriceBandDown(95'000'000);
        b.setLiquidationFeeRate(is_large ? 1'250'000 : 1'500'000);
        b.setMarketTakeBound(5'000'000);
        b.setTriggerProtect(5'000'000);
        b.setMaxOpenOrders(200);
        b.setFundingIntervalHours(8);
        b.setState(schema::InstrumentState::TRADING);
        b.setVenueSymbol(spec.symbol);
      },
      12);
  out.append<schema::MarginTable>(
      journal::RecordType::MARGIN_TABLE, header,
      [&](schema::MarginTable::Builder b) {
        const std::size_t first = is_large ? 0 : 2;  // 75x at most for the smaller ones
        auto tiers = b.initTiers(static_cast<unsigned>(kTiers.size() - first));
        std::int64_t floor = 0;
        std::int64_t amount = 0;
        std::int64_t rate = kTiers[first].rate_e8;
        for (std::size_t i = first; i < kTiers.size(); ++i) {
          const TierShape& shape = kTiers[i];
          const std::int64_t cap = (is_large ? shape.cap_notional : shape.cap_notional / 10) * kUnit;
          // The amount makes the maintenance margin continuous where the rate steps up.
          amount += floor / kUnit * (shape.rate_e8 - rate);
          rate = shape.rate_e8;
          auto tier = tiers[static_cast<unsigned>(i - first)];
          tier.setNotionalFloor(floor);
          tier.setNotionalCap(cap);
          tier.setMaxLeverage(shape.max_leverage);
          tier.setMaintenanceMarginRate(shape.rate_e8);
          tier.setMaintenanceAmount(amount);
          floor = cap;
        }
        b.setIsDefault(true);
      },
      static_cast<std::size_t>(2 + 6 * kTiers.size()));
}

}  // namespace reprise::sim
