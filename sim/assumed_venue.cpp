#include "sim/assumed_venue.h"

#include <algorithm>

#include "engine/market/market_state.h"
#include "engine/portfolio/portfolio.h"
#include "sim/opened_market.h"

namespace reprise::sim {

namespace {

void append_marks(const engine::Engine& engine, journal::RecordBatch& out) {
  journal::RecordHeader header;
  header.ts_event = header.ts_recv = header.ts_engine = engine.now().ns;
  for (const auto& [number, instrument] : engine.instruments().all()) {
    const engine::InstrumentMarket* market = engine.market().find(number);
    if (market == nullptr || !market->mark_price().is_positive()) continue;
    header.instrument = number;
    out.append<schema::MarkPrice>(journal::RecordType::MARK_PRICE, header, [&](schema::MarkPrice::Builder b) {
      b.setMarkPrice(market->mark_price().e8);
      b.setIndexPrice(market->index_price().e8);
      b.setFundingRate(market->funding_rate().e8);
      b.setNextFundingTime(market->next_funding().ns);
    });
  }
}

// Whether the venue has it, as far as the engine was told.
bool stands(const engine::Order& order) {
  return order.venue_order_id != 0 || order.cum_qty.is_positive();
}

VenueOrder standing_order(const engine::Order& order) {
  VenueOrder standing = VenueOrder::of(Command::submit_of(order));
  standing.venue_id = order.venue_order_id;
  standing.cum_qty = order.cum_qty;
  const OrderStatus now = order.status == OrderStatus::PENDING_CANCEL || order.status == OrderStatus::PENDING_MODIFY ||
                                  order.status == OrderStatus::UNKNOWN
                              ? order.beneath
                              : order.status;
  if (now == OrderStatus::TRIGGERED || order.cum_qty.is_positive()) standing.is_waiting = false;
  return standing;
}

void append_in_flight(const engine::Order& order, std::vector<Command>& out) {
  if (!stands(order)) out.push_back(Command::submit_of(order));
  if (order.modify_command != 0) {
    Command modify = Command::submit_of(order);
    modify.kind = CommandKind::MODIFY;
    modify.seq = order.modify_command;
    modify.qty = order.pending_qty;
    modify.price = order.pending_price;
    out.push_back(modify);
  }
  if (order.cancel_command != 0) {
    Command cancel = Command::submit_of(order);
    cancel.kind = CommandKind::CANCEL;
    cancel.seq = order.cancel_command;
    out.push_back(cancel);
  }
}

}  // namespace

AssumedVenue assume_venue(const engine::Engine& engine) {
  AssumedVenue assumed;
  assumed.market = opened_market(engine);
  append_marks(engine, assumed.market);
  KnownAccount& account = assumed.account;
  const engine::Portfolio& portfolio = engine.portfolio();
  for (const engine::Wallet& wallet : portfolio.wallets()) account.wallets.push_back({wallet.asset, wallet.balance});
  for (const engine::NetPosition& net : portfolio.positions()) {
    account.last_trade_id = std::max(account.last_trade_id, net.last_trade);
    const Price mark = net.mark.is_positive() ? net.mark : net.position.entry_price();
    account.positions.push_back({net.instrument,
                                 {net.position.qty, net.position.open_notional, net.isolated_wallet, mark},
                                 portfolio.margin_mode(net.instrument),
                                 portfolio.leverage(net.instrument)});
  }
  for (const engine::Order* order : engine.orders().open_orders()) {
    account.last_venue_order_id = std::max(account.last_venue_order_id, order->venue_order_id);
    if (stands(*order)) account.orders.push_back({order->request.instrument, standing_order(*order)});
    append_in_flight(*order, assumed.in_flight);
  }
  std::sort(assumed.in_flight.begin(), assumed.in_flight.end(),
            [](const Command& a, const Command& b) { return a.seq < b.seq; });
  return assumed;
}

}  // namespace reprise::sim
