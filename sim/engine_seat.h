// The engine's place in any run, simulated or live: an input goes to the journal, then to the engine, and what the
// engine made of it to the journal, before anybody acts on it.
//
// Gives inputs their times: engine time is the largest receive time so far, so a clock that steps back does no harm
// (design: engine time never decreases). Single-threaded. The sink is given and outlives the seat.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "config/config.h"
#include "engine/engine.h"
#include "engine/state_archive.h"
#include "journal/record_batch.h"
#include "journal/snapshot.h"
#include "sim/exchange/messages.h"
#include "sim/run_sink.h"

namespace reprise::sim {

class EngineSeat {
 public:
  explicit EngineSeat(RunSink& sink) : sink_(sink) {}

  engine::Engine& engine() { return engine_; }
  UnixNanos time() const { return time_; }
  std::uint64_t inputs() const { return inputs_; }
  std::uint64_t outputs() const { return outputs_made_; }

  // What is received now. The view made by one of the calls below is valid until the next one.
  journal::RecordHeader arriving(journal::RecordHeader header, UnixNanos recv);
  template <class T, class Fill>
  journal::RecordView make(journal::RecordType type, UnixNanos recv, Fill&& fill, std::size_t extra_words = 0) {
    journal::RecordHeader header = arriving({}, recv);
    header.ts_event = header.ts_recv;
    batch_.clear();
    batch_.append<T>(type, header, std::forward<Fill>(fill), extra_words);
    return made();
  }
  // A record of somebody else's under a header of ours.
  journal::RecordView copy(const journal::RecordHeader& header, const journal::RecordView& record);
  journal::RecordView of_report(const Report& report, UnixNanos recv);
  journal::RecordView run_start(std::uint64_t run_tag, std::uint64_t seed, UnixNanos recv);
  journal::RecordView configuration(const config::Entries& entries, UnixNanos recv);
  journal::RecordView operator_command(schema::OperatorAction action, const std::string& text, const std::string& value,
                                       UnixNanos recv);
  journal::RecordView carry_over(const std::string& key, engine::StrategyNo strategy, InstrumentNo instrument,
                                 const std::string& value, const std::string& text, UnixNanos recv);
  journal::RecordView run_end(const std::string& reason, UnixNanos recv);

  // One step. The outputs are valid until the next; the first of them has seq first_output().
  const journal::RecordBatch& input(const journal::RecordView& view);
  journal::Seq first_output() const { return first_output_; }

  // The engine's state between two steps.
  journal::SnapshotImage snapshot();

  void replace_engine(engine::Engine engine) { engine_ = std::move(engine); }
  // Behind a record that stands in the journal already.
  void take_up(UnixNanos time, std::uint64_t inputs, std::uint64_t outputs) {
    time_ = time;
    inputs_ = inputs;
    outputs_made_ = outputs;
  }

 private:
  journal::RecordView made();

  RunSink& sink_;
  engine::Engine engine_;
  UnixNanos time_;
  std::uint64_t inputs_ = 0;
  std::uint64_t outputs_made_ = 0;
  journal::Seq first_output_ = 0;
  journal::RecordBatch batch_;
  journal::RecordBatch outputs_;
};

}  // namespace reprise::sim
