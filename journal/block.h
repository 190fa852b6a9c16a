// The stored form of a run of records: one RocksDB value in the log column family.
//
//   offset size field
//        0    4 magic          "RPB1"
//        4    2 version        kBlockVersion
//        6    2 codec          0 none, 1 zstd, 2 record codec (journal/record_codec.h) and then zstd
//        8    8 first_seq      equals the key
//       16    4 count          records, at least 1
//       20    4 raw_bytes      size of the records
//       24    4 stored_bytes   size of the payload behind this header
//       28    4 reserved       0
//       32    8 ts_first       engine time of the first record
//       40    8 ts_last        engine time of the last record
//       48    8 ts_journal     wall time of writing; informational
//       56   16 raw_hash       XXH3-128 of the records
//       72   16 digest_before  running digest over records 1 .. first_seq - 1
//       88   16 digest_after   running digest over records 1 .. first_seq + count - 1
//      104    8 checksum       XXH3-64 of the payload, seeded with the XXH3-64 of bytes 0 .. 103
//      112    . payload
//
// Little-endian. journal/FORMAT.md has the rules around it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "journal/digest.h"
#include "journal/record.h"
#include "journal/result.h"

namespace reprise::journal {

inline constexpr std::uint32_t kBlockMagic = 0x31425052;  // "RPB1"
inline constexpr std::uint16_t kBlockVersion = 1;
inline constexpr std::size_t kMaxBlockRawBytes = 128u << 20;

enum class Codec : std::uint16_t { none = 0, zstd = 1, record_zstd = 2 };

struct BlockHeader {
  std::uint32_t magic = kBlockMagic;
  std::uint16_t version = kBlockVersion;
  std::uint16_t codec = 0;
  std::uint64_t first_seq = 0;
  std::uint32_t count = 0;
  std::uint32_t raw_bytes = 0;
  std::uint32_t stored_bytes = 0;
  std::uint32_t reserved = 0;
  std::int64_t ts_first = 0;
  std::int64_t ts_last = 0;
  std::int64_t ts_journal = 0;
  Digest raw_hash;
  Digest digest_before;
  Digest digest_after;
  std::uint64_t checksum = 0;

  Seq last_seq() const { return first_seq + count - 1; }
};
static_assert(sizeof(Digest) == 16);
static_assert(sizeof(BlockHeader) == 112);
static_assert(offsetof(BlockHeader, first_seq) == 8);
static_assert(offsetof(BlockHeader, ts_first) == 32);
static_assert(offsetof(BlockHeader, raw_hash) == 56);
static_assert(offsetof(BlockHeader, checksum) == 104);

inline constexpr std::size_t kBlockHeaderBytes = sizeof(BlockHeader);

// Reads the header of a stored block and checks everything that needs no decompression: magic, version,
// sizes, checksum over header and payload.
Result<BlockHeader> read_block_header(std::string_view stored);

// The checksum that belongs to a header and payload.
std::uint64_t block_checksum(const BlockHeader& header, const void* payload);

// Compresses with one reused context. Not thread-safe.
class BlockEncoder {
 public:
  explicit BlockEncoder(int zstd_level);
  ~BlockEncoder();
  BlockEncoder(const BlockEncoder&) = delete;
  BlockEncoder& operator=(const BlockEncoder&) = delete;

  // Fills codec, sizes, raw_hash and checksum of `header` (the caller sets the rest) and returns the
  // stored form, valid until the next call.
  std::string_view encode(BlockHeader& header, const std::byte* raw, std::size_t raw_bytes);

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

// Decompresses with one reused context. Not thread-safe.
class BlockDecoder {
 public:
  BlockDecoder();
  ~BlockDecoder();
  BlockDecoder(const BlockDecoder&) = delete;
  BlockDecoder& operator=(const BlockDecoder&) = delete;

  // Writes the records of a block whose header was read by read_block_header() to `out`, which has room
  // for header.raw_bytes. Does not check raw_hash.
  Status decode(const BlockHeader& header, std::string_view stored, std::byte* out);

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

// Checks the records of a block one by one: lengths fill the block exactly, count agrees, shapes are
// safe, engine time does not decrease (from `ts_floor` on), causes lie before the record, first and last
// engine time agree with the header. The message names the seq.
Status check_records(const BlockHeader& header, const std::byte* raw, std::int64_t ts_floor);

// Keys.
std::string seq_key(Seq seq);                            // 8 bytes, big-endian
Seq seq_from_key(std::string_view key);                  // 0 when it is not such a key
std::string time_key(std::int64_t time, Seq first_seq);  // 16 bytes; sorts by time, then seq
std::string time_value(const BlockHeader& header);       // ts_last and count
bool parse_time_key(std::string_view key, std::int64_t& time, Seq& first_seq);
bool parse_time_value(std::string_view value, std::int64_t& ts_last, std::uint64_t& count);

}  // namespace reprise::journal
