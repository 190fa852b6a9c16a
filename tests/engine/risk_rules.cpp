// Every rule just inside and just outside its bound, and what the decision record says about it.
#include <boost/random/mersenne_twister.hpp>
#include <functional>

#include "engine/risk/kill_switch.h"
#include "engine/risk/registry.h"
#include "engine/risk/risk_engine.h"
#include "tests/engine/trading_support.h"

using namespace reprise;
using namespace reprise::engine;
using namespace reprise::engine::test;
using journal::RecordType;
using schema::RiskRule;
using schema::RiskVerdict;
using schema::TradingStateKind;

namespace {

// An account with 1000, leverage 10, ETH at 100 and BTC at 1000, every rule with a bound off.
struct Floor : MarketViews {
  Floor() {
    config.account.leverage = 10;
    config::Risk& r = config.risk;
    r.max_leverage_e8 = r.price_band_e8 = r.daily_loss_fraction_e8 = r.max_drawdown_e8 = 0;
    r.max_orders_per_second = r.max_orders_per_minute = r.max_open_orders = 0;
    eth = linear(kEth, "ETHUSDT");
    btc = linear(kBtc, "BTCUSDT");
    restate();
    portfolio.bind(instruments);
    configure();
    deposit(portfolio, desk, "1000");
    set_price(eth_view, kEth, "100");
    set_price(btc_view, kBtc, "1000");
  }
  void restate() {
    declare(instruments, eth, {{"0", "50000", 125, "0.01", "0"}});
    declare(instruments, btc, {{"0", "50000", 125, "0.01", "0"}});
    eth_view.instrument = instruments.find(kEth);
    btc_view.instrument = instruments.find(kBtc);
  }
  void configure() {
    portfolio.configure(config);
    risk.configure(config);
  }
  void set_price(MarketView& view, InstrumentNo number, const std::string& at) {
    view.mid = view.mark_price = view.last_price = price(at);
    portfolio.on_mark(number, price(at));
  }
  const MarketView* market_view(InstrumentNo number) const override {
    return number == kEth ? &eth_view : number == kBtc ? &btc_view : nullptr;
  }
  OrderRequest limit(Side side, const std::string& quantity, const std::string& at, InstrumentNo number = kEth) const {
    OrderRequest r;
    r.instrument = number;
    r.strategy = 1;
    r.side = side;
    r.type = OrderType::LIMIT;
    r.time_in_force = TimeInForce::GTC;
    r.qty = qty(quantity);
    r.price = price(at);
    return r;
  }
  RiskInputs inputs(InstrumentNo number = kEth) const {
    RiskInputs in;
    in.market = market_view(number);
    in.portfolio = &portfolio;
    in.orders = &orders;
    return in;
  }
  RiskEngine::Decision check(const OrderRequest& r, const Order* replaces = nullptr) {
    RiskInputs in = inputs(r.instrument);
    in.replaces = replaces;
    return risk.check(r, in, desk.next());
  }
  const Order* work(const OrderRequest& r) {
    const Seq id = orders.submit(r, desk.next());
    Report report;
    report->setOrderId(id);
    report->setKind(schema::ReportKind::ACCEPTED);
    orders.on_report(r.instrument, report.reader(), desk.next());
    return orders.find(id);
  }
  void hold(Side side, const std::string& quantity, const std::string& at, InstrumentNo number = kEth) {
    portfolio.on_fill(execution(number, 1, side, quantity, at), price(at), desk.next());
  }
  // The one limit of a rule in the last decision.
  schema::LimitCheck::Reader limit_of(RiskRule rule) const {
    for (auto c : desk.last<schema::RiskDecision>(RecordType::RISK_DECISION).getChecks())
      if (c.getRule() == rule) return c;
    FAIL("the decision does not list " << name_of(rule));
    return {};
  }

  config::Config config;
  Instrument eth, btc;
  Instruments instruments;
  MarketView eth_view, btc_view;
  Portfolio portfolio;
  OrderManager orders;
  RiskEngine risk;
  Desk desk;
};

void passes(Floor& floor, const OrderRequest& r, RiskRule rule) {
  const auto d = floor.check(r);
  INFO("just inside " << name_of(rule) << ", failed " << name_of(d.failed));
  CHECK(d.verdict == RiskVerdict::APPROVED);
  CHECK(d.approved_qty == r.qty);
  CHECK(floor.limit_of(rule).getPassed());
}
void denies(Floor& floor, const OrderRequest& r, RiskRule rule) {
  const auto d = floor.check(r);
  INFO("just outside " << name_of(rule));
  CHECK(d.verdict == RiskVerdict::DENIED);
  CHECK(d.approved_qty.is_zero());
  CHECK(std::string(name_of(d.failed)) == name_of(rule));
  CHECK_FALSE(floor.limit_of(rule).getPassed());
}
void reduces(Floor& floor, const OrderRequest& r, RiskRule rule, const std::string& to) {
  const auto d = floor.check(r);
  INFO("cut by " << name_of(rule));
  CHECK(d.verdict == RiskVerdict::REDUCED);
  CHECK(decimal_text(d.approved_qty) == to);
  CHECK(std::string(name_of(d.failed)) == name_of(rule));
}

}  // namespace

TEST_CASE("price must be a multiple of the tick") {
  Floor f;
  passes(f, f.limit(Side::BUY, "1", "99.99"), RiskRule::TICK_SIZE);
  denies(f, f.limit(Side::BUY, "1", "99.995"), RiskRule::TICK_SIZE);
  denies(f, f.limit(Side::BUY, "1", "0"), RiskRule::TICK_SIZE);
  OrderRequest stop = f.limit(Side::SELL, "1", "0");
  stop.type = OrderType::STOP_MARKET;
  stop.trigger_price = price("95.01");
  passes(f, stop, RiskRule::TICK_SIZE);
  stop.trigger_price = price("95.001");
  denies(f, stop, RiskRule::TICK_SIZE);
}

TEST_CASE("quantity must be a multiple of the lot between smallest and largest") {
  Floor f;
  f.eth.min_qty = qty("0.5");
  f.eth.max_qty = qty("20");
  f.restate();
  passes(f, f.limit(Side::BUY, "0.5", "100"), RiskRule::LOT_SIZE);
  denies(f, f.limit(Side::BUY, "0.499", "100"), RiskRule::LOT_SIZE);
  passes(f, f.limit(Side::BUY, "20", "100"), RiskRule::LOT_SIZE);
  denies(f, f.limit(Side::BUY, "20.001", "100"), RiskRule::LOT_SIZE);
  denies(f, f.limit(Side::BUY, "1.0005", "100"), RiskRule::LOT_SIZE);
  denies(f, f.limit(Side::BUY, "0", "100"), RiskRule::LOT_SIZE);
  denies(f, f.limit(Side::BUY, "-1", "100"), RiskRule::LOT_SIZE);
}

TEST_CASE("notional must reach the smallest, but not to reduce") {
  Floor f;
  passes(f, f.limit(Side::BUY, "0.2", "100"), RiskRule::MIN_NOTIONAL);
  denies(f, f.limit(Side::BUY, "0.199", "100"), RiskRule::MIN_NOTIONAL);
  f.hold(Side::BUY, "0.1", "100");
  OrderRequest exit = f.limit(Side::SELL, "0.1", "100");
  exit.reduce_only = true;
  CHECK(f.check(exit).verdict == RiskVerdict::APPROVED);
}

TEST_CASE("only linear contracts are traded") {
  Floor f;
  passes(f, f.limit(Side::BUY, "1", "100"), RiskRule::CONTRACT_TYPE);
  for (const ContractType type : {ContractType::INVERSE_PERPETUAL, ContractType::SPOT, ContractType::UNKNOWN}) {
    f.eth.contract_type = type;
    f.restate();
    denies(f, f.limit(Side::BUY, "1", "100"), RiskRule::CONTRACT_TYPE);
  }
}

TEST_CASE("an instrument must be trading") {
  Floor f;
  passes(f, f.limit(Side::BUY, "1", "100"), RiskRule::INSTRUMENT_TRADABLE);
  f.eth.state = InstrumentState::HALTED;
  f.restate();
  denies(f, f.limit(Side::BUY, "1", "100"), RiskRule::INSTRUMENT_TRADABLE);
}

TEST_CASE("an order for an instrument that was never declared is denied") {
  Floor f;
  const auto d = f.check(f.limit(Side::BUY, "1", "100", 99));
  CHECK(d.verdict == RiskVerdict::DENIED);
  CHECK(d.failed == RiskRule::INSTRUMENT_TRADABLE);
}

TEST_CASE("nothing new on stale data, exits pass") {
  Floor f;
  passes(f, f.limit(Side::BUY, "1", "100"), RiskRule::STALE_DATA);
  f.eth_view.is_stale = true;
  denies(f, f.limit(Side::BUY, "1", "100"), RiskRule::STALE_DATA);
  f.hold(Side::BUY, "1", "100");
  OrderRequest exit = f.limit(Side::SELL, "1", "100");
  exit.reduce_only = true;
  CHECK(f.check(exit).verdict == RiskVerdict::APPROVED);
}

TEST_CASE("price band holds on the aggressive side") {
  Floor f;
  f.config.risk.price_band_e8 = e8("0.02");
  f.configure();
  passes(f, f.limit(Side::BUY, "1", "102"), RiskRule::PRICE_BAND);
  denies(f, f.limit(Side::BUY, "1", "102.01"), RiskRule::PRICE_BAND);
  passes(f, f.limit(Side::SELL, "1", "98"), RiskRule::PRICE_BAND);
  denies(f, f.limit(Side::SELL, "1", "97.99"), RiskRule::PRICE_BAND);
  passes(f, f.limit(Side::BUY, "1", "50"), RiskRule::PRICE_BAND);
  CHECK(f.limit_of(RiskRule::PRICE_BAND).getValue() == e8("-0.5"));
}

TEST_CASE("order notional") {
  Floor f;
  f.config.risk.max_order_notional_e8 = e8("500");
  f.configure();
  passes(f, f.limit(Side::BUY, "5", "100"), RiskRule::ORDER_NOTIONAL);
  denies(f, f.limit(Side::BUY, "5.001", "100"), RiskRule::ORDER_NOTIONAL);
}

TEST_CASE("order rate slides over a second and over a minute of engine time") {
  Floor f;
  f.config.risk.max_orders_per_second = 2;
  f.config.risk.max_orders_per_minute = 3;
  f.configure();
  const std::int64_t t = f.desk.now() + 1'000'000'000;
  const auto at = [&](std::int64_t ms) {
    return f.risk.check(f.limit(Side::BUY, "1", "100"), f.inputs(), f.desk.at(t + ms * 1'000'000)).verdict;
  };
  CHECK(at(0) == RiskVerdict::APPROVED);
  CHECK(at(400) == RiskVerdict::APPROVED);
  CHECK(at(999) == RiskVerdict::DENIED);     // both others are less than a second old
  CHECK(at(1000) == RiskVerdict::APPROVED);  // the first one is a second old
  CHECK(at(5000) == RiskVerdict::DENIED);    // three in the last minute
  CHECK(f.limit_of(RiskRule::ORDER_RATE).getUnit() == schema::LimitUnit::COUNT);
  CHECK(at(59'999) == RiskVerdict::DENIED);
  CHECK(at(60'000) == RiskVerdict::APPROVED);
}

TEST_CASE("the sliding window agrees with a plain list of times") {
  boost::random::mt19937_64 dice(3);
  RateWindow window(DurationNanos{1000});
  window.set_limit(7);
  std::vector<std::int64_t> all;
  std::int64_t now = 0;
  for (int n = 0; n < 20'000; ++n) {
    now += static_cast<std::int64_t>(dice() % 400);
    std::uint32_t expected = 0;
    for (auto it = all.rbegin(); it != all.rend() && *it > now - 1000; ++it) ++expected;
    REQUIRE(window.count({now}) == std::min(expected, 7u));
    if (expected < 7) {
      window.add({now});
      all.push_back(now);
    }
  }
}

TEST_CASE("open orders of the account and of the instrument") {
  Floor f;
  f.config.risk.max_open_orders = 2;
  f.configure();
  f.work(f.limit(Side::BUY, "1", "90"));
  passes(f, f.limit(Side::BUY, "1", "91"), RiskRule::OPEN_ORDERS);
  f.work(f.limit(Side::BUY, "1", "91"));
  denies(f, f.limit(Side::BUY, "1", "92"), RiskRule::OPEN_ORDERS);
  f.config.risk.max_open_orders = 0;
  f.eth.max_open_orders = 3;
  f.restate();
  f.configure();
  passes(f, f.limit(Side::BUY, "1", "92"), RiskRule::OPEN_ORDERS);
  f.work(f.limit(Side::BUY, "1", "92"));
  denies(f, f.limit(Side::BUY, "1", "93"), RiskRule::OPEN_ORDERS);
}

TEST_CASE("position quantity counts working orders of the same side and cuts to what fits") {
  Floor f;
  f.config.risk.max_position_qty_e8 = e8("10");
  f.configure();
  f.hold(Side::BUY, "4", "100");
  f.work(f.limit(Side::BUY, "3", "90"));
  passes(f, f.limit(Side::BUY, "3", "99"), RiskRule::POSITION_QTY);
  reduces(f, f.limit(Side::BUY, "5", "99"), RiskRule::POSITION_QTY, "3");
  CHECK(f.limit_of(RiskRule::POSITION_QTY).getValue() == e8("12"));
  CHECK(f.limit_of(RiskRule::POSITION_QTY).getBound() == e8("10"));
  passes(f, f.limit(Side::SELL, "14", "101"), RiskRule::POSITION_QTY);  // 4 - 14 = -10
  reduces(f, f.limit(Side::SELL, "15", "101"), RiskRule::POSITION_QTY, "14");
  f.work(f.limit(Side::BUY, "3", "91"));
  denies(f, f.limit(Side::BUY, "1", "99"), RiskRule::POSITION_QTY);  // nothing fits
}

TEST_CASE("a position that reduce-only orders may take away first offsets nothing") {
  Floor f;
  f.config.risk.max_position_qty_e8 = e8("10");
  f.config.risk.max_total_notional_e8 = e8("1000");
  f.configure();
  f.hold(Side::BUY, "4", "100");
  OrderRequest exit = f.limit(Side::SELL, "3", "110");
  exit.reduce_only = true;
  f.work(exit);
  passes(f, f.limit(Side::SELL, "11", "101"), RiskRule::POSITION_QTY);  // 4 - 3 - 11 = -10
  reduces(f, f.limit(Side::SELL, "12", "101"), RiskRule::POSITION_QTY, "11");
  passes(f, f.limit(Side::BUY, "6", "99"), RiskRule::POSITION_QTY);  // the exit stands on the other side
  exit.reduce_only = false;
  exit.close_position = true;
  exit.type = OrderType::STOP_MARKET;
  exit.price = {};
  exit.qty = {};
  exit.trigger_price = price("90");
  f.work(exit);
  reduces(f, f.limit(Side::SELL, "11", "101"), RiskRule::POSITION_QTY, "10");  // it closes all there is
  // Of the account: those 10 at 100 are the bound, and leave no other instrument any room.
  f.work(f.limit(Side::SELL, "10", "101"));
  denies(f, f.limit(Side::BUY, "0.5", "990", kBtc), RiskRule::TOTAL_NOTIONAL);
}

TEST_CASE("an order that shrinks a position beyond its limit passes") {
  Floor f;
  f.hold(Side::BUY, "8", "100");
  f.config.risk.max_position_qty_e8 = e8("5");
  f.configure();
  passes(f, f.limit(Side::SELL, "8", "100"), RiskRule::POSITION_QTY);
  denies(f, f.limit(Side::BUY, "1", "100"), RiskRule::POSITION_QTY);
}

TEST_CASE("a modify answers for the difference only") {
  Floor f;
  f.config.risk.max_position_qty_e8 = e8("10");
  f.configure();
  const Order* working = f.work(f.limit(Side::BUY, "8", "95"));
  auto d = f.check(f.limit(Side::BUY, "10", "96"), working);
  CHECK(d.verdict == RiskVerdict::APPROVED);
  d = f.check(f.limit(Side::BUY, "12", "96"), working);
  CHECK(d.verdict == RiskVerdict::REDUCED);
  CHECK(decimal_text(d.approved_qty) == "10");
}

TEST_CASE("position notional at the mark") {
  Floor f;
  f.config.risk.max_position_notional_e8 = e8("1000");
  f.configure();
  f.hold(Side::BUY, "4", "100");
  passes(f, f.limit(Side::BUY, "6", "99"), RiskRule::POSITION_NOTIONAL);
  reduces(f, f.limit(Side::BUY, "6.001", "99"), RiskRule::POSITION_NOTIONAL, "6");
}

TEST_CASE("total notional counts every instrument with its working orders") {
  Floor f;
  f.config.risk.max_total_notional_e8 = e8("3000");
  f.configure();
  f.hold(Side::SELL, "1", "1000", kBtc);
  f.work(f.limit(Side::SELL, "1", "1100", kBtc));
  passes(f, f.limit(Side::BUY, "10", "99"), RiskRule::TOTAL_NOTIONAL);
  reduces(f, f.limit(Side::BUY, "10.5", "99"), RiskRule::TOTAL_NOTIONAL, "10");
}

TEST_CASE("leverage is the worst notional over equity") {
  Floor f;
  f.config.risk.max_leverage_e8 = e8("2");
  f.configure();
  f.hold(Side::SELL, "1", "1000", kBtc);
  passes(f, f.limit(Side::BUY, "10", "99"), RiskRule::LEVERAGE);
  CHECK(f.limit_of(RiskRule::LEVERAGE).getValue() == e8("2"));
  reduces(f, f.limit(Side::BUY, "10.001", "99"), RiskRule::LEVERAGE, "10");
  // Equity is gone: nothing fits.
  f.set_price(f.btc_view, kBtc, "2000");
  denies(f, f.limit(Side::BUY, "1", "99"), RiskRule::LEVERAGE);
}

TEST_CASE("what an order adds must have its margin") {
  Floor f;
  passes(f, f.limit(Side::BUY, "100", "100"), RiskRule::AVAILABLE_MARGIN);  // 10000 / 10
  denies(f, f.limit(Side::BUY, "100.001", "100"), RiskRule::AVAILABLE_MARGIN);
  const Order* working = f.work(f.limit(Side::BUY, "100", "100"));
  CHECK(f.check(f.limit(Side::BUY, "1", "99")).failed == RiskRule::AVAILABLE_MARGIN);
  CHECK(f.check(f.limit(Side::BUY, "100", "99"), working).verdict == RiskVerdict::APPROVED);
  CHECK(f.check(f.limit(Side::SELL, "100", "101")).verdict == RiskVerdict::APPROVED);  // the other side needs no more
}

TEST_CASE("distance to liquidation after the order") {
  Floor f;
  f.config.risk.min_liquidation_distance_e8 = e8("0.2");
  f.configure();
  // long q @ 100 with 1000: LP = (100 q - 1000) / (0.99 q); 0.2 away from 100 at q = 48.07
  passes(f, f.limit(Side::BUY, "48", "100"), RiskRule::LIQUIDATION_DISTANCE);
  denies(f, f.limit(Side::BUY, "48.1", "100"), RiskRule::LIQUIDATION_DISTANCE);
}

TEST_CASE("equity floor") {
  Floor f;
  f.config.risk.min_equity_e8 = e8("1000");
  f.configure();
  passes(f, f.limit(Side::BUY, "1", "100"), RiskRule::EQUITY_FLOOR);
  f.hold(Side::BUY, "1", "100");
  f.set_price(f.eth_view, kEth, "99.99");
  denies(f, f.limit(Side::BUY, "1", "99"), RiskRule::EQUITY_FLOOR);
}

TEST_CASE("reduce-only stands against the position and is cut to it") {
  Floor f;
  OrderRequest exit = f.limit(Side::SELL, "2", "100");
  exit.reduce_only = true;
  denies(f, exit, RiskRule::REDUCE_ONLY);  // flat
  f.hold(Side::BUY, "2", "100");
  passes(f, exit, RiskRule::REDUCE_ONLY);
  exit.qty = qty("3");
  reduces(f, exit, RiskRule::REDUCE_ONLY, "2");
  exit.side = Side::BUY;
  denies(f, exit, RiskRule::REDUCE_ONLY);  // same side
}

TEST_CASE("every decision lists every limit it checked, in the order of the rules") {
  Floor f;
  config::Risk& r = f.config.risk;
  r.max_position_qty_e8 = r.max_position_notional_e8 = r.max_total_notional_e8 = r.max_order_notional_e8 = e8("100000");
  r.max_leverage_e8 = e8("100");
  r.price_band_e8 = e8("0.5");
  r.max_orders_per_second = r.max_orders_per_minute = r.max_open_orders = 100;
  r.min_equity_e8 = e8("1");
  r.min_liquidation_distance_e8 = e8("0.001");
  f.configure();
  f.hold(Side::BUY, "1", "100");
  OrderRequest request = f.limit(Side::BUY, "20", "100");
  request.cause = 1;
  f.check(request);
  const auto decision = f.desk.last<schema::RiskDecision>(RecordType::RISK_DECISION);
  std::vector<RiskRule> listed;
  for (auto c : decision.getChecks()) {
    CHECK(c.getPassed());
    CHECK(c.getUnit() != schema::LimitUnit::NONE);
    if (listed.empty() || listed.back() != c.getRule()) listed.push_back(c.getRule());
  }
  std::vector<RiskRule> expected;
  for (const risk::RegisteredRule& rule : risk::order_rules())
    if (rule.rule != RiskRule::REDUCE_ONLY && rule.rule != RiskRule::LIQUIDATION_DISTANCE)
      expected.push_back(rule.rule);
  expected.push_back(RiskRule::LIQUIDATION_DISTANCE);
  CHECK(listed == expected);
  CHECK(decision.getRequestedQty() == e8("20"));
  CHECK(decision.getApprovedQty() == e8("20"));
}
