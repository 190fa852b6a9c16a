// Rules about the moment: the trading state, the age of the data, the account's health.
#include "engine/risk/rules/rules.h"

namespace reprise::engine::risk {

// Value: 0 active, 1 reducing, 2 halted, 3 killed; bound: the worst state that lets this order through.
void trading_state(const OrderFacts& f, CheckList& list) {
  const std::int64_t state = f.killed ? 3 : static_cast<std::int64_t>(f.state);
  std::int64_t bound = static_cast<std::int64_t>(schema::TradingStateKind::ACTIVE);
  if (f.reduces) bound = static_cast<std::int64_t>(schema::TradingStateKind::REDUCING);
  if (f.is_flatten) bound = 3;
  list.add(RiskRule::KILL_SWITCH, LimitUnit::FLAG, state <= bound, state, bound);
}

// No new exposure on data that is stale, or where no price is known at all; exits pass.
void stale_data(const OrderFacts& f, CheckList& list) {
  const bool is_stale = f.market->is_stale || !f.reference;
  list.add(RiskRule::STALE_DATA, LimitUnit::FLAG, !is_stale || f.reduces, is_stale ? 1 : 0, f.reduces ? 1 : 0);
}

void equity_floor(const OrderFacts& f, CheckList& list) {
  if (f.limits->min_equity.is_zero() || f.reduces) return;
  const Money equity = f.portfolio->equity();
  list.add(RiskRule::EQUITY_FLOOR, LimitUnit::MONEY, equity >= f.limits->min_equity, equity.e8,
           f.limits->min_equity.e8);
}

}  // namespace reprise::engine::risk
