// The account: wallets, shares, fees in other assets, funding, reconciliation, conservation.
#include <boost/random/mersenne_twister.hpp>

#include "engine/risk/risk_engine.h"
#include "engine/state_bytes.h"
#include "engine/state_hash.h"
#include "tests/engine/trading_support.h"

using namespace reprise;
using namespace reprise::engine;
using namespace reprise::engine::test;
using journal::RecordType;

namespace {

constexpr InstrumentNo kBtcUsdt = 1;
constexpr InstrumentNo kEthUsdt = 2;

struct BookedAccount {
  BookedAccount() {
    config.account.fee_asset = "BNB";
    config.account.fee_asset_price_e8 = e8("600");
    config.account.leverage = 10;
    declare(instruments, linear(kBtcUsdt, "BTCUSDT"), btc_tiers());
    declare(instruments, linear(kEthUsdt, "ETHUSDT"),
            {{"0", "50000", 125, "0.004", "0"}, {"50000", "600000", 100, "0.005", "50"}});
    portfolio.bind(instruments);
    portfolio.configure(config);
    deposit(portfolio, desk, "10000");
  }
  const std::vector<ShareFill>& fill(const FillDetails& f) { return portfolio.on_fill(f, f.price, desk.next()); }
  void fund(InstrumentNo instrument, const std::string& amount) {
    Message<schema::FundingPayment> m;
    m->setAmount(e8(amount));
    portfolio.on_funding(instrument, m.reader(), {}, desk.next());
  }
  config::Config config;
  Instruments instruments;
  Portfolio portfolio;
  OrderManager orders;
  Desk desk;
};

// Loads nothing but adds one to the first integer of a name: how a bug in the books would look.
class Meddler final : public StateArchive {
 public:
  explicit Meddler(std::string name) : name_(std::move(name)) {}
  bool loading() const override { return true; }
  void begin_object(std::string_view) override {}
  void end_object() override {}
  void begin_list(std::string_view, std::uint64_t&) override {}
  void end_list() override {}
  void integer(std::string_view name, std::int64_t& value, Kind) override {
    if (name != name_) return;
    ++value;
    name_.clear();
  }
  void real(std::string_view, double&) override {}
  void text(std::string_view, std::string&) override {}

 private:
  std::string name_;
};

}  // namespace

TEST_CASE("two strategies against each other: the wallet books what the net position realises") {
  BookedAccount a;
  a.fill(execution(kBtcUsdt, 1, Side::BUY, "1", "100"));
  a.fill(execution(kBtcUsdt, 2, Side::SELL, "1", "110"));
  CHECK(a.portfolio.net_position(kBtcUsdt).is_zero());
  CHECK(a.portfolio.strategy_position(1, kBtcUsdt) == qty("1"));
  CHECK(a.portfolio.strategy_position(2, kBtcUsdt) == qty("-1"));
  CHECK(decimal_text(a.portfolio.wallet_balance()) == "10010");
  CHECK(a.portfolio.share(1, kBtcUsdt)->position.realized_pnl.is_zero());
  CHECK(a.portfolio.is_conserved());
  // Both go home: strategy 1 at a loss of 5, strategy 2 with a gain of 15.
  a.fill(execution(kBtcUsdt, 1, Side::SELL, "1", "95"));
  a.fill(execution(kBtcUsdt, 2, Side::BUY, "1", "95"));
  CHECK(decimal_text(a.portfolio.share(1, kBtcUsdt)->position.realized_pnl) == "-5");
  CHECK(decimal_text(a.portfolio.share(2, kBtcUsdt)->position.realized_pnl) == "15");
  CHECK(decimal_text(a.portfolio.wallet_balance()) == "10010");
  CHECK(a.portfolio.is_conserved());
}

TEST_CASE("fees in the discount asset leave the settlement wallet alone and are valued when paid") {
  BookedAccount a;
  deposit(a.portfolio, a.desk, "1", kFeeAsset);
  a.fill(execution(kEthUsdt, 1, Side::BUY, "1", "2000", "0.0015", kFeeAsset));
  CHECK(decimal_text(a.portfolio.wallet_balance()) == "10000");
  CHECK(decimal_text(a.portfolio.wallet_balance(kFeeAsset)) == "0.9985");
  CHECK(decimal_text(a.portfolio.commission()) == "0.9");  // 0.0015 * 600
  a.portfolio.on_asset_price(kFeeAsset, price("700"));
  a.fill(execution(kEthUsdt, 1, Side::SELL, "1", "2010", "0.0015", kFeeAsset));
  CHECK(decimal_text(a.portfolio.commission()) == "1.95");
  CHECK(decimal_text(a.portfolio.wallet_balance()) == "10010");
  CHECK(a.portfolio.is_conserved());
  const auto net = a.desk.last<schema::Position>(RecordType::POSITION);
  CHECK(net.getIsAccountNet());
  CHECK(net.getCommission() == e8("1.95"));
}

TEST_CASE("a rebate is a negative commission") {
  BookedAccount a;
  a.fill(execution(kEthUsdt, 1, Side::BUY, "1", "2000", "-0.1"));
  CHECK(decimal_text(a.portfolio.wallet_balance()) == "10000.1");
  CHECK(decimal_text(a.portfolio.commission()) == "-0.1");
  CHECK(a.portfolio.is_conserved());
}

TEST_CASE("a liquidation reduces the shares on its side in the order of the strategies") {
  BookedAccount a;
  a.fill(execution(kBtcUsdt, 1, Side::BUY, "2", "100"));
  a.fill(execution(kBtcUsdt, 2, Side::SELL, "1", "100"));
  a.fill(execution(kBtcUsdt, 3, Side::BUY, "2", "100"));
  FillDetails forced = execution(kBtcUsdt, 0, Side::SELL, "3", "90", "0.3");
  forced.is_liquidation = true;
  const auto& parts = a.fill(forced);
  REQUIRE(parts.size() == 2);
  CHECK(parts[0].strategy == 1);
  CHECK(decimal_text(parts[0].qty) == "2");
  CHECK(decimal_text(parts[0].realized_pnl) == "-20");
  CHECK(decimal_text(parts[0].commission) == "0.2");
  CHECK(parts[1].strategy == 3);
  CHECK(decimal_text(parts[1].qty) == "1");
  CHECK(decimal_text(parts[1].commission) == "0.1");
  CHECK(a.portfolio.strategy_position(2, kBtcUsdt) == qty("-1"));
  CHECK(a.portfolio.net_position(kBtcUsdt).is_zero());
  CHECK(a.portfolio.is_conserved());
  CHECK(a.desk.last<schema::Fill>(RecordType::FILL).getRealizedPnl() == e8("-30"));
}

TEST_CASE("what a forced execution leaves over is the share of the engine itself") {
  BookedAccount a;
  a.fill(execution(kBtcUsdt, 1, Side::BUY, "1", "100"));
  a.fill(execution(kBtcUsdt, 0, Side::SELL, "3", "90"));
  CHECK(a.portfolio.strategy_position(0, kBtcUsdt) == qty("-2"));
  a.fill(execution(kBtcUsdt, 0, Side::BUY, "5", "80"));  // closes those two, opens three
  CHECK(a.portfolio.strategy_position(0, kBtcUsdt) == qty("3"));
  CHECK(a.portfolio.is_conserved());
}

TEST_CASE("funding is split by signed quantity and the parts add up") {
  BookedAccount a;
  a.fill(execution(kBtcUsdt, 1, Side::BUY, "3", "100"));
  a.fill(execution(kBtcUsdt, 2, Side::SELL, "1", "100"));
  a.fill(execution(kBtcUsdt, 3, Side::BUY, "1", "100"));
  a.fund(kBtcUsdt, "-1.00000001");
  CHECK(decimal_text(a.portfolio.wallet_balance()) == "9998.99999999");
  const Money one = a.portfolio.share(1, kBtcUsdt)->funding;
  const Money two = a.portfolio.share(2, kBtcUsdt)->funding;
  const Money three = a.portfolio.share(3, kBtcUsdt)->funding;
  CHECK(decimal_text(one) == "-1.00000001");
  CHECK(decimal_text(two) == "0.33333333");
  CHECK(one + two + three == money("-1.00000001"));
  CHECK(decimal_text(a.portfolio.funding()) == "-1.00000001");
  CHECK(a.portfolio.is_conserved());
}

TEST_CASE("funding for a position that is closed by then goes to the engine's share") {
  BookedAccount a;
  a.fund(kBtcUsdt, "0.5");
  CHECK(a.portfolio.share(0, kBtcUsdt)->funding == money("0.5"));
  CHECK(a.portfolio.is_conserved());
}

TEST_CASE("the venue's balance is compared, a difference is named and taken over") {
  BookedAccount a;
  Message<schema::BalanceUpdate> m;
  m->setReason(schema::BalanceChangeReason::ORDER);
  m->setWalletBalance(e8("10000"));
  a.portfolio.on_balance_update(m.reader(), {}, a.desk.next());
  CHECK(a.desk.anomalies().empty());
  m->setWalletBalance(e8("9999.5"));
  a.portfolio.on_balance_update(m.reader(), {}, a.desk.next());
  CHECK(a.desk.anomalies() == std::vector<schema::AnomalyKind>{schema::AnomalyKind::CONSERVATION});
  CHECK(a.desk.last<schema::Alert>(RecordType::ALERT).getKind() == schema::AlertKind::CONSERVATION_BROKEN);
  CHECK(decimal_text(a.portfolio.wallet_balance()) == "9999.5");
  CHECK(decimal_text(a.portfolio.wallets()[0].adjustments) == "-0.5");
  CHECK(a.portfolio.is_conserved());
}

TEST_CASE("the venue's position is compared, a difference becomes the engine's own share") {
  BookedAccount a;
  a.fill(execution(kBtcUsdt, 1, Side::BUY, "1", "100"));
  Message<schema::PositionUpdate> m;
  m->setQty(e8("1"));
  m->setEntryPrice(e8("100"));
  a.portfolio.on_position_update(kBtcUsdt, m.reader(), {}, a.desk.next());
  CHECK(a.desk.anomalies().empty());
  m->setQty(e8("1.5"));
  a.portfolio.on_position_update(kBtcUsdt, m.reader(), {}, a.desk.next());
  CHECK(a.desk.anomalies() == std::vector<schema::AnomalyKind>{schema::AnomalyKind::CONSERVATION});
  CHECK(a.portfolio.net_position(kBtcUsdt) == qty("1.5"));
  CHECK(a.portfolio.strategy_position(0, kBtcUsdt) == qty("0.5"));
  CHECK(a.portfolio.strategy_position(1, kBtcUsdt) == qty("1"));
  CHECK(a.portfolio.is_conserved());
}

namespace {

FillDetails execution_at(std::int64_t trade, Side side, const std::string& price_text, std::int64_t at) {
  FillDetails f = execution(kBtcUsdt, 1, side, "1", price_text);
  f.trade_id = trade;
  f.at = {at};
  return f;
}

void state_position(BookedAccount& a, const std::string& quantity, const std::string& entry, std::int64_t at) {
  Message<schema::PositionUpdate> m;
  m->setQty(e8(quantity));
  m->setEntryPrice(e8(entry));
  a.portfolio.on_position_update(kBtcUsdt, m.reader(), {at}, a.desk.next());
}

void state_wallet(BookedAccount& a, const std::string& balance, std::int64_t at) {
  Message<schema::BalanceUpdate> m;
  m->setReason(schema::BalanceChangeReason::ORDER);
  m->setWalletBalance(e8(balance));
  a.portfolio.on_balance_update(m.reader(), {at}, a.desk.next());
}

}  // namespace

TEST_CASE("an execution that comes behind the statement it is in goes to its strategy, the account stays as stated") {
  BookedAccount a;
  // The venue sold 1 at time 10 and bought 1 at time 20; word of the sale is late, so it said 0 before we knew why.
  a.fill(execution_at(2, Side::BUY, "100", 20));
  state_wallet(a, "10001", 20);  // the sale was at 101
  CHECK(a.desk.anomalies().size() == 1);
  state_position(a, "0", "0", 20);
  CHECK(a.desk.anomalies().size() == 1);
  CHECK(a.portfolio.net_position(kBtcUsdt).is_zero());
  CHECK(a.portfolio.strategy_position(0, kBtcUsdt) == qty("-1"));

  a.fill(execution_at(1, Side::SELL, "101", 10));
  state_wallet(a, "10000", 10);
  CHECK(a.desk.anomalies().empty());
  state_position(a, "-1", "101", 10);
  CHECK(a.desk.anomalies().empty());
  CHECK(a.portfolio.net_position(kBtcUsdt).is_zero());
  CHECK(a.portfolio.strategy_position(1, kBtcUsdt).is_zero());
  CHECK(a.portfolio.strategy_position(0, kBtcUsdt).is_zero());
  CHECK(decimal_text(a.portfolio.share(1, kBtcUsdt)->position.realized_pnl) == "1");
  CHECK(decimal_text(a.portfolio.wallet_balance()) == "10001");
  CHECK(a.portfolio.is_conserved());

  a.fill(execution_at(3, Side::BUY, "100", 30));
  state_wallet(a, "10001", 30);
  CHECK(a.desk.anomalies().empty());
  state_position(a, "1", "100", 30);
  CHECK(a.desk.anomalies().empty());
  CHECK(a.portfolio.net_position(kBtcUsdt) == qty("1"));
  CHECK(a.portfolio.strategy_position(1, kBtcUsdt) == qty("1"));
  CHECK(a.portfolio.is_conserved());
}

TEST_CASE("of two executions at one time the one with the lower trade id is in a statement made behind the other") {
  BookedAccount a;
  a.fill(execution_at(2, Side::BUY, "100", 20));
  state_position(a, "2", "100", 20);
  a.fill(execution_at(1, Side::BUY, "100", 20));
  state_position(a, "1", "100", 20);  // the older statement, with the late execution
  CHECK(a.portfolio.net_position(kBtcUsdt) == qty("2"));
  CHECK(a.portfolio.strategy_position(1, kBtcUsdt) == qty("2"));
  CHECK(a.portfolio.strategy_position(0, kBtcUsdt).is_zero());
  a.fill(execution_at(3, Side::BUY, "100", 20));  // a later one at the same time is new
  CHECK(a.portfolio.net_position(kBtcUsdt) == qty("3"));
  CHECK(a.portfolio.is_conserved());
}

TEST_CASE("a statement older than the one taken last changes nothing, what it brought stays booked") {
  BookedAccount a;
  state_wallet(a, "10050", 20);  // a deposit of 50 among it that we have not heard of
  Message<schema::BalanceUpdate> m;
  m->setReason(schema::BalanceChangeReason::DEPOSIT);
  m->setChange(e8("50"));
  m->setWalletBalance(e8("10050"));
  a.portfolio.on_balance_update(m.reader(), {10}, a.desk.next());
  CHECK(decimal_text(a.portfolio.wallet_balance()) == "10050");
  CHECK(decimal_text(a.portfolio.wallets()[0].deposits) == "10050");
  CHECK(a.portfolio.wallets()[0].adjustments.is_zero());
  CHECK(a.portfolio.is_conserved());
}

TEST_CASE("deposits move the peak, losses make the drawdown") {
  BookedAccount a;
  a.portfolio.mark_equity(a.orders, a.desk.next());
  CHECK(a.portfolio.drawdown().is_zero());
  deposit(a.portfolio, a.desk, "-5000");
  CHECK(a.portfolio.drawdown().is_zero());
  a.fill(execution(kBtcUsdt, 1, Side::BUY, "10", "100"));
  a.portfolio.on_mark(kBtcUsdt, price("50"));
  CHECK(decimal_text(a.portfolio.equity()) == "4500");
  CHECK(decimal_text(a.portfolio.drawdown()) == "0.1");
  a.portfolio.mark_equity(a.orders, a.desk.next());
  const auto mark = a.desk.last<schema::EquityMark>(RecordType::EQUITY_MARK);
  CHECK(mark.getMarginBalance() == e8("4500"));
  CHECK(mark.getDrawdown() == e8("0.1"));
  CHECK(mark.getPeakEquity() == e8("5000"));
  CHECK(mark.getBalances().size() == 2);
}

TEST_CASE("margins follow the mark, leverage and bracket") {
  BookedAccount a;
  a.fill(execution(kEthUsdt, 1, Side::SELL, "100", "1000"));
  a.portfolio.on_mark(kEthUsdt, price("900"));
  CHECK(decimal_text(a.portfolio.gross_notional()) == "90000");
  CHECK(decimal_text(a.portfolio.initial_margin()) == "9000");
  CHECK(decimal_text(a.portfolio.maintenance_margin()) == "400");  // 90000 * 0.5 % - 50
  CHECK(decimal_text(a.portfolio.unrealized_pnl()) == "10000");
  CHECK(decimal_text(a.portfolio.available_balance(a.orders)) == "11000");
  Message<schema::AccountConfig> c;
  c->setLeverage(20);
  a.portfolio.on_account_config(kEthUsdt, c.reader());
  CHECK(decimal_text(a.portfolio.initial_margin()) == "4500");
}

TEST_CASE("working orders need margin on their worse side, reduce-only ones none") {
  BookedAccount a;
  a.fill(execution(kEthUsdt, 1, Side::BUY, "2", "1000"));
  a.portfolio.on_mark(kEthUsdt, price("1000"));
  OrderRequest r;
  r.instrument = kEthUsdt;
  r.type = OrderType::LIMIT;
  r.side = Side::BUY;
  r.qty = qty("3");
  r.price = price("990");
  a.orders.submit(r, a.desk.next());
  CHECK(decimal_text(a.portfolio.open_order_margin(a.orders)) == "300");
  r.side = Side::SELL;
  r.qty = qty("6");  // worst |2 - 6| = 4 < |2 + 3| = 5
  a.orders.submit(r, a.desk.next());
  CHECK(decimal_text(a.portfolio.open_order_margin(a.orders)) == "300");
  r.qty = qty("2");  // worst |2 - 8| = 6
  a.orders.submit(r, a.desk.next());
  CHECK(decimal_text(a.portfolio.open_order_margin(a.orders)) == "400");
  r.reduce_only = true;
  a.orders.submit(r, a.desk.next());
  CHECK(decimal_text(a.portfolio.open_order_margin(a.orders)) == "400");
}

TEST_CASE("absurd figures from outside are refused, not computed") {
  BookedAccount a;
  FillDetails f = execution(kBtcUsdt, 1, Side::BUY, "1", "100");
  f.qty = Qty::max();
  CHECK(a.fill(f).empty());
  f = execution(kBtcUsdt, 1, Side::BUY, "1", "100", "1", 999);
  CHECK(a.fill(f).empty());
  f = execution(kBtcUsdt, 1, Side::BUY, "1", "100");
  f.commission = Money{INT64_MIN + 1};
  CHECK(a.fill(f).empty());
  Message<schema::FundingPayment> m;
  m->setAmount(INT64_MAX);
  a.portfolio.on_funding(kBtcUsdt, m.reader(), {}, a.desk.next());
  Message<schema::BalanceUpdate> b;
  b->setWalletBalance(INT64_MIN);
  a.portfolio.on_balance_update(b.reader(), {}, a.desk.next());
  a.fill(execution(kBtcUsdt, 1, Side::BUY, "1", "100"));
  a.portfolio.on_mark(kBtcUsdt, Price::max());
  CHECK(a.portfolio.is_conserved());
  CHECK(decimal_text(a.portfolio.equity()) == "10000");
}

TEST_CASE("a broken identity is found, journaled and halts trading") {
  for (const char* field : {"balance", "open_notional"}) {
    INFO(field);
    BookedAccount a;
    a.fill(execution(kBtcUsdt, 1, Side::BUY, "1", "100"));
    REQUIRE(a.portfolio.is_conserved());
    Meddler meddler(field);
    a.portfolio.persist(meddler);
    CHECK_FALSE(a.portfolio.is_conserved());
    CHECK_FALSE(a.portfolio.check_conservation(a.desk.next()));
    CHECK(a.desk.anomalies() == std::vector<schema::AnomalyKind>{schema::AnomalyKind::CONSERVATION});
    RiskEngine risk;
    risk.configure(a.config);
    RiskInputs inputs;
    inputs.portfolio = &a.portfolio;
    inputs.orders = &a.orders;
    risk.check_state(inputs, true, a.desk.next());
    CHECK(risk.trading_state() == schema::TradingStateKind::HALTED);
    CHECK(a.desk.last<schema::TradingState>(RecordType::TRADING_STATE).getRule() == schema::RiskRule::CONSERVATION);
  }
}

TEST_CASE("isolated margin is set aside, released in part and returned") {
  BookedAccount a;
  a.config.account.margin_mode = "isolated";
  a.portfolio.configure(a.config);
  a.fill(execution(kBtcUsdt, 1, Side::BUY, "2", "100"));
  CHECK(decimal_text(a.portfolio.net(kBtcUsdt)->isolated_wallet) == "20");
  a.fill(execution(kBtcUsdt, 1, Side::BUY, "1", "110"));
  CHECK(decimal_text(a.portfolio.net(kBtcUsdt)->isolated_wallet) == "31");
  a.fill(execution(kBtcUsdt, 1, Side::SELL, "1.5", "110"));
  CHECK(decimal_text(a.portfolio.net(kBtcUsdt)->isolated_wallet) == "15.5");
  a.fill(execution(kBtcUsdt, 1, Side::SELL, "2.5", "110"));  // flips to short 1
  CHECK(decimal_text(a.portfolio.net(kBtcUsdt)->isolated_wallet) == "11");
  a.fill(execution(kBtcUsdt, 1, Side::BUY, "1", "100"));
  CHECK(a.portfolio.net(kBtcUsdt)->isolated_wallet.is_zero());
  CHECK(a.portfolio.available_balance(a.orders) == a.portfolio.wallet_balance());
}

TEST_CASE("random executions, payments and marks conserve everything, and a saved account is the same account") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    INFO("seed " << seed);
    boost::random::mt19937_64 dice(seed);
    BookedAccount a;
    if (seed % 2 == 0) {
      a.config.account.margin_mode = "isolated";
      a.portfolio.configure(a.config);
    }
    deposit(a.portfolio, a.desk, "5", kFeeAsset);
    // The oracle keeps plain sums of what went through.
    Money paid[2]{};
    Money funded{}, brought = money("10000");
    __extension__ typedef __int128 Wide;  // NOLINT(modernize-use-using)
    Wide flow[3]{};
    Wide quantity[3]{};
    for (int step = 0; step < 1500; ++step) {
      const InstrumentNo instrument = dice() % 2 == 0 ? kBtcUsdt : kEthUsdt;
      switch (dice() % 8) {
        case 0:
          a.portfolio.on_mark(instrument, Price{static_cast<std::int64_t>(1 + dice() % 10'000'000'000'000)});
          break;
        case 1: {
          const std::int64_t amount = static_cast<std::int64_t>(dice() % 20'000'000) - 10'000'000;
          Message<schema::FundingPayment> m;
          m->setAmount(amount);
          a.portfolio.on_funding(instrument, m.reader(), {}, a.desk.next());
          funded += Money{amount};
          break;
        }
        case 2:
          deposit(a.portfolio, a.desk, "3");
          brought += money("3");
          break;
        default: {
          FillDetails f;
          f.instrument = instrument;
          f.strategy = static_cast<StrategyNo>(dice() % 4);
          f.side = dice() % 2 == 0 ? Side::BUY : Side::SELL;
          f.qty = {static_cast<std::int64_t>(1 + dice() % 200'000'000)};
          f.price = {static_cast<std::int64_t>(1 + dice() % 6'000'000'000'000)};
          f.commission_asset = static_cast<AssetNo>(dice() % 2);
          f.commission = {static_cast<std::int64_t>(dice() % 1000) - 100};
          Money part_commission{};
          Qty shared{};
          for (const ShareFill& s : a.fill(f)) {
            shared += s.qty;
            part_commission += s.commission;
          }
          REQUIRE(shared == f.qty);
          if (f.commission_asset == kSettlementAsset) REQUIRE(part_commission == f.commission);
          paid[f.commission_asset] += f.commission;
          flow[instrument] += sign_of(f.side) * mul(f.price, f.qty).e8;
          quantity[instrument] += sign_of(f.side) * f.qty.e8;
        }
      }
      REQUIRE(a.portfolio.is_conserved());
    }
    Wide realized = 0;
    for (const InstrumentNo instrument : {kBtcUsdt, kEthUsdt}) {
      const NetPosition* net = a.portfolio.net(instrument);
      REQUIRE((Wide(net->position.qty.e8) == quantity[instrument]));
      REQUIRE((Wide(net->position.realized_pnl.e8) - net->position.open_notional.e8 == -flow[instrument]));
      realized += net->position.realized_pnl.e8;
    }
    CHECK((Wide(a.portfolio.wallet_balance().e8) == Wide(brought.e8) + realized + funded.e8 - paid[0].e8));
    CHECK(a.portfolio.wallet_balance(kFeeAsset) == money("5") - paid[1]);

    Portfolio copy;
    copy.bind(a.instruments);
    REQUIRE(load_state(copy, save_state(a.portfolio)).ok());
    CHECK(hash_state(copy) == hash_state(a.portfolio));
    CHECK(copy.equity() == a.portfolio.equity());
  }
}

TEST_CASE("remembered exposures are what a fresh look gives") {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    INFO("seed " << seed);
    boost::random::mt19937_64 dice(seed);
    BookedAccount a;
    for (int step = 0; step < 300; ++step) {
      const InstrumentNo instrument = dice() % 2 == 0 ? kBtcUsdt : kEthUsdt;
      const auto open = a.orders.open_orders();
      switch (dice() % 6) {
        case 0: a.portfolio.on_mark(instrument, Price{static_cast<std::int64_t>(1 + dice() % 100'000'000'000)}); break;
        case 1: a.fill(execution(instrument, 1, dice() % 2 == 0 ? Side::BUY : Side::SELL, "1.5", "20")); break;
        case 2: {
          Message<schema::AccountConfig> c;
          c->setLeverage(1 + static_cast<unsigned>(dice() % 150));
          a.portfolio.on_account_config(dice() % 3 == 0 ? 0 : instrument, c.reader());
          break;
        }
        case 3:
          if (!open.empty()) {
            Report r;
            r->setOrderId(open[dice() % open.size()]->id);
            r->setKind(schema::ReportKind::CANCELED);
            a.orders.on_report(a.orders.find(r.reader().getOrderId())->request.instrument, r.reader(), a.desk.next());
          }
          break;
        default: {
          OrderRequest r;
          r.instrument = instrument;
          r.side = dice() % 2 == 0 ? Side::BUY : Side::SELL;
          r.type = OrderType::LIMIT;
          r.qty = {static_cast<std::int64_t>(1 + dice() % 500'000'000)};
          r.price = price("20");
          r.reduce_only = dice() % 4 == 0;
          a.orders.submit(r, a.desk.next());
        }
      }
      Portfolio fresh;
      fresh.bind(a.instruments);
      REQUIRE(load_state(fresh, save_state(a.portfolio)).ok());
      for (const InstrumentNo except : {InstrumentNo{0}, kBtcUsdt, kEthUsdt}) {
        const AccountExposure remembered = a.portfolio.account_exposure(a.orders, except);
        const AccountExposure made = fresh.account_exposure(a.orders, except);
        REQUIRE(remembered.others == made.others);
        REQUIRE(remembered.order_margin == made.order_margin);
      }
      REQUIRE(a.portfolio.available_balance(a.orders) == fresh.available_balance(a.orders));
    }
  }
}

TEST_CASE("leverage is not above what the bracket allows") {
  BookedAccount a;
  Message<schema::AccountConfig> c;
  c->setLeverage(125);
  a.portfolio.on_account_config(0, c.reader());
  CHECK(a.portfolio.leverage(kBtcUsdt, money("299999")) == 125);
  CHECK(a.portfolio.leverage(kBtcUsdt, money("300000")) == 100);
  CHECK(a.portfolio.leverage(kBtcUsdt, money("5000000")) == 50);
}
