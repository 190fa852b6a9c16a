// Power is lost: what was written but not synced is gone. Under durability `sync` every record that was called durable
// must still be there, and the journal goes on.
//
// The database of the child process stands on a file system that knows how much of each file was synced. At a random
// moment it stops all writing, cuts every file to that, and the process dies. Not modelled: a directory that loses the
// name of a synced file, and sectors written out of order.
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <unistd.h>

#include <cinttypes>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <thread>

#include "tests/journal/helpers.h"

using namespace journal_test;

namespace {

using rocksdb::FileOptions;
using rocksdb::FSWritableFile;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

class LossyFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  LossyFileSystem() : rocksdb::FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "LossyFileSystem"; }

  IOStatus NewWritableFile(const std::string& name, const FileOptions& options, std::unique_ptr<FSWritableFile>* file,
                           IODebugContext* debug) override {
    const auto status = target()->NewWritableFile(name, options, file, debug);
    return status.ok() ? wrap(name, 0, file) : status;
  }
  IOStatus ReopenWritableFile(const std::string& name, const FileOptions& options,
                              std::unique_ptr<FSWritableFile>* file, IODebugContext* debug) override {
    const auto status = target()->ReopenWritableFile(name, options, file, debug);
    return status.ok() ? wrap(name, (*file)->GetFileSize(IOOptions(), nullptr), file) : status;
  }
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                      IODebugContext* debug) override {
    const std::lock_guard lock(writing_);
    const auto found = synced_.find(from);
    if (found != synced_.end()) {
      synced_[to] = found->second;
      synced_.erase(found);
    }
    return target()->RenameFile(from, to, options, debug);
  }

  // Nothing is written any more, and only what was synced is left. Returns the bytes lost.
  std::uint64_t lose_power() {
    writing_.lock();  // for ever
    std::uint64_t lost = 0;
    for (const auto& [name, size] : synced_) {
      std::error_code error;
      const std::uint64_t now = std::filesystem::file_size(name, error);
      if (error || now <= size) continue;
      lost += now - size;
      if (::truncate(name.c_str(), static_cast<off_t>(size)) != 0) std::abort();
    }
    return lost;
  }

 private:
  class File final : public rocksdb::FSWritableFileOwnerWrapper {
   public:
    File(LossyFileSystem& owner, std::string name, std::unique_ptr<FSWritableFile>&& file)
        : FSWritableFileOwnerWrapper(std::move(file)), owner_(owner), name_(std::move(name)) {}
    IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
      const std::lock_guard lock(owner_.writing_);
      return target()->Append(data, options, debug);
    }
    IOStatus Append(const Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo& info,
                    IODebugContext* debug) override {
      const std::lock_guard lock(owner_.writing_);
      return target()->Append(data, options, info, debug);
    }
    IOStatus Sync(const IOOptions& options, IODebugContext* debug) override { return synced(options, debug); }
    IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override { return synced(options, debug); }

   private:
    IOStatus synced(const IOOptions& options, IODebugContext* debug) {
      const std::lock_guard lock(owner_.writing_);
      const IOStatus status = target()->Sync(options, debug);
      if (status.ok()) owner_.synced_[name_] = target()->GetFileSize(options, debug);
      return status;
    }
    LossyFileSystem& owner_;
    std::string name_;
  };

  IOStatus wrap(const std::string& name, std::uint64_t size, std::unique_ptr<FSWritableFile>* file) {
    const std::lock_guard lock(writing_);
    synced_[name] = size;
    *file = std::make_unique<File>(*this, name, std::move(*file));
    return IOStatus::OK();
  }

  std::mutex writing_;
  std::map<std::string, std::uint64_t> synced_;
};

constexpr std::size_t kPowerRecords = 1'200;

const RecordBatch& power_records() {
  static const RecordBatch records = random_records(kPowerRecords, 31);
  return records;
}

constexpr const char* kChild = "child: loses power while it writes";

}  // namespace

// Creates or recovers, appends on with commits of its own, and loses power behind record REPRISE_LAST.
TEST_CASE("child: loses power while it writes", "[.child]") {
  const std::string path = std::getenv("REPRISE_JOURNAL");
  const Seq last = from_environment("REPRISE_LAST");
  const std::uint64_t commit_every = from_environment("REPRISE_COMMIT");
  auto files = std::make_shared<LossyFileSystem>();
  const auto env = rocksdb::NewCompositeEnv(files);
  WriterOptions o = options(static_cast<Durability>(from_environment("REPRISE_DURABILITY")), 3'000);
  o.env = env.get();
  auto writer =
      std::filesystem::exists(path) ? JournalWriter::recover(path, o) : JournalWriter::create(path, manifest(), o);
  REQUIRE_OK(writer);
  const Seq from = writer->last_seq();
  power_records().for_each(1, [&](const RecordView& record) {
    if (record.seq <= from || record.seq > last) return;
    writer->append(record);
    if (record.seq % commit_every == 0) REQUIRE_OK(writer->commit());
  });
  for (std::uint64_t n = from_environment("REPRISE_SPIN"); n != 0; --n) std::this_thread::yield();
  // Read first: what is durable now must survive.
  const Seq durable = writer->durable_seq();
  const std::uint64_t lost = files->lose_power();
  spill(std::getenv("REPRISE_OUT"), std::to_string(durable) + " " + std::to_string(lost));
  ::kill(::getpid(), SIGKILL);
}

TEST_CASE("lost power takes no record that was durable by sync, and the journal goes on") {
  const std::uint64_t seed = seed_of_this_run();
  INFO("REPRISE_TEST_SEED=" << seed);
  const Scratch scratch;
  Random random(seed);
  const int rounds = std::getenv("REPRISE_NIGHTLY") != nullptr ? 500 : 5;
  for (int round = 0; round < rounds; ++round) {
    const std::string path = scratch / std::to_string(round);
    Seq kept = 0;
    for (int again = 0; again < 2; ++again) {  // lost again while it goes on
      const Seq last = std::min<Seq>(kPowerRecords, kept + 1 + random() % (kPowerRecords / 2));
      INFO("round " << round << "." << again << ": lost behind record " << last);
      const std::string out = path + ".out";
      REQUIRE(killed_in_child(kChild, {{"REPRISE_JOURNAL", path},
                                       {"REPRISE_LAST", std::to_string(last)},
                                       {"REPRISE_COMMIT", std::to_string(20 + random() % 80)},
                                       {"REPRISE_SPIN", std::to_string(random() % 3'000)},
                                       {"REPRISE_DURABILITY", std::to_string(static_cast<int>(Durability::sync))},
                                       {"REPRISE_OUT", out}}));
      Seq durable = 0;
      std::uint64_t lost = 0;
      REQUIRE(std::sscanf(slurp(out).c_str(), "%" SCNu64 " %" SCNu64, &durable, &lost) == 2);
      auto report = verify(path);
      REQUIRE_OK(report);
      INFO(report->problem);
      CHECK(report->clean);
      CHECK(report->last_seq >= durable);
      CHECK(report->last_seq <= last);
      kept = report->last_seq;
      auto reader = JournalReader::open(path);
      REQUIRE_OK(reader);
      CHECK(read_bytes(*reader) == bytes_of_first(power_records(), kept));
    }
    auto writer = JournalWriter::recover(path, options(Durability::sync, 3'000));
    REQUIRE_OK(writer);
    CHECK(writer->last_seq() == kept);
    power_records().for_each(1, [&](const RecordView& record) {
      if (record.seq > kept) writer->append(record);
    });
    auto ended = writer->end();
    REQUIRE_OK(ended);
    CHECK(ended->digest == hash128(power_records().bytes(), power_records().size_bytes()));
  }
}

TEST_CASE("what wal keeps from a killed process it may lose with the power, and verify says that it was durable once") {
  const Scratch scratch;
  const std::string path = scratch / "wal";
  const std::string out = path + ".out";
  REQUIRE(killed_in_child(kChild, {{"REPRISE_JOURNAL", path},
                                   {"REPRISE_LAST", std::to_string(kPowerRecords)},
                                   {"REPRISE_COMMIT", "50"},
                                   {"REPRISE_SPIN", "0"},
                                   {"REPRISE_DURABILITY", std::to_string(static_cast<int>(Durability::wal))},
                                   {"REPRISE_OUT", out}}));
  Seq durable = 0;
  std::uint64_t lost = 0;
  REQUIRE(std::sscanf(slurp(out).c_str(), "%" SCNu64 " %" SCNu64, &durable, &lost) == 2);
  CHECK(lost > 0);  // the file system does lose what was not synced
  auto report = verify(path);
  REQUIRE_OK(report);
  CHECK_FALSE(report->clean);
  CHECK(report->problem.find("durable") != std::string::npos);
}
