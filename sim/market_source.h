// Where the market of a run comes from: one stream of records in the order of reception.
//
// Times. `recv`: the record's own receive time; where it has none (missing, or equal to the event time, as
// archives have it) the configured feed latency is added to the event time. It never decreases. `happened`:
// event time minus the clock offset last measured (FeedLatency), never later than `recv`. `at_venue`: the
// same, made non-decreasing over the stream, so that the venue sees one ordered market. A record that came too late
// for its place in that order (kFlagLate) happened when it was received.
//
// Records that say so are those of a journal as well as of a live stream: a run over a live stream and a run over the
// journal that it wrote see one market (live_source.h, dataset_source.h).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>

#include "engine/market/instrument.h"
#include "engine/state_archive.h"
#include "journal/record.h"
#include "journal/result.h"

namespace reprise::sim {

// Market data and feed state: what comes from the world, and not from us or our venue account.
bool is_from_the_world(journal::RecordType type);
bool is_declaration(journal::RecordType type);  // of an instrument: stands in front of what is about it

struct SourceRecord {
  journal::RecordView view;     // as the dataset has it: its own seq and instrument number
  InstrumentNo instrument = 0;  // of the run
  UnixNanos recv;
  UnixNanos happened;
  UnixNanos at_venue;
  bool has_latency = false;      // recv and event time were both recorded
  bool recv_is_assumed = false;  // recv is the event time and the configured feed latency
  bool is_late = false;          // came too late for its place in the order
  std::uint16_t feed = 0;        // which of the run's feeds it came from (its clock offset is its own)
  std::uint32_t dataset = 0;
  std::uint64_t block = 0;  // serial number of its block, within the dataset
};

// A contract over all journals of a run: venue, symbol, contract type.
using ContractKey = std::tuple<std::uint16_t, std::string, std::uint16_t>;

// What a source saves, of whatever kind it is: the journal of a live run is taken up as a dataset.
void persist_market(engine::StateArchive& archive, UnixNanos& start, UnixNanos& last_at_venue,
                    std::map<std::uint16_t, DurationNanos>& clock_offsets, std::map<ContractKey, InstrumentNo>& known);

// When a record was received and when it happened, before either is put in order.
struct RecordTimes {
  UnixNanos recv, happened;
  bool has_latency = false;
  bool recv_is_assumed = false;
};
// `clock_offset`: of the record's feed; a FeedLatency record changes it. `last_recv`: of the record before it.
RecordTimes times_of(const journal::RecordView& record, DurationNanos feed_latency, DurationNanos& clock_offset,
                     UnixNanos last_recv);

class MarketSource {
 public:
  virtual ~MarketSource() = default;
  virtual UnixNanos start() const = 0;  // receive time of the first record
  // For records that are read from now on.
  virtual void set_feed_latency(DurationNanos latency) = 0;
  // False: nothing now. Whether there will be more is_ended() tells, and status() whether something is wrong.
  virtual bool next(SourceRecord& record) = 0;
  virtual bool is_ended() const = 0;
  virtual void release(const SourceRecord& record) = 0;
  // Clock offsets and instruments as of the records handed out.
  virtual void persist(engine::StateArchive& archive) = 0;
  virtual Status status() const = 0;
};

}  // namespace reprise::sim
