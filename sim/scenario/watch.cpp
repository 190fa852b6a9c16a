#include "sim/scenario/watch.h"

namespace reprise::sim::scenario {

Watch::Watch(const Scenario& scenario) : scenario_(scenario), states_(scenario.expectations.size()) {}

UnixNanos Watch::instant(const TimeSpec& time) const {
  return time.is_absolute ? UnixNanos{time.ns} : UnixNanos{run_->start().ns + time.ns};
}

void Watch::fail(std::uint32_t n, Fields& fields, journal::Seq seq, const std::string& why) {
  states_[n].failed = true;
  const Expectation& e = scenario_.expectations[n];
  std::string value = e.kind == Expectation::Kind::state_hash ? "" : e.condition.values_text(fields);
  if (!why.empty()) value += (value.empty() ? "" : "; ") + why;
  failures_.push_back({n, seq, run_->engine().now(), std::move(value)});
}

void Watch::look_within(std::uint32_t n, Fields& fields, journal::Seq seq, bool is_end) {
  const Expectation& e = scenario_.expectations[n];
  State& s = states_[n];
  const UnixNanos now = run_->engine().now();
  const bool triggered = e.after->holds(fields);
  if (triggered && !s.was_true) {
    ++s.triggers;
    if (s.deadline.ns == 0) s.deadline = {now.ns + e.within_ns};
  }
  s.was_true = triggered;
  if (s.deadline.ns != 0) {
    // What is true at the first look behind the deadline may have become true too late.
    if (now > s.deadline) return fail(n, fields, seq, "not within the time");
    if (e.condition.holds(fields)) s.deadline = {};
  }
  if (is_end && s.deadline.ns != 0) return fail(n, fields, seq, "the run ended first");
  if (is_end && s.triggers == 0) fail(n, fields, seq, "\"" + e.after->text() + "\" never came true");
}

void Watch::look(Fields& fields, journal::Seq seq, bool with_costly, bool is_end) {
  const UnixNanos now = run_->engine().now();
  for (std::uint32_t n = 0; n < states_.size(); ++n) {
    State& s = states_[n];
    const Expectation& e = scenario_.expectations[n];
    if (s.failed || s.done) continue;
    if (!with_costly && (e.condition.is_costly() || (e.after && e.after->is_costly()))) continue;
    switch (e.kind) {
      case Expectation::Kind::always:
        if (now < instant(e.from) || (e.until && now > instant(*e.until))) break;
        // What is not known yet (a price before the first one) is not judged.
        if (e.condition.value(fields).value_or(kScale) == 0) fail(n, fields, seq);
        break;
      case Expectation::Kind::finally:
        if (is_end && !e.condition.holds(fields)) fail(n, fields, seq);
        break;
      case Expectation::Kind::eventually:
        if (now < instant(e.from)) break;
        if (e.until && now > instant(*e.until)) {
          fail(n, fields, seq, "not by then");
        } else if (e.condition.holds(fields)) {
          s.done = true;
        } else if (is_end) {
          fail(n, fields, seq, "never");
        }
        break;
      case Expectation::Kind::within: look_within(n, fields, seq, is_end); break;
      case Expectation::Kind::state_hash:
        if (!is_end) break;
        if (const std::string hash = run_->engine().state_hash().text(); hash != e.hash)
          fail(n, fields, seq, "state hash " + hash);
        break;
    }
  }
}

void Watch::State::persist(engine::StateArchive& archive) {
  archive.field("failed", failed);
  archive.field("done", done);
  archive.field("was_true", was_true);
  archive.field("triggers", triggers);
  archive.field("deadline", deadline);
}

void Watch::persist(engine::StateArchive& archive) {
  archive.field("states", states_);
  std::uint64_t count = failures_.size();
  archive.begin_list("failures", count);
  if (archive.loading()) failures_.resize(count);
  for (Failure& failure : failures_) {
    archive.begin_object("item");
    archive.field("expectation", failure.expectation);
    archive.field("seq", failure.seq);
    archive.field("time", failure.time);
    archive.field("value", failure.value);
    archive.end_object();
  }
  archive.end_list();
}

}  // namespace reprise::sim::scenario
