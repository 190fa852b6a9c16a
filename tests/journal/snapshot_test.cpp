// Snapshots beside the records, and journals that begin behind one.
#include "journal/snapshot.h"

#include <rocksdb/db.h>

#include "journal/block.h"
#include "journal/digest.h"
#include "journal/store.h"
#include "journal/tail.h"
#include "tests/journal/helpers.h"

using namespace journal_test;

namespace {

SnapshotImage image_of(const std::string& text) {
  SnapshotImage image;
  image.engine_version = 7;
  for (const std::string name : {"engine", "run"}) {
    SnapshotSection section;
    section.name = name;
    for (const char c : name + text) section.bytes.push_back(static_cast<std::byte>(c));
    image.sections.push_back(section);
  }
  return image;
}

// A journal of `records` with a snapshot behind every `every` records.
Manifest write_with_snapshots(const std::string& path, const RecordBatch& records, std::size_t every) {
  auto writer = JournalWriter::create(path, manifest(), options());
  REQUIRE_OK(writer);
  records.for_each(1, [&](const RecordView& record) {
    writer->append(record);
    if (record.seq % every == 0) writer->append_snapshot(image_of(std::to_string(record.seq)));
  });
  auto ended = writer->end();
  REQUIRE_OK(ended);
  return *ended;
}

// Behind record `seq`, from a reader that came there from the start.
Snapshot snapshot_made_at(const std::string& path, Seq seq) {
  auto reader = JournalReader::open(path);
  REQUIRE_OK(reader);
  RecordView record;
  while (reader->next(record) && record.seq < seq) {
  }
  REQUIRE(record.seq == seq);
  Snapshot snapshot;
  snapshot.records = reader->digest_state();
  snapshot.info.seq = seq;
  snapshot.info.ts_engine = record.header->ts_engine;
  snapshot.info.engine_version = 7;
  snapshot.info.digest = snapshot.records.value();
  snapshot.sections = image_of("made").sections;
  return snapshot;
}

void damage_snapshot(const std::string& path, Seq seq) {
  auto store = Store::open(path, OpenMode::write);
  REQUIRE_OK(store);
  std::string value;
  REQUIRE((*store)->db().Get({}, (*store)->family(Family::snapshots), seq_key(seq), &value).ok());
  value[value.size() - 3] = static_cast<char>(value[value.size() - 3] ^ 1);
  REQUIRE((*store)->db().Put({}, (*store)->family(Family::snapshots), seq_key(seq), value).ok());
  REQUIRE_OK((*store)->flush());
}

}  // namespace

TEST_CASE("a digest taken up from its saved state goes on as if it had seen everything") {
  Random random(seed_of_this_run());
  INFO("seed " << seed_of_this_run());
  std::string bytes(9'000, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  for (int round = 0; round < 300; ++round) {
    const std::size_t cut = random() % (bytes.size() + 1);
    RunningDigest before;
    for (std::size_t at = 0; at < cut;) {
      const std::size_t step = std::min<std::size_t>(1 + random() % 700, cut - at);
      before.update(bytes.data() + at, step);
      at += step;
    }
    auto after = RunningDigest::load(before.save());
    REQUIRE(after.has_value());
    CHECK(after->value() == before.value());
    after->update(bytes.data() + cut, bytes.size() - cut);
    CHECK(after->value() == hash128(bytes.data(), bytes.size()));
  }
  CHECK_FALSE(RunningDigest::load("short").has_value());
}

TEST_CASE("snapshots are found by record, come back as given, and are in no digest") {
  const Scratch scratch;
  const RecordBatch records = random_records(500, 41);
  const Manifest with = write_with_snapshots(scratch / "with", records, 60);
  const Manifest without = write_journal(scratch / "without", records, options(), 0, true);
  CHECK(with.digest == without.digest);
  auto report = verify(scratch / "with");
  REQUIRE_OK(report);
  CHECK(report->problem == "");
  CHECK(report->clean);

  auto reader = JournalReader::open(scratch / "with");
  REQUIRE_OK(reader);
  auto all = reader->snapshots();
  REQUIRE_OK(all);
  REQUIRE(all->size() == 8);
  CHECK((*all)[0].seq == 60);
  CHECK((*all)[0].engine_version == 7);
  for (const Seq asked : {59u, 60u, 61u, 119u, 120u, 500u}) {
    auto found = reader->snapshot_at_or_before(asked);
    REQUIRE_OK(found);
    const Seq expected = std::min<Seq>(asked / 60 * 60, 480);
    CHECK(found->has_value() == (expected != 0));
    if (!found->has_value()) continue;
    CHECK((*found)->info.seq == expected);
    CHECK((*found)->section("engine")->bytes == image_of(std::to_string(expected)).sections[0].bytes);
    CHECK((*found)->section("nothing") == nullptr);
    // From there on the records and the digest are those of the whole.
    REQUIRE_OK(reader->seek(**found));
    RecordView record;
    Seq last = expected;
    while (reader->next(record)) CHECK(record.seq == ++last);
    REQUIRE_OK(reader->status());
    CHECK(last == 500);
    CHECK(reader->running_digest() == with.digest);
  }
}

TEST_CASE("a damaged snapshot is passed over with a warning, the one before it is used, and verify names it") {
  const Scratch scratch;
  const RecordBatch records = random_records(200, 42);
  {
    auto writer = JournalWriter::create(scratch / "run", manifest(), options());
    REQUIRE_OK(writer);
    records.for_each(1, [&](const RecordView& record) {
      writer->append(record);
      if (record.seq % 50 == 0) writer->append_snapshot(image_of("x"));
    });
    REQUIRE_OK(writer->commit());
  }
  damage_snapshot(scratch / "run", 150);
  auto reader = JournalReader::open(scratch / "run");
  REQUIRE_OK(reader);
  std::vector<std::string> warnings;
  auto found = reader->snapshot_at_or_before(199, &warnings);
  REQUIRE_OK(found);
  REQUIRE(found->has_value());
  CHECK((*found)->info.seq == 100);
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].find("snapshot of record 150") != std::string::npos);
  auto report = verify(scratch / "run");
  REQUIRE_OK(report);
  CHECK_FALSE(report->clean);
  CHECK(report->problem.find("snapshot of record 150") != std::string::npos);
}

TEST_CASE("a journal that begins behind a snapshot has the digest of the whole and can be read, verified and crashed") {
  const Scratch scratch;
  const RecordBatch records = random_records(400, 43);
  const Manifest whole = write_journal(scratch / "whole", records, options(), 0, true);
  for (const Seq base : {Seq{1}, Seq{133}, Seq{399}}) {
    INFO("begins behind record " << base);
    const std::string path = scratch / ("branch" + std::to_string(base));
    const Snapshot snapshot = snapshot_made_at(scratch / "whole", base);
    {
      auto writer = JournalWriter::create_behind(path, manifest(), snapshot, options());
      REQUIRE_OK(writer);
      CHECK(writer->last_seq() == base);
      CHECK(writer->durable_seq() == base);
      records.for_each(1, [&](const RecordView& record) {
        if (record.seq > base && record.seq <= 399) CHECK(writer->append(record) == record.seq);
      });
    }
    // Left unfinished: recovery takes it up behind its base.
    auto writer = JournalWriter::recover(path, options());
    REQUIRE_OK(writer);
    CHECK(writer->last_seq() == 399);
    records.for_each(1, [&](const RecordView& record) {
      if (record.seq == 400) writer->append(record);
    });
    auto ended = writer->end();
    REQUIRE_OK(ended);
    CHECK(ended->first_seq == base + 1);
    CHECK(ended->digest == whole.digest);

    auto report = verify(path);
    REQUIRE_OK(report);
    CHECK(report->problem == "");
    CHECK(report->first_seq == base + 1);
    CHECK(report->records == 400 - base);
    CHECK(report->digest == whole.digest);
    auto reader = JournalReader::open(path);
    REQUIRE_OK(reader);
    CHECK(reader->base_seq() == base);
    CHECK(reader->first_seq() == base + 1);
    CHECK(reader->last_seq() == 400);
    RecordView record;
    Seq next = base;
    while (reader->next(record)) CHECK(record.seq == ++next);
    REQUIRE_OK(reader->status());
    CHECK(next == 400);
    CHECK(reader->running_digest() == whole.digest);
    // A seek before its first record goes to its first record.
    REQUIRE_OK(reader->seek(1));
    REQUIRE(reader->next(record));
    CHECK(record.seq == base + 1);
  }
}

TEST_CASE("a journal whose base snapshot is damaged is refused as corrupt") {
  const Scratch scratch;
  const RecordBatch records = random_records(100, 44);
  write_journal(scratch / "whole", records, options(), 0, true);
  const Snapshot snapshot = snapshot_made_at(scratch / "whole", 50);
  {
    auto writer = JournalWriter::create_behind(scratch / "branch", manifest(), snapshot, options());
    REQUIRE_OK(writer);
    records.for_each(1, [&](const RecordView& record) {
      if (record.seq > 50) writer->append(record);
    });
  }
  damage_snapshot(scratch / "branch", 50);
  auto reader = JournalReader::open(scratch / "branch");
  REQUIRE_FALSE(reader.ok());
  CHECK(reader.error().kind == ErrorKind::corrupt);
  CHECK(reader.error().message.find("behind record 50") != std::string::npos);
  auto report = verify(scratch / "branch");
  REQUIRE_OK(report);
  CHECK_FALSE(report->clean);
}

TEST_CASE("snapshots are added to and removed from an ended journal, which stays sealed") {
  const Scratch scratch;
  const RecordBatch records = random_records(300, 45);
  const Manifest whole = write_with_snapshots(scratch / "run", records, 100);
  SnapshotEdit edit;
  edit.add.push_back(snapshot_made_at(scratch / "run", 155));
  edit.remove = {100, 300};
  REQUIRE_OK(edit_snapshots(scratch / "run", edit));
  auto report = verify(scratch / "run");
  REQUIRE_OK(report);
  CHECK(report->problem == "");
  CHECK(report->digest == whole.digest);
  auto reader = JournalReader::open(scratch / "run");
  REQUIRE_OK(reader);
  auto all = reader->snapshots();
  REQUIRE_OK(all);
  REQUIRE(all->size() == 2);
  CHECK((*all)[0].seq == 155);
  CHECK((*all)[1].seq == 200);

  // One whose digest is of other records does not pass verify.
  SnapshotEdit wrong;
  wrong.add.push_back(snapshot_made_at(scratch / "run", 155));
  wrong.add[0].info.seq = 156;
  REQUIRE_OK(edit_snapshots(scratch / "run", wrong));
  auto bad = verify(scratch / "run");
  REQUIRE_OK(bad);
  CHECK_FALSE(bad->clean);
  CHECK(bad->problem.find("snapshot of record 156") != std::string::npos);
}

TEST_CASE("an edit of snapshots that was interrupted is made good by the next one, which seals the journal again") {
  const Scratch scratch;
  const RecordBatch records = random_records(300, 46);
  const Manifest whole = write_with_snapshots(scratch / "run", records, 100);
  SnapshotEdit edit;
  edit.remove = {200};
  SECTION("killed before the seal was removed") {
    copy_journal(scratch / "run", scratch / "killed");
    auto tail = Tail::create(scratch / "killed");
    REQUIRE_OK(tail);
    tail->set_appended(300);
    tail->set_durable(300);
  }
  SECTION("killed after the seal was removed") {
    copy_journal(scratch / "run", scratch / "killed");
    auto tail = Tail::create(scratch / "killed");
    REQUIRE_OK(tail);
    tail->set_appended(300);
    tail->set_durable(300);
    REQUIRE(std::filesystem::remove(scratch / "killed/SEAL"));
  }
  REQUIRE_OK(edit_snapshots(scratch / "killed", edit));
  CHECK(std::filesystem::exists(scratch / "killed/SEAL"));
  CHECK_FALSE(std::filesystem::exists(scratch / "killed/TAIL"));
  auto report = verify(scratch / "killed");
  REQUIRE_OK(report);
  CHECK(report->problem == "");
  CHECK(report->digest == whole.digest);
  auto reader = JournalReader::open(scratch / "killed");
  REQUIRE_OK(reader);
  auto all = reader->snapshots();
  REQUIRE_OK(all);
  CHECK(all->size() == 2);
}
