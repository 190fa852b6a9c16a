// Rules about the contract itself: what the venue would refuse is refused here first, with the numbers.
#include "engine/risk/rules/rules.h"
#include "journal/mutant.h"

namespace reprise::engine::risk {

// Only linear contracts settled in the account's asset are traded; inverse contracts and spot are market data.
void contract_type(const OrderFacts& f, CheckList& list) {
  list.add(RiskRule::CONTRACT_TYPE, LimitUnit::FLAG, f.instrument->is_linear(),
           static_cast<std::int64_t>(f.instrument->contract_type),
           static_cast<std::int64_t>(ContractType::LINEAR_PERPETUAL));
}

void instrument_tradable(const OrderFacts& f, CheckList& list) {
  list.add(RiskRule::INSTRUMENT_TRADABLE, LimitUnit::FLAG,
           f.instrument->state == InstrumentState::TRADING || REPRISE_MUTANT(halted_contract_traded),
           static_cast<std::int64_t>(f.instrument->state), static_cast<std::int64_t>(InstrumentState::TRADING));
}

// Value: what is left beyond a multiple of the tick, of the first price that is off; bound: the tick.
void tick_size(const OrderFacts& f, CheckList& list) {
  const Price tick = f.instrument->tick_size;
  if (!tick.is_positive()) return;
  const OrderRequest& r = *f.request;
  std::int64_t off = 0;
  bool passed = true;
  if (!is_market(r.type)) {
    off = r.price.e8 % tick.e8;
    passed = off == 0 && r.price.is_positive();
  }
  if (passed && is_conditional(r.type) && r.type != OrderType::TRAILING_STOP_MARKET) {
    off = r.trigger_price.e8 % tick.e8;
    passed = off == 0 && r.trigger_price.is_positive();
  }
  list.add(RiskRule::TICK_SIZE, LimitUnit::PRICE, passed, off, tick.e8);
}

// Three limits in one rule: the step, the smallest and the largest quantity. The first that breaks is reported.
void lot_size(const OrderFacts& f, CheckList& list) {
  const Instrument& i = *f.instrument;
  const OrderRequest& r = *f.request;
  if (r.close_position) return;  // carries no quantity
  const Qty most = is_market(r.type) && i.market_max_qty.is_positive() ? i.market_max_qty : i.max_qty;
  if (!r.qty.is_positive() || r.qty < i.min_qty)
    list.add(RiskRule::LOT_SIZE, LimitUnit::QUANTITY, false, r.qty.e8, i.min_qty.e8);
  else if (most.is_positive() && r.qty > most)
    list.add(RiskRule::LOT_SIZE, LimitUnit::QUANTITY, false, r.qty.e8, most.e8);
  else if (i.lot_size.is_positive())
    list.add(RiskRule::LOT_SIZE, LimitUnit::QUANTITY, r.qty.e8 % i.lot_size.e8 == 0, r.qty.e8 % i.lot_size.e8,
             i.lot_size.e8);
}

// The venue asks for a minimal notional of new exposure only: reduce-only orders are exempt.
void min_notional(const OrderFacts& f, CheckList& list) {
  if (f.reduces || !f.instrument->min_notional.is_positive() || !f.price.is_positive()) return;
  const Money notional = saturating_notional(f.price, f.request->qty);
  list.add(RiskRule::MIN_NOTIONAL, LimitUnit::MONEY, notional >= f.instrument->min_notional, notional.e8,
           f.instrument->min_notional.e8);
}

}  // namespace reprise::engine::risk
