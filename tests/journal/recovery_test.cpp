// Crashes: torn tails, killed processes, and what recovery makes of them.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "journal/digest.h"
#include "tests/journal/helpers.h"

using namespace journal_test;
namespace fs = std::filesystem;

namespace {

std::string wal_of(const std::string& path) {
  std::string found;
  std::uintmax_t size = 0;
  for (const auto& entry : fs::directory_iterator(path)) {
    if (entry.path().extension() == ".log" && entry.file_size() >= size) {
      found = entry.path().string();
      size = entry.file_size();
    }
  }
  return found;
}

// A copy of a journal as a killed process would leave it.
void leave_running(const std::string& path, const RecordBatch& records, std::size_t commit_every,
                   const std::string& copy) {
  auto writer = JournalWriter::create(path, manifest(), options());
  REQUIRE_OK(writer);
  std::size_t n = 0;
  records.for_each(1, [&](const RecordView& record) {
    writer->append(record);
    if (++n % commit_every == 0) REQUIRE_OK(writer->commit());
  });
  REQUIRE_OK(writer->commit());
  copy_journal(path, copy);
}

}  // namespace

TEST_CASE(
    "a journal torn at any length of its write-ahead log keeps a prefix, and records below the durable seq are "
    "reported missing") {
  const Scratch scratch;
  const RecordBatch records = random_records(24, 21);
  leave_running(scratch / "whole", records, 4, scratch / "copy");
  const std::string wal = wal_of(scratch / "copy");
  const std::string bytes = slurp(wal);
  REQUIRE(bytes.size() > 2000);
  Seq previous = 0;
  const std::size_t stride = std::getenv("REPRISE_NIGHTLY") != nullptr ? 1 : 37;
  for (std::size_t size = 0; size <= bytes.size();
       size += size + stride > bytes.size() && size != bytes.size() ? bytes.size() - size : stride) {
    INFO("write-ahead log cut to " << size << " of " << bytes.size() << " bytes");
    spill(wal, bytes.substr(0, size));
    auto reader = JournalReader::open(scratch / "copy");
    REQUIRE_OK(reader);
    const Seq last = reader->last_seq();
    CHECK(last >= previous);
    CHECK(read_bytes(*reader) == bytes_of_first(records, last));
    previous = last;
    // Every record was durable, so verify and recovery must not call a cut one harmless.
    auto report = verify(scratch / "copy");
    REQUIRE_OK(report);
    CHECK(report->clean == (last == 24));
    CHECK(report->last_seq == last);
    if (last < 24) CHECK(report->problem.find("durable") != std::string::npos);
  }
  CHECK(previous == 24);
}

namespace {

// The records that parent and child both know.
const RecordBatch& child_records() {
  static const RecordBatch records = random_records(400, 23);
  return records;
}

// Creates or recovers a journal, appends up to record REPRISE_LAST with a commit every REPRISE_COMMIT (0: at
// REPRISE_COMMIT_AT only), writes the durable seq to REPRISE_OUT and is killed.
void append_and_die(bool create) {
  const std::string path = std::getenv("REPRISE_JOURNAL");
  const Seq last = from_environment("REPRISE_LAST");
  const std::uint64_t commit_every = from_environment("REPRISE_COMMIT");
  const std::uint64_t commit_at = from_environment("REPRISE_COMMIT_AT");
  const auto o = options(static_cast<Durability>(from_environment("REPRISE_DURABILITY")), 2000);
  auto writer = create ? JournalWriter::create(path, manifest(), o) : JournalWriter::recover(path, o);
  REQUIRE_OK(writer);
  const Seq from = writer->last_seq();
  child_records().for_each(1, [&](const RecordView& record) {
    if (record.seq <= from || record.seq > last) return;
    writer->append(record);
    if (commit_every != 0 ? record.seq % commit_every == 0 : record.seq == commit_at) REQUIRE_OK(writer->commit());
  });
  spill(std::getenv("REPRISE_OUT"), std::to_string(writer->durable_seq()));
  ::kill(::getpid(), SIGKILL);
}

struct Killed {
  std::string path;
  Seq last;
  std::uint64_t commit_every = 0;
  std::uint64_t commit_at = 0;
  Durability durability = Durability::wal;
};

// The durable seq at the moment of death.
Seq kill_child(const char* test_case, const Killed& k) {
  const std::string out = k.path + ".durable";
  REQUIRE(killed_in_child(test_case, {{"REPRISE_JOURNAL", k.path},
                                      {"REPRISE_LAST", std::to_string(k.last)},
                                      {"REPRISE_COMMIT", std::to_string(k.commit_every)},
                                      {"REPRISE_COMMIT_AT", std::to_string(k.commit_at)},
                                      {"REPRISE_DURABILITY", std::to_string(static_cast<int>(k.durability))},
                                      {"REPRISE_OUT", out}}));
  return std::strtoull(slurp(out).c_str(), nullptr, 10);
}

constexpr const char* kCreateAndDie = "child: creates a journal and is killed";
constexpr const char* kRecoverAndDie = "child: recovers a journal and is killed";

}  // namespace

TEST_CASE("child: creates a journal and is killed", "[.child]") {
  append_and_die(true);
}
TEST_CASE("child: recovers a journal and is killed", "[.child]") {
  append_and_die(false);
}

TEST_CASE(
    "records appended but not committed when the process died are counted as cut, and the journal goes on from there") {
  const Scratch scratch;
  const std::string path = scratch / "j";
  const RecordBatch& records = child_records();
  kill_child(kCreateAndDie, {path, 60, 0, 45, Durability::wal});

  auto report = verify(path);
  REQUIRE_OK(report);
  INFO(report->problem);
  CHECK(report->clean);
  CHECK(report->status == schema::RunStatus::RUNNING);
  CHECK(report->last_seq >= 45);
  CHECK(report->durable_seq >= 45);
  CHECK(report->last_seq + report->cut_records == 60);
  const Seq kept = report->last_seq;
  {
    auto writer = JournalWriter::recover(path, options());
    REQUIRE_OK(writer);
    CHECK(writer->last_seq() == kept);
    CHECK(writer->durable_seq() == kept);
    CHECK(writer->manifest().status == schema::RunStatus::CRASHED_RECOVERED);
    CHECK(writer->manifest().cut_records == 60 - kept);
    CHECK(writer->manifest().recoveries == 1);
  }
  report = verify(path);
  REQUIRE_OK(report);
  CHECK(report->clean);
  CHECK(report->status == schema::RunStatus::CRASHED_RECOVERED);
  CHECK(report->cut_records == 60 - kept);
  {
    auto writer = JournalWriter::recover(path, options());
    REQUIRE_OK(writer);
    CHECK(writer->manifest().cut_records == 60 - kept);
    records.for_each(1, [&](const RecordView& record) {
      if (record.seq > kept) CHECK(writer->append(record) == record.seq);
    });
    auto m = writer->end();
    REQUIRE_OK(m);
    CHECK(m->digest == hash128(records.bytes(), records.size_bytes()));
    CHECK(m->recoveries == 2);
  }
  report = verify(path);
  REQUIRE_OK(report);
  INFO(report->problem);
  CHECK(report->clean);
  CHECK(report->last_seq == 400);
  auto again = JournalWriter::recover(path, options());
  REQUIRE_FALSE(again.ok());
  CHECK(again.error().kind == ErrorKind::usage);
}

TEST_CASE("a process killed at any append leaves a journal with every durable record") {
  const std::uint64_t seed = seed_of_this_run();
  INFO("REPRISE_TEST_SEED=" << seed);
  const Scratch scratch;
  const RecordBatch& records = child_records();
  Random random(seed);
  const int rounds = std::getenv("REPRISE_NIGHTLY") != nullptr ? 200 : 25;
  for (int round = 0; round < rounds; ++round) {
    const Seq last = 1 + random() % 400;
    const std::size_t commit_every = 1 + random() % 30;
    const Durability durability = round % 5 == 0   ? Durability::sync
                                  : round % 5 == 1 ? Durability::buffered
                                                   : Durability::wal;
    const std::string path = scratch / std::to_string(round);
    INFO("round " << round << ": killed after record " << last << ", commit every " << commit_every);
    Seq durable = kill_child(kCreateAndDie, {path, last, commit_every, 0, durability});
    if (durability == Durability::buffered) durable = 0;  // promises a clean end only

    auto report = verify(path);
    REQUIRE_OK(report);
    INFO(report->problem);
    CHECK(report->clean);
    CHECK(report->last_seq >= durable);
    CHECK(report->last_seq + report->cut_records == last);
    // Every other time it is killed again, while or after it recovers.
    std::uint64_t cut = report->cut_records;
    if (round % 2 == 0) {
      const Seq upto = std::min<Seq>(400, report->last_seq + random() % 9);
      kill_child(kRecoverAndDie, {path, upto, 1, 0, durability});
      const Seq first_kept = report->last_seq;
      report = verify(path);
      REQUIRE_OK(report);
      INFO(report->problem);
      CHECK(report->clean);
      if (durability != Durability::buffered) CHECK(report->last_seq >= first_kept);
      CHECK(report->cut_records >= cut);
      cut = report->cut_records;
    }
    auto writer = JournalWriter::recover(path, options(durability, 3000));
    REQUIRE_OK(writer);
    const Seq kept = writer->last_seq();
    CHECK(kept == report->last_seq);
    records.for_each(1, [&](const RecordView& record) {
      if (record.seq > kept) writer->append(record);
    });
    auto m = writer->end();
    REQUIRE_OK(m);
    CHECK(m->digest == hash128(records.bytes(), records.size_bytes()));
    CHECK(m->cut_records == cut);
    report = verify(path);
    REQUIRE_OK(report);
    INFO(report->problem);
    CHECK(report->clean);
  }
}

TEST_CASE("an end that was interrupted before or after sealing still leaves a journal that verifies") {
  const Scratch scratch;
  const RecordBatch records = random_records(50, 24);
  const std::string path = scratch / "j";
  {
    auto writer = JournalWriter::create(path, manifest(), options());
    REQUIRE_OK(writer);
    writer->append(records);
    REQUIRE_OK(writer->commit());
    fs::copy(path + "/TAIL", scratch / "TAIL");
    REQUIRE_OK(writer->end());
  }
  fs::copy(scratch / "TAIL", path + "/TAIL");  // killed between sealing and removing TAIL
  auto report = verify(path);
  REQUIRE_OK(report);
  CHECK(report->clean);
  fs::rename(path + "/SEAL", scratch / "SEAL");  // killed before sealing
  report = verify(path);
  REQUIRE_OK(report);
  INFO(report->problem);
  CHECK(report->clean);
  {
    auto writer = JournalWriter::recover(path, options());
    REQUIRE_OK(writer);
    CHECK(writer->last_seq() == 50);
    REQUIRE_OK(writer->end());
  }
  report = verify(path);
  REQUIRE_OK(report);
  CHECK(report->clean);
  // Neither of the two is no state that a crash can leave.
  fs::remove(path + "/SEAL");
  report = verify(path);
  REQUIRE_OK(report);
  CHECK_FALSE(report->clean);
  CHECK_FALSE(JournalReader::open(path).ok());
  CHECK_FALSE(JournalWriter::recover(path, options()).ok());
}

TEST_CASE("a writer that goes away without ending leaves everything appended, in every durability") {
  const Scratch scratch;
  const RecordBatch records = random_records(300, 25);
  for (const Durability durability : {Durability::buffered, Durability::wal, Durability::sync}) {
    const std::string path = scratch / std::to_string(static_cast<int>(durability));
    {
      auto writer = JournalWriter::create(path, manifest(), options(durability));
      REQUIRE_OK(writer);
      writer->append(records);
    }
    auto report = verify(path);
    REQUIRE_OK(report);
    INFO(report->problem);
    CHECK(report->clean);
    CHECK(report->last_seq == 300);
    CHECK(report->durable_seq == 300);
    CHECK(report->cut_records == 0);
    CHECK(report->status == schema::RunStatus::RUNNING);
  }
}

TEST_CASE("a process killed while it makes a journal leaves nothing in the way of the next one") {
  const Scratch scratch;
  const std::string path = scratch / "j";
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) ::_exit(0);
  int how = 0;
  REQUIRE(::waitpid(child, &how, 0) == child);
  fs::create_directory(path + ".creating." + std::to_string(child));  // as that process would have left it
  write_journal(path, random_records(5, 1), options(), 0, true);
  CHECK(verify(path)->clean);
  std::size_t entries = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(scratch.path())) ++entries;
  CHECK(entries == 1);
}
