// Our orders at the venue: sends the engine's commands and tells what became of each, once and in order.
//
// The rules that keep somebody's money (tests/model/ORDER_PROTOCOL.md checks them exhaustively):
//  * A client id is made from the run's tag and the seq of the submit, and is known here before anything is sent.
//  * An order is sent again only when the venue said for certain that it did not process it, and under the same id.
//  * Unknown fate (no answer, an answer that says so) leads to questions by client id with growing pauses. "Does not
//    exist" is believed only when the request can no longer arrive: its receive window has passed at the venue.
//  * A cancel may be repeated at will: while the order's own fate is open it waits for that.
//  * Answers, events of the private stream and answers to questions tell the same things in any order, twice or not at
//    all; they are merged: an execution is told once by its trade id, an end is told once, nothing is told behind it
//    but executions. Executions that nobody told are read from the account's trades.
// The model's states: sending, unknown, working, closed (order_phase()).
//
// Commands and callbacks on the wire's thread. Reports go to the listener, never within send() but possibly within
// on_event(). Nothing is called behind destruction.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "engine/execution/order.h"
#include "gateway/binance/backoff.h"
#include "gateway/binance/rest_client.h"
#include "gateway/binance/symbol_table.h"
#include "gateway/binance/user_event.h"
#include "sim/exchange/messages.h"

namespace reprise::gateway::binance {

using journal::Seq;

class OrderListener {
 public:
  virtual ~OrderListener() = default;
  virtual void on_report(const sim::Report& report) = 0;
  // For people: what the session does about a fault. Texts hold no secrets.
  virtual void on_notice(schema::AlertLevel, const std::string& /*text*/) {}
  // An answer about one of our orders that is no success: what it says about more than that is the listener's to judge.
  virtual void on_trouble(const Judgement&, const std::string& /*text*/) {}
  // A place or a modify of which it is not known whether it happened; once each, behind what is reported of it.
  virtual void on_unknown_fate(const std::string& /*text*/) {}
};

enum class OrderPhase : std::uint8_t {
  sending,  // the request is on its way or waits for the limits
  unknown,  // it may or may not stand at the venue: asked for
  working,  // it stands there
  closed,
};
const char* name_of(OrderPhase phase);

struct OrderSessionCounts {
  std::uint64_t submits = 0, cancels = 0, modifies = 0;  // commands taken
  std::uint64_t requests = 0;                            // that left for them
  std::uint64_t resends = 0;                             // of submits, after "not processed"
  std::uint64_t unknown_fates = 0;
  std::uint64_t questions = 0;         // queries by client id
  std::uint64_t found_executions = 0;  // read from the account's trades
};

class OrderSession {
 public:
  struct Options {
    std::uint64_t run_tag = 0;
    std::uint64_t seed = 0;
    std::int64_t recv_window_millis = 5000;
    DurationNanos first_pause = DurationNanos::millis(200);  // between attempts and questions
    DurationNanos longest_pause = DurationNanos::seconds(5);
    std::uint32_t most_resends = 3;
  };
  static constexpr std::size_t kClosedKept = 512;
  static constexpr std::size_t kTradesKept = 8192;

  OrderSession(RestClient& rest, const SymbolTable& symbols, const Options& options, OrderListener& listener);
  ~OrderSession();
  OrderSession(const OrderSession&) = delete;
  OrderSession& operator=(const OrderSession&) = delete;

  void send(const sim::Command& command);
  void on_event(const OrderEvent& event);

  // An order of this run that the engine knows from its journal: asked for at once.
  void adopt(const engine::Order& order);
  // An execution that the journal holds already.
  void know_trade(InstrumentNo instrument, std::int64_t trade_id);

  // After each connection of the private stream and from time to time: reads open orders, and asks for ours that are
  // not among them. Then `done`, with false where the venue could not be read.
  using Done = std::function<void(bool ok)>;
  void reconcile(Done done);
  // Executions of an instrument since the last one known, told where they were not. `done` as above.
  void read_trades(InstrumentNo instrument, Done done);

  // The dead man's switch: the venue cancels the orders of these instruments unless it is asked again within the time.
  void arm_countdown(DurationNanos countdown);

  std::size_t open_count() const;
  std::size_t unsettled() const;  // orders, cancels and modifies without a certain end
  const OrderSessionCounts& counts() const { return counts_; }

 private:
  struct Tracked {
    sim::Command submit;  // with the terms as the venue has them now
    std::string symbol;
    std::string client_id;
    bool is_algo = false;
    OrderPhase phase = OrderPhase::sending;
    std::int64_t venue_id = 0;
    std::int64_t actual_id = 0;
    Qty cum_qty;
    Qty most_qty;        // the most that the venue ever said is executed
    UnixNanos terms_at;  // venue time of the terms that we have: what is older says nothing about them
    bool is_told_accepted = false;
    bool is_told_triggered = false;
    bool is_told_child = false;
    bool is_told_trailing = false;
    VenueStatus end = VenueStatus::none;
    UnixNanos first_placed;
    UnixNanos last_placed;  // venue time of the last request that could have made it
    std::uint32_t resends = 0;
    std::uint32_t attempts = 0;  // questions, for the pause
    bool is_asking = false;
    bool is_reading_trades = false;
    Seq cancel = 0;  // wished
    bool is_cancel_out = false;
    bool is_cancel_unknown = false;  // the venue did not know what to cancel
    std::uint32_t cancel_attempts = 0;
    Seq modify = 0;
    bool is_modify_out = false;
    bool is_modify_unknown = false;
    UnixNanos modify_sent;
    Qty modify_qty;
    Price modify_price;
    net::TimerId timer = 0;
  };
  using Orders = std::map<Seq, Tracked>;

  Tracked* find(Seq order_id);
  void after(Tracked& order, DurationNanos pause, std::function<void(Tracked&)> what);
  void stop_timer(Tracked& order);

  void place(Tracked& order);
  void on_placed(Tracked& order, const Answer& answer);
  void be_unknown(Tracked& order, std::int32_t code, const std::string& why);
  void ask(Tracked& order);
  void ask_later(Tracked& order);
  void on_asked(Tracked& order, const Answer& answer);
  void settle(Tracked& order, const OrderView& view);
  void start_cancel(Tracked& order);
  void on_cancelled(Tracked& order, const Answer& answer);
  void start_modify(Tracked& order);
  void on_modified(Tracked& order, const Answer& answer);
  void take_up(Tracked& order);
  void go_on(Tracked& order);  // wishes that waited for the order to stand
  void refuse_cancel(Tracked& order, std::int32_t code);
  void refuse_modify(Tracked& order, std::int32_t code, const std::string& text);

  // order_merge.cpp
  void merge(Tracked& order, const OrderEvent& event);
  void merge_algo(Tracked& order, const OrderView& view);
  void tell_accepted(Tracked& order, const OrderView& view);
  void tell_fill(Tracked& order, const TradeView& trade, Qty venue_qty);
  void tell_modified(Tracked& order, const OrderView& view);
  void tell_end(Tracked& order, const OrderView& view);
  void tell_gone(Tracked& order);  // cancelled, with the executions that are told
  void tell_foreign(const OrderEvent& event);
  void tell_forced(const OrderEvent& event);
  bool take_terms(Tracked& order, const OrderView& view);  // false: older than what we have
  void find_executions(Tracked& order);
  void cancel_stray(const OrderView& view);
  void close(Tracked& order, VenueStatus end);
  sim::Report report_of(const Tracked& order, schema::ReportKind kind, UnixNanos time) const;
  bool remember_trade(InstrumentNo instrument, std::int64_t trade_id);  // false: known already
  void take_trades(InstrumentNo instrument, const std::vector<TradeView>& trades);

  void trouble(const char* what, Seq seq, const Answer& answer);
  void notice(schema::AlertLevel level, const std::string& text) { listener_.on_notice(level, text); }

  RestClient& rest_;
  const SymbolTable& symbols_;
  const Options options_;
  OrderListener& listener_;
  Backoff backoff_;
  Orders orders_;
  std::map<std::int64_t, Seq> by_venue_id_;  // of plain orders and of those that conditional ones became
  std::deque<Seq> closed_;
  std::set<std::pair<InstrumentNo, std::int64_t>> trades_;
  std::deque<std::pair<InstrumentNo, std::int64_t>> trade_order_;
  std::map<InstrumentNo, std::int64_t> read_trades_;  // up to this id the account's trades were read
  OrderSessionCounts counts_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace reprise::gateway::binance
