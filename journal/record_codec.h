// Makes a block of records small before zstd sees it: a record's words are predicted from the last
// record of the same kind, and only the differences are kept, in as few bytes as they need.
//
// Market data repeats itself: times and ids step forward a little, prices move by ticks, headers hardly
// change. zstd alone finds such matches slowly; after this step it has about a quarter of the bytes to
// look at, so both directions are faster and the result is smaller (tools/bench, "append" and "scan").
//
// Stored form, three streams one behind the other:
//
//   u32 tag_bytes, u32 control_bytes, then the streams
//   tags      a byte a record: the slot of its header kind (type, account, instrument, strategy, flags);
//             255 = a new kind: its 16 header bytes (length zeroed) follow in `data`, and the next slot in
//             turn (0 .. 254) is its slot from here on
//   controls  a nibble a value, low nibble first: how many bytes (0 .. 8) of `data` it takes. Values of a
//             record: length of the body in words, then each word of the record from offset 16 on
//   data      the values, little-endian, zigzag of (value - prediction); 8 zero bytes at the end
//
// Predictions (arithmetic modulo 2^64):
//   body length   of the slot's last record
//   ts_engine     of the record before, whatever its kind
//   ts_event      inputs: of the last input; outputs: this record's ts_engine
//   ts_recv       inputs: this record's ts_engine; outputs: 0
//   cause_delta   of the slot's last record
//   body word j   within the struct's own section: the same word of the slot's last record;
//                 behind it (lists, text): the word two before (levels are price, quantity, price, ...)
//
// Deterministic and without state between blocks: a block can be decoded by itself. Decoding never reads
// or writes out of bounds, whatever the bytes are. Not thread-safe (it reuses its slots).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace reprise::journal {

class RecordCodec {
 public:
  RecordCodec();
  ~RecordCodec();
  RecordCodec(const RecordCodec&) = delete;
  RecordCodec& operator=(const RecordCodec&) = delete;

  // `raw` holds `count` whole records, 8-byte aligned. The result is valid until the next call.
  std::string_view encode(const std::byte* raw, std::size_t raw_bytes, std::uint32_t count);

  // Writes exactly raw_bytes of `count` records to `raw` (8-byte aligned); false when `stored` is damaged.
  bool decode(std::string_view stored, std::byte* raw, std::size_t raw_bytes, std::uint32_t count);

 private:
  struct Slots;
  std::unique_ptr<Slots> slots_;
  std::vector<std::uint8_t> out_;
  std::vector<std::uint8_t> lengths_;  // controls, a byte each
};

}  // namespace reprise::journal
