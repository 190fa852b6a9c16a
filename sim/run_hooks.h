// Where something may step into a run: market records on their way to the venue and the engine, commands and
// reports under way, and after each input. A scenario is one (sim/scenario/); without hooks a run costs nothing more.
//
// Whatever hooks do becomes ordinary inputs in the journal, so a replay needs neither the hooks nor what drove them.
// Hooks are part of the run's state: they are deterministic, draw from seeded streams only and persist themselves.
// Times are ns UTC, world time: what a perfect clock at the venue would show.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "engine/engine.h"
#include "journal/record.h"
#include "journal/record_batch.h"
#include "sim/exchange/exchange.h"

namespace reprise::sim {

struct SourceRecord;  // sim/dataset_source.h

// What hooks may do to their run. Valid while the run lives.
class RunControl {
 public:
  virtual ~RunControl() = default;

  virtual UnixNanos now() const = 0;    // world time of the step being made
  virtual UnixNanos start() const = 0;  // of the first record
  virtual engine::Engine& engine() = 0;
  virtual SimExchange& exchange() = 0;
  virtual journal::Seq next_seq() const = 0;

  // The venue sees a market record now.
  virtual void to_venue(const journal::RecordView& record, InstrumentNo instrument, UnixNanos happened) = 0;
  // The engine will see it at `recv`, behind everything on its way already. The bytes are copied.
  virtual void to_engine(const journal::RecordView& record, InstrumentNo instrument, UnixNanos recv) = 0;
  // Gives the engine inputs at once; event times stay, the other times are set here.
  virtual void give(const journal::RecordBatch& inputs) = 0;
  // The whole configuration anew, and an operator's command, at once.
  virtual void reconfigure(const config::Config& config, const config::Entries& entries) = 0;
  virtual void operate(schema::OperatorAction action, const std::string& text, const std::string& value = {}) = 0;
  virtual void queue_command(const Command& command, UnixNanos arrival) = 0;
  virtual void queue_report(const Report& report, UnixNanos arrival) = 0;
  // Reports that the venue made since: each goes to on_report(). Call after acting on exchange().
  virtual void take_reports() = 0;
  virtual std::size_t in_flight() const = 0;  // commands and reports under way
  // Our clock is this much ahead of the world's from now on (negative: behind). Engine time never steps back.
  virtual void set_clock_step(DurationNanos ahead) = 0;
  // The process comes back after its death: market records on their way are lost, the engine is made anew from the
  // inputs that the journal holds. The state must come out the same; if not, the run ends with an error.
  virtual void restart_engine() = 0;
};

class RunHooks {
 public:
  virtual ~RunHooks() = default;
  static constexpr UnixNanos kNever{std::numeric_limits<std::int64_t>::max()};

  virtual void bind(RunControl& run) = 0;  // before anything else
  // When hooks want on_time(); at equal times before everything else of that instant.
  virtual UnixNanos next_time() const = 0;
  virtual void on_time(UnixNanos now) = 0;
  // A market record's turn at the venue, at run.now(). Calls to_venue() and to_engine() as it sees fit.
  virtual void on_market(const SourceRecord& record) = 0;
  // A command has left the engine; it would reach the venue at `arrival`. Calls queue_command() or does not.
  virtual void on_command(const Command& command, UnixNanos arrival) = 0;
  virtual void on_report(const Report& report, UnixNanos arrival) = 0;
  // False: the process is down. Ticks do not happen then, and what comes from the venue waits.
  virtual bool is_up() const = 0;
  // Every input, with all outputs that it led to; `last` is the seq of the last record of the step.
  virtual void after_input(const journal::RecordView& input, const journal::RecordBatch& outputs) = 0;
  virtual void persist(engine::StateArchive& archive) = 0;
};

}  // namespace reprise::sim
