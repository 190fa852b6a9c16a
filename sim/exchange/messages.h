// What goes into the venue and what comes out of it, as plain values.
//
// A Command is an OrderCommand record as the venue got it. A Report becomes one input record of the run
// (write_report) when it reaches the engine. Units: fixed.h; times are venue time, ns UTC.
#pragma once

#include <cstdint>
#include <string>

#include "engine/market/instrument.h"
#include "engine/state_archive.h"
#include "journal/record_batch.h"
#include "sim/exchange/errors.h"
#include "sim/exchange/position_side.h"

namespace reprise::engine {
struct Order;  // engine/execution/order.h
}

namespace reprise::sim {

using journal::Seq;
using schema::CommandKind;
using schema::ExpiryReason;
using schema::ReportKind;

inline constexpr std::uint16_t kAccount = 1;
inline constexpr std::uint16_t kSettlementAsset = 0;  // place in the run's asset table
inline constexpr std::uint16_t kFeeAsset = 1;

struct Command {
  Seq seq = 0;  // of the OrderCommand record
  CommandKind kind = CommandKind::NONE;
  Seq order_id = 0;  // submit: equal to seq
  InstrumentNo instrument = 0;
  Side side = Side::NONE;
  PositionSide position_side = PositionSide::BOTH;  // BOTH: one-way mode, which is all that an engine's record can say
  OrderType type = OrderType::NONE;
  TimeInForce time_in_force = TimeInForce::NONE;
  bool reduce_only = false;
  bool close_position = false;
  TriggerSource trigger_source = TriggerSource::LAST_PRICE;
  StpMode stp_mode = StpMode::NONE;
  Qty qty;
  Price price;
  Price trigger_price;
  Price activation_price;
  Rate callback_rate;
  UnixNanos good_till;

  static Command from_record(Seq seq, InstrumentNo instrument, schema::OrderCommand::Reader record);
  static Command submit_of(const engine::Order& order);  // the command that made it, on the order's terms of now
  void persist(engine::StateArchive& archive);
};

struct OrderReport {
  Seq order_id = 0;
  std::int64_t venue_order_id = 0;
  ReportKind kind = ReportKind::NONE;
  Side side = Side::NONE;
  OrderType type = OrderType::NONE;
  TimeInForce time_in_force = TimeInForce::NONE;
  LiquiditySide liquidity = LiquiditySide::NONE;
  ExpiryReason expiry_reason = ExpiryReason::NONE;
  Price price;
  Qty order_qty;
  Qty cum_qty;
  Qty last_qty;
  Price last_price;
  std::int64_t trade_id = 0;
  Money commission;
  std::uint16_t commission_asset = kSettlementAsset;
  VenueError error = VenueError::none;
  bool reduce_only = false;
  Seq command_seq = 0;
  Price trigger_price;
  std::string foreign_client_id;
  void persist(engine::StateArchive& archive);
};

struct BalanceUpdate {
  std::uint16_t asset = kSettlementAsset;
  Money wallet_balance;
  Money change;
  schema::BalanceChangeReason reason = schema::BalanceChangeReason::NONE;
  void persist(engine::StateArchive& archive);
};

struct PositionUpdate {
  Qty qty;
  Price entry_price;
  Money unrealized_pnl;
  Money isolated_wallet;
  MarginMode margin_mode = MarginMode::CROSS;
  void persist(engine::StateArchive& archive);
};

struct FundingPayment {
  Money amount;  // positive = received
  Rate funding_rate;
  Price mark_price;
  Qty position_qty;
  void persist(engine::StateArchive& archive);
};

struct MarginCall {
  Money maintenance_margin;
  Money margin_balance;
  Qty position_qty;
  Price mark_price;
  void persist(engine::StateArchive& archive);
};

struct MarkFallback {  // a mark price made by the venue because the data has none
  Price mark_price;
  void persist(engine::StateArchive& archive);
};

struct Report {
  journal::RecordType type = journal::RecordType::NONE;  // says which of the bodies counts
  UnixNanos time;                                        // venue time
  InstrumentNo instrument = 0;
  PositionSide position_side = PositionSide::BOTH;  // of what is told about one position, or about an order of it
  OrderReport order;
  BalanceUpdate balance;
  PositionUpdate position;
  FundingPayment funding;
  MarginCall margin_call;
  MarkFallback mark;
  void persist(engine::StateArchive& archive);
};

// Appends the record of a report; times and account are set in the header given.
void write_report(const Report& report, journal::RecordHeader header, journal::RecordBatch& out);

// One line a trader can read: "filled #1 buy 0.5 @ 100.1 taker, cum 0.5 of 1, fee 0.025".
std::string describe(const Report& report);

}  // namespace reprise::sim
