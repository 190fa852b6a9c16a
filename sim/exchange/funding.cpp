// Funding: settlement records where the data has them, else the announced times; never both.
#include "engine/market/fixed.h"
#include "journal/mutant.h"
#include "sim/exchange/exchange.h"

namespace reprise::sim {

namespace {

std::int64_t distance(UnixNanos a, UnixNanos b) {
  return a < b ? b.ns - a.ns : a.ns - b.ns;
}
}  // namespace

void SimExchange::announce_funding(Slot& slot, UnixNanos next, Rate rate) {
  if (next.ns == 0) return;
  // An absurd announcement (beyond a day) is not believed.
  if (next.ns > now_.ns && next.ns - now_.ns > 24 * kHour) return;
  if (next <= slot.funding.settled_at || next < now_) return;
  slot.funding.next_time = next;
  slot.funding.rate = rate;
}

// At every whole second of the venue: announced settlements fall on whole seconds.
void SimExchange::check_funding(Slot& slot) {
  FundingState& f = slot.funding;
  if (f.has_settlements) return;
  if (f.next_time.ns != 0) {
    if (now_ < f.next_time) return;
    f.settled_at = f.next_time;
    f.next_time = {};
    settle(slot, f.rate, {});
    return;
  }
  if (config_.venue.funding_rate_fallback_e8 == 0 || f.settled_at.ns != 0) return;
  const Instrument& i = slot.market.instrument;
  const std::int64_t interval = kHour * (i.funding_interval_hours == 0 ? 8 : i.funding_interval_hours);
  if (i.contract_type == ContractType::LINEAR_PERPETUAL && now_.ns % interval == 0) {
    settle(slot, {config_.venue.funding_rate_fallback_e8}, {});
  }
}

void SimExchange::on_settlement(Slot& slot, schema::FundingSettlement::Reader record, UnixNanos happened) {
  FundingState& f = slot.funding;
  f.has_settlements = true;
  // Settled already from the announcement, or the same settlement from a second source.
  if (f.settled_at.ns != 0 && distance(happened, f.settled_at) < kMinute) return;
  f.settled_at = happened;
  settle(slot, {record.getFundingRate()}, {record.getMarkPrice()});
}

void SimExchange::settle(Slot& slot, Rate rate, Price mark) {
  if (ledger_.is_flat(number_of(slot))) return;
  for (const PositionSide of : ledger_.sides()) {
    const LedgerPosition& p = ledger_.position(number_of(slot), of);
    if (p.qty.is_zero()) continue;
    if (!is_believable(mark, {})) mark = slot.market.mark().value_or(p.mark);
    Money amount = -(bounded_notional(mark, p.qty) * rate);  // longs pay when the rate is positive
    if (REPRISE_MUTANT(venue_funding_sign)) amount = -amount;
    const Qty qty = p.qty;
    ledger_.apply_funding(number_of(slot), amount, of);
    funding_ += amount;
    FundingPayment& payment = report(journal::RecordType::FUNDING_PAYMENT, number_of(slot), of).funding;
    payment = {amount, rate, mark, qty};
    report_account(slot, amount, schema::BalanceChangeReason::FUNDING_FEE);
  }
  check_maintenance(slot);
}

}  // namespace reprise::sim
