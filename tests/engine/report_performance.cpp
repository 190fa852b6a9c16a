// The figures of a small trading day, checked by hand.
#include "engine/report/performance.h"
#include "tests/engine/trading_support.h"

using namespace reprise;
using namespace reprise::engine;
using namespace reprise::engine::test;
using journal::RecordType;

namespace {

struct TradedDay {
  TradedDay() {
    declare(instruments, linear(1, "ETHUSDT"), {{"0", "50000", 125, "0.01", "0"}});
    portfolio.bind(instruments);
    config::Config config;
    portfolio.configure(config);
    deposit(portfolio, desk, "1000");
    read();
  }
  void read() {
    desk.for_each([&](const journal::RecordView& r) { performance.on(r); });
  }
  // Submits and is filled at once; the mids of decision and execution are given.
  void trade(StrategyNo strategy, Side side, const std::string& quantity, const std::string& at,
             const std::string& mid_decision, const std::string& mid_fill, LiquiditySide liquidity,
             const std::string& commission) {
    OrderRequest r;
    r.instrument = 1;
    r.strategy = strategy;
    r.side = side;
    r.type = OrderType::LIMIT;
    r.qty = qty(quantity);
    r.price = price(at);
    r.mid_at_decision = price(mid_decision);
    const Seq id = orders.submit(r, desk.next());
    read();
    Report report;
    report->setOrderId(id);
    report->setKind(schema::ReportKind::FILLED);
    report->setLastQty(e8(quantity));
    report->setLastPrice(e8(at));
    report->setTradeId(++trade_id);
    report->setLiquidity(liquidity);
    report->setCommission(e8(commission));
    const auto outcome = orders.on_report(1, report.reader(), desk.next());
    portfolio.on_fill(outcome.fill, price(mid_fill), desk.emitter());
    read();
  }
  void mark(const std::string& at) {
    portfolio.on_mark(1, price(at));
    portfolio.mark_equity(orders, desk.next());
    read();
    // The input that moved the mark.
    journal::RecordBatch inputs;
    inputs.append<schema::MarkPrice>(RecordType::MARK_PRICE, eth(),
                                     [&](schema::MarkPrice::Builder b) { b.setMarkPrice(e8(at)); });
    inputs.for_each(1, [&](const journal::RecordView& r) { performance.on(r); });
  }
  static journal::RecordHeader eth() {
    journal::RecordHeader header;
    header.instrument = 1;
    return header;
  }
  Instruments instruments;
  Portfolio portfolio;
  OrderManager orders;
  Desk desk;
  Performance performance;
  std::int64_t trade_id = 0;
};

}  // namespace

TEST_CASE("profit, fees, slippage, drawdown and counts of a small day") {
  TradedDay day;
  day.mark("100");
  //        who  side        qty   at      decided  filled at mid
  day.trade(1, Side::BUY, "2", "100.5", "100", "100.4", LiquiditySide::TAKER, "0.1");
  day.mark("110");  // +19
  day.mark("90");   // -21: 40 below the peak
  day.trade(2, Side::SELL, "1", "91", "91.5", "90.5", LiquiditySide::MAKER, "0.02");
  day.trade(1, Side::SELL, "2", "95", "95.2", "95.1", LiquiditySide::TAKER, "0.1");
  day.mark("96");

  const PerformanceFigures all = day.performance.account();
  // Net: 2 @ 100.5, 1 sold @ 91 (-9.5), then 2 sold @ 95: one closes (-5.5), one opens short @ 95.
  CHECK(decimal_text(all.realized_pnl) == "-15");
  CHECK(decimal_text(all.unrealized_pnl) == "-1");
  CHECK(decimal_text(all.gross_profit) == "-16");
  CHECK(decimal_text(all.commission) == "0.22");
  CHECK(decimal_text(all.net_profit) == "-16.22");
  CHECK(all.orders == 3);
  CHECK(all.fills == 3);
  CHECK(all.filled_orders == 3);
  CHECK(all.positions == 2);  // the long, and the short it flipped into
  CHECK(all.closed_positions == 1);
  CHECK(all.winning_positions == 0);
  CHECK(all.maker_fills == 1);
  CHECK(decimal_text(all.traded_notional) == "482");  // 201 + 91 + 190
  CHECK(decimal_text(all.maker_share()) == "0.18879668");
  // Against the decision: 2 * 0.5 + 1 * (91.5 - 91) + 2 * (95.2 - 95) = 1.9
  CHECK(decimal_text(all.against_decision.cost) == "1.9");
  // Against the mid at the execution: 2 * 0.1 + (90.5 - 91) + 2 * 0.1 = -0.1
  CHECK(decimal_text(all.against_fill.cost) == "-0.1");
  CHECK(decimal_text(all.against_fill.basis_points()) == "-2.07468879");

  const auto strategies = day.performance.by_strategy();
  CHECK(decimal_text(strategies.at(1).gross_profit) == "-11");
  CHECK(decimal_text(strategies.at(2).gross_profit) == "-5");  // short 1 @ 91, mark 96
  CHECK(strategies.at(1).gross_profit + strategies.at(2).gross_profit == all.gross_profit);
  CHECK(strategies.at(1).net_profit + strategies.at(2).net_profit == all.net_profit);
  CHECK(day.performance.by_instrument().at(1).net_profit == all.net_profit);

  CHECK(day.performance.equity_marks() == 4);
  CHECK(decimal_text(day.performance.first_equity()) == "1000");
  CHECK(decimal_text(day.performance.peak_equity()) == "1018.9");
  CHECK(decimal_text(day.performance.max_drawdown_money()) == "40");
  CHECK(decimal_text(day.performance.max_drawdown()) == "0.03925802");
  CHECK(day.performance.last_equity() - day.performance.first_equity() == all.net_profit);
}

TEST_CASE("a day without trades has no profit and no division by zero") {
  Performance nothing;
  CHECK(nothing.account().net_profit.is_zero());
  CHECK(nothing.account().maker_share().is_zero());
  CHECK(nothing.account().against_fill.basis_points().is_zero());
  CHECK(nothing.symbol(7).empty());
}
