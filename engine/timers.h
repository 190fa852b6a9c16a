// Deadlines, fired by clock ticks in the order (deadline, kind, strategy, id). A timer is identified by (kind,
// strategy, id); setting it again replaces the deadline. Not thread-safe.
#pragma once

#include <optional>
#include <vector>

#include "engine/emitter.h"
#include "engine/state_archive.h"

namespace reprise::engine {

struct Timer {
  UnixNanos deadline;
  schema::TimerKind kind = schema::TimerKind::NONE;
  StrategyNo strategy = 0;
  std::uint64_t id = 0;
  void persist(StateArchive& archive);
};

class Timers {
 public:
  void set(const Timer& timer);
  void clear(schema::TimerKind kind, StrategyNo strategy, std::uint64_t id);
  // Takes the first timer that is due at `now`.
  std::optional<Timer> take_due(UnixNanos now);
  const std::vector<Timer>& all() const { return timers_; }
  void persist(StateArchive& archive) { archive.field("timers", timers_); }

 private:
  std::vector<Timer> timers_;  // in firing order; a handful
};

}  // namespace reprise::engine
