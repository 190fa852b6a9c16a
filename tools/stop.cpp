#include "tools/stop.h"

#include <unistd.h>

#include <csignal>
#include <ctime>

namespace reprise::tools {
namespace {

std::atomic<bool> stop_wanted{false};
static_assert(std::atomic<bool>::is_always_lock_free, "used in a signal handler");

// A terminal, a shell and timeout(1) may each pass one and the same wish on: what comes together is one signal.
constexpr long kOneSignalMillis = 500;
std::atomic<long> first_at{0};

long now_millis() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}

void on_signal(int number) {
  if (stop_wanted.exchange(true)) {
    if (now_millis() - first_at.load() < kOneSignalMillis) return;
    std::signal(number, SIG_DFL);
    raise(number);
    return;
  }
  first_at.store(now_millis());
  const char text[] = "\nending cleanly; once more to kill\n";
  if (isatty(STDERR_FILENO) == 1) {
    const auto ignored = ::write(STDERR_FILENO, text, sizeof text - 1);
    static_cast<void>(ignored);
  }
}

std::atomic<bool> kill_wanted{false};
void on_kill_signal(int) {
  kill_wanted.store(true);
}

}  // namespace

std::atomic<bool>& kill_on_signal() {
  struct sigaction action {};
  action.sa_handler = on_kill_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGUSR1, &action, nullptr);
  return kill_wanted;
}

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
