// The record: a fixed 48-byte header in front of one Cap'n Proto struct.
//
//   offset size field
//        0    4 body_bytes    size of the body, a multiple of 8
//        4    2 type          schema::RecordType
//        6    2 account       0 = none
//        8    4 instrument    number declared by an Instrument record; 0 = none
//       12    2 strategy      outputs: number from the configuration, 0 = none; market data of a run: its feed's number
//       14    2 flags         kFlag... below
//       16    8 ts_engine     engine time: max(previous, ts_recv), ns UTC; never decreases
//       24    8 ts_event      when it happened at the venue; 0 = not given; outputs: engine time
//       32    8 ts_recv       when our socket received it; 0 for outputs
//       40    8 cause_delta   seq - cause_seq; 0 = no cause recorded
//       48    . body          root pointer and data, one segment, no segment table
//
// All integers are little-endian. A record's seq is not in the header: it is the seq of its block's
// first record plus its place, so it cannot contradict the order. Everything here enters the digest.
#pragma once

#include <capnp/message.h>
#include <capnp/serialize.h>

#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>

#include "journal/assert.h"
#include "journal/record.capnp.h"

namespace reprise::journal {

static_assert(std::endian::native == std::endian::little, "the journal is little-endian and is written in place");

using Seq = std::uint64_t;  // gap-free, from 1; 0 = none
using schema::RecordType;

inline constexpr std::uint32_t kSchemaVersion = 2;
// The engine version lives in engine/version.h: this room does not know the engine.

inline constexpr std::uint16_t kFlagOutput = 1;       // it was computed
inline constexpr std::uint16_t kFlagLate = 4;         // came too late for its event time's place in a run's order
inline constexpr std::uint16_t kFlagAssumedRecv = 2;  // ts_recv is ts_event and an assumed latency

struct RecordHeader {
  std::uint32_t body_bytes = 0;
  std::uint16_t type_code = 0;
  std::uint16_t account = 0;
  std::uint32_t instrument = 0;
  std::uint16_t strategy = 0;
  std::uint16_t flags = 0;
  std::int64_t ts_engine = 0;
  std::int64_t ts_event = 0;
  std::int64_t ts_recv = 0;
  std::uint64_t cause_delta = 0;

  RecordType type() const { return static_cast<RecordType>(type_code); }
  void set_type(RecordType t) { type_code = static_cast<std::uint16_t>(t); }
  bool is_output() const { return (flags & kFlagOutput) != 0; }
  bool operator==(const RecordHeader&) const = default;
};
static_assert(sizeof(RecordHeader) == 48);
static_assert(offsetof(RecordHeader, ts_engine) == 16);
static_assert(offsetof(RecordHeader, cause_delta) == 40);

inline constexpr std::size_t kHeaderBytes = sizeof(RecordHeader);
inline constexpr std::size_t kHeaderWords = kHeaderBytes / sizeof(capnp::word);
// A record larger than this is refused on writing and taken as damage on reading.
inline constexpr std::size_t kMaxBodyBytes = 64u << 20;

// A record in memory that somebody else owns (a block, a batch). 8-byte aligned.
struct RecordView {
  Seq seq = 0;
  const RecordHeader* header = nullptr;

  RecordType type() const { return header->type(); }
  const capnp::word* body() const {
    return reinterpret_cast<const capnp::word*>(reinterpret_cast<const std::byte*>(header) + kHeaderBytes);
  }
  std::size_t body_words() const { return header->body_bytes / sizeof(capnp::word); }
  std::size_t total_bytes() const { return kHeaderBytes + header->body_bytes; }
  const std::byte* bytes() const { return reinterpret_cast<const std::byte*>(header); }
  Seq cause_seq() const { return header->cause_delta == 0 ? 0 : seq - header->cause_delta; }
};

// True when every pointer of the message stays inside it, none is a far or capability pointer and
// nothing is nested deeper than eight levels: then unchecked reading is safe. O(pointers).
bool shape_is_safe(const capnp::word* words, std::size_t count);

// Reads a record's body. The caller must have checked shape_is_safe() for these bytes once (readers
// do it for every record of a block when they load it; batches are made by us).
template <class T>
typename T::Reader read(const RecordView& record) {
  return capnp::readMessageUnchecked<T>(record.body());
}

const char* name_of(RecordType type);  // "bookDelta"; "type77" where unknown
std::optional<RecordType> record_type_from(std::string_view name);
inline constexpr std::uint16_t kRecordTypeCount = 53;
bool is_output_type(RecordType type);

}  // namespace reprise::journal
