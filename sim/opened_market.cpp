#include "sim/opened_market.h"

#include "engine/market/market_state.h"

namespace reprise::sim {

using journal::RecordBatch;
using journal::RecordHeader;
using journal::RecordType;

namespace {

void declare(const Instrument& i, const RecordHeader& header, RecordBatch& out) {
  const std::size_t text = i.symbol.size() + i.base_asset.size() + i.quote_asset.size() + i.settlement_asset.size();
  out.append<schema::Instrument>(
      RecordType::INSTRUMENT, header,
      [&](schema::Instrument::Builder b) {
        b.setSymbol(i.symbol);
        b.setVenue(i.venue);
        b.setContractType(i.contract_type);
        b.setBaseAsset(i.base_asset);
        b.setQuoteAsset(i.quote_asset);
        b.setSettlementAsset(i.settlement_asset);
        b.setTickSize(i.tick_size.e8);
        b.setLotSize(i.lot_size.e8);
        b.setMinQty(i.min_qty.e8);
        b.setMaxQty(i.max_qty.e8);
        b.setMarketMaxQty(i.market_max_qty.e8);
        b.setMinNotional(i.min_notional.e8);
        b.setMinPrice(i.min_price.e8);
        b.setMaxPrice(i.max_price.e8);
        b.setPriceBandUp(i.price_band_up.e8);
        b.setPriceBandDown(i.price_band_down.e8);
        b.setContractMultiplier(i.contract_multiplier.e8);
        b.setLiquidationFeeRate(i.liquidation_fee_rate.e8);
        b.setMarketTakeBound(i.market_take_bound.e8);
        b.setTriggerProtect(i.trigger_protect.e8);
        b.setMaxOpenOrders(i.max_open_orders);
        b.setFundingIntervalHours(i.funding_interval_hours);
        b.setState(i.state);
        b.setMakerFeeRate(i.maker_fee_rate.e8);
        b.setTakerFeeRate(i.taker_fee_rate.e8);
        b.setHasFeeRates(i.has_fee_rates);
      },
      8 + text / 8);
  if (i.margin.tiers.empty()) return;
  out.append<schema::MarginTable>(
      RecordType::MARGIN_TABLE, header,
      [&](schema::MarginTable::Builder b) {
        auto tiers = b.initTiers(static_cast<unsigned>(i.margin.tiers.size()));
        for (unsigned n = 0; n < tiers.size(); ++n) {
          const MarginTier& tier = i.margin.tiers[n];
          tiers[n].setNotionalFloor(tier.notional_floor.e8);
          tiers[n].setNotionalCap(tier.notional_cap.e8);
          tiers[n].setMaxLeverage(tier.max_leverage);
          tiers[n].setMaintenanceMarginRate(tier.maintenance_margin_rate.e8);
          tiers[n].setMaintenanceAmount(tier.maintenance_amount.e8);
        }
      },
      2 + 5 * i.margin.tiers.size());
}

void open_book(const BookFeed& feed, const RecordHeader& header, RecordBatch& out) {
  const auto bids = feed.book().bids();
  const auto asks = feed.book().asks();
  out.append<schema::BookSnapshot>(
      RecordType::BOOK_SNAPSHOT, header,
      [&](schema::BookSnapshot::Builder b) {
        b.setLastUpdateId(feed.last_update_id());
        b.setTsVenueSent(header.ts_event);
        const auto fill = [](auto list, const auto& levels) {
          for (unsigned i = 0; i < list.size(); ++i) {
            list[i].setPrice(levels[i].price.e8);
            list[i].setQty(levels[i].qty.e8);
          }
        };
        fill(b.initBids(static_cast<unsigned>(bids.size())), bids);
        fill(b.initAsks(static_cast<unsigned>(asks.size())), asks);
        b.setIsPartial(feed.state() == BookFeedState::top_view);
      },
      2 + 2 * (bids.size() + asks.size()));
}

}  // namespace

RecordBatch opened_market(const engine::Engine& engine) {
  RecordBatch out;
  RecordHeader header;
  header.ts_event = header.ts_recv = header.ts_engine = engine.now().ns;
  for (const auto& [number, instrument] : engine.instruments().all()) {
    header.instrument = number;
    declare(instrument, header, out);
  }
  for (const auto& [number, instrument] : engine.instruments().all()) {
    const engine::InstrumentMarket* market = engine.market().find(number);
    if (market == nullptr || market->feed().book().is_empty()) continue;
    if (!market->feed().is_usable() && market->feed().state() != BookFeedState::top_view) continue;
    header.instrument = number;
    open_book(market->feed(), header, out);
  }
  return out;
}

}  // namespace reprise::sim
