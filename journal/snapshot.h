// Snapshots: a whole state at a moment, kept beside the records in a column family of its own.
//
// A snapshot stands behind a record (its seq): the state that the records up to and including that one lead to. What
// the state is made of, its owners say: named sections of bytes (engine, simulated run). The journal adds what it needs
// to go on from there without the records before: engine time, and the state of the running digest. Snapshots can
// be rebuilt from the records and are in no digest; a damaged one is skipped and the one before it is used. The only
// exception is the base of a journal that begins behind another one's record (a branch, a slice): see FORMAT.md.
//
// Values; not shared between threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "journal/digest.h"
#include "journal/record.h"
#include "journal/result.h"

namespace reprise::journal {

inline constexpr std::uint16_t kSnapshotVersion = 1;

struct SnapshotSection {
  std::string name;
  std::vector<std::byte> bytes;
};

// What the owner of the state gives.
struct SnapshotImage {
  std::uint32_t engine_version = 0;
  std::vector<SnapshotSection> sections;
};

struct SnapshotInfo {
  Seq seq = 0;
  std::int64_t ts_engine = 0;  // engine time of record `seq`
  std::uint32_t engine_version = 0;
  std::uint64_t raw_bytes = 0;     // of the sections
  std::uint64_t stored_bytes = 0;  // compressed, with the header
  Digest content;                  // XXH3-128 of the sections
  Digest digest;                   // running digest over records 1 .. seq
};

struct Snapshot {
  SnapshotInfo info;
  RunningDigest records;  // state behind record `seq`
  std::vector<SnapshotSection> sections;

  const SnapshotSection* section(std::string_view name) const;  // nullptr when it has none of that name
};

// Stored form (FORMAT.md, "Snapshot"). Reading needs no other data than the seq under whose key it stands; one of
// another record is refused like a damaged one.
std::string encode_snapshot(Seq seq, std::int64_t ts_engine, const RunningDigest& records, const SnapshotImage& image,
                            int zstd_level);
Result<SnapshotInfo> read_snapshot_info(std::string_view stored, Seq key);  // header and checksum only
Result<Snapshot> decode_snapshot(std::string_view stored, Seq key);

// Adds and removes snapshots of a journal that nobody writes. An ended one is sealed again; killed in between, it has
// every record, verifies as unfinished, and is sealed by the next edit. The base of a journal cannot be removed.
struct SnapshotEdit {
  std::vector<Snapshot> add;
  std::vector<Seq> remove;
};
Status edit_snapshots(const std::string& path, const SnapshotEdit& edit);

}  // namespace reprise::journal
