// Watches the expectations of a scenario while it runs, and says which failed, when, and with which values.
//
// Looked at behind every input that led to an output, every clock tick, mark price and venue report, and the end of the
// run; expressions over the engine's whole state (state.PATH) only at ticks and at the end. The first failure of each
// expectation counts. Deterministic; one thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/scenario/scenario.h"

namespace reprise::sim::scenario {

struct Failure {
  std::uint32_t expectation = 0;  // place in the scenario
  journal::Seq seq = 0;           // last record of the step
  UnixNanos time;                 // engine time
  std::string value;              // the fields of the expression, then
};

class Watch {
 public:
  explicit Watch(const Scenario& scenario);
  void bind(RunControl& run) { run_ = &run; }
  void look(Fields& fields, journal::Seq seq, bool with_costly, bool is_end);
  const std::vector<Failure>& failures() const { return failures_; }
  void persist(engine::StateArchive& archive);

 private:
  struct State {
    bool failed = false;
    bool done = false;          // eventually: came true
    bool was_true = false;      // within: the trigger, at the last look
    std::int64_t triggers = 0;  // within: how often it came
    UnixNanos deadline;         // within: 0 = nothing pending
    void persist(engine::StateArchive& archive);
  };
  void fail(std::uint32_t n, Fields& fields, journal::Seq seq, const std::string& why = {});
  UnixNanos instant(const TimeSpec& time) const;
  void look_within(std::uint32_t n, Fields& fields, journal::Seq seq, bool is_end);

  const Scenario& scenario_;
  RunControl* run_ = nullptr;
  std::vector<State> states_;
  std::vector<Failure> failures_;
};

}  // namespace reprise::sim::scenario
