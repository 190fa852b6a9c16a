#include "engine/state_view.h"

#include <algorithm>

#include "engine/execution/order_manager.h"
#include "engine/market/market_state.h"
#include "engine/portfolio/margin.h"
#include "engine/portfolio/portfolio.h"
#include "engine/risk/risk_engine.h"

namespace reprise::engine {

namespace {

// Archives take references, since some of them load.
template <class T>
void put(StateArchive& archive, const char* name, T value) {
  archive.field(name, value);
}

std::string state_text(const RiskEngine& risk) {
  if (risk.killed()) return "killed";
  switch (risk.trading_state()) {
    case schema::TradingStateKind::ACTIVE: return "active";
    case schema::TradingStateKind::REDUCING: return "reducing";
    case schema::TradingStateKind::HALTED: return "halted";
  }
  return "?";
}

// A limit of the account: `value` may not go beyond `bound`; a floor the other way round.
template <class T>
void limit(StateArchive& archive, const char* name, T value, T bound, bool is_floor = false) {
  if (archive.skips(name)) return;
  archive.begin_object(name);
  put(archive, "value", value);
  put(archive, "bound", bound);
  put(archive, "headroom", is_floor ? T{value.e8 - bound.e8} : T{bound.e8 - value.e8});
  archive.end_object();
}

}  // namespace

FieldNames field_names(const Engine& engine) {
  FieldNames names;
  names.instrument = [&engine](std::int64_t number) {
    const Instrument* found = engine.instruments().find(static_cast<InstrumentNo>(number));
    return found == nullptr ? std::string() : found->symbol;
  };
  names.strategy = [&engine](std::int64_t number) {
    const auto& strategies = engine.config().strategies;
    const bool known = number > 0 && static_cast<std::size_t>(number) <= strategies.size();
    return known ? strategies[static_cast<std::size_t>(number) - 1].name : std::string();
  };
  return names;
}

void StateView::persist(StateArchive& archive) {
  if (!archive.skips("account")) persist_account(archive);
  if (!archive.skips("positions")) persist_positions(archive);
  if (!archive.skips("quotes")) persist_quotes(archive);
  if (!archive.skips("risk")) persist_limits(archive);
  engine_.persist(archive);
}

void StateView::persist_account(StateArchive& archive) {
  const Portfolio& p = engine_.portfolio();
  archive.begin_object("account");
  put(archive, "wallet", p.wallet_balance());
  put(archive, "unrealized", p.unrealized_pnl());
  put(archive, "equity", p.equity());
  put(archive, "peak_equity", p.peak_equity());
  put(archive, "drawdown", p.drawdown());
  put(archive, "initial_margin", p.initial_margin());
  put(archive, "maintenance_margin", p.maintenance_margin());
  put(archive, "available", p.available_balance(engine_.orders()));
  put(archive, "gross_notional", p.gross_notional());
  put(archive, "realized", p.realized_pnl());
  put(archive, "commission", p.commission());
  put(archive, "funding", p.funding());
  put(archive, "open_orders", engine_.orders().open_count());
  put(archive, "trading_state", state_text(engine_.risk()));
  archive.end_object();
}

void StateView::persist_positions(StateArchive& archive) {
  const auto& positions = engine_.portfolio().positions();
  std::uint64_t count = positions.size();
  archive.begin_list("positions", count);
  for (const NetPosition& n : positions) {
    archive.begin_object("item");
    put(archive, "instrument", n.instrument);
    put(archive, "qty", n.position.qty);
    put(archive, "entry_price", n.position.entry_price());
    put(archive, "mark", n.mark);
    put(archive, "notional", n.notional);
    put(archive, "unrealized", n.unrealized);
    put(archive, "realized", n.position.realized_pnl);
    put(archive, "commission", n.commission);
    put(archive, "funding", n.funding);
    put(archive, "initial_margin", n.initial);
    put(archive, "maintenance_margin", n.maintenance);
    const auto liquidation = engine_.portfolio().liquidation_price(n.instrument);
    put(archive, "liquidation_price", liquidation.value_or(Price::zero()));
    archive.end_object();
  }
  archive.end_list();
}

void StateView::persist_quotes(StateArchive& archive) {
  const Market& market = engine_.market();
  std::uint64_t count = 0;
  archive.begin_list("quotes", count);
  for (InstrumentNo number = 0; number < market.size(); ++number) {
    const InstrumentMarket* m = market.find(number);
    if (m == nullptr) continue;
    archive.begin_object("item");
    put(archive, "instrument", number);
    put(archive, "bid", m->best().bid);
    put(archive, "bid_qty", m->best().bid_qty);
    put(archive, "ask", m->best().ask);
    put(archive, "ask_qty", m->best().ask_qty);
    put(archive, "mid", m->mid().value_or(Price::zero()));
    put(archive, "last", m->last_price());
    put(archive, "mark", m->mark_price());
    put(archive, "funding_rate", m->funding_rate());
    put(archive, "is_stale", m->is_stale(engine_.now()));
    put(archive, "is_crossed", m->is_crossed());
    archive.end_object();
  }
  archive.end_list();
}

void StateView::persist_limits(StateArchive& archive) {
  const RiskLimits& limits = engine_.risk().limits();
  const Portfolio& p = engine_.portfolio();
  const Money equity = p.equity();
  archive.begin_object("risk");
  archive.begin_object("limits");
  Money largest;
  Qty largest_qty;
  for (const NetPosition& n : p.positions()) {
    largest = std::max(largest, n.notional);
    largest_qty = std::max(largest_qty, n.position.qty.abs());
  }
  if (!limits.max_position_qty.is_zero()) limit(archive, "max_position_qty", largest_qty, limits.max_position_qty);
  if (!limits.max_position_notional.is_zero())
    limit(archive, "max_position_notional", largest, limits.max_position_notional);
  if (!limits.max_total_notional.is_zero())
    limit(archive, "max_total_notional", p.gross_notional(), limits.max_total_notional);
  if (!limits.max_leverage.is_zero()) {
    const Rate leverage{equity.is_positive() ? saturating_mul_div(p.gross_notional().e8, kScale, equity.e8) : 0};
    limit(archive, "max_leverage", leverage, limits.max_leverage);
  }
  if (!limits.daily_loss_fraction.is_zero() && engine_.risk().day_start_equity().is_positive()) {
    const Money bound = mul(engine_.risk().day_start_equity(), limits.daily_loss_fraction, Rounding::floor);
    limit(archive, "daily_loss", engine_.risk().day_loss(p), bound);
  }
  if (!limits.max_drawdown.is_zero()) limit(archive, "max_drawdown", p.drawdown(), limits.max_drawdown);
  if (!limits.min_equity.is_zero()) limit(archive, "min_equity", equity, limits.min_equity, true);
  if (limits.max_open_orders != 0) {
    archive.begin_object("max_open_orders");
    const std::int64_t open = engine_.orders().open_count();
    put(archive, "value", open);
    put(archive, "bound", limits.max_open_orders);
    put(archive, "headroom", std::int64_t{limits.max_open_orders} - open);
    archive.end_object();
  }
  archive.end_object();
  archive.end_object();
}

}  // namespace reprise::engine
