// The RocksDB database inside a journal directory: names, options, opening, error texts.
//
// Internal to journal/ (and its tests). Column families: default (unused), log (blocks by first seq),
// time_index, snapshots, manifest, raw (frames as received).
#pragma once

#include <rocksdb/db.h>

#include <array>
#include <memory>
#include <string>

#include "journal/journal_writer.h"
#include "journal/manifest.h"
#include "journal/result.h"

namespace reprise::journal {

enum class Family : std::size_t { fallback, log, time_index, snapshots, manifest, raw };
inline constexpr std::size_t kFamilies = 6;

enum class OpenMode { create, write, read, follow };

class Store {
 public:
  // `scratch` is the directory for a follower's private files; other modes ignore it.
  // `env`: nullptr = the machine's; it outlives the store.
  static Result<std::unique_ptr<Store>> open(const std::string& path, OpenMode mode, const std::string& scratch = {},
                                             rocksdb::Env* env = nullptr);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  rocksdb::DB& db() { return *db_; }
  rocksdb::ColumnFamilyHandle* family(Family f) const { return handles_[static_cast<std::size_t>(f)]; }
  Status flush();  // every column family, atomically
  Status close();  // idempotent; the destructor does it too, without a report

  Result<Manifest> load_manifest();
  // In write modes: stores the manifest; `sync` as RocksDB means it.
  Status store_manifest(const Manifest& manifest, bool wal, bool sync);

 private:
  Store() = default;
  std::string path_;
  std::unique_ptr<rocksdb::DB> db_;
  std::array<rocksdb::ColumnFamilyHandle*, kFamilies> handles_{};
};

// Options of an iterator that scans: big read-ahead, nothing kept in the block cache.
rocksdb::ReadOptions scan_options();

Error rocks_error(const std::string& path, const std::string& doing, const rocksdb::Status& status);

// Refuses what cannot be a journal (missing, a file, an empty directory, no permission), with a hint.
Status check_is_journal(const std::string& path);

inline std::string_view view(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

// Manifest <-> stored bytes (XXH3-64, then a single-segment Cap'n Proto message).
std::string encode_manifest(const Manifest& manifest);
Result<Manifest> decode_manifest(std::string_view stored);
std::string manifest_key();

}  // namespace reprise::journal
