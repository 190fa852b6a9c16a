// Stands between a run and its Director and sees what no journal holds: when a command leaves, what the venue has.
//
//   journaled  a command leaves with its record already in the journal
//   agreement  in the quiet end, whenever nothing is under way: positions, wallet and open orders are the venue's
//   left       in the quiet end, some seconds after trading was halted or a strategy was switched off: no order that
//   could
//              enlarge a position is left, here or at the venue (of the strategy: here); killed: no order and no
//              position
//   healed     at the end: every traded market fresh, no order of unknown fate
//
// Passes everything on unchanged, so a run with it has the records of a run without. One run; one thread.
#pragma once

#include <map>

#include "sim/run_hooks.h"
#include "sim/swarm/finding.h"

namespace reprise::sim::swarm {

class Witness final : public RunHooks {
 public:
  // `well_at`: from here on, ns from the start of the data, everything has to be well again.
  Witness(RunHooks& inner, std::int64_t well_at, Findings& findings)
      : inner_(inner), well_at_(well_at), findings_(findings) {}

  void bind(RunControl& run) override {
    run_ = &run;
    inner_.bind(run);
  }
  UnixNanos next_time() const override { return inner_.next_time(); }
  void on_time(UnixNanos now) override { inner_.on_time(now); }
  void on_market(const SourceRecord& record) override { inner_.on_market(record); }
  void on_command(const Command& command, UnixNanos arrival) override;
  void on_report(const Report& report, UnixNanos arrival) override { inner_.on_report(report, arrival); }
  bool is_up() const override { return inner_.is_up(); }
  void after_input(const journal::RecordView& input, const journal::RecordBatch& outputs) override;
  void persist(engine::StateArchive& archive) override { inner_.persist(archive); }

  std::uint64_t looks() const { return looks_; }  // moments of the quiet end at which nothing was under way

 private:
  void note_strategies();
  void look(journal::Seq seq);
  void look_at_end(journal::Seq seq);

  RunHooks& inner_;
  std::int64_t well_at_;
  Findings& findings_;
  RunControl* run_ = nullptr;
  std::uint64_t looks_ = 0;
  UnixNanos halted_since_ = kNever;               // trading is halted without a break since; kNever: it is not
  std::map<std::uint16_t, UnixNanos> off_since_;  // strategies that are switched off
};

}  // namespace reprise::sim::swarm
