#include "sim/generator/fundamentals.h"

#include <algorithm>
#include <cmath>

namespace reprise::sim {

namespace {

constexpr double kHigh = 1.3;  // the two values of a volatility component
constexpr double kLow = 0.7;
constexpr std::int64_t kStepsPerSecond = 10;
constexpr std::int64_t kCommonNewsSteps = 1'500 * kStepsPerSecond;  // mean distance of market-wide news
constexpr std::int64_t kOwnNewsSteps = 3'600 * kStepsPerSecond;     // of one instrument's news
constexpr double kExcitementDecay = 1.0 - 1.0 / (240.0 * kStepsPerSecond);
constexpr double kPremiumDecay = 1.0 - 1.0 / (7'200.0 * kStepsPerSecond);
constexpr double kPremiumDeviation = 0.0004;  // stationary, share of value

std::vector<std::int64_t> seconds(std::initializer_list<std::int64_t> list) {
  std::vector<std::int64_t> steps;
  for (const std::int64_t s : list) steps.push_back(s * kStepsPerSecond);
  return steps;
}

}  // namespace

SwitchingVolatility::SwitchingVolatility(std::uint64_t seed, std::uint64_t component,
                                         const std::vector<std::int64_t>& mean_steps)
    : random_(seed, component) {
  for (const std::int64_t mean : mean_steps)
    components_.push_back({mean, 1 + random_.exponential(mean), random_.coin()});
  update();
}

void SwitchingVolatility::update() {
  const double mean_square = std::sqrt((kHigh * kHigh + kLow * kLow) / 2);
  level_ = 1;
  for (const Component& c : components_) level_ *= (c.is_high ? kHigh : kLow) / mean_square;
}

void SwitchingVolatility::step() {
  bool changed = false;
  for (Component& c : components_) {
    if (--c.until > 0) continue;
    c.until = 1 + random_.exponential(c.mean_steps);
    c.is_high = random_.coin();
    changed = true;
  }
  if (changed) update();
}

Fundamentals::Fundamentals(std::uint64_t seed, std::uint32_t symbols)
    : common_volatility_(seed, 1, seconds({20, 90, 400, 1800, 8000, 36000})),
      common_noise_(seed, 2),
      news_random_(seed, 3),
      steps_to_common_news_(1 + news_random_.exponential(kCommonNewsSteps)) {
  for (std::uint32_t i = 0; i < symbols; ++i) {
    const SymbolSpec& spec = symbol_specs()[i];
    const std::uint64_t base = 1000 + 16 * static_cast<std::uint64_t>(i);
    own_.push_back(Own{SwitchingVolatility(seed, base, seconds({45, 600})), RandomStream(seed, base + 1),
                       static_cast<double>(spec.start_price_e8) / 1e8, 0.0, 1.0, 0.0});
    own_.back().premium = kPremiumDeviation * own_.back().noise.normal();
    steps_to_own_news_.push_back(1 + news_random_.exponential(kOwnNewsSteps));
  }
}

// Sizes are a mixture: most news moves the value by some ten seconds' volatility, one piece in five by
// three times that. The value never leaves a tenth to twelve times its start.
void Fundamentals::news_for(Own& own, const SymbolSpec& spec, double share, double direction, double size) {
  own.value *= 1 + share * direction * size * spec.second_volatility;
  own.excitement = std::min(own.excitement + 1.5 * share, 4.0);
}

void Fundamentals::step() {
  common_volatility_.step();
  const double root_step = 0.31622776601683794;  // sqrt(0.1 s)
  const double common_level = common_volatility_.level();
  const double common = common_noise_.normal() * common_level * root_step;

  double common_direction = 0;
  double common_size = 0;
  if (--steps_to_common_news_ <= 0) {
    steps_to_common_news_ = 1 + news_random_.exponential(kCommonNewsSteps);
    common_direction = news_random_.coin() ? 1 : -1;
    common_size = (3 + 7 * news_random_.uniform()) * (news_random_.below(5) == 0 ? 3 : 1);
    ++news_;
  }
  // How steep premium noise must be for the stated stationary deviation of an AR(1).
  const double premium_noise = kPremiumDeviation * std::sqrt(1 - kPremiumDecay * kPremiumDecay);
  for (std::size_t i = 0; i < own_.size(); ++i) {
    Own& own = own_[i];
    const SymbolSpec& spec = symbol_specs()[i];
    own.volatility_process.step();
    const double share = spec.common_share;
    const double rest = std::sqrt(1 - share * share);
    const double excited = 1 + own.excitement;
    const double own_level = own.volatility_process.level() * common_level;
    const double shock = (share * common + rest * own.noise.normal() * own_level * root_step) * excited;
    own.value *= 1 + spec.second_volatility * shock;
    own.premium = own.premium * kPremiumDecay + premium_noise * own.noise.normal();
    own.excitement *= kExcitementDecay;
    if (common_size > 0) news_for(own, spec, share, common_direction, common_size);
    if (--steps_to_own_news_[i] <= 0) {
      steps_to_own_news_[i] = 1 + news_random_.exponential(kOwnNewsSteps);
      const double direction = news_random_.coin() ? 1 : -1;
      const double size = (3 + 7 * news_random_.uniform()) * (news_random_.below(5) == 0 ? 3 : 1);
      news_for(own, spec, 1.0, direction, size);
      ++news_;
    }
    const double start = static_cast<double>(spec.start_price_e8) / 1e8;
    own.value = std::clamp(own.value, start / 10, start * 12);
    own.volatility = std::sqrt(share * share * common_level * common_level + rest * rest * own_level * own_level) *
                     (1 + own.excitement);
  }
}

}  // namespace reprise::sim
