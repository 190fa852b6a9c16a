// One client's account at the exchange server: its orders, its books, its user events.
//
// The rules are those of the simulated venue (sim/exchange): every account trades against the shown market with a venue
// of its own, and never against another account. What is added here is what a server knows beside: ids, open and past
// orders, trades, income, and the venue's words. One-way or hedge mode: `of` names a position of an instrument.
//
// Deterministic, single-threaded; times are given and never decrease. Parts: client_account.cpp (orders),
// account_settings.cpp (leverage, modes, margin of positions), account_reports.cpp (what the venue reports, as events),
// account_views.cpp (answers that only show), account_positions.cpp (those about positions and margin), listen_key.cpp.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "gateway/exchange/client_order.h"
#include "gateway/exchange/market_board.h"
#include "gateway/exchange/request.h"
#include "gateway/exchange/stream_hub.h"
#include "sim/exchange/exchange.h"

namespace reprise::gateway::exchange {

// An account as an execution left it: behind it others may have come already.
struct Standing {
  const sim::BalanceUpdate* balance = nullptr;  // nullptr: as it stands now
  const sim::BalanceUpdate* fee_balance = nullptr;
  const sim::PositionUpdate* position = nullptr;
};

class ClientAccount {
 public:
  // `number`: from 1; its orders' ids begin at number * 10^12. `seed`: of its listen keys.
  ClientAccount(std::uint32_t number, const config::Config& config, MarketBoard& board, StreamHub& hub,
                std::uint64_t seed = 0);

  void open(UnixNanos now);
  void on_market(const journal::RecordView& record, InstrumentNo instrument, UnixNanos now, UnixNanos happened);
  void on_timer(UnixNanos now);
  UnixNanos next_timer() const;

  // Answers are JSON texts. `form`: placed as ACK says, or RESULT.
  Asked<std::string> place(const Params& params, UnixNanos now);
  Asked<std::string> test(const Params& params, UnixNanos now);  // checked, not placed
  Asked<std::string> place_algo(const Params& params, UnixNanos now);
  Asked<std::string> modify(const Params& params, UnixNanos now);
  Asked<std::string> cancel(const Params& params, UnixNanos now);
  Asked<std::string> cancel_algo(const Params& params, UnixNanos now);
  Asked<std::string> cancel_all(const Params& params, UnixNanos now);
  Asked<std::string> cancel_all_algo(const Params& params, UnixNanos now);
  Asked<std::string> countdown(const Params& params, UnixNanos now);
  Asked<std::string> set_leverage(const Params& params, UnixNanos now);
  Asked<std::string> set_margin_mode(const Params& params, UnixNanos now);
  Asked<std::string> set_position_mode(const Params& params, UnixNanos now);
  Asked<std::string> change_position_margin(const Params& params, UnixNanos now);

  Asked<std::string> order(const Params& params, bool only_open) const;
  Asked<std::string> open_orders(const Params& params) const;
  Asked<std::string> all_orders(const Params& params) const;
  Asked<std::string> algo_order(const Params& params) const;
  Asked<std::string> open_algo_orders(const Params& params) const;
  Asked<std::string> all_algo_orders(const Params& params) const;
  Asked<std::string> user_trades(const Params& params) const;
  Asked<std::string> income(const Params& params) const;
  Asked<std::string> balance(const Params& params) const;
  Asked<std::string> account(bool is_v3) const;
  Asked<std::string> position_risk(const Params& params, bool is_v3) const;
  Asked<std::string> position_mode(const Params& params) const;
  Asked<std::string> position_margin_history(const Params& params) const;
  Asked<std::string> adl_quantile(const Params& params) const;
  Asked<std::string> symbol_config(const Params& params) const;
  Asked<std::string> commission_rate(const Params& params) const;

  // Listen key: one at a time, 64 letters and digits, good for 60 minutes from the last start or keep-alive.
  const std::string& start_listen_key(UnixNanos now);
  bool keep_listen_key(UnixNanos now);  // false: there is none
  void close_listen_key() { listen_key_.clear(); }
  void expire_listen_key(UnixNanos now);  // as if the time were up

  std::uint32_t number() const { return number_; }
  bool is_hedged() const { return venue_.ledger().is_hedged(); }
  const sim::SimExchange& venue() const { return venue_; }

 private:
  struct Trade {
    std::int64_t id = 0;
    std::int64_t order_id = 0;
    InstrumentNo instrument = 0;
    Side side = Side::NONE;
    sim::PositionSide position_side = sim::PositionSide::BOTH;
    ClientFill fill;
    UnixNanos time;
  };
  struct Income {
    InstrumentNo instrument = 0;
    std::string_view kind;
    Money amount;
    std::string_view asset;
    UnixNanos time;
    std::int64_t id = 0;
    std::int64_t trade_id = 0;
  };

  struct MarginMove {  // of an isolated position, by its owner
    InstrumentNo instrument = 0;
    sim::PositionSide of = sim::PositionSide::BOTH;
    Money amount;  // negative = out of it
    UnixNanos time;
  };

  // client_account.cpp
  Asked<sim::PositionSide> position_side_of_mode(const Params& params) const;
  std::optional<ApiError> read_sides(const Params& params, ClientOrder& order) const;
  Asked<ClientOrder> read_order(const Params& params, bool is_algo, UnixNanos now) const;
  Asked<const BoardInstrument*> instrument_of(const Params& params) const;
  Asked<Price> matched_price(std::string_view match, Side side, const BoardInstrument& i) const;
  Asked<std::int64_t> find_order(const Params& params, bool is_algo) const;
  std::optional<ApiError> submit(ClientOrder& order, UnixNanos now);
  std::optional<ApiError> cancel_order(const ClientOrder& order, UnixNanos now);
  Asked<std::string> cancel_every(std::map<std::int64_t, ClientOrder>& orders, const Params& params, UnixNanos now);
  // Of a contract; 0 = of any.
  bool has_open_orders(InstrumentNo instrument) const;
  std::int64_t new_id() { return static_cast<std::int64_t>(number_) * 1'000'000'000'000 + ++last_id_; }

  // account_reports.cpp
  void take_reports(UnixNanos now);
  void on_order_report(const sim::Report& report, const Standing& left, UnixNanos now);
  void on_fill(ClientOrder& order, const sim::OrderReport& report, const Standing& left, bool is_forced, UnixNanos now);
  void fire(ClientOrder& algo, UnixNanos now);
  void send(std::string_view event, std::string text);
  void on_margin_call(const sim::Report& report, UnixNanos now);
  // `of`: the position that changed, BOTH in hedge mode = both.
  void send_account(std::string_view reason, InstrumentNo instrument, sim::PositionSide of, bool with_position,
                    std::string_view symbol, UnixNanos now, const Standing& left = {});
  void send_order(const ClientOrder& order, std::string_view execution, const ClientFill* fill, int expiry,
                  UnixNanos now);
  void send_algo(const ClientOrder& order, UnixNanos now);
  void earn(InstrumentNo instrument, std::string_view kind, Money amount, std::string_view asset, std::int64_t trade_id,
            UnixNanos now);
  OpenNotional open_notional(InstrumentNo instrument, sim::PositionSide of) const;

  // account_positions.cpp
  struct Margins {
    Money initial;  // of the position
    Money order;    // of open orders
    Money maintenance;
  };
  Margins margins(const BoardInstrument& i, sim::PositionSide of) const;
  Money available() const;
  Price liquidation_price(const BoardInstrument& i, sim::PositionSide of) const;
  Price break_even(const sim::LedgerPosition& position) const;
  void write_position(JsonText& out, const BoardInstrument& i, sim::PositionSide of, bool is_v3) const;
  void write_account_position(JsonText& out, const BoardInstrument& i, sim::PositionSide of, bool is_v3) const;
  bool has_position_or_orders(InstrumentNo instrument, sim::PositionSide of) const;

  // account_views.cpp
  Asked<InstrumentNo> instrument_or_all(const Params& params) const;  // 0 = no symbol given

  std::uint32_t number_;
  std::uint64_t seed_;
  config::Config config_;
  MarketBoard& board_;
  StreamHub& hub_;
  sim::SimExchange venue_;
  std::map<std::int64_t, ClientOrder> orders_;                     // by orderId
  std::map<std::int64_t, ClientOrder> algo_orders_;                // by algoId
  std::map<std::string, std::int64_t, std::less<>> by_client_id_;  // the newest order of that name
  std::map<std::string, std::int64_t, std::less<>> algo_by_client_id_;
  std::map<sim::Seq, std::int64_t> by_seq_;       // normal orders
  std::map<sim::Seq, std::int64_t> algo_by_seq_;  // conditional ones
  std::optional<sim::VenueError> refusal_;        // of the command under way
  std::vector<Trade> trades_;
  std::deque<Income> incomes_;
  std::map<InstrumentNo, UnixNanos> countdowns_;  // when the orders of a contract are cancelled
  std::map<sim::PositionKey, Money> realized_;    // accumulated, before fees
  std::vector<MarginMove> margin_moves_;
  std::int64_t last_id_ = 0;
  std::int64_t last_tran_id_ = 0;
  std::string listen_key_;
  std::uint32_t listen_keys_made_ = 0;
  UnixNanos listen_key_until_;
  UnixNanos updated_;
};

}  // namespace reprise::gateway::exchange
