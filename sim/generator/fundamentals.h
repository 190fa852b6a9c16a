// What the synthetic instruments are worth: correlated values with clustered volatility and news.
//
// A step is 100 ms. Volatility is a product of two-valued components that switch at rates from seconds to
// hours (the Markov-switching multifractal of Calvet and Fisher, 2001), once for the common factor and
// once for each instrument. News arrives at random, jumps the value and raises volatility for minutes.
// The contract is worth value * (1 + premium), the premium a slow mean-reverting demand for leverage that
// makes funding. Doubles are used with + - * / and sqrt only; what leaves for the market is rounded there.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "sim/generator/random.h"
#include "sim/generator/symbols.h"

namespace reprise::sim {

inline constexpr std::int64_t kFundamentalStep = 100'000'000;  // ns

class SwitchingVolatility {
 public:
  // Switch intervals of the components in steps; the mean square of the level is 1.
  SwitchingVolatility(std::uint64_t seed, std::uint64_t component, const std::vector<std::int64_t>& mean_steps);
  void step();
  double level() const { return level_; }

 private:
  void update();
  struct Component {
    std::int64_t mean_steps;
    std::int64_t until;  // steps to the next switch
    bool is_high;
  };
  std::vector<Component> components_;
  RandomStream random_;
  double level_ = 1;
};

class Fundamentals {
 public:
  Fundamentals(std::uint64_t seed, std::uint32_t symbols);
  void step();

  double value(std::uint32_t symbol) const { return own_[symbol].value; }  // in price units
  double premium(std::uint32_t symbol) const { return own_[symbol].premium; }
  double fair(std::uint32_t symbol) const { return own_[symbol].value * (1 + own_[symbol].premium); }
  // Present volatility relative to the instrument's long-run level.
  double volatility(std::uint32_t symbol) const { return own_[symbol].volatility; }
  std::uint64_t news() const { return news_; }

 private:
  struct Own {
    SwitchingVolatility volatility_process;
    RandomStream noise;
    double value;
    double premium;
    double volatility;
    double excitement;  // what news adds to volatility, decaying
  };
  void news_for(Own& own, const SymbolSpec& spec, double share, double direction, double size);

  SwitchingVolatility common_volatility_;
  RandomStream common_noise_;
  RandomStream news_random_;
  std::int64_t steps_to_common_news_;
  std::vector<std::int64_t> steps_to_own_news_;
  std::vector<Own> own_;
  std::uint64_t news_ = 0;
};

}  // namespace reprise::sim
