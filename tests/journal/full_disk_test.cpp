// A full disk: the error is told and stays, and nothing that was durable is lost.
#include <sys/mount.h>

#include "tests/journal/helpers.h"

using namespace journal_test;

namespace {

class TinyDisk {
 public:
  explicit TinyDisk(const std::string& path) : path_(path) {
    std::filesystem::create_directory(path);
    mounted_ = ::mount("tmpfs", path.c_str(), "tmpfs", 0, "size=3m") == 0;
  }
  ~TinyDisk() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  TinyDisk(const TinyDisk&) = delete;
  TinyDisk& operator=(const TinyDisk&) = delete;
  bool mounted() const { return mounted_; }

 private:
  std::string path_;
  bool mounted_ = false;
};

}  // namespace

TEST_CASE("a full disk gives a lasting error with the durable seq, and what was durable is still there") {
  const Scratch scratch;
  const TinyDisk disk(scratch / "disk");
  if (!disk.mounted()) {
    WARN("skipped: mounting a tmpfs is not permitted here");
    return;
  }
  for (const Durability durability : {Durability::wal, Durability::sync, Durability::buffered}) {
    const std::string path = scratch / "disk/j";
    const RecordBatch records = random_records(500, 51);
    Seq durable = 0;
    std::string written;
    {
      auto writer = JournalWriter::create(path, manifest(), options(durability, 8192));
      REQUIRE_OK(writer);
      bool failed = false;
      for (int round = 0; round < 400 && !failed; ++round) {
        // Times go on from round to round; every round is committed.
        RecordBatch shifted;
        records.for_each(1, [&](const RecordView& record) {
          RecordHeader header = *record.header;
          header.ts_engine += round * 1000000;
          shifted.append_copy(header, record.body(), record.body_words());
        });
        writer->append(shifted);
        written += bytes_of(shifted);
        failed = !writer->commit().ok();
      }
      if (durability == Durability::buffered) {
        // Nothing is promised before the end, and the end tells the truth.
        auto ended = writer->end();
        CHECK_FALSE(ended.ok());
      } else {
        REQUIRE(failed);
        CHECK(writer->failed());
        auto status = writer->status();
        REQUIRE_FALSE(status.ok());
        CHECK(status.error().message.find(path) != std::string::npos);
        CHECK_FALSE(status.error().hint.empty());
        CHECK_FALSE(writer->commit().ok());
        durable = writer->durable_seq();
        CHECK(durable >= 500);
        CHECK(status.error().message.find(std::to_string(durable)) != std::string::npos);
        CHECK_FALSE(writer->end().ok());
      }
    }
    auto report = verify(path);
    REQUIRE_OK(report);
    INFO(report->problem);
    CHECK(report->clean);
    CHECK(report->last_seq >= durable);
    auto reader = JournalReader::open(path);
    REQUIRE_OK(reader);
    const std::string kept = read_bytes(*reader);
    CHECK(kept == written.substr(0, kept.size()));
    std::filesystem::remove_all(path);
  }
}

TEST_CASE("a disk that is full from the start refuses the journal and leaves nothing behind") {
  const Scratch scratch;
  const TinyDisk disk(scratch / "disk");
  if (!disk.mounted()) {
    WARN("skipped: mounting a tmpfs is not permitted here");
    return;
  }
  spill(scratch / "disk/filler", std::string(4 << 20, 'x'));
  auto writer = JournalWriter::create(scratch / "disk/j", manifest(), options());
  REQUIRE_FALSE(writer.ok());
  std::size_t entries = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(scratch / "disk")) ++entries;
  CHECK(entries == 1);
}
