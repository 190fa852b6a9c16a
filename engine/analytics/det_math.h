// exp and log whose every bit depends on the argument alone: additions, multiplications and divisions in a
// written order, no call into the C library (glibc picks another exp by CPU). Error below 2 ulp, tested
// against reference values; speed is not a goal.
#pragma once

#include <cstdint>

namespace reprise::engine {

// Natural logarithm of x > 0, finite. Asserts on anything else.
double det_log(double x);
// e^x; 0 below -708, and asserts above 709 (nothing here should ever get there).
double det_exp(double x);

// A double becomes a decision only through this: e8, half away from zero. Values beyond int64 stay at its
// end; NaN asserts.
std::int64_t quantise(double value);
inline double real_of(std::int64_t e8) {
  return static_cast<double>(e8) / 1e8;
}

}  // namespace reprise::engine
