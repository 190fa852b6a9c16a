// Random draws for the synthetic market: integer-exact constructions on a Boost Mersenne twister.
//
// No libm and no std distribution: a draw is the same on every compiler, C library and CPU. One stream
// for each component, so that a change in one component's draws does not move another's.
#pragma once

#include <bit>
#include <boost/random/mersenne_twister.hpp>
#include <cstdint>

namespace reprise::sim {

// SplitMix64 over (seed, component): neighbouring seeds and components give unrelated streams.
// Formula: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014.
inline std::uint64_t stream_seed(std::uint64_t seed, std::uint64_t component) {
  std::uint64_t z = seed + 0x9e3779b97f4a7c15u * (component + 1);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

class RandomStream {
 public:
  RandomStream(std::uint64_t seed, std::uint64_t component) : engine_(stream_seed(seed, component)) {}

  std::uint64_t bits() { return engine_(); }

  // 0 .. bound - 1. Multiply-shift: the bias is below bound / 2^64.
  std::uint64_t below(std::uint64_t bound) {
    __extension__ typedef unsigned __int128 Product;  // NOLINT(modernize-use-using)
    return static_cast<std::uint64_t>((static_cast<Product>(engine_()) * bound) >> 64);
  }
  bool chance(std::uint32_t permille) { return below(1000) < permille; }
  bool coin() { return (engine_() >> 63) != 0; }
  // [0, 1), 53 bits, exact.
  double uniform() { return static_cast<double>(engine_() >> 11) * 0x1p-53; }

  // Exponential with mean 1, in units of 2^-32. Exact without a logarithm: comparison of uniforms only
  // (von Neumann, "Various techniques used in connection with random digits", 1951).
  std::uint64_t exponential_q32() {
    for (std::uint64_t whole = 0;; ++whole) {
      const std::uint64_t first = engine_();
      std::uint64_t last = first;
      bool odd = true;
      for (std::uint64_t next = engine_(); next < last; next = engine_()) {
        last = next;
        odd = !odd;
      }
      if (odd) return (whole << 32) + (first >> 32);
    }
  }
  std::int64_t exponential(std::int64_t mean) {
    __extension__ typedef unsigned __int128 Product;  // NOLINT(modernize-use-using)
    return static_cast<std::int64_t>((static_cast<Product>(exponential_q32()) * static_cast<std::uint64_t>(mean)) >>
                                     32);
  }

  // Near-normal, mean 0, variance 1: sum of twelve 16-bit uniforms (bounded by 6, excess kurtosis -0.1;
  // the market's fat tails come from its volatility and its news, not from this draw).
  double normal() {
    std::int64_t sum = 0;
    for (int i = 0; i < 3; ++i) {
      const std::uint64_t word = engine_();
      sum +=
          static_cast<std::int64_t>((word & 0xffff) + ((word >> 16) & 0xffff) + ((word >> 32) & 0xffff) + (word >> 48));
    }
    return static_cast<double>(sum - 393210) / 65536.0;
  }

  // 2^k with P(k >= n) = 3^-n, k <= 9: a power law with exponent log 3 / log 2 = 1.58, as order sizes have.
  std::int64_t power_law() {
    std::int64_t size = 1;
    while (size < 512 && below(3) == 0) size *= 2;
    return size;
  }

 private:
  boost::random::mt19937_64 engine_;
};

}  // namespace reprise::sim
