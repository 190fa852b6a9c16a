// Margin calls and liquidation.
#include <algorithm>

#include "sim/exchange/exchange.h"
#include "sim/exchange/wide.h"

namespace reprise::sim {

void SimExchange::revalue(Slot& slot) {
  const Price mark = *slot.market.mark();
  if (slot.waiting != 0) check_triggers(slot, TriggerSource::MARK_PRICE);
  if (ledger_.is_flat(number_of(slot))) return;
  ledger_.set_mark(number_of(slot), mark);
  check_maintenance(slot);
}

// The cross account is looked at once, isolated positions one by one.
void SimExchange::check_maintenance(Slot& slot) {
  const std::span<const PositionSide> sides = ledger_.sides();
  if (ledger_.is_isolated(number_of(slot))) {
    for (const PositionSide of : sides) check_maintenance(slot, of);
    return;
  }
  const auto is_held = [&](PositionSide of) { return !ledger_.position(number_of(slot), of).qty.is_zero(); };
  const auto held = std::find_if(sides.begin(), sides.end(), is_held);
  check_maintenance(slot, held == sides.end() ? sides.front() : *held);
}

void SimExchange::check_maintenance(Slot& slot, PositionSide of) {
  const MarginState state = ledger_.margin_state(
      number_of(slot), [&](InstrumentNo n) -> const Instrument& { return instrument_of(n); }, of);
  if (state.is_breached()) {
    liquidate(slot, of);
    return;
  }
  // The call comes when four fifths of the margin are needed, once until it has eased.
  const bool is_isolated = ledger_.is_isolated(number_of(slot));
  const auto bit = static_cast<std::uint8_t>(of == PositionSide::SHORT ? 2 : 1);
  const bool was_called = is_isolated ? (slot.margin_called & bit) != 0 : margin_called_;
  const bool is_close = state.maintenance.is_positive() &&
                        static_cast<Wide>(state.maintenance.e8) * 5 >= static_cast<Wide>(state.balance.e8) * 4;
  if (is_close && !was_called) {
    const LedgerPosition& p = ledger_.position(number_of(slot), of);
    MarginCall& call = report(journal::RecordType::MARGIN_CALL, number_of(slot), of).margin_call;
    call = {state.maintenance, state.balance, p.qty, p.mark};
  }
  if (is_isolated) {
    const int others = slot.margin_called & ~bit;
    slot.margin_called = static_cast<std::uint8_t>(is_close ? others | bit : others);
  } else {
    margin_called_ = is_close;
  }
}

void SimExchange::liquidate(Slot& slot, PositionSide of) {
  // An isolated position goes alone, and cross positions go together.
  const bool is_isolated = ledger_.is_isolated(number_of(slot));
  const auto is_with = [&](const Slot& other) {
    return is_isolated ? &other == &slot : !ledger_.is_isolated(number_of(other));
  };
  const auto instrument = [&](InstrumentNo n) -> const Instrument& { return instrument_of(n); };
  for (auto& other : slots_) {
    if (!other || !is_with(*other)) continue;
    for (VenueOrder& order : other->orders) {
      if (!order.is_closed) expire(*other, order, ExpiryReason::ACCOUNT_LIQUIDATED);
    }
  }
  const auto close = [&](Slot& s, PositionSide side) {
    while (ledger_.margin_state(number_of(s), instrument, side).is_breached() && close_step(s, side)) {
    }
  };
  const auto size = [&](const Slot& s, PositionSide side) { return ledger_.position(number_of(s), side).qty.abs(); };
  for (auto& other : slots_) {
    if (!other || !is_with(*other)) continue;
    if (is_isolated || !ledger_.is_hedged()) {
      close(*other, of);
      continue;
    }
    // The larger side first: closing it brings the two nearer to cancelling each other out.
    const bool short_first = size(*other, PositionSide::SHORT) > size(*other, PositionSide::LONG);
    close(*other, short_first ? PositionSide::SHORT : PositionSide::LONG);
    close(*other, short_first ? PositionSide::LONG : PositionSide::SHORT);
  }
  const Money cleared = ledger_.clear_deficit(number_of(slot), of);
  if (cleared.is_positive()) {
    insurance_paid_ += cleared;
    report_account(slot, cleared, schema::BalanceChangeReason::INSURANCE_CLEAR);
  }
}

// One step down the brackets; in the lowest bracket the whole rest.
bool SimExchange::close_step(Slot& slot, PositionSide of) {
  const Instrument& i = slot.market.instrument;
  const LedgerPosition& p = ledger_.position(number_of(slot), of);
  if (p.qty.is_zero()) return false;
  Qty qty = p.qty.abs();
  if (!i.margin.tiers.empty() && p.mark.is_positive()) {
    const MarginTier& tier = i.margin.tier_for(p.notional());
    if (tier.notional_floor.is_positive()) {
      const Money above = p.notional() - tier.notional_floor;
      // Just below the floor, in whole lots; at least one.
      const Qty step = i.lot_size.is_positive() ? i.lot_size : Qty{1};
      const Qty wanted = floor_to(div(above, p.mark), step) + step;
      qty = std::min(qty, wanted);
    }
  }
  force_close(slot, of, qty);
  return true;
}

void SimExchange::force_close(Slot& slot, PositionSide of, Qty qty) {
  const InstrumentNo number = number_of(slot);
  const LedgerPosition start = ledger_.position(number, of);
  const Side side = start.qty.is_positive() ? Side::SELL : Side::BUY;
  const Price bankruptcy = ledger_.bankruptcy_price(number, of);
  const std::string client_id = "autoclose-" + std::to_string(now_.ns / 1'000'000);
  const std::int64_t venue_id = next_venue_order_id_++;
  Qty done;
  const auto execute = [&](Price price, Qty part) {
    done += part;
    const Money fee = price * part * slot.market.instrument.liquidation_fee_rate;
    fill_forced(slot, {venue_id, client_id, of, side, bankruptcy, qty, done, price, part, fee});
  };
  const BookSideKind counterparty = side == Side::SELL ? BookSideKind::bid : BookSideKind::ask;
  slot.market.walk(counterparty, now_, [&](Price price, Qty available) {
    if (bankruptcy.is_positive() && (side == Side::SELL ? price < bankruptcy : price > bankruptcy)) return false;
    const Qty part = std::min(available, qty - done);
    if (part.is_positive()) {
      slot.market.take(counterparty, price, part, now_);
      execute(price, part);
    }
    return done < qty;
  });
  // The insurance fund takes the rest over at the bankruptcy price.
  if (done < qty) execute(bankruptcy.is_positive() ? bankruptcy : start.mark, qty - done);
}

void SimExchange::fill_forced(Slot& slot, const ForcedFill& fill) {
  const InstrumentNo number = number_of(slot);
  const PositionSide of = fill.position_side;
  const Money realized = ledger_.apply_fill(slot.market.instrument, fill.side, fill.price, fill.qty, true, of);
  if (!fill.fee.is_zero()) {
    ledger_.pay_forced_fee(number, fill.fee, of);
    commission_[kSettlementAsset] += fill.fee;
  }
  OrderReport& o = report(journal::RecordType::ORDER_REPORT, number, of).order;
  o.venue_order_id = fill.venue_order_id;
  o.kind = ReportKind::LIQUIDATION;
  o.side = fill.side;
  o.type = OrderType::LIQUIDATION;
  o.time_in_force = TimeInForce::IOC;
  o.liquidity = LiquiditySide::TAKER;
  o.price = fill.order_price;
  o.order_qty = fill.order_qty;
  o.cum_qty = fill.cum_qty;
  o.last_qty = fill.qty;
  o.last_price = fill.price;
  o.trade_id = next_trade_id_++;
  o.commission = fill.fee;
  o.foreign_client_id = fill.client_id;
  report_account(slot, realized - fill.fee, schema::BalanceChangeReason::ORDER);
  report_position(slot, of);
}

}  // namespace reprise::sim
