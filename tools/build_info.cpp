#include "tools/build_info.h"

#ifndef REPRISE_VERSION
#error "tools/CMakeLists.txt defines REPRISE_VERSION, REPRISE_REVISION and REPRISE_BUILD_TYPE"
#endif

namespace reprise::tools {

const char* program_version() {
  return REPRISE_VERSION;
}
std::string build_id() {
  return std::string(REPRISE_VERSION "+" REPRISE_REVISION " ") + REPRISE_BUILD_TYPE;
}
std::string compiler_id() {
#if defined(__clang__)
  return "clang " __clang_version__;
#else
  return "GCC " __VERSION__;
#endif
}

}  // namespace reprise::tools
