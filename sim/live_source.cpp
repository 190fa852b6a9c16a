#include "sim/live_source.h"

#include <algorithm>
#include <cstring>

#include "journal/record.capnp.h"

namespace reprise::sim {

using journal::RecordHeader;
using journal::RecordType;
using journal::RecordView;

void LiveSource::push(const journal::RecordBatch& records) {
  records.for_each(1, [&](const RecordView& given) {
    if (!is_from_the_world(given.type())) return;
    Held& held = records_.emplace_back();
    held.words.resize(given.total_bytes() / sizeof(std::uint64_t));
    std::memcpy(held.words.data(), given.bytes(), given.total_bytes());
    auto* header = reinterpret_cast<RecordHeader*>(held.words.data());
    header->flags = 0;
    if (declarations_done_ || !is_declaration(given.type())) {
      declarations_done_ = true;
      // Behind everything that was done already, whatever our clock says.
      if (header->ts_recv <= horizon_.ns) header->ts_recv = horizon_.ns + 1;
    } else {
      header->ts_recv = start_.ns;
    }
    SourceRecord& record = held.record;
    record.view = RecordView{++pushed_, header};
    record.instrument = header->instrument;
    record.feed = header->strategy;
    DurationNanos& offset = offsets_[record.feed];
    const DurationNanos offset_before = offset;
    RecordTimes times = times_of(record.view, feed_latency_, offset, last_recv_);
    if (declarations_done_ && times.happened <= horizon_ && header->ts_event != 0) {
      header->flags = journal::kFlagLate;
      offset = offset_before;
      times = times_of(record.view, feed_latency_, offset, last_recv_);
      record.is_late = true;
      ++late_;
    }
    if (!declarations_done_) times.recv = times.happened = start_;
    record.recv = last_recv_ = times.recv;
    record.happened = times.happened;
    record.has_latency = declarations_done_ && times.has_latency;
    record.recv_is_assumed = times.recv_is_assumed;
    record.block = pushed_;
  });
}

bool LiveSource::next(SourceRecord& record) {
  if (handed_out_ == records_.size()) return false;
  record = records_[handed_out_++].record;
  if (record.view.type() == RecordType::INSTRUMENT) {
    const auto declared = journal::read<schema::Instrument>(record.view);
    known_[{static_cast<std::uint16_t>(declared.getVenue()), std::string(declared.getSymbol().cStr()),
            static_cast<std::uint16_t>(declared.getContractType())}] = record.instrument;
  }
  if (record.view.type() == RecordType::FEED_LATENCY)
    out_offsets_[record.feed] = {journal::read<schema::FeedLatency>(record.view).getClockOffset()};
  last_at_venue_ = std::max(std::max(last_at_venue_, start_), record.happened);
  record.at_venue = last_at_venue_;
  return true;
}

void LiveSource::release(const SourceRecord& record) {
  records_[record.block - first_].is_released = true;
  while (!records_.empty() && records_.front().is_released) {
    records_.pop_front();
    ++first_;
    --handed_out_;
  }
}

// A live source itself is never loaded: what it saves is for a DatasetSource over the journal of its run.
void LiveSource::persist(engine::StateArchive& archive) {
  persist_market(archive, start_, last_at_venue_, out_offsets_, known_);
}

}  // namespace reprise::sim
