// 128-bit products, without the pedantic warning.
#pragma once

namespace reprise::sim {
__extension__ typedef __int128 Wide;
}  // namespace reprise::sim
