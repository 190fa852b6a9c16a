// What the run loop does for its hooks (RunControl).
#include <algorithm>
#include <cstring>
#include <iterator>

#include "journal/mutant.h"
#include "sim/run_loop.h"

namespace reprise::sim {

using journal::RecordHeader;
using journal::RecordView;

namespace {

// Ordered by arrival; of equal times the one that came first goes first.
template <class Queue, class Entry>
void insert_by_arrival(Queue& queue, Entry entry) {
  auto at = queue.end();
  while (at != queue.begin() && entry.arrival < std::prev(at)->arrival) --at;
  queue.insert(at, std::move(entry));
}

}  // namespace

void RunLoop::to_venue(const RecordView& record, InstrumentNo instrument, UnixNanos happened) {
  exchange_->on_market(record, instrument, world_time_, std::min(happened, world_time_));
  if (!exchange_->reports().empty()) take_reports();
}

void RunLoop::to_engine(const RecordView& record, InstrumentNo instrument, UnixNanos recv) {
  const UnixNanos behind = hooked_window_.empty() ? world_time_ : hooked_window_.back().recv;
  HookedRecord& hooked = hooked_window_.emplace_back();
  hooked.recv = std::max(recv, behind);
  hooked.words.resize(record.total_bytes() / sizeof(std::uint64_t));
  std::memcpy(hooked.words.data(), record.bytes(), record.total_bytes());
  reinterpret_cast<RecordHeader*>(hooked.words.data())->instrument = instrument;
}

void RunLoop::give_hooked() {
  const HookedRecord next = std::move(hooked_window_.front());
  hooked_window_.pop_front();
  give_record({0, reinterpret_cast<const RecordHeader*>(next.words.data())}, next.recv);
}

void RunLoop::give(const journal::RecordBatch& inputs) {
  inputs.for_each(0, [&](const RecordView& given) { give_record(given, world_time_); });
}

void RunLoop::give_record(const RecordView& given, UnixNanos at) {
  RecordHeader header = seat_.arriving(*given.header, by_our_clock(at));
  header.cause_delta = 0;
  header.flags = given.header->flags & journal::kFlagAssumedRecv;
  input(seat_.copy(header, given));
}

void RunLoop::queue_command(const Command& command, UnixNanos arrival) {
  insert_by_arrival(commands_, CommandInFlight{std::max(arrival, venue_time_), command});
}

void RunLoop::queue_report(const Report& report, UnixNanos arrival) {
  insert_by_arrival(reports_, ReportInFlight{std::max(arrival, world_time_), report});
}

void RunLoop::restart_engine() {
  hooked_window_.clear();
  const journal::Digest before = seat_.engine().state_hash();
  seat_.replace_engine(engine::Engine());
  journal::RecordBatch recomputed;
  const Status read = sink_.for_each_kept([&](const RecordView& record) {
    if (record.header->is_output()) return;
    if (REPRISE_MUTANT(stale_recovery) && record.seq + 20 > sink_.next_seq()) return;
    recomputed.clear();
    seat_.engine().on(record, recomputed);
  });
  if (!read) {
    sink_.fail(read.error());
  } else if (seat_.engine().state_hash() != before) {
    sink_.fail(io_error("the engine restarted from the journal is not the one that was stopped, at record " +
                        std::to_string(sink_.next_seq() - 1)));
  }
}

}  // namespace reprise::sim
