// Damage that carries a valid seal: the content's own checks must find it and name the place.
#include <rocksdb/write_batch.h>

#include <functional>

#include "journal/block.h"
#include "journal/forge.h"
#include "journal/scan.h"
#include "journal/seal.h"
#include "journal/store.h"
#include "tests/journal/helpers.h"

using namespace journal_test;

namespace {

constexpr std::size_t kRecords = 120;

// Edits the database of a copy of a fresh journal, seals it again and returns what verify says.
std::string problem_after(const std::string& path, const std::function<void(Store&)>& edit) {
  static const RecordBatch records = random_records(kRecords, 31);
  std::filesystem::remove_all(path);
  const Manifest m = write_journal(path, records, options(Durability::wal, 3000), 0, true);
  {
    auto store = Store::open(path, OpenMode::write);
    REQUIRE_OK(store);
    edit(**store);
    REQUIRE_OK((*store)->flush());
    REQUIRE_OK((*store)->close());
  }
  REQUIRE_OK(write_seal(path, m.digest));
  auto report = verify(path);
  REQUIRE_OK(report);
  CHECK(report->clean == report->problem.empty());
  return report->problem;
}

std::vector<std::pair<std::string, std::string>> all(Store& store, Family family) {
  std::vector<std::pair<std::string, std::string>> out;
  const std::unique_ptr<rocksdb::Iterator> it(store.db().NewIterator({}, store.family(family)));
  for (it->SeekToFirst(); it->Valid(); it->Next()) out.emplace_back(it->key().ToString(), it->value().ToString());
  return out;
}

void put(Store& store, Family family, const std::string& key, const std::string& value) {
  if (!store.db().Put({}, store.family(family), key, value).ok()) FAIL("put");
}
void remove(Store& store, Family family, const std::string& key) {
  if (!store.db().Delete({}, store.family(family), key).ok()) FAIL("delete");
}

// Changes header fields or payload and makes the block's own checksum fit again.
std::string reworked(const std::string& stored, const std::function<void(BlockHeader&)>& edit) {
  BlockHeader header;
  std::memcpy(static_cast<void*>(&header), stored.data(), sizeof header);
  edit(header);
  std::string out = stored;
  header.checksum = block_checksum(header, out.data() + kBlockHeaderBytes);
  std::memcpy(out.data(), static_cast<const void*>(&header), sizeof header);
  return out;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("an edit that changes nothing verifies clean, so what follows is found for its damage alone") {
  const Scratch scratch;
  CHECK(problem_after(scratch / "j", [](Store&) {}).empty());
  CHECK(problem_after(scratch / "j", [](Store& store) {
          const auto blocks = all(store, Family::log);
          REQUIRE(blocks.size() > 4);
          put(store, Family::log, blocks[1].first, reworked(blocks[1].second, [](BlockHeader&) {}));
        }).empty());
}

TEST_CASE("a missing block is reported with the records that are missing") {
  const Scratch scratch;
  const std::string middle =
      problem_after(scratch / "j", [](Store& store) { remove(store, Family::log, all(store, Family::log)[2].first); });
  CHECK(has(middle, "missing"));
  const std::string first =
      problem_after(scratch / "j", [](Store& store) { remove(store, Family::log, all(store, Family::log)[0].first); });
  CHECK(has(first, "records 1 to"));
  const std::string last = problem_after(scratch / "j", [](Store& store) {
    const auto blocks = all(store, Family::log);
    const auto times = all(store, Family::time_index);
    remove(store, Family::log, blocks.back().first);
    remove(store, Family::time_index, times.back().first);
  });
  CHECK(has(last, "its manifest says 120"));
  const std::string every = problem_after(scratch / "j", [](Store& store) {
    for (const auto& block : all(store, Family::log)) remove(store, Family::log, block.first);
    for (const auto& entry : all(store, Family::time_index)) remove(store, Family::time_index, entry.first);
  });
  CHECK(has(every, "its manifest says 120"));
}

TEST_CASE("a repeated or swapped block is reported") {
  const Scratch scratch;
  CHECK(has(problem_after(scratch / "j",
                          [](Store& store) {
                            const auto blocks = all(store, Family::log);
                            put(store, Family::log, blocks[2].first, blocks[1].second);
                          }),
            "another block's key"));
  CHECK(has(problem_after(scratch / "j",
                          [](Store& store) {
                            const auto blocks = all(store, Family::log);
                            put(store, Family::log, blocks[2].first, blocks[1].second);
                            put(store, Family::log, blocks[1].first, blocks[2].second);
                          }),
            "another block's key"));
  // The same with the block's own seq made to fit its new key.
  CHECK_FALSE(problem_after(scratch / "j", [](Store& store) {
                const auto blocks = all(store, Family::log);
                put(store, Family::log, blocks[2].first,
                    reworked(blocks[1].second, [&](BlockHeader& h) { h.first_seq = seq_from_key(blocks[2].first); }));
              }).empty());
  // A copy appended behind the end.
  CHECK(has(problem_after(scratch / "j",
                          [](Store& store) {
                            const auto blocks = all(store, Family::log);
                            put(store, Family::log, seq_key(kRecords + 1),
                                reworked(blocks.back().second, [](BlockHeader& h) { h.first_seq = kRecords + 1; }));
                          }),
            "chain"));
  // A copy put between two blocks.
  CHECK(has(problem_after(scratch / "j",
                          [](Store& store) {
                            const auto blocks = all(store, Family::log);
                            const Seq seq = seq_from_key(blocks[1].first) + 1;
                            put(store, Family::log, seq_key(seq),
                                reworked(blocks[1].second, [&](BlockHeader& h) { h.first_seq = seq; }));
                          }),
            "repeats"));
}

TEST_CASE("every field of a block header is checked against the content") {
  const Scratch scratch;
  const std::vector<std::pair<const char*, std::function<void(BlockHeader&)>>> edits = {
      {"magic", [](BlockHeader& h) { h.magic ^= 1; }},
      {"version", [](BlockHeader& h) { h.version += 1; }},
      {"codec", [](BlockHeader& h) { h.codec = 9; }},
      {"other codec", [](BlockHeader& h) { h.codec ^= 1; }},
      {"count up", [](BlockHeader& h) { h.count += 1; }},
      {"count down", [](BlockHeader& h) { h.count -= 1; }},
      {"raw_bytes up", [](BlockHeader& h) { h.raw_bytes += 8; }},
      {"raw_bytes down", [](BlockHeader& h) { h.raw_bytes -= 8; }},
      {"raw_bytes huge", [](BlockHeader& h) { h.raw_bytes = 0xffffffff; }},
      {"stored_bytes", [](BlockHeader& h) { h.stored_bytes -= 1; }},
      {"reserved", [](BlockHeader& h) { h.reserved = 1; }},
      {"ts_first", [](BlockHeader& h) { h.ts_first -= 1; }},
      {"ts_last", [](BlockHeader& h) { h.ts_last += 1; }},
      {"raw_hash", [](BlockHeader& h) { h.raw_hash.low ^= 1; }},
      {"digest_before", [](BlockHeader& h) { h.digest_before.high ^= 1; }},
      {"digest_after", [](BlockHeader& h) { h.digest_after.low ^= 1; }},
  };
  for (const auto& [name, edit] : edits) {
    INFO(name);
    const auto& change = edit;
    const std::string problem = problem_after(scratch / "j", [&](Store& store) {
      const auto blocks = all(store, Family::log);
      std::string stored = blocks[2].second;
      BlockHeader header;
      std::memcpy(static_cast<void*>(&header), stored.data(), sizeof header);
      change(header);
      BlockHeader as_stored = header;
      as_stored.stored_bytes = static_cast<std::uint32_t>(stored.size() - kBlockHeaderBytes);
      header.checksum =
          header.stored_bytes == as_stored.stored_bytes ? block_checksum(header, stored.data() + kBlockHeaderBytes) : 0;
      std::memcpy(stored.data(), static_cast<const void*>(&header), sizeof header);
      put(store, Family::log, blocks[2].first, stored);
    });
    CHECK_FALSE(problem.empty());
    // A reader must not hand out such a block either. (In a scan from the first record it relies on the
    // running digest, so a wrong raw_hash beside right records is verify's to find.)
    if (std::string(name) == "raw_hash") continue;
    auto reader = JournalReader::open(scratch / "j");
    if (reader.ok()) {
      RecordView record;
      while (reader->next(record)) {
      }
      CHECK_FALSE(reader->status().ok());
    }
  }
}

TEST_CASE("record headers that contradict the order are reported although every checksum fits") {
  const Scratch scratch;
  const RecordBatch records = random_records(kRecords, 31);
  const auto forged = [&](const std::function<void(RecordHeader&, std::span<std::byte>)>& edit) {
    std::filesystem::remove_all(scratch / "j");
    write_journal(scratch / "j", records, options(Durability::wal, 3000), 0, true);
    REQUIRE_OK(rewrite_record(scratch / "j", 60, edit));
    auto report = verify(scratch / "j");
    REQUIRE_OK(report);
    return report->problem;
  };
  CHECK(has(forged([](RecordHeader& h, std::span<std::byte>) { h.ts_engine -= 1000000; }), "engine time"));
  CHECK(has(forged([](RecordHeader& h, std::span<std::byte>) { h.ts_engine += 1000000; }), "engine time"));
  CHECK(has(forged([](RecordHeader& h, std::span<std::byte>) { h.cause_delta = 60; }), "cause"));
  CHECK(has(forged([](RecordHeader&, std::span<std::byte> body) { body[7] = std::byte{0xff}; }), "malformed body"));
}

TEST_CASE("a rewritten record with valid checksums verifies clean under another digest") {
  const Scratch scratch;
  const std::string path = scratch / "j";
  const RecordBatch records = random_records(kRecords, 31);
  for (const bool end : {true, false}) {
    std::filesystem::remove_all(path);
    write_journal(path, records, options(Durability::wal, 3000), 0, end);
    const Digest before = verify(path)->digest;
    REQUIRE_OK(rewrite_record(path, 60, [](RecordHeader& h, std::span<std::byte>) { h.account = 99; }));
    auto report = verify(path);
    REQUIRE_OK(report);
    INFO(report->problem);
    CHECK(report->clean);
    CHECK(report->records == kRecords);
    CHECK_FALSE(report->digest == before);
    auto reader = JournalReader::open(path);
    REQUIRE_OK(reader);
    REQUIRE_OK(reader->seek(60));
    RecordView record;
    REQUIRE(reader->next(record));
    CHECK(record.header->account == 99);
  }
  CHECK_FALSE(rewrite_record(path, kRecords + 1, [](RecordHeader&, std::span<std::byte>) {}).ok());
}

TEST_CASE("a time index that does not meet the blocks one to one is reported") {
  const Scratch scratch;
  CHECK(has(
      problem_after(scratch / "j",
                    [](Store& store) { remove(store, Family::time_index, all(store, Family::time_index)[1].first); }),
      "time index"));
  CHECK(has(problem_after(
                scratch / "j",
                [](Store& store) { remove(store, Family::time_index, all(store, Family::time_index).back().first); }),
            "time index"));
  CHECK(has(problem_after(
                scratch / "j",
                [](Store& store) { put(store, Family::time_index, time_key(INT64_MAX, 999), std::string(16, '\0')); }),
            "time index"));
  CHECK(has(problem_after(scratch / "j",
                          [](Store& store) {
                            put(store, Family::time_index, all(store, Family::time_index)[1].first,
                                std::string(16, '\0'));
                          }),
            "time index"));
  CHECK(
      has(problem_after(scratch / "j", [](Store& store) { put(store, Family::time_index, "x", "y"); }), "time index"));
}

TEST_CASE("a manifest that disagrees with the content, is damaged or missing is reported") {
  const Scratch scratch;
  const auto changed = [&](const std::function<void(Manifest&)>& edit) {
    return problem_after(scratch / "j", [&](Store& store) {
      auto m = store.load_manifest();
      REQUIRE_OK(m);
      edit(*m);
      REQUIRE_OK(store.store_manifest(*m, true, false));
    });
  };
  CHECK(changed([](Manifest&) {}).empty());
  CHECK(has(changed([](Manifest& m) { m.last_seq += 1; }), "manifest"));
  CHECK(has(changed([](Manifest& m) { m.last_seq -= 1; }), "manifest"));
  CHECK(has(changed([](Manifest& m) { m.first_seq = 2; }), "manifest"));
  CHECK(has(changed([](Manifest& m) { m.durable_seq += 1; }), "durable"));
  CHECK(has(changed([](Manifest& m) { m.digest.low ^= 1; }), "digest"));
  CHECK(has(changed([](Manifest& m) { m.status = schema::RunStatus::RUNNING; }), "sealed"));
  CHECK(has(problem_after(scratch / "j", [](Store& store) { remove(store, Family::manifest, manifest_key()); }),
            "manifest is missing"));
  CHECK(has(problem_after(scratch / "j", [](Store& store) { put(store, Family::manifest, manifest_key(), "short"); }),
            "manifest"));
  CHECK(has(problem_after(scratch / "j",
                          [](Store& store) {
                            std::string value = all(store, Family::manifest)[0].second;
                            value[20] = static_cast<char>(value[20] ^ 4);
                            put(store, Family::manifest, manifest_key(), value);
                          }),
            "checksum"));
  CHECK(has(problem_after(scratch / "j", [](Store& store) { put(store, Family::manifest, "run/x", "y"); }),
            "beside the manifest"));
  CHECK(
      has(problem_after(scratch / "j", [](Store& store) { put(store, Family::fallback, "x", "y"); }), "column family"));
}
