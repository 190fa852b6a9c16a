#include "gateway/binance/account_merge.h"

namespace reprise::gateway::binance {

using schema::BalanceChangeReason;

namespace {

BalanceChangeReason reason_of(std::string_view m) {
  if (m == "ORDER") return BalanceChangeReason::ORDER;
  if (m == "FUNDING_FEE") return BalanceChangeReason::FUNDING_FEE;
  if (m == "DEPOSIT" || m == "ADMIN_DEPOSIT" || m == "WITHDRAW_REJECT" || m == "ASSET_TRANSFER" ||
      m == "COIN_SWAP_DEPOSIT")
    return BalanceChangeReason::DEPOSIT;
  if (m == "WITHDRAW" || m == "ADMIN_WITHDRAW" || m == "COIN_SWAP_WITHDRAW") return BalanceChangeReason::WITHDRAW;
  if (m == "INSURANCE_CLEAR") return BalanceChangeReason::INSURANCE_CLEAR;
  if (m == "MARGIN_TRANSFER" || m == "MARGIN_TYPE_CHANGE") return BalanceChangeReason::MARGIN_TRANSFER;
  return BalanceChangeReason::ADJUSTMENT;
}

}  // namespace

AccountMerge::AccountMerge(net::Scheduler& scheduler, const SymbolTable& symbols, const Options& options, Tell tell)
    : scheduler_(scheduler), symbols_(symbols), options_(options), tell_(std::move(tell)) {}

AccountMerge::~AccountMerge() {
  scheduler_.cancel(timer_);
}

void AccountMerge::arm(net::Duration pause) {
  scheduler_.cancel(timer_);
  timer_ = scheduler_.after(pause, [this] {
    timer_ = 0;
    flush();
  });
}

void AccountMerge::before(const OrderEvent& event) {
  if (held_time_.ns == 0) return;
  const bool is_execution = event.execution == Execution::trade || event.execution == Execution::calculated;
  if (is_execution && event.trade.time == held_time_) return arm(options_.quiet);
  if (event.order.time > held_time_) flush();
}

void AccountMerge::take(const AccountEvent& event) {
  const BalanceChangeReason reason = reason_of(event.reason);
  if (reason == BalanceChangeReason::ORDER) {
    if (held_time_.ns != 0 && event.time != held_time_) flush();
    held_time_ = event.time;
    for (const BalanceView& b : event.balances) balances_[b.asset] = b;
    for (const PositionView& p : event.positions) positions_[p.symbol] = p;
    return arm(options_.longest);
  }
  flush();
  for (const BalanceView& b : event.balances) {
    const auto asset = symbols_.asset(b.asset);
    if (reason == BalanceChangeReason::FUNDING_FEE && asset && !event.symbol.empty()) {
      sim::Report payment;
      payment.type = journal::RecordType::FUNDING_PAYMENT;
      payment.time = event.time;
      payment.instrument = symbols_.find(event.symbol);
      payment.funding.amount = b.change;
      if (payment.instrument != 0) tell_(payment);
    }
    state(b, reason);
  }
  for (const PositionView& p : event.positions) state(p);
}

void AccountMerge::take(const MarginCallEvent& event) {
  for (const MarginCallEvent::Item& item : event.items) {
    sim::Report report;
    report.type = journal::RecordType::MARGIN_CALL;
    report.time = event.time;
    report.instrument = symbols_.find(item.symbol);
    report.margin_call.maintenance_margin = item.maintenance_margin;
    report.margin_call.margin_balance = event.cross_wallet + item.unrealized;
    report.margin_call.position_qty = item.qty;
    report.margin_call.mark_price = item.mark_price;
    if (report.instrument != 0) tell_(report);
  }
}

void AccountMerge::state(const BalanceView& balance, BalanceChangeReason reason) {
  const auto asset = symbols_.asset(balance.asset);
  if (!asset) return;  // an asset that this run does not know
  sim::Report report;
  report.type = journal::RecordType::BALANCE_UPDATE;
  report.time = balance.time;
  report.balance.asset = *asset;
  report.balance.wallet_balance = balance.wallet;
  report.balance.change = balance.change;
  report.balance.reason = reason;
  tell_(report);
}

void AccountMerge::state(const PositionView& position) {
  const InstrumentNo instrument = symbols_.find(position.symbol);
  if (instrument == 0 || position.side != schema::PositionSide::BOTH) return;
  sim::Report report;
  report.type = journal::RecordType::POSITION_UPDATE;
  report.time = position.time;
  report.instrument = instrument;
  report.position.qty = position.qty;
  report.position.entry_price = position.entry_price;
  report.position.unrealized_pnl = position.unrealized;
  report.position.isolated_wallet = position.isolated_wallet;
  report.position.margin_mode = position.mode;
  tell_(report);
}

void AccountMerge::flush() {
  scheduler_.cancel(timer_);
  timer_ = 0;
  held_time_ = {};
  std::map<std::string, BalanceView> balances;
  std::map<std::string, PositionView> positions;
  balances.swap(balances_);
  positions.swap(positions_);
  for (const auto& [asset, b] : balances) state(b, BalanceChangeReason::ORDER);
  for (const auto& [symbol, p] : positions) state(p);
}

}  // namespace reprise::gateway::binance
