#include "journal/journal_writer.h"

#include <rocksdb/write_batch.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <filesystem>
#include <mutex>
#include <thread>

#include "journal/block.h"
#include "journal/scan.h"
#include "journal/seal.h"
#include "journal/store.h"
#include "journal/tail.h"

namespace reprise::journal {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kQueueLimit = 4;       // closed blocks waiting for the worker
constexpr std::size_t kMergeQueueLimit = 8;  // merges waiting; more are left undone rather than kept in memory

// Records in memory, on their way to a block.
struct OpenBlock {
  std::unique_ptr<capnp::word[]> words;
  std::size_t capacity = 0;  // bytes
  std::size_t size = 0;
  std::uint32_t count = 0;
  Seq first_seq = 0;
  std::int64_t ts_first = 0;
  std::int64_t ts_last = 0;

  std::byte* data() { return reinterpret_cast<std::byte*>(words.get()); }

  void reserve(std::size_t bytes) {
    if (bytes <= capacity) return;
    auto bigger = std::make_unique_for_overwrite<capnp::word[]>((bytes + 7) / 8);
    if (size != 0) std::memcpy(static_cast<void*>(bigger.get()), data(), size);
    words = std::move(bigger);
    capacity = (bytes + 7) / 8 * 8;
  }
  void clear() {
    size = 0;
    count = 0;
  }
};

// What the worker has to store, in order: a block (or none), and a snapshot behind its last record (or none).
struct Job {
  OpenBlock block;
  std::unique_ptr<SnapshotImage> snapshot;
};

struct SmallKey {
  Seq first_seq;
  std::int64_t ts_first;
  bool put_once;  // by this writer: a SingleDelete then leaves no trace after the next flush
};

// Small stored blocks that follow each other, kept to be rewritten as one.
struct Merge {
  OpenBlock records;
  std::vector<SmallKey> keys;
  Digest digest_before;
  Digest digest_after;
  std::int64_t ts_journal = 0;

  void clear() {
    records.clear();
    keys.clear();
  }
};

}  // namespace

std::optional<Durability> durability_from(std::string_view name) {
  if (name == "buffered") return Durability::buffered;
  if (name == "wal") return Durability::wal;
  if (name == "sync") return Durability::sync;
  return std::nullopt;
}

struct JournalWriter::Impl {
  std::string path;
  WriterOptions options;
  Manifest manifest;
  std::unique_ptr<Store> store;
  Tail tail;

  // Appending thread only.
  OpenBlock open;
  std::size_t block_bytes = 0;
  Seq next_seq = 1;
  std::int64_t last_ts = INT64_MIN;
  ChainStart chain;  // where the records begin
  std::uint64_t next_raw = 1;

  // Storing state: used by the worker while it stores a block, or by the appending thread while nothing
  // is queued and the worker stores nothing. `mutex` hands it over.
  RunningDigest digest;
  Digest digest_now;
  Seq stored_seq = 0;
  std::int64_t stored_ts = 0;
  BlockEncoder encoder;
  Merge small;

  // Worker only (the appending thread uses it when the worker is idle, at the end).
  BlockEncoder merge_encoder;

  std::mutex mutex;
  std::condition_variable to_worker;
  std::condition_variable to_writer;
  std::deque<Job> queue;
  std::deque<Merge> merges;
  std::vector<OpenBlock> free_blocks;
  bool storing = false;
  bool merging = false;
  bool stop = false;
  std::thread worker;

  std::atomic<Seq> durable{0};
  std::atomic<bool> has_failed{false};
  std::optional<Error> error;  // under mutex
  bool ended = false;

  explicit Impl(WriterOptions o)
      : options(std::move(o)), encoder(options.zstd_level), merge_encoder(options.zstd_level) {
    block_bytes = std::clamp<std::size_t>(options.block_bytes, 1024, 16u << 20);
    digest_now = digest.value();
  }

  void begin_behind(ChainStart start) {
    chain = std::move(start);
    next_seq = chain.first_seq;
    stored_seq = next_seq - 1;
    last_ts = stored_ts = chain.ts_floor;
    digest = chain.records;
    digest_now = digest.value();
  }

  void start() {
    // All blocks that can be under way at once, so that appending allocates nothing from here on.
    open = new_block();
    for (std::size_t i = 0; i < kQueueLimit + 1; ++i) free_blocks.push_back(new_block());
    worker = std::thread([this] { work(); });
  }

  OpenBlock new_block() const {
    OpenBlock block;
    block.reserve(block_bytes + (16u << 10));
    return block;
  }

  rocksdb::WriteOptions write_options() const {
    rocksdb::WriteOptions w;
    w.disableWAL = options.durability == Durability::buffered;
    w.sync = options.durability == Durability::sync;
    return w;
  }

  void fail(Error e) {
    const std::lock_guard<std::mutex> lock(mutex);
    if (!error) error = std::move(e);
    has_failed.store(true, std::memory_order_release);
  }

  // ------------------------------------------------------------------ appending

  Seq append_one(const RecordHeader& header, const void* body, std::size_t body_bytes) {
    const std::size_t bytes = kHeaderBytes + body_bytes;
    if (open.size + bytes > open.capacity) [[unlikely]]
      make_room(bytes);
    const Seq seq = next_seq;
    REPRISE_ASSERT(header.ts_engine >= last_ts, "engine time must not decrease");
    REPRISE_ASSERT(header.cause_delta < seq, "a cause lies before its record");
    std::byte* at = open.data() + open.size;
    std::memcpy(at, static_cast<const void*>(&header), kHeaderBytes);
    const auto length = static_cast<std::uint32_t>(body_bytes);
    std::memcpy(at, &length, sizeof length);
    std::memcpy(at + kHeaderBytes, body, body_bytes);
    if (open.count == 0) {
      open.first_seq = seq;
      open.ts_first = header.ts_engine;
    }
    open.ts_last = last_ts = header.ts_engine;
    ++open.count;
    open.size += bytes;
    ++next_seq;
    tail.set_appended(seq);
    if (open.size >= block_bytes) [[unlikely]]
      submit();
    return seq;
  }

  void make_room(std::size_t bytes) {
    REPRISE_ASSERT(bytes <= kHeaderBytes + kMaxBodyBytes, "record too large");
    if (open.count != 0) submit();
    open.reserve(bytes);
  }

  // Hands the open block to the worker, with a snapshot behind it or none; waits while the queue is full.
  void submit(std::unique_ptr<SnapshotImage> snapshot = nullptr) {
    std::unique_lock<std::mutex> lock(mutex);
    to_writer.wait(lock, [&] { return queue.size() < kQueueLimit || error; });
    if (error) {
      open.clear();
      return;
    }
    queue.push_back({std::move(open), std::move(snapshot)});
    if (!free_blocks.empty()) {
      open = std::move(free_blocks.back());
      free_blocks.pop_back();
      lock.unlock();
    } else {
      lock.unlock();
      open = new_block();
    }
    to_worker.notify_one();
  }

  Status sticky() {
    const std::lock_guard<std::mutex> lock(mutex);
    if (error) return *error;
    return ok_status();
  }

  Status commit() {
    if (has_failed.load(std::memory_order_acquire)) return sticky();
    if (open.count == 0 && durable.load(std::memory_order_acquire) + 1 == next_seq) return ok_status();
    {
      std::unique_lock<std::mutex> lock(mutex);
      if (!queue.empty() || storing) {
        if (open.count != 0) {
          lock.unlock();
          submit();
          lock.lock();
        }
        to_writer.wait(lock, [&] { return (queue.empty() && !storing) || error; });
      }
      if (error) return *error;
    }
    // The worker stores nothing now and this thread alone could queue more: store here, without a hand-over.
    if (open.count != 0) {
      if (!store_block(open)) return sticky();
      open.clear();
    }
    return ok_status();
  }

  // ------------------------------------------------------------------ storing

  bool store_block(OpenBlock& block) {
    BlockHeader header;
    header.first_seq = block.first_seq;
    header.count = block.count;
    header.ts_first = block.ts_first;
    header.ts_last = block.ts_last;
    header.ts_journal = options.clock();
    header.digest_before = digest_now;
    digest.update(block.data(), block.size);
    header.digest_after = digest_now = digest.value();
    const std::string_view stored = encoder.encode(header, block.data(), block.size);
    rocksdb::WriteBatch batch(stored.size() + 128);
    batch.Put(store->family(Family::log), seq_key(header.first_seq), rocksdb::Slice(stored.data(), stored.size()));
    batch.Put(store->family(Family::time_index), time_key(header.ts_first, header.first_seq), time_value(header));
    if (const auto s = store->db().Write(write_options(), &batch); !s.ok()) {
      Error e = rocks_error(path, "cannot store records from " + std::to_string(header.first_seq), s);
      e.message += "; durable up to record " + std::to_string(durable.load());
      fail(std::move(e));
      return false;
    }
    const Seq last = header.last_seq();
    stored_seq = last;
    stored_ts = header.ts_last;
    durable.store(last, std::memory_order_release);
    if (options.durability != Durability::buffered) tail.set_durable(last);
    keep_if_small(block, header, true);
    return true;
  }

  void store_snapshot(const SnapshotImage& image) {
    const std::string value = encode_snapshot(stored_seq, stored_ts, digest, image, options.zstd_level);
    const auto s = store->db().Put(write_options(), store->family(Family::snapshots), seq_key(stored_seq), value);
    if (!s.ok()) fail(rocks_error(path, "cannot store the snapshot of record " + std::to_string(stored_seq), s));
  }

  // Blocks of commits are rewritten as full ones once enough of them lie next to each other.
  void keep_if_small(OpenBlock& block, const BlockHeader& header, bool put_once) {
    if (block.size >= block_bytes / 2) {
      close_small();
      return;
    }
    if (small.keys.empty()) small.digest_before = header.digest_before;
    OpenBlock& all = small.records;
    if (all.size + block.size > all.capacity) all.reserve(std::max(block_bytes * 2, all.size + block.size));
    std::memcpy(all.data() + all.size, block.data(), block.size);
    if (all.count == 0) {
      all.first_seq = header.first_seq;
      all.ts_first = header.ts_first;
    }
    all.size += block.size;
    all.count += header.count;
    all.ts_last = header.ts_last;
    small.digest_after = header.digest_after;
    small.ts_journal = header.ts_journal;
    small.keys.push_back({header.first_seq, header.ts_first, put_once});
    if (all.size >= block_bytes) close_small();
  }

  void close_small() {
    if (small.keys.size() > 1) {
      const std::lock_guard<std::mutex> lock(mutex);
      if (merges.size() < kMergeQueueLimit) {
        merges.push_back(std::move(small));
        small = Merge();
        to_worker.notify_one();
        return;
      }
    }
    small.clear();
  }

  // One batch: the small blocks go, the full one comes. Content and digests stay what they were.
  void merge(Merge& m) {
    BlockHeader header;
    header.first_seq = m.records.first_seq;
    header.count = m.records.count;
    header.ts_first = m.records.ts_first;
    header.ts_last = m.records.ts_last;
    header.ts_journal = m.ts_journal;
    header.digest_before = m.digest_before;
    header.digest_after = m.digest_after;
    const std::string_view stored = merge_encoder.encode(header, m.records.data(), m.records.size);
    rocksdb::WriteBatch batch(stored.size() + m.keys.size() * 48 + 256);
    for (std::size_t i = 1; i < m.keys.size(); ++i) {
      const SmallKey& key = m.keys[i];
      if (key.put_once) {
        batch.SingleDelete(store->family(Family::log), seq_key(key.first_seq));
        batch.SingleDelete(store->family(Family::time_index), time_key(key.ts_first, key.first_seq));
      } else {
        batch.Delete(store->family(Family::log), seq_key(key.first_seq));
        batch.Delete(store->family(Family::time_index), time_key(key.ts_first, key.first_seq));
      }
    }
    batch.Put(store->family(Family::log), seq_key(header.first_seq), rocksdb::Slice(stored.data(), stored.size()));
    batch.Put(store->family(Family::time_index), time_key(header.ts_first, header.first_seq), time_value(header));
    rocksdb::WriteOptions w = write_options();
    w.sync = false;  // nothing becomes durable by it; the log's order makes it safe
    if (const auto s = store->db().Write(w, &batch); !s.ok()) fail(rocks_error(path, "cannot rewrite small blocks", s));
  }

  void work() {
    std::unique_lock<std::mutex> lock(mutex);
    for (;;) {
      to_worker.wait(lock, [&] { return stop || !queue.empty() || !merges.empty(); });
      if (!queue.empty()) {
        Job job = std::move(queue.front());
        queue.pop_front();
        storing = true;
        const bool dead = error.has_value();
        lock.unlock();
        const bool stored = !dead && (job.block.count == 0 || store_block(job.block));
        if (stored && job.snapshot) store_snapshot(*job.snapshot);
        job.block.clear();
        lock.lock();
        storing = false;
        if (free_blocks.size() < kQueueLimit + 1) free_blocks.push_back(std::move(job.block));
        to_writer.notify_one();
      } else if (!merges.empty()) {
        Merge m = std::move(merges.front());
        merges.pop_front();
        merging = true;
        const bool dead = error.has_value();
        lock.unlock();
        if (!dead) merge(m);
        lock.lock();
        merging = false;
        to_writer.notify_one();
      } else if (stop) {
        return;
      }
    }
  }

  void stop_worker() {
    {
      const std::lock_guard<std::mutex> lock(mutex);
      stop = true;
    }
    to_worker.notify_one();
    if (worker.joinable()) worker.join();
  }

  // Everything stored, small blocks rewritten, worker gone.
  Status settle() {
    Status committed = commit();
    if (committed) close_small();
    stop_worker();
    if (!committed) return committed;
    return sticky();
  }

  // Goes on behind stored records: running digest, last time, small blocks at the tail.
  Status take_up(std::uint64_t& records) {
    BlockScan scan(*store, path, chain);
    std::vector<std::uint64_t> words;
    records = 0;
    while (auto block = scan.next()) {
      words.resize(block->header.raw_bytes / 8 + 1);
      auto* raw = reinterpret_cast<std::byte*>(words.data());
      if (auto s = scan.decode(*block, raw); !s) return s;
      if (auto s = check_records(block->header, raw, last_ts); !s) return s;
      if (block->header.digest_before != digest_now)
        return corrupt_error("journal " + path + ": the chain breaks at record " +
                             std::to_string(block->header.first_seq));
      digest.update(raw, block->header.raw_bytes);
      digest_now = digest.value();
      if (block->header.digest_after != digest_now)
        return corrupt_error("journal " + path + ": the chain breaks within the block of record " +
                             std::to_string(block->header.first_seq));
      last_ts = stored_ts = block->header.ts_last;
      stored_seq = block->header.last_seq();
      next_seq = stored_seq + 1;
      records += block->header.count;
      OpenBlock copy;
      copy.reserve(block->header.raw_bytes);
      std::memcpy(copy.data(), raw, block->header.raw_bytes);
      copy.size = block->header.raw_bytes;
      keep_if_small(copy, block->header, false);
    }
    return scan.status();
  }
};

// ---------------------------------------------------------------------- making and opening

namespace {

// Directories of create() whose maker died before the journal had its name.
void remove_abandoned(const std::string& path) {
  const fs::path target(path);
  const std::string prefix = target.filename().string() + ".creating.";
  const fs::path parent = target.has_parent_path() ? target.parent_path() : fs::path(".");
  std::error_code error;
  std::vector<fs::path> abandoned;
  for (fs::directory_iterator it(parent, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name.rfind(prefix, 0) != 0) continue;
    const long pid = std::strtol(name.c_str() + prefix.size(), nullptr, 10);
    if (pid > 0 && ::kill(static_cast<pid_t>(pid), 0) != 0 && errno == ESRCH) abandoned.push_back(it->path());
  }
  for (const auto& dir : abandoned) fs::remove_all(dir, error);
}

Status fill_new_directory(const std::string& dir, const Manifest& manifest, const Snapshot* base) {
  auto tail = Tail::create(dir);
  if (!tail) return tail.error();
  auto store = Store::open(dir, OpenMode::create);
  if (!store) return store.error();
  if (base != nullptr) {
    tail->set_appended(base->info.seq);
    tail->set_durable(base->info.seq);
    if (auto s = tail->sync(); !s) return s;
    const std::string value = encode_snapshot(base->info.seq, base->info.ts_engine, base->records,
                                              {base->info.engine_version, base->sections}, 1);
    const auto s = (*store)->db().Put({}, (*store)->family(Family::snapshots), seq_key(base->info.seq), value);
    if (!s.ok()) return rocks_error(dir, "cannot store its base snapshot", s);
  }
  if (auto s = (*store)->store_manifest(manifest, true, true); !s) return s;
  if (auto s = (*store)->close(); !s) return s;
  return sync_directory(dir);
}

}  // namespace

Result<JournalWriter> JournalWriter::create(const std::string& path, const Manifest& manifest, WriterOptions options) {
  return create_at(path, manifest, nullptr, std::move(options));
}

Result<JournalWriter> JournalWriter::create_behind(const std::string& path, const Manifest& manifest,
                                                   const Snapshot& base, WriterOptions options) {
  return create_at(path, manifest, &base, std::move(options));
}

Result<JournalWriter> JournalWriter::create_at(const std::string& path_given, const Manifest& manifest,
                                               const Snapshot* base, WriterOptions options) {
  REPRISE_ASSERT(options.clock != nullptr, "WriterOptions::clock is required");
  std::string path = path_given;
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  if (path.empty()) return usage_error("the journal needs a path");
  std::error_code ignored;
  if (fs::symlink_status(path, ignored).type() != fs::file_type::not_found) {
    return usage_error(path + " exists already", "choose another path, or move it away");
  }
  // The journal gets its name when it is whole, so that a killed process leaves a journal or nothing.
  remove_abandoned(path);
  const std::string making = path + ".creating." + std::to_string(::getpid());
  if (::mkdir(making.c_str(), 0755) != 0) {
    const int why = errno;
    return usage_error(
        "cannot make a journal at " + path + ": " + std::strerror(why),
        why == ENOENT ? "make the folder it is to stand in first" : "check the path and its permissions");
  }
  Manifest m = manifest;
  m.status = schema::RunStatus::RUNNING;
  m.first_seq = base == nullptr ? 1 : base->info.seq + 1;
  m.last_seq = m.durable_seq = m.first_seq - 1;
  m.digest = base == nullptr ? RunningDigest().value() : base->info.digest;
  m.cut_records = 0;
  m.recoveries = 0;
  m.ended_at = 0;
  if (m.started_at == 0) m.started_at = options.clock();
  if (auto s = fill_new_directory(making, m, base); !s) {
    fs::remove_all(making, ignored);
    return s.error();
  }
  if (fs::exists(path, ignored) || ::rename(making.c_str(), path.c_str()) != 0) {
    const std::string why = std::strerror(errno);
    fs::remove_all(making, ignored);
    return usage_error("cannot make a journal at " + path + ": " + why);
  }
  const fs::path parent = fs::path(path).parent_path();
  if (auto s = sync_directory(parent.empty() ? "." : parent.string()); !s) return s.error();

  auto impl = std::make_unique<Impl>(std::move(options));
  impl->path = path;
  impl->manifest = m;
  auto store = Store::open(path, OpenMode::write, {}, impl->options.env);
  if (!store) return store.error();
  impl->store = std::move(*store);
  auto tail = Tail::open(path);
  if (!tail) return tail.error();
  impl->tail = std::move(*tail);
  if (base != nullptr) {
    impl->begin_behind({base->info.seq + 1, base->records, base->info.ts_engine});
    impl->durable.store(base->info.seq);
  }
  impl->start();
  return JournalWriter(std::move(impl));
}

Result<JournalWriter> JournalWriter::recover(const std::string& path, WriterOptions options) {
  REPRISE_ASSERT(options.clock != nullptr, "WriterOptions::clock is required");
  if (auto s = check_is_journal(path); !s) return s.error();
  if (has_seal(path))
    return usage_error("journal " + path + " has ended", "start a new journal; an ended one is never continued");
  if (!has_tail(path))
    return corrupt_error("journal " + path + " has neither SEAL nor TAIL: its end was removed",
                         "restore it from a copy");

  auto impl = std::make_unique<Impl>(std::move(options));
  impl->path = path;
  auto store = Store::open(path, OpenMode::write, {}, impl->options.env);
  if (!store) return store.error();
  impl->store = std::move(*store);
  auto numbers = Tail::load(path);
  if (!numbers) return numbers.error();
  auto manifest = impl->store->load_manifest();
  if (!manifest) return manifest.error();
  impl->manifest = *manifest;
  auto chain = load_chain_start(*impl->store, *manifest, path);
  if (!chain) return chain.error();
  impl->begin_behind(std::move(*chain));
  std::uint64_t records = 0;
  if (auto s = impl->take_up(records); !s) return s.error();
  const Seq last = impl->next_seq - 1;
  if (last < numbers->durable || last < manifest->last_seq) {
    return corrupt_error("journal " + path + ": records " + std::to_string(last + 1) + " to " +
                             std::to_string(std::max(numbers->durable, manifest->last_seq)) +
                             " were durable and are missing",
                         "restore it from a copy");
  }
  if (auto next_raw = next_raw_number(*impl->store, path); !next_raw) {
    return next_raw.error();
  } else {
    impl->next_raw = *next_raw;
  }
  Manifest& m = impl->manifest;
  m.status = schema::RunStatus::CRASHED_RECOVERED;
  m.recoveries += 1;
  if (numbers->appended > last) m.cut_records += numbers->appended - last;
  m.last_seq = last;
  m.durable_seq = last;
  m.digest = impl->digest_now;
  m.ended_at = 0;
  // What was found is made durable before anything builds on it.
  if (auto s = impl->store->store_manifest(m, true, true); !s) return s.error();
  if (auto s = impl->store->flush(); !s) return s.error();
  auto tail = Tail::open(path);
  if (!tail) return tail.error();
  impl->tail = std::move(*tail);
  impl->tail.set_durable(last);
  impl->tail.set_appended(last);
  impl->durable.store(last);
  impl->start();
  return JournalWriter(std::move(impl));
}

JournalWriter::JournalWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
JournalWriter::JournalWriter(JournalWriter&&) noexcept = default;

JournalWriter& JournalWriter::operator=(JournalWriter&& other) noexcept {
  std::swap(impl_, other.impl_);
  return *this;
}

JournalWriter::~JournalWriter() {
  if (!impl_ || impl_->ended) return;
  if (impl_->settle() && impl_->store->flush()) impl_->tail.set_durable(impl_->next_seq - 1);
}

Seq JournalWriter::append(const RecordHeader& header, const capnp::word* body, std::size_t body_words) {
  return impl_->append_one(header, body, body_words * sizeof(capnp::word));
}

Seq JournalWriter::append(const RecordBatch& batch) {
  const Seq first = impl_->next_seq;
  batch.for_each(first, [&](const RecordView& record) {
    impl_->append_one(*record.header, record.body(), record.header->body_bytes);
  });
  return first;
}

Status JournalWriter::commit() {
  return impl_->commit();
}
Seq JournalWriter::last_seq() const {
  return impl_->next_seq - 1;
}
Seq JournalWriter::durable_seq() const {
  return impl_->durable.load(std::memory_order_acquire);
}
bool JournalWriter::failed() const {
  return impl_->has_failed.load(std::memory_order_acquire);
}
Status JournalWriter::status() const {
  return impl_->sticky();
}
const Manifest& JournalWriter::manifest() const {
  return impl_->manifest;
}

void JournalWriter::append_snapshot(SnapshotImage image) {
  if (failed()) return;
  impl_->submit(std::make_unique<SnapshotImage>(std::move(image)));
}

Status JournalWriter::append_raw(std::int64_t ts_recv, std::string_view source, std::string_view frame) {
  Impl& w = *impl_;
  if (failed()) return status();
  const std::string value = encode_raw_frame(ts_recv, source, frame);
  const auto s = w.store->db().Put(w.write_options(), w.store->family(Family::raw), seq_key(w.next_raw), value);
  if (!s.ok()) {
    w.fail(rocks_error(w.path, "cannot store a raw frame", s));
    return status();
  }
  ++w.next_raw;
  return ok_status();
}

Result<Manifest> JournalWriter::end() {
  Impl& w = *impl_;
  REPRISE_ASSERT(!w.ended, "end() is called once");
  if (auto s = w.settle(); !s) {
    w.ended = true;
    return s.error();
  }
  w.ended = true;
  Manifest& m = w.manifest;
  m.last_seq = w.next_seq - 1;
  m.durable_seq = m.last_seq;
  m.digest = w.digest_now;
  m.ended_at = w.options.clock();
  m.status = schema::RunStatus::ENDED;
  // Order: records and manifest durable, database closed, files sealed, TAIL removed. A process killed
  // between leaves a TAIL, which marks the journal as unfinished (or, with a SEAL, as ended).
  const bool wal = w.options.durability != Durability::buffered;
  if (auto s = w.store->store_manifest(m, wal, wal); !s) return s.error();
  if (auto s = w.store->flush(); !s) return s.error();
  if (auto s = w.store->close(); !s) return s.error();
  if (auto s = write_seal(w.path, m.digest); !s) return s.error();
  ::unlink((w.path + "/TAIL").c_str());
  if (auto s = sync_directory(w.path); !s) return s.error();
  return m;
}

}  // namespace reprise::journal
