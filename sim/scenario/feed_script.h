// Plays the feed acts: what our socket gets of the published market, between the venue and the engine.
//
// Holds nothing back at rest. Lost data is what a gateway would see: a FeedGap when data comes again, then a snapshot
// to join and a FeedResync; a lost connection is a FeedDisconnected at once and a FeedConnected later. Declarations
// always come through (a gateway asks for them). Deterministic; one thread.
#pragma once

#include <map>
#include <vector>

#include "sim/run_hooks.h"
#include "sim/scenario/draws.h"
#include "sim/scenario/market_script.h"

namespace reprise::sim::scenario {

class FeedScript {
 public:
  FeedScript(const Scenario& scenario, MarketScript& markets) : scenario_(scenario), markets_(markets) {}
  void bind(RunControl& run) { run_ = &run; }

  // Records published for one record of the base, received at `recv`.
  void deliver(const journal::RecordBatch& records, UnixNanos recv, Draws& draws);
  void start(std::uint32_t act, UnixNanos until);
  void stop(std::uint32_t act);
  // The connection as a whole, for outages and restarts.
  void disconnect(const char* why);
  void connect(const char* why);
  void lose(bool everything) { loses_all_ = everything; }

  UnixNanos next_heal() const;
  void heal(UnixNanos now);  // snapshots that are due
  void persist(engine::StateArchive& archive);

 private:
  struct Playing {
    std::uint32_t act = 0;
    UnixNanos since;
    std::int64_t made = 0;  // bad ticks so far
    void persist(engine::StateArchive& archive);
  };
  struct Line {                      // one instrument's feed
    UnixNanos gap_since;             // 0 = none
    UnixNanos heal_at;               // 0 = nothing to heal
    journal::RecordBatch held;       // of a freeze
    journal::RecordBatch overtaken;  // comes behind the next record
    void persist(engine::StateArchive& archive);
  };

  void deliver_one(const journal::RecordView& record, UnixNanos recv, Draws& draws);
  void give_crossed(const journal::RecordView& record, UnixNanos recv, std::int64_t by_e8);
  void make_bad_ticks(Playing& playing, InstrumentNo number, UnixNanos recv);
  template <class T, class Fill>
  void send(journal::RecordType type, InstrumentNo number, Fill&& fill, std::size_t words = 0);

  const Scenario& scenario_;
  MarketScript& markets_;
  RunControl* run_ = nullptr;
  std::vector<Playing> playing_;
  std::map<InstrumentNo, Line> lines_;
  bool loses_all_ = false;
};

}  // namespace reprise::sim::scenario
