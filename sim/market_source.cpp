#include "sim/market_source.h"

#include <algorithm>

#include "journal/record.capnp.h"

namespace reprise::sim {

using journal::RecordType;

bool is_from_the_world(RecordType type) {
  return type >= RecordType::TRADE && type <= RecordType::FEED_LATENCY;
}

bool is_declaration(RecordType type) {
  return type == RecordType::INSTRUMENT || type == RecordType::MARGIN_TABLE;
}

void persist_market(engine::StateArchive& archive, UnixNanos& start, UnixNanos& last_at_venue,
                    std::map<std::uint16_t, DurationNanos>& clock_offsets, std::map<ContractKey, InstrumentNo>& known) {
  archive.field("start", start);
  archive.field("last_at_venue", last_at_venue);
  archive.field("clock_offsets", clock_offsets);
  std::uint64_t count = known.size();
  archive.begin_list("instruments", count);
  const auto entry = [&](ContractKey key, InstrumentNo number) {
    archive.begin_object("item");
    archive.field("venue", std::get<0>(key));
    archive.field("symbol", std::get<1>(key));
    archive.field("contract_type", std::get<2>(key));
    archive.field("number", number);
    archive.end_object();
    if (archive.loading()) known[key] = number;
  };
  if (archive.loading()) {
    for (std::uint64_t i = 0; i < count; ++i) entry({}, 0);
  } else {
    for (const auto& [key, number] : known) entry(key, number);
  }
  archive.end_list();
}

RecordTimes times_of(const journal::RecordView& record, DurationNanos feed_latency, DurationNanos& clock_offset,
                     UnixNanos last_recv) {
  const RecordType type = record.type();
  const journal::RecordHeader& h = *record.header;
  std::int64_t event = h.ts_event;
  if (type == RecordType::MARKET_BAR) event = std::max(event, journal::read<schema::MarketBar>(record).getCloseTime());
  if (type == RecordType::FEED_LATENCY) clock_offset = {journal::read<schema::FeedLatency>(record).getClockOffset()};
  RecordTimes times;
  times.has_latency = h.ts_recv != 0 && event != 0 && h.ts_recv != event && (h.flags & journal::kFlagAssumedRecv) == 0;
  std::int64_t recv = h.ts_recv;
  if (!times.has_latency)
    recv = event != 0 && !is_declaration(type) ? event + feed_latency.ns : std::max(h.ts_recv, h.ts_engine);
  if (type == RecordType::MARKET_BAR) recv = std::max(recv, event);
  times.recv_is_assumed = !times.has_latency && event != 0 && recv != event && !is_declaration(type);
  times.recv = std::max(last_recv, UnixNanos{recv});
  times.happened = event == 0 || (h.flags & journal::kFlagLate) != 0
                       ? times.recv
                       : std::min(times.recv, UnixNanos{event} - clock_offset);
  return times;
}

}  // namespace reprise::sim
