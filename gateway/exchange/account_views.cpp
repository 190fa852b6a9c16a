// Answers that show an account and change nothing.
#include <algorithm>

#include "gateway/exchange/client_account.h"
#include "gateway/exchange/order_words.h"

namespace reprise::gateway::exchange {

namespace {

// Window and length that list endpoints share.
struct ListLimits {
  std::int64_t start_ms = 0;
  std::int64_t end_ms = INT64_MAX;
  std::size_t limit = 0;
  std::int64_t from_id = 0;
  bool has(UnixNanos time) const { return ms(time) >= start_ms && ms(time) <= end_ms; }
};

Asked<ListLimits> list_limits(const Params& params, std::size_t standard, std::size_t most, const char* from_name) {
  ListLimits out;
  auto start = params.integer_or("startTime", 0);
  if (!start) return start.error();
  auto end = params.integer_or("endTime", INT64_MAX);
  if (!end) return end.error();
  auto limit = params.integer_or("limit", static_cast<std::int64_t>(standard));
  if (!limit) return limit.error();
  auto from = params.integer_or(from_name, 0);
  if (!from) return from.error();
  if (*limit < 1) return malformed_parameter("limit");
  if (*start > *end) return ApiError{-4167, "Start time is greater than end time."};
  out = {*start, *end, std::min(static_cast<std::size_t>(*limit), most), *from};
  return out;
}

}  // namespace

Asked<InstrumentNo> ClientAccount::instrument_or_all(const Params& params) const {
  if (!params.has("symbol")) return InstrumentNo{0};
  auto instrument = instrument_of(params);
  if (!instrument) return instrument.error();
  return (*instrument)->instrument.number;
}

Asked<std::string> ClientAccount::order(const Params& params, bool only_open) const {
  auto instrument = instrument_of(params);
  if (!instrument) return instrument.error();
  auto id = find_order(params, false);
  if (!id) return id.error();
  const auto found = orders_.find(*id);
  if (found == orders_.end() || found->second.instrument != (*instrument)->instrument.number ||
      (only_open && !found->second.is_open())) {
    return ApiError{-2013, "Order does not exist."};
  }
  JsonText out;
  write_order(out, found->second, **instrument, OrderForm::asked);
  return out.str();
}

Asked<std::string> ClientAccount::open_orders(const Params& params) const {
  auto only = instrument_or_all(params);
  if (!only) return only.error();
  JsonText out;
  out.open_list();
  for (const auto& [id, order] : orders_) {
    if (!order.is_open() || (*only != 0 && order.instrument != *only)) continue;
    write_order(out, order, *board_.find(order.instrument), OrderForm::asked);
  }
  return out.close_list().str();
}

Asked<std::string> ClientAccount::all_orders(const Params& params) const {
  auto only = instrument_or_all(params);
  if (!only) return only.error();
  auto limits = list_limits(params, 500, 1000, "orderId");
  if (!limits) return limits.error();
  std::vector<const ClientOrder*> fitting;
  for (const auto& [id, order] : orders_) {
    if ((*only == 0 || order.instrument == *only) && id >= limits->from_id && limits->has(order.time))
      fitting.push_back(&order);
  }
  // From an id on: the first ones; else the newest.
  const bool takes_first = limits->from_id != 0;
  const std::size_t skip = !takes_first && fitting.size() > limits->limit ? fitting.size() - limits->limit : 0;
  JsonText out;
  out.open_list();
  for (std::size_t n = skip; n < fitting.size() && n - skip < limits->limit; ++n) {
    write_order(out, *fitting[n], *board_.find(fitting[n]->instrument), OrderForm::asked);
  }
  return out.close_list().str();
}

Asked<std::string> ClientAccount::algo_order(const Params& params) const {
  auto id = find_order(params, true);
  if (!id) return id.error();
  const auto found = algo_orders_.find(*id);
  if (found == algo_orders_.end()) return ApiError{-2013, "Order does not exist."};
  JsonText out;
  write_algo_order(out, found->second, *board_.find(found->second.instrument), true);
  return out.str();
}

Asked<std::string> ClientAccount::open_algo_orders(const Params& params) const {
  const auto symbol = params.get("symbol");
  JsonText out;
  out.open_list();
  for (const auto& [id, order] : algo_orders_) {
    const BoardInstrument& i = *board_.find(order.instrument);
    if (order.is_open() && (!symbol || *symbol == i.instrument.symbol)) write_algo_order(out, order, i, true);
  }
  return out.close_list().str();
}

Asked<std::string> ClientAccount::all_algo_orders(const Params& params) const {
  auto instrument = instrument_of(params);
  if (!instrument) return instrument.error();
  auto limits = list_limits(params, 500, 1000, "algoId");
  if (!limits) return limits.error();
  JsonText out;
  out.open_list();
  std::size_t count = 0;
  for (const auto& [id, order] : algo_orders_) {
    if (order.instrument != (*instrument)->instrument.number || id < limits->from_id || !limits->has(order.time))
      continue;
    if (count++ == limits->limit) break;
    write_algo_order(out, order, **instrument, true);
  }
  return out.close_list().str();
}

Asked<std::string> ClientAccount::user_trades(const Params& params) const {
  auto instrument = instrument_of(params);
  if (!instrument) return instrument.error();
  auto limits = list_limits(params, 500, 1000, "fromId");
  if (!limits) return limits.error();
  auto order_id = params.integer_or("orderId", 0);
  if (!order_id) return order_id.error();
  std::vector<const Trade*> fitting;
  for (const Trade& trade : trades_) {
    if (trade.instrument != (*instrument)->instrument.number || !limits->has(trade.time)) continue;
    if (trade.id < limits->from_id || (*order_id != 0 && trade.order_id != *order_id)) continue;
    fitting.push_back(&trade);
  }
  const bool takes_first = params.has("fromId");
  const std::size_t skip = !takes_first && fitting.size() > limits->limit ? fitting.size() - limits->limit : 0;
  const BoardInstrument& i = **instrument;
  JsonText out;
  out.open_list();
  for (std::size_t n = skip; n < fitting.size() && n - skip < limits->limit; ++n) {
    const Trade& t = *fitting[n];
    out.open().field("symbol", i.instrument.symbol).field("id", t.id).field("orderId", t.order_id);
    out.field("side", word(t.side)).decimal("price", t.fill.price, i.price_decimals);
    out.decimal("qty", t.fill.qty, i.qty_decimals).decimal("realizedPnl", t.fill.realized_profit);
    out.decimal("quoteQty", t.fill.price * t.fill.qty).decimal("baseQty", t.fill.qty, i.qty_decimals);
    out.decimal("commission", t.fill.commission).field("commissionAsset", t.fill.commission_asset);
    out.field("marginAsset", config_.account.settlement_asset).field("pair", i.instrument.symbol);
    out.field("time", ms(t.time)).field("positionSide", word(t.position_side)).field("buyer", t.side == Side::BUY);
    out.field("maker", t.fill.is_maker).close();
  }
  return out.close_list().str();
}

Asked<std::string> ClientAccount::income(const Params& params) const {
  auto limits = list_limits(params, 100, 1000, "fromId");
  if (!limits) return limits.error();
  const auto symbol = params.get("symbol");
  const auto kind = params.get("incomeType");
  std::vector<const Income*> fitting;
  for (const Income& one : incomes_) {
    const BoardInstrument* i = board_.find(one.instrument);
    if (symbol && (i == nullptr || *symbol != i->instrument.symbol)) continue;
    if ((!kind || *kind == one.kind) && limits->has(one.time)) fitting.push_back(&one);
  }
  const std::size_t skip =
      fitting.size() > limits->limit && !params.has("startTime") ? fitting.size() - limits->limit : 0;
  JsonText out;
  out.open_list();
  for (std::size_t n = skip; n < fitting.size() && n - skip < limits->limit; ++n) {
    const Income& one = *fitting[n];
    const BoardInstrument* i = board_.find(one.instrument);
    out.open().field("symbol", i == nullptr ? std::string_view() : i->instrument.symbol).field("incomeType", one.kind);
    out.decimal("income", one.amount, 8).field("asset", one.asset).field("info", one.kind).field("time", ms(one.time));
    out.field("tranId", one.id)
        .field("tradeId", one.trade_id == 0 ? std::string() : std::to_string(one.trade_id))
        .close();
  }
  return out.close_list().str();
}

Asked<std::string> ClientAccount::balance(const Params&) const {
  const sim::Ledger& ledger = venue_.ledger();
  JsonText out;
  out.open_list();
  const auto write = [&](std::string_view asset, Money wallet, Money cross, Money profit, Money free) {
    out.open()
        .field("accountAlias", "SgsR" + std::to_string(number_))
        .field("asset", asset)
        .decimal("balance", wallet, 8);
    out.decimal("crossWalletBalance", cross, 8).decimal("crossUnPnl", profit, 8).decimal("availableBalance", free, 8);
    out.decimal("maxWithdrawAmount", free, 8).field("marginAvailable", true).field("updateTime", ms(updated_)).close();
  };
  write(config_.account.settlement_asset, ledger.wallet_balance(), ledger.cross_wallet(), ledger.cross_unrealized(),
        available());
  if (!config_.account.fee_asset.empty()) {
    const Money amount = ledger.wallet_balance(sim::kFeeAsset);
    write(config_.account.fee_asset, amount, amount, {}, amount);
  }
  return out.close_list().str();
}

Asked<std::string> ClientAccount::position_margin_history(const Params& params) const {
  auto instrument = instrument_of(params);
  if (!instrument) return instrument.error();
  auto limits = list_limits(params, 500, 500, "fromId");
  if (!limits) return limits.error();
  auto type = params.integer_or("type", 0);
  if (!type) return type.error();
  JsonText out;
  out.open_list();
  std::size_t count = 0;
  for (const MarginMove& move : margin_moves_) {
    const int of_type = move.amount.is_positive() ? 1 : 2;
    if (move.instrument != (*instrument)->instrument.number || !limits->has(move.time)) continue;
    if ((*type != 0 && *type != of_type) || count++ == limits->limit) continue;
    out.open().field("symbol", (*instrument)->instrument.symbol).field("type", of_type);
    out.field("deltaType", "USER_ADJUST").decimal("amount", move.amount.abs());
    out.field("asset", config_.account.settlement_asset).field("time", ms(move.time));
    out.field("positionSide", word(move.of)).close();
  }
  return out.close_list().str();
}

Asked<std::string> ClientAccount::symbol_config(const Params& params) const {
  const auto symbol = params.get("symbol");
  JsonText out;
  out.open_list();
  for (const auto& [number, i] : board_.all()) {
    if (!i->instrument.is_linear() || (symbol && *symbol != i->instrument.symbol)) continue;
    out.open().field("symbol", i->instrument.symbol);
    out.field("marginType", venue_.ledger().is_isolated(number) ? "ISOLATED" : "CROSSED");
    out.field("isAutoAddMargin", false).field("leverage", static_cast<std::int64_t>(venue_.ledger().leverage(number)));
    out.decimal("maxNotionalValue",
                i->instrument.margin.tiers.empty() ? Money{} : i->instrument.margin.tiers.front().notional_cap);
    out.close();
  }
  return out.close_list().str();
}

Asked<std::string> ClientAccount::commission_rate(const Params& params) const {
  auto instrument = instrument_of(params);
  if (!instrument) return instrument.error();
  const Instrument& i = (*instrument)->instrument;
  const bool own = config_.fees.prefer_instrument_rates && i.has_fee_rates;
  JsonText out;
  out.open().field("symbol", i.symbol);
  out.decimal("makerCommissionRate", own ? i.maker_fee_rate : Rate{config_.fees.maker_rate_e8}, 6);
  out.decimal("takerCommissionRate", own ? i.taker_fee_rate : Rate{config_.fees.taker_rate_e8}, 6);
  return out.field("rpiCommissionRate", "0").close().str();
}

}  // namespace reprise::gateway::exchange
