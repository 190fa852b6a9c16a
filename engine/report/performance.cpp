#include "engine/report/performance.h"

#include <algorithm>

#include "engine/engine.h"
#include "engine/portfolio/margin.h"
#include "engine/portfolio/portfolio.h"

namespace reprise::engine {

namespace {

using journal::RecordType;

void add(Money& sum, Money value) {
  sum += value;
}

std::int64_t held_value(std::int64_t qty, Price mark) {
  const Money magnitude = saturating_notional(mark, Qty{qty});
  return qty < 0 ? -magnitude.e8 : magnitude.e8;
}

void count_state(PerformanceFigures& f, OrderStatus status) {
  switch (status) {
    case OrderStatus::DENIED: ++f.denied; break;
    case OrderStatus::REJECTED: ++f.rejected; break;
    case OrderStatus::CANCELED: ++f.canceled; break;
    case OrderStatus::EXPIRED: ++f.expired; break;
    case OrderStatus::FILLED: ++f.filled_orders; break;
    default: break;
  }
}

void count_slippage(Slippage& s, Price mid, Price price, Qty qty, Side side, Money notional) {
  if (!mid.is_positive()) return;
  const PriceDelta worse = side == Side::BUY ? price - mid : mid - price;
  add(s.cost, Money{saturating_mul_div(worse.e8, qty.e8, kScale)});
  add(s.notional, notional);
  ++s.fills;
}

}  // namespace

Rate Slippage::basis_points() const {
  if (notional.is_zero()) return {};
  return {saturating_mul_div(cost.e8, 10'000 * kScale, notional.e8)};
}

Rate PerformanceFigures::maker_share() const {
  if (traded_notional.is_zero()) return {};
  return {saturating_mul_div(maker_notional.e8, kScale, traded_notional.e8)};
}

void Performance::begin_behind(const Engine& engine) {
  const Portfolio& portfolio = engine.portfolio();
  for (const auto& [number, instrument] : engine.instruments().all()) symbols_[number] = instrument.symbol;
  const auto held = [](const auto& of) {
    return Held{of.position.qty.e8, of.position.open_notional, of.position.realized_pnl, of.commission,
                of.funding,         of.position.realized_pnl};
  };
  for (const NetPosition& net : portfolio.positions()) {
    nets_[net.instrument] = held(net);
    if (net.mark.is_positive()) marks_[net.instrument] = net.mark;
  }
  for (const StrategyShare& share : portfolio.shares()) shares_[{share.strategy, share.instrument}] = held(share);
  first_equity_ = last_equity_ = portfolio.equity();
  peak_equity_ = portfolio.peak_equity();
  equity_marks_ = 1;
}

void Performance::on(const journal::RecordView& record) {
  ++records_;
  const InstrumentNo instrument = record.header->instrument;
  const StrategyNo strategy = record.header->strategy;
  switch (record.type()) {
    case RecordType::INSTRUMENT:
      symbols_[instrument] = journal::read<schema::Instrument>(record).getSymbol().cStr();
      break;
    case RecordType::MARK_PRICE: {
      const Price mark{journal::read<schema::MarkPrice>(record).getMarkPrice()};
      if (mark.is_positive()) marks_[instrument] = mark;
      break;
    }
    case RecordType::ORDER_COMMAND: {
      const auto kind = journal::read<schema::OrderCommand>(record).getKind();
      for (PerformanceFigures* f : {&account_, &strategies_[strategy], &instruments_[instrument]}) {
        f->orders += kind == schema::CommandKind::SUBMIT;
        f->modifies += kind == schema::CommandKind::MODIFY;
        f->cancels += kind == schema::CommandKind::CANCEL || kind == schema::CommandKind::CANCEL_ALL;
      }
      break;
    }
    case RecordType::ORDER_STATE: {
      const auto state = journal::read<schema::OrderState>(record);
      if (state.getStatus() == state.getPrevious()) break;
      for (PerformanceFigures* f : {&account_, &strategies_[strategy], &instruments_[instrument]})
        count_state(*f, state.getStatus());
      break;
    }
    case RecordType::FILL: on_fill(record); break;
    case RecordType::POSITION: on_position(record); break;
    case RecordType::EQUITY_MARK: {
      const auto mark = journal::read<schema::EquityMark>(record);
      const Money equity{mark.getMarginBalance()};
      if (equity_marks_++ == 0) first_equity_ = peak_equity_ = equity;
      last_equity_ = equity;
      // The engine's own peak moves with deposits; ours follows it where it is given.
      peak_equity_ = mark.getPeakEquity() != 0 ? Money{mark.getPeakEquity()} : std::max(peak_equity_, equity);
      max_drawdown_ = std::max(max_drawdown_, Rate{mark.getDrawdown()});
      if (peak_equity_ > equity) max_drawdown_money_ = std::max(max_drawdown_money_, peak_equity_ - equity);
      break;
    }
    case RecordType::FUNDING_PAYMENT: ++funding_payments_; break;
    case RecordType::ORDER_ANOMALY: ++anomalies_; break;
    case RecordType::ALERT: ++alerts_; break;
    case RecordType::RISK_DECISION: ++risk_decisions_; break;
    default: break;
  }
}

void Performance::on_fill(const journal::RecordView& record) {
  const auto fill = journal::read<schema::Fill>(record);
  const Price price{fill.getPrice()};
  const Qty qty{fill.getQty()};
  const Money notional = saturating_notional(price, qty);
  const bool is_maker = fill.getLiquidity() == LiquiditySide::MAKER;
  for (PerformanceFigures* f :
       {&account_, &strategies_[record.header->strategy], &instruments_[record.header->instrument]}) {
    ++f->fills;
    f->maker_fills += is_maker;
    f->liquidation_fills += fill.getIsLiquidation();
    add(f->traded_notional, notional);
    if (is_maker) add(f->maker_notional, notional);
    count_slippage(f->against_decision, {fill.getMidAtDecision()}, price, qty, fill.getSide(), notional);
    count_slippage(f->against_fill, {fill.getMidAtFill()}, price, qty, fill.getSide(), notional);
  }
}

void Performance::on_position(const journal::RecordView& record) {
  const auto p = journal::read<schema::Position>(record);
  const InstrumentNo instrument = record.header->instrument;
  const StrategyNo strategy = record.header->strategy;
  Held& held = p.getIsAccountNet() ? nets_[instrument] : shares_[{strategy, instrument}];
  const auto sign = [](std::int64_t v) { return (v > 0) - (v < 0); };
  const int before = sign(held.qty);
  const int after = sign(p.getQty());
  const Money realized{p.getRealizedPnl()};
  if (before != after) {
    const auto each = [&](auto&& change) {
      if (p.getIsAccountNet()) {
        change(account_);
        change(instruments_[instrument]);
      } else {
        change(strategies_[strategy]);
      }
    };
    if (before != 0) {
      const bool has_won = realized > held.realized_at_open;
      each([&](PerformanceFigures& f) {
        ++f.closed_positions;
        f.winning_positions += has_won;
      });
    }
    if (after != 0) {
      each([](PerformanceFigures& f) { ++f.positions; });
      held.realized_at_open = realized;
    }
  }
  held.qty = p.getQty();
  held.open_notional = {p.getOpenNotional()};
  held.realized = realized;
  held.commission = {p.getCommission()};
  held.funding = {p.getFunding()};
  if (p.getMarkPrice() > 0) marks_[instrument] = {p.getMarkPrice()};
}

void Performance::settle(PerformanceFigures& f, const Held& held, Price mark) {
  f.realized_pnl += held.realized;
  if (held.qty != 0 && mark.is_positive()) f.unrealized_pnl += Money{held_value(held.qty, mark)} - held.open_notional;
  f.commission += held.commission;
  f.funding += held.funding;
  f.gross_profit = f.realized_pnl + f.unrealized_pnl;
  f.net_profit = f.gross_profit - f.commission + f.funding;
}

PerformanceFigures Performance::account() const {
  PerformanceFigures f = account_;
  for (const auto& [instrument, held] : nets_) {
    const auto mark = marks_.find(instrument);
    settle(f, held, mark == marks_.end() ? Price{} : mark->second);
  }
  return f;
}

std::map<StrategyNo, PerformanceFigures> Performance::by_strategy() const {
  std::map<StrategyNo, PerformanceFigures> all = strategies_;
  for (const auto& [key, held] : shares_) {
    const auto mark = marks_.find(key.second);
    settle(all[key.first], held, mark == marks_.end() ? Price{} : mark->second);
  }
  return all;
}

std::map<InstrumentNo, PerformanceFigures> Performance::by_instrument() const {
  std::map<InstrumentNo, PerformanceFigures> all = instruments_;
  for (const auto& [instrument, held] : nets_) {
    const auto mark = marks_.find(instrument);
    settle(all[instrument], held, mark == marks_.end() ? Price{} : mark->second);
  }
  return all;
}

const std::string& Performance::symbol(InstrumentNo instrument) const {
  const auto found = symbols_.find(instrument);
  return found == symbols_.end() ? no_symbol_ : found->second;
}

}  // namespace reprise::engine
