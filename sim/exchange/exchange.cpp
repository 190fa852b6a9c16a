#include "sim/exchange/exchange.h"
#include "engine/market/fixed.h"

#include <algorithm>

namespace reprise::sim {

namespace {}  // namespace

SimExchange::SimExchange(const config::Config& config, std::vector<std::string> symbols) {
  reconfigure(config, std::move(symbols));
  ledger_.configure(config.account.margin_mode == "isolated" ? MarginMode::ISOLATED : MarginMode::CROSS,
                    config.account.leverage);
}

void SimExchange::reconfigure(const config::Config& config, std::vector<std::string> symbols) {
  config_ = config;
  symbols_ = std::move(symbols);
  queue_model_ = config.venue.queue_model == "probabilistic" ? QueueModel::probabilistic : QueueModel::pessimistic;
  for (auto& slot : slots_) {
    if (slot == nullptr) continue;
    slot->market.configure(config_.venue, {config_.engine.outlier_bound_e8});
    slot->market.is_traded = slot->market.is_traded || may_be_traded(slot->market.instrument);
  }
}

void SimExchange::start_clock(UnixNanos now) {
  now_ = now;
  next_timer_ = {(now.ns / kSecond + 1) * kSecond};
}

void SimExchange::open_account(UnixNanos now) {
  start_clock(now);
  ledger_.deposit(kSettlementAsset, {config_.account.initial_balance_e8});
  const auto announce = [&](std::uint16_t asset, Money amount) {
    BalanceUpdate& update = report(journal::RecordType::BALANCE_UPDATE, 0).balance;
    update = {asset, ledger_.wallet_balance(asset), amount, schema::BalanceChangeReason::DEPOSIT};
  };
  announce(kSettlementAsset, {config_.account.initial_balance_e8});
  if (!config_.account.fee_asset.empty()) {
    ledger_.deposit(kFeeAsset, {config_.account.fee_asset_balance_e8});
    announce(kFeeAsset, {config_.account.fee_asset_balance_e8});
  }
}

const Market* SimExchange::market(InstrumentNo instrument) const {
  return instrument < slots_.size() && slots_[instrument] ? &slots_[instrument]->market : nullptr;
}

const std::vector<VenueOrder>* SimExchange::orders(InstrumentNo instrument) const {
  return instrument < slots_.size() && slots_[instrument] ? &slots_[instrument]->orders : nullptr;
}

SimExchange::Slot& SimExchange::slot_for(InstrumentNo instrument) {
  if (instrument >= slots_.size()) slots_.resize(instrument + 1u);
  if (!slots_[instrument]) {
    slots_[instrument] = std::make_unique<Slot>();
    slots_[instrument]->market = Market(config_.venue, {config_.engine.outlier_bound_e8});
    slots_[instrument]->market.instrument.number = instrument;
  }
  return *slots_[instrument];
}

bool SimExchange::may_be_traded(const Instrument& instrument) const {
  const auto names_it = [&](const std::string& name) { return instrument.is_named(name); };
  return instrument.is_linear() && (symbols_.empty() || std::any_of(symbols_.begin(), symbols_.end(), names_it));
}

void SimExchange::declare(const journal::RecordView& record, InstrumentNo instrument) {
  Slot& slot = slot_for(instrument);
  Instrument& known = slot.market.instrument;
  MarginTable margin = std::move(known.margin);
  known = Instrument::from_record(instrument, journal::read<schema::Instrument>(record));
  known.margin = std::move(margin);
  slot.market.is_traded = may_be_traded(known);
  if (!config_.account.fee_asset_symbol.empty() && known.symbol == config_.account.fee_asset_symbol &&
      fee_asset_instrument_ == 0) {
    fee_asset_instrument_ = instrument;
  }
  set_state(slot, known.state);
}

void SimExchange::declare_margin(const journal::RecordView& record, InstrumentNo instrument) {
  std::vector<MarginTier>& tiers = slot_for(instrument).market.instrument.margin.tiers;
  tiers.clear();
  for (auto tier : journal::read<schema::MarginTable>(record).getTiers()) {
    tiers.push_back({{tier.getNotionalFloor()},
                     {tier.getNotionalCap()},
                     tier.getMaxLeverage(),
                     {tier.getMaintenanceMarginRate()},
                     {tier.getMaintenanceAmount()}});
  }
}

void SimExchange::set_state(Slot& slot, InstrumentState state) {
  slot.market.instrument.state = state;
  if (state != InstrumentState::CLOSED && state != InstrumentState::DELIVERED) return;
  for (VenueOrder& order : slot.orders) {
    if (!order.is_closed) expire(slot, order, ExpiryReason::DELISTED);
  }
}

void SimExchange::on_market(const journal::RecordView& record, InstrumentNo instrument, UnixNanos now,
                            UnixNanos happened) {
  now_ = now;
  using journal::RecordType;
  const RecordType type = record.type();
  if (instrument == 0 || instrument > kMaxInstrumentNo) {
    if (type == RecordType::FEED_DISCONNECTED) {
      for (auto& slot : slots_) {
        if (slot) slot->market.on_disconnect();
      }
    }
    return;
  }
  if (type == RecordType::INSTRUMENT) {
    declare(record, instrument);
    sweep();
    return;
  }
  if (type == RecordType::MARGIN_TABLE) {
    declare_margin(record, instrument);
    return;
  }
  Slot* slot = find(instrument);
  if (slot == nullptr || (!slot->market.is_traded && instrument != fee_asset_instrument_)) return;
  switch (type) {
    case RecordType::TRADE: on_trade(*slot, journal::read<schema::Trade>(record), happened); break;
    case RecordType::BOOK_DELTA:
      if (slot->market.on_delta(journal::read<schema::BookDelta>(record), now) && slot->resting != 0) on_quotes(*slot);
      break;
    case RecordType::BOOK_SNAPSHOT:
      if (slot->market.on_snapshot(journal::read<schema::BookSnapshot>(record), now) && slot->resting != 0)
        on_quotes(*slot);
      break;
    case RecordType::BBO:
      if (slot->market.on_bbo(journal::read<schema::Bbo>(record)) && slot->resting != 0) on_quotes(*slot);
      break;
    case RecordType::MARK_PRICE: on_mark_price(*slot, journal::read<schema::MarkPrice>(record)); break;
    case RecordType::MARKET_BAR: on_bar(*slot, journal::read<schema::MarketBar>(record)); break;
    case RecordType::INSTRUMENT_STATUS:
      set_state(*slot, journal::read<schema::InstrumentStatus>(record).getState());
      break;
    case RecordType::FUNDING_SETTLEMENT:
      on_settlement(*slot, journal::read<schema::FundingSettlement>(record), happened);
      break;
    case RecordType::FEED_DISCONNECTED: slot->market.on_disconnect(); break;
    default: break;
  }
  if (!touched_.empty()) sweep();
}

void SimExchange::on_mark_price(Slot& slot, schema::MarkPrice::Reader record) {
  const Price index{record.getIndexPrice()};
  if (is_believable(index, {})) {
    slot.market.set_index(index);
    if (slot.waiting != 0) check_triggers(slot, TriggerSource::INDEX_PRICE);
  }
  announce_funding(slot, {record.getNextFundingTime()}, {record.getFundingRate()});
  const Price mark{record.getMarkPrice()};
  if (!is_believable(mark, {})) return;
  slot.market.set_mark(mark, true);
  revalue(slot);
}

void SimExchange::on_command(const Command& command, UnixNanos now) {
  now_ = now;
  switch (command.kind) {
    case CommandKind::SUBMIT: submit(command); break;
    case CommandKind::CANCEL: cancel(command); break;
    case CommandKind::MODIFY: modify(command); break;
    case CommandKind::CANCEL_ALL: cancel_all(command); break;
    case CommandKind::NONE: break;
  }
  sweep();
}

void SimExchange::on_timer(UnixNanos now) {
  start_clock(now);
  for (auto& owned : slots_) {
    if (!owned || !owned->market.is_traded) continue;
    Slot& slot = *owned;
    check_funding(slot);
    for (VenueOrder& order : slot.orders) {
      if (order.good_till.ns != 0 && !order.is_closed && order.good_till <= now)
        expire(slot, order, ExpiryReason::GOOD_TILL_DATE);
    }
    if (slot.market.mark_is_recorded()) continue;
    const std::optional<Price> mark = slot.market.mark_fallback();
    if (!mark || *mark == slot.last_fallback_mark) continue;
    slot.last_fallback_mark = *mark;
    slot.market.set_mark(*mark, false);
    report(journal::RecordType::MARK_PRICE, number_of(slot)).mark.mark_price = *mark;
    revalue(slot);
  }
  sweep();
}

Report& SimExchange::report(journal::RecordType type, InstrumentNo instrument, PositionSide of) {
  Report& made = reports_.emplace_back();
  made.type = type;
  made.time = now_;
  made.instrument = instrument;
  made.position_side = of;
  return made;
}

OrderReport& SimExchange::report_order(Slot& slot, const VenueOrder& order, ReportKind kind) {
  OrderReport& o = report(journal::RecordType::ORDER_REPORT, number_of(slot), order.position_side).order;
  o.order_id = order.id;
  o.venue_order_id = order.venue_id;
  o.kind = kind;
  o.side = order.side;
  o.type = order.type;
  o.time_in_force = order.time_in_force;
  o.price = order.price;
  o.order_qty = order.qty;
  o.cum_qty = order.cum_qty;
  o.reduce_only = order.reduce_only;
  o.trigger_price = order.trigger_price;
  return o;
}

void SimExchange::report_refusal(const Command& command, ReportKind kind, VenueError error) {
  OrderReport& o = report(journal::RecordType::ORDER_REPORT, command.instrument, command.position_side).order;
  o.order_id = command.order_id;
  o.kind = kind;
  o.side = command.side;
  o.type = command.type;
  o.time_in_force = command.time_in_force;
  o.price = command.price;
  o.order_qty = command.qty;
  o.error = error;
  if (kind != ReportKind::REJECTED) o.command_seq = command.seq;
}

void SimExchange::report_account(Slot& slot, Money change, schema::BalanceChangeReason reason) {
  BalanceUpdate& update = report(journal::RecordType::BALANCE_UPDATE, number_of(slot)).balance;
  update = {kSettlementAsset, ledger_.wallet_balance(), change, reason};
}

void SimExchange::report_position(Slot& slot, PositionSide of) {
  PositionUpdate& update = report(journal::RecordType::POSITION_UPDATE, number_of(slot), of).position;
  const LedgerPosition& p = ledger_.position(number_of(slot), of);
  update = {p.qty, p.entry_price(), p.unrealized(), p.isolated_wallet, ledger_.mode(number_of(slot))};
}

void SimExchange::expire(Slot& slot, VenueOrder& order, ExpiryReason reason, VenueError error) {
  order.is_closed = true;
  touch(slot);
  OrderReport& o = report_order(slot, order, ReportKind::EXPIRED);
  o.expiry_reason = reason;
  o.error = error;
}

void SimExchange::sweep() {
  for (const InstrumentNo instrument : touched_) {
    Slot& slot = *slots_[instrument];
    std::erase_if(slot.orders, [](const VenueOrder& order) { return order.is_closed; });
    slot.refresh();
  }
  touched_.clear();
}

void SimExchange::Slot::refresh() {
  resting = 0;
  waiting = 0;
  best_own_bid = {};
  best_own_ask = {};
  for (const VenueOrder& order : orders) {
    if (order.is_waiting) {
      ++waiting;
      continue;
    }
    ++resting;
    if (order.side == Side::BUY) {
      if (order.price > best_own_bid) best_own_bid = order.price;
    } else if (best_own_ask.is_zero() || order.price < best_own_ask) {
      best_own_ask = order.price;
    }
  }
}

void SimExchange::FundingState::persist(engine::StateArchive& archive) {
  archive.field("next_time", next_time);
  archive.field("rate", rate);
  archive.field("settled_at", settled_at);
  archive.field("has_settlements", has_settlements);
}

void SimExchange::Slot::persist(engine::StateArchive& archive) {
  archive.field("market", market);
  archive.field("orders", orders);
  archive.field("funding", funding);
  archive.field("last_fallback_mark", last_fallback_mark);
  std::int64_t called = margin_called;
  archive.integer("margin_called", called, engine::StateArchive::Kind::flag);
  margin_called = static_cast<std::uint8_t>(called);
  if (archive.loading()) refresh();
}

void SimExchange::persist(engine::StateArchive& archive) {
  REPRISE_ASSERT(touched_.empty(), "the venue is saved between events");
  archive.field("queue_model", queue_model_);
  archive.field("now", now_);
  archive.field("next_timer", next_timer_);
  std::uint64_t count = slots_.size();
  archive.begin_list("slots", count);
  if (archive.loading()) {
    slots_.clear();
    slots_.resize(count);
  }
  for (std::uint64_t number = 0; number < count; ++number) {
    archive.begin_object("item");
    bool is_present = slots_[number] != nullptr;
    archive.field("present", is_present);
    if (is_present) archive.field("slot", slot_for(static_cast<InstrumentNo>(number)));
    archive.end_object();
  }
  archive.end_list();
  archive.field("fee_asset_instrument", fee_asset_instrument_);
  archive.field("ledger", ledger_);
  archive.field("reports", reports_);
  archive.field("next_venue_order_id", next_venue_order_id_);
  archive.field("next_trade_id", next_trade_id_);
  archive.field("margin_called", margin_called_);
  archive.field("insurance_paid", insurance_paid_);
  archive.field("funding", funding_);
  archive.field("commission_settlement", commission_[0]);
  archive.field("commission_fee_asset", commission_[1]);
}

}  // namespace reprise::sim
