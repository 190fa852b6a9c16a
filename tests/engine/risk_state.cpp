// Trading states, the kill switch, sizing.
#include "engine/market/fixed.h"
#include "engine/portfolio/sizing.h"
#include "engine/risk/kill_switch.h"
#include "engine/state_bytes.h"
#include "engine/state_hash.h"
#include "tests/engine/trading_support.h"

using namespace reprise;
using namespace reprise::engine;
using namespace reprise::engine::test;
using journal::RecordType;
using schema::OperatorAction;
using schema::RiskRule;
using schema::TradingStateKind;

namespace {

struct Trading : MarketViews {
  Trading() {
    config.account.leverage = 10;
    declare(instruments, linear(kEth, "ETHUSDT"), {{"0", "50000", 125, "0.01", "0"}});
    declare(instruments, linear(kBtc, "BTCUSDT"), {{"0", "50000", 125, "0.01", "0"}});
    for (MarketView* v : {&eth, &btc}) v->mid = v->mark_price = price("100");
    eth.instrument = instruments.find(kEth);
    btc.instrument = instruments.find(kBtc);
    portfolio.bind(instruments);
    configure();
    deposit(portfolio, desk, "1000");
    portfolio.mark_equity(orders, desk.next());
    state();
  }
  void configure() {
    portfolio.configure(config);
    risk.configure(config);
    orders.configure(DurationNanos::seconds(10));
  }
  const MarketView* market_view(InstrumentNo number) const override {
    return number == kEth ? &eth : number == kBtc ? &btc : nullptr;
  }
  void hold(InstrumentNo number, Side side, const std::string& quantity) {
    portfolio.on_fill(execution(number, 1, side, quantity, "100"), price("100"), desk.next());
  }
  RiskInputs inputs() const {
    RiskInputs in;
    in.portfolio = &portfolio;
    in.orders = &orders;
    return in;
  }
  void state(bool journal = true) { risk.check_state(inputs(), journal, desk.next()); }
  void state_at(std::int64_t ns) { risk.check_state(inputs(), true, desk.at(ns)); }
  void command(OperatorAction action) { risk.on_operator(action, portfolio, desk.next()); }
  bool lets_through(bool reduces) {
    OrderRequest r;
    r.instrument = kEth;
    r.strategy = 1;
    r.side = reduces ? (portfolio.net_position(kEth).is_positive() ? Side::SELL : Side::BUY) : Side::BUY;
    r.type = OrderType::LIMIT;
    r.qty = qty("1");
    r.price = price("100");
    r.reduce_only = reduces;
    RiskInputs in = inputs();
    in.market = &eth;
    return risk.check(r, in, desk.next()).passes();
  }
  // The venue answers a market order with one execution, or a cancel with its end.
  void venue_fills(Seq id, const std::string& part = "") {
    const Order* order = orders.find(id);
    REQUIRE(order != nullptr);
    Report r;
    r->setOrderId(id);
    r->setKind(schema::ReportKind::FILLED);
    r->setLastQty(part.empty() ? order->leaves_qty().e8 : e8(part));
    r->setLastPrice(e8("100"));
    r->setTradeId(++trade_id);
    const auto outcome = orders.on_report(order->request.instrument, r.reader(), desk.next());
    REQUIRE(outcome.is_fill);
    portfolio.on_fill(outcome.fill, price("100"), desk.emitter());
  }
  void venue_says(Seq id, schema::ReportKind kind) {
    Report r;
    r->setOrderId(id);
    r->setKind(kind);
    orders.on_report(orders.find(id)->request.instrument, r.reader(), desk.next());
  }
  Seq rest(InstrumentNo number, Side side, bool accepted = true) {
    OrderRequest r;
    r.instrument = number;
    r.strategy = 1;
    r.side = side;
    r.type = OrderType::LIMIT;
    r.qty = qty("1");
    r.price = price("90");
    const Seq id = orders.submit(r, desk.next());
    if (accepted) venue_says(id, schema::ReportKind::ACCEPTED);
    return id;
  }
  std::vector<Seq> working() const {
    std::vector<Seq> ids;
    for (const Order* order : orders.open_orders()) ids.push_back(order->id);
    return ids;
  }

  config::Config config;
  Instruments instruments;
  MarketView eth, btc;
  Portfolio portfolio;
  OrderManager orders;
  RiskEngine risk;
  KillSwitch kill;
  Desk desk;
  std::int64_t trade_id = 0;
};

}  // namespace

TEST_CASE("a daily loss just inside passes, just outside reduces, and the next UTC day trades again") {
  Trading t;  // 5 % of 1000
  t.hold(kEth, Side::BUY, "10");
  t.portfolio.on_mark(kEth, price("95"));
  t.state();
  CHECK(t.risk.trading_state() == TradingStateKind::ACTIVE);
  t.portfolio.on_mark(kEth, price("94.99999999"));
  t.state(false);
  CHECK(t.risk.trading_state() == TradingStateKind::REDUCING);
  const auto decision = t.desk.last<schema::RiskDecision>(RecordType::RISK_DECISION);
  CHECK(decision.getIsStateCheck());
  CHECK(decision.getFailedRule() == RiskRule::DAILY_LOSS);
  CHECK(decision.getAction() == schema::RiskAction::REDUCE);
  const auto alert = t.desk.last<schema::Alert>(RecordType::ALERT);
  CHECK(alert.getKind() == schema::AlertKind::TRADING_STATE_CHANGED);
  CHECK(alert.getValue() == e8("50.0000001"));
  CHECK(alert.getBound() == e8("50"));
  CHECK(std::string(alert.getText().cStr()) == "trading is reducing only: daily_loss");
  CHECK_FALSE(t.lets_through(false));
  CHECK(t.lets_through(true));
  t.state_at((t.desk.now() / kDay + 1) * kDay - 1);
  CHECK(t.risk.trading_state() == TradingStateKind::REDUCING);
  t.state_at((t.desk.now() / kDay + 1) * kDay);
  CHECK(t.risk.trading_state() == TradingStateKind::ACTIVE);
  CHECK(t.lets_through(false));
}

TEST_CASE("a withdrawal is not a daily loss") {
  Trading t;
  deposit(t.portfolio, t.desk, "-500");
  t.state();
  CHECK(t.risk.trading_state() == TradingStateKind::ACTIVE);
}

TEST_CASE("a drawdown beyond its bound kills, and only the operator brings trading back") {
  Trading t;
  t.config.risk.daily_loss_fraction_e8 = 0;
  t.configure();
  t.hold(kEth, Side::BUY, "40");
  t.portfolio.on_mark(kEth, price("95"));  // -200 of 1000: 20 %
  t.state();
  CHECK(t.risk.trading_state() == TradingStateKind::ACTIVE);
  t.portfolio.on_mark(kEth, price("94.99"));
  t.state();
  CHECK(t.risk.trading_state() == TradingStateKind::HALTED);
  CHECK(t.risk.killed());
  CHECK(t.risk.take_flatten_request());
  CHECK_FALSE(t.risk.take_flatten_request());
  CHECK_FALSE(t.lets_through(false));
  CHECK_FALSE(t.lets_through(true));
  t.state_at((t.desk.now() / kDay + 1) * kDay);
  CHECK(t.risk.killed());
  t.command(OperatorAction::RESUME);
  CHECK_FALSE(t.risk.killed());
  CHECK(t.risk.trading_state() == TradingStateKind::ACTIVE);
  t.state();  // the peak was made anew
  CHECK(t.risk.trading_state() == TradingStateKind::ACTIVE);
}

TEST_CASE("a breach is told once, not at every mark") {
  Trading t;
  t.hold(kEth, Side::BUY, "10");
  t.portfolio.on_mark(kEth, price("94"));
  t.state(false);
  CHECK(t.desk.count(RecordType::TRADING_STATE) == 1);
  t.state(false);
  CHECK(t.desk.count(RecordType::RISK_DECISION) == 0);
  t.state(true);
  CHECK(t.desk.count(RecordType::RISK_DECISION) == 1);
  CHECK(t.desk.count(RecordType::TRADING_STATE) == 0);
}

TEST_CASE("operator commands set the state") {
  Trading t;
  t.hold(kEth, Side::BUY, "10");
  t.command(OperatorAction::REDUCE_ONLY);
  CHECK(t.risk.trading_state() == TradingStateKind::REDUCING);
  CHECK_FALSE(t.lets_through(false));
  CHECK(t.lets_through(true));
  t.command(OperatorAction::HALT);
  CHECK(t.risk.trading_state() == TradingStateKind::HALTED);
  CHECK_FALSE(t.lets_through(true));
  t.command(OperatorAction::REDUCE_ONLY);  // does not loosen a halt
  CHECK(t.risk.trading_state() == TradingStateKind::HALTED);
  t.command(OperatorAction::RESUME);
  CHECK(t.lets_through(false));
  t.command(OperatorAction::FLATTEN);
  CHECK(t.risk.take_flatten_request());
  CHECK_FALSE(t.risk.killed());
  t.command(OperatorAction::KILL_SWITCH);
  CHECK(t.risk.killed());
}

TEST_CASE("the gateway's caution ends with its all-clear, and ends nothing else") {
  Trading t;
  t.hold(kEth, Side::BUY, "10");
  t.command(OperatorAction::CAUTION);
  CHECK(t.risk.is_cautious());
  CHECK(t.risk.trading_state() == TradingStateKind::REDUCING);
  CHECK_FALSE(t.lets_through(false));
  CHECK(t.lets_through(true));
  t.command(OperatorAction::ALL_CLEAR);
  CHECK(t.risk.trading_state() == TradingStateKind::ACTIVE);

  SECTION("a person's reduce-only stays") {
    t.command(OperatorAction::CAUTION);
    t.command(OperatorAction::REDUCE_ONLY);
    t.command(OperatorAction::ALL_CLEAR);
    CHECK(t.risk.trading_state() == TradingStateKind::REDUCING);
    t.command(OperatorAction::RESUME);
    CHECK(t.risk.trading_state() == TradingStateKind::ACTIVE);
  }
  SECTION("a loss of the day that is found meanwhile stays, until the day ends") {
    t.command(OperatorAction::CAUTION);
    t.portfolio.on_mark(kEth, price("94"));
    t.state(false);
    t.command(OperatorAction::ALL_CLEAR);
    CHECK(t.risk.trading_state() == TradingStateKind::REDUCING);
    t.state_at((t.desk.now() / kDay + 1) * kDay);
    CHECK(t.risk.trading_state() == TradingStateKind::ACTIVE);
  }
  SECTION("an all-clear is no new start of the day, and no new peak") {
    t.portfolio.on_mark(kEth, price("96"));  // -40 of the 50 that a day may lose
    t.state(false);
    t.command(OperatorAction::CAUTION);
    t.command(OperatorAction::ALL_CLEAR);
    t.portfolio.on_mark(kEth, price("94.9"));
    t.state(false);
    CHECK(t.risk.trading_state() == TradingStateKind::REDUCING);
  }
  SECTION("the end of a day does not end caution") {
    t.portfolio.on_mark(kEth, price("94"));
    t.state(false);
    t.command(OperatorAction::CAUTION);
    t.state_at((t.desk.now() / kDay + 1) * kDay);
    CHECK(t.risk.trading_state() == TradingStateKind::REDUCING);
    t.command(OperatorAction::ALL_CLEAR);
    CHECK(t.risk.trading_state() == TradingStateKind::ACTIVE);
  }
}

TEST_CASE("the end of a day ends the day's loss alone: what else asks for a stop keeps it") {
  Trading t;
  t.config.risk.on_daily_loss = "halt";
  t.config.risk.max_drawdown_e8 = e8("0.06");
  t.config.risk.on_drawdown = "reduce";
  t.configure();
  t.hold(kEth, Side::BUY, "10");
  t.portfolio.on_mark(kEth, price("94.5"));
  t.state();
  REQUIRE(t.risk.trading_state() == TradingStateKind::HALTED);
  SECTION("a person's halt") {
    t.command(OperatorAction::HALT);
    t.state_at((t.desk.now() / kDay + 1) * kDay);
    CHECK(t.risk.trading_state() == TradingStateKind::HALTED);
  }
  SECTION("a milder rule that broke meanwhile") {
    t.portfolio.on_mark(kEth, price("93"));
    t.state();
    t.state_at((t.desk.now() / kDay + 1) * kDay);
    CHECK(t.risk.trading_state() == TradingStateKind::REDUCING);
  }
  SECTION("nothing else") {
    t.state_at((t.desk.now() / kDay + 1) * kDay);
    CHECK(t.risk.trading_state() == TradingStateKind::ACTIVE);
  }
}

TEST_CASE("the kill switch cancels everything, flattens everything, retries, and ends when flat") {
  Trading t;
  t.hold(kEth, Side::BUY, "3");
  t.hold(kBtc, Side::SELL, "2");
  const Seq resting = t.rest(kEth, Side::BUY);
  const Seq in_flight = t.rest(kBtc, Side::SELL, false);
  t.command(OperatorAction::KILL_SWITCH);
  REQUIRE(t.risk.take_flatten_request());
  t.kill.engage(0, t.portfolio, t.orders, t.risk, t, t.desk.next());
  CHECK(t.orders.find(resting)->status == OrderStatus::PENDING_CANCEL);
  CHECK(t.orders.find(in_flight)->status == OrderStatus::PENDING_CANCEL);
  CHECK(t.desk.count(RecordType::RISK_DECISION) == 2);
  const std::vector<Seq> ids = t.working();
  REQUIRE(ids.size() == 4);
  const Order* eth = t.orders.find(ids[2]);
  const Order* btc = t.orders.find(ids[3]);
  CHECK(eth->request.side == Side::SELL);
  CHECK(eth->request.reduce_only);
  CHECK(eth->request.type == OrderType::MARKET);
  CHECK(decimal_text(eth->request.qty) == "3");
  CHECK(btc->request.side == Side::BUY);

  t.venue_says(resting, schema::ReportKind::CANCELED);
  t.venue_fills(in_flight);  // lost the race: 3 short now
  t.venue_fills(btc->id);    // buys 2
  t.venue_fills(eth->id, "1");
  t.venue_says(eth->id, schema::ReportKind::EXPIRED);  // no more to sell into
  CHECK(t.working().empty());
  t.kill.pursue(true, t.portfolio, t.orders, t.risk, t, t.desk.at(t.desk.now() + 1'000'000));
  CHECK(t.working().empty());  // not yet due
  t.kill.pursue(true, t.portfolio, t.orders, t.risk, t, t.desk.at(t.desk.now() + 1'000'000'000));
  CHECK(t.desk.last<schema::TimerFired>(RecordType::TIMER_FIRED).getKind() == schema::TimerKind::FLATTEN_RETRY);
  const std::vector<Seq> again = t.working();
  REQUIRE(again.size() == 2);
  for (const Seq id : again) t.venue_fills(id);
  CHECK(t.portfolio.net_position(kEth).is_zero());
  CHECK(t.portfolio.net_position(kBtc).is_zero());
  CHECK(t.portfolio.strategy_position(1, kEth).is_zero());
  t.kill.pursue(true, t.portfolio, t.orders, t.risk, t, t.desk.next());
  CHECK_FALSE(t.kill.active());
  CHECK(t.portfolio.is_conserved());
}

TEST_CASE("with a band the kill switch closes inside it, wider with each retry, at last at the market") {
  Trading t;
  t.config.risk.flatten_band_e8 = e8("0.02");
  t.config.risk.price_band_e8 = e8("0.001");  // of the strategies: not of the way out
  t.configure();
  Instrument banded = linear(kBtc);
  banded.price_band_up = rate("1.05");
  declare(t.instruments, banded, {{"0", "50000", 125, "0.01", "0"}});
  t.hold(kEth, Side::BUY, "3");
  t.hold(kBtc, Side::SELL, "2");
  t.command(OperatorAction::KILL_SWITCH);
  t.kill.engage(0, t.portfolio, t.orders, t.risk, t, t.desk.next());
  const char* sells[] = {"98", "96", "94", "92", "90"};
  const char* buys[] = {"102", "104", "104.9", "104.9",
                        "104.9"};  // a little inside the venue's own 5 % around the mark
  for (int n = 0; n < 5; ++n) {
    INFO("try " << n + 1);
    const std::vector<Seq> ids = t.working();
    REQUIRE(ids.size() == 2);
    for (const Seq id : ids) {
      const OrderRequest& r = t.orders.find(id)->request;
      CHECK(r.is_flatten());
      CHECK(r.type == OrderType::LIMIT);
      CHECK(r.time_in_force == TimeInForce::IOC);
      CHECK(decimal_text(r.price) == (r.side == Side::SELL ? sells[n] : buys[n]));
      t.venue_says(id, schema::ReportKind::EXPIRED);
    }
    t.kill.pursue(true, t.portfolio, t.orders, t.risk, t, t.desk.at(t.desk.now() + 1'000'000'000));
  }
  for (const Seq id : t.working()) CHECK(t.orders.find(id)->request.type == OrderType::MARKET);
  CHECK(t.working().size() == 2);
}

TEST_CASE("an order of the kill switch of which nothing is heard is asked back, and the next try follows its end") {
  Trading t;
  t.config.risk.flatten_band_e8 = e8("0.02");
  t.configure();
  t.hold(kEth, Side::BUY, "3");
  t.command(OperatorAction::KILL_SWITCH);
  t.kill.engage(0, t.portfolio, t.orders, t.risk, t, t.desk.next());
  REQUIRE(t.working().size() == 1);
  const Seq first = t.working()[0];
  t.venue_says(first, schema::ReportKind::ACCEPTED);                  // and then silence: its end was told to nobody
  t.kill.engage(0, t.portfolio, t.orders, t.risk, t, t.desk.next());  // said twice
  CHECK(t.working().size() == 1);
  t.kill.pursue(true, t.portfolio, t.orders, t.risk, t, t.desk.at(t.desk.now() + 1'000'000'000));
  CHECK(t.orders.find(first)->status == OrderStatus::PENDING_CANCEL);
  CHECK(t.working().size() == 1);
  t.venue_says(first, schema::ReportKind::EXPIRED);
  t.kill.pursue(true, t.portfolio, t.orders, t.risk, t, t.desk.at(t.desk.now() + 1'000'000'000));
  REQUIRE(t.working().size() == 1);
  CHECK(decimal_text(t.orders.find(t.working()[0])->request.price) == "96");
}

TEST_CASE("without a fresh price the kill switch closes at the market, band or not") {
  Trading t;
  t.config.risk.flatten_band_e8 = e8("0.02");
  t.configure();
  t.hold(kEth, Side::BUY, "3");
  SECTION("none at all") {
    t.eth.mid = t.eth.mark_price = t.eth.last_price = std::nullopt;
  }
  SECTION("an old one") {
    t.eth.is_stale = true;
  }
  t.command(OperatorAction::KILL_SWITCH);
  t.kill.engage(0, t.portfolio, t.orders, t.risk, t, t.desk.next());
  REQUIRE(t.working().size() == 1);
  CHECK(t.orders.find(t.working()[0])->request.type == OrderType::MARKET);
}

TEST_CASE("an order that was on its way in is cancelled when it arrives") {
  Trading t;
  t.kill.engage(0, t.portfolio, t.orders, t.risk, t, t.desk.next());
  const Seq late = t.rest(kEth, Side::BUY);
  t.kill.pursue(false, t.portfolio, t.orders, t.risk, t, t.desk.next());
  CHECK(t.orders.find(late)->status == OrderStatus::PENDING_CANCEL);
}

TEST_CASE("a position larger than one market order is flattened in parts") {
  Trading t;
  Instrument small = linear(kEth);
  small.market_max_qty = qty("2");
  declare(t.instruments, small, {{"0", "50000", 125, "0.01", "0"}});
  t.hold(kEth, Side::BUY, "3");
  t.command(OperatorAction::KILL_SWITCH);
  t.kill.engage(0, t.portfolio, t.orders, t.risk, t, t.desk.next());
  REQUIRE(t.working().size() == 1);
  CHECK(decimal_text(t.orders.find(t.working()[0])->request.qty) == "2");
  t.venue_fills(t.working()[0]);
  t.kill.pursue(true, t.portfolio, t.orders, t.risk, t, t.desk.at(t.desk.now() + 2'000'000'000));
  REQUIRE(t.working().size() == 1);
  CHECK(decimal_text(t.orders.find(t.working()[0])->request.qty) == "1");
}

TEST_CASE("risk and kill switch survive saving and loading") {
  Trading t;
  t.lets_through(false);
  t.command(OperatorAction::KILL_SWITCH);
  t.kill.engage(0, t.portfolio, t.orders, t.risk, t, t.desk.next());
  RiskEngine risk;
  risk.configure(t.config);
  REQUIRE(load_state(risk, save_state(t.risk)).ok());
  CHECK(hash_state(risk) == hash_state(t.risk));
  CHECK(risk.killed());
  KillSwitch kill;
  REQUIRE(load_state(kill, save_state(t.kill)).ok());
  CHECK(kill.active());
}

TEST_CASE("sizing: the stop decides, caps and lot cut, too small is nothing") {
  struct Row {
    const char* name;
    const char* equity;
    const char* reference;
    const char* stop;  // "" = none
    const char* raw;
    const char* qty;
    RiskRule capped_by;
  };
  const Row rows[] = {
      {"1 % of 1000 over a stop 5 away", "1000", "100", "95", "2", "2", RiskRule::NONE},
      {"a short has its stop above", "1000", "100", "104", "2.5", "2.5", RiskRule::NONE},
      {"cut down to the lot", "1000", "100", "97", "3.33333333", "3.333", RiskRule::LOT_SIZE},
      {"a close stop meets the notional cap", "1000", "100", "99.9", "100", "20", RiskRule::POSITION_NOTIONAL},
      {"without a stop the cap alone decides", "1000", "100", "", "20", "20", RiskRule::NONE},
      {"just the smallest notional", "1000", "100", "50", "0.2", "0.2", RiskRule::NONE},
      {"below the smallest notional", "990", "100", "50", "0.198", "0", RiskRule::MIN_NOTIONAL},
      {"below the smallest quantity", "0.01", "100", "50", "0.000002", "0", RiskRule::LOT_SIZE},
      {"no equity", "-5", "100", "95", "0", "0", RiskRule::EQUITY_FLOOR},
      {"a stop at the entry is no stop", "1000", "100", "100", "20", "20", RiskRule::NONE},
      {"an absurd equity stays inside the range", "90000000000", "0.00000001", "0.00000002", "92233720368.54775807",
       "10000", RiskRule::LOT_SIZE},
  };
  Desk desk;
  const Instrument instrument = linear(kEth);
  for (const Row& row : rows) {
    INFO(row.name);
    SizingInput input;
    input.strategy = 2;
    input.instrument = &instrument;
    input.equity = money(row.equity);
    input.reference = price(row.reference);
    if (*row.stop != 0) input.stop = price(row.stop);
    const SizingResult result = size_position(config::Sizing{}, input, desk.next());
    CHECK(decimal_text(result.raw_qty) == row.raw);
    if (std::string(row.name).find("absurd") == std::string::npos) {
      CHECK(decimal_text(result.qty) == row.qty);
      CHECK(result.capped_by == row.capped_by);
    }
    const auto record = desk.last<schema::Sizing>(RecordType::SIZING);
    CHECK(record.getQty() == result.qty.e8);
    CHECK(record.getRawQty() == result.raw_qty.e8);
    CHECK(record.getCappedBy() == result.capped_by);
    CHECK(record.getRiskFraction() == e8("0.01"));
  }
}
