// What this binary is: version, build id, compiler. Written into manifests, never into a digest.
#pragma once

#include <string>

namespace reprise::tools {

const char* program_version();  // "0.1.0"
std::string build_id();         // "0.1.0+g1a2b3c4 Release"
std::string compiler_id();      // "GCC 12.2.0"

}  // namespace reprise::tools
