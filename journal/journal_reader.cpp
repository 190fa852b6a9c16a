#include "journal/journal_reader.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <thread>

#include "journal/decoded_block.h"
#include "journal/scan.h"
#include "journal/scratch_folder.h"
#include "journal/seal.h"
#include "journal/slice_file.h"
#include "journal/store.h"

namespace reprise::journal {

namespace {

constexpr std::size_t kReadAheadBlocks = 4;
constexpr std::size_t kGroupBytes = 256u << 10;  // small stored blocks are handed out together up to this size

// Turns stored blocks into checked, decoded ones. Used by one thread at a time.
class BlockLoader {
 public:
  BlockLoader(Store& store, std::string path, std::shared_ptr<BlockPool> pool, const ChainStart& start, Seq from,
              RunningDigest state, bool in_chain)
      : scan_(store, path, start, from),
        path_(std::move(path)),
        pool_(std::move(pool)),
        wanted_(from),
        state_(std::move(state)),
        in_chain_(in_chain) {}

  // nullptr at the end or on error.
  std::shared_ptr<DecodedBlock> next() {
    std::shared_ptr<DecodedBlock> out;
    for (;;) {
      if (!pending_) pending_ = scan_.next();
      if (!pending_) break;
      const BlockHeader& header = pending_->header;
      if (header.last_seq() < wanted_) {  // only in front of the position
        pending_.reset();
        continue;
      }
      if (out && out->size + header.raw_bytes > kGroupBytes) break;
      if (!out) out = pool_->take();
      if (!add(*out, *pending_)) {
        if (out->count == 0) out.reset();
        break;
      }
      pending_.reset();
    }
    if (!scan_.status().ok() && error_.ok()) error_ = scan_.status();
    return out;
  }

  Status status() const { return error_.ok() ? scan_.status() : error_; }

 private:
  bool add(DecodedBlock& out, const StoredBlock& block) {
    const BlockHeader& header = block.header;
    out.reserve(std::max(out.size + header.raw_bytes, kGroupBytes));
    std::byte* raw = out.data() + out.size;
    // In the chain the running digest covers the same bytes as the block's own hash.
    const bool whole = wanted_ <= header.first_seq;
    error_ = scan_.decode(block, raw, !(in_chain_ && whole));
    if (!error_.ok()) return false;
    error_ = check_records(header, raw, ts_floor_);
    if (!error_.ok()) {
      error_ = corrupt_error("journal " + path_ + ": " + error_.error().message);
      return false;
    }
    ts_floor_ = header.ts_last;
    std::size_t skipped_bytes = 0;
    std::uint64_t skipped = 0;
    while (header.first_seq + skipped < wanted_) {
      skipped_bytes += kHeaderBytes + reinterpret_cast<const RecordHeader*>(raw + skipped_bytes)->body_bytes;
      ++skipped;
    }
    if (out.count == 0) {
      out.begin = out.size + skipped_bytes;
      out.first_seq = header.first_seq + skipped;
      out.in_chain = in_chain_;
      if (in_chain_) out.before = state_;
    }
    if (in_chain_) {
      state_.update(raw + skipped_bytes, header.raw_bytes - skipped_bytes);
      out.after = state_.value();
      if (out.after != header.digest_after) {
        error_ = corrupt_error("journal " + path_ + ", block of record " + std::to_string(header.first_seq) +
                               ": the records do not give the digest that the block states");
        return false;
      }
    }
    out.size += header.raw_bytes;
    out.count += header.count - skipped;
    wanted_ = header.last_seq() + 1;
    return true;
  }

  BlockScan scan_;
  std::string path_;
  std::shared_ptr<BlockPool> pool_;
  std::optional<StoredBlock> pending_;
  Seq wanted_;
  RunningDigest state_;
  bool in_chain_;
  std::int64_t ts_floor_ = INT64_MIN;
  Status error_ = ok_status();
};

// Runs a loader on a thread, a few blocks ahead.
class ReadAhead {
 public:
  explicit ReadAhead(BlockLoader& loader) : loader_(loader), thread_([this] { work(); }) {}
  ~ReadAhead() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stop_ = true;
    }
    to_worker_.notify_one();
    thread_.join();
  }

  std::shared_ptr<DecodedBlock> next() {
    std::unique_lock<std::mutex> lock(mutex_);
    to_reader_.wait(lock, [&] { return !ready_.empty() || done_; });
    if (ready_.empty()) return nullptr;
    auto block = std::move(ready_.front());
    ready_.pop_front();
    lock.unlock();
    to_worker_.notify_one();
    return block;
  }

 private:
  void work() {
    for (;;) {
      auto block = loader_.next();
      std::unique_lock<std::mutex> lock(mutex_);
      if (!block) {
        done_ = true;
        to_reader_.notify_one();
        return;
      }
      ready_.push_back(std::move(block));
      to_reader_.notify_one();
      to_worker_.wait(lock, [&] { return ready_.size() < kReadAheadBlocks || stop_; });
      if (stop_) return;
    }
  }

  BlockLoader& loader_;
  std::mutex mutex_;
  std::condition_variable to_worker_;
  std::condition_variable to_reader_;
  std::deque<std::shared_ptr<DecodedBlock>> ready_;
  bool done_ = false;
  bool stop_ = false;
  std::thread thread_;
};

// A follower's private directory.

}  // namespace

struct JournalReader::Impl {
  std::string path;
  ReaderOptions options;
  ScratchFolder scratch;
  std::shared_ptr<const UnpackedSlice> unpacked;  // where the journal is, when the path is a file
  std::unique_ptr<Store> store;
  Manifest manifest;
  ChainStart start;
  Seq first = 0;
  Seq last = 0;
  std::shared_ptr<BlockPool> pool = std::make_shared<BlockPool>();

  bool filtered = false;
  std::uint64_t type_mask[2] = {0, 0};  // types 0 .. 127
  std::vector<std::uint32_t> instruments;

  // Position.
  const std::byte* at = nullptr;
  const std::byte* end = nullptr;
  Seq next_seq = 1;
  std::shared_ptr<DecodedBlock> block;
  RunningDigest base;  // digest state at next_seq when there is no block; valid while in_chain
  bool in_chain = true;
  bool at_end = false;
  Status status = ok_status();

  std::unique_ptr<BlockLoader> loader;
  std::unique_ptr<ReadAhead> ahead;

  void set_filter() {
    filtered = !options.filter.types.empty() || !options.filter.instruments.empty();
    if (options.filter.types.empty()) type_mask[0] = type_mask[1] = ~std::uint64_t{0};
    for (const RecordType type : options.filter.types) {
      const auto code = static_cast<std::uint16_t>(type);
      if (code < 128) type_mask[code / 64] |= std::uint64_t{1} << (code % 64);
    }
    instruments = options.filter.instruments;
    std::sort(instruments.begin(), instruments.end());
  }

  bool wanted(const RecordHeader& header) const {
    if (header.type_code < 128) {
      if ((type_mask[header.type_code / 64] >> (header.type_code % 64) & 1) == 0) return false;
    } else if (!options.filter.types.empty()) {
      return false;
    }
    return instruments.empty() || std::binary_search(instruments.begin(), instruments.end(), header.instrument);
  }

  // First and last seq from the outermost blocks.
  Status look_at_ends() {
    const std::unique_ptr<rocksdb::Iterator> it(store->db().NewIterator({}, store->family(Family::log)));
    first = 0;
    last = start.first_seq - 1;
    it->SeekToFirst();
    if (it->Valid()) {
      first = seq_from_key(view(it->key()));
      it->SeekToLast();
      if (it->Valid()) {
        auto header = read_block_header(view(it->value()));
        if (!header) {
          return corrupt_error("journal " + path + ", block of record " +
                               std::to_string(seq_from_key(view(it->key()))) + ": " + header.error().message);
        }
        last = header->last_seq();
      }
    }
    if (!it->status().ok()) return rocks_error(path, "cannot read the log", it->status());
    if (manifest.status == schema::RunStatus::ENDED && last != manifest.last_seq) {
      return corrupt_error("journal " + path + ": it ends at record " + std::to_string(last) + ", its manifest says " +
                           std::to_string(manifest.last_seq));
    }
    return ok_status();
  }

  void drop_position() {
    ahead.reset();
    loader.reset();
    block.reset();
    at = end = nullptr;
    at_end = false;
  }

  bool load_next() {
    if (!status.ok() || at_end) return false;
    if (!loader) {
      loader = std::make_unique<BlockLoader>(*store, path, pool, start, next_seq, base, in_chain);
      if (options.read_ahead && !options.follow) ahead = std::make_unique<ReadAhead>(*loader);
    }
    auto next = ahead ? ahead->next() : loader->next();
    if (!next) {
      at_end = true;
      ahead.reset();  // joined: the loader's status is ours now
      status = loader->status();
      if (status.ok() && in_chain && manifest.status == schema::RunStatus::ENDED && next_seq == manifest.last_seq + 1 &&
          digest() != manifest.digest) {
        status = corrupt_error("journal " + path + ": the digest of its records is not the one in its manifest");
      }
      return false;
    }
    block = std::move(next);
    at = block->data() + block->begin;
    end = block->data() + block->size;
    next_seq = block->first_seq;
    return true;
  }

  bool next(RecordView& record) {
    for (;;) {
      if (at == end) [[unlikely]] {
        if (!load_next()) return false;
        continue;
      }
      const auto* header = reinterpret_cast<const RecordHeader*>(at);
      at += kHeaderBytes + header->body_bytes;
      record.seq = next_seq++;
      record.header = header;
      if (!filtered || wanted(*header)) return true;
    }
  }

  // State of the running digest at next_seq.
  RunningDigest digest_state() const {
    if (!block) return base;
    RunningDigest state = block->before;
    const std::byte* from = block->data() + block->begin;
    state.update(from, static_cast<std::size_t>(at - from));
    return state;
  }

  Digest digest() const {
    if (block && at == end && block->in_chain) return block->after;
    return digest_state().value();
  }

  void go_to(Seq seq) {
    drop_position();
    status = ok_status();
    next_seq = std::max<Seq>(seq, start.first_seq);
    base = start.records;
    in_chain = next_seq == start.first_seq;
  }
};

Result<JournalReader> JournalReader::open(const std::string& path, ReaderOptions options) {
  auto impl = std::make_unique<Impl>();
  std::string place = path;
  if (is_slice_file(path)) {
    auto unpacked = unpack_slice(path);
    if (!unpacked) return unpacked.error();
    impl->unpacked = std::move(*unpacked);
    place = impl->unpacked->path();
  }
  if (auto s = check_is_journal(place); !s) return s.error();
  impl->path = path;
  impl->options = std::move(options);
  impl->set_filter();
  if (impl->options.follow) {
    auto scratch = ScratchFolder::make("follow");
    if (!scratch) return scratch.error();
    impl->scratch = std::move(*scratch);
  }
  // A writer may delete a file between listing and opening it: look again then.
  for (int attempt = 0;; ++attempt) {
    auto store = Store::open(place, impl->options.follow ? OpenMode::follow : OpenMode::read, impl->scratch.path());
    if (store) {
      impl->store = std::move(*store);
      break;
    }
    if (attempt == 3 || !has_tail(place)) return store.error();
  }
  auto manifest = impl->store->load_manifest();
  if (!manifest) return manifest.error();
  impl->manifest = *manifest;
  if (impl->manifest.status == schema::RunStatus::ENDED && !has_seal(place) && !has_tail(place)) {
    return corrupt_error("journal " + path + " has ended but its SEAL is missing",
                         "run reprise verify on it, or restore it from a copy");
  }
  auto start = load_chain_start(*impl->store, impl->manifest, path);
  if (!start) return start.error();
  impl->start = std::move(*start);
  impl->go_to(impl->start.first_seq);
  if (auto s = impl->look_at_ends(); !s) return s.error();
  return JournalReader(std::move(impl));
}

JournalReader::JournalReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
JournalReader::JournalReader(JournalReader&&) noexcept = default;
JournalReader& JournalReader::operator=(JournalReader&& other) noexcept {
  std::swap(impl_, other.impl_);
  return *this;
}
JournalReader::~JournalReader() {
  if (impl_) impl_->drop_position();  // the thread reads the store
}

const Manifest& JournalReader::manifest() const {
  return impl_->manifest;
}
Seq JournalReader::first_seq() const {
  return impl_->first;
}
Seq JournalReader::base_seq() const {
  return impl_->start.first_seq - 1;
}
Seq JournalReader::last_seq() const {
  return impl_->last;
}

Result<std::optional<RecordView>> JournalReader::next() {
  RecordView record;
  if (impl_->next(record)) return std::optional<RecordView>(record);
  if (!impl_->status.ok()) return impl_->status.error();
  return std::optional<RecordView>();
}

bool JournalReader::next(RecordView& record) {
  return impl_->next(record);
}
Status JournalReader::status() const {
  return impl_->status;
}
BlockHandle JournalReader::current_block() const {
  return impl_->block;
}
Digest JournalReader::running_digest() const {
  return impl_->digest();
}

RunningDigest JournalReader::digest_state() const {
  REPRISE_ASSERT(impl_->in_chain, "the digest's state is known where everything before was read");
  return impl_->digest_state();
}

namespace {
std::string damaged_snapshot(const std::string& path, Seq seq, const Error& error) {
  return "journal " + path + ": the snapshot of record " + std::to_string(seq) + " is passed over: " + error.message;
}
}  // namespace

Result<std::vector<SnapshotInfo>> JournalReader::snapshots(std::vector<std::string>* warnings) const {
  const Impl& r = *impl_;
  const std::unique_ptr<rocksdb::Iterator> it(r.store->db().NewIterator({}, r.store->family(Family::snapshots)));
  std::vector<SnapshotInfo> found;
  for (it->SeekToFirst(); it->Valid(); it->Next()) {
    const Seq seq = seq_from_key(view(it->key()));
    auto info = read_snapshot_info(view(it->value()), seq);
    if (info) {
      found.push_back(*info);
    } else if (warnings != nullptr) {
      warnings->push_back(damaged_snapshot(r.path, seq, info.error()));
    }
  }
  if (!it->status().ok()) return rocks_error(r.path, "cannot read its snapshots", it->status());
  return found;
}

Result<std::optional<Snapshot>> JournalReader::snapshot_at_or_before(Seq seq,
                                                                     std::vector<std::string>* warnings) const {
  const Impl& r = *impl_;
  const std::unique_ptr<rocksdb::Iterator> it(r.store->db().NewIterator({}, r.store->family(Family::snapshots)));
  for (it->SeekForPrev(seq_key(seq)); it->Valid(); it->Prev()) {
    const Seq at = seq_from_key(view(it->key()));
    auto snapshot = decode_snapshot(view(it->value()), at);
    if (snapshot) return std::optional<Snapshot>(std::move(*snapshot));
    if (warnings != nullptr) warnings->push_back(damaged_snapshot(r.path, at, snapshot.error()));
  }
  if (!it->status().ok()) return rocks_error(r.path, "cannot read its snapshots", it->status());
  return std::optional<Snapshot>();
}

Status JournalReader::seek(const Snapshot& snapshot) {
  impl_->go_to(snapshot.info.seq + 1);
  impl_->base = snapshot.records;
  impl_->in_chain = true;
  return ok_status();
}

Status JournalReader::seek(Seq seq) {
  impl_->go_to(seq);
  return ok_status();
}

Result<Seq> JournalReader::seek_time(std::int64_t time) {
  Impl& r = *impl_;
  // The last block that begins before `time` may still hold the record; otherwise it is the first of the next block.
  const std::unique_ptr<rocksdb::Iterator> it(r.store->db().NewIterator({}, r.store->family(Family::time_index)));
  it->SeekForPrev(time_key(time, 0));
  if (!it->Valid()) it->SeekToFirst();
  Seq from = 0;
  for (; it->Valid(); it->Next()) {
    std::int64_t ts_first = 0;
    std::int64_t ts_last = 0;
    std::uint64_t count = 0;
    if (!parse_time_key(view(it->key()), ts_first, from) || !parse_time_value(view(it->value()), ts_last, count)) {
      return corrupt_error("journal " + r.path + ": malformed entry in the time index", "run reprise verify on it");
    }
    if (ts_last >= time) break;
    from = 0;
  }
  if (!it->status().ok()) return rocks_error(r.path, "cannot read the time index", it->status());
  if (from == 0) {
    r.go_to(r.last + 1);
    return Seq{0};
  }
  r.go_to(from);
  const bool filtered = std::exchange(r.filtered, false);
  RecordView record;
  bool found = false;
  while (r.next(record)) {
    if (record.header->ts_engine >= time) {
      found = true;
      break;
    }
  }
  r.filtered = filtered;
  if (!r.status.ok()) return r.status.error();
  if (!found) return Seq{0};
  // One step back within the block: the record is what next() gives.
  r.at = record.bytes();
  r.next_seq = record.seq;
  return record.seq;
}

Status JournalReader::refresh() {
  Impl& r = *impl_;
  if (!r.options.follow) return ok_status();
  if (!r.status.ok()) return r.status;
  const auto s = r.store->db().TryCatchUpWithPrimary();
  if (!s.ok()) return rocks_error(r.path, "cannot follow its writer", s);
  auto manifest = r.store->load_manifest();
  if (!manifest) return manifest.error();
  r.manifest = *manifest;
  if (auto ends = r.look_at_ends(); !ends) return ends;
  // Block borders may have moved: go on from the same record, with the digest as far as it was.
  if (r.in_chain) r.base = r.digest_state();
  r.drop_position();
  return ok_status();
}

}  // namespace reprise::journal
