// Random draws of a scenario: integer-exact, one stream for each act, saved as the number of draws made.
#pragma once

#include <cstdint>

#include "engine/state_archive.h"
#include "sim/generator/random.h"
#include "sim/scenario/values.h"

namespace reprise::sim::scenario {

class Draws {
 public:
  Draws(std::uint64_t seed, std::uint64_t stream) : seed_(seed), stream_(stream), random_(seed, stream) {}

  // 0 .. bound; 0 needs no draw.
  std::int64_t upto(std::int64_t bound) {
    if (bound <= 0) return 0;
    ++made_;
    return static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(bound) + 1));
  }
  bool chance(std::int64_t share_e8) {
    if (share_e8 >= kScale) return true;
    if (share_e8 <= 0) return false;
    return upto(kScale - 1) < share_e8;
  }
  std::int64_t between(const Amount& amount) { return amount.low_e8 + upto(amount.high_e8 - amount.low_e8); }

  void persist(engine::StateArchive& archive) {
    archive.field("made", made_);
    if (!archive.loading()) return;
    random_ = RandomStream(seed_, stream_);
    for (std::uint64_t i = 0; i < made_; ++i) random_.bits();
  }

 private:
  std::uint64_t seed_;
  std::uint64_t stream_;
  std::uint64_t made_ = 0;
  RandomStream random_;
};

}  // namespace reprise::sim::scenario
