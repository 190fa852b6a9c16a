// Records to measure with: synthetic trades, decoding of every field.
#include <capnp/list.h>

#include <filesystem>

#include "tests/bench/bench.h"

namespace reprise::bench {

namespace fs = std::filesystem;

namespace {

std::uint64_t mix(std::uint64_t x) {  // SplitMix64: a value for a place
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

template <class List>
std::uint64_t sum_levels(const List& levels) {
  std::uint64_t sum = 0;
  for (const auto level : levels)
    sum += static_cast<std::uint64_t>(level.getPrice()) ^ static_cast<std::uint64_t>(level.getQty());
  return sum;
}

}  // namespace

void make_trades(journal::RecordBatch& batch, std::uint64_t first, std::uint64_t count) {
  batch.clear();
  for (std::uint64_t i = first; i < first + count; ++i) {
    const std::uint64_t random = mix(i);
    // A slow wave with noise on a 0.1 grid, sizes in steps of 0.001, several prints at one instant.
    const auto wave =
        static_cast<std::int64_t>((i / 64) % 20'000 < 10'000 ? (i / 64) % 10'000 : 10'000 - (i / 64) % 10'000);
    const std::int64_t price = (600'000 + wave + static_cast<std::int64_t>(random % 5)) * 10'000'000;
    const std::int64_t qty =
        static_cast<std::int64_t>(1 + (random >> 8) % ((random >> 40) % 16 == 0 ? 2'000 : 60)) * 100'000;
    const std::int64_t time = 1'723'161'600'000'000'000 + static_cast<std::int64_t>(i / 3) * 7'000'000;
    journal::RecordHeader header;
    header.instrument = 1;
    header.ts_event = time;
    header.ts_recv = time + 1'200'000 + static_cast<std::int64_t>(random % 900'000);
    header.ts_engine = time + 2'200'000;
    batch.append<schema::Trade>(journal::RecordType::TRADE, header, [&](schema::Trade::Builder trade) {
      trade.setPrice(price);
      trade.setQty(qty);
      trade.setTradeId(static_cast<std::int64_t>(5'000'000'000 + i));
      trade.setTsVenueSent(time + 1'000'000);
      trade.setAggressorSide((random >> 63) != 0 ? schema::Side::BUY : schema::Side::SELL);
      trade.setKind(schema::TradeKind::MARKET);
    });
  }
}

void append_later(journal::JournalWriter& writer, const journal::RecordBatch& batch, std::uint64_t round) {
  const auto shift = static_cast<std::int64_t>(round) * 3'600'000'000'000;
  batch.for_each(1, [&](const journal::RecordView& record) {
    journal::RecordHeader header = *record.header;
    header.ts_engine += shift;
    header.ts_event += shift;
    header.ts_recv += shift;
    writer.append(header, record.body(), record.body_words());
  });
}

std::string trades_journal(Bench& bench, const std::string& name, std::uint64_t count) {
  const std::string path = bench.place + "/" + name;
  fs::remove_all(path);
  journal::WriterOptions options;
  options.durability = journal::Durability::buffered;
  options.clock = clock_ns;
  journal::Manifest manifest;
  manifest.mode = schema::RunMode::DATASET;
  journal::JournalWriter writer = must(journal::JournalWriter::create(path, manifest, options));
  journal::RecordBatch batch;
  for (std::uint64_t done = 0; done < count;) {
    const std::uint64_t part = std::min(kTradesABatch, count - done);
    make_trades(batch, done, part);
    writer.append(batch);
    done += part;
  }
  bench.hash.add(must(writer.end()).digest.low);
  return path;
}

std::uint64_t decode_every_field(const journal::RecordView& record) {
  const auto u = [](std::int64_t value) { return static_cast<std::uint64_t>(value); };
  const journal::RecordHeader& header = *record.header;
  std::uint64_t sum = u(header.ts_engine) ^ u(header.ts_event) ^ u(header.ts_recv) ^ header.instrument;
  switch (record.type()) {
    case journal::RecordType::TRADE: {
      const auto trade = journal::read<schema::Trade>(record);
      return sum + u(trade.getPrice()) + u(trade.getQty()) + u(trade.getTradeId()) + u(trade.getTsVenueSent()) +
             static_cast<std::uint64_t>(trade.getAggressorSide()) + static_cast<std::uint64_t>(trade.getKind()) +
             (trade.getIsAggregate() ? 1 : 0) + u(trade.getFirstTradeId());
    }
    case journal::RecordType::BBO: {
      const auto bbo = journal::read<schema::Bbo>(record);
      return sum + u(bbo.getBidPrice()) + u(bbo.getBidQty()) + u(bbo.getAskPrice()) + u(bbo.getAskQty()) +
             u(bbo.getUpdateId()) + u(bbo.getTsVenueSent());
    }
    case journal::RecordType::BOOK_DELTA: {
      const auto delta = journal::read<schema::BookDelta>(record);
      return sum + u(delta.getFirstUpdateId()) + u(delta.getLastUpdateId()) + u(delta.getPrevLastUpdateId()) +
             u(delta.getTsVenueSent()) + (delta.getIsLastInEvent() ? 1 : 0) + sum_levels(delta.getBids()) +
             sum_levels(delta.getAsks());
    }
    default: return sum;
  }
}

}  // namespace reprise::bench
