// Auto-deleveraging: the venue closes part of our position against an account that it could not liquidate.
#include <algorithm>

#include "sim/exchange/exchange.h"

namespace reprise::sim {

void SimExchange::auto_deleverage(InstrumentNo instrument, Qty qty, Price price, UnixNanos now, PositionSide of) {
  now_ = now;
  Slot* slot = find(instrument);
  if (slot == nullptr || !price.is_positive()) return;
  const Qty held = ledger_.position(instrument, of).qty;
  qty = std::min(qty, held.abs());
  if (!qty.is_positive()) return;
  const Side side = held.is_positive() ? Side::SELL : Side::BUY;
  fill_forced(*slot, {next_venue_order_id_++, "adl_autoclose", of, side, price, qty, qty, price, qty, {}});
  touch(*slot);
  expire_reduce_only(*slot);
  sweep();
}

}  // namespace reprise::sim
