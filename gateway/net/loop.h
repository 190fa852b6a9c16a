// The event loop that everything in gateway/net runs on: one thread runs it, and all callbacks come on that thread.
//
// Scheduler is what code above the network needs of it (time, timers, a hand-over from other threads), so that a
// virtual one can take its place. Times are nanoseconds of a steady clock with an arbitrary start; the wall clock is
// none of its business. Objects made on a loop are destroyed on its thread or while nobody runs it, and before it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

namespace reprise::net {

using Duration = std::chrono::nanoseconds;
using TimerId = std::uint64_t;  // 0 is no timer

class Scheduler {
 public:
  virtual ~Scheduler() = default;
  virtual std::int64_t now() const = 0;
  // Any thread. Runs the function on the loop's thread, in the order of the calls.
  virtual void post(std::function<void()> function) = 0;
  // Loop's thread. Runs the function once, not before the time; equal times in the order of the calls.
  virtual TimerId after(Duration delay, std::function<void()> function) = 0;
  // Loop's thread. A timer that has run or was cancelled is ignored.
  virtual void cancel(TimerId timer) = 0;
};

class LoopCore;  // gateway/net/loop_core.h: the Asio side

class Loop final : public Scheduler {
 public:
  Loop();
  ~Loop() override;
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Runs until stop(). May be called again afterwards.
  void run();
  // Waits for work, at most so long, and runs what is ready. For a caller that has a loop of its own.
  void turn(Duration longest_wait);
  // Any thread. Ends run() after the function that runs now.
  void stop();

  std::int64_t now() const override;
  void post(std::function<void()> function) override;
  TimerId after(Duration delay, std::function<void()> function) override;
  void cancel(TimerId timer) override;

  LoopCore& core() { return *core_; }

 private:
  std::unique_ptr<LoopCore> core_;
};

}  // namespace reprise::net
