#include "sim/generator/agents.h"
#include "engine/market/fixed.h"

#include <algorithm>
#include <cmath>

namespace reprise::sim {

namespace {

constexpr std::uint32_t kMakers = 4;
constexpr std::uint32_t kValueTakers = 3;
constexpr std::uint32_t kMomentumTakers = 3;
constexpr std::int64_t kDeepestShare = 50;  // no order rests further than 2 % of the price from mid

std::int64_t floor_ticks(double x) {
  const auto whole = static_cast<std::int64_t>(x);
  return static_cast<double>(whole) > x ? whole - 1 : whole;
}
std::int64_t ceil_ticks(double x) {
  return -floor_ticks(-x);
}

// A decay over dt with time constant tau, without exp: second-order Pade-like, monotone and below 1.
double decay(std::int64_t dt, std::int64_t tau) {
  const double x = static_cast<double>(dt) / static_cast<double>(tau);
  return 1 / (1 + x + x * x / 2);
}

}  // namespace

InstrumentMarket::InstrumentMarket(const SymbolSpec& spec, std::uint64_t seed, std::uint32_t index) : spec_(spec) {
  const double price = static_cast<double>(spec.start_price_e8);
  const double ticks = price / static_cast<double>(spec.tick_e8);
  const double lot_notional = price / 1e8 * static_cast<double>(spec.lot_e8) / 1e8;
  typical_lots_ = std::max<std::int64_t>(1, floor_ticks(static_cast<double>(spec.typical_notional) / lot_notional));
  calm_half_spread_ = std::max(0.5, spec.half_spread * ticks);
  calm_volatility_ = std::max(0.05, spec.second_volatility * ticks);
  seen_volatility_ = calm_volatility_;
  slow_variance_ = fast_variance_ = calm_volatility_ * calm_volatility_;

  std::uint64_t stream = 100'000 + 64 * static_cast<std::uint64_t>(index);
  const auto add = [&](AgentKind kind, std::uint32_t rank, std::int64_t horizon) {
    agents_.push_back(Agent{kind, RandomStream(seed, stream++)});
    agents_.back().rank = rank;
    agents_.back().horizon = horizon;
  };
  for (std::uint32_t i = 0; i < kMakers; ++i) add(AgentKind::maker, i, 0);
  for (std::uint32_t i = 0; i < kValueTakers; ++i) add(AgentKind::value_taker, i, 0);
  constexpr std::array<std::int64_t, kMomentumTakers> kHorizons = {15 * kSecond, 90 * kSecond, 600 * kSecond};
  for (std::uint32_t i = 0; i < kMomentumTakers; ++i) add(AgentKind::momentum_taker, i, kHorizons[i]);
  add(AgentKind::noise_maker, 0, 0);
  add(AgentKind::noise_taker, 0, 0);
}

double InstrumentMarket::mid(double fallback) const {
  const BookLevel* bid = book_.best(BookSide::bid);
  const BookLevel* ask = book_.best(BookSide::ask);
  if (bid == nullptr || ask == nullptr) return fallback;
  return static_cast<double>(bid->price + ask->price) / 2;
}

void InstrumentMarket::observe_second(double fair) {
  const double now = mid(fair);
  if (last_mid_ > 0) {
    const double square = (now - last_mid_) * (now - last_mid_);
    slow_variance_ = slow_variance_ * 0.985 + square * 0.015;
    fast_variance_ = fast_variance_ * 0.80 + square * 0.20;
    seen_volatility_ = std::max(0.05, std::sqrt(std::max(slow_variance_, fast_variance_)));
  }
  last_mid_ = now;
}

std::int64_t InstrumentMarket::wake(std::size_t number, const AgentView& view) {
  trades_.clear();
  expiries_.clear();
  Agent& agent = agents_[number];
  std::int64_t delay = 0;
  switch (agent.kind) {
    case AgentKind::maker: delay = act_maker(agent, static_cast<std::uint32_t>(number), view); break;
    case AgentKind::value_taker: delay = act_value(agent, view); break;
    case AgentKind::momentum_taker: delay = act_momentum(agent, view); break;
    case AgentKind::noise_maker: delay = act_noise_maker(agent, static_cast<std::uint32_t>(number), view); break;
    case AgentKind::noise_taker: delay = act_noise_taker(agent, view); break;
  }
  agent.last_wake = view.now;
  return std::max(delay, kMillisecond);
}

void InstrumentMarket::take(Agent& agent, BookSide hit, std::int64_t limit, std::int64_t qty) {
  for (const Execution& execution : book_.take(hit, limit, qty)) {
    trades_.push_back({execution.price, execution.qty, hit});
    const std::int64_t sign = hit == BookSide::ask ? 1 : -1;  // the taker buys from the asks
    agent.inventory += sign * execution.qty;
    agents_[execution.maker_owner].inventory -= sign * execution.qty;
  }
}

// Delay of the next act of a kind whose rate follows volatility, the hour and recent trading.
std::int64_t InstrumentMarket::intensity_delay(Agent& agent, std::int64_t mean, const AgentView& view) {
  excitation_ *= decay(view.now - excited_at_, 8 * kSecond);
  excited_at_ = view.now;
  if (!trades_.empty()) excitation_ = std::min(excitation_ + 0.10, 2.0);
  const double rate = std::clamp(view.volatility, 0.3, 6.0) * view.activity * spec_.activity * (0.7 + excitation_);
  return agent.random.exponential(floor_ticks(static_cast<double>(mean) / rate));
}

std::int64_t InstrumentMarket::act_maker(Agent& agent, std::uint32_t number, const AgentView& view) {
  const double middle = mid(view.fair);
  const double sigma = seen_volatility_;
  const double relative = sigma / calm_volatility_;
  const double half = calm_half_spread_ * (1 + 0.3 * agent.rank) + 0.30 * sigma;
  const double step = std::max(1.0, 0.7 * calm_half_spread_ + 0.35 * sigma);
  const double belief = 0.8 * view.fair + 0.2 * middle + 0.25 * calm_half_spread_ * agent.random.normal();
  const auto limit_inventory = static_cast<double>(60 * typical_lots_);
  const double load = std::clamp(static_cast<double>(agent.inventory) / limit_inventory, -1.5, 1.5);
  const double center = belief - load * half;

  // What is wanted at each level of the ladder, and what of the present quotes may stay.
  struct Wanted {
    std::size_t slot;
    BookSide side;
    std::int64_t price;
    std::int64_t qty;
  };
  std::array<Wanted, 2 * kLevels> wanted{};
  std::size_t count = 0;
  for (int level = 0; level < kLevels; ++level) {
    const double distance = half + step * level;
    const double tolerance = step * (0.35 + 0.30 * level);
    const double size = static_cast<double>(typical_lots_) * (1.5 + 0.8 * level) *
                        (0.7 + 0.6 * agent.random.uniform()) / (0.5 + 0.5 * relative);
    const std::int64_t qty = std::max<std::int64_t>(1, floor_ticks(size));
    for (const BookSide side : {BookSide::bid, BookSide::ask}) {
      const std::size_t slot = static_cast<std::size_t>(level) + (side == BookSide::ask ? kLevels : 0);
      const double price = side == BookSide::bid ? center - distance : center + distance;
      const bool is_full = side == BookSide::bid ? load >= 1.5 : load <= -1.5;
      const OrderHandle order = agent.quotes[slot];
      const std::int64_t left = book_.remaining(order);
      if (left > 0 && !is_full && 2 * left >= qty) {
        const double off = static_cast<double>(book_.price_of(order)) - price;
        if (off <= tolerance && off >= -tolerance) continue;
      }
      if (left > 0) book_.cancel(order);
      agent.quotes[slot] = 0;
      if (!is_full) wanted[count++] = {slot, side, side == BookSide::bid ? floor_ticks(price) : ceil_ticks(price), qty};
    }
  }
  for (std::size_t i = 0; i < count; ++i) {
    const Wanted& w = wanted[i];
    // Post only: one tick behind the other side where it would cross.
    std::int64_t price = w.price;
    if (const BookLevel* other = book_.best(opposite(w.side)); other != nullptr) {
      price = w.side == BookSide::bid ? std::min(price, other->price - 1) : std::max(price, other->price + 1);
    }
    if (price <= 0) continue;
    agent.quotes[w.slot] = book_.add(w.side, price, w.qty, number);
  }
  // Faster when prices move: a stale quote is somebody else's profit.
  const double pace = std::clamp(0.6 + 0.4 * view.volatility, 0.6, 4.0) * (0.5 + 0.5 * spec_.activity);
  return agent.random.exponential(floor_ticks(280.0 * static_cast<double>(kMillisecond) / pace));
}

std::int64_t InstrumentMarket::act_value(Agent& agent, const AgentView& view) {
  const double noise = (0.8 * calm_half_spread_ + 0.25 * seen_volatility_) * agent.random.normal();
  const double perceived = view.fair + noise;
  const double threshold = (0.8 + 0.5 * agent.rank) * calm_half_spread_ + 0.35 * seen_volatility_;
  const BookLevel* ask = book_.best(BookSide::ask);
  const BookLevel* bid = book_.best(BookSide::bid);
  if (ask != nullptr && perceived > static_cast<double>(ask->price) + threshold) {
    take(agent, BookSide::ask, floor_ticks(perceived - threshold / 2),
         order_size(agent) * std::min<std::int64_t>(agent.random.power_law(), 32));
  } else if (bid != nullptr && perceived < static_cast<double>(bid->price) - threshold) {
    take(agent, BookSide::bid, ceil_ticks(perceived + threshold / 2),
         order_size(agent) * std::min<std::int64_t>(agent.random.power_law(), 32));
  }
  return intensity_delay(agent, 350 * kMillisecond, view);
}

std::int64_t InstrumentMarket::act_momentum(Agent& agent, const AgentView& view) {
  const double middle = mid(view.fair);
  if (agent.average == 0) agent.average = middle;
  const double keep = decay(view.now - agent.last_wake, agent.horizon);
  agent.average = agent.average * keep + middle * (1 - keep);
  // The trend in units of what volatility alone would do over the horizon.
  const double scale =
      seen_volatility_ * std::sqrt(static_cast<double>(agent.horizon) / static_cast<double>(kSecond)) / 2;
  const double trend = (middle - agent.average) / scale;
  if (view.now >= agent.patient_until && (trend > 1.3 || trend < -1.3)) {
    const BookSide hit = trend > 0 ? BookSide::ask : BookSide::bid;
    const std::int64_t cap = 120 * typical_lots_;
    const bool has_room = trend > 0 ? agent.inventory < cap : agent.inventory > -cap;
    if (const BookLevel* best = book_.best(hit); best != nullptr && has_room) {
      const std::int64_t reach = ceil_ticks(calm_half_spread_ + seen_volatility_);
      take(agent, hit, trend > 0 ? best->price + reach : best->price - reach,
           order_size(agent) * agent.random.power_law());
      agent.patient_until = view.now + agent.random.exponential(agent.horizon / 4);
    }
  } else if (agent.inventory != 0 && trend < 0.3 && trend > -0.3) {
    // The trend is over: the position goes, in pieces.
    const BookSide hit = agent.inventory > 0 ? BookSide::bid : BookSide::ask;
    if (const BookLevel* best = book_.best(hit); best != nullptr) {
      const std::int64_t held = agent.inventory > 0 ? agent.inventory : -agent.inventory;
      const std::int64_t reach = ceil_ticks(calm_half_spread_ + seen_volatility_);
      take(agent, hit, agent.inventory > 0 ? best->price - reach : best->price + reach,
           std::min(held, order_size(agent) * 4));
    }
  }
  return intensity_delay(agent, 1'500 * kMillisecond, view);
}

std::int64_t InstrumentMarket::act_noise_maker(Agent& agent, std::uint32_t number, const AgentView& view) {
  const BookSide side = agent.random.coin() ? BookSide::bid : BookSide::ask;
  const BookLevel* own = book_.best(side);
  const BookLevel* other = book_.best(opposite(side));
  const double middle = mid(view.fair);
  const std::int64_t best =
      own != nullptr ? own->price : (side == BookSide::bid ? floor_ticks(middle) - 1 : ceil_ticks(middle) + 1);
  const std::uint64_t draw = agent.random.below(100);
  std::int64_t behind = 0;  // ticks behind the best price; negative improves it
  std::int64_t mean_life = 4 * kSecond;
  if (draw < 12) {
    behind = -1;
    mean_life = 2 * kSecond;
  } else if (draw < 40) {
    behind = 0;
  } else if (draw < 80) {
    behind = 1 + agent.random.exponential(std::max<std::int64_t>(1, ceil_ticks(3 * calm_half_spread_)));
    mean_life = 12 * kSecond;
  } else {
    behind = 1 + agent.random.exponential(std::max<std::int64_t>(2, ceil_ticks(40 * calm_half_spread_)));
    mean_life = 240 * kSecond;
  }
  std::int64_t price = side == BookSide::bid ? best - behind : best + behind;
  if (other != nullptr)
    price = side == BookSide::bid ? std::min(price, other->price - 1) : std::max(price, other->price + 1);
  const std::int64_t deepest = ceil_ticks(middle) / kDeepestShare;
  price = std::clamp(price, std::max<std::int64_t>(1, floor_ticks(middle) - deepest), ceil_ticks(middle) + deepest);
  // The clamp may have moved the price onto the other side only when that side is itself far from mid.
  const bool crosses = other != nullptr && (side == BookSide::bid ? price >= other->price : price <= other->price);
  if (!crosses) {
    const std::int64_t qty = order_size(agent) * std::min<std::int64_t>(agent.random.power_law(), 16);
    const OrderHandle order = book_.add(side, price, qty, number);
    expiries_.push_back({view.now + kMillisecond + agent.random.exponential(mean_life), order});
  }
  return intensity_delay(agent, 300 * kMillisecond, view);
}

std::int64_t InstrumentMarket::act_noise_taker(Agent& agent, const AgentView& view) {
  const BookSide hit = agent.random.coin() ? BookSide::bid : BookSide::ask;
  if (const BookLevel* best = book_.best(hit); best != nullptr) {
    const std::int64_t reach = ceil_ticks(6 * calm_half_spread_ + 2 * seen_volatility_);
    const std::int64_t limit = hit == BookSide::ask ? best->price + reach : best->price - reach;
    take(agent, hit, limit, order_size(agent) * agent.random.power_law());
  }
  return intensity_delay(agent, 450 * kMillisecond, view);
}

}  // namespace reprise::sim
