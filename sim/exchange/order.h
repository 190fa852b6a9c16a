// An order as the venue keeps it while it is open.
#pragma once

#include <cstdint>

#include "sim/exchange/messages.h"

namespace reprise::sim {

// Where we stand in the queue of a price level.
struct QueuePlace {
  Qty ahead;              // market quantity in front of us
  bool is_known = false;  // false: the level was never seen; nobody at our price fills us then
  Qty seen;               // the level's quantity at the last look
  Qty traded_since;       // traded at our price since the last look: not to be counted twice
  void persist(engine::StateArchive& archive) {
    archive.field("ahead", ahead);
    archive.field("is_known", is_known);
    archive.field("seen", seen);
    archive.field("traded_since", traded_since);
  }
};

struct VenueOrder {
  Seq id = 0;  // ours: seq of the submit command
  std::int64_t venue_id = 0;
  Side side = Side::NONE;
  PositionSide position_side = PositionSide::BOTH;
  OrderType type = OrderType::NONE;
  TimeInForce time_in_force = TimeInForce::NONE;
  StpMode stp_mode = StpMode::NONE;
  TriggerSource trigger_source = TriggerSource::LAST_PRICE;
  bool reduce_only = false;  // in hedge mode every order that closes
  bool close_position = false;
  Qty qty;
  Qty cum_qty;
  Price price;
  Price trigger_price;
  Price activation_price;
  Rate callback_rate;
  UnixNanos good_till;        // GTD only; 0 = none
  UnixNanos arrived;          // at the venue; a change of priority sets it anew
  bool is_waiting = false;    // conditional and not triggered
  bool is_activated = false;  // trailing: the extreme is being followed
  Price extreme;              // trailing: best price since activation
  bool is_closed = false;     // swept at the end of the event
  QueuePlace queue;

  static VenueOrder of(const Command& submit);  // not arrived yet

  Qty leaves_qty() const { return qty - cum_qty; }
  bool is_resting() const { return !is_waiting && !is_closed; }
  bool is_closing() const { return closes(position_side, side); }  // in hedge mode; false in one-way mode
  bool may_only_reduce() const { return reduce_only || close_position; }

  void persist(engine::StateArchive& archive) {
    archive.field("id", id);
    archive.field("venue_id", venue_id);
    persist_with_side(archive, "side", side, position_side);
    archive.field("type", type);
    archive.field("time_in_force", time_in_force);
    archive.field("stp_mode", stp_mode);
    archive.field("trigger_source", trigger_source);
    archive.field("reduce_only", reduce_only);
    archive.field("close_position", close_position);
    archive.field("qty", qty);
    archive.field("cum_qty", cum_qty);
    archive.field("price", price);
    archive.field("trigger_price", trigger_price);
    archive.field("activation_price", activation_price);
    archive.field("callback_rate", callback_rate);
    archive.field("good_till", good_till);
    archive.field("arrived", arrived);
    archive.field("is_waiting", is_waiting);
    archive.field("is_activated", is_activated);
    archive.field("extreme", extreme);
    archive.field("is_closed", is_closed);
    archive.field("queue", queue);
  }
};

constexpr bool is_conditional(OrderType type) {
  return type == OrderType::STOP_LIMIT || type == OrderType::STOP_MARKET || type == OrderType::TAKE_PROFIT_LIMIT ||
         type == OrderType::TAKE_PROFIT_MARKET || type == OrderType::TRAILING_STOP_MARKET;
}
constexpr bool has_limit_price(OrderType type) {
  return type == OrderType::LIMIT || type == OrderType::STOP_LIMIT || type == OrderType::TAKE_PROFIT_LIMIT;
}

}  // namespace reprise::sim
