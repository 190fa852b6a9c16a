// Reading: seek, filters, following, what is not a journal.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "journal/digest.h"
#include "tests/journal/helpers.h"

using namespace journal_test;
namespace fs = std::filesystem;

namespace {

std::vector<RecordView> views_of(const RecordBatch& batch) {
  std::vector<RecordView> out;
  batch.for_each(1, [&](const RecordView& view) { out.push_back(view); });
  return out;
}

}  // namespace

TEST_CASE("seek by seq gives that record and all behind it") {
  const Scratch scratch;
  const RecordBatch records = random_records(500, 41);
  const std::string whole = bytes_of(records);
  for (const std::size_t commit_every : {std::size_t{0}, std::size_t{9}}) {
    for (const bool end : {true, false}) {
      const std::string path = scratch / (std::to_string(commit_every) + (end ? "e" : "r"));
      write_journal(path, records, options(Durability::wal, 5000), commit_every, end);
      for (const bool read_ahead : {true, false}) {
        ReaderOptions ro;
        ro.read_ahead = read_ahead;
        auto reader = JournalReader::open(path, ro);
        REQUIRE_OK(reader);
        for (const Seq seq : {Seq{1}, Seq{2}, Seq{77}, Seq{250}, Seq{499}, Seq{500}, Seq{3}}) {
          REQUIRE_OK(reader->seek(seq));
          RecordView record;
          REQUIRE(reader->next(record));
          CHECK(record.seq == seq);
          REQUIRE_OK(reader->seek(seq));
          CHECK(read_bytes(*reader) == whole.substr(bytes_of_first(records, seq - 1).size()));
        }
        REQUIRE_OK(reader->seek(501));
        RecordView record;
        CHECK_FALSE(reader->next(record));
        REQUIRE_OK(reader->status());
        REQUIRE_OK(reader->seek(0));
        CHECK(read_bytes(*reader) == whole);
        CHECK(reader->running_digest() == hash128(records.bytes(), records.size_bytes()));
      }
    }
  }
}

TEST_CASE("seek by time gives the first record at or behind that time, also among equal times and across blocks") {
  const Scratch scratch;
  const RecordBatch records = random_records(300, 42);  // three records share each time
  const auto views = views_of(records);
  for (const std::size_t block : {std::size_t{1024}, std::size_t{1} << 20}) {
    for (const std::size_t commit_every : {std::size_t{0}, std::size_t{1}, std::size_t{5}}) {
      const std::string path = scratch / (std::to_string(block) + "-" + std::to_string(commit_every));
      write_journal(path, records, options(Durability::wal, block), commit_every, commit_every != 1);
      auto reader = JournalReader::open(path);
      REQUIRE_OK(reader);
      const auto check = [&](std::int64_t time) {
        Seq expected = 0;
        for (const auto& v : views) {
          if (v.header->ts_engine >= time) {
            expected = v.seq;
            break;
          }
        }
        auto found = reader->seek_time(time);
        REQUIRE_OK(found);
        CHECK(*found == expected);
        RecordView record;
        const bool got = reader->next(record);
        CHECK(got == (expected != 0));
        if (got) CHECK(record.seq == expected);
      };
      for (std::size_t i = 0; i < views.size(); i += 4) {
        check(views[i].header->ts_engine);
        check(views[i].header->ts_engine + 1);
        check(views[i].header->ts_engine - 1);
      }
      check(INT64_MIN);
      check(0);
      check(INT64_MAX);
    }
  }
}

TEST_CASE("filters by type and instrument give exactly the matching records") {
  const Scratch scratch;
  const RecordBatch records = random_records(800, 43);
  const std::string path = scratch / "j";
  write_journal(path, records, options(), 0, true);
  RecordFilter filter;
  SECTION("types") {
    filter.types = {RecordType::TRADE, RecordType::FILL, RecordType::SNAPSHOT_MARK};
  }
  SECTION("instruments") {
    filter.instruments = {3, 1};
  }
  SECTION("both") {
    filter.types = {RecordType::BOOK_DELTA, RecordType::BBO, RecordType::CLOCK_TICK};
    filter.instruments = {2};
  }
  SECTION("nothing matches") {
    filter.instruments = {12345};
  }
  const auto matches = [&](const RecordView& v) {
    const auto in = [](const auto& set, auto value) {
      return set.empty() || std::find(set.begin(), set.end(), value) != set.end();
    };
    return in(filter.types, v.type()) && in(filter.instruments, v.header->instrument);
  };
  ReaderOptions ro;
  ro.filter = filter;
  auto reader = JournalReader::open(path, ro);
  REQUIRE_OK(reader);
  RecordView record;
  for (const auto& expected : views_of(records)) {
    if (!matches(expected)) continue;
    REQUIRE(reader->next(record));
    CHECK(record.seq == expected.seq);
    CHECK(*record.header == *expected.header);
  }
  CHECK_FALSE(reader->next(record));
  REQUIRE_OK(reader->status());
}

TEST_CASE("records stay valid while their block is held") {
  const Scratch scratch;
  const RecordBatch records = random_records(3000, 44);
  const std::string path = scratch / "j";
  write_journal(path, records, options(Durability::wal, 64 << 10), 0, true);
  std::vector<std::pair<BlockHandle, RecordView>> held;
  {
    auto reader = JournalReader::open(path);
    REQUIRE_OK(reader);
    RecordView record;
    while (reader->next(record)) held.emplace_back(reader->current_block(), record);
    REQUIRE_OK(reader->status());
  }
  const auto views = views_of(records);
  REQUIRE(held.size() == views.size());
  for (std::size_t i = 0; i < held.size(); ++i) {
    const RecordView& r = held[i].second;
    if (r.total_bytes() != views[i].total_bytes() || std::memcmp(r.bytes(), views[i].bytes(), r.total_bytes()) != 0)
      FAIL("record " << r.seq);
  }
}

TEST_CASE("the running digest is right at every record of a scan") {
  const Scratch scratch;
  const RecordBatch records = random_records(200, 45);
  const std::string path = scratch / "j";
  write_journal(path, records, options(), 3, true);
  auto reader = JournalReader::open(path);
  REQUIRE_OK(reader);
  RecordView record;
  std::size_t bytes = 0;
  CHECK(reader->running_digest() == hash128(nullptr, 0));
  while (reader->next(record)) {
    bytes += record.total_bytes();
    if (reader->running_digest() != hash128(records.bytes(), bytes)) FAIL("record " << record.seq);
  }
}

// Appends up to the seq that it reads from REPRISE_GO, one commit a record, and answers on REPRISE_DID; ends at 0.
TEST_CASE("child: writes for a follower", "[.child]") {
  const RecordBatch records = random_records(600, 46);
  const auto views = views_of(records);
  const int go = static_cast<int>(from_environment("REPRISE_GO"));
  const int did = static_cast<int>(from_environment("REPRISE_DID"));
  auto writer = JournalWriter::create(std::getenv("REPRISE_JOURNAL"), manifest(), options(Durability::wal, 3000));
  REQUIRE_OK(writer);
  Seq upto = 0;
  REQUIRE(::write(did, &upto, sizeof upto) == sizeof upto);
  std::size_t at = 0;
  while (::read(go, &upto, sizeof upto) == sizeof upto && upto != 0) {
    while (at < upto) {  // small blocks, which are merged under the follower's eyes
      writer->append(views[at++]);
      REQUIRE_OK(writer->commit());
    }
    REQUIRE(::write(did, &upto, sizeof upto) == sizeof upto);
  }
  REQUIRE_OK(writer->end());
}

TEST_CASE("a follower sees what a writer in another process adds, in order and with the same digest") {
  const Scratch scratch;
  const std::string path = scratch / "j";
  const RecordBatch records = random_records(600, 46);
  int go[2];
  int did[2];
  REQUIRE(::pipe(go) == 0);
  REQUIRE(::pipe(did) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {  // a fresh process: a forked one would lack RocksDB's background threads
    ::setenv("REPRISE_JOURNAL", path.c_str(), 1);
    ::setenv("REPRISE_GO", std::to_string(go[0]).c_str(), 1);
    ::setenv("REPRISE_DID", std::to_string(did[1]).c_str(), 1);
    ::execl("/proc/self/exe", "test_journal", "child: writes for a follower", static_cast<char*>(nullptr));
    ::_exit(127);
  }
  const auto wait_for = [&](Seq expected) {
    Seq seq = 0;
    REQUIRE(::read(did[0], &seq, sizeof seq) == sizeof seq);
    REQUIRE(seq == expected);
  };
  wait_for(0);
  ReaderOptions ro;
  ro.follow = true;
  auto reader = JournalReader::open(path, ro);
  REQUIRE_OK(reader);
  std::string seen;
  for (const Seq upto : {Seq{1}, Seq{2}, Seq{40}, Seq{41}, Seq{300}, Seq{301}, Seq{599}, Seq{600}}) {
    REQUIRE(::write(go[1], &upto, sizeof upto) == sizeof upto);
    wait_for(upto);
    REQUIRE_OK(reader->refresh());
    CHECK(reader->last_seq() == upto);
    seen += read_bytes(*reader);
    CHECK(seen == bytes_of_first(records, upto));
    CHECK(reader->running_digest() == hash128(seen.data(), seen.size()));
    RecordView record;
    CHECK_FALSE(reader->next(record));
    REQUIRE_OK(reader->refresh());
    CHECK_FALSE(reader->next(record));
  }
  const Seq stop = 0;
  REQUIRE(::write(go[1], &stop, sizeof stop) == sizeof stop);
  int how = 0;
  REQUIRE(::waitpid(child, &how, 0) == child);
  CHECK((WIFEXITED(how) && WEXITSTATUS(how) == 0));
  for (const int fd : {go[0], go[1], did[0], did[1]}) ::close(fd);
  auto report = verify(path);
  REQUIRE_OK(report);
  CHECK(report->clean);
  CHECK(report->status == schema::RunStatus::ENDED);
  CHECK(report->last_seq == 600);
}

TEST_CASE("a second writer is refused and told why") {
  const Scratch scratch;
  const std::string path = scratch / "j";
  auto writer = JournalWriter::create(path, manifest(), options());
  REQUIRE_OK(writer);
  auto same_process = JournalWriter::recover(path, options());
  REQUIRE_FALSE(same_process.ok());
  CHECK(same_process.error().kind == ErrorKind::usage);
  CHECK(same_process.error().message.find("is being written by another") != std::string::npos);
  auto again = JournalWriter::create(path, manifest(), options());
  REQUIRE_FALSE(again.ok());
  CHECK(again.error().kind == ErrorKind::usage);
  CHECK(again.error().message.find("exists") != std::string::npos);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    auto other = JournalWriter::recover(path, options());
    const bool refused = !other.ok() && other.error().kind == ErrorKind::usage &&
                         other.error().message.find("is being written by another") != std::string::npos;
    ::_exit(refused ? 0 : 1);
  }
  int how = 0;
  REQUIRE(::waitpid(child, &how, 0) == child);
  CHECK((WIFEXITED(how) && WEXITSTATUS(how) == 0));
  writer->append(random_records(5, 1));
  REQUIRE_OK(writer->end());
  CHECK(verify(path)->clean);
}

TEST_CASE("what is not a journal is refused with a hint, and not touched") {
  const Scratch scratch;
  fs::create_directory(scratch / "empty");
  fs::create_directory(scratch / "other");
  spill(scratch / "other/notes.txt", "hello");
  spill(scratch / "file", "price,qty\n");
  spill(scratch / "noise", std::string("\x00\xff\x13", 3));
  for (const char* name : {"nowhere", "nowhere/at/all", "empty", "other", "file", "noise", "file/below"}) {
    INFO(name);
    auto reader = JournalReader::open(scratch / name);
    REQUIRE_FALSE(reader.ok());
    CHECK(reader.error().kind == ErrorKind::usage);
    CHECK(reader.error().message.find(scratch / name) != std::string::npos);
    CHECK_FALSE(reader.error().hint.empty());
    CHECK_FALSE(verify(scratch / name).ok());
    CHECK_FALSE(JournalWriter::recover(scratch / name, options()).ok());
    CHECK_FALSE(read_raw_frames(scratch / name).ok());
  }
  CHECK(fs::is_empty(scratch / "empty"));
  for (const char* name : {"empty", "file", "nowhere/deep/j"}) {
    auto writer = JournalWriter::create(scratch / name, manifest(), options());
    REQUIRE_FALSE(writer.ok());
    CHECK(writer.error().kind == ErrorKind::usage);
    CHECK_FALSE(writer.error().hint.empty());
  }
  CHECK_FALSE(fs::exists(scratch / "nowhere"));
  if (::geteuid() == 0) {
    WARN("skipped: permissions do not bind the superuser");
  } else {
    write_journal(scratch / "closed", RecordBatch(), options(), 0, true);
    fs::permissions(scratch / "closed", fs::perms::none);
    auto reader = JournalReader::open(scratch / "closed");
    REQUIRE_FALSE(reader.ok());
    CHECK(reader.error().kind == ErrorKind::could_not_check);
    fs::permissions(scratch / "closed", fs::perms::owner_all);
  }
}

TEST_CASE("raw frames are kept in order beside the records and survive recovery") {
  const Scratch scratch;
  const std::string path = scratch / "j";
  {
    auto writer = JournalWriter::create(path, manifest(), options());
    REQUIRE_OK(writer);
    for (int i = 0; i < 50; ++i) REQUIRE_OK(writer->append_raw(1000 + i, "binance", "frame " + std::to_string(i)));
    REQUIRE_OK(writer->append_raw(5, "", std::string("\0x", 2)));
    writer->append(random_records(10, 3));
  }
  {
    auto writer = JournalWriter::recover(path, options());
    REQUIRE_OK(writer);
    REQUIRE_OK(writer->append_raw(6, "later", "last"));
    REQUIRE_OK(writer->end());
  }
  auto frames = read_raw_frames(path);
  REQUIRE_OK(frames);
  REQUIRE(frames->size() == 52);
  CHECK((*frames)[7].frame == "frame 7");
  CHECK((*frames)[7].source == "binance");
  CHECK((*frames)[7].ts_recv == 1007);
  CHECK((*frames)[50].frame == std::string("\0x", 2));
  CHECK((*frames)[51].source == "later");
  CHECK(read_raw_frames(path, 3)->size() == 3);
  CHECK(verify(path)->clean);
}

TEST_CASE("manifest fields come back as given and names of modes and statuses are stable") {
  const Scratch scratch;
  Manifest m = manifest();
  m.parent_run_id = "parent";
  m.branch_seq = 17;
  m.compiler = "g++";
  {
    auto writer = JournalWriter::create(scratch / "j", m, options());
    REQUIRE_OK(writer);
    REQUIRE_OK(writer->end());
  }
  auto reader = JournalReader::open(scratch / "j");
  REQUIRE_OK(reader);
  const Manifest& got = reader->manifest();
  CHECK(got.run_id == m.run_id);
  CHECK(got.parent_run_id == "parent");
  CHECK(got.branch_seq == 17);
  CHECK(got.mode == schema::RunMode::BACKTEST);
  CHECK(got.engine_version == 7);
  CHECK(got.schema_version == kSchemaVersion);
  CHECK(got.build_id == "test");
  CHECK(got.config_hash == "0123");
  CHECK(got.seed == 42);
  CHECK(got.compiler == "g++");
  CHECK(got.origin == "tests");
  CHECK(got.started_at == 1);
  CHECK(got.ended_at == 1723075200000000000);
  CHECK(std::string(name_of(schema::RunStatus::CRASHED_RECOVERED)) == "crashed_recovered");
  CHECK(std::string(name_of(schema::RunMode::DATASET)) == "dataset");
  CHECK(durability_from("wal") == Durability::wal);
  CHECK_FALSE(durability_from("WAL"));
}
