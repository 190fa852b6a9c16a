#include "tests/sim/desk.h"

#include <sstream>

#include "engine/state_bytes.h"

namespace reprise::sim::test {

namespace {
constexpr std::int64_t kStart = 1'700'000'000'000'000'000;
}

Desk::Desk(const DeskSetup& setup) : exchange(setup.config, {}), now{kStart}, setup_(setup) {
  feed<schema::Instrument>(
      journal::RecordType::INSTRUMENT,
      [&](schema::Instrument::Builder b) {
        b.setSymbol("XUSDT");
        b.setVenue(Venue::BINANCE_USDM);
        b.setContractType(setup.contract);
        b.setBaseAsset("X");
        b.setQuoteAsset("USDT");
        b.setSettlementAsset("USDT");
        b.setTickSize(e8(setup.tick));
        b.setLotSize(e8(setup.lot));
        b.setMinQty(e8(setup.min_qty));
        b.setMaxQty(e8(setup.max_qty));
        b.setMarketMaxQty(e8(setup.market_max_qty));
        b.setMinNotional(e8(setup.min_notional));
        b.setMinPrice(e8(setup.min_price));
        b.setMaxPrice(e8(setup.max_price));
        b.setPriceBandUp(e8(setup.band_up));
        b.setPriceBandDown(e8(setup.band_down));
        b.setMarketTakeBound(e8(setup.take_bound));
        b.setLiquidationFeeRate(e8(setup.liquidation_fee));
        b.setMaxOpenOrders(setup.max_open_orders);
        b.setState(schema::InstrumentState::TRADING);
      },
      16);
  if (setup.with_2026_brackets) {
    feed<schema::MarginTable>(
        journal::RecordType::MARGIN_TABLE,
        [&](schema::MarginTable::Builder b) {
          struct Row {
            const char* floor;
            const char* cap;
            std::uint32_t leverage;
            const char* rate;
            const char* amount;
          };
          const Row rows[] = {{"0", "300000", 150, "0.004", "0"},
                              {"300000", "800000", 100, "0.005", "300"},
                              {"800000", "3000000", 75, "0.0065", "1500"},
                              {"3000000", "12000000", 50, "0.01", "12000"}};
          auto tiers = b.initTiers(4);
          for (unsigned n = 0; n < 4; ++n) {
            tiers[n].setNotionalFloor(e8(rows[n].floor));
            tiers[n].setNotionalCap(e8(rows[n].cap));
            tiers[n].setMaxLeverage(rows[n].leverage);
            tiers[n].setMaintenanceMarginRate(e8(rows[n].rate));
            tiers[n].setMaintenanceAmount(e8(rows[n].amount));
          }
        },
        32);
  }
  exchange.open_account(now);
  forget();
}

template <class T, class Fill>
void Desk::feed(journal::RecordType type, Fill&& fill, std::size_t extra_words, UnixNanos happened) {
  journal::RecordBatch batch;
  journal::RecordHeader header;
  header.instrument = 1;
  header.ts_event = header.ts_recv = header.ts_engine = now.ns;
  batch.append<T>(type, header, std::forward<Fill>(fill), extra_words);
  batch.for_each(
      1, [&](const journal::RecordView& view) { exchange.on_market(view, 1, now, happened.ns < 0 ? now : happened); });
}

Desk& Desk::at(double seconds) {
  const UnixNanos until{kStart + static_cast<std::int64_t>(seconds * 1e9)};
  REQUIRE(until >= now);
  while (exchange.next_timer() <= until) {
    now = exchange.next_timer();
    exchange.on_timer(now);
  }
  now = until;
  return *this;
}

void Desk::levels(const std::string& text, std::vector<Level>& bids, std::vector<Level>& asks) {
  std::istringstream words(text);
  std::string word;
  std::vector<Level>* side = &bids;
  while (words >> word) {
    if (word == "|") {
      side = &asks;
      continue;
    }
    const std::size_t cross = word.find('x');
    side->push_back({{e8(word.substr(0, cross))}, {e8(word.substr(cross + 1))}});
  }
}

Desk& Desk::book(const std::string& text) {
  std::vector<Level> bids, asks;
  levels(text, bids, asks);
  const auto write = [](auto list, const std::vector<Level>& from) {
    for (unsigned n = 0; n < from.size(); ++n) {
      list[n].setPrice(from[n].price.e8);
      list[n].setQty(from[n].qty.e8);
    }
  };
  update_id_ += 10;
  feed<schema::BookSnapshot>(
      journal::RecordType::BOOK_SNAPSHOT,
      [&](schema::BookSnapshot::Builder b) {
        b.setLastUpdateId(update_id_);
        write(b.initBids(static_cast<unsigned>(bids.size())), bids);
        write(b.initAsks(static_cast<unsigned>(asks.size())), asks);
      },
      8 + 2 * (bids.size() + asks.size()));
  return *this;
}

Desk& Desk::level(Side side, const std::string& price, const std::string& qty) {
  const std::int64_t before = update_id_;
  update_id_ += 10;
  feed<schema::BookDelta>(
      journal::RecordType::BOOK_DELTA,
      [&](schema::BookDelta::Builder b) {
        b.setFirstUpdateId(before);  // joins a snapshot, and follows the delta before
        b.setLastUpdateId(update_id_);
        b.setPrevLastUpdateId(before);
        auto list = side == Side::BUY ? b.initBids(1) : b.initAsks(1);
        list[0].setPrice(e8(price));
        list[0].setQty(e8(qty));
      },
      8);
  return *this;
}

Desk& Desk::bbo(const std::string& text) {
  std::vector<Level> bids, asks;
  levels(text, bids, asks);
  feed<schema::Bbo>(journal::RecordType::BBO, [&](schema::Bbo::Builder b) {
    b.setBidPrice(bids.at(0).price.e8);
    b.setBidQty(bids.at(0).qty.e8);
    b.setAskPrice(asks.at(0).price.e8);
    b.setAskQty(asks.at(0).qty.e8);
    b.setUpdateId(0);
  });
  return *this;
}

Desk& Desk::trade(Side aggressor, const std::string& qty, const std::string& price, schema::TradeKind kind) {
  feed<schema::Trade>(journal::RecordType::TRADE, [&](schema::Trade::Builder b) {
    b.setPrice(e8(price));
    b.setQty(e8(qty));
    b.setAggressorSide(aggressor);
    b.setKind(kind);
  });
  return *this;
}

Desk& Desk::mark(const std::string& price, const std::string& rate, double next_funding) {
  feed<schema::MarkPrice>(journal::RecordType::MARK_PRICE, [&](schema::MarkPrice::Builder b) {
    b.setMarkPrice(e8(price));
    b.setFundingRate(e8(rate));
    if (next_funding > 0) b.setNextFundingTime(kStart + static_cast<std::int64_t>(next_funding * 1e9));
  });
  return *this;
}

Desk& Desk::settlement(const std::string& rate, const std::string& mark_price) {
  feed<schema::FundingSettlement>(journal::RecordType::FUNDING_SETTLEMENT, [&](schema::FundingSettlement::Builder b) {
    b.setFundingRate(e8(rate));
    b.setMarkPrice(e8(mark_price));
  });
  return *this;
}

Desk& Desk::bar(const std::string& open, const std::string& high, const std::string& low, const std::string& close,
                const std::string& volume, double seconds) {
  feed<schema::MarketBar>(journal::RecordType::MARKET_BAR, [&](schema::MarketBar::Builder b) {
    b.setOpen(e8(open));
    b.setHigh(e8(high));
    b.setLow(e8(low));
    b.setClose(e8(close));
    b.setVolume(e8(volume));
    b.setOpenTime(now.ns - static_cast<std::int64_t>(seconds * 1e9));
    b.setCloseTime(now.ns - 1);
  });
  return *this;
}

Desk& Desk::state(schema::InstrumentState state) {
  feed<schema::InstrumentStatus>(journal::RecordType::INSTRUMENT_STATUS,
                                 [&](schema::InstrumentStatus::Builder b) { b.setState(state); });
  return *this;
}

Command Desk::command(Seq id, Side side, OrderType type, const std::string& qty) {
  Command c;
  c.seq = c.order_id = id;
  c.kind = CommandKind::SUBMIT;
  c.instrument = 1;
  c.side = side;
  c.type = type;
  c.qty = {e8(qty)};
  c.stp_mode = StpMode::EXPIRE_MAKER;
  c.time_in_force = TimeInForce::GTC;
  return c;
}

Desk& Desk::send(Command command) {
  exchange.on_command(command, now);
  return *this;
}

Desk& Desk::limit(Seq id, Side side, const std::string& qty, const std::string& price, TimeInForce tif,
                  bool reduce_only) {
  Command c = command(id, side, OrderType::LIMIT, qty);
  c.price = {e8(price)};
  c.time_in_force = tif;
  c.reduce_only = reduce_only;
  return send(c);
}

Desk& Desk::market(Seq id, Side side, const std::string& qty, bool reduce_only) {
  Command c = command(id, side, OrderType::MARKET, qty);
  c.time_in_force = TimeInForce::NONE;
  c.reduce_only = reduce_only;
  return send(c);
}

Desk& Desk::stop(Seq id, OrderType type, Side side, const std::string& qty, const std::string& trigger,
                 const std::string& price, TriggerSource source) {
  Command c = command(id, side, type, qty);
  c.trigger_price = {e8(trigger)};
  c.price = {e8(price)};
  c.trigger_source = source;
  return send(c);
}

Desk& Desk::trail(Seq id, Side side, const std::string& qty, const std::string& callback,
                  const std::string& activation) {
  Command c = command(id, side, OrderType::TRAILING_STOP_MARKET, qty);
  c.callback_rate = {e8(callback)};
  c.activation_price = {e8(activation)};
  return send(c);
}

Desk& Desk::cancel(Seq id) {
  Command c;
  c.kind = CommandKind::CANCEL;
  c.seq = next_command_++;
  c.order_id = id;
  c.instrument = 1;
  return send(c);
}

Desk& Desk::modify(Seq id, const std::string& qty, const std::string& price) {
  Command c;
  c.kind = CommandKind::MODIFY;
  c.seq = next_command_++;
  c.order_id = id;
  c.instrument = 1;
  c.qty = {e8(qty)};
  c.price = {e8(price)};
  return send(c);
}

std::vector<std::string> Desk::take(bool orders_only) {
  std::vector<std::string> lines;
  for (const Report& report : exchange.reports()) {
    if (!orders_only || report.type == journal::RecordType::ORDER_REPORT) lines.push_back(describe(report));
  }
  forget();
  return lines;
}

void Desk::expect(std::initializer_list<std::string> lines) {
  CHECK(take(true) == std::vector<std::string>(lines));
}
void Desk::check_saved_is_same() {
  const std::vector<std::byte> saved = engine::save_state(exchange);
  SimExchange loaded(setup_.config, {});
  REQUIRE(engine::load_state(loaded, saved).ok());
  REQUIRE(engine::save_state(loaded) == saved);
}

void Desk::expect_all(std::initializer_list<std::string> lines) {
  CHECK(take(false) == std::vector<std::string>(lines));
}

}  // namespace reprise::sim::test
