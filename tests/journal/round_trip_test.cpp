// What is written is what is read, whatever the blocks, commits and durability; one digest for all.
#include "journal/digest.h"
#include "tests/journal/helpers.h"

using namespace journal_test;

TEST_CASE("every record is read back as written, with one digest for any block size, commit pattern and durability") {
  const std::uint64_t seed = seed_of_this_run();
  INFO("REPRISE_TEST_SEED=" << seed);
  const RecordBatch records = random_records(1500, seed);
  const Digest expected = hash128(records.bytes(), records.size_bytes());
  const Scratch scratch;
  int n = 0;
  for (const Durability durability : {Durability::buffered, Durability::wal, Durability::sync}) {
    for (const std::size_t block_bytes : {std::size_t{1024}, std::size_t{20000}, std::size_t{1} << 20}) {
      for (const std::size_t commit_every : {std::size_t{0}, std::size_t{1}, std::size_t{7}, std::size_t{400}}) {
        if (durability == Durability::sync && commit_every == 1) continue;
        INFO("durability " << static_cast<int>(durability) << " block " << block_bytes << " commit " << commit_every);
        const std::string path = scratch / std::to_string(n++);
        const Manifest m = write_journal(path, records, options(durability, block_bytes), commit_every, true);
        CHECK(m.digest == expected);
        CHECK(m.last_seq == records.count());
        CHECK(m.status == schema::RunStatus::ENDED);
        for (const bool read_ahead : {false, true}) {
          ReaderOptions ro;
          ro.read_ahead = read_ahead;
          auto reader = JournalReader::open(path, ro);
          REQUIRE_OK(reader);
          CHECK(reader->first_seq() == 1);
          CHECK(reader->last_seq() == records.count());
          CHECK(read_bytes(*reader) == bytes_of(records));
          CHECK(reader->running_digest() == expected);
          CHECK(reader->manifest().digest == expected);
        }
      }
    }
  }
}

TEST_CASE("a journal without records can be ended, read and has the digest of nothing") {
  const Scratch scratch;
  const std::string path = scratch / "empty";
  const Manifest m = write_journal(path, RecordBatch(), options(), 0, true);
  CHECK(m.last_seq == 0);
  CHECK(m.digest == hash128(nullptr, 0));
  auto reader = JournalReader::open(path);
  REQUIRE_OK(reader);
  CHECK(reader->first_seq() == 0);
  CHECK(reader->last_seq() == 0);
  CHECK(read_bytes(*reader).empty());
  CHECK(reader->running_digest() == m.digest);
  auto found = reader->seek_time(0);
  REQUIRE_OK(found);
  CHECK(*found == 0);
}
