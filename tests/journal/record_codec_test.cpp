// The step in front of zstd: whatever the records are, they come back; whatever the bytes are, nothing breaks.
#include "journal/record_codec.h"

#include <cstring>
#include <random>

#include "journal/record_batch.h"
#include "tests/support/catch.h"

using namespace reprise;
using namespace reprise::journal;

namespace {

std::vector<capnp::word> words_of(const RecordBatch& batch) {
  std::vector<capnp::word> words(batch.size_bytes() / 8);
  std::memcpy(static_cast<void*>(words.data()), batch.bytes(), batch.size_bytes());
  return words;
}

RecordBatch drawn_records(std::mt19937_64& random, std::size_t count) {
  RecordBatch batch;
  std::int64_t time = 1'700'000'000'000'000'000;
  for (std::size_t i = 0; i < count; ++i) {
    RecordHeader header;
    time += static_cast<std::int64_t>(random() % 1'000'000);
    header.ts_engine = time;
    header.instrument = static_cast<std::uint32_t>(random() % (i % 7 == 0 ? 600 : 3));
    header.flags = random() % 4 == 0 ? kFlagOutput : std::uint16_t{0};
    header.ts_event = random() % 3 == 0 ? 0 : time - 5;
    header.ts_recv = random() % 5 == 0 ? INT64_MIN : time;
    header.cause_delta = random() % 2 == 0 ? 0 : random() % 100;
    switch (random() % 4) {
      case 0: batch.append<schema::ClockTick>(RecordType::CLOCK_TICK, header, [](schema::ClockTick::Builder) {}); break;
      case 1:
        batch.append<schema::Trade>(RecordType::TRADE, header, [&](schema::Trade::Builder r) {
          r.setPrice(static_cast<std::int64_t>(random()));
          r.setQty(static_cast<std::int64_t>(random() % 1000));
        });
        break;
      case 2: {
        const auto levels = static_cast<unsigned>(random() % 60);
        const std::uint64_t seed = random();
        batch.append<schema::BookDelta>(
            RecordType::BOOK_DELTA, header,
            [&](schema::BookDelta::Builder r) {
              std::mt19937_64 again(seed);
              auto bids = r.initBids(levels);
              for (auto level : bids) {
                level.setPrice(static_cast<std::int64_t>(again() % 100'000) * 10'000'000);
                level.setQty(static_cast<std::int64_t>(again() % 100'000));
              }
            },
            levels * 2 + 2);
        break;
      }
      default:
        batch.append<schema::Alert>(
            RecordType::ALERT, header, [&](schema::Alert::Builder r) { r.setText("stale for 5.2 s"); }, 4);
    }
  }
  return batch;
}

}  // namespace

TEST_CASE("records come back from the codec byte for byte") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  RecordCodec encoder;
  RecordCodec decoder;
  for (int round = 0; round < 50; ++round) {
    const RecordBatch batch = drawn_records(random, 1 + random() % 800);
    const auto words = words_of(batch);
    const auto count = static_cast<std::uint32_t>(batch.count());
    const std::string stored(encoder.encode(reinterpret_cast<const std::byte*>(words.data()), words.size() * 8, count));
    std::vector<capnp::word> back(words.size());
    REQUIRE(decoder.decode(stored, reinterpret_cast<std::byte*>(back.data()), back.size() * 8, count));
    REQUIRE(std::memcmp(back.data(), words.data(), words.size() * 8) == 0);
  }
}

TEST_CASE("a block is encoded the same way whatever was encoded before it") {
  std::mt19937_64 random(7);
  const auto first = words_of(drawn_records(random, 300));
  const RecordBatch batch = drawn_records(random, 300);
  const auto words = words_of(batch);
  RecordCodec fresh;
  RecordCodec used;
  (void)used.encode(reinterpret_cast<const std::byte*>(first.data()), first.size() * 8, 300);
  const auto bytes = [&](RecordCodec& codec) {
    return std::string(codec.encode(reinterpret_cast<const std::byte*>(words.data()), words.size() * 8, 300));
  };
  REQUIRE(bytes(fresh) == bytes(used));
}

TEST_CASE("damaged codec bytes never read or write out of bounds") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  RecordCodec codec;
  RecordCodec decoder;
  const RecordBatch batch = drawn_records(random, 200);
  const auto words = words_of(batch);
  const std::string good(codec.encode(reinterpret_cast<const std::byte*>(words.data()), words.size() * 8, 200));
  for (int round = 0; round < 3000; ++round) {
    std::string bad = good;
    for (std::uint64_t n = 1 + random() % 4; n > 0; --n) bad[random() % bad.size()] = static_cast<char>(random());
    if (random() % 3 == 0) bad.resize(random() % bad.size());
    std::vector<char> exact(bad.begin(), bad.end());  // an own allocation, so that a sanitizer sees its end
    std::vector<capnp::word> back(words.size());
    if (!decoder.decode({exact.data(), exact.size()}, reinterpret_cast<std::byte*>(back.data()), back.size() * 8,
                        200)) {
      continue;
    }
    // Damage can hit a value and still decode: then the sizes were respected and the block's hash tells.
    SUCCEED();
  }
}
