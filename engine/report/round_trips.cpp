// The part of RunProfit that cuts what a share did into trades, from flat to flat.
#include <map>

#include "engine/portfolio/margin.h"
#include "engine/report/attribution.h"

namespace reprise::engine {

namespace {

// A mean of mids by quantity; unknown once one is unknown.
struct MeanMid {
  Money sum;
  Qty qty;
  bool known = true;

  void add(Price mid, Qty part) {
    if (!mid.is_positive() || !notional_fits(mid, part)) known = false;
    if (!known) return;
    sum += mid * part;
    qty += part;
  }
  std::optional<Price> value() const {
    return known && qty.is_positive() ? std::optional(div(sum, qty)) : std::nullopt;
  }
};

struct Building {
  std::size_t place;  // in the list of trades
  MeanMid in, out;
};

Money share_of(Money whole, Qty part, Qty of) {
  return part == of || of.is_zero() ? whole : Money{mul_div(whole.e8, part.e8, of.e8)};
}

}  // namespace

std::vector<RoundTrip> RunProfit::round_trips(const StrategyName& strategy_name) const {
  std::vector<RoundTrip> trips;
  std::map<ShareLedger::Key, Building> open;  // by share; stays after the close, for payments that come late
  auto pay = [&, at = ledger_.funding().begin()](Seq until) mutable {
    for (; at != ledger_.funding().end() && at->seq < until; ++at) {
      const auto found = open.find({at->strategy, at->instrument});
      if (found != open.end()) trips[found->second.place].funding += at->amount;
    }
  };
  for (const ShareTrade& trade : ledger_.trades()) {
    pay(trade.fill_seq);
    const ShareLedger::Key key{trade.strategy, trade.instrument};
    const bool reduces = trade.position_before.sign() == -sign_of(trade.side);
    const Qty closes = reduces ? std::min(trade.qty, trade.position_before.abs()) : Qty{};
    const Qty opens = trade.qty - closes;
    const Money closing_fee = closes.is_zero() ? Money{} : share_of(trade.commission, closes, trade.qty);
    if (closes.is_positive()) {
      const auto found = open.find(key);
      if (found != open.end()) {  // else a correction opened it: it shows under corrections
        RoundTrip& trip = trips[found->second.place];
        trip.closed_qty += closes;
        trip.realized += trade.realized;
        trip.commission += closing_fee;
        trip.last_fill = trade.fill_seq;
        trip.open_qty = trip.open_qty - closes;
        if (trade.position_after.sign() != trade.position_before.sign()) trip.closed = trade.time;
        found->second.out.add(trade.mid_at_decision, closes);
        trip.mid_out = found->second.out.value();
      }
    }
    if (!opens.is_positive()) continue;
    if (trade.position_before.is_zero() || closes.is_positive() || open.find(key) == open.end()) {
      RoundTrip trip;
      trip.strategy = strategy_name(trade.strategy);
      trip.symbol = performance_.symbol(trade.instrument);
      trip.side = trade.side;
      trip.opened = trade.time;
      trip.first_fill = trade.fill_seq;
      open[key] = {trips.size(), {}, {}};
      trips.push_back(std::move(trip));
    }
    Building& building = open[key];
    RoundTrip& trip = trips[building.place];
    trip.commission += trade.commission - closing_fee;
    trip.open_qty += opens;
    trip.last_fill = trade.fill_seq;
    building.in.add(trade.mid_at_decision, opens);
    trip.mid_in = building.in.value();
  }
  pay(INT64_MAX);
  for (const auto& [key, share] : ledger_.shares()) {
    const auto found = open.find(key);
    const Price mark = ledger_.mark(key.second);
    if (found == open.end() || share.qty.is_zero() || !mark.is_positive()) continue;
    const Money size = saturating_notional(mark, share.qty);
    trips[found->second.place].unrealized = (share.qty.is_negative() ? -size : size) - share.open_notional;
  }
  return trips;
}

}  // namespace reprise::engine
