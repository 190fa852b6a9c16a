#include "sim/exchange/latency.h"
#include "sim/exchange/wide.h"

#include <algorithm>

namespace reprise::sim {

namespace {

constexpr std::uint64_t kEntryStream = 0x6c6174656e637931;  // one stream for each component
constexpr std::uint64_t kResponseStream = 0x6c6174656e637932;
constexpr int kUniforms = 12;

// Sum of 12 uniforms on [0, 1) minus 6: mean 0, variance 1 (Irwin-Hall). In Q32.
std::int64_t normal_q32(boost::random::mt19937_64& random) {
  std::int64_t sum = 0;
  for (int i = 0; i < kUniforms; ++i) sum += static_cast<std::int64_t>(random() >> 32);
  return sum - (std::int64_t{6} << 32);
}

}  // namespace

std::int64_t exp_q32(std::int64_t x) {
  constexpr std::int64_t kOne = std::int64_t{1} << 32;
  x = std::clamp(x, -10 * kOne, 10 * kOne);
  // e^x = (e^(x/16))^16 with a Taylor series for |x/16| < 1; every step floors, in the same way everywhere.
  const std::int64_t y = x >> 4;
  std::int64_t sum = kOne;
  std::int64_t term = kOne;
  for (std::int64_t n = 1; n <= 14; ++n) {
    term = static_cast<std::int64_t>((static_cast<Wide>(term) * y) >> 32) / n;
    sum += term;
  }
  for (int i = 0; i < 4; ++i) sum = static_cast<std::int64_t>((static_cast<Wide>(sum) * sum) >> 32);
  return sum;
}

LatencyModel::LatencyModel(const config::Venue& venue, std::uint64_t seed)
    : seed_(seed), entry_random_(seed ^ kEntryStream), response_random_(seed ^ kResponseStream) {
  reconfigure(venue);
}

void LatencyModel::reconfigure(const config::Venue& venue) {
  kind_ = venue.latency_model == "distribution" ? Kind::distribution
          : venue.latency_model == "recorded"   ? Kind::recorded
                                                : Kind::constant;
  entry_ = {venue.order_entry_latency_ns};
  response_ = {venue.order_response_latency_ns};
  sigma_e8_ = venue.latency_sigma_e8;
}

DurationNanos LatencyModel::draw(DurationNanos configured, boost::random::mt19937_64& random, std::uint64_t& draws) {
  switch (kind_) {
    case Kind::constant: return configured;
    case Kind::recorded: return recorded_.ns < 0 ? configured : recorded_;
    case Kind::distribution: {
      draws += kUniforms;
      const auto exponent = static_cast<std::int64_t>(static_cast<Wide>(normal_q32(random)) * sigma_e8_ / kScale);
      const Wide scaled = (static_cast<Wide>(configured.ns) * exp_q32(exponent)) >> 32;
      // Ten minutes at most: a bound keeps the look-ahead of a run bounded too.
      return {static_cast<std::int64_t>(std::min<Wide>(scaled, 600'000'000'000))};
    }
  }
  return configured;
}

UnixNanos LatencyModel::command_arrival(UnixNanos sent) {
  last_command_ = std::max(last_command_, sent + draw(entry_, entry_random_, entry_draws_));
  return last_command_;
}

UnixNanos LatencyModel::report_arrival(UnixNanos sent) {
  last_report_ = std::max(last_report_, sent + draw(response_, response_random_, response_draws_));
  return last_report_;
}

void LatencyModel::persist(engine::StateArchive& archive) {
  archive.field("kind", kind_);
  archive.field("entry", entry_);
  archive.field("response", response_);
  archive.field("sigma", sigma_e8_);
  archive.field("seed", seed_);
  archive.field("recorded", recorded_);
  archive.field("last_command", last_command_);
  archive.field("last_report", last_report_);
  archive.field("entry_draws", entry_draws_);
  archive.field("response_draws", response_draws_);
  if (archive.loading()) {
    entry_random_.seed(seed_ ^ kEntryStream);
    entry_random_.discard(entry_draws_);
    response_random_.seed(seed_ ^ kResponseStream);
    response_random_.discard(response_draws_);
  }
}

}  // namespace reprise::sim
