#include "journal/assert.h"

#include <cstdio>
#include <cstdlib>

namespace reprise {

void assertion_failed(const char* condition, const char* file, int line, const std::string& detail) {
  std::fprintf(stderr, "reprise: bug: assertion failed: %s at %s:%d: %s\n", condition, file, line, detail.c_str());
  std::fflush(stderr);
  std::abort();
}

}  // namespace reprise
