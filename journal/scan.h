// Walks the stored blocks of a journal in order and checks that they follow each other.
//
// Internal to journal/: the base of the reader, of recovery and of verify.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "journal/block.h"
#include "journal/snapshot.h"
#include "journal/store.h"

namespace reprise::journal {

// Where a journal's records begin: behind nothing, or behind its base snapshot (a branch, a slice).
struct ChainStart {
  Seq first_seq = 1;
  RunningDigest records;              // running digest over everything before first_seq
  std::int64_t ts_floor = INT64_MIN;  // engine time of the record before
};
// A base that is missing or damaged is a corrupt error: nothing in the journal could be checked without it.
Result<ChainStart> load_chain_start(Store& store, const Manifest& manifest, const std::string& path);

struct StoredBlock {
  BlockHeader header;
  std::string_view stored;  // valid until the scan moves
};

class BlockScan {
 public:
  // From the block that holds `seq` (or the first block behind it); 0 = from the start.
  BlockScan(Store& store, std::string path, const ChainStart& start, Seq seq = 0);

  // nullopt at the end or on error. Checks the key, the block's header and checksum, and that each block
  // begins where the one before ended, with the same digest.
  std::optional<StoredBlock> next();
  const Status& status() const { return status_; }

  // Decompresses into `out` (header.raw_bytes, 8-byte aligned) and checks raw_hash when asked to.
  Status decode(const StoredBlock& block, std::byte* out, bool check_hash = true);

 private:
  void fail(Seq seq, const std::string& what);

  std::string path_;
  std::unique_ptr<rocksdb::Iterator> it_;
  BlockDecoder decoder_;
  Status status_ = ok_status();
  bool moved_ = false;
  Seq expected_ = 0;  // 0: any
  Digest digest_;
};

// Raw frames: value = ts_recv, length of source, source, frame, XXH3-64 of all before it.
std::string encode_raw_frame(std::int64_t ts_recv, std::string_view source, std::string_view frame);
bool decode_raw_frame(std::string_view stored, std::int64_t& ts_recv, std::string_view& source,
                      std::string_view& frame);
Result<std::uint64_t> next_raw_number(Store& store, const std::string& path);

}  // namespace reprise::journal
