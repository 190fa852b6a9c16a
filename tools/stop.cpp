#include "tools/stop.h"

#include <unistd.h>

#include <csignal>

namespace reprise::tools {
namespace {

std::atomic<bool> stop_wanted{false};
static_assert(std::atomic<bool>::is_always_lock_free, "used in a signal handler");

void on_signal(int number) {
  if (stop_wanted.exchange(true)) {
    std::signal(number, SIG_DFL);
    raise(number);
    return;
  }
  const char text[] = "\nending cleanly; once more to kill\n";
  if (isatty(STDERR_FILENO) == 1) {
    const auto ignored = ::write(STDERR_FILENO, text, sizeof text - 1);
    static_cast<void>(ignored);
  }
}

}  // namespace

const std::atomic<bool>& stop_on_signals() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART | SA_NODEFER;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  return stop_wanted;
}

}  // namespace reprise::tools
