// An order of a client as the exchange server remembers it: open, done, or waiting for its trigger.
//
// Two kinds share the form: normal orders (orderId) and conditional ones (algoId), which make a normal order when they
// fire. JSON forms: the answers to placing, changing, cancelling and asking, and the two user events.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/market/fixed.h"
#include "engine/market/instrument.h"
#include "gateway/exchange/market_board.h"
#include "sim/exchange/messages.h"

namespace reprise::gateway::exchange {

enum class ClientOrderState : std::uint8_t {
  fresh,
  partly_filled,
  filled,
  canceled,
  expired,
  expired_in_match,
  rejected
};
std::string_view word(ClientOrderState state);

struct ClientOrder {
  std::int64_t id = 0;  // orderId, or algoId of a conditional one
  std::string client_id;
  sim::Seq seq = 0;  // what the simulated venue calls it; a fired order keeps that of its conditional one
  InstrumentNo instrument = 0;
  Side side = Side::NONE;
  sim::PositionSide position_side = sim::PositionSide::BOTH;
  OrderType type = OrderType::NONE;
  OrderType original_type = OrderType::NONE;
  TimeInForce time_in_force = TimeInForce::GTC;
  StpMode stp_mode = StpMode::EXPIRE_MAKER;
  TriggerSource working_type = TriggerSource::LAST_PRICE;
  bool reduce_only = false;  // asked for, or in hedge mode: closes
  bool close_position = false;
  bool price_protect = false;
  std::string price_match = "NONE";
  Qty qty;
  Price price;
  Price trigger_price;
  Price activation_price;
  Rate callback_rate;
  UnixNanos good_till;
  ClientOrderState state = ClientOrderState::fresh;
  Qty cum_qty;
  Money cum_quote;
  UnixNanos time;
  UnixNanos update_time;
  std::int64_t modify_id = 0;
  std::uint32_t modifications = 0;

  // Conditional only.
  bool is_algo = false;
  std::string_view algo_state = "NEW";
  std::int64_t actual_id = 0;  // of the normal order that it made
  UnixNanos trigger_time;
  bool is_trailing_active = false;
  std::string reject_reason;

  bool is_open() const {
    if (is_algo) return algo_state == "NEW";
    return state == ClientOrderState::fresh || state == ClientOrderState::partly_filled;
  }
  Price average_price() const { return cum_qty.is_positive() ? div(cum_quote, cum_qty) : Price{}; }
};

enum class OrderForm : std::uint8_t {
  placed,    // answer to a placement: without average price since July 2026
  changed,   // to a modification
  canceled,  // to a cancellation
  asked,     // to a query
};

void write_order(JsonText& out, const ClientOrder& order, const BoardInstrument& i, OrderForm form);
void write_algo_order(JsonText& out, const ClientOrder& order, const BoardInstrument& i, bool is_query);

// One execution, as far as an event tells it.
struct ClientFill {
  std::int64_t trade_id = 0;
  Qty qty;
  Price price;
  Money commission;
  std::string_view commission_asset = "USDT";
  Money realized_profit;
  bool is_maker = false;
};
struct OpenNotional {
  Money bids;
  Money asks;
};

// `execution`: NEW, TRADE, CANCELED, EXPIRED, AMENDMENT, CALCULATED. `fill`: nullptr when nothing traded.
std::string order_event(const ClientOrder& order, const BoardInstrument& i, std::string_view execution,
                        const ClientFill* fill, OpenNotional open, int expiry_reason, UnixNanos now);
std::string trade_lite_event(const ClientOrder& order, const BoardInstrument& i, const ClientFill& fill, UnixNanos now);
std::string algo_event(const ClientOrder& order, const ClientOrder* actual, const BoardInstrument& i, UnixNanos now);

}  // namespace reprise::gateway::exchange
