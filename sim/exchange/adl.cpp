// Auto-deleveraging: the venue closes part of our position against an account that it could not liquidate.
#include <algorithm>

#include "sim/exchange/exchange.h"

namespace reprise::sim {

void SimExchange::auto_deleverage(InstrumentNo instrument, Qty qty, Price price, UnixNanos now) {
  now_ = now;
  Slot* slot = find(instrument);
  if (slot == nullptr || !price.is_positive()) return;
  const Qty held = ledger_.position(instrument).qty;
  qty = std::min(qty, held.abs());
  if (!qty.is_positive()) return;
  const Side side = held.is_positive() ? Side::SELL : Side::BUY;
  const Money realized = ledger_.apply_fill(slot->market.instrument, side, price, qty, true);
  OrderReport& o = report(journal::RecordType::ORDER_REPORT, instrument).order;
  o.venue_order_id = next_venue_order_id_++;
  o.kind = ReportKind::LIQUIDATION;
  o.side = side;
  o.type = OrderType::LIQUIDATION;
  o.time_in_force = TimeInForce::IOC;
  o.liquidity = LiquiditySide::TAKER;
  o.price = price;
  o.order_qty = qty;
  o.cum_qty = qty;
  o.last_qty = qty;
  o.last_price = price;
  o.trade_id = next_trade_id_++;
  o.foreign_client_id = "adl_autoclose";
  report_account(*slot, realized, schema::BalanceChangeReason::ORDER);
  report_position(*slot);
  touch(*slot);
  expire_reduce_only(*slot);
  sweep();
}

}  // namespace reprise::sim
