// The datasets of a run as one stream of market records, in the order of reception.
//
// Only inputs that come from the world are handed out (market data and feed state); what else a journal may
// hold (ticks, venue reports, outputs of an earlier run) is passed over. Declarations that lead a dataset
// come first, for all datasets together.
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
#include "sim/market_source.h"

namespace reprise::sim {

class DatasetSource final : public MarketSource {
 public:
  // Reads up to the first record that is not a declaration, in every dataset.
  static Result<DatasetSource> open(const std::vector<std::string>& paths, DurationNanos feed_latency);
  DatasetSource(DatasetSource&&) noexcept;
  DatasetSource& operator=(DatasetSource&&) noexcept;
  ~DatasetSource() override;

  // The journal of a run, from the record behind `seq` on. Before the first next(), persist() must
  // load the state of the source that the run had there, or stand_at() make one, and the feed latency be set.
  static Result<DatasetSource> open_behind(const std::string& path, journal::Seq seq);
  // Of a run whose source has left no state: these instruments are declared, under these numbers, at this time. Clock
  // offsets are 0 until a FeedLatency record says otherwise.
  void stand_at(const Instruments& instruments, UnixNanos now);
  void set_feed_latency(DurationNanos latency) override { feed_latency_ = latency; }

  UnixNanos start() const override { return start_; }
  std::uint64_t records_total() const { return total_; }  // of all datasets, what is passed over included
  std::uint64_t records_read() const { return read_; }

  bool next(SourceRecord& record) override;
  void release(const SourceRecord& record) override;
  void persist(engine::StateArchive& archive) override;
  Status status() const override { return error_ ? Status(*error_) : ok_status(); }
  bool is_ended() const override { return true; }  // what it has it hands out at once

 private:
  DatasetSource() = default;
  struct Dataset;
  void take_numbers();
  bool load(Dataset& dataset, std::uint32_t number);  // fills its head
  void take_head(Dataset& dataset, const journal::RecordView& view, std::uint32_t number, std::uint64_t block);
  bool hand_out(Dataset& dataset, SourceRecord& record);
  std::uint16_t feed_for(Dataset& dataset, const journal::RecordView& record);
  InstrumentNo number_for(Dataset& dataset, const journal::RecordView& record);

  std::vector<std::unique_ptr<Dataset>> datasets_;
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
