// The part of Portfolio that books what the venue reports: executions, funding, balances, positions.
#include <algorithm>

#include "engine/alerts.h"
#include "engine/portfolio/portfolio.h"
#include "journal/mutant.h"

namespace reprise::engine {

namespace {

bool fits(std::int64_t a, std::int64_t b) {
  if (a >= kFigureRange || a <= -kFigureRange || b >= kFigureRange || b <= -kFigureRange) return false;
  return (a < 0 ? -a : a) + (b < 0 ? -b : b) < kFigureRange;
}

Money part_of(Money whole, Qty part, Qty of) {
  return part == of ? whole : Money{mul_div(whole.e8, part.e8, of.e8)};
}

}  // namespace

// ---------------------------------------------------------------------------------------- records

void Portfolio::emit_position(const StrategyShare& s, Price mark, Emitter& out) {
  out.emit<schema::Position>(schema::RecordType::POSITION, s.instrument, s.strategy, 0,
                             [&](schema::Position::Builder b) {
                               b.setQty(s.position.qty.e8);
                               b.setOpenNotional(s.position.open_notional.e8);
                               b.setEntryPrice(s.position.entry_price().e8);
                               b.setRealizedPnl(s.position.realized_pnl.e8);
                               b.setMarkPrice(mark.e8);
                               b.setCommission(s.commission.e8);
                               b.setFunding(s.funding.e8);
                             });
}

void Portfolio::emit_position(const NetPosition& n, Emitter& out) {
  const auto liquidation = liquidation_price(n.instrument);
  out.emit<schema::Position>(schema::RecordType::POSITION, n.instrument, 0, 0, [&](schema::Position::Builder b) {
    b.setQty(n.position.qty.e8);
    b.setOpenNotional(n.position.open_notional.e8);
    b.setEntryPrice(n.position.entry_price().e8);
    b.setRealizedPnl(n.position.realized_pnl.e8);
    b.setMarkPrice(n.mark.e8);
    b.setLiquidationPrice(liquidation ? liquidation->e8 : 0);
    b.setCommission(n.commission.e8);
    b.setFunding(n.funding.e8);
    b.setIsAccountNet(true);
  });
}

void Portfolio::report_mismatch(InstrumentNo instrument, std::int64_t expected, std::int64_t actual, const char* what,
                                Emitter& out) {
  const Seq seq = out.emit<schema::OrderAnomaly>(schema::RecordType::ORDER_ANOMALY, instrument, 0, 0,
                                                 [&](schema::OrderAnomaly::Builder b) {
                                                   b.setKind(schema::AnomalyKind::CONSERVATION);
                                                   b.setExpected(expected);
                                                   b.setActual(actual);
                                                 });
  const std::size_t length = std::char_traits<char>::length(what);
  out.emit<schema::Alert>(
      schema::RecordType::ALERT, instrument, 0, seq,
      [&](schema::Alert::Builder b) {
        b.setLevel(schema::AlertLevel::CRITICAL);
        b.setKind(schema::AlertKind::CONSERVATION_BROKEN);
        b.setValue(actual);
        b.setBound(expected);
        b.setText(what);
      },
      2 + length / 8);
}

// ------------------------------------------------------------------------------------- executions

const std::vector<ShareFill>& Portfolio::on_fill(const FillDetails& fill, Price mid_at_fill, Emitter& out) {
  share_fills_.clear();
  NetPosition& n = net_entry(fill.instrument);
  const bool is_usable = fill.qty.is_positive() && fill.price.is_positive() && notional_fits(fill.price, fill.qty) &&
                         (fill.side == Side::BUY || fill.side == Side::SELL) && fill.commission_asset < kMaxAssets;
  const Money notional = is_usable ? fill.price * fill.qty : Money{};
  if (!is_usable || !fits(n.position.qty.e8, fill.qty.e8) || !fits(n.position.open_notional.e8, notional.e8) ||
      !fits(wallet_balance().e8, notional.e8) || !fits(wallet(fill.commission_asset).balance.e8, fill.commission.e8) ||
      !notional_fits(wallet(fill.commission_asset).price, Qty{fill.commission.e8})) {
    report_mismatch(fill.instrument, 0, fill.qty.e8, "an execution outside the range of the arithmetic was not booked",
                    out);
    return share_fills_;
  }

  const Qty qty_before = n.position.qty;
  const Money cost_before = n.position.open_notional;
  const bool ties_into_statement = fill.at == n.stated_at && fill.trade_id != 0 && fill.trade_id < n.stated_trade;
  n.is_last_contained = fill.at < n.stated_at || ties_into_statement;
  n.last_trade = std::max(n.last_trade, fill.trade_id);
  const Money realized = n.position.apply(fill.side, fill.qty, notional);

  Wallet& settlement = wallet(kSettlementAsset);
  settlement.balance += realized;
  settlement.realized += realized;
  Wallet& payer = wallet(fill.commission_asset);
  if (!REPRISE_MUTANT(fee_not_booked)) payer.balance -= fill.commission;
  payer.commission += fill.commission;
  for (Wallet* w : {&settlement, &payer})
    w->is_last_contained = fill.at < w->stated_at || (fill.at == w->stated_at && ties_into_statement);
  if (settlement.is_last_contained) {
    settlement.balance -= realized;
    settlement.adjustments -= realized;
  }
  if (payer.is_last_contained) {
    payer.balance += fill.commission;
    payer.adjustments += fill.commission;
  }
  const Money commission_value = fill.commission_asset == kSettlementAsset
                                     ? fill.commission
                                     : Money{mul_div(fill.commission.e8, payer.price.e8, kScale)};
  n.commission += commission_value;
  commission_value_ += commission_value;

  allocate(fill, notional, commission_value);
  if (n.is_last_contained) {
    take_over(n, qty_before, cost_before);
  } else {
    move_isolated(n, qty_before, cost_before);
  }
  if (n.mark.is_zero() || !notional_fits(n.mark, n.position.qty)) n.mark = fill.price;
  refresh(n);

  Money share_realized{};
  for (const ShareFill& s : share_fills_) share_realized += s.realized_pnl;
  out.emit<schema::Fill>(schema::RecordType::FILL, fill.instrument, fill.strategy, 0, [&](schema::Fill::Builder b) {
    b.setOrderId(fill.order_id);
    b.setTradeId(fill.trade_id);
    b.setSide(fill.side);
    b.setLiquidity(fill.liquidity);
    b.setPrice(fill.price.e8);
    b.setQty(fill.qty.e8);
    b.setCommission(fill.commission.e8);
    b.setCommissionAsset(fill.commission_asset);
    b.setRealizedPnl(share_realized.e8);
    b.setMidAtFill(mid_at_fill.e8);
    b.setMidAtDecision(fill.mid_at_decision.e8);
    b.setIsLiquidation(fill.is_liquidation);
  });
  for (const ShareFill& s : share_fills_) emit_position(*share(s.strategy, fill.instrument), n.mark, out);
  if (n.is_last_contained) emit_position(*share(0, fill.instrument), n.mark, out);
  emit_position(n, out);
  return share_fills_;
}

// Gives the execution to the shares: an order's own strategy, or, without one, the shares that it reduces, by strategy.
void Portfolio::allocate(const FillDetails& fill, Money notional, Money commission_value) {
  Qty left = fill.qty;
  Money left_notional = notional;
  Money left_commission = commission_value;
  const auto give = [&](StrategyShare& share, Qty part) {
    const Money part_notional = part_of(left_notional, part, left);
    const Money part_commission = part_of(left_commission, part, left);
    const Money realized = share.position.apply(fill.side, part, part_notional);
    share.commission += part_commission;
    share_fills_.push_back({share.strategy, part, realized, part_commission});
    left -= part;
    left_notional -= part_notional;
    left_commission -= part_commission;
  };
  if (fill.strategy == 0) {
    for (StrategyShare& share : shares_) {
      if (left.is_zero()) break;
      if (share.instrument == fill.instrument && share.position.qty.sign() == -sign_of(fill.side))
        give(share, std::min(left, share.position.qty.abs()));
    }
    if (left.is_zero()) return;
    // Strategy 0 was reduced above if it could be: what is left opens its share on the other side.
    for (const ShareFill& given : share_fills_) {
      if (given.strategy != 0) continue;
      const Qty before = given.qty;
      const Money realized_before = given.realized_pnl;
      const Money commission_before = given.commission;
      const std::size_t place = static_cast<std::size_t>(&given - share_fills_.data());
      give(share_entry(0, fill.instrument), left);
      ShareFill merged = share_fills_.back();
      share_fills_.pop_back();
      merged.qty += before;
      merged.realized_pnl += realized_before;
      merged.commission += commission_before;
      share_fills_[place] = merged;
      return;
    }
  }
  give(share_entry(fill.strategy, fill.instrument), left);
}

void Portfolio::move_isolated(NetPosition& n, Qty qty_before, Money cost_before) {
  if (margin_mode(n.instrument) != MarginMode::ISOLATED) return;
  const Money held = n.isolated_wallet;
  Money now = held;
  const Qty qty = n.position.qty;
  const Money cost = n.position.open_notional.abs();
  if (qty.is_zero()) {
    now = {};
  } else if (qty.sign() != qty_before.sign()) {  // opened or flipped
    now = engine::initial_margin(cost, leverage(n.instrument, cost));
  } else if (qty.abs() > qty_before.abs()) {
    const Money more = cost - cost_before.abs();
    now += engine::initial_margin(more, leverage(n.instrument, more));
  } else {
    now = {mul_div(held.e8, qty.abs().e8, qty_before.abs().e8, Rounding::ceiling)};
  }
  n.isolated_wallet = now;
  isolated_ += now - held;
}

// --------------------------------------------------------------------------------------- payments

void Portfolio::on_funding(InstrumentNo instrument, schema::FundingPayment::Reader payment, UnixNanos at,
                           Emitter& out) {
  const Money amount{payment.getAmount()};
  if (payment.getAsset() >= kMaxAssets || !fits(wallet_balance(payment.getAsset()).e8, amount.e8) ||
      !notional_fits(wallet(payment.getAsset()).price, Qty{amount.e8})) {
    report_mismatch(instrument, 0, amount.e8, "a funding payment outside the range of the arithmetic was not booked",
                    out);
    return;
  }
  Wallet& w = wallet(payment.getAsset());
  w.balance += REPRISE_MUTANT(funding_sign) ? -amount : amount;
  w.funding += REPRISE_MUTANT(funding_sign) ? -amount : amount;
  w.is_last_contained = at < w.stated_at;
  if (w.is_last_contained) {
    w.balance -= amount;
    w.adjustments -= amount;
  }
  const Money value = w.asset == kSettlementAsset ? amount : Money{mul_div(amount.e8, w.price.e8, kScale)};

  NetPosition& n = net_entry(instrument);
  n.funding += value;
  const Qty net_qty = n.position.qty;
  Money left = value;
  StrategyShare* last = nullptr;
  for (StrategyShare& share : shares_) {
    if (share.instrument != instrument || share.position.is_flat()) continue;
    last = &share;
  }
  const Price mark = n.mark;
  if (last == nullptr || net_qty.is_zero()) {  // closed before the payment came
    last = &share_entry(0, instrument);
  } else {
    for (StrategyShare& share : shares_) {
      if (share.instrument != instrument || share.position.is_flat() || &share == last) continue;
      // A share may be larger than the net where strategies stand against each other.
      const Money part{saturating_mul_div(value.e8, share.position.qty.e8, net_qty.e8)};
      if (!fits(part.e8, share.funding.e8) || !fits(part.e8, left.e8)) continue;
      share.funding += part;
      left -= part;
      emit_position(share, mark, out);
    }
  }
  last->funding += left;
  emit_position(*last, mark, out);
  emit_position(n, out);
}

void Portfolio::on_balance_update(schema::BalanceUpdate::Reader update, UnixNanos at, Emitter& out) {
  const Money change{update.getChange()};
  const Money reported{update.getWalletBalance()};
  if (update.getAsset() >= kMaxAssets || !fits(wallet_balance(update.getAsset()).e8, change.e8) ||
      !fits(reported.e8, 0)) {
    report_mismatch(0, 0, reported.e8, "a balance outside the range of the arithmetic was not booked", out);
    return;
  }
  Wallet& w = wallet(update.getAsset());
  const Money before = w.balance;
  switch (update.getReason()) {
    case schema::BalanceChangeReason::DEPOSIT:
    case schema::BalanceChangeReason::WITHDRAW:
      w.balance += change;
      w.deposits += change;
      // Money brought in or taken out is neither profit nor loss: the peak moves along.
      if (w.asset == kSettlementAsset && !peak_equity_.is_zero())
        peak_equity_ = std::max(Money{}, peak_equity_ + change);
      break;
    case schema::BalanceChangeReason::ADJUSTMENT:
    case schema::BalanceChangeReason::INSURANCE_CLEAR:
      w.balance += change;
      w.adjustments += change;
      break;
    default: break;  // executions, funding and transfers were booked by their own reports
  }
  if (at < w.stated_at ||
      (at == w.stated_at && w.is_last_contained)) {  // the newer statement holds; what this one brought is in it
    const Money brought = w.balance - before;
    w.balance -= brought;
    w.adjustments -= brought;
    return;
  }
  w.stated_at = at;
  if (w.balance == reported) return;
  report_mismatch(0, w.balance.e8, reported.e8, "the venue's wallet balance differs from ours", out);
  w.adjustments += reported - w.balance;
  w.balance = reported;
}

void Portfolio::on_position_update(InstrumentNo instrument, schema::PositionUpdate::Reader update, UnixNanos at,
                                   Emitter& out) {
  if (update.getPositionSide() != schema::PositionSide::BOTH) return;  // hedge mode is not traded
  NetPosition& n = net_entry(instrument);
  if (at < n.stated_at || (at == n.stated_at && n.is_last_contained)) return;
  if (update.getMarginMode() == MarginMode::ISOLATED && margin_mode(instrument) == MarginMode::ISOLATED &&
      fits(update.getIsolatedWallet(), isolated_.e8)) {
    isolated_ += Money{update.getIsolatedWallet()} - n.isolated_wallet;
    n.isolated_wallet = {update.getIsolatedWallet()};
  }
  const Qty reported{update.getQty()};
  const Price entry{update.getEntryPrice()};
  if (reported == n.position.qty) {
    n.stated_at = at;
    n.stated_trade = n.last_trade;
    return;
  }
  // The first word about an instrument that this run never traded is no contradiction: it was held before.
  if (n.position.is_flat() && n.last_trade == 0 && n.stated_at.ns == 0) {
    emit_alert(out, schema::AlertLevel::WARNING, schema::AlertKind::CONFIGURATION, instrument, 0, reported.e8, 0,
               "the account held a position when this run began");
  } else {
    report_mismatch(instrument, n.position.qty.e8, reported.e8, "the venue's position differs from ours", out);
  }
  if (!fits(reported.e8, n.position.qty.e8) || entry.is_negative() || !notional_fits(entry, reported) ||
      !notional_fits(n.mark, reported))
    return;
  n.stated_at = at;
  n.stated_trade = n.last_trade;
  take_over(n, reported, entry * reported);
  if (n.mark.is_zero()) n.mark = entry;
  refresh(n);
  emit_position(*share(0, instrument), n.mark, out);
  emit_position(n, out);
}

void Portfolio::take_over(NetPosition& n, Qty qty, Money cost) {
  StrategyShare& own = share_entry(0, n.instrument);
  own.position.qty += qty - n.position.qty;
  own.position.open_notional += cost - n.position.open_notional;
  if (own.position.is_flat()) {  // what its cost was beyond the position is realised
    own.position.realized_pnl -= own.position.open_notional;
    own.position.open_notional = {};
  }
  n.position.qty = qty;
  n.position.open_notional = cost;
}

Qty Portfolio::hand_over(StrategyNo strategy, InstrumentNo instrument, Qty qty, Emitter& out) {
  (void)share_entry(strategy, instrument);  // both exist before either is referred to
  StrategyShare& from = share_entry(0, instrument);
  StrategyShare& to = share_entry(strategy, instrument);
  if (strategy == 0 || qty.sign() == 0 || qty.sign() != from.position.qty.sign()) return {};
  const Qty moved = qty.is_positive() ? std::min(qty, from.position.qty) : std::max(qty, from.position.qty);
  const Money cost = moved == from.position.qty
                         ? from.position.open_notional
                         : Money{mul_div(from.position.open_notional.e8, moved.abs().e8, from.position.qty.abs().e8)};
  from.position.qty -= moved;
  from.position.open_notional -= cost;
  to.position.qty += moved;
  to.position.open_notional += cost;
  const NetPosition* n = net(instrument);
  emit_position(from, n != nullptr ? n->mark : Price{}, out);
  emit_position(to, n != nullptr ? n->mark : Price{}, out);
  return moved;
}

// ------------------------------------------------------------------------------------------ marks

Seq Portfolio::mark_equity(const OrderManager& orders, Emitter& out) {
  if (equity() > peak_equity_) peak_equity_ = equity();
  const Money available = available_balance(orders);
  const Money order_margin = open_order_margin(orders);
  return out.emit<schema::EquityMark>(
      schema::RecordType::EQUITY_MARK, 0, 0, 0,
      [&](schema::EquityMark::Builder b) {
        b.setWalletBalance(wallet_balance().e8);
        b.setUnrealizedPnl(unrealized_.e8);
        b.setMarginBalance(equity().e8);
        b.setInitialMargin((initial_ + order_margin).e8);
        b.setMaintenanceMargin(maintenance_.e8);
        b.setAvailableBalance(available.e8);
        b.setGrossNotional(notional_.e8);
        b.setRealizedPnl(realized_pnl().e8);
        b.setCommission(commission_value_.e8);
        b.setFunding(funding().e8);
        b.setPeakEquity(peak_equity_.e8);
        b.setDrawdown(drawdown().e8);
        b.setOpenOrders(orders.open_count());
        auto balances = b.initBalances(static_cast<unsigned>(wallets_.size()));
        for (unsigned i = 0; i < wallets_.size(); ++i) {
          balances[i].setAsset(wallets_[i].asset);
          balances[i].setWalletBalance(wallets_[i].balance.e8);
        }
      },
      1 + 2 * wallets_.size());
}

}  // namespace reprise::engine
