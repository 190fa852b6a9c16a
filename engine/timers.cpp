#include "engine/timers.h"

#include <algorithm>
#include <tuple>

namespace reprise::engine {

void Timer::persist(StateArchive& archive) {
  archive.field("deadline", deadline);
  archive.field("kind", kind);
  archive.field("strategy", strategy);
  archive.field("id", id);
}

void Timers::clear(schema::TimerKind kind, StrategyNo strategy, std::uint64_t id) {
  std::erase_if(timers_, [&](const Timer& t) { return t.kind == kind && t.strategy == strategy && t.id == id; });
}

void Timers::set(const Timer& timer) {
  clear(timer.kind, timer.strategy, timer.id);
  const auto order = [](const Timer& t) { return std::tuple(t.deadline.ns, t.kind, t.strategy, t.id); };
  const auto place = std::lower_bound(timers_.begin(), timers_.end(), timer,
                                      [&](const Timer& a, const Timer& b) { return order(a) < order(b); });
  timers_.insert(place, timer);
}

std::optional<Timer> Timers::take_due(UnixNanos now) {
  if (timers_.empty() || now < timers_.front().deadline) return std::nullopt;
  const Timer due = timers_.front();
  timers_.erase(timers_.begin());
  return due;
}

}  // namespace reprise::engine
