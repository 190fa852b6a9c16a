// The engine version is raised when behaviour changes on purpose: replay of a journal made by another
// version says so before it shows what differs.
#pragma once

#include <cstdint>

namespace reprise::engine {
inline constexpr std::uint32_t kEngineVersion = 6;
}  // namespace reprise::engine
