// Reads a journal: forward scan with read-ahead, seek by seq and time, filters, following a writer.
//
// Every block's checksum and chain, and every record's shape, are checked before a record is handed
// out. One thread reads; decompression runs ahead on a thread of its own and cannot change a byte.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "journal/manifest.h"
#include "journal/record.h"
#include "journal/result.h"
#include "journal/snapshot.h"

namespace reprise::journal {

// Records to hand out. Empty sets mean "all". Records outside are skipped by their headers alone.
struct RecordFilter {
  std::vector<RecordType> types;
  std::vector<std::uint32_t> instruments;
};

struct ReaderOptions {
  bool read_ahead = true;
  bool follow = false;  // another process may be writing: next() ends at the present end, refresh() moves it
  RecordFilter filter;
};

// A decoded block; records of it stay valid as long as somebody holds it.
class DecodedBlock;
using BlockHandle = std::shared_ptr<const DecodedBlock>;

class JournalReader {
 public:
  static Result<JournalReader> open(const std::string& path, ReaderOptions options = {});

  JournalReader(JournalReader&&) noexcept;
  JournalReader& operator=(JournalReader&&) noexcept;
  ~JournalReader();

  const Manifest& manifest() const;
  Seq first_seq() const;  // 0 when there are no records
  Seq base_seq() const;   // the record that this journal begins behind; 0 = it begins at the start
  Seq last_seq() const;

  // The next record, nullopt at the end. The view is valid until the block that current_block()
  // names is released, or else until the next call that loads a block.
  Result<std::optional<RecordView>> next();
  // Faster form for hot loops: false at the end or on error; check status() after the loop.
  bool next(RecordView& record);
  Status status() const;
  BlockHandle current_block() const;

  Status seek(Seq seq);                      // next() gives the first record with seq >= seq
  Result<Seq> seek_time(std::int64_t time);  // first record with ts_engine >= time; 0 = none
  Status refresh();                          // with follow: see what the writer added

  // What snapshots there are, by seq. Damaged ones are left out; `warnings` (may be null) gets a line for each.
  Result<std::vector<SnapshotInfo>> snapshots(std::vector<std::string>* warnings = nullptr) const;
  // The last whole snapshot with seq <= `seq`; nullopt when there is none.
  Result<std::optional<Snapshot>> snapshot_at_or_before(Seq seq, std::vector<std::string>* warnings = nullptr) const;
  // next() gives the record behind the snapshot; the running digest goes on from it, and the chain is checked.
  Status seek(const Snapshot& snapshot);

  // Digest over all records handed out in order since open() or rewind to the first record; meaningful
  // only for a full scan without filter. Computed by the read-ahead thread.
  Digest running_digest() const;
  // The digest's state in front of the next record; after open(), a rewind or seek(snapshot) only.
  RunningDigest digest_state() const;

 private:
  struct Impl;
  explicit JournalReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Raw frames, in order.
struct RawFrame {
  std::int64_t ts_recv = 0;
  std::string source;
  std::string frame;
};
Result<std::vector<RawFrame>> read_raw_frames(const std::string& path, std::size_t limit = SIZE_MAX);

}  // namespace reprise::journal
