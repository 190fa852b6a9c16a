// The Asio side of the loop, for the sources of gateway/net only.
//
// A turn is a row of callbacks up to the moment when none is ready (or many have run). Output is collected during a
// turn and written at its end, so that answers to a burst go out in one system call.
#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "gateway/net/loop.h"

namespace reprise::net {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;

// Something on the loop with output to write at the end of the turn.
class TurnEnd {
 public:
  virtual ~TurnEnd() = default;
  virtual void at_turn_end() = 0;
  // The loop is destroyed: callbacks that will never be called are let go, since they may own whoever holds them.
  virtual void on_loop_end() = 0;
};

class LoopCore {
 public:
  LoopCore();
  ~LoopCore();

  asio::io_context& context() { return context_; }
  std::int64_t now() const;
  void run();
  void turn(Duration longest_wait);
  void stop();
  TimerId after(Duration delay, std::function<void()> function);
  void cancel(TimerId timer);
  // Once for each turn in which it is wanted; the caller keeps count of that.
  void at_turn_end(std::shared_ptr<TurnEnd> object) { turn_ends_.push_back(std::move(object)); }
  // Everybody on the loop, from construction to destruction.
  void join(TurnEnd& object) { members_.insert(&object); }
  void leave(TurnEnd& object) { members_.erase(&object); }

 private:
  void finish_turn();
  void arm();
  void run_due_timers();

  std::set<TurnEnd*> members_;  // outlives the context, whose destruction destroys members
  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  asio::steady_timer clock_;
  std::int64_t armed_for_;
  std::map<std::pair<std::int64_t, TimerId>, std::function<void()>> timers_;
  std::map<TimerId, std::int64_t> times_;
  TimerId last_timer_ = 0;
  std::vector<std::shared_ptr<TurnEnd>> turn_ends_;
  std::vector<std::shared_ptr<TurnEnd>> ending_;
  std::atomic<bool> stop_{false};
};

}  // namespace reprise::net
