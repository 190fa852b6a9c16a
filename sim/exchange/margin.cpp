// Margin on entry: may this order be added? (sim/MODELS.md, "Margin")
#include <algorithm>

#include "sim/exchange/exchange.h"

namespace reprise::sim {

std::uint32_t SimExchange::account_leverage(const Instrument& instrument) const {
  const std::uint32_t wanted = ledger_.leverage(instrument.number);
  if (instrument.margin.tiers.empty()) return wanted;
  return std::max(1u, std::min(wanted, instrument.margin.tiers.front().max_leverage));
}

// The larger of both directions: position plus every open order that may enlarge it, with `extra` in place of the order
// `changed`.
Money SimExchange::net_exposure(const Slot& slot, const VenueOrder* changed, Money extra) const {
  const Side side = changed == nullptr ? Side::NONE : changed->side;
  Money bids = side == Side::BUY ? extra : Money{};
  Money asks = side == Side::SELL ? extra : Money{};
  for (const VenueOrder& order : slot.orders) {
    if (&order == changed || !order.is_resting() || order.may_only_reduce()) continue;
    (order.side == Side::BUY ? bids : asks) += bounded_notional(order.price, order.leaves_qty());
  }
  const LedgerPosition& p = ledger_.position(number_of(slot));
  const Money held = bounded_notional(p.mark, p.qty);
  return std::max((held + bids).abs(), (held - asks).abs());
}

SimExchange::Exposure SimExchange::exposure(const Slot& slot, const VenueOrder* changed, Money extra) const {
  if (!ledger_.is_hedged()) return {net_exposure(slot, changed, extra), {}};
  // Each position with the orders that enlarge it; what is long takes nothing off what is short.
  Exposure sum{ledger_.position(number_of(slot), PositionSide::LONG).notional(),
               ledger_.position(number_of(slot), PositionSide::SHORT).notional()};
  const auto add = [&](PositionSide of, Money notional) {
    (of == PositionSide::SHORT ? sum.second : sum.first) += notional;
  };
  for (const VenueOrder& order : slot.orders) {
    if (&order == changed || !order.is_resting() || order.may_only_reduce()) continue;
    add(order.position_side, bounded_notional(order.price, order.leaves_qty()));
  }
  if (changed != nullptr) add(changed->position_side, extra);
  return sum;
}

Money SimExchange::margin_needed(const Slot& slot, const Exposure& exposure) const {
  const std::uint32_t at = account_leverage(slot.market.instrument);
  Money sum;
  for (const PositionSide of : ledger_.sides()) {
    Money notional = exposure.of(of);
    if (ledger_.is_isolated(number_of(slot)))
      notional -= ledger_.position(number_of(slot), of).notional();  // its wallet holds that margin already
    sum += Money{ceil_to(std::max(notional.e8, std::int64_t{0}), at) / at};
  }
  return sum;
}

VenueError SimExchange::check_margin_for(Slot& slot, const VenueOrder& order, Price price, Qty qty) {
  const Instrument& i = slot.market.instrument;
  const Exposure before = exposure(slot, &order, {});
  const Exposure after = exposure(slot, &order, bounded_notional(price, qty));
  if (after.sum() <= before.sum()) return VenueError::none;  // it enlarges nothing

  const std::uint32_t leverage = account_leverage(i);
  Money cap{std::numeric_limits<std::int64_t>::max()};
  for (const MarginTier& tier : i.margin.tiers) {
    if (tier.max_leverage >= leverage) cap = tier.notional_cap;
  }
  if (after.of(order.position_side) > cap) return VenueError::position_limit;

  Money sum = margin_needed(slot, after);
  for (const auto& other : slots_) {
    if (!other || other.get() == &slot || !other->market.is_traded) continue;
    sum += margin_needed(*other, exposure(*other, nullptr, {}));
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
