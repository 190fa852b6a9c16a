// Draws what one seed of the swarm runs: market, configuration, strategies, faults. One seed, one plan, bit for bit.
//
// Swarm testing: most kinds of act are switched off for a seed, so that the others meet in strength; limits are drawn
// tight in some seeds and off in others. Integer-exact draws, one stream for each part (sim/generator/random.h), so
// that a change of one part leaves the others as they were.
#pragma once

#include "sim/generator/random.h"
#include "sim/swarm/plan.h"

namespace reprise::sim::swarm {

struct DrawOptions {
  std::int64_t minutes = 0;  // market time of a seed; 0: drawn, one to two minutes and a half
};

Plan draw_plan(std::uint64_t seed, const DrawOptions& options = {});

// Parts of it.
void draw_settings(RandomStream& random, Plan& plan);  // draw_settings.cpp
void draw_acts(RandomStream& random, Plan& plan);      // draw_acts.cpp

// Draws in the units of a plan's texts.
class Pick {
 public:
  explicit Pick(RandomStream& random) : random_(random) {}
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(high - low + 1)));
  }
  bool chance(std::uint32_t permille) { return random_.chance(permille); }
  std::string whole(std::int64_t low, std::int64_t high) { return std::to_string(between(low, high)); }
  std::string millis(std::int64_t low, std::int64_t high) { return whole(low, high) + "ms"; }
  // Of a list.
  template <std::size_t N>
  std::string of(const char* const (&values)[N]) {
    return values[random_.below(N)];
  }
  // low..high hundredths of a percent, as "1.25 %"; signed picks the sign too.
  std::string percent(std::int64_t low, std::int64_t high, bool with_sign = false);
  // low..high units of 1e-5 as a plain decimal: 12 -> "0.00012".
  std::string share_e5(std::int64_t low, std::int64_t high);

 private:
  RandomStream& random_;
};

}  // namespace reprise::sim::swarm
