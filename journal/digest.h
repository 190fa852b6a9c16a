// XXH3 hashing: the running digest over records, and one-shot hashes of byte ranges.
//
// A RunningDigest gives the same value however the bytes are cut into updates, so block borders never
// show in a journal's digest. value() may be taken at any moment without disturbing the state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

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

  // The state itself as kStateBytes bytes, so that the stream can be taken up behind a record without what lies before
  // it. The layout is ours (FORMAT.md), not the library's. nullopt: no such state is possible.
  static constexpr std::size_t kStateBytes = 344;
  std::string save() const;
  static std::optional<RunningDigest> load(std::string_view saved);

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
