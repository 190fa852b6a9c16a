#include "gateway/net/loop.h"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "gateway/net/loop_core.h"

namespace reprise::net {

namespace {

constexpr int kCallbacksOfATurn = 64;
constexpr std::int64_t kNever = INT64_MAX;
constexpr std::int64_t kLongest = std::int64_t{1} << 60;  // 36 years: sums stay in range

}  // namespace

LoopCore::LoopCore() : work_(asio::make_work_guard(context_)), clock_(context_), armed_for_(kNever) {}

LoopCore::~LoopCore() {
  turn_ends_.clear();
  const std::vector<TurnEnd*> members(members_.begin(), members_.end());
  for (TurnEnd* const member : members) {
    if (members_.contains(member)) member->on_loop_end();  // one may take others with it
  }
}

std::int64_t LoopCore::now() const {
  return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void LoopCore::run() {
  while (!stop_.exchange(false)) {
    context_.run_one();
    finish_turn();
  }
}

void LoopCore::turn(Duration longest_wait) {
  // run_one_for() looks at nothing at all where there is no time to wait.
  const std::size_t done = longest_wait.count() > 0 ? context_.run_one_for(longest_wait) : context_.poll_one();
  if (done > 0) finish_turn();
}

void LoopCore::finish_turn() {
  for (int i = 0; i < kCallbacksOfATurn && !stop_ && context_.poll_one() > 0; ++i) {
  }
  ending_.swap(turn_ends_);
  for (const auto& object : ending_) object->at_turn_end();
  ending_.clear();
}

void LoopCore::stop() {
  asio::post(context_, [this] { stop_ = true; });
}

TimerId LoopCore::after(Duration delay, std::function<void()> function) {
  const std::int64_t time = now() + std::clamp<std::int64_t>(delay.count(), 0, kLongest);
  const TimerId id = ++last_timer_;
  timers_.emplace(std::pair(time, id), std::move(function));
  times_.emplace(id, time);
  arm();
  return id;
}

void LoopCore::cancel(TimerId timer) {
  const auto found = times_.find(timer);
  if (found == times_.end()) return;
  timers_.erase({found->second, timer});
  times_.erase(found);  // the clock may ring for nothing
}

void LoopCore::arm() {
  if (timers_.empty()) return;
  const std::int64_t first = timers_.begin()->first.first;
  if (first >= armed_for_) return;
  armed_for_ = first;
  clock_.expires_at(std::chrono::steady_clock::time_point(
      std::chrono::duration_cast<std::chrono::steady_clock::duration>(Duration(first))));
  clock_.async_wait([this](ErrorCode code) {
    if (code) return;  // armed for an earlier time
    armed_for_ = kNever;
    run_due_timers();
    arm();
  });
}

void LoopCore::run_due_timers() {
  const std::int64_t time = now();
  const TimerId newest = last_timer_;  // what a timer starts waits for the next round
  for (auto next = timers_.begin(); next != timers_.end() && next->first.first <= time; next = timers_.begin()) {
    if (next->first.second > newest) break;
    const std::function<void()> function = std::move(next->second);
    times_.erase(next->first.second);
    timers_.erase(next);
    function();
  }
}

Loop::Loop() : core_(std::make_unique<LoopCore>()) {}
Loop::~Loop() = default;

void Loop::run() {
  core_->run();
}
void Loop::turn(Duration longest_wait) {
  core_->turn(longest_wait);
}
void Loop::stop() {
  core_->stop();
}
std::int64_t Loop::now() const {
  return core_->now();
}
void Loop::post(std::function<void()> function) {
  asio::post(core_->context(), std::move(function));
}
TimerId Loop::after(Duration delay, std::function<void()> function) {
  return core_->after(delay, std::move(function));
}
void Loop::cancel(TimerId timer) {
  core_->cancel(timer);
}

}  // namespace reprise::net
