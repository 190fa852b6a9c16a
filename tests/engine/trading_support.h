// What the tests of orders, portfolio and risk share: an emitter over a journal in memory, and reports in short.
#pragma once

#include <capnp/message.h>

#include <string>
#include <vector>

#include "engine/emitter.h"
#include "engine/execution/order_manager.h"
#include "engine/market/instrument.h"
#include "engine/portfolio/portfolio.h"
#include "engine/strategy/strategy.h"
#include "tests/support/catch.h"

namespace reprise::engine::test {

inline constexpr InstrumentNo kEth = 1;
inline constexpr InstrumentNo kBtc = 2;

inline std::int64_t e8(const std::string& text) {
  std::int64_t value = 0;
  if (!parse_decimal(text, value)) FAIL("not a decimal: " + text);
  return value;
}
inline Price price(const std::string& text) {
  return {e8(text)};
}
inline Qty qty(const std::string& text) {
  return {e8(text)};
}
inline Money money(const std::string& text) {
  return {e8(text)};
}
inline Rate rate(const std::string& text) {
  return {e8(text)};
}

// One journal in memory. at() starts the outputs of the next input; every record ever written stays readable.
class Desk {
 public:
  Emitter& at(std::int64_t ns) {
    keep();
    now_ = std::max(now_, ns);
    header_.ts_engine = now_;
    const journal::RecordView input{++last_seq_, &header_};
    emitter_.begin(input, UnixNanos{now_}, batch_);
    return emitter_;
  }
  Emitter& next() { return at(now_ + 1'000'000); }
  Emitter& emitter() { return emitter_; }
  std::int64_t now() const { return now_; }

  // Records written since the last at()/next().
  template <class F>
  void for_each(F&& f) const {
    batch_.for_each(last_seq_ + 1, f);
  }
  std::size_t count(journal::RecordType type) const {
    std::size_t n = 0;
    for_each([&](const journal::RecordView& r) { n += r.type() == type; });
    return n;
  }
  template <class T>
  typename T::Reader last(journal::RecordType type) const {
    const journal::RecordHeader* found = nullptr;
    for_each([&](const journal::RecordView& r) {
      if (r.type() == type) found = r.header;
    });
    if (found == nullptr) FAIL("no such record was written: " << journal::name_of(type));
    return journal::read<T>(journal::RecordView{0, found});
  }
  std::vector<schema::AnomalyKind> anomalies() const {
    std::vector<schema::AnomalyKind> kinds;
    for_each([&](const journal::RecordView& r) {
      if (r.type() == journal::RecordType::ORDER_ANOMALY)
        kinds.push_back(journal::read<schema::OrderAnomaly>(r).getKind());
    });
    return kinds;
  }

 private:
  void keep() {
    last_seq_ += batch_.count();
    batch_.clear();
  }
  journal::RecordBatch batch_;
  journal::RecordHeader header_;
  Emitter emitter_;
  Seq last_seq_ = 0;
  std::int64_t now_ = 1'700'000'000'000'000'000;
};

template <class T>
class Message {
 public:
  Message() : root_(message_.initRoot<T>()) {}
  typename T::Builder* operator->() { return &root_; }
  typename T::Reader reader() { return root_.asReader(); }

 private:
  capnp::MallocMessageBuilder message_;
  typename T::Builder root_;
};
using Report = Message<schema::OrderReport>;

inline Instrument linear(InstrumentNo number, const std::string& symbol = "ETHUSDT") {
  Instrument i;
  i.number = number;
  i.symbol = symbol;
  i.venue = Venue::BINANCE_USDM;
  i.contract_type = ContractType::LINEAR_PERPETUAL;
  i.base_asset = "ETH";
  i.quote_asset = i.settlement_asset = "USDT";
  i.tick_size = price("0.01");
  i.lot_size = qty("0.001");
  i.min_qty = qty("0.001");
  i.max_qty = qty("10000");
  i.market_max_qty = qty("2000");
  i.min_notional = money("20");
  i.state = InstrumentState::TRADING;
  return i;
}

// Declares `i` with the given margin tiers: floor, cap, leverage, rate, amount.
struct Tier {
  const char* floor;
  const char* cap;
  std::uint32_t leverage;
  const char* rate;
  const char* amount;
};
inline void declare(Instruments& instruments, const Instrument& i, const std::vector<Tier>& tiers) {
  Message<schema::Instrument> m;
  m->setSymbol(i.symbol);
  m->setVenue(i.venue);
  m->setContractType(i.contract_type);
  m->setBaseAsset(i.base_asset);
  m->setQuoteAsset(i.quote_asset);
  m->setSettlementAsset(i.settlement_asset);
  m->setTickSize(i.tick_size.e8);
  m->setLotSize(i.lot_size.e8);
  m->setMinQty(i.min_qty.e8);
  m->setMaxQty(i.max_qty.e8);
  m->setMarketMaxQty(i.market_max_qty.e8);
  m->setMinNotional(i.min_notional.e8);
  m->setPriceBandUp(i.price_band_up.e8);
  m->setPriceBandDown(i.price_band_down.e8);
  m->setMaxOpenOrders(i.max_open_orders);
  m->setState(i.state);
  instruments.declare(i.number, m.reader());
  Message<schema::MarginTable> table;
  auto list = table->initTiers(static_cast<unsigned>(tiers.size()));
  for (unsigned n = 0; n < tiers.size(); ++n) {
    list[n].setNotionalFloor(e8(tiers[n].floor));
    list[n].setNotionalCap(e8(tiers[n].cap));
    list[n].setMaxLeverage(tiers[n].leverage);
    list[n].setMaintenanceMarginRate(e8(tiers[n].rate));
    list[n].setMaintenanceAmount(e8(tiers[n].amount));
  }
  instruments.set_margin(i.number, table.reader());
}

// The BTCUSDT brackets that the liquidation examples use.
inline std::vector<Tier> btc_tiers() {
  return {{"0", "300000", 150, "0.004", "0"},
          {"300000", "800000", 100, "0.005", "300"},
          {"800000", "3000000", 75, "0.0065", "1500"},
          {"3000000", "12000000", 50, "0.01", "12000"},
          {"12000000", "70000000", 25, "0.02", "132000"},
          {"70000000", "100000000", 20, "0.025", "482000"}};
}

inline FillDetails execution(InstrumentNo instrument, StrategyNo strategy, Side side, const std::string& quantity,
                             const std::string& at, const std::string& commission = "0", std::uint16_t asset = 0) {
  FillDetails f;
  f.instrument = instrument;
  f.strategy = strategy;
  f.side = side;
  f.qty = qty(quantity);
  f.price = price(at);
  f.commission = money(commission);
  f.commission_asset = asset;
  f.liquidity = LiquiditySide::TAKER;
  return f;
}

inline void deposit(Portfolio& portfolio, Desk& desk, const std::string& amount, AssetNo asset = 0) {
  Message<schema::BalanceUpdate> m;
  m->setAsset(asset);
  m->setChange(e8(amount));
  m->setWalletBalance((portfolio.wallet_balance(asset) + money(amount)).e8);
  m->setReason(schema::BalanceChangeReason::DEPOSIT);
  portfolio.on_balance_update(m.reader(), {}, desk.next());
}

}  // namespace reprise::engine::test
