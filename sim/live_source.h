// A market that comes in while the run goes on: what a gateway receives, handed to the run loop in its order.
//
// The simulated venue sees a record when it happened, the engine when it was received (market_source.h). What happened
// is known only once it is received, so a run over a live market goes some way behind the clock: the driver steps the
// loop up to a horizon (now less a delay) and tells it here before. A record that happened in front of the horizon is
// marked late (kFlagLate) and takes the place of its reception. The journal of such a run, taken as a dataset, makes
// the same run again.
//
// One thread. Records are copied in; memory is bounded by the delay.
#pragma once

#include <deque>
#include <map>
#include <vector>

#include "journal/record_batch.h"
#include "sim/market_source.h"

namespace reprise::sim {

class LiveSource final : public MarketSource {
 public:
  // `start`: receive time of the declarations, which are to be pushed first.
  LiveSource(UnixNanos start, DurationNanos feed_latency) : feed_latency_(feed_latency), start_(start) {}

  // Header: instrument number of the run, ts_recv, ts_event (0: none). Receive times are made to rise.
  void push(const journal::RecordBatch& records);
  // Steps up to here are made; a record from before is late from now on.
  void set_horizon(UnixNanos horizon) { horizon_ = horizon; }
  void end() { is_ended_ = true; }  // nothing is pushed any more
  std::uint64_t pushed() const { return pushed_; }
  std::uint64_t late() const { return late_; }
  std::size_t waiting() const { return records_.size(); }

  UnixNanos start() const override { return start_; }
  void set_feed_latency(DurationNanos latency) override { feed_latency_ = latency; }
  bool next(SourceRecord& record) override;
  bool is_ended() const override { return is_ended_; }
  void release(const SourceRecord& record) override;
  void persist(engine::StateArchive& archive) override;
  Status status() const override { return ok_status(); }

 private:
  struct Held {
    std::vector<std::uint64_t> words;
    SourceRecord record;
    bool is_released = false;
  };

  DurationNanos feed_latency_;
  UnixNanos start_;
  UnixNanos horizon_;
  UnixNanos last_recv_;
  UnixNanos last_at_venue_;
  bool declarations_done_ = false;
  bool is_ended_ = false;
  std::map<std::uint16_t, DurationNanos> offsets_;      // as of what was pushed
  std::map<std::uint16_t, DurationNanos> out_offsets_;  // as of what was handed out
  std::map<ContractKey, InstrumentNo> known_;           // of what was handed out
  std::deque<Held> records_;                            // not released yet, in order; stable addresses
  std::size_t handed_out_ = 0;                          // of records_
  std::uint64_t first_ = 1;                             // serial of the front one
  std::uint64_t pushed_ = 0;
  std::uint64_t late_ = 0;
};

}  // namespace reprise::sim
