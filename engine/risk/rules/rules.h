// What an order rule sees and how it answers.
//
// A rule appends what it checked to the list: value, bound, unit, passed. Most rules deny; position limits instead say
// how much still fits (CheckList::add_fitting), and the order is cut to that.
// A rule that is switched off or does not concern the order appends nothing.
#pragma once

#include <algorithm>
#include <array>
#include <limits>

#include "engine/risk/risk_engine.h"

namespace reprise::engine::risk {

using schema::LimitUnit;
using schema::RiskRule;

struct LimitCheck {
  RiskRule rule = RiskRule::NONE;
  LimitUnit unit = LimitUnit::NONE;
  bool passed = true;
  std::int64_t value = 0;
  std::int64_t bound = 0;
};

class CheckList {
 public:
  void add(RiskRule rule, LimitUnit unit, bool passed, std::int64_t value, std::int64_t bound) {
    REPRISE_ASSERT(size_ < checks_.size(), "more checks than the list holds");
    checks_[size_++] = {rule, unit, passed, value, bound};
    if (passed) return;
    if (first_failed_ == RiskRule::NONE) first_failed_ = rule;
    denied_ = true;
  }
  // value <= bound passes; otherwise at most `fits` of the quantity may go through.
  void add_fitting(RiskRule rule, LimitUnit unit, std::int64_t value, std::int64_t bound, Qty fits) {
    REPRISE_ASSERT(size_ < checks_.size(), "more checks than the list holds");
    const bool passed = value <= bound;
    checks_[size_++] = {rule, unit, passed, value, bound};
    if (passed) return;
    if (first_failed_ == RiskRule::NONE) first_failed_ = rule;
    fits_ = std::min(fits_, std::max(Qty{}, fits));
  }

  bool denied() const { return denied_; }
  Qty fits() const { return fits_; }
  RiskRule first_failed() const { return first_failed_; }
  std::size_t size() const { return size_; }
  const LimitCheck& operator[](std::size_t i) const { return checks_[i]; }

 private:
  std::array<LimitCheck, 32> checks_;
  std::size_t size_ = 0;
  bool denied_ = false;
  RiskRule first_failed_ = RiskRule::NONE;
  Qty fits_ = Qty::max();
};

// One order, with the figures that several rules need worked out once.
struct OrderFacts {
  const OrderRequest* request = nullptr;
  const RiskLimits* limits = nullptr;
  const Instrument* instrument = nullptr;
  const MarketView* market = nullptr;
  const Portfolio* portfolio = nullptr;
  const OrderManager* orders = nullptr;
  bool is_modify = false;
  bool is_flatten = false;         // the kill switch's own order
  bool reduces = false;            // reduce-only or close-position: cannot enlarge the position
  Qty qty;                         // what would newly work (a modify: its leaves)
  std::optional<Price> reference;  // mid, else mark, else last: what the market says
  Price price;                     // values this order: its limit, else the reference; 0 = nothing known
  Price mark;                      // values positions: mark, else the reference, else the order's price
  // Quantity exposed on the order's side before this order (WorkingQty::exposed_to), without what a modify replaces.
  Qty base;
  Money other_notional;  // exposure of all other instruments, positions and working orders, worst side each
  Money order_margin;    // what the working orders of the account need, this instrument's too
  Qty replaced;          // a modify: what the order has working now, not in base
  Qty opposite;          // this instrument's exposure on the other side, at least 0
  std::uint32_t orders_last_second = 0;
  std::uint32_t orders_last_minute = 0;
  schema::TradingStateKind state = schema::TradingStateKind::ACTIVE;
  bool killed = false;

  // Exposure on the order's side with `more` on top, at least 0.
  Qty exposure(Qty more) const { return std::max(Qty{}, base + more); }
  // Worst notional of this instrument with `more` on top.
  Money worst_notional(Qty more) const { return saturating_notional(mark, std::max(exposure(more), opposite)); }
  // How much may be added so that this side's notional stays within `room`.
  Qty fitting(Money room) const {
    if (!mark.is_positive()) return {};
    const std::int64_t most = room.is_positive() ? saturating_mul_div(room.e8, kScale, mark.e8) : 0;
    return Qty{std::min(most, std::int64_t{1} << 61)} - base;
  }
};

using OrderRule = void (*)(const OrderFacts&, CheckList&);

// instrument_rules.cpp: may this contract be traded in this price and quantity?
void contract_type(const OrderFacts&, CheckList&);
void instrument_tradable(const OrderFacts&, CheckList&);
void tick_size(const OrderFacts&, CheckList&);
void lot_size(const OrderFacts&, CheckList&);
void min_notional(const OrderFacts&, CheckList&);
// state_rules.cpp: may anything be traded now?
void trading_state(const OrderFacts&, CheckList&);
void stale_data(const OrderFacts&, CheckList&);
void equity_floor(const OrderFacts&, CheckList&);
// order_rules.cpp: this order by itself
void reduce_only(const OrderFacts&, CheckList&);
void order_notional(const OrderFacts&, CheckList&);
void order_rate(const OrderFacts&, CheckList&);
void open_orders(const OrderFacts&, CheckList&);
void price_band(const OrderFacts&, CheckList&);
// position_rules.cpp: what the account would hold if every working order traded
void position_qty(const OrderFacts&, CheckList&);
void position_notional(const OrderFacts&, CheckList&);
void total_notional(const OrderFacts&, CheckList&);
void leverage(const OrderFacts&, CheckList&);
void available_margin(const OrderFacts&, CheckList&);
void liquidation_distance(const OrderFacts&, CheckList&);

}  // namespace reprise::engine::risk
