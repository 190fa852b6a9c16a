// One instrument of the synthetic market: its book and the agents that trade in it.
//
// An agent acts when it is woken: it looks at the book and at its own noisy view of the contract's worth,
// then cancels, rests and takes. Kinds: makers (quote a ladder around their belief, wider and thinner when
// prices move, skewed against their inventory), value takers (trade towards their view), momentum takers
// (trade with a trend), noise traders (resting orders with a lifetime, and market orders). sim/generator/
// MARKET.md states every rule. Times are ns, prices ticks, quantities lots. Not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "sim/generator/limit_book.h"
#include "sim/generator/random.h"
#include "sim/generator/symbols.h"

namespace reprise::sim {

enum class AgentKind : std::uint8_t { maker, value_taker, momentum_taker, noise_maker, noise_taker };

struct AgentView {  // what the world tells an agent that wakes
  std::int64_t now = 0;
  double fair = 0;        // worth of the contract, in ticks
  double volatility = 1;  // fundamental volatility relative to its long-run level
  double activity = 1;    // time of day
};

struct AgentTrade {  // what it traded; the aggressor's side is opposite to the side hit
  std::int64_t price = 0;
  std::int64_t qty = 0;
  BookSide hit = BookSide::bid;
};

struct Expiry {  // a resting order to be cancelled at a time
  std::int64_t at = 0;
  OrderHandle order = 0;
};

class InstrumentMarket {
 public:
  InstrumentMarket(const SymbolSpec& spec, std::uint64_t seed, std::uint32_t index);

  std::size_t agents() const { return agents_.size(); }
  // Lets an agent act. Returns the delay to its next wake-up, at least 1 ms. Trades and expiries of the call
  // are in trades() and expiries() until the next one.
  std::int64_t wake(std::size_t agent, const AgentView& view);
  std::span<const AgentTrade> trades() const { return trades_; }
  std::span<const Expiry> expiries() const { return expiries_; }
  void expire(OrderHandle order) {
    trades_.clear();
    expiries_.clear();
    book_.cancel(order);
  }

  // Once a second: renews the volatility that makers see.
  void observe_second(double fair);

  LimitBook& book() { return book_; }
  const LimitBook& book() const { return book_; }
  // Middle of the book in ticks; `fallback` where a side is empty.
  double mid(double fallback) const;
  // Standard deviation of the mid over one second, in ticks, as seen lately.
  double seen_volatility() const { return seen_volatility_; }

 private:
  static constexpr int kLevels = 8;
  struct Agent {
    AgentKind kind;
    RandomStream random;
    std::int64_t inventory = 0;
    std::array<OrderHandle, 2 * kLevels> quotes{};  // makers: bids, then asks
    double average = 0;                             // momentum: moving average of mid
    std::int64_t horizon = 0;                       // momentum: ns
    std::int64_t last_wake = 0;
    std::int64_t patient_until = 0;  // takers: next time they may trade
    std::uint32_t rank = 0;          // among its kind
  };

  std::int64_t act_maker(Agent& agent, std::uint32_t number, const AgentView& view);
  std::int64_t act_value(Agent& agent, const AgentView& view);
  std::int64_t act_momentum(Agent& agent, const AgentView& view);
  std::int64_t act_noise_maker(Agent& agent, std::uint32_t number, const AgentView& view);
  std::int64_t act_noise_taker(Agent& agent, const AgentView& view);
  void take(Agent& agent, BookSide hit, std::int64_t limit, std::int64_t qty);
  std::int64_t intensity_delay(Agent& agent, std::int64_t mean, const AgentView& view);
  std::int64_t order_size(Agent& agent) {
    return 1 + static_cast<std::int64_t>(agent.random.below(static_cast<std::uint64_t>(2 * typical_lots_)));
  }

  const SymbolSpec& spec_;
  LimitBook book_;
  std::vector<Agent> agents_;
  std::vector<AgentTrade> trades_;
  std::vector<Expiry> expiries_;
  std::int64_t typical_lots_;
  double calm_half_spread_;  // ticks
  double calm_volatility_;   // ticks in a second
  double seen_volatility_;
  double slow_variance_;
  double fast_variance_;
  double last_mid_ = 0;
  double excitation_ = 0;  // trading breeds trading
  std::int64_t excited_at_ = 0;
};

}  // namespace reprise::sim
