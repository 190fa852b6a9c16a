// One position of linear contracts: exact integer arithmetic, shared by the account's net position, each
// strategy's share and the simulated venue, so that all three agree to the last unit.
//
//   open_notional   signed cost of the open quantity: + for a long, - for a short (money, 1e-8)
//   entry price     open_notional / qty, derived, rounded half away from zero; never stored
//   increase        open_notional += side * round(price * qty)           (average entry)
//   reduce          part = round(open_notional * closed / |qty|); realised = -side... = proceeds - part
//                   the part is taken out of open_notional, so the remaining entry price is unchanged
//                   (to rounding) and a full close takes all of it: nothing is lost or made
//   flip            close of the old quantity, then open of the rest; the fill's notional is split so that
//                   both parts add up to round(price * qty)
//   unrealised      round(mark * qty) - open_notional
//
// Rounding: each product rounds half away from zero, once. Invariant, exact, for any sequence of fills:
//   realised - open_notional == - sum(side * round(price * qty))
#pragma once

#include "engine/market/instrument.h"

namespace reprise::engine {

struct Position {
  Qty qty;              // signed
  Money open_notional;  // signed
  Money realized_pnl;   // since the start of the run, fees and funding apart

  // Books one execution of `fill_qty` > 0; returns the profit it realised.
  Money apply(Side side, Price price, Qty fill_qty);
  // The same with a notional that was rounded elsewhere (a part of an execution).
  Money apply(Side side, Qty fill_qty, Money notional);

  Price entry_price() const { return qty.is_zero() ? Price{} : div(open_notional, qty); }
  Money unrealized_pnl(Price mark) const { return mul(mark, qty) - open_notional; }
  Money notional(Price mark) const { return mul(mark, qty.abs()); }
  bool is_flat() const { return qty.is_zero(); }
  void persist(StateArchive& archive);
};

}  // namespace reprise::engine
