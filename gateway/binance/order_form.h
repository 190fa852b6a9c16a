// The requests about orders: each of the venue's order types, modify, cancel in all its forms, queries.
//
// A form is checked for what its type needs and what it must not have, so that a defect of ours is found here and not
// as a -1102 by the venue; business rules (filters, margin) are not looked at. Prices and quantities are 1e-8 and are
// written as plain decimals without trailing zeros. Costs are those of 2026-10. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/market/fixed.h"
#include "gateway/binance/request_form.h"
#include "journal/record.capnp.h"
#include "journal/result.h"

namespace reprise::gateway::binance {

enum class PriceMatch { none, opponent, opponent_5, opponent_10, opponent_20, queue, queue_5, queue_10, queue_20 };
enum class AnswerDetail { ack, result };

struct OrderForm {
  std::string symbol;
  schema::Side side = schema::Side::NONE;
  schema::PositionSide position_side = schema::PositionSide::BOTH;  // BOTH: one-way mode, left out
  schema::OrderType type = schema::OrderType::NONE;
  schema::TimeInForce time_in_force = schema::TimeInForce::NONE;
  Qty qty;
  Price price;
  PriceMatch price_match = PriceMatch::none;
  bool reduce_only = false;
  bool close_position = false;  // STOP_MARKET and TAKE_PROFIT_MARKET
  std::string client_id;
  schema::StpMode stp_mode = schema::StpMode::NONE;  // NONE: left out, the venue takes its default
  UnixNanos good_till;                               // with GTD only
  AnswerDetail detail = AnswerDetail::ack;
  // Conditional types:
  Price trigger_price;
  schema::TriggerSource trigger_source = schema::TriggerSource::LAST_PRICE;
  bool price_protect = false;
  Price activation_price;  // TRAILING_STOP_MARKET; 0 = at once
  Rate callback_rate;      // 0.01 = 1 %
};

// The venue keeps conditional orders ("algo" orders) in a space of their own, with an endpoint of their own.
bool is_algo(schema::OrderType type);

// One of the two: the venue's id (of the order or algo order) or ours. The venue's prevails.
struct OrderRef {
  std::string symbol;  // not sent for algo orders
  std::int64_t venue_id = 0;
  std::string client_id;
};

Result<VenueRequest> new_order(const OrderForm& form);                // LIMIT, MARKET
Result<VenueRequest> new_algo_order(const OrderForm& form);           // the conditional types
Result<VenueRequest> new_batch(const std::vector<OrderForm>& forms);  // 1 to 5, LIMIT and MARKET
Result<VenueRequest> modify_order(const OrderRef& order, schema::Side side, Qty qty, Price price,
                                  std::int64_t modify_id = 0);
Result<VenueRequest> cancel_order(const OrderRef& order);
Result<VenueRequest> cancel_algo_order(const OrderRef& order);
// 1 to 10 of one symbol, all by the venue's id or all by ours.
Result<VenueRequest> cancel_batch(const std::vector<OrderRef>& orders);
VenueRequest cancel_all_orders(std::string_view symbol);  // not the algo orders
VenueRequest cancel_all_algo_orders(std::string_view symbol);
// All orders of the symbol are cancelled when so much time passes without another call; 0 stops the clock.
VenueRequest countdown_cancel(std::string_view symbol, DurationNanos countdown);

Result<VenueRequest> query_order(const OrderRef& order);
Result<VenueRequest> query_algo_order(const OrderRef& order);
VenueRequest open_orders(std::string_view symbol = {});  // empty: of all symbols, at a higher cost
VenueRequest open_algo_orders(std::string_view symbol = {});

}  // namespace reprise::gateway::binance
