// Assertions: a failed one is a bug in Reprise, so they are always on, in release too.
//
// Policy. One condition per assertion. State the property both where it is made and where it is
// used. Input from outside is never asserted: it is checked and answered with an Error.
// REPRISE_DEBUG_ASSERT is for checks that cost more than the work they guard (debug builds only).
#pragma once

#include <string>

namespace reprise {

// Prints the condition, place and detail on standard error and aborts.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line, const std::string& detail);

}  // namespace reprise

#define REPRISE_ASSERT(condition, detail)                                               \
  do {                                                                                  \
    if (!(condition)) [[unlikely]]                                                      \
      ::reprise::assertion_failed(#condition, __FILE__, __LINE__, std::string(detail)); \
  } while (false)

#ifdef REPRISE_DEBUG_CHECKS
#define REPRISE_DEBUG_ASSERT(condition, detail) REPRISE_ASSERT(condition, detail)
#else
#define REPRISE_DEBUG_ASSERT(condition, detail) \
  do {                                          \
  } while (false)
#endif
