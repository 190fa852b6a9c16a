// The simulated venue: one account trading against recorded or synthetic markets.
//
// It gets market data and commands at venue time and answers with reports, in the order and the words of
// Binance USD-M Futures. Which rule stands where: orders.cpp (entry, cancel, modify), matching.cpp (takers,
// makers, fees), conditional.cpp (stops, take-profits, trailing), bars.cpp (no book, no trades), funding.cpp,
// margin.cpp (entry check), liquidation.cpp, adl.cpp, takeover.cpp; queue_model, market, ledger, filters,
// hedged_liquidation are parts of their own. `of` names a position of an instrument: BOTH in one-way mode, LONG or
// SHORT in hedge mode. The rules in words, and where they are wrong: sim/MODELS.md.
//
// Deterministic and single-threaded; times are given, never read. Our trading leaves the recorded market as it
// was, apart from liquidity that we took. Reports stay in reports() until the owner takes them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "journal/record.h"
#include "sim/exchange/ledger.h"
#include "sim/exchange/market.h"
#include "sim/exchange/messages.h"
#include "sim/exchange/order.h"
#include "sim/exchange/queue_model.h"

namespace reprise::sim {

struct KnownAccount;  // known_account.h

class SimExchange {
 public:
  // `symbols`: instruments that the run may trade; empty = every linear one. Others are market data only:
  // their records cost nothing here and orders for them are refused.
  SimExchange(const config::Config& config, std::vector<std::string> symbols);

  // Other fees, models, tradable symbols, from now on. Balances, positions and orders stay as they are; so does the
  // leverage, which is the account's setting and not the configuration's once the account is open.
  void reconfigure(const config::Config& config, std::vector<std::string> symbols);

  // Deposits the opening balances and starts the clock of the venue.
  void open_account(UnixNanos now);
  // Or goes on with one that stood elsewhere; its instruments and their markets have been shown before. What follows
  // for its orders at once is in reports().
  void take_over(const KnownAccount& known, UnixNanos now);

  // Times given here never decrease, over all three. `happened`: when the market event took place at the
  // venue, which may lie before `now` when its record came late; it cannot fill an order that came after it.
  void on_market(const journal::RecordView& record, InstrumentNo instrument, UnixNanos now, UnixNanos happened);
  void on_command(const Command& command, UnixNanos now);
  void on_timer(UnixNanos now);                         // at next_timer(): whole seconds
  UnixNanos next_timer() const { return next_timer_; }  // 0 = not open yet

  // A counterparty went bankrupt: this much of our position (no more than there is) is closed against it at the price.
  void auto_deleverage(InstrumentNo instrument, Qty qty, Price price, UnixNanos now,
                       PositionSide of = PositionSide::BOTH);
  // Leverage from now on, of every instrument or of one.
  void set_leverage(std::uint32_t leverage) { ledger_.set_leverage(leverage); }
  void set_leverage(InstrumentNo instrument, std::uint32_t leverage) { ledger_.set_leverage(instrument, leverage); }
  // Cross or isolated from now on; only while there is neither a position nor an open order.
  void set_margin_mode(InstrumentNo instrument, MarginMode mode) { ledger_.set_mode(instrument, mode); }

  // Hedge mode (a LONG and a SHORT position an instrument) or one-way; only while there is neither a position nor an
  // open order.
  void set_hedged(bool is_hedged) { ledger_.set_hedged(is_hedged); }
  // Into the isolated wallet of a position or, negative, out of it. The caller has seen that it is there.
  void move_margin(InstrumentNo instrument, PositionSide of, Money amount) {
    ledger_.move_margin(instrument, amount, of);
  }

  std::vector<Report>& reports() { return reports_; }

  const Ledger& ledger() const { return ledger_; }
  const Market* market(InstrumentNo instrument) const;
  const std::vector<VenueOrder>* orders(InstrumentNo instrument) const;
  Money insurance_paid() const { return insurance_paid_; }  // deficits the fund took over
  Money commission_paid(std::uint16_t asset) const { return asset < 2 ? commission_[asset] : Money{}; }
  Money funding_received() const { return funding_; }

  void persist(engine::StateArchive& archive);

 private:
  struct FundingState {
    UnixNanos next_time;   // announced; 0 = not
    Rate rate;             // running estimate
    UnixNanos settled_at;  // last settlement
    bool has_settlements = false;
    void persist(engine::StateArchive& archive);
  };
  struct Slot {  // everything about one instrument
    Market market;
    std::vector<VenueOrder> orders;  // open ones, by arrival
    FundingState funding;
    Price last_fallback_mark;
    std::uint8_t margin_called = 0;  // of isolated positions: a bit for each side
    // Derived from orders:
    std::uint32_t resting = 0;
    std::uint32_t waiting = 0;
    Price best_own_bid;  // 0 = none
    Price best_own_ask;
    void refresh();
    void persist(engine::StateArchive& archive);
  };

  Slot* find(InstrumentNo instrument) { return instrument < slots_.size() ? slots_[instrument].get() : nullptr; }
  bool may_be_traded(const Instrument& instrument) const;
  Slot& slot_for(InstrumentNo instrument);
  const Instrument& instrument_of(InstrumentNo instrument) const { return slots_[instrument]->market.instrument; }
  InstrumentNo number_of(const Slot& slot) const { return slot.market.instrument.number; }
  void sweep();  // drops closed orders of touched slots
  void touch(Slot& slot) { touched_.push_back(number_of(slot)); }

  // exchange.cpp
  void start_clock(UnixNanos now);
  void declare(const journal::RecordView& record, InstrumentNo instrument);
  void declare_margin(const journal::RecordView& record, InstrumentNo instrument);
  void set_state(Slot& slot, InstrumentState state);
  void on_mark_price(Slot& slot, schema::MarkPrice::Reader record);
  Report& report(journal::RecordType type, InstrumentNo instrument, PositionSide of = PositionSide::BOTH);
  OrderReport& report_order(Slot& slot, const VenueOrder& order, ReportKind kind);
  void report_refusal(const Command& command, ReportKind kind, VenueError error);
  void report_account(Slot& slot, Money change, schema::BalanceChangeReason reason);
  void report_position(Slot& slot, PositionSide of);
  void expire(Slot& slot, VenueOrder& order, ExpiryReason reason, VenueError error = VenueError::none);

  // orders.cpp
  void submit(const Command& command);
  void cancel(const Command& command);
  void cancel_all(const Command& command);
  void modify(const Command& command);
  VenueError check_entry(Slot& slot, const Command& command);
  VenueError check_admission(Slot& slot, const VenueOrder& order);
  VenueError check_closing(const Slot& slot, const VenueOrder& order, Qty leaves) const;
  void start(Slot& slot, VenueOrder& order);  // admitted: takes, then rests or expires
  VenueOrder* find_order(InstrumentNo instrument, Seq id, Slot** slot);

  // matching.cpp
  Qty fillable(const Slot& slot, const VenueOrder& order) const;  // leaves, capped where it may only reduce
  bool crosses(const Slot& slot, const VenueOrder& order) const;
  Qty takeable(Slot& slot, Side side, Price limit, Qty wanted);  // limit 0 = none
  void take(Slot& slot, VenueOrder& order, Price limit);
  void meet_own_orders(Slot& slot, VenueOrder& taker, Price limit);
  void rest(Slot& slot, VenueOrder& order);
  void fill(Slot& slot, VenueOrder& order, Price price, Qty qty, LiquiditySide liquidity);
  void expire_reduce_only(Slot& slot);
  void on_trade(Slot& slot, schema::Trade::Reader trade, UnixNanos happened);
  void on_quotes(Slot& slot);  // book or best bid/offer changed
  struct Commission {
    Money amount;
    std::uint16_t asset = kSettlementAsset;
  };
  Commission commission(Slot& slot, Money notional, LiquiditySide liquidity);
  Price market_bound(const Slot& slot, Side side) const;  // 0 = none

  // conditional.cpp
  std::optional<Price> trigger_price_now(const Slot& slot, TriggerSource source) const;
  static bool is_touched(const VenueOrder& order, Price price);
  void check_triggers(Slot& slot, TriggerSource source);
  void fire(Slot& slot, VenueOrder& order);
  bool follow(Slot& slot, VenueOrder& order, Price price);  // trailing: true = fires

  // bars.cpp
  void on_bar(Slot& slot, schema::MarketBar::Reader bar);
  void walk_segment(Slot& slot, Price from, Price to, UnixNanos opened, bool is_open);
  bool low_comes_first(const Slot& slot) const;

  // margin.cpp
  VenueError check_margin_for(Slot& slot, const VenueOrder& order, Price price, Qty qty);
  // What an instrument's positions may come to with every open order that may enlarge them, each side by itself
  // (one-way: all in the first); `extra` stands in place of the order `changed`.
  struct Exposure {
    Money first;   // BOTH, LONG
    Money second;  // SHORT
    Money of(PositionSide side) const { return side == PositionSide::SHORT ? second : first; }
    Money sum() const { return first + second; }
  };
  Exposure exposure(const Slot& slot, const VenueOrder* changed, Money extra) const;
  Money net_exposure(const Slot& slot, const VenueOrder* changed, Money extra) const;
  Money margin_needed(const Slot& slot, const Exposure& exposure) const;
  std::uint32_t account_leverage(const Instrument& instrument) const;

  // funding.cpp
  void announce_funding(Slot& slot, UnixNanos next, Rate rate);
  void on_settlement(Slot& slot, schema::FundingSettlement::Reader record, UnixNanos happened);
  void check_funding(Slot& slot);
  void settle(Slot& slot, Rate rate, Price mark);

  // liquidation.cpp
  // An execution that nobody ordered: closes `qty` of the position, for the account and in the reports.
  struct ForcedFill {
    std::int64_t venue_order_id = 0;
    std::string client_id;
    PositionSide position_side = PositionSide::BOTH;
    Side side = Side::NONE;
    Price order_price;
    Qty order_qty;
    Qty cum_qty;
    Price price;
    Qty qty;
    Money fee;  // of the insurance fund; 0 = none
  };
  void fill_forced(Slot& slot, const ForcedFill& fill);
  void revalue(Slot& slot);  // after a new mark price
  void check_maintenance(Slot& slot);
  void check_maintenance(Slot& slot, PositionSide of);
  void liquidate(Slot& slot, PositionSide of);
  bool close_step(Slot& slot, PositionSide of);  // false: flat already
  void force_close(Slot& slot, PositionSide of, Qty qty);

  config::Config config_;
  std::vector<std::string> symbols_;
  QueueModel queue_model_ = QueueModel::pessimistic;
  UnixNanos now_;
  UnixNanos next_timer_;
  std::vector<std::unique_ptr<Slot>> slots_;  // by instrument number
  InstrumentNo fee_asset_instrument_ = 0;
  Ledger ledger_;
  std::vector<Report> reports_;
  std::vector<InstrumentNo> touched_;
  std::int64_t next_venue_order_id_ = 1;
  std::int64_t next_trade_id_ = 1;
  bool margin_called_ = false;
  Money insurance_paid_;
  Money funding_;
  Money commission_[2];
};

}  // namespace reprise::sim
