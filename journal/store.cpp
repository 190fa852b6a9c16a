#include "journal/store.h"

#include <rocksdb/cache.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/table.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <vector>

namespace reprise::journal {

namespace {

namespace fs = std::filesystem;

constexpr const char* kFamilyNames[kFamilies] = {"default", "log", "time_index", "snapshots", "manifest", "raw"};

// RocksDB writes a LOG file even when it opens a database read-only, and Debian's build aborts when the disk
// is too full for that file. Readers must not touch the directory, and writers have their own error texts.
class SilentLogger final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  SilentLogger() : rocksdb::Logger(rocksdb::InfoLogLevel::FATAL_LEVEL) {}
  void Logv(const char*, va_list) override {}
};

rocksdb::DBOptions database_options(OpenMode mode) {
  rocksdb::DBOptions options;
  options.create_if_missing = mode == OpenMode::create;
  options.error_if_exists = mode == OpenMode::create;
  options.info_log_level = rocksdb::InfoLogLevel::FATAL_LEVEL;  // the default depends on the caller's NDEBUG
  options.max_background_jobs = 2;
  options.max_open_files = -1;  // a follower needs it; a journal has few files
  options.paranoid_checks = true;
  // Of whole files, kept in RocksDB's manifest: an unfinished journal has no seal to vouch for bytes that no block
  // covers.
  options.file_checksum_gen_factory = rocksdb::GetFileChecksumGenCrc32cFactory();
  // A torn tail is cut, damage in the middle of the log is an error.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.atomic_flush = true;  // log, time index and manifest reach the disk together, also without a WAL
  // Recovery flushes: were a torn log kept beside a new one, a second crash would meet its torn end in the middle.
  options.avoid_flush_during_recovery = false;
  options.avoid_flush_during_shutdown = true;
  options.max_bgerror_resume_count = 0;  // an error stays an error: our own status is sticky
  options.max_file_opening_threads = 1;  // verify opens in a forked child, which starts no threads
  options.skip_stats_update_on_db_open = true;
  options.skip_checking_sst_file_sizes_on_db_open = false;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.wal_bytes_per_sync = 1u << 20;
  options.bytes_per_sync = 1u << 20;
  options.info_log = std::make_shared<SilentLogger>();
  return options;
}

rocksdb::ColumnFamilyOptions family_options(Family family, const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::ColumnFamilyOptions options;
  options.compression =
      family == Family::raw ? rocksdb::kZSTD : rocksdb::kNoCompression;  // blocks are compressed by us
  options.bottommost_compression = rocksdb::kDisableCompressionOption;
  options.write_buffer_size = family == Family::log ? 32u << 20 : family == Family::raw ? 16u << 20 : 4u << 20;
  options.max_write_buffer_number = family == Family::log ? 3 : 2;
  options.target_file_size_base = 64u << 20;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.block_size = 16u << 10;
  table.format_version = 5;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

}  // namespace

Error rocks_error(const std::string& path, const std::string& doing, const rocksdb::Status& status) {
  const std::string message = "journal " + path + ": " + doing + ": " + status.ToString();
  if (status.IsCorruption()) return corrupt_error(message, "run reprise verify on it, or restore it from a copy");
  if (status.IsPathNotFound() || status.ToString().find("No such file") != std::string::npos) {
    return corrupt_error(message + ": a file of the journal is missing", "restore it from a copy");
  }
  if (status.IsNoSpace() || status.ToString().find("No space left") != std::string::npos) {
    return io_error(message, "free some space on the disk; what was durable before is kept");
  }
  if (status.ToString().find("Permission denied") != std::string::npos)
    return io_error(message, "give yourself permission on the journal's files");
  return io_error(message);
}

Result<std::unique_ptr<Store>> Store::open(const std::string& path, OpenMode mode, const std::string& scratch,
                                           rocksdb::Env* env) {
  auto store = std::unique_ptr<Store>(new Store);
  store->path_ = path;
  const auto cache = rocksdb::NewLRUCache(8u << 20);
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (std::size_t i = 0; i < kFamilies; ++i) {
    families.emplace_back(kFamilyNames[i], family_options(static_cast<Family>(i), cache));
  }
  rocksdb::DBOptions options = database_options(mode);
  if (env != nullptr) options.env = env;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  rocksdb::Status status;
  switch (mode) {
    case OpenMode::create:
      // All families in one call: RocksDB writes its options file and reads it back once, not once for each.
      status = rocksdb::DB::Open(options, path, {families.front()}, &handles, &db);
      if (status.ok()) {
        std::vector<rocksdb::ColumnFamilyHandle*> made;
        status = db->CreateColumnFamilies({families.begin() + 1, families.end()}, &made);
        handles.insert(handles.end(), made.begin(), made.end());
        if (!status.ok()) {
          for (auto* handle : handles) (void)db->DestroyColumnFamilyHandle(handle);
          delete db;
        }
      }
      break;
    case OpenMode::write: status = rocksdb::DB::Open(options, path, families, &handles, &db); break;
    case OpenMode::read: status = rocksdb::DB::OpenForReadOnly(options, path, families, &handles, &db); break;
    case OpenMode::follow:
      status = rocksdb::DB::OpenAsSecondary(options, path, scratch, families, &handles, &db);
      break;
  }
  if (!status.ok()) {
    const std::string text = status.ToString();
    if (status.IsIOError() && text.find("lock") != std::string::npos &&
        (text.find("lock hold by") != std::string::npos ||
         text.find("Resource temporarily unavailable") != std::string::npos)) {
      return usage_error("journal " + path + " is being written by another process or writer",
                         "wait for it to end, or choose another path");
    }
    return rocks_error(path, "cannot open", status);
  }
  store->db_.reset(db);
  for (std::size_t i = 0; i < kFamilies; ++i) store->handles_[i] = handles[i];
  return store;
}

Store::~Store() {
  (void)close();
}

Status Store::flush() {
  rocksdb::FlushOptions options;
  options.wait = true;
  const std::vector<rocksdb::ColumnFamilyHandle*> all(handles_.begin(), handles_.end());
  const rocksdb::Status status = db_->Flush(options, all);
  if (!status.ok()) return rocks_error(path_, "cannot flush", status);
  // RocksDB deletes files that are no longer needed at leisure; a sealed journal must not carry them.
  (void)db_->DisableFileDeletions();
  (void)db_->EnableFileDeletions();
  return ok_status();
}

Status Store::close() {
  if (!db_) return ok_status();
  for (auto*& handle : handles_) {
    if (handle != nullptr) db_->DestroyColumnFamilyHandle(handle);
    handle = nullptr;
  }
  const rocksdb::Status status = db_->Close();
  db_.reset();
  if (!status.ok() && !status.IsNotSupported()) return rocks_error(path_, "cannot close", status);
  return ok_status();
}

Result<Manifest> Store::load_manifest() {
  std::string value;
  const rocksdb::Status status = db_->Get({}, family(Family::manifest), manifest_key(), &value);
  if (status.IsNotFound()) return corrupt_error("journal " + path_ + ": the manifest is missing");
  if (!status.ok()) return rocks_error(path_, "cannot read the manifest", status);
  auto manifest = decode_manifest(value);
  if (!manifest) return corrupt_error("journal " + path_ + ": " + manifest.error().message);
  return manifest;
}

Status Store::store_manifest(const Manifest& manifest, bool wal, bool sync) {
  rocksdb::WriteOptions options;
  options.disableWAL = !wal;
  options.sync = wal && sync;
  const rocksdb::Status status = db_->Put(options, family(Family::manifest), manifest_key(), encode_manifest(manifest));
  if (!status.ok()) return rocks_error(path_, "cannot write the manifest", status);
  return ok_status();
}

rocksdb::ReadOptions scan_options() {
  rocksdb::ReadOptions options;
  options.readahead_size = 2u << 20;
  options.fill_cache = false;
  options.verify_checksums = true;
  options.total_order_seek = true;
  return options;
}

Status check_is_journal(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) {
      return usage_error("no journal at " + path, "check the path; reprise run and reprise import make journals");
    }
    return io_error("cannot look at " + path + ": " + std::strerror(errno));
  }
  if (!S_ISDIR(info.st_mode)) {
    return usage_error(path + " is a file, not a journal",
                       "a journal is a directory; reprise import turns market data files into one");
  }
  if (::access(path.c_str(), R_OK | X_OK) != 0) {
    return io_error("cannot read journal " + path + ": " + std::strerror(errno), "check the permissions");
  }
  const fs::path dir(path);
  std::error_code ignored;
  if (!fs::exists(dir / "CURRENT", ignored) && !fs::exists(dir / "SEAL", ignored) &&
      !fs::exists(dir / "TAIL", ignored)) {
    return usage_error(path + " is not a journal: the directory has none of its files",
                       "check the path; reprise run and reprise import make journals");
  }
  return ok_status();
}

}  // namespace reprise::journal
