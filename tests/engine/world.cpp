#include "tests/engine/world.h"

#include <cstring>

#include "journal/record_text.h"
#include "tests/support/catch.h"

namespace reprise::test {

config::StrategyConfig& Account::strategy(const std::string& name, const std::string& kind,
                                          std::map<std::string, std::string> params, std::vector<std::string> symbols) {
  config::StrategyConfig made;
  made.name = name;
  made.kind = kind;
  made.params = std::move(params);
  made.instruments = std::move(symbols);
  config.strategies.push_back(std::move(made));
  return config.strategies.back();
}

config::Config wide_config() {
  config::Config c;
  c.account.initial_balance_e8 = e8(10'000);
  c.engine.bar_interval_ns = 1'000'000'000;
  c.risk = config::Risk{};
  c.risk.max_leverage_e8 = e8(5);
  c.risk.max_orders_per_second = 0;
  c.risk.max_orders_per_minute = 0;
  c.risk.price_band_e8 = 0;
  c.risk.daily_loss_fraction_e8 = 0;
  c.risk.max_drawdown_e8 = 0;
  c.risk.max_open_orders = 0;
  return c;
}

void World::configure(const config::Config& config) {
  const config::Entries entries = config::to_entries(config);
  input<schema::Configuration>(
      RecordType::CONFIGURATION, 0,
      [&](schema::Configuration::Builder b) {
        auto list = b.initEntries(static_cast<capnp::uint>(entries.size()));
        for (capnp::uint i = 0; i < entries.size(); ++i) {
          list[i].setKey(entries[i].first);
          list[i].setValue(entries[i].second);
        }
      },
      4096);
}

World::World(const config::Config& config, const std::vector<std::string>& symbols, bool has_money) {
  input<schema::RunStart>(RecordType::RUN_START, 0, [](schema::RunStart::Builder b) {
    b.setRunTag(7);
    b.setSeed(1);
  });
  configure(config);
  REQUIRE(engine_.configuration_problem() == "");
  InstrumentNo number = 0;
  for (const std::string& symbol : symbols) {
    ++number;
    input<schema::Instrument>(
        RecordType::INSTRUMENT, number,
        [&](schema::Instrument::Builder b) {
          b.setSymbol(symbol);
          b.setVenue(schema::Venue::BINANCE_USDM);
          b.setContractType(schema::ContractType::LINEAR_PERPETUAL);
          b.setBaseAsset("BTC");
          b.setQuoteAsset("USDT");
          b.setSettlementAsset("USDT");
          b.setTickSize(e8(0.1));
          b.setLotSize(e8(0.001));
          b.setMinQty(e8(0.001));
          b.setMaxQty(e8(1000));
          b.setMarketMaxQty(e8(100));
          b.setMinNotional(e8(5));
          b.setState(schema::InstrumentState::TRADING);
        },
        64);
    input<schema::MarginTable>(
        RecordType::MARGIN_TABLE, number,
        [](schema::MarginTable::Builder b) {
          auto tier = b.initTiers(1)[0];
          tier.setNotionalCap(e8(10'000'000));
          tier.setMaxLeverage(100);
          tier.setMaintenanceMarginRate(e8(0.004));
        },
        16);
  }
  if (!has_money) return;
  const std::int64_t deposit = config.account.initial_balance_e8;
  input<schema::BalanceUpdate>(RecordType::BALANCE_UPDATE, 0, [&](schema::BalanceUpdate::Builder b) {
    b.setWalletBalance(deposit);
    b.setChange(deposit);
    b.setReason(schema::BalanceChangeReason::DEPOSIT);
  });
}

void World::feed(const journal::RecordBatch& batch) {
  if (last_seq_ > 400'000) {  // orders that chase their own reports
    std::string tail;
    all_.for_each(1, [&](const RecordView& r) {
      if (r.seq + 40 > last_seq_) tail += journal::record_json(r) + "\n";
    });
    FAIL("the run does not end:\n" << tail);
  }
  batch.for_each(last_seq_ + 1, [&](const RecordView& record) {
    all_.append_copy(*record.header, record.body(), record.body_words());
    outputs_.clear();
    engine_.on(record, outputs_);
    last_seq_ = record.seq + outputs_.count();
    outputs_.for_each(record.seq + 1, [&](const RecordView& output) {
      all_.append_copy(*output.header, output.body(), output.body_words());
      if (output.type() != RecordType::ORDER_COMMAND) return;
      const auto c = journal::read<schema::OrderCommand>(output);
      held_.push_back({output.seq,
                       c.getOrderId(),
                       c.getKind(),
                       c.getPrice(),
                       c.getQty(),
                       {c.getSide(), c.getOrderType(), c.getPrice(), c.getTriggerPrice(), c.getQty(), 0,
                        c.getReduceOnly(), output.header->instrument, 0}});
    });
  });
  if (!hold_answers) answer();
}

void World::answer() {
  if (answering_) return;
  answering_ = true;
  while (!held_.empty()) {
    const Command first = held_.front();
    held_.erase(held_.begin());
    on_command(first);
  }
  answering_ = false;
}

std::int64_t World::reducible(const Working& w) const {
  const auto found = positions_.find(w.instrument);
  const std::int64_t held = found == positions_.end() ? 0 : found->second;
  return w.side == schema::Side::SELL ? std::max<std::int64_t>(held, 0) : std::max<std::int64_t>(-held, 0);
}

void World::on_command(const Command& command) {
  const Seq order = command.order;
  const auto found = working_.find(order);
  if (command.kind == schema::CommandKind::SUBMIT) {
    Working w = command.as_submitted;
    w.venue_id = ++venue_id_;
    const Market market = markets_[w.instrument];
    const bool is_buy = w.side == schema::Side::BUY;
    if (w.reduce_only && reducible(w) == 0)
      return report(schema::ReportKind::REJECTED, order, w, 0, 0, false, 0, -2022);
    if (w.type == schema::OrderType::LIMIT) {
      const bool crosses = is_buy ? market.ask != 0 && w.price >= market.ask : market.bid != 0 && w.price <= market.bid;
      if (crosses) return report(schema::ReportKind::REJECTED, order, w, 0, 0, false, 0, -5022);
    }
    report(schema::ReportKind::ACCEPTED, order, w);
    if (w.type == schema::OrderType::MARKET) {
      const std::int64_t qty = w.reduce_only ? std::min(w.qty, reducible(w)) : w.qty;
      execute(order, w, is_buy ? market.ask : market.bid, qty, false);
      if (qty < w.qty) report(schema::ReportKind::EXPIRED, order, w);  // what would not reduce any more
    } else {
      working_.emplace(order, w);
    }
    return;
  }
  Working w = found != working_.end() ? found->second : command.as_submitted;
  if (command.kind == schema::CommandKind::CANCEL) {
    if (found == working_.end() || refuse_cancels)
      return report(schema::ReportKind::CANCEL_REJECTED, order, w, 0, 0, false, command.seq, -2011);
    working_.erase(found);
    return report(schema::ReportKind::CANCELED, order, w, 0, 0, false, command.seq);
  }
  if (found == working_.end())
    return report(schema::ReportKind::MODIFY_REJECTED, order, w, 0, 0, false, command.seq, -2013);
  found->second.price = w.price = command.price;
  found->second.qty = w.qty = command.qty;
  report(schema::ReportKind::MODIFIED, order, w, 0, 0, false, command.seq);
}

void World::report(schema::ReportKind kind, Seq order, const Working& w, std::int64_t last_qty, std::int64_t last_price,
                   bool maker, Seq command, std::int32_t error) {
  now_ += 1'000'000;
  input<schema::OrderReport>(RecordType::ORDER_REPORT, w.instrument, [&](schema::OrderReport::Builder b) {
    b.setOrderId(order);
    b.setVenueOrderId(w.venue_id);
    b.setKind(kind);
    b.setSide(w.side);
    b.setOrderType(w.type);
    b.setPrice(w.price);
    b.setOrderQty(w.qty);
    b.setCumQty(w.cum);
    b.setLastQty(last_qty);
    b.setLastPrice(last_price);
    b.setTradeId(last_qty != 0 ? trade_id_ : 0);
    b.setLiquidity(last_qty == 0 ? schema::LiquiditySide::NONE
                   : maker       ? schema::LiquiditySide::MAKER
                                 : schema::LiquiditySide::TAKER);
    b.setCommission(last_qty == 0 ? 0
                                  : mul_div(mul_div(last_qty, last_price, kScale), maker ? 20'000 : 50'000, kScale));
    b.setCommandSeq(command);
    b.setErrorCode(error);
    b.setReduceOnly(w.reduce_only);
  });
}

void World::execute(Seq order, Working& w, std::int64_t price, std::int64_t qty, bool maker) {
  REQUIRE(price > 0);  // the venue of these tests has a market
  ++trade_id_;
  w.cum += qty;
  positions_[w.instrument] += w.side == schema::Side::BUY ? qty : -qty;
  report(schema::ReportKind::FILLED, order, w, qty, price, maker);
}

void World::match(InstrumentNo instrument) {
  const Market market = markets_[instrument];
  std::vector<Seq> ids;
  for (const auto& [id, w] : working_) {
    if (w.instrument == instrument) ids.push_back(id);
  }
  for (const Seq id : ids) {
    const auto found = working_.find(id);
    if (found == working_.end()) continue;
    const bool is_buy = found->second.side == schema::Side::BUY;
    if (found->second.type == schema::OrderType::LIMIT) {
      Working& w = found->second;
      if (is_buy ? market.ask > w.price : market.bid < w.price) continue;
      std::int64_t qty = w.qty - w.cum;
      if (partial < 1.0 && w.cum == 0)
        qty = floor_to(static_cast<std::int64_t>(static_cast<double>(qty) * partial), e8(0.001));
      if (w.reduce_only) qty = std::min(qty, reducible(w));
      if (qty <= 0) qty = w.qty - w.cum;
      Working copy = w;
      if (w.cum + qty >= w.qty) {
        working_.erase(found);
      } else {
        w.cum += qty;
      }
      execute(id, copy, copy.price, qty, true);
    } else {
      Working w = found->second;
      if (is_buy ? market.ask < w.trigger : market.bid > w.trigger) continue;
      working_.erase(found);
      report(schema::ReportKind::TRIGGERED, id, w);
      const std::int64_t qty = std::min(w.qty, reducible(w));
      if (qty == 0) {
        report(schema::ReportKind::EXPIRED, id, w);
      } else {
        execute(id, w, is_buy ? market.ask : market.bid, qty, false);
        if (qty < w.qty) report(schema::ReportKind::EXPIRED, id, w);  // what would not reduce any more
      }
    }
  }
}

void World::bbo(double bid, double ask, double qty, InstrumentNo instrument) {
  markets_[instrument] = {e8(bid), e8(ask)};
  if (venue_first) match(instrument);
  input<schema::Bbo>(RecordType::BBO, instrument, [&](schema::Bbo::Builder b) {
    b.setBidPrice(e8(bid));
    b.setAskPrice(e8(ask));
    b.setBidQty(e8(qty));
    b.setAskQty(e8(qty));
  });
  if (!venue_first) match(instrument);
}

void World::trade(double price, double qty, Side side, InstrumentNo instrument) {
  input<schema::Trade>(RecordType::TRADE, instrument, [&](schema::Trade::Builder b) {
    b.setPrice(e8(price));
    b.setQty(e8(qty));
    b.setAggressorSide(side);
  });
}

void World::quiet_bars(int bars, double price) {
  for (int i = 0; i < bars; ++i) bar(price, price + 10, price - 10, price);
}
void World::bar(double open, double high, double low, double close, InstrumentNo instrument) {
  now_ += 60'000'000'000;
  const std::int64_t open_time = now_ - 60'000'000'000;
  markets_[instrument] = {e8(close) - e8(0.1), e8(close) + e8(0.1)};
  input<schema::MarketBar>(RecordType::MARKET_BAR, instrument, [&](schema::MarketBar::Builder b) {
    b.setOpen(e8(open));
    b.setHigh(e8(high));
    b.setLow(e8(low));
    b.setClose(e8(close));
    b.setVolume(e8(10));
    b.setOpenTime(open_time);
    b.setCloseTime(open_time + 59'999'999'999);
  });
  match(instrument);
}

void World::mark(double price, InstrumentNo instrument) {
  input<schema::MarkPrice>(RecordType::MARK_PRICE, instrument,
                           [&](schema::MarkPrice::Builder b) { b.setMarkPrice(e8(price)); });
}

void World::tick() {
  now_ = floor_to(now_, 1'000'000'000) + 1'000'000'000;
  input<schema::ClockTick>(RecordType::CLOCK_TICK, 0, [](schema::ClockTick::Builder) {});
}

void World::operate(schema::OperatorAction action) {
  input<schema::OperatorCommand>(RecordType::OPERATOR_COMMAND, 0,
                                 [&](schema::OperatorCommand::Builder b) { b.setAction(action); });
}

void World::end() {
  input<schema::RunEnd>(
      RecordType::RUN_END, 0, [](schema::RunEnd::Builder b) { b.setReason("end"); }, 2);
}

Qty World::venue_position(InstrumentNo instrument) const {
  const auto found = positions_.find(instrument);
  return Qty::of_e8(found == positions_.end() ? 0 : found->second);
}

std::size_t World::count(RecordType type) const {
  std::size_t n = 0;
  all_.for_each(1, [&](const RecordView& r) { n += r.type() == type ? 1 : 0; });
  return n;
}

RecordView World::last(RecordType type) const {
  RecordView found;
  all_.for_each(1, [&](const RecordView& r) {
    if (r.type() == type) found = r;
  });
  INFO("no record of type " << journal::name_of(type));
  REQUIRE(found.header != nullptr);
  return found;
}

RecordView World::at(Seq seq) const {
  RecordView found;
  all_.for_each(1, [&](const RecordView& r) {
    if (r.seq == seq) found = r;
  });
  REQUIRE(found.header != nullptr);
  return found;
}

std::string World::chain(Seq seq) const {
  std::string text;
  while (seq != 0) {
    const RecordView record = at(seq);
    text += (text.empty() ? "" : " ") + std::string(journal::name_of(record.type()));
    seq = record.cause_seq();
  }
  return text;
}

std::vector<Seq> World::differing(const journal::RecordBatch& recorded, engine::Engine& engine, Seq from) {
  std::vector<Seq> differing;
  journal::RecordBatch outputs;
  const std::byte* at = nullptr;
  std::size_t pending = 0;
  recorded.for_each(1, [&](const RecordView& record) {
    if (record.seq < from) return;
    if (!record.header->is_output()) {
      if (pending != 0) differing.push_back(record.seq);
      outputs.clear();
      engine.on(record, outputs);
      at = outputs.bytes();
      pending = outputs.count();
      return;
    }
    const bool same = pending != 0 && std::memcmp(at, record.bytes(), record.total_bytes()) == 0;
    if (!same) differing.push_back(record.seq);
    if (pending != 0) {
      at += reinterpret_cast<const journal::RecordHeader*>(at)->body_bytes + journal::kHeaderBytes;
      --pending;
    }
  });
  return differing;
}

}  // namespace reprise::test
