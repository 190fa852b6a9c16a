// Appends records to a journal directory. One writer at a time; a second one is refused.
//
// append() copies the record into the open block and returns its seq; full blocks go to a worker
// thread that hashes, compresses and stores them. commit() closes the open block and returns when
// everything appended is as durable as the chosen durability says:
//   buffered  survives a clean end only (no write-ahead log; flushed when the journal ends)
//   wal       survives the death of the process at any instant (kill -9)
//   sync      survives the loss of power
// One thread appends. durable_seq() may be read from any thread. Errors of the worker are sticky:
// status() reports the first one, and nothing after it is claimed durable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "journal/manifest.h"
#include "journal/record.h"
#include "journal/record_batch.h"
#include "journal/result.h"
#include "journal/snapshot.h"

namespace rocksdb {
class Env;
}

namespace reprise::journal {

enum class Durability { buffered, wal, sync };
std::optional<Durability> durability_from(std::string_view name);

using WallClock = std::function<std::int64_t()>;  // ns since the epoch; informational only

struct WriterOptions {
  Durability durability = Durability::wal;
  std::size_t block_bytes = 256u << 10;  // raw bytes at which a block closes by itself
  int zstd_level = 1;
  WallClock clock;              // required
  rocksdb::Env* env = nullptr;  // of the open database; nullptr = the machine's. Tests lose power in theirs
};

class JournalWriter {
 public:
  // Makes a new journal; refuses a path that exists (usage error).
  static Result<JournalWriter> create(const std::string& path, const Manifest& manifest, WriterOptions options);
  // The same behind `base`: the first record gets the seq after base.info.seq, and the digest goes on from there.
  static Result<JournalWriter> create_behind(const std::string& path, const Manifest& manifest, const Snapshot& base,
                                             WriterOptions options);
  // Opens an unfinished journal after a crash: cuts a torn tail above the durable seq, counts it and
  // sets status crashed_recovered. Refuses an ended one.
  static Result<JournalWriter> recover(const std::string& path, WriterOptions options);

  JournalWriter(JournalWriter&&) noexcept;
  JournalWriter& operator=(JournalWriter&&) noexcept;
  ~JournalWriter();  // without end(): stores what was appended, leaves status "running"

  Seq append(const RecordHeader& header, const capnp::word* body, std::size_t body_words);
  Seq append(const RecordView& record) { return append(*record.header, record.body(), record.body_words()); }
  Seq append(const RecordBatch& batch);  // returns the first seq

  Status commit();
  Seq last_seq() const;
  Seq durable_seq() const;
  bool failed() const;  // cheap; look at status() when true
  Status status() const;

  // The frame as it came from the socket, kept beside the records (a parser's bug loses no day).
  Status append_raw(std::int64_t ts_recv, std::string_view source, std::string_view frame);

  // Keeps a state behind the last record appended. Compressed and stored by the worker; the caller only closes
  // the open block. At most one for each seq (a second one replaces the first).
  void append_snapshot(SnapshotImage image);

  const Manifest& manifest() const;
  // Ends the journal: everything stored and synced, digest and status in the manifest, files sealed.
  Result<Manifest> end();

 private:
  struct Impl;
  explicit JournalWriter(std::unique_ptr<Impl> impl);
  static Result<JournalWriter> create_at(const std::string& path, const Manifest& manifest, const Snapshot* base,
                                         WriterOptions options);
  std::unique_ptr<Impl> impl_;
};

}  // namespace reprise::journal
