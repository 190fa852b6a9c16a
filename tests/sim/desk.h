// A trading desk for tests of the simulated venue: one line for each event, then what the venue said.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "sim/exchange/exchange.h"
#include "tests/support/catch.h"

namespace reprise::sim::test {

inline constexpr schema::Side kBuy = schema::Side::BUY;
inline constexpr schema::Side kSell = schema::Side::SELL;

inline std::int64_t e8(const std::string& text) {
  std::int64_t value = 0;
  REQUIRE(parse_decimal(text, value));
  return value;
}

// Defaults: 10000 USDT, 10x cross, no fees, one linear perpetual "XUSDT" (number 1) with tick 0.1, lot 0.001.
struct DeskSetup {
  config::Config config;
  std::string tick = "0.1";
  std::string lot = "0.001";
  std::string min_qty = "0.001";
  std::string max_qty = "1000";
  std::string market_max_qty = "100";
  std::string min_notional = "5";
  std::string min_price = "1";
  std::string max_price = "1000000";
  std::string band_up = "0";
  std::string band_down = "0";
  std::string take_bound = "0";
  std::string liquidation_fee = "0";
  std::uint32_t max_open_orders = 0;
  schema::ContractType contract = schema::ContractType::LINEAR_PERPETUAL;
  bool with_2026_brackets = false;
  DeskSetup() {
    config.account.initial_balance_e8 = 10'000 * kScale;
    config.account.leverage = 10;
    config.fees.maker_rate_e8 = 0;
    config.fees.taker_rate_e8 = 0;
    config.engine.outlier_bound_e8 = 0;
  }
};

class Desk {
 public:
  explicit Desk(const DeskSetup& setup = {});

  Desk& at(double seconds);  // moves the clock, through every whole second between

  // "99.9x5 99.8x5 | 100.1x5": a full snapshot, best first.
  Desk& book(const std::string& text);
  Desk& level(Side side, const std::string& price, const std::string& qty);  // one delta
  Desk& bbo(const std::string& text);                                        // "99.9x5 | 100.1x5"
  Desk& trade(Side aggressor, const std::string& qty, const std::string& price,
              schema::TradeKind kind = schema::TradeKind::MARKET);
  Desk& mark(const std::string& price, const std::string& rate = "0", double next_funding = 0);
  Desk& settlement(const std::string& rate, const std::string& mark);
  Desk& bar(const std::string& open, const std::string& high, const std::string& low, const std::string& close,
            const std::string& volume, double seconds = 60);
  Desk& state(schema::InstrumentState state);

  Desk& send(Command command);
  Desk& limit(Seq id, Side side, const std::string& qty, const std::string& price, TimeInForce tif = TimeInForce::GTC,
              bool reduce_only = false);
  Desk& market(Seq id, Side side, const std::string& qty, bool reduce_only = false);
  Desk& stop(Seq id, OrderType type, Side side, const std::string& qty, const std::string& trigger,
             const std::string& price = "0", TriggerSource source = TriggerSource::LAST_PRICE);
  Desk& trail(Seq id, Side side, const std::string& qty, const std::string& callback,
              const std::string& activation = "0");
  Desk& cancel(Seq id);
  Desk& modify(Seq id, const std::string& qty, const std::string& price);

  // Order reports since the last expectation, as lines (sim/exchange/messages.h, describe).
  void expect(std::initializer_list<std::string> lines);
  // Every report.
  void expect_all(std::initializer_list<std::string> lines);
  void forget() { exchange.reports().clear(); }
  void check_saved_is_same();  // a saved venue is the venue
  std::string position() const { return decimal_text(exchange.ledger().position(1).qty); }
  std::string wallet(std::uint16_t asset = 0) const { return decimal_text(exchange.ledger().wallet_balance(asset)); }

  static Command command(Seq id, Side side, OrderType type, const std::string& qty);

  SimExchange exchange;
  UnixNanos now;

 private:
  template <class T, class Fill>
  void feed(journal::RecordType type, Fill&& fill, std::size_t extra_words = 0, UnixNanos happened = {-1});
  void levels(const std::string& text, std::vector<Level>& bids, std::vector<Level>& asks);
  std::vector<std::string> take(bool orders_only);

  DeskSetup setup_;
  std::int64_t update_id_ = 100;
  Seq next_command_ = 1'000'000;
};

}  // namespace reprise::sim::test
