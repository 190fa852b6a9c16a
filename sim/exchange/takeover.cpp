// An account that stood at another venue goes on here.
#include "sim/exchange/exchange.h"
#include "sim/exchange/known_account.h"

namespace reprise::sim {

void SimExchange::take_over(const KnownAccount& known, UnixNanos now) {
  REPRISE_ASSERT(next_timer_.ns == 0, "an account is taken over in place of being opened");
  start_clock(now);
  for (const KnownAccount::Wallet& wallet : known.wallets) ledger_.deposit(wallet.asset, wallet.balance);
  for (const KnownAccount::Position& position : known.positions) {
    ledger_.set_mode(position.instrument, position.mode);
    ledger_.set_leverage(position.instrument, position.leverage);
    if (!position.figures.qty.is_zero()) ledger_.assume(position.instrument, position.figures);
  }
  next_venue_order_id_ = known.last_venue_order_id + 1;
  next_trade_id_ = known.last_trade_id + 1;
  // All of them first: what one of them takes may meet another.
  for (const KnownAccount::OpenOrder& open : known.orders) {
    Slot& slot = slot_for(open.instrument);
    slot.orders.push_back(open.order);
    slot.orders.back().arrived = now;
    touch(slot);
  }
  for (auto& slot : slots_) {
    if (!slot) continue;
    slot->refresh();
    for (std::size_t n = 0; n < slot->orders.size(); ++n) {
      VenueOrder& order = slot->orders[n];
      if (order.is_waiting || order.is_closed) continue;
      const bool can_rest = has_limit_price(order.type) && order.time_in_force != TimeInForce::IOC &&
                            order.time_in_force != TimeInForce::FOK;
      if (can_rest) {
        rest(*slot, order);
      } else {
        start(*slot, order);
      }
    }
  }
  sweep();
}

}  // namespace reprise::sim
