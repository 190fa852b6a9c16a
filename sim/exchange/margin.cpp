// Margin on entry: may this order be added? (sim/MODELS.md, "Margin")
#include <algorithm>

#include "sim/exchange/exchange.h"

namespace reprise::sim {

std::uint32_t SimExchange::account_leverage(const Instrument& instrument) const {
  const std::uint32_t wanted = ledger_.leverage(instrument.number);
  if (instrument.margin.tiers.empty()) return wanted;
  return std::max(1u, std::min(wanted, instrument.margin.tiers.front().max_leverage));
}

// The larger of both directions: position plus every open order that may enlarge it, with `extra` added on
// `side` and the order `without` left out.
Money SimExchange::exposure(const Slot& slot, const VenueOrder* without, Side side, Money extra) const {
  Money bids = side == Side::BUY ? extra : Money{};
  Money asks = side == Side::SELL ? extra : Money{};
  for (const VenueOrder& order : slot.orders) {
    if (&order == without || !order.is_resting() || order.may_only_reduce()) continue;
    (order.side == Side::BUY ? bids : asks) += bounded_notional(order.price, order.leaves_qty());
  }
  const LedgerPosition& p = ledger_.position(number_of(slot));
  const Money held = bounded_notional(p.mark, p.qty);
  return std::max((held + bids).abs(), (held - asks).abs());
}

VenueError SimExchange::check_margin_for(Slot& slot, const VenueOrder& order, Price price, Qty qty) {
  const Instrument& i = slot.market.instrument;
  const Money added = bounded_notional(price, qty);
  const Money before = exposure(slot, &order, Side::NONE, {});
  const Money after = exposure(slot, &order, order.side, added);
  if (after <= before) return VenueError::none;  // it enlarges nothing

  const std::uint32_t leverage = account_leverage(i);
  Money cap{std::numeric_limits<std::int64_t>::max()};
  for (const MarginTier& tier : i.margin.tiers) {
    if (tier.max_leverage >= leverage) cap = tier.notional_cap;
  }
  if (after > cap) return VenueError::position_limit;

  const auto needed = [&](const Slot& of, Money notional) {
    const std::uint32_t at = account_leverage(of.market.instrument);
    if (ledger_.is_isolated(number_of(of)))
      notional -= ledger_.position(number_of(of)).notional();  // its wallet holds that margin already
    return Money{ceil_to(std::max(notional.e8, std::int64_t{0}), at) / at};
  };
  Money sum = needed(slot, after);
  for (const auto& other : slots_) {
    if (!other || other.get() == &slot || !other->market.is_traded) continue;
    sum += needed(*other, exposure(*other, nullptr, Side::NONE, {}));
  }
  // What the order would lose at once against the mark.
  Money open_loss;
  if (const std::optional<Price> mark = slot.market.mark(); mark) {
    const PriceDelta behind = order.side == Side::BUY ? price - *mark : *mark - price;
    if (behind.e8 > 0) open_loss = bounded_notional(Price{behind.e8}, qty);
  }
  return sum + open_loss > ledger_.margin_balance() ? VenueError::margin_insufficient : VenueError::none;
}

}  // namespace reprise::sim
