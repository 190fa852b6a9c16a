// What the simulated venue reports, as the events and the memory of a server.
#include <algorithm>

#include "gateway/exchange/client_account.h"
#include "gateway/exchange/order_words.h"

namespace reprise::gateway::exchange {

namespace {

using sim::Report;
using sim::ReportKind;

constexpr std::size_t kKeptIncomes = 100'000;

std::string_view asset_name(std::uint16_t asset, const config::Config& config) {
  return asset == sim::kFeeAsset ? std::string_view(config.account.fee_asset) : config.account.settlement_asset;
}

}  // namespace

void ClientAccount::send(std::string_view event, std::string text) {
  if (!listen_key_.empty()) hub_.publish(listen_key_, event, std::move(text));
}

void ClientAccount::take_reports(UnixNanos now) {
  // Handling one may not make another: the venue speaks only when it is spoken to.
  std::vector<Report> reports;
  reports.swap(venue_.reports());
  for (std::size_t n = 0; n < reports.size(); ++n) {
    const Report& report = reports[n];
    switch (report.type) {
      case journal::RecordType::ORDER_REPORT: {
        // Behind an execution stand the balance and the position that it left.
        Standing left;
        std::size_t behind = n + 1;
        for (; behind < reports.size() && reports[behind].type == journal::RecordType::BALANCE_UPDATE; ++behind) {
          const sim::BalanceUpdate& balance = reports[behind].balance;
          (balance.asset == sim::kFeeAsset ? left.fee_balance : left.balance) = &balance;
        }
        if (behind != n + 1 && behind < reports.size() && reports[behind].type == journal::RecordType::POSITION_UPDATE)
          left.position = &reports[behind].position;
        on_order_report(report, left, now);
        break;
      }
      case journal::RecordType::FUNDING_PAYMENT: {
        earn(report.instrument, "FUNDING_FEE", report.funding.amount, config_.account.settlement_asset, 0, now);
        const BoardInstrument* i = board_.find(report.instrument);
        const bool is_isolated = venue_.ledger().is_isolated(report.instrument);
        send_account("FUNDING_FEE", report.instrument, report.position_side, is_isolated,
                     i == nullptr ? "" : i->instrument.symbol, now);
        break;
      }
      case journal::RecordType::BALANCE_UPDATE:
        if (report.balance.reason == schema::BalanceChangeReason::INSURANCE_CLEAR) {
          earn(report.instrument, "INSURANCE_CLEAR", report.balance.change, config_.account.settlement_asset, 0, now);
          send_account("INSURANCE_CLEAR", report.instrument, report.position_side, false, "", now);
        } else if (report.balance.reason == schema::BalanceChangeReason::DEPOSIT) {
          earn(0, "TRANSFER", report.balance.change, asset_name(report.balance.asset, config_), 0, now);
        }
        break;
      case journal::RecordType::MARGIN_CALL: on_margin_call(report, now); break;
      case journal::RecordType::MARK_PRICE: board_.set_mark(report.instrument, report.mark.mark_price); break;
      default: break;
    }
  }
}

void ClientAccount::on_margin_call(const Report& report, UnixNanos now) {
  const BoardInstrument* i = board_.find(report.instrument);
  if (i == nullptr) return;
  const sim::Ledger& ledger = venue_.ledger();
  const bool is_isolated = ledger.is_isolated(report.instrument);
  JsonText out;
  out.open().field("e", "MARGIN_CALL").field("E", ms(now));
  if (!is_isolated) out.decimal("cw", ledger.cross_wallet());
  out.key("p").open_list();
  for (const sim::PositionSide of : ledger.sides()) {
    // One isolated position is called alone; of the cross account both sides are.
    const sim::LedgerPosition& p = ledger.position(report.instrument, of);
    if (is_hedged() && (is_isolated ? of != report.position_side : p.qty.is_zero())) continue;
    const Money needed =
        is_hedged() ? sim::Ledger::maintenance(i->instrument, p.notional()) : report.margin_call.maintenance_margin;
    out.open().field("s", i->instrument.symbol).field("ps", word(of));
    out.decimal("pa", p.qty).field("mt", is_isolated ? "ISOLATED" : "CROSSED");
    out.decimal("iw", p.isolated_wallet).decimal("mp", report.margin_call.mark_price);
    out.decimal("up", p.unrealized()).decimal("mm", needed).close();
  }
  send("MARGIN_CALL", out.close_list().close().str());
}

void ClientAccount::on_order_report(const Report& report, const Standing& left, UnixNanos now) {
  const sim::OrderReport& r = report.order;
  if (r.kind == ReportKind::REJECTED || r.kind == ReportKind::CANCEL_REJECTED ||
      r.kind == ReportKind::MODIFY_REJECTED) {
    refusal_ = r.error;
    return;
  }
  updated_ = now;
  if (r.kind == ReportKind::LIQUIDATION) {  // an order that nobody sent: it is made here
    const auto named = by_client_id_.find(r.foreign_client_id);
    if (named == by_client_id_.end() || orders_.at(named->second).instrument != report.instrument ||
        orders_.at(named->second).position_side != report.position_side || !orders_.at(named->second).is_open()) {
      ClientOrder forced;
      forced.id = new_id();
      forced.client_id = r.foreign_client_id;
      forced.instrument = report.instrument;
      forced.side = r.side;
      forced.position_side = report.position_side;
      forced.reduce_only = is_hedged();
      forced.type = forced.original_type = OrderType::LIQUIDATION;
      forced.time_in_force = TimeInForce::IOC;
      forced.qty = r.order_qty;
      forced.price = r.price;
      forced.time = forced.update_time = now;
      orders_[forced.id] = forced;
      by_client_id_[forced.client_id] = forced.id;
      send_order(forced, "NEW", nullptr, 0, now);
    }
    on_fill(orders_.at(by_client_id_.at(r.foreign_client_id)), r, left, true, now);
    return;
  }
  if (const auto waiting = algo_by_seq_.find(r.order_id); waiting != algo_by_seq_.end()) {
    ClientOrder& algo = algo_orders_.at(waiting->second);
    algo.update_time = now;
    if (algo.algo_state == "NEW") {
      switch (r.kind) {
        case ReportKind::ACCEPTED: send_algo(algo, now); return;
        case ReportKind::TRAILING_ACTIVATED:
          algo.is_trailing_active = true;
          send_algo(algo, now);
          return;
        case ReportKind::CANCELED:
          algo.algo_state = "CANCELED";
          send_algo(algo, now);
          return;
        case ReportKind::EXPIRED:
          algo.algo_state = "EXPIRED";
          send_algo(algo, now);
          return;
        case ReportKind::TRIGGERED:
          algo.qty = r.order_qty;  // of a close-position order it is known only now
          fire(algo, now);
          return;
        default: return;
      }
    }
    if (r.kind == ReportKind::EXPIRED && r.expiry_reason == schema::ExpiryReason::TRIGGER_REJECTED) {
      algo.algo_state = "REJECTED";
      algo.reject_reason = sim::text_of(r.error);
      if (const auto actual = by_seq_.find(r.order_id); actual != by_seq_.end()) {
        orders_.erase(actual->second);
        by_seq_.erase(actual);
        algo.actual_id = 0;
      }
      send_algo(algo, now);
      return;
    }
  }
  const auto known = by_seq_.find(r.order_id);
  if (known == by_seq_.end()) return;
  ClientOrder& order = orders_.at(known->second);
  order.update_time = now;
  switch (r.kind) {
    case ReportKind::ACCEPTED: send_order(order, "NEW", nullptr, 0, now); break;
    case ReportKind::FILLED: on_fill(order, r, left, false, now); break;
    case ReportKind::CANCELED:
      order.state = ClientOrderState::canceled;
      send_order(order, "CANCELED", nullptr, 0, now);
      break;
    case ReportKind::EXPIRED:
      order.state = r.expiry_reason == schema::ExpiryReason::SELF_TRADE ? ClientOrderState::expired_in_match
                                                                        : ClientOrderState::expired;
      send_order(order, "EXPIRED", nullptr, expiry_reason_number(r.expiry_reason), now);
      break;
    case ReportKind::MODIFIED:
      order.qty = r.order_qty;
      order.price = r.price;
      order.stp_mode = StpMode::NONE;
      ++order.modifications;
      send_order(order, "AMENDMENT", nullptr, 0, now);
      break;
    default: break;
  }
  if (!order.is_open()) {
    if (const auto waiting = algo_by_seq_.find(r.order_id); waiting != algo_by_seq_.end()) {
      ClientOrder& algo = algo_orders_.at(waiting->second);
      algo.algo_state = "FINISHED";
      send_algo(algo, now);
    }
  }
}

// The conditional order is done; a normal one with an id of its own trades from now on.
void ClientAccount::fire(ClientOrder& algo, UnixNanos now) {
  algo.trigger_time = now;
  algo.algo_state = "TRIGGERING";
  send_algo(algo, now);
  ClientOrder actual = algo;
  actual.is_algo = false;
  actual.id = new_id();
  actual.time = actual.update_time = now;
  algo.algo_state = "TRIGGERED";
  algo.actual_id = actual.id;
  orders_[actual.id] = actual;
  by_seq_[actual.seq] = actual.id;
  by_client_id_[actual.client_id] = actual.id;
  send_algo(algo, now);
  send_order(actual, "NEW", nullptr, 8, now);
}

void ClientAccount::on_fill(ClientOrder& order, const sim::OrderReport& r, const Standing& left, bool is_forced,
                            UnixNanos now) {
  order.cum_qty += r.last_qty;
  order.cum_quote += r.last_price * r.last_qty;
  order.state = order.cum_qty >= order.qty ? ClientOrderState::filled : ClientOrderState::partly_filled;
  order.update_time = now;
  ClientFill fill;
  fill.trade_id = r.trade_id;
  fill.qty = r.last_qty;
  fill.price = r.last_price;
  fill.commission = r.commission;
  fill.commission_asset = asset_name(r.commission_asset, config_);
  fill.is_maker = r.liquidity == LiquiditySide::MAKER;
  if (left.balance != nullptr) {
    const bool pays_here = r.commission_asset == sim::kSettlementAsset;
    fill.realized_profit = left.balance->change + (pays_here ? r.commission : Money{});
  }
  realized_[sim::key_of(order.instrument, order.position_side)] += fill.realized_profit;
  trades_.push_back({r.trade_id, order.id, order.instrument, order.side, order.position_side, fill, now});
  if (!fill.realized_profit.is_zero())
    earn(order.instrument, "REALIZED_PNL", fill.realized_profit, config_.account.settlement_asset, r.trade_id, now);
  if (!fill.commission.is_zero())
    earn(order.instrument, is_forced ? "INSURANCE_CLEAR" : "COMMISSION", -fill.commission, fill.commission_asset,
         r.trade_id, now);

  const BoardInstrument& i = *board_.find(order.instrument);
  if (!is_forced && !listen_key_.empty()) send("TRADE_LITE", trade_lite_event(order, i, fill, now));
  send_account("ORDER", order.instrument, order.position_side, true, "", now, left);
  send_order(order, is_forced ? "CALCULATED" : "TRADE", &fill, 0, now);
}

void ClientAccount::send_order(const ClientOrder& order, std::string_view execution, const ClientFill* fill, int expiry,
                               UnixNanos now) {
  if (listen_key_.empty()) return;
  const BoardInstrument& i = *board_.find(order.instrument);
  const OpenNotional open = open_notional(order.instrument, order.position_side);
  send("ORDER_TRADE_UPDATE", order_event(order, i, execution, fill, open, expiry, now));
}

void ClientAccount::send_algo(const ClientOrder& order, UnixNanos now) {
  if (listen_key_.empty()) return;
  const auto actual = orders_.find(order.actual_id);
  send("ALGO_UPDATE",
       algo_event(order, actual == orders_.end() ? nullptr : &actual->second, *board_.find(order.instrument), now));
}

void ClientAccount::send_account(std::string_view reason, InstrumentNo instrument, sim::PositionSide of,
                                 bool with_position, std::string_view symbol, UnixNanos now, const Standing& left) {
  updated_ = now;
  if (listen_key_.empty()) return;
  const sim::Ledger& ledger = venue_.ledger();
  sim::LedgerPosition p = ledger.position(instrument, of);
  const Money others_isolated = ledger.wallet_balance() - ledger.cross_wallet() - p.isolated_wallet;
  if (left.position != nullptr) {
    p.qty = left.position->qty;
    p.cost = sim::bounded_notional(left.position->entry_price, p.qty);
    p.isolated_wallet = left.position->isolated_wallet;
  }
  const Money wallet = left.balance != nullptr ? left.balance->wallet_balance : ledger.wallet_balance();
  JsonText out;
  out.open().field("e", "ACCOUNT_UPDATE").field("T", ms(now)).field("E", ms(now)).key("a").open();
  out.key("B").open_list();
  out.open().field("a", config_.account.settlement_asset).decimal("wb", wallet);
  out.decimal("cw", wallet - others_isolated - p.isolated_wallet).field("bc", "0").close();
  if (!config_.account.fee_asset.empty()) {
    const Money amount =
        left.fee_balance != nullptr ? left.fee_balance->wallet_balance : ledger.wallet_balance(sim::kFeeAsset);
    out.open()
        .field("a", config_.account.fee_asset)
        .decimal("wb", amount)
        .decimal("cw", amount)
        .field("bc", "0")
        .close();
  }
  out.close_list().key("P").open_list();
  for (const sim::PositionSide side : ledger.sides()) {
    // In hedge mode an isolated contract shows both of its positions, as soon as they have been.
    const sim::PositionKey key = sim::key_of(instrument, side);
    const bool stands_beside = ledger.is_isolated(instrument) && ledger.positions().contains(key);
    const bool is_listed = side == of || of == sim::PositionSide::BOTH || stands_beside;
    const BoardInstrument* i = board_.find(instrument);
    if (!with_position || i == nullptr || !is_listed) continue;
    const sim::LedgerPosition& shown = side == of ? p : ledger.position(instrument, side);
    out.open().field("s", i->instrument.symbol).decimal("pa", shown.qty).decimal("ep", shown.entry_price());
    const auto realized = realized_.find(key);
    out.decimal("cr", realized == realized_.end() ? Money{} : realized->second).decimal("up", shown.unrealized());
    out.field("mt", ledger.is_isolated(instrument) ? "isolated" : "cross").decimal("iw", shown.isolated_wallet);
    out.field("ps", word(side)).field("ma", config_.account.settlement_asset);
    out.decimal("bep", break_even(shown)).close();
  }
  out.close_list().field("m", reason);
  if (!symbol.empty()) out.field("S", symbol);
  send("ACCOUNT_UPDATE", out.close().close().str());
}

void ClientAccount::earn(InstrumentNo instrument, std::string_view kind, Money amount, std::string_view asset,
                         std::int64_t trade_id, UnixNanos now) {
  incomes_.push_back({instrument, kind, amount, asset, now, ++last_tran_id_, trade_id});
  if (incomes_.size() > kKeptIncomes) incomes_.pop_front();
}

OpenNotional ClientAccount::open_notional(InstrumentNo instrument, sim::PositionSide of) const {
  OpenNotional open;
  const std::vector<sim::VenueOrder>* orders = venue_.orders(instrument);
  if (orders == nullptr) return open;
  for (const sim::VenueOrder& order : *orders) {
    if (!order.is_resting() || order.position_side != of) continue;
    (order.side == Side::BUY ? open.bids : open.asks) += sim::bounded_notional(order.price, order.leaves_qty());
  }
  return open;
}

}  // namespace reprise::gateway::exchange
