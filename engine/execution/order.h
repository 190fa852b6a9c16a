// An order as the engine keeps it, and the requests that lead to one.
#pragma once

#include <cstdint>

#include "engine/emitter.h"
#include "engine/market/instrument.h"
#include "engine/state_archive.h"

namespace reprise::engine {

// What somebody wants to do; checked by risk before it becomes an order.
struct OrderRequest {
  InstrumentNo instrument = 0;
  StrategyNo strategy = 0;
  Seq cause = 0;                // the signal, sizing or risk record behind it
  std::uint16_t quote_key = 0;  // slot of a quoting strategy; 0 = none
  Side side = Side::NONE;
  OrderType type = OrderType::NONE;
  TimeInForce time_in_force = TimeInForce::NONE;
  Qty qty;
  Price price;          // limit kinds
  Price trigger_price;  // conditional kinds
  Price activation_price;
  Rate callback_rate;
  TriggerSource trigger_source = TriggerSource::LAST_PRICE;
  UnixNanos good_till;
  bool reduce_only = false;
  bool close_position = false;
  StpMode stp_mode = StpMode::EXPIRE_MAKER;
  Price mid_at_decision;  // 0 = no book
  // An order of the kill switch or of an operator who closes: of no strategy, reduce-only, over at once.
  bool is_flatten() const {
    return strategy == 0 && reduce_only &&
           (type == OrderType::MARKET || (type == OrderType::LIMIT && time_in_force == TimeInForce::IOC));
  }
  void persist(StateArchive& archive);
};

// The order keeps one id, its price and quantity may change by modify. A cancel and a modify may be in
// flight at once (the cancel was sent later); each is remembered until it is answered.
struct Order {
  Seq id = 0;  // seq of the submit command
  OrderRequest request;
  OrderStatus status = OrderStatus::INITIALIZED;
  OrderStatus beneath = OrderStatus::INITIALIZED;  // where it stands below a pending cancel or modify
  Qty cum_qty;
  Money cum_notional;
  std::int64_t venue_order_id = 0;
  Qty pending_qty;  // of the modify in flight
  Price pending_price;
  Seq modify_command = 0;  // seq of the modify in flight; 0 = none
  Seq cancel_command = 0;  // seq of the cancel in flight; 0 = none
  UnixNanos submitted_at;
  UnixNanos deadline;  // of the answer in flight; 0 = none

  Qty leaves_qty() const { return request.qty - cum_qty; }
  void persist(StateArchive& archive);
};

bool is_open(
    OrderStatus status);  // may still trade: submitted, accepted, partially_filled, triggered, pending_*, unknown
bool is_in_flight(OrderStatus status);  // an answer is awaited: submitted, pending_modify, pending_cancel
bool is_closed(OrderStatus status);     // denied, rejected, filled, canceled, expired
bool is_conditional(OrderType type);    // waits for a trigger
bool is_market(OrderType type);         // no limit price of its own once it trades

const char* name_of(OrderStatus status);  // glossary spelling: "partially_filled"

}  // namespace reprise::engine
