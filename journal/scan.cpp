#include "journal/scan.h"

#include <cstring>

#include "journal/journal_reader.h"

namespace reprise::journal {

Result<ChainStart> load_chain_start(Store& store, const Manifest& manifest, const std::string& path) {
  ChainStart start;
  if (manifest.first_seq <= 1) return start;
  const Seq base = manifest.first_seq - 1;
  const std::string place =
      "journal " + path + ": its manifest says that it begins behind record " + std::to_string(base) + ", ";
  std::string value;
  const auto s = store.db().Get({}, store.family(Family::snapshots), seq_key(base), &value);
  if (s.IsNotFound()) return corrupt_error(place + "and the snapshot it begins with is missing");
  if (!s.ok()) return rocks_error(path, "cannot read its base snapshot", s);
  auto snapshot = decode_snapshot(value, base);
  if (!snapshot)
    return corrupt_error(place + "and the snapshot it begins with is damaged: " + snapshot.error().message);
  start.first_seq = manifest.first_seq;
  start.records = std::move(snapshot->records);
  start.ts_floor = snapshot->info.ts_engine;
  return start;
}

BlockScan::BlockScan(Store& store, std::string path, const ChainStart& start, Seq seq) : path_(std::move(path)) {
  it_.reset(store.db().NewIterator(scan_options(), store.family(Family::log)));
  if (seq <= start.first_seq) {
    it_->SeekToFirst();
    expected_ = start.first_seq;
    digest_ = start.records.value();
    return;
  }
  it_->SeekForPrev(seq_key(seq));
  if (!it_->Valid() && it_->status().ok()) it_->SeekToFirst();
}

void BlockScan::fail(Seq seq, const std::string& what) {
  status_ = corrupt_error("journal " + path_ + ", block of record " + std::to_string(seq) + ": " + what);
}

std::optional<StoredBlock> BlockScan::next() {
  if (!status_.ok() || (moved_ && !it_->Valid())) return std::nullopt;
  if (moved_) it_->Next();
  moved_ = true;
  if (!it_->Valid()) {
    if (!it_->status().ok())
      status_ = rocks_error(path_, "cannot read behind record " + std::to_string(expected_ == 0 ? 0 : expected_ - 1),
                            it_->status());
    return std::nullopt;
  }
  const Seq key = seq_from_key(view(it_->key()));
  auto header = read_block_header(view(it_->value()));
  if (!header) {
    fail(key, header.error().message);
    return std::nullopt;
  }
  if (header->first_seq != key) {
    fail(key, "it stands under another block's key (its own is " + std::to_string(header->first_seq) + ")");
    return std::nullopt;
  }
  if (expected_ != 0) {
    if (key > expected_) {
      fail(key, "records " + std::to_string(expected_) + " to " + std::to_string(key - 1) + " are missing");
      return std::nullopt;
    }
    if (key < expected_) {
      fail(key, "it repeats records up to " + std::to_string(expected_ - 1));
      return std::nullopt;
    }
    if (header->digest_before != digest_) {
      fail(key, "the digest chain does not continue here");
      return std::nullopt;
    }
  }
  expected_ = header->last_seq() + 1;
  digest_ = header->digest_after;
  return StoredBlock{*header, view(it_->value())};
}

Status BlockScan::decode(const StoredBlock& block, std::byte* out, bool check_hash) {
  if (auto s = decoder_.decode(block.header, block.stored, out); !s) {
    fail(block.header.first_seq, s.error().message);
    return status_;
  }
  if (check_hash && hash128(out, block.header.raw_bytes) != block.header.raw_hash) {
    fail(block.header.first_seq, "the records do not match their hash");
    return status_;
  }
  return ok_status();
}

std::string encode_raw_frame(std::int64_t ts_recv, std::string_view source, std::string_view frame) {
  std::string out;
  out.reserve(20 + source.size() + frame.size());
  const auto length = static_cast<std::uint32_t>(source.size());
  out.append(reinterpret_cast<const char*>(&ts_recv), sizeof ts_recv);
  out.append(reinterpret_cast<const char*>(&length), sizeof length);
  out.append(source);
  out.append(frame);
  const std::uint64_t checksum = hash64(out.data(), out.size());
  out.append(reinterpret_cast<const char*>(&checksum), sizeof checksum);
  return out;
}

bool decode_raw_frame(std::string_view stored, std::int64_t& ts_recv, std::string_view& source,
                      std::string_view& frame) {
  if (stored.size() < 20) return false;
  std::uint64_t checksum = 0;
  std::memcpy(&checksum, stored.data() + stored.size() - 8, 8);
  if (checksum != hash64(stored.data(), stored.size() - 8)) return false;
  std::uint32_t length = 0;
  std::memcpy(&ts_recv, stored.data(), 8);
  std::memcpy(&length, stored.data() + 8, 4);
  if (length > stored.size() - 20) return false;
  source = stored.substr(12, length);
  frame = stored.substr(12 + length, stored.size() - 20 - length);
  return true;
}

Result<std::uint64_t> next_raw_number(Store& store, const std::string& path) {
  std::unique_ptr<rocksdb::Iterator> it(store.db().NewIterator({}, store.family(Family::raw)));
  it->SeekToLast();
  if (it->Valid()) return seq_from_key(view(it->key())) + 1;
  if (!it->status().ok()) return rocks_error(path, "cannot read the raw frames", it->status());
  return std::uint64_t{1};
}

Result<std::vector<RawFrame>> read_raw_frames(const std::string& path, std::size_t limit) {
  if (auto s = check_is_journal(path); !s) return s.error();
  auto store = Store::open(path, OpenMode::read);
  if (!store) return store.error();
  std::unique_ptr<rocksdb::Iterator> it((*store)->db().NewIterator(scan_options(), (*store)->family(Family::raw)));
  std::vector<RawFrame> frames;
  for (it->SeekToFirst(); it->Valid() && frames.size() < limit; it->Next()) {
    std::int64_t ts = 0;
    std::string_view source;
    std::string_view frame;
    if (!decode_raw_frame(view(it->value()), ts, source, frame)) {
      return corrupt_error("journal " + path + ": raw frame " + std::to_string(seq_from_key(view(it->key()))) +
                           " is damaged");
    }
    frames.push_back({ts, std::string(source), std::string(frame)});
  }
  if (!it->status().ok()) return rocks_error(path, "cannot read the raw frames", it->status());
  return frames;
}

}  // namespace reprise::journal
