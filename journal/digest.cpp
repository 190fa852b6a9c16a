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
