// XXH3 hashing: the running digest over records, and one-shot hashes of byte ranges.
//
// A RunningDigest gives the same value however the bytes are cut into updates, so block borders never
// show in a journal's digest. value() may be taken at any moment without disturbing the state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "journal/manifest.h"

namespace reprise::journal {

class RunningDigest {
 public:
  RunningDigest();
  RunningDigest(const RunningDigest& other);
  RunningDigest& operator=(const RunningDigest& other);
  RunningDigest(RunningDigest&&) noexcept = default;
  RunningDigest& operator=(RunningDigest&&) noexcept = default;
  ~RunningDigest();

  void reset();
  void update(const void* bytes, std::size_t size);
  Digest value() const;

 private:
  struct State;
  struct Free {
    void operator()(State* state) const;
  };
  std::unique_ptr<State, Free> state_;
};

Digest hash128(const void* bytes, std::size_t size);
std::uint64_t hash64(const void* bytes, std::size_t size, std::uint64_t seed = 0);

}  // namespace reprise::journal
