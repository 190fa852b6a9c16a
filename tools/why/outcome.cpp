#include "tools/why/outcome.h"

#include <algorithm>
#include <deque>

namespace reprise::tools {

namespace {

struct Lot {
  Side side;
  Price price;
  Qty qty;
  bool is_ours;
};

Money part_of(Money whole, Qty part, Qty of) {
  return of.is_zero() ? Money{} : Money{mul_div(whole.e8, part.e8, of.e8)};
}

}  // namespace

Result<Outcome> outcome_of(Records& records, journal::Seq order_id) {
  engine::ShareLedger ledger;
  const Status scanned = records.scan(records.first_seq(), [&](const journal::RecordView& record) {
    ledger.on(record);
    return true;
  });
  if (!scanned) return scanned.error();

  Outcome outcome;
  const auto& trades = ledger.trades();
  const auto own = std::find_if(trades.begin(), trades.end(),
                                [&](const engine::ShareTrade& trade) { return trade.order_id == order_id; });
  if (own == trades.end()) return outcome;
  const engine::StrategyNo strategy = own->strategy;
  const engine::InstrumentNo instrument = own->instrument;
  std::deque<Lot> lots;
  auto payment = ledger.funding().begin();
  const auto pay_until = [&](engine::Seq seq) {
    for (; payment != ledger.funding().end() && payment->seq < seq; ++payment) {
      if (payment->strategy != strategy || payment->instrument != instrument) continue;
      Qty all, ours;
      for (const Lot& lot : lots) {
        all += lot.qty;
        if (lot.is_ours) ours += lot.qty;
      }
      outcome.funding += part_of(payment->amount, ours, all);
    }
  };
  for (const engine::ShareTrade& trade : trades) {
    pay_until(trade.fill_seq);
    if (trade.strategy != strategy || trade.instrument != instrument) continue;
    const bool is_ours = trade.order_id == order_id;
    if (is_ours) outcome.entry_commission += trade.commission;
    Qty left = trade.qty;
    while (left.is_positive() && !lots.empty() && lots.front().side != trade.side) {
      Lot& lot = lots.front();
      const Qty part = std::min(left, lot.qty);
      if (lot.is_ours) {
        Closing closing{trade.fill_seq, trade.order_id, trade.time.ns, trade.price, part, {}, {}};
        closing.profit = sign_of(lot.side) > 0 ? (trade.price - lot.price) * part : (lot.price - trade.price) * part;
        closing.commission = part_of(trade.commission, part, trade.qty);
        outcome.exit_profit += closing.profit;
        outcome.exit_commission += closing.commission;
        outcome.closed += part;
        outcome.closings.push_back(closing);
      }
      if (is_ours) outcome.reduced += part;
      lot.qty -= part;
      left -= part;
      if (lot.qty.is_zero()) lots.pop_front();
    }
    if (is_ours) outcome.realized_here += trade.realized;
    if (left.is_positive()) {
      lots.push_back({trade.side, trade.price, left, is_ours});
      if (is_ours) outcome.opened += left;
    }
  }
  pay_until(records.last_seq() + 1);
  outcome.mark = ledger.mark(instrument);
  for (const Lot& lot : lots) {
    if (!lot.is_ours) continue;
    outcome.open += lot.qty;
    if (outcome.mark.is_positive()) {
      outcome.unrealized +=
          sign_of(lot.side) > 0 ? (outcome.mark - lot.price) * lot.qty : (lot.price - outcome.mark) * lot.qty;
    }
  }
  return outcome;
}

}  // namespace reprise::tools
