// How long a command takes to the venue and a report back (sim/MODELS.md, "Latency").
//
//   constant      the configured times
//   distribution  log-normal-like around the configured time as its median; integers only
//   recorded      the feed latency (receive minus venue time) of the newest market record then
//
// Both ways are one ordered connection: nothing overtakes, so a time handed out never lies before the one
// handed out earlier in that direction.
#pragma once

#include <boost/random/mersenne_twister.hpp>

#include <cstdint>

#include "config/config.h"
#include "engine/market/fixed.h"
#include "engine/state_archive.h"

namespace reprise::sim {

// exp(x / 2^32) * 2^32 in integers only; x is clamped to +-10 (e^10 is 22026).
std::int64_t exp_q32(std::int64_t x);

class LatencyModel {
 public:
  LatencyModel() = default;
  LatencyModel(const config::Venue& venue, std::uint64_t seed);

  // Other times from now on; the random streams go on where they are.
  void reconfigure(const config::Venue& venue);
  void observe_feed_latency(DurationNanos latency) { recorded_ = latency.ns < 0 ? DurationNanos{} : latency; }
  UnixNanos command_arrival(UnixNanos sent);
  UnixNanos report_arrival(UnixNanos sent);

  void persist(engine::StateArchive& archive);

 private:
  enum class Kind : std::uint8_t { constant, distribution, recorded };
  DurationNanos draw(DurationNanos configured, boost::random::mt19937_64& random, std::uint64_t& draws);

  Kind kind_ = Kind::constant;
  DurationNanos entry_;
  DurationNanos response_;
  std::int64_t sigma_e8_ = 0;
  std::uint64_t seed_ = 0;
  DurationNanos recorded_{-1};  // -1: no market record yet
  UnixNanos last_command_;
  UnixNanos last_report_;
  // One stream for each direction. Their state is the number of draws, so that it can be saved as one.
  boost::random::mt19937_64 entry_random_;
  boost::random::mt19937_64 response_random_;
  std::uint64_t entry_draws_ = 0;
  std::uint64_t response_draws_ = 0;
};

}  // namespace reprise::sim
