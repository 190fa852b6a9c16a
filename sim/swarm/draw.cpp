#include "sim/swarm/draw.h"
#include "engine/market/fixed.h"

namespace reprise::sim::swarm {

namespace {

enum Stream : std::uint64_t { market_stream = 7'001, settings_stream = 7'002, acts_stream = 7'003 };

std::string digits(std::int64_t value, std::size_t width) {
  std::string text = std::to_string(value);
  while (text.size() < width) text.insert(text.begin(), '0');
  return text;
}

}  // namespace

std::string Pick::percent(std::int64_t low, std::int64_t high, bool with_sign) {
  const std::int64_t value = between(low, high);
  const bool is_negative = with_sign && random_.coin();
  return (is_negative ? "-" : "") + std::to_string(value / 100) + "." + digits(value % 100, 2) + " %";
}

std::string Pick::share_e5(std::int64_t low, std::int64_t high) {
  const std::int64_t value = between(low, high);
  return std::to_string(value / 100'000) + "." + digits(value % 100'000, 5);
}

Plan draw_plan(std::uint64_t seed, const DrawOptions& options) {
  Plan plan;
  plan.seed = seed;
  RandomStream market(seed, market_stream);
  Pick pick(market);
  plan.market_seed = market.below(1'000'000'000);
  plan.symbols = pick.chance(600) ? 2 : 1;
  plan.length_ns = options.minutes > 0 ? options.minutes * 60 * kSecond : pick.between(60, 150) * kSecond;
  if (plan.length_ns < kQuiet + 20 * kSecond) plan.length_ns = kQuiet + 20 * kSecond;
  RandomStream settings(seed, settings_stream);
  draw_settings(settings, plan);
  RandomStream acts(seed, acts_stream);
  draw_acts(acts, plan);
  return plan;
}

}  // namespace reprise::sim::swarm
