// Closes what is open: cancels every order, then flattens every net position with reduce-only orders, and tries again
// on the clock until the account is flat. The RiskEngine decides when; this class only carries it out.
//
// With risk.flatten_band B the orders are limits that are over at once (IOC), B beyond mid, then 2 B a second later, 3
// B and so on: in a market without buyers the first try does not sell at any price. Never beyond the venue's own band.
// From the sixth try on, or where no fresh price is known, or with B = 0: market orders, which the venue bounds by
// itself.
//
// Orders of the switch belong to strategy 0. They pass RiskEngine::check like any other, so each has its decision in
// the journal; the gate lets them through in every trading state (OrderRequest::is_flatten).
#pragma once

#include "engine/emitter.h"
#include "engine/execution/order_manager.h"
#include "engine/portfolio/portfolio.h"
#include "engine/risk/risk_engine.h"

namespace reprise::engine {

// Where the switch finds the market of an instrument (the engine implements it).
class MarketViews {
 public:
  virtual ~MarketViews() = default;
  virtual const MarketView* market_view(InstrumentNo instrument) const = 0;  // nullptr = not declared
};

// Sends one reduce-only order of strategy 0 against a net position: at most `qty`, and never more than the venue takes
// at once; a market order, or with a band a limit so far beyond mid. Risk checks it like any other; false when nothing
// was sent.
bool close_part(const NetPosition& net, Qty qty, Rate band, Seq cause, const Portfolio& portfolio, OrderManager& orders,
                RiskEngine& risk, const MarketViews& markets, Emitter& out);

class KillSwitch {
 public:
  static constexpr DurationNanos kRetryAfter = DurationNanos::seconds(1);
  static constexpr std::uint32_t kTriesInBand = 5;

  // Starts the procedure; cancels and flattens at once.
  void engage(Seq cause, const Portfolio& portfolio, OrderManager& orders, RiskEngine& risk, const MarketViews& markets,
              Emitter& out);
  // Goes on with it: call on every clock tick and after every venue report. Journals TimerFired flattenRetry when a
  // retry falls due. Ends by itself when nothing is open and every position is flat.
  void pursue(bool is_tick, const Portfolio& portfolio, OrderManager& orders, RiskEngine& risk,
              const MarketViews& markets, Emitter& out);
  void release() { active_ = false; }  // operator resume
  bool active() const { return active_; }

  void persist(StateArchive& archive);

 private:
  void act(bool is_retry, const Portfolio& portfolio, OrderManager& orders, RiskEngine& risk,
           const MarketViews& markets, Emitter& out);

  bool active_ = false;
  Seq cause_ = 0;
  UnixNanos next_retry_{};
  std::uint32_t tries_ = 0;  // that sent something, since it was engaged
};

}  // namespace reprise::engine
