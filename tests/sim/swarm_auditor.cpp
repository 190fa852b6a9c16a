// The swarm's auditor by itself: one line for each record that it reads, and what it says about the account.
#include "journal/record_batch.h"
#include "sim/swarm/auditor.h"
#include "tests/support/catch.h"

namespace reprise::sim::swarm {
namespace {

using journal::RecordBatch;
using journal::RecordHeader;
using journal::RecordType;
using schema::Side;

constexpr std::int64_t kUnit = 100'000'000;
constexpr std::uint32_t kContract = 1;

// An account of 1,000 with fees of 0.02 % (maker) and 0.05 % (taker). Prices and quantities in whole units.
class Account {
 public:
  Account() : auditor(findings) {
    batch_.append<schema::Configuration>(
        RecordType::CONFIGURATION, {},
        [](schema::Configuration::Builder b) {
          auto entries = b.initEntries(2);
          entries[0].setKey("fees.maker_rate");
          entries[0].setValue("0.0002");
          entries[1].setKey("fees.taker_rate");
          entries[1].setValue("0.0005");
        },
        64);
    feed();
    balance(1'000 * kUnit, 1'000 * kUnit, schema::BalanceChangeReason::DEPOSIT);
  }

  void order(std::uint64_t id, Side side, std::int64_t qty, std::int64_t price, bool reduce_only = false) {
    batch_.append<schema::OrderCommand>(RecordType::ORDER_COMMAND, at(), [&](schema::OrderCommand::Builder b) {
      b.setKind(schema::CommandKind::SUBMIT);
      b.setOrderId(id);
      b.setSide(side);
      b.setQty(qty * kUnit);
      b.setPrice(price * kUnit);
      b.setOrderType(price == 0 ? schema::OrderType::MARKET : schema::OrderType::LIMIT);
      b.setReduceOnly(reduce_only);
    });
    feed();
  }
  // An execution as taker; the fee is given in units of 1e-8.
  void trade(std::int64_t id, std::uint64_t order, Side side, std::int64_t qty, std::int64_t price, std::int64_t fee) {
    ++time_;
    batch_.append<schema::OrderReport>(RecordType::ORDER_REPORT, at(), [&](schema::OrderReport::Builder b) {
      b.setOrderId(order);
      b.setKind(schema::ReportKind::FILLED);
      b.setSide(side);
      b.setLiquidity(schema::LiquiditySide::TAKER);
      b.setLastQty(qty * kUnit);
      b.setLastPrice(price * kUnit);
      b.setTradeId(id);
      b.setCommission(fee);
    });
    feed();
  }
  void fill(std::int64_t id, Side side, std::int64_t qty, std::int64_t price, std::int64_t fee) {
    batch_.append<schema::Fill>(RecordType::FILL, at(), [&](schema::Fill::Builder b) {
      b.setTradeId(id);
      b.setSide(side);
      b.setQty(qty * kUnit);
      b.setPrice(price * kUnit);
      b.setCommission(fee);
    });
    feed();
  }
  void position(std::int64_t qty, std::int64_t cost, std::int64_t realized) {
    batch_.append<schema::Position>(RecordType::POSITION, at(), [&](schema::Position::Builder b) {
      b.setQty(qty * kUnit);
      b.setOpenNotional(cost * kUnit);
      b.setRealizedPnl(realized * kUnit);
      b.setIsAccountNet(true);
    });
    feed();
  }
  void balance(std::int64_t wallet, std::int64_t change,
               schema::BalanceChangeReason reason = schema::BalanceChangeReason::ORDER) {
    batch_.append<schema::BalanceUpdate>(RecordType::BALANCE_UPDATE, at(), [&](schema::BalanceUpdate::Builder b) {
      b.setWalletBalance(wallet);
      b.setChange(change);
      b.setReason(reason);
    });
    feed();
  }
  void funding(std::int64_t amount, std::int64_t rate, std::int64_t mark, std::int64_t qty) {
    ++time_;
    batch_.append<schema::FundingPayment>(RecordType::FUNDING_PAYMENT, at(), [&](schema::FundingPayment::Builder b) {
      b.setAmount(amount);
      b.setFundingRate(rate);
      b.setMarkPrice(mark * kUnit);
      b.setPositionQty(qty * kUnit);
    });
    feed();
  }

  std::string broken() {
    auditor.finish();
    std::string names;
    for (const Finding& finding : findings.list()) {
      if (names.find(finding.invariant) == std::string::npos) names += (names.empty() ? "" : " ") + finding.invariant;
    }
    return names;
  }

  Findings findings;
  Auditor auditor;

 private:
  RecordHeader at() const {
    RecordHeader header;
    header.instrument = kContract;
    header.ts_event = time_;
    return header;
  }
  void feed() {
    batch_.for_each(++seq_, [&](const journal::RecordView& record) { auditor.on(record); });
    batch_.clear();
  }

  RecordBatch batch_;
  journal::Seq seq_ = 0;
  std::int64_t time_ = 1;
};

// Buys 2 at 100 and sells 3 at 110: profit 20, fees 0.1 and 0.165, short 1 at 110.
void round_trip(Account& account) {
  account.order(10, Side::BUY, 2, 100);
  account.trade(1, 10, Side::BUY, 2, 100, kUnit / 10);
  account.fill(1, Side::BUY, 2, 100, kUnit / 10);
  account.position(2, 200, 0);
  account.balance(1'000 * kUnit - kUnit / 10, -kUnit / 10);
  account.order(20, Side::SELL, 3, 110);
  account.trade(2, 20, Side::SELL, 3, 110, 16'500'000);
}
void book_round_trip(Account& account) {
  account.fill(2, Side::SELL, 3, 110, 16'500'000);
  account.position(-1, -110, 20);
  account.balance(1'020 * kUnit - kUnit / 10 - 16'500'000, 20 * kUnit - 16'500'000);
}

TEST_CASE("the auditor finds nothing in an account that adds up") {
  Account account;
  round_trip(account);
  book_round_trip(account);
  account.funding(1'100'000, 10'000, 110, -1);  // 0.01 % of 110, received by the short
  CHECK(account.broken().empty());
  CHECK(account.auditor.position(kContract) == -kUnit);
  CHECK(account.auditor.wallet() == 1'020 * kUnit - kUnit / 10 - 16'500'000 + 1'100'000);
}

TEST_CASE("the auditor names what does not add up") {
  Account account;
  SECTION("an execution that was not booked") {
    round_trip(account);
    account.balance(1'020 * kUnit - kUnit / 10 - 16'500'000, 0);
    CHECK(account.broken() == "fills contracts");
  }
  SECTION("an execution that was booked twice") {
    round_trip(account);
    book_round_trip(account);
    account.fill(2, Side::SELL, 3, 110, 16'500'000);
    CHECK(account.broken() == "fills");
  }
  SECTION("a fill without an execution") {
    account.fill(7, Side::BUY, 1, 100, 0);
    CHECK(account.broken() == "fills");
  }
  SECTION("a cost that a flip should have closed") {
    round_trip(account);
    account.fill(2, Side::SELL, 3, 110, 16'500'000);
    account.position(-1, -330, 20);
    CHECK(account.broken() == "flow");
  }
  SECTION("a wallet that is one unit off") {
    round_trip(account);
    account.fill(2, Side::SELL, 3, 110, 16'500'000);
    account.position(-1, -110, 20);
    account.balance(1'020 * kUnit - kUnit / 10 - 16'500'001, 0);
    CHECK(account.broken() == "money");
  }
  SECTION("a fee of the wrong sign") {
    account.order(10, Side::BUY, 2, 100);
    account.trade(1, 10, Side::BUY, 2, 100, -kUnit / 10);
    account.fill(1, Side::BUY, 2, 100, -kUnit / 10);
    account.position(2, 200, 0);
    CHECK(account.broken() == "fees");
  }
  SECTION("funding that the wrong side pays") {
    round_trip(account);
    book_round_trip(account);
    account.funding(-1'100'000, 10'000, 110, -1);
    CHECK(account.broken() == "funding");
  }
  SECTION("more than was ordered, and worse than the limit") {
    account.order(10, Side::BUY, 1, 100);
    account.trade(1, 10, Side::BUY, 2, 101, 10'100'000);
    account.fill(1, Side::BUY, 2, 101, 10'100'000);
    account.position(2, 202, 0);
    CHECK(account.broken() == "orders");
  }
  SECTION("a reduce-only order that turns the position") {
    account.order(10, Side::BUY, 2, 100);
    account.trade(1, 10, Side::BUY, 2, 100, kUnit / 10);
    account.fill(1, Side::BUY, 2, 100, kUnit / 10);
    account.order(20, Side::SELL, 3, 110, true);
    account.trade(2, 20, Side::SELL, 3, 110, 16'500'000);
    book_round_trip(account);
    CHECK(account.broken() == "reduce_only");
  }
  SECTION("an execution that was never told") {
    account.order(10, Side::BUY, 9, 100);
    account.trade(1, 10, Side::BUY, 2, 100, kUnit / 10);
    account.fill(1, Side::BUY, 2, 100, kUnit / 10);
    account.trade(3, 10, Side::BUY, 2, 100, kUnit / 10);
    account.fill(3, Side::BUY, 2, 100, kUnit / 10);
    account.position(4, 400, 0);
    account.balance(1'000 * kUnit - kUnit / 5, 0);
    CHECK(account.broken() == "contracts");
  }
}

TEST_CASE("an execution that comes late behind others is no finding") {
  Account account;
  account.order(10, Side::BUY, 3, 100);
  account.trade(2, 10, Side::BUY, 1, 100, kUnit / 20);
  account.fill(2, Side::BUY, 1, 100, kUnit / 20);
  account.trade(1, 10, Side::BUY, 1, 99, 4'950'000);
  account.fill(1, Side::BUY, 1, 99, 4'950'000);
  account.position(2, 199, 0);
  account.balance(1'000 * kUnit - kUnit / 20 - 4'950'000, 0);
  CHECK(account.broken().empty());
}

}  // namespace
}  // namespace reprise::sim::swarm
