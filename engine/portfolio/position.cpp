#include "engine/portfolio/position.h"
#include "journal/mutant.h"

#include <algorithm>

namespace reprise::engine {

Money Position::apply(Side side, Price price, Qty fill_qty) {
  return apply(side, fill_qty, price * fill_qty);
}

Money Position::apply(Side side, Qty fill_qty, Money notional) {
  REPRISE_ASSERT(side == Side::BUY || side == Side::SELL, "an execution has a side");
  REPRISE_ASSERT(fill_qty.is_positive(), "an execution has a quantity");
  const bool is_buy = side == Side::BUY;
  const auto directed = [&](auto value) { return is_buy ? value : -value; };

  Money realized{};
  Qty rest = fill_qty;
  Money rest_notional = notional;
  if (qty.sign() == -sign_of(side)) {
    const Qty held = qty.abs();
    const Qty closed = std::min(held, fill_qty);
    const Money proceeds = closed == fill_qty ? notional : Money{mul_div(notional.e8, closed.e8, fill_qty.e8)};
    const Money part = closed == held
                           ? open_notional
                           : Money{mul_div(open_notional.e8, closed.e8, held.e8,
                                           REPRISE_MUTANT(wrong_rounding) ? Rounding::floor : Rounding::half_away)};
    realized = -directed(proceeds) - part;
    qty += directed(closed);
    open_notional -= part;
    rest -= closed;
    if (!REPRISE_MUTANT(flip_keeps_cost)) rest_notional -= proceeds;
    REPRISE_ASSERT(!qty.is_zero() || open_notional.is_zero(), "a flat position has no cost");
  }
  if (rest.is_positive()) {
    qty += directed(rest);
    open_notional += directed(rest_notional);
  }
  realized_pnl += realized;
  return realized;
}

void Position::persist(StateArchive& archive) {
  archive.field("qty", qty);
  archive.field("open_notional", open_notional);
  archive.field("realized_pnl", realized_pnl);
}

}  // namespace reprise::engine
