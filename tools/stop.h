// Ctrl-C: the first SIGINT or SIGTERM asks the command to end cleanly, the second kills the program.
#pragma once

#include <atomic>

namespace reprise::tools {

// Installs the handlers. The flag turns true with the first signal; loops look at it between records.
const std::atomic<bool>& stop_on_signals();

// SIGUSR1, for the kill switch of a run: turns true with it. Whoever acts on it turns it back.
std::atomic<bool>& kill_on_signal();

}  // namespace reprise::tools
