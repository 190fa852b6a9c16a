// Figures of the journal alone: append, size, durability, scan; and the raw ceilings beside them.
#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <xxhash.h>
#include <zstd.h>

#include <cstring>
#include <filesystem>
#include <memory>

#include "journal/journal_reader.h"
#include "tests/bench/bench.h"

namespace reprise::bench {

namespace fs = std::filesystem;
using journal::Durability;
using journal::JournalReader;
using journal::JournalWriter;
using journal::RecordBatch;
using journal::RecordView;

namespace {

struct Appended {
  double wall = 0;        // until everything is durable
  double thread_cpu = 0;  // of the appending thread
  std::uint64_t bytes = 0;
};

// Batches are built beforehand and appended round and round, so that only append() is measured.
Appended append_all(const Bench& bench, const std::vector<RecordBatch>& batches, std::uint64_t count,
                    Durability durability) {
  const std::string path = bench.place + "/append";
  fs::remove_all(path);
  journal::WriterOptions options;
  options.durability = durability;
  options.clock = clock_ns;
  journal::Manifest manifest;
  manifest.mode = schema::RunMode::DATASET;
  JournalWriter writer = must(JournalWriter::create(path, manifest, options));
  Appended result;
  const double wall = wall_now();
  const double cpu = thread_cpu_now();
  std::uint64_t done = 0;
  for (std::size_t at = 0; done < count; at = (at + 1) % batches.size()) {
    append_later(writer, batches[at], done / (batches.size() * kTradesABatch));
    done += batches[at].count();
    result.bytes += batches[at].size_bytes();
  }
  result.thread_cpu = (thread_cpu_now() - cpu) / static_cast<double>(done);
  must(writer.commit());
  result.wall = (wall_now() - wall) / static_cast<double>(done);
  result.bytes /= done;
  static_cast<void>(must(writer.end()));
  fs::remove_all(path);
  return result;
}

// The ceiling of appends: the same bytes as 64 KiB values into RocksDB, write-ahead log on, nothing else.
double raw_puts_seconds_a_byte(const Bench& bench, std::uint64_t bytes) {
  const std::string path = bench.place + "/raw";
  fs::remove_all(path);
  rocksdb::Options options;
  options.create_if_missing = true;
  options.compression = rocksdb::kNoCompression;
  options.info_log_level = rocksdb::WARN_LEVEL;
  rocksdb::DB* opened = nullptr;
  if (!rocksdb::DB::Open(options, path, &opened).ok()) fail(io_error(path + ": RocksDB could not be opened"));
  const std::unique_ptr<rocksdb::DB> db(opened);
  std::string block(64u << 10, '\0');
  RecordBatch batch;
  make_trades(batch, 0, kTradesABatch);
  for (std::size_t at = 0; at < block.size();) {
    const std::size_t part = std::min(block.size() - at, batch.size_bytes());
    std::memcpy(block.data() + at, batch.bytes(), part);
    at += part;
  }
  const std::uint64_t count = std::max<std::uint64_t>(16, bytes / block.size());
  const double start = wall_now();
  for (std::uint64_t i = 0; i < count; ++i) {
    std::uint64_t key = __builtin_bswap64(i);
    std::memcpy(block.data() + 8, &i, sizeof i);
    const rocksdb::Status status =
        db->Put(rocksdb::WriteOptions(), rocksdb::Slice(reinterpret_cast<const char*>(&key), sizeof key), block);
    if (!status.ok()) fail(io_error(path + ": " + status.ToString()));
  }
  const double seconds = wall_now() - start;
  return seconds / static_cast<double>(count * block.size());
}

double memcpy_seconds_a_byte(Bench& bench) {
  std::vector<char> from(64u << 20, 1);
  std::vector<char> to(64u << 20, 2);
  std::vector<double> rounds;
  for (int i = 0; i < 5; ++i) {
    from[static_cast<std::size_t>(i)] = static_cast<char>(i);
    const double start = wall_now();
    std::memcpy(to.data(), from.data(), to.size());
    rounds.push_back((wall_now() - start) / static_cast<double>(to.size()));
    bench.hash.add(static_cast<std::uint64_t>(to[to.size() / 2]));
  }
  return median(rounds);
}

// The ceiling of a verified scan: decompress the same bytes and hash them, on one thread.
double zstd_and_hash_seconds_a_byte(Bench& bench) {
  std::string raw;
  for (std::uint64_t i = 0; raw.size() < (8u << 20); ++i) {
    RecordBatch batch;
    make_trades(batch, i * kTradesABatch, kTradesABatch);
    raw.append(reinterpret_cast<const char*>(batch.bytes()), batch.size_bytes());
  }
  constexpr std::size_t kBlock = 256u << 10;
  std::vector<std::string> blocks;
  for (std::size_t at = 0; at + kBlock <= raw.size(); at += kBlock) {
    std::string out(ZSTD_compressBound(kBlock), '\0');
    out.resize(ZSTD_compress(out.data(), out.size(), raw.data() + at, kBlock, 1));
    blocks.push_back(std::move(out));
  }
  ZSTD_DCtx* context = ZSTD_createDCtx();
  std::string plain(kBlock, '\0');
  std::vector<double> rounds;
  for (int round = 0; round < 5; ++round) {
    const double start = wall_now();
    for (const auto& block : blocks) {
      ZSTD_decompressDCtx(context, plain.data(), plain.size(), block.data(), block.size());
      bench.hash.add(XXH3_128bits(plain.data(), plain.size()).low64);
    }
    rounds.push_back((wall_now() - start) / static_cast<double>(blocks.size() * kBlock));
  }
  ZSTD_freeDCtx(context);
  return median(rounds);
}

void measure_append(Bench& bench) {
  std::vector<RecordBatch> batches(64);
  for (std::size_t i = 0; i < batches.size(); ++i) make_trades(batches[i], i * kTradesABatch, kTradesABatch);

  std::vector<double> wall;
  std::vector<double> cpu;
  std::vector<double> raw;
  std::uint64_t record_bytes = 0;
  for (int i = 0; i < bench.size.repetitions; ++i) {
    const Appended appended = append_all(bench, batches, bench.size.trades, Durability::wal);
    record_bytes = appended.bytes;
    wall.push_back(appended.wall);
    cpu.push_back(appended.thread_cpu);
    raw.push_back(raw_puts_seconds_a_byte(bench, bench.size.trades * record_bytes) * static_cast<double>(record_bytes));
  }
  const double memcpy_ns = memcpy_seconds_a_byte(bench) * static_cast<double>(record_bytes) * 1e9;
  Figure thread;
  thread.name = "one journaled record, engine's thread";
  thread.value = median(cpu) * 1e9;
  thread.unit = "ns";
  thread.goal = 120;
  thread.better = Better::lower;
  thread.ratio_to = "memcpy of the record";
  thread.ratio = thread.value / memcpy_ns;
  thread.note = "CPU time of the appending thread, sustained, wal";
  bench.figures.push_back(thread);

  Figure append;
  append.name = "append trades, wal, compressed";
  append.value = 1e-6 / median(wall);
  append.unit = "M records/s";
  append.goal = 2.5;
  append.ratio_to = "raw 64 KiB RocksDB puts of the same bytes";
  append.ratio = median(raw) / median(wall);
  append.ratio_goal = 0.5;
  bench.figures.push_back(append);
}

void measure_durable(Bench& bench) {
  const std::string path = bench.place + "/durable";
  fs::remove_all(path);
  RecordBatch batch;
  std::vector<double> seconds;
  {
    journal::WriterOptions options;
    options.durability = Durability::wal;
    options.clock = clock_ns;
    JournalWriter writer = must(JournalWriter::create(path, journal::Manifest{}, options));
    for (std::uint64_t first = 0; seconds.size() < bench.size.commits; first += kTradesABatch) {
      make_trades(batch, first, kTradesABatch);
      batch.for_each(1, [&](const RecordView& record) {
        if (seconds.size() >= bench.size.commits) return;
        const double start = wall_now();
        writer.append(record);
        must(writer.commit());
        seconds.push_back(wall_now() - start);
      });
    }
    if (writer.durable_seq() != writer.last_seq()) fail(io_error("commit() returned before the record was durable"));
    static_cast<void>(must(writer.end()));
  }
  fs::remove_all(path);

  // The ceiling: one small value into RocksDB with its write-ahead log.
  const std::string raw_path = bench.place + "/raw";
  fs::remove_all(raw_path);
  rocksdb::Options options;
  options.create_if_missing = true;
  options.info_log_level = rocksdb::WARN_LEVEL;
  rocksdb::DB* opened = nullptr;
  if (!rocksdb::DB::Open(options, raw_path, &opened).ok()) fail(io_error(raw_path + ": RocksDB could not be opened"));
  std::vector<double> raw;
  {
    const std::unique_ptr<rocksdb::DB> db(opened);
    const std::string value(112, 'x');
    for (std::uint64_t i = 0; i < bench.size.commits; ++i) {
      const std::uint64_t key = __builtin_bswap64(i);
      const double start = wall_now();
      static_cast<void>(
          db->Put(rocksdb::WriteOptions(), rocksdb::Slice(reinterpret_cast<const char*>(&key), sizeof key), value));
      raw.push_back(wall_now() - start);
    }
  }
  fs::remove_all(raw_path);

  for (const auto& [name, share, goal] : {std::tuple{"one record to durable-by-wal, p50", 0.5, 12.0},
                                          std::tuple{"one record to durable-by-wal, p99", 0.99, 60.0}}) {
    Figure figure;
    figure.name = name;
    figure.value = percentile(seconds, share) * 1e6;
    figure.unit = "us";
    figure.goal = goal;
    figure.better = Better::lower;
    figure.ratio_to = "one RocksDB put with its log";
    figure.ratio = percentile(seconds, share) / percentile(raw, share);
    bench.figures.push_back(figure);
  }
}

void measure_scan(Bench& bench) {
  const std::string path = trades_journal(bench, "trades", bench.size.trades);
  std::vector<double> rounds;
  std::uint64_t bytes = 0;
  for (int i = 0; i < bench.size.repetitions; ++i) {
    const double start = wall_now();
    JournalReader reader = must(JournalReader::open(path));
    RecordView record;
    std::uint64_t records = 0;
    std::uint64_t sum = 0;
    bytes = 0;
    while (reader.next(record)) {
      sum += decode_every_field(record);
      bytes += record.total_bytes();
      ++records;
    }
    must(reader.status());
    if (records != bench.size.trades) fail(corrupt_error("the scan lost records"));
    bench.hash.add(sum);
    bench.hash.add(reader.running_digest().low);
    rounds.push_back((wall_now() - start) / static_cast<double>(records));
  }
  Figure figure;
  figure.name = "scan, verified, every field decoded";
  figure.value = 1e-6 / median(rounds);
  figure.unit = "M records/s";
  figure.goal = 6;
  figure.ratio_to = "zstd decompression and hash alone";
  figure.ratio = zstd_and_hash_seconds_a_byte(bench) * static_cast<double>(bytes) /
                 static_cast<double>(bench.size.trades) / median(rounds);
  bench.figures.push_back(figure);
  fs::remove_all(path);
}

}  // namespace

void measure_journal(Bench& bench) {
  bench.say("append");
  measure_append(bench);
  bench.say("append to durable");
  measure_durable(bench);
  bench.say("scan");
  measure_scan(bench);
}

}  // namespace reprise::bench
