// Events of the private stream and the order objects of REST, read into plain values.
//
// Both name the same things in two spellings (binance documentation, user data streams and order endpoints); one struct
// holds either. Leniency as in message_parser.h: unknown fields and events are ignored, numbers may be text and the
// other way round. Units: 1e-8; times ns UTC, 0 = not given. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/market/fixed.h"
#include "journal/record.capnp.h"
#include "journal/result.h"

namespace reprise::gateway::binance {

enum class VenueStatus : std::uint8_t {
  none,
  new_order,  // NEW, and of a conditional order: waiting for its trigger
  partially_filled,
  filled,
  canceled,
  expired,   // EXPIRED, EXPIRED_IN_MATCH
  rejected,  // of a conditional order: refused when it was triggered
  triggering,
  triggered,
  finished,  // of a conditional order: the order that it became is done
};
bool is_working(VenueStatus status);  // the order may still trade

enum class Execution : std::uint8_t { none, new_order, trade, canceled, expired, amendment, calculated };

// One order as the venue tells it.
struct OrderView {
  std::string symbol;
  std::string client_id;
  std::int64_t venue_id = 0;   // of a conditional order: its algo id
  std::int64_t actual_id = 0;  // the order that a conditional one became, 0 = none yet
  bool is_algo = false;
  schema::Side side = schema::Side::NONE;
  schema::OrderType type = schema::OrderType::NONE;  // as it was sent
  schema::TimeInForce time_in_force = schema::TimeInForce::NONE;
  VenueStatus status = VenueStatus::none;
  Qty qty;
  Qty cum_qty;
  Price price;
  Price trigger_price;
  Price average_price;
  bool is_reduce_only = false;
  bool is_trailing_active = false;
  schema::ExpiryReason expiry_reason = schema::ExpiryReason::NONE;
  std::string reject_reason;
  UnixNanos time;  // transaction time, or of the last update
};

struct TradeView {  // one execution
  std::string symbol;
  std::int64_t order_id = 0;
  std::int64_t trade_id = 0;
  schema::Side side = schema::Side::NONE;
  Price price;
  Qty qty;
  Money commission;
  std::string commission_asset;  // empty: not said
  bool is_maker = false;
  UnixNanos time;
};

struct BalanceView {
  std::string asset;
  Money wallet;
  Money change;  // other than by trading
  UnixNanos time;
};

struct PositionView {
  std::string symbol;
  schema::PositionSide side = schema::PositionSide::BOTH;
  Qty qty;  // signed
  Price entry_price;
  Money unrealized;
  Money isolated_wallet;
  schema::MarginMode mode = schema::MarginMode::CROSS;
  UnixNanos time;
};

struct OrderEvent {
  OrderView order;
  Execution execution = Execution::none;
  TradeView trade;              // of a trade or a forced execution
  std::uint64_t modify_id = 0;  // of an amendment: what we named it
};

struct AccountEvent {
  std::string reason;  // "ORDER", "FUNDING_FEE", ...
  std::string symbol;  // of a funding payment
  UnixNanos time;
  std::vector<BalanceView> balances;
  std::vector<PositionView> positions;
};

struct ConfigEvent {
  std::string symbol;  // empty: of the account
  std::uint32_t leverage = 0;
  bool has_multi_assets = false;
  bool is_multi_assets = false;
  UnixNanos time;
};

struct MarginCallEvent {
  UnixNanos time;
  Money cross_wallet;
  struct Item {
    std::string symbol;
    Qty qty;
    Price mark_price;
    Money maintenance_margin;
    Money unrealized;
  };
  std::vector<Item> items;
};

enum class UserEventKind : std::uint8_t { none, order, account, config, margin_call, listen_key_expired };

struct UserEvent {
  UserEventKind kind = UserEventKind::none;  // none: an event that is not ours to know, or an answer
  UnixNanos event_time;
  OrderEvent order;
  AccountEvent account;
  ConfigEvent config;
  MarginCallEvent margin_call;
};

// A frame of the private stream, wrapped or not. An Error says what it lacks.
Status parse_user_event(std::string_view frame, UserEvent& event);

// Bodies of REST answers.
Result<OrderView> parse_order(std::string_view body);                // place, modify, cancel, query; algo orders too
Result<std::vector<OrderView>> parse_orders(std::string_view body);  // openOrders, openAlgoOrders
Result<std::vector<TradeView>> parse_trades(std::string_view body);  // userTrades
Result<std::vector<BalanceView>> parse_balances(std::string_view body);    // v2 and v3 balance
Result<std::vector<PositionView>> parse_positions(std::string_view body);  // v2 and v3 positionRisk

}  // namespace reprise::gateway::binance
