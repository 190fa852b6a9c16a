// Two runs of one day whose difference in profit is checked by hand, cause by cause.
#include "engine/report/attribution.h"

#include "tests/engine/trading_support.h"

using namespace reprise;
using namespace reprise::engine;
using namespace reprise::engine::test;
using journal::RecordType;

namespace {

class Side1 {
 public:
  Side1() {
    declare(instruments_, linear(1, "ETHUSDT"), {{"0", "50000", 125, "0.01", "0"}});
    portfolio_.bind(instruments_);
    portfolio_.configure(config::Config{});
    deposit(portfolio_, desk_, "10000");
    read();
  }
  // An order of strategy 1 that fills at once; the mid is that of the decision.
  void trade(std::int64_t second, Side side, const std::string& quantity, const std::string& at, const std::string& mid,
             const std::string& commission) {
    OrderRequest r;
    r.instrument = 1;
    r.strategy = 1;
    r.side = side;
    r.type = OrderType::MARKET;
    r.qty = qty(quantity);
    r.mid_at_decision = price(mid);
    const Seq id = orders_.submit(r, desk_.at(kDay + second * 1'000'000'000));
    read();
    Report report;
    report->setOrderId(id);
    report->setKind(schema::ReportKind::FILLED);
    report->setLastQty(e8(quantity));
    report->setLastPrice(e8(at));
    report->setTradeId(++trade_id_);
    report->setLiquidity(LiquiditySide::TAKER);
    report->setCommission(e8(commission));
    const auto outcome = orders_.on_report(1, report.reader(), desk_.next());
    portfolio_.on_fill(outcome.fill, price(mid), desk_.emitter());
    read();
  }
  void mark(const std::string& at) {
    journal::RecordBatch inputs;
    journal::RecordHeader header;
    header.instrument = 1;
    inputs.append<schema::MarkPrice>(RecordType::MARK_PRICE, header,
                                     [&](schema::MarkPrice::Builder b) { b.setMarkPrice(e8(at)); });
    inputs.for_each(1, [&](const journal::RecordView& r) { run.on(r); });
  }

  RunProfit run;

 private:
  static constexpr std::int64_t kDay = 1'700'000'100'000'000'000;
  void read() {
    desk_.for_each([&](const journal::RecordView& r) { run.on(r); });
  }
  Desk desk_;
  Instruments instruments_;
  Portfolio portfolio_;
  OrderManager orders_;
  std::int64_t trade_id_ = 0;
};

Attribution compare(const Side1& a, const Side1& b) {
  const auto name = [](StrategyNo number) { return "s" + std::to_string(number); };
  Attribution result = attribute(a.run, name, b.run, name, DurationNanos::seconds(60));
  Money causes, trades;
  for (const Money amount : result.totals) causes += amount;
  for (const AttributedTrade& trade : result.trades) trades += trade.total();
  CHECK(causes == result.difference());
  CHECK(trades == result.difference());
  return result;
}

Money of(const Attribution& attribution, ProfitCause cause) {
  return attribution.totals[static_cast<std::size_t>(cause)];
}

}  // namespace

TEST_CASE("runs that did the same have no difference and nothing to attribute") {
  Side1 a, b;
  for (Side1* side : {&a, &b}) {
    side->trade(1, Side::BUY, "1", "2000", "2000", "1");
    side->trade(50, Side::SELL, "1", "2010", "2010", "1");
  }
  const Attribution result = compare(a, b);
  CHECK(result.difference().is_zero());
  for (const Money amount : result.totals) CHECK(amount.is_zero());
}

TEST_CASE("a worse execution at the same moment is price, a later decision is timing") {
  Side1 a, b;
  a.trade(1, Side::BUY, "1", "2000.5", "2000", "1");
  a.trade(50, Side::SELL, "1", "2010", "2010", "1");
  b.trade(1, Side::BUY, "1", "2001", "2000", "1");    // the same mid, half a dollar worse
  b.trade(55, Side::SELL, "1", "2013", "2013", "1");  // decided when the market stood 3 higher
  const Attribution result = compare(a, b);
  CHECK(result.difference() == money("2.5"));
  CHECK(of(result, ProfitCause::price) == money("-0.5"));
  CHECK(of(result, ProfitCause::timing) == money("3"));
  CHECK(of(result, ProfitCause::size).is_zero());
  CHECK(of(result, ProfitCause::corrections).is_zero());
}

TEST_CASE("another quantity is size at the first run's profit per unit, and its fees are fees") {
  Side1 a, b;
  a.trade(1, Side::SELL, "1", "2000", "2000", "1");
  a.trade(50, Side::BUY, "1", "1990", "1990", "1");
  b.trade(1, Side::SELL, "1.5", "2000", "2000", "1.5");
  b.trade(50, Side::BUY, "1.5", "1990", "1990", "1.5");
  const Attribution result = compare(a, b);
  CHECK(of(result, ProfitCause::size) == money("5"));
  CHECK(of(result, ProfitCause::fees) == money("-1"));
  CHECK(of(result, ProfitCause::price).is_zero());
  CHECK(of(result, ProfitCause::timing).is_zero());
}

TEST_CASE("a trade that one run alone has is missed fills, what is open at the end is open positions") {
  Side1 a, b;
  a.trade(1, Side::BUY, "1", "2000", "2000", "1");
  a.trade(50, Side::SELL, "1", "2010", "2010", "1");
  b.trade(500, Side::BUY, "1", "2020", "2020", "1");
  for (Side1* side : {&a, &b}) side->mark("2026");
  const Attribution result = compare(a, b);
  CHECK(result.trades.size() == 2);
  CHECK(of(result, ProfitCause::missed_fills) == money("-10"));
  CHECK(of(result, ProfitCause::open_positions) == money("6"));
  CHECK(of(result, ProfitCause::fees) == money("1"));
}

TEST_CASE("a flip ends one trade and opens the next, and odd prices still add up to the last unit") {
  Side1 a, b;
  a.trade(1, Side::BUY, "0.333", "2000.01", "2000", "0.33333333");
  a.trade(10, Side::SELL, "1", "2001.07", "2001.1", "0.77777777");
  a.trade(20, Side::BUY, "0.667", "1999.99", "1999.9", "0.11111111");
  b.trade(2, Side::BUY, "0.334", "2000.03", "2000", "0.33433333");
  b.trade(11, Side::SELL, "1.001", "2001.13", "2001.2", "0.77787777");
  b.trade(23, Side::BUY, "0.331", "1998.77", "1998.9", "0.05511111");
  for (Side1* side : {&a, &b}) side->mark("1998.33333333");
  const Attribution result = compare(a, b);
  CHECK(result.trades.size() == 2);
  CHECK(of(result, ProfitCause::missed_fills).is_zero());
  CHECK(of(result, ProfitCause::corrections).is_zero());
}
