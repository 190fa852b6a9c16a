// A long dataset from a short one: the same market again and again, times and ids moved on.
//
// Each pass keeps the records' order and spacing. Ids keep growing as a venue's would, so books join anew at
// the snapshot of each pass; between two passes there is one gap, as after a lost connection.
#include <filesystem>

#include "journal/journal_reader.h"
#include "tests/bench/bench.h"

namespace reprise::bench {

namespace fs = std::filesystem;
using journal::RecordHeader;
using journal::RecordType;
using journal::RecordView;

namespace {

struct Shift {
  std::int64_t time = 0;
  std::int64_t id = 0;
  std::int64_t moved_time(std::int64_t value) const { return value == 0 ? 0 : value + time; }
  std::int64_t moved_id(std::int64_t value) const { return value == 0 ? 0 : value + id; }
};

template <class From, class To>
void copy_levels(const From& from, To to) {
  for (unsigned i = 0; i < from.size(); ++i) {
    to[i].setPrice(from[i].getPrice());
    to[i].setQty(from[i].getQty());
  }
}

void append_moved(journal::RecordBatch& batch, const RecordView& record, const Shift& shift) {
  RecordHeader header = *record.header;
  header.ts_engine = shift.moved_time(header.ts_engine);
  header.ts_event = shift.moved_time(header.ts_event);
  header.ts_recv = shift.moved_time(header.ts_recv);
  header.cause_delta = 0;
  switch (record.type()) {
    case RecordType::TRADE: {
      const auto from = journal::read<schema::Trade>(record);
      batch.append<schema::Trade>(record.type(), header, [&](schema::Trade::Builder to) {
        to.setPrice(from.getPrice());
        to.setQty(from.getQty());
        to.setTradeId(shift.moved_id(from.getTradeId()));
        to.setTsVenueSent(shift.moved_time(from.getTsVenueSent()));
        to.setAggressorSide(from.getAggressorSide());
        to.setKind(from.getKind());
        to.setIsAggregate(from.getIsAggregate());
        to.setFirstTradeId(shift.moved_id(from.getFirstTradeId()));
      });
      return;
    }
    case RecordType::BBO: {
      const auto from = journal::read<schema::Bbo>(record);
      batch.append<schema::Bbo>(record.type(), header, [&](schema::Bbo::Builder to) {
        to.setBidPrice(from.getBidPrice());
        to.setBidQty(from.getBidQty());
        to.setAskPrice(from.getAskPrice());
        to.setAskQty(from.getAskQty());
        to.setUpdateId(shift.moved_id(from.getUpdateId()));
        to.setTsVenueSent(shift.moved_time(from.getTsVenueSent()));
      });
      return;
    }
    case RecordType::BOOK_DELTA: {
      const auto from = journal::read<schema::BookDelta>(record);
      batch.append<schema::BookDelta>(
          record.type(), header,
          [&](schema::BookDelta::Builder to) {
            to.setFirstUpdateId(shift.moved_id(from.getFirstUpdateId()));
            to.setLastUpdateId(shift.moved_id(from.getLastUpdateId()));
            to.setPrevLastUpdateId(shift.moved_id(from.getPrevLastUpdateId()));
            to.setTsVenueSent(shift.moved_time(from.getTsVenueSent()));
            copy_levels(from.getBids(), to.initBids(from.getBids().size()));
            copy_levels(from.getAsks(), to.initAsks(from.getAsks().size()));
            to.setIsLastInEvent(from.getIsLastInEvent());
          },
          4 + 2 * (from.getBids().size() + from.getAsks().size()));
      return;
    }
    case RecordType::BOOK_SNAPSHOT: {
      const auto from = journal::read<schema::BookSnapshot>(record);
      batch.append<schema::BookSnapshot>(
          record.type(), header,
          [&](schema::BookSnapshot::Builder to) {
            to.setLastUpdateId(shift.moved_id(from.getLastUpdateId()));
            to.setTsVenueSent(shift.moved_time(from.getTsVenueSent()));
            copy_levels(from.getBids(), to.initBids(from.getBids().size()));
            copy_levels(from.getAsks(), to.initAsks(from.getAsks().size()));
            to.setIsPartial(from.getIsPartial());
          },
          4 + 2 * (from.getBids().size() + from.getAsks().size()));
      return;
    }
    default: batch.append_copy(header, record.body(), record.body_words()); return;
  }
}

bool is_declaration(RecordType type) {
  return type == RecordType::INSTRUMENT || type == RecordType::MARGIN_TABLE;
}

}  // namespace

std::string repeated_dataset(Bench& bench, const Market& market, const std::string& name, std::uint64_t records) {
  const std::string path = bench.place + "/" + name;
  fs::remove_all(path);
  journal::WriterOptions options;
  options.durability = journal::Durability::buffered;
  options.clock = clock_ns;
  journal::Manifest manifest;
  manifest.mode = schema::RunMode::DATASET;
  journal::JournalWriter writer = must(journal::JournalWriter::create(path, manifest, options));
  journal::RecordBatch batch;
  std::int64_t first_time = 0;
  std::int64_t last_time = 0;
  Shift shift;
  for (std::uint64_t pass = 0; writer.last_seq() < records; ++pass) {
    journal::JournalReader reader = must(journal::JournalReader::open(market.dataset));
    if (pass != 0) {
      shift.time += last_time - first_time + 1'000'000'000;
      shift.id += 10'000'000'000;
    }
    RecordView record;
    while (reader.next(record) && writer.last_seq() < records) {
      if (pass == 0) {
        if (first_time == 0) first_time = record.header->ts_engine;
        last_time = record.header->ts_engine;
      } else if (is_declaration(record.type())) {
        continue;
      }
      batch.clear();
      append_moved(batch, record, shift);
      writer.append(batch);
    }
    must(reader.status());
    if (reader.last_seq() == 0) fail(corrupt_error(market.dataset + ": is empty"));
  }
  bench.hash.add(must(writer.end()).digest.low);
  return path;
}

}  // namespace reprise::bench
