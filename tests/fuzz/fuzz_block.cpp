// Fuzz target: any bytes as a stored block end in checked records or an Error. The input is tried as it
// stands and with its sizes and checksum made to fit, so that what lies behind the checksum is reached too.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "journal/block.h"
#include "journal/record_text.h"

namespace {

using namespace reprise::journal;

void try_block(const std::string& stored) {
  auto header = read_block_header(stored);
  if (!header.ok() || header->raw_bytes > (1u << 20)) return;
  // Words of exactly the stated size: a step outside is seen.
  std::vector<capnp::word> words((header->raw_bytes + 7) / 8);
  auto* raw = reinterpret_cast<std::byte*>(words.data());
  static BlockDecoder decoder;
  if (!decoder.decode(*header, stored, raw).ok()) return;
  if (!check_records(*header, raw, INT64_MIN).ok()) return;
  const std::byte* at = raw;
  for (std::uint32_t i = 0; i < header->count; ++i) {
    const RecordView view{header->first_seq + i, reinterpret_cast<const RecordHeader*>(at)};
    REPRISE_ASSERT(!record_json(view).empty(), "a checked record prints");
    at += view.total_bytes();
  }
  REPRISE_ASSERT(at == raw + header->raw_bytes, "checked records fill their block");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string stored(reinterpret_cast<const char*>(data), size);
  try_block(stored);
  if (size < kBlockHeaderBytes) return 0;
  BlockHeader header;
  std::memcpy(static_cast<void*>(&header), stored.data(), sizeof header);
  header.magic = kBlockMagic;
  header.version = kBlockVersion;
  header.codec %= 3;
  header.reserved = 0;
  header.stored_bytes = static_cast<std::uint32_t>(size - kBlockHeaderBytes);
  if (header.codec == 0) header.raw_bytes = header.stored_bytes;
  header.checksum = block_checksum(header, stored.data() + kBlockHeaderBytes);
  std::memcpy(stored.data(), static_cast<const void*>(&header), sizeof header);
  try_block(stored);
  return 0;
}
