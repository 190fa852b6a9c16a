// The datasets of a run as one stream of market records, in the order of reception.
//
// Only inputs that come from the world are handed out (market data and feed state); what else a journal may
// hold (ticks, venue reports, outputs of an earlier run) is passed over. Declarations that lead a dataset
// come first, for all datasets together.
//
// Times. `recv`: the record's own receive time; where it has none (missing, or equal to the event time, as
// archives have it) the configured feed latency is added to the event time. It never decreases. `happened`:
// event time minus the clock offset last measured (FeedLatency), never later than `recv`. `at_venue`: the
// same, made non-decreasing over the stream, so that the venue sees one ordered market.
//
// Feeds. Every dataset is one feed, or more where it is itself the journal of a run over several: each record of such
// a journal names its feed (the header's strategy field), so that a run's journal can stand in for its datasets.
// What the venue made for want of data (a fallback mark price) is passed over there.
//
// Views stay valid until release() has been called for them. Memory: the blocks of the records not released.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "engine/market/instrument.h"
#include "engine/state_archive.h"
#include "journal/journal_reader.h"
#include "journal/result.h"

namespace reprise::sim {

// Market data and feed state: what comes from the world, and not from us or our venue account.
bool is_from_the_world(journal::RecordType type);

struct SourceRecord {
  journal::RecordView view;     // as the dataset has it: its own seq and instrument number
  InstrumentNo instrument = 0;  // of the run
  UnixNanos recv;
  UnixNanos happened;
  UnixNanos at_venue;
  bool has_latency = false;      // recv and event time were both recorded
  bool recv_is_assumed = false;  // recv is the event time and the configured feed latency
  std::uint16_t feed = 0;        // which of the run's feeds it came from (its clock offset is its own)
  std::uint32_t dataset = 0;
  std::uint64_t block = 0;  // serial number of its block, within the dataset
};

class DatasetSource {
 public:
  // Reads up to the first record that is not a declaration, in every dataset.
  static Result<DatasetSource> open(const std::vector<std::string>& paths, DurationNanos feed_latency);
  DatasetSource(DatasetSource&&) noexcept;
  DatasetSource& operator=(DatasetSource&&) noexcept;
  ~DatasetSource();

  // The journal of a run, from the record behind `seq` on. Before the first next(), persist() must
  // load the state of the source that the run had there, and the feed latency be set.
  static Result<DatasetSource> open_behind(const std::string& path, journal::Seq seq);
  // For records that are read from now on.
  void set_feed_latency(DurationNanos latency) { feed_latency_ = latency; }

  UnixNanos start() const { return start_; }              // receive time of the first record
  std::uint64_t records_total() const { return total_; }  // of all datasets, what is passed over included
  std::uint64_t records_read() const { return read_; }

  // False at the end, or on an error: then status() tells.
  bool next(SourceRecord& record);
  void release(const SourceRecord& record);
  // Clock offsets and instruments as of the records handed out.
  void persist(engine::StateArchive& archive);
  Status status() const { return error_ ? Status(*error_) : ok_status(); }

 private:
  DatasetSource() = default;
  struct Dataset;
  bool load(Dataset& dataset, std::uint32_t number);  // fills its head
  void take_head(Dataset& dataset, const journal::RecordView& view, std::uint32_t number, std::uint64_t block);
  bool hand_out(Dataset& dataset, SourceRecord& record);
  std::uint16_t feed_for(Dataset& dataset, const journal::RecordView& record);
  InstrumentNo number_for(Dataset& dataset, const journal::RecordView& record);

  std::vector<std::unique_ptr<Dataset>> datasets_;
  using ContractKey = std::tuple<std::uint16_t, std::string, std::uint16_t>;  // venue, symbol, contract type
  std::map<ContractKey, InstrumentNo> known_;
  std::map<std::pair<std::uint32_t, std::uint16_t>, std::uint16_t> feeds_;  // dataset, its own number -> the run's
  std::map<std::uint16_t, DurationNanos> offsets_;                          // by feed, as of what was handed out
  std::vector<bool> used_;                                                  // instrument numbers of the run
  DurationNanos feed_latency_;
  UnixNanos start_;
  UnixNanos last_at_venue_;
  bool declarations_done_ = false;
  std::uint64_t total_ = 0;
  std::uint64_t read_ = 0;
  std::optional<Error> error_;
};

}  // namespace reprise::sim
