#include "engine/execution/order.h"

namespace reprise::engine {

bool is_open(OrderStatus status) {
  switch (status) {
    case OrderStatus::SUBMITTED:
    case OrderStatus::ACCEPTED:
    case OrderStatus::PARTIALLY_FILLED:
    case OrderStatus::TRIGGERED:
    case OrderStatus::PENDING_MODIFY:
    case OrderStatus::PENDING_CANCEL:
    case OrderStatus::UNKNOWN: return true;
    default: return false;
  }
}

bool is_in_flight(OrderStatus status) {
  return status == OrderStatus::SUBMITTED || status == OrderStatus::PENDING_MODIFY ||
         status == OrderStatus::PENDING_CANCEL;
}

bool is_closed(OrderStatus status) {
  return status != OrderStatus::INITIALIZED && !is_open(status);
}

bool is_conditional(OrderType type) {
  switch (type) {
    case OrderType::STOP_LIMIT:
    case OrderType::STOP_MARKET:
    case OrderType::TAKE_PROFIT_LIMIT:
    case OrderType::TAKE_PROFIT_MARKET:
    case OrderType::TRAILING_STOP_MARKET: return true;
    default: return false;
  }
}

bool is_market(OrderType type) {
  switch (type) {
    case OrderType::MARKET:
    case OrderType::STOP_MARKET:
    case OrderType::TAKE_PROFIT_MARKET:
    case OrderType::TRAILING_STOP_MARKET:
    case OrderType::LIQUIDATION: return true;
    default: return false;
  }
}

const char* name_of(OrderStatus status) {
  switch (status) {
    case OrderStatus::INITIALIZED: return "initialized";
    case OrderStatus::DENIED: return "denied";
    case OrderStatus::SUBMITTED: return "submitted";
    case OrderStatus::REJECTED: return "rejected";
    case OrderStatus::ACCEPTED: return "accepted";
    case OrderStatus::PARTIALLY_FILLED: return "partially_filled";
    case OrderStatus::FILLED: return "filled";
    case OrderStatus::PENDING_MODIFY: return "pending_modify";
    case OrderStatus::PENDING_CANCEL: return "pending_cancel";
    case OrderStatus::CANCELED: return "canceled";
    case OrderStatus::EXPIRED: return "expired";
    case OrderStatus::TRIGGERED: return "triggered";
    case OrderStatus::UNKNOWN: return "unknown";
  }
  return "?";
}

void OrderRequest::persist(StateArchive& archive) {
  archive.field("instrument", instrument);
  archive.field("strategy", strategy);
  archive.field("cause", cause);
  archive.field("quote_key", quote_key);
  archive.field("side", side);
  archive.field("type", type);
  archive.field("time_in_force", time_in_force);
  archive.field("qty", qty);
  archive.field("price", price);
  archive.field("trigger_price", trigger_price);
  archive.field("activation_price", activation_price);
  archive.field("callback_rate", callback_rate);
  archive.field("trigger_source", trigger_source);
  archive.field("good_till", good_till);
  archive.field("reduce_only", reduce_only);
  archive.field("close_position", close_position);
  archive.field("stp_mode", stp_mode);
  archive.field("mid_at_decision", mid_at_decision);
}

void Order::persist(StateArchive& archive) {
  archive.field("id", id);
  archive.field("request", request);
  archive.field("status", status);
  archive.field("beneath", beneath);
  archive.field("cum_qty", cum_qty);
  archive.field("cum_notional", cum_notional);
  archive.field("venue_order_id", venue_order_id);
  archive.field("pending_qty", pending_qty);
  archive.field("pending_price", pending_price);
  archive.field("modify_command", modify_command);
  archive.field("cancel_command", cancel_command);
  archive.field("submitted_at", submitted_at);
  archive.field("deadline", deadline);
}

}  // namespace reprise::engine
