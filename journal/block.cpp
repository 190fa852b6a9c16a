#include "journal/block.h"

#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <vector>

#include "journal/record_codec.h"

namespace reprise::journal {

namespace {

// Below it compressing costs more than it saves: what a commit of a few records waits for. The writer rewrites such
// blocks as full ones.
constexpr std::size_t kSmallestCompressed = 8u << 10;

void put_be64(std::string& out, std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift & 0xff));
}

std::uint64_t get_be64(const char* at) {
  std::uint64_t value = 0;
  for (int i = 0; i < 8; ++i) value = value << 8 | static_cast<unsigned char>(at[i]);
  return value;
}

constexpr std::uint64_t kSignBit = std::uint64_t{1} << 63;

}  // namespace

std::uint64_t block_checksum(const BlockHeader& header, const void* payload) {
  return hash64(payload, header.stored_bytes, hash64(&header, offsetof(BlockHeader, checksum)));
}

Result<BlockHeader> read_block_header(std::string_view stored) {
  if (stored.size() < kBlockHeaderBytes) return corrupt_error("block is shorter than its header");
  BlockHeader header;
  std::memcpy(static_cast<void*>(&header), stored.data(), sizeof header);
  if (header.magic != kBlockMagic) return corrupt_error("block does not start with its magic number");
  if (header.stored_bytes != stored.size() - kBlockHeaderBytes) return corrupt_error("block has the wrong size");
  if (header.checksum != block_checksum(header, stored.data() + kBlockHeaderBytes)) {
    return corrupt_error("block checksum does not match");
  }
  if (header.version != kBlockVersion) {
    return corrupt_error("block has format version " + std::to_string(header.version) + ", this build reads " +
                             std::to_string(kBlockVersion),
                         "use a newer build of reprise");
  }
  if (header.codec > static_cast<std::uint16_t>(Codec::record_zstd)) return corrupt_error("block has an unknown codec");
  if (header.count == 0 || header.first_seq == 0) return corrupt_error("block without records");
  if (header.reserved != 0) return corrupt_error("block has a reserved field set");
  if (header.raw_bytes > kMaxBlockRawBytes || header.raw_bytes / kHeaderBytes < header.count) {
    return corrupt_error("block has an impossible size");
  }
  if (header.first_seq > std::numeric_limits<Seq>::max() - header.count) return corrupt_error("block seq overflows");
  return header;
}

struct BlockEncoder::Context {
  ZSTD_CCtx* zstd = ZSTD_createCCtx();
  int level = 1;
  RecordCodec records;
  std::vector<char> out;
  ~Context() { ZSTD_freeCCtx(zstd); }
};

BlockEncoder::BlockEncoder(int zstd_level) : context_(std::make_unique<Context>()) {
  context_->level = zstd_level;
}
BlockEncoder::~BlockEncoder() = default;

std::string_view BlockEncoder::encode(BlockHeader& header, const std::byte* raw, std::size_t raw_bytes) {
  REPRISE_ASSERT(raw_bytes <= kMaxBlockRawBytes, "block too large");
  Context& c = *context_;
  std::string_view small;
  if (raw_bytes >= kSmallestCompressed) small = c.records.encode(raw, raw_bytes, header.count);
  const std::size_t room = kBlockHeaderBytes + std::max(raw_bytes, ZSTD_compressBound(small.size()));
  if (c.out.size() < room) c.out.resize(room);
  char* payload = c.out.data() + kBlockHeaderBytes;
  std::size_t stored = raw_bytes;
  header.codec = static_cast<std::uint16_t>(Codec::none);
  if (raw_bytes >= kSmallestCompressed) {
    const std::size_t got =
        ZSTD_compressCCtx(c.zstd, payload, room - kBlockHeaderBytes, small.data(), small.size(), c.level);
    if (!ZSTD_isError(got) && got < raw_bytes) {
      stored = got;
      header.codec = static_cast<std::uint16_t>(Codec::record_zstd);
    }
  }
  if (header.codec == static_cast<std::uint16_t>(Codec::none)) std::memcpy(payload, raw, raw_bytes);
  header.raw_bytes = static_cast<std::uint32_t>(raw_bytes);
  header.stored_bytes = static_cast<std::uint32_t>(stored);
  header.raw_hash = hash128(raw, raw_bytes);
  header.checksum = block_checksum(header, payload);
  std::memcpy(c.out.data(), static_cast<const void*>(&header), sizeof header);
  return {c.out.data(), kBlockHeaderBytes + stored};
}

struct BlockDecoder::Context {
  ZSTD_DCtx* zstd = ZSTD_createDCtx();
  RecordCodec records;
  std::vector<char> small;
  ~Context() { ZSTD_freeDCtx(zstd); }
};

BlockDecoder::BlockDecoder() : context_(std::make_unique<Context>()) {}
BlockDecoder::~BlockDecoder() = default;

Status BlockDecoder::decode(const BlockHeader& header, std::string_view stored, std::byte* out) {
  const char* payload = stored.data() + kBlockHeaderBytes;
  if (header.codec == static_cast<std::uint16_t>(Codec::none)) {
    if (header.stored_bytes != header.raw_bytes) return corrupt_error("block stored plain has the wrong size");
    std::memcpy(out, payload, header.raw_bytes);
    return ok_status();
  }
  if (header.codec == static_cast<std::uint16_t>(Codec::record_zstd)) {
    // The size is stated in the payload; more than the records could ever need is damage.
    const unsigned long long size = ZSTD_getFrameContentSize(payload, header.stored_bytes);
    const std::size_t most = std::size_t{header.raw_bytes} * 3 + 64;
    if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR || size > most) {
      return corrupt_error("block does not decompress: impossible size");
    }
    std::vector<char>& small = context_->small;
    if (small.size() < size) small.resize(size);
    const std::size_t got = ZSTD_decompressDCtx(context_->zstd, small.data(), size, payload, header.stored_bytes);
    if (ZSTD_isError(got)) return corrupt_error(std::string("block does not decompress: ") + ZSTD_getErrorName(got));
    if (got != size || !context_->records.decode({small.data(), got}, out, header.raw_bytes, header.count)) {
      return corrupt_error("block's records do not decode");
    }
    return ok_status();
  }
  const std::size_t got = ZSTD_decompressDCtx(context_->zstd, out, header.raw_bytes, payload, header.stored_bytes);
  if (ZSTD_isError(got)) return corrupt_error(std::string("block does not decompress: ") + ZSTD_getErrorName(got));
  if (got != header.raw_bytes) return corrupt_error("block decompresses to the wrong size");
  return ok_status();
}

Status check_records(const BlockHeader& header, const std::byte* raw, std::int64_t ts_floor) {
  const std::byte* at = raw;
  const std::byte* const end = raw + header.raw_bytes;
  std::int64_t ts = ts_floor;
  const auto bad = [&](Seq seq, const char* what) -> Status {
    return corrupt_error("record " + std::to_string(seq) + " " + what);
  };
  for (std::uint32_t i = 0; i < header.count; ++i) {
    const Seq seq = header.first_seq + i;
    if (static_cast<std::size_t>(end - at) < kHeaderBytes) return bad(seq, "lies beyond its block");
    const auto& record = *reinterpret_cast<const RecordHeader*>(at);
    if (record.body_bytes % sizeof(capnp::word) != 0 || record.body_bytes == 0 || record.body_bytes > kMaxBodyBytes ||
        record.body_bytes > static_cast<std::size_t>(end - at) - kHeaderBytes) {
      return bad(seq, "has an impossible length");
    }
    if (record.ts_engine < ts) return bad(seq, "has an engine time before its predecessor's");
    if (i == 0 && record.ts_engine != header.ts_first) return bad(seq, "is not at the block's first engine time");
    if (record.cause_delta >= seq) return bad(seq, "names a cause before the first record");
    const auto* body = reinterpret_cast<const capnp::word*>(at + kHeaderBytes);
    if (!shape_is_safe(body, record.body_bytes / sizeof(capnp::word))) return bad(seq, "has a malformed body");
    ts = record.ts_engine;
    at += kHeaderBytes + record.body_bytes;
  }
  if (at != end)
    return corrupt_error("block of seq " + std::to_string(header.first_seq) + " holds bytes behind its last record");
  if (ts != header.ts_last) return bad(header.last_seq(), "is not at the block's last engine time");
  return ok_status();
}

std::string seq_key(Seq seq) {
  std::string key;
  put_be64(key, seq);
  return key;
}

Seq seq_from_key(std::string_view key) {
  return key.size() == 8 ? get_be64(key.data()) : 0;
}

std::string time_key(std::int64_t time, Seq first_seq) {
  std::string key;
  put_be64(key, static_cast<std::uint64_t>(time) ^ kSignBit);
  put_be64(key, first_seq);
  return key;
}

bool parse_time_key(std::string_view key, std::int64_t& time, Seq& first_seq) {
  if (key.size() != 16) return false;
  time = static_cast<std::int64_t>(get_be64(key.data()) ^ kSignBit);
  first_seq = get_be64(key.data() + 8);
  return true;
}

std::string time_value(const BlockHeader& header) {
  std::string value;
  put_be64(value, static_cast<std::uint64_t>(header.ts_last) ^ kSignBit);
  put_be64(value, header.count);
  return value;
}

bool parse_time_value(std::string_view value, std::int64_t& ts_last, std::uint64_t& count) {
  if (value.size() != 16) return false;
  ts_last = static_cast<std::int64_t>(get_be64(value.data()) ^ kSignBit);
  count = get_be64(value.data() + 8);
  return true;
}

}  // namespace reprise::journal
