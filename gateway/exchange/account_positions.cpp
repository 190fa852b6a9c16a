// Answers about positions and the margin behind them: a row for each position that the account's mode has.
#include <algorithm>

#include "engine/portfolio/margin.h"
#include "gateway/exchange/client_account.h"
#include "gateway/exchange/order_words.h"
#include "sim/exchange/hedged_liquidation.h"

namespace reprise::gateway::exchange {

ClientAccount::Margins ClientAccount::margins(const BoardInstrument& i, sim::PositionSide of) const {
  const InstrumentNo number = i.instrument.number;
  const sim::Ledger& ledger = venue_.ledger();
  const sim::LedgerPosition& p = ledger.position(number, of);
  OpenNotional open = open_notional(number, of);
  // In hedge mode what closes costs nothing.
  if (of == sim::PositionSide::LONG) open.asks = {};
  if (of == sim::PositionSide::SHORT) open.bids = {};
  const Money held = p.notional();
  const std::uint32_t leverage = ledger.leverage_for(i.instrument, held);
  const auto charged = [&](Money notional) { return engine::initial_margin(notional, leverage); };
  const Money signed_held = sim::bounded_notional(p.mark, p.qty);
  const auto size = [](Money m) { return m.is_negative() ? -m : m; };
  const Money most = std::max(size(signed_held + open.bids), size(signed_held - open.asks));
  Margins m;
  m.initial = charged(held);
  m.order = std::max(charged(most) - m.initial, Money{});
  if (!p.qty.is_zero() && !i.instrument.margin.tiers.empty())
    m.maintenance = sim::Ledger::maintenance(i.instrument, held);
  return m;
}

Money ClientAccount::available() const {
  const sim::Ledger& ledger = venue_.ledger();
  Money used;
  for (const auto& [number, i] : board_.all()) {
    for (const sim::PositionSide of : ledger.sides()) {
      if (!has_position_or_orders(number, of)) continue;
      const Margins m = margins(*i, of);
      used += ledger.is_isolated(number) ? m.order : m.initial + m.order;
    }
  }
  return std::max(ledger.margin_balance() - used, Money{});
}

bool ClientAccount::has_position_or_orders(InstrumentNo number, sim::PositionSide of) const {
  if (!venue_.ledger().position(number, of).qty.is_zero()) return true;
  const auto* orders = venue_.orders(number);
  if (orders == nullptr) return false;
  return std::any_of(orders->begin(), orders->end(),
                     [of](const sim::VenueOrder& order) { return order.position_side == of; });
}

Price ClientAccount::liquidation_price(const BoardInstrument& i, sim::PositionSide of) const {
  const sim::Ledger& ledger = venue_.ledger();
  const InstrumentNo number = i.instrument.number;
  const sim::LedgerPosition& p = ledger.position(number, of);
  if (p.qty.is_zero() || i.instrument.margin.tiers.empty()) return {};
  Money behind = p.isolated_wallet;
  if (!ledger.is_isolated(number)) {  // the wallet, less what the positions of other contracts need
    behind = ledger.cross_wallet();
    for (const auto& [key, position] : ledger.positions()) {
      const InstrumentNo other = sim::instrument_in(key);
      if (other == number || position.qty.is_zero() || ledger.is_isolated(other)) continue;
      const BoardInstrument* known = board_.find(other);
      behind += position.unrealized();
      if (known != nullptr) behind -= sim::Ledger::maintenance(known->instrument, position.notional());
    }
    if (is_hedged()) {  // both sides stand and fall together
      return sim::hedged_liquidation_price(i.instrument.margin, ledger.position(number, sim::PositionSide::LONG),
                                           ledger.position(number, sim::PositionSide::SHORT), p.mark, behind)
          .value_or(Price{});
    }
  }
  return engine::liquidation_price(i.instrument.margin, p.qty, p.cost, behind).value_or(Price{});
}

// What was paid in fees for the open quantity, at the taker's rate, on top of the entry price.
Price ClientAccount::break_even(const sim::LedgerPosition& p) const {
  if (p.qty.is_zero()) return {};
  const Price entry = p.entry_price();
  const Price fee = mul(entry, Rate{config_.fees.taker_rate_e8});
  return p.qty.is_positive() ? Price{entry.e8 + fee.e8} : Price{entry.e8 - fee.e8};
}

Asked<std::string> ClientAccount::account(bool is_v3) const {
  const sim::Ledger& ledger = venue_.ledger();
  Margins sum;
  Money profit;
  for (const auto& [number, i] : board_.all()) {
    for (const sim::PositionSide of : ledger.sides()) {
      if (!has_position_or_orders(number, of)) continue;
      const Margins m = margins(*i, of);
      sum.initial += m.initial;
      sum.order += m.order;
      sum.maintenance += m.maintenance;
      profit += ledger.position(number, of).unrealized();
    }
  }
  const Money wallet = ledger.wallet_balance();
  JsonText out;
  out.open();
  if (!is_v3) {
    out.field("feeTier", 0).field("feeBurn", !config_.account.fee_asset.empty()).field("canTrade", true);
    out.field("canDeposit", true).field("canWithdraw", false).field("updateTime", 0).field("multiAssetsMargin", false);
    out.field("tradeGroupId", -1);
  }
  out.decimal("totalInitialMargin", sum.initial + sum.order, 8).decimal("totalMaintMargin", sum.maintenance, 8);
  out.decimal("totalWalletBalance", wallet, 8).decimal("totalUnrealizedProfit", profit, 8);
  out.decimal("totalMarginBalance", wallet + profit, 8).decimal("totalPositionInitialMargin", sum.initial, 8);
  out.decimal("totalOpenOrderInitialMargin", sum.order, 8).decimal("totalCrossWalletBalance", ledger.cross_wallet(), 8);
  out.decimal("totalCrossUnPnl", ledger.cross_unrealized(), 8).decimal("availableBalance", available(), 8);
  out.decimal("maxWithdrawAmount", available(), 8);
  out.key("assets").open_list();
  const auto write = [&](std::string_view asset, Money amount, Money cross, bool is_settlement) {
    const Money none;
    out.open().field("asset", asset).decimal("walletBalance", amount, 8);
    out.decimal("unrealizedProfit", is_settlement ? profit : none, 8);
    out.decimal("marginBalance", is_settlement ? amount + profit : amount, 8);
    out.decimal("maintMargin", is_settlement ? sum.maintenance : none, 8);
    out.decimal("initialMargin", is_settlement ? sum.initial + sum.order : none, 8);
    out.decimal("positionInitialMargin", is_settlement ? sum.initial : none, 8);
    out.decimal("openOrderInitialMargin", is_settlement ? sum.order : none, 8);
    out.decimal("crossWalletBalance", cross, 8)
        .decimal("crossUnPnl", is_settlement ? ledger.cross_unrealized() : none, 8);
    out.decimal("availableBalance", is_settlement ? available() : amount, 8);
    out.decimal("maxWithdrawAmount", is_settlement ? available() : amount, 8).field("marginAvailable", true);
    out.field("updateTime", ms(updated_)).close();
  };
  write(config_.account.settlement_asset, wallet, ledger.cross_wallet(), true);
  if (!config_.account.fee_asset.empty()) {
    const Money amount = ledger.wallet_balance(sim::kFeeAsset);
    write(config_.account.fee_asset, amount, amount, false);
  }
  out.close_list().key("positions").open_list();
  for (const auto& [number, i] : board_.all()) {
    if (!i->instrument.is_linear()) continue;
    for (const sim::PositionSide of : ledger.sides()) {
      if (!is_v3 || has_position_or_orders(number, of)) write_account_position(out, *i, of, is_v3);
    }
  }
  return out.close_list().close().str();
}

// A row of `positions` in the answer of account().
void ClientAccount::write_account_position(JsonText& out, const BoardInstrument& i, sim::PositionSide of,
                                           bool is_v3) const {
  const InstrumentNo number = i.instrument.number;
  const sim::Ledger& ledger = venue_.ledger();
  const sim::LedgerPosition& p = ledger.position(number, of);
  const Margins m = margins(i, of);
  out.open()
      .field("symbol", i.instrument.symbol)
      .field("positionSide", word(of))
      .decimal("positionAmt", p.qty, i.qty_decimals);
  out.decimal("unrealizedProfit", p.unrealized(), 8);
  out.decimal("isolatedMargin", p.isolated_wallet.is_zero() ? Money{} : p.isolated_wallet + p.unrealized(), 8);
  out.decimal("notional", sim::bounded_notional(p.mark, p.qty), 8).decimal("isolatedWallet", p.isolated_wallet, 8);
  out.decimal("initialMargin", m.initial + m.order, 8).decimal("maintMargin", m.maintenance, 8);
  if (!is_v3) {
    const OpenNotional open = open_notional(number, of);
    out.decimal("positionInitialMargin", m.initial, 8).decimal("openOrderInitialMargin", m.order, 8);
    out.field("leverage", std::to_string(ledger.leverage(number))).field("isolated", ledger.is_isolated(number));
    out.decimal("entryPrice", p.entry_price()).decimal("breakEvenPrice", break_even(p));
    out.decimal("maxNotional",
                i.instrument.margin.tiers.empty() ? Money{} : i.instrument.margin.tiers.back().notional_cap);
    out.decimal("bidNotional", open.bids).decimal("askNotional", open.asks);
  }
  out.field("updateTime", ms(updated_)).close();
}

void ClientAccount::write_position(JsonText& out, const BoardInstrument& i, sim::PositionSide of, bool is_v3) const {
  const InstrumentNo number = i.instrument.number;
  const sim::Ledger& ledger = venue_.ledger();
  const sim::LedgerPosition& p = ledger.position(number, of);
  const bool is_isolated = ledger.is_isolated(number);
  const Money isolated_margin = is_isolated && !p.qty.is_zero() ? p.isolated_wallet + p.unrealized() : Money{};
  out.open()
      .field("symbol", i.instrument.symbol)
      .field("positionSide", word(of))
      .decimal("positionAmt", p.qty, i.qty_decimals);
  out.decimal("entryPrice", p.entry_price()).decimal("breakEvenPrice", break_even(p));
  out.decimal("markPrice", i.mark.value_or(Price{}), 8).decimal("unRealizedProfit", p.unrealized(), 8);
  out.decimal("liquidationPrice", liquidation_price(i, of));
  if (is_v3) {
    const Margins m = margins(i, of);
    const OpenNotional open = open_notional(number, of);
    out.decimal("isolatedMargin", isolated_margin, 8).decimal("notional", sim::bounded_notional(p.mark, p.qty), 8);
    out.field("marginAsset", config_.account.settlement_asset).decimal("isolatedWallet", p.isolated_wallet);
    out.decimal("initialMargin", m.initial + m.order, 8).decimal("maintMargin", m.maintenance, 8);
    out.decimal("positionInitialMargin", m.initial, 8).decimal("openOrderInitialMargin", m.order, 8);
    out.field("adl", 0).decimal("bidNotional", open.bids).decimal("askNotional", open.asks);
  } else {
    out.field("leverage", std::to_string(ledger.leverage(number)));
    out.decimal("maxNotionalValue",
                i.instrument.margin.tiers.empty() ? Money{} : i.instrument.margin.tiers.front().notional_cap);
    out.field("marginType", is_isolated ? "isolated" : "cross").decimal("isolatedMargin", isolated_margin, 8);
    out.field("isAutoAddMargin", "false").decimal("notional", sim::bounded_notional(p.mark, p.qty), 8);
    out.decimal("isolatedWallet", p.isolated_wallet);
  }
  out.field("updateTime", ms(updated_)).close();
}

Asked<std::string> ClientAccount::position_risk(const Params& params, bool is_v3) const {
  auto only = instrument_or_all(params);
  if (!only) return only.error();
  JsonText out;
  out.open_list();
  for (const auto& [number, i] : board_.all()) {
    if (!i->instrument.is_linear() || (*only != 0 && number != *only)) continue;
    for (const sim::PositionSide of : venue_.ledger().sides()) {
      if (!is_v3 || has_position_or_orders(number, of)) write_position(out, *i, of, is_v3);
    }
  }
  return out.close_list().str();
}

// Of what is held. Nobody else's positions are known here, so that nothing ranks above or below: 0 throughout.
Asked<std::string> ClientAccount::adl_quantile(const Params& params) const {
  auto only = instrument_or_all(params);
  if (!only) return only.error();
  const sim::Ledger& ledger = venue_.ledger();
  JsonText out;
  out.open_list();
  for (const auto& [number, i] : board_.all()) {
    if ((*only != 0 && number != *only) || ledger.is_flat(number)) continue;
    out.open().field("symbol", i->instrument.symbol).key("adlQuantile").open();
    out.field("LONG", 0).field("SHORT", 0);
    out.field(is_hedged() && !ledger.is_isolated(number) ? "HEDGE" : "BOTH", 0).close().close();
  }
  return out.close_list().str();
}

}  // namespace reprise::gateway::exchange
