// Keeps every order of the account: makes commands, books venue reports through the transition table,
// names what cannot be.
//
// Journals: OrderCommand and OrderState for commands, OrderState for every change of status, cumulative
// quantity, price or quantity, OrderAnomaly for whatever does not fit. Executions come back in the
// Outcome; Portfolio::on_fill books them and writes the Fill.
//
// Principles
//  * An execution with a new trade id is a fact and is booked, whatever state the order is in; what is odd
//    about it is journaled beside it. A trade id seen before is ignored and journaled (duplicateFill).
//  * Modify keeps the order's id. A cancel or modify that lost its race against a fill is answered with
//    cancelRejected / modifyRejected, which is expected once for each command sent.
//  * An answer later than the time-out makes the order `unknown`; any later report settles it.
//  * Orders that are not ours (order id 0) are left alone: anomaly unknownOrder, once for each venue order id
//    (the last kForeignKept ids are remembered).
//
// Memory is flat: the last kClosedKept closed orders and kTradesKept trade ids are kept. A report about an
// older closed order is an unknownOrder anomaly; a repeated execution is recognised within kTradesKept
// executions of the account.
//
// Pointers to orders are valid until kClosedKept further orders have closed. Not thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <set>
#include <utility>
#include <vector>

#include "engine/emitter.h"
#include "engine/execution/order.h"
#include "engine/execution/transition_table.h"

namespace reprise::engine {

// One execution as the venue reported it.
struct FillDetails {
  Seq order_id = 0;  // 0 = forced by the venue or not ours
  InstrumentNo instrument = 0;
  StrategyNo strategy = 0;  // 0 = the engine itself: shares are reduced in strategy order
  Side side = Side::NONE;
  LiquiditySide liquidity = LiquiditySide::NONE;
  std::int64_t trade_id = 0;
  Price price;
  Qty qty;           // positive
  Money commission;  // positive = we pay
  std::uint16_t commission_asset = 0;
  Price mid_at_decision;  // 0 = no book
  bool is_liquidation = false;
  UnixNanos at;  // the venue's time of the execution
};

// Quantities that may still trade, by side; reduce-only and close-position orders stand apart, since they cannot
// enlarge a position. A modify in flight counts with the larger of both quantities.
struct WorkingQty {
  InstrumentNo instrument = 0;
  Qty buy;
  Qty sell;
  std::uint32_t open_orders = 0;  // reduce-only ones included
  std::uint32_t reduce_only_orders = 0;
  Qty reduce_buy;  // reduce-only quantities, by side
  Qty reduce_sell;
  std::uint32_t close_buy = 0;  // close-position orders, by side: each may take the whole position
  std::uint32_t close_sell = 0;

  // How much of a position orders that only reduce may take away.
  Qty may_reduce(Qty held) const;
  // The most that a position may come to when orders of the side trade, as a quantity in that side's direction
  // (negative: still on the other side). What may be reduced may be reduced first, and then offsets nothing.
  Qty exposed_to(Side side, Qty held) const;
};

class OrderManager {
 public:
  static constexpr std::size_t kClosedKept = 512;
  static constexpr std::size_t kTradesKept = 8192;
  static constexpr std::size_t kForeignKept = 1024;

  void configure(DurationNanos order_timeout) { order_timeout_ = order_timeout; }

  // Returns the id: the seq of the OrderCommand. The request has passed risk. The cause of the command is
  // request.cause (set it to the seq of the RiskDecision).
  Seq submit(const OrderRequest& request, Emitter& out);
  // A request that risk refused: journaled as an order in state denied, under the seq of the decision.
  void deny(const OrderRequest& request, Seq decision, Emitter& out);
  // False, and nothing journaled, when the order is closed, unknown to us or a cancel is in flight already.
  bool cancel(Seq order_id, Seq cause, Emitter& out);
  // False when not working (accepted, partially filled or triggered), or when nothing would change, or when the
  // new quantity is not above what has traded.
  bool modify(Seq order_id, Price price, Qty qty, Seq cause, Emitter& out);
  bool can_modify(const Order& order) const;

  struct Outcome {
    const Order* order = nullptr;  // ours, after the report; nullptr: foreign or forgotten
    bool is_fill = false;          // book `fill`
    bool state_changed = false;    // status, cumulative quantity, price or quantity
    bool is_anomaly = false;
    bool is_foreign = false;
    OrderStatus previous = OrderStatus::INITIALIZED;
    Seq state_seq = 0;  // the OrderState record, 0 = none
    FillDetails fill;
  };
  Outcome on_report(InstrumentNo instrument, schema::OrderReport::Reader report, Emitter& out);

  // Answers whose deadline has passed: the order's fate is unknown. Cheap when nothing is due.
  // Calls changed(const Order&) for each.
  template <class F>
  void on_tick(UnixNanos now, Emitter& out, F&& changed) {
    if (next_deadline_.ns == 0 || now < next_deadline_) return;
    for (Order* order : expire_deadlines(now, out)) changed(static_cast<const Order&>(*order));
  }
  void on_tick(UnixNanos now, Emitter& out) {
    on_tick(now, out, [](const Order&) {});
  }
  UnixNanos next_deadline() const { return next_deadline_; }  // 0 = none

  const Order* find(Seq order_id) const;
  const std::vector<Order*>& open_orders() const { return open_; }  // by id
  template <class F>
  void for_each_open(InstrumentNo instrument, F&& f) const {
    for (const Order* order : open_)
      if (order->request.instrument == instrument) f(*order);
  }
  template <class F>
  void for_each_open(StrategyNo strategy, InstrumentNo instrument, F&& f) const {
    for (const Order* order : open_)
      if (order->request.strategy == strategy && order->request.instrument == instrument) f(*order);
  }
  std::uint32_t open_count() const { return static_cast<std::uint32_t>(open_.size()); }
  const WorkingQty& working(InstrumentNo instrument) const;                // zeros when there is none
  const std::vector<WorkingQty>& all_working() const { return working_; }  // by instrument number

  std::uint64_t submitted_count() const { return submitted_count_; }
  std::uint64_t denied_count() const { return denied_count_; }
  std::uint64_t anomaly_count() const { return anomaly_count_; }
  std::size_t closed_kept() const { return closed_.size(); }

  void persist(StateArchive& archive);

 private:
  struct Change;
  Order& take_slot();
  void close(Order& order);
  void count_in(const Order& order, int sign);
  WorkingQty& working_entry(InstrumentNo instrument);
  Seq emit_state(const Order& order, OrderStatus previous, std::int32_t error_code, Seq cause, Emitter& out);
  void emit_anomaly(schema::AnomalyKind kind, InstrumentNo instrument, StrategyNo strategy, Seq order_id,
                    OrderStatus status, schema::ReportKind report, std::int64_t expected, std::int64_t actual,
                    Emitter& out);
  bool remember_trade(InstrumentNo instrument, std::int64_t trade_id);  // false = seen before
  bool remember_foreign(std::int64_t venue_order_id);
  void apply(Order& order, ReportEvent event, schema::OrderReport::Reader report, Emitter& out, Outcome& outcome);
  bool take_fill(Order* order, InstrumentNo instrument, schema::OrderReport::Reader report, Emitter& out,
                 Outcome& outcome);
  std::vector<Order*>& expire_deadlines(UnixNanos now, Emitter& out);
  void refresh_next_deadline();

  DurationNanos order_timeout_{};
  std::deque<Order> slots_;  // stable addresses
  std::vector<Order*> free_;
  std::vector<Order*> open_;         // by id
  std::deque<Order*> closed_;        // oldest first
  std::vector<WorkingQty> working_;  // by instrument number
  std::deque<std::pair<InstrumentNo, std::int64_t>> trade_order_;
  std::set<std::pair<InstrumentNo, std::int64_t>> trades_;
  std::deque<std::int64_t> foreign_;  // venue order ids
  std::vector<Order*> expired_now_;
  UnixNanos next_deadline_{};
  std::uint64_t submitted_count_ = 0;
  std::uint64_t denied_count_ = 0;
  std::uint64_t anomaly_count_ = 0;
};

}  // namespace reprise::engine
