#include "journal/digest.h"

#define XXH_INLINE_ALL  // one-shot hashes of short ranges are much faster inline
#include <xxhash.h>

#include <cstdio>
#include <cstring>
#include <new>

#include "journal/assert.h"

namespace reprise::journal {

struct RunningDigest::State {
  XXH3_state_t xxh;
};

void RunningDigest::Free::operator()(State* state) const {
  delete state;
}

RunningDigest::RunningDigest() : state_(new State) {
  reset();
}
RunningDigest::RunningDigest(const RunningDigest& other) : state_(new State) {
  XXH3_copyState(&state_->xxh, &other.state_->xxh);
}
RunningDigest& RunningDigest::operator=(const RunningDigest& other) {
  if (this != &other) XXH3_copyState(&state_->xxh, &other.state_->xxh);
  return *this;
}
RunningDigest::~RunningDigest() = default;

void RunningDigest::reset() {
  XXH3_INITSTATE(&state_->xxh);
  XXH3_128bits_reset(&state_->xxh);
}

void RunningDigest::update(const void* bytes, std::size_t size) {
  XXH3_128bits_update(&state_->xxh, bytes, size);
}

Digest RunningDigest::value() const {
  const XXH128_hash_t hash = XXH3_128bits_digest(&state_->xxh);
  return {hash.low64, hash.high64};
}

// Layout: total length (8), stripes done of the present block (8), bytes waiting (4), 0 (4), accumulators (8 x 8),
// bytes waiting (256). The rest of the library's state follows from the default secret and does not change.
std::string RunningDigest::save() const {
  const XXH3_state_t& x = state_->xxh;
  static_assert(sizeof x.acc == 64 && sizeof x.buffer == 256, "another XXH3: the saved form must be looked at");
  std::string out(kStateBytes, '\0');
  const std::uint64_t total = x.totalLen;
  const std::uint64_t stripes = x.nbStripesSoFar;
  const std::uint32_t waiting = x.bufferedSize;
  std::memcpy(out.data(), &total, 8);
  std::memcpy(out.data() + 8, &stripes, 8);
  std::memcpy(out.data() + 16, &waiting, 4);
  std::memcpy(out.data() + 24, x.acc, sizeof x.acc);
  // The whole buffer: behind the waiting bytes lie those of the last stripe done, which finishing reads.
  std::memcpy(out.data() + 88, x.buffer, sizeof x.buffer);
  return out;
}

std::optional<RunningDigest> RunningDigest::load(std::string_view saved) {
  if (saved.size() != kStateBytes) return std::nullopt;
  std::uint64_t total = 0;
  std::uint64_t stripes = 0;
  std::uint32_t waiting = 0;
  std::memcpy(&total, saved.data(), 8);
  std::memcpy(&stripes, saved.data() + 8, 8);
  std::memcpy(&waiting, saved.data() + 16, 4);
  RunningDigest out;
  XXH3_state_t& x = out.state_->xxh;
  if (waiting > sizeof x.buffer || waiting > total || stripes > x.nbStripesPerBlock) return std::nullopt;
  x.totalLen = total;
  x.nbStripesSoFar = static_cast<std::size_t>(stripes);
  x.bufferedSize = waiting;
  std::memcpy(x.acc, saved.data() + 24, sizeof x.acc);
  std::memcpy(x.buffer, saved.data() + 88, sizeof x.buffer);
  return out;
}

Digest hash128(const void* bytes, std::size_t size) {
  const XXH128_hash_t hash = XXH3_128bits(bytes, size);
  return {hash.low64, hash.high64};
}

std::uint64_t hash64(const void* bytes, std::size_t size, std::uint64_t seed) {
  return XXH3_64bits_withSeed(bytes, size, seed);
}

std::string Digest::text() const {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "xxh3-128:%016llx%016llx", static_cast<unsigned long long>(high),
                static_cast<unsigned long long>(low));
  return buffer;
}

}  // namespace reprise::journal
