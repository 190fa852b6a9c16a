// Damage, named by its outcome.
#include <cstdlib>
#include <fstream>

#include "tests/journal/helpers.h"

using namespace journal_test;
namespace fs = std::filesystem;

namespace {

VerifyReport verify_or_fail(const std::string& path) {
  auto report = verify(path);
  REQUIRE_OK(report);
  return *report;
}

bool holds_records(const std::string& name) {
  return name != "LOCK" && name != "IDENTITY" && name.rfind("LOG", 0) != 0 && name.rfind("OPTIONS-", 0) != 0;
}

std::vector<std::string> files_of(const std::string& path) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(path)) {
    const std::string name = entry.path().filename().string();
    if (holds_records(name)) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

// Twice gives the file as it was.
void flip(const std::string& file, std::size_t bit) {
  std::fstream f(file, std::ios::in | std::ios::out | std::ios::binary);
  f.seekg(static_cast<std::streamoff>(bit / 8));
  const int byte = f.get();
  f.seekp(static_cast<std::streamoff>(bit / 8));
  f.put(static_cast<char>(byte ^ 1 << bit % 8));
}

bool nightly() {
  return std::getenv("REPRISE_NIGHTLY") != nullptr;
}

}  // namespace

TEST_CASE("an intact journal verifies clean and verify changes no file of it") {
  const RecordBatch records = random_records(300, 1);
  const Scratch scratch;
  for (const bool end : {true, false}) {
    const std::string path = scratch / (end ? "ended" : "running");
    write_journal(path, records, options(), 10, end);
    std::vector<std::pair<std::string, std::string>> before;
    for (const auto& entry : fs::directory_iterator(path))
      before.emplace_back(entry.path().filename(), slurp(entry.path()));
    std::sort(before.begin(), before.end());
    const VerifyReport report = verify_or_fail(path);
    INFO(report.problem);
    CHECK(report.clean);
    CHECK(report.records == 300);
    CHECK(report.first_seq == 1);
    CHECK(report.last_seq == 300);
    CHECK(report.durable_seq == 300);
    CHECK(report.cut_records == 0);
    CHECK(report.status == (end ? schema::RunStatus::ENDED : schema::RunStatus::RUNNING));
    CHECK(report.journal_bytes > 0);
    {
      auto reader = JournalReader::open(path);
      REQUIRE_OK(reader);
      CHECK(read_bytes(*reader) == bytes_of(records));
      CHECK(reader->running_digest() == report.digest);
    }
    std::vector<std::pair<std::string, std::string>> after;
    for (const auto& entry : fs::directory_iterator(path))
      after.emplace_back(entry.path().filename(), slurp(entry.path()));
    std::sort(after.begin(), after.end());
    CHECK((before == after));
  }
}

TEST_CASE("no single flipped bit of an ended journal passes verify") {
  const Scratch scratch;
  const std::string path = scratch / "j";
  write_journal(path, random_records(40, 2), options(), 7, true);
  std::size_t tried = 0;
  std::size_t bits = 0;
  for (const auto& name : files_of(path)) bits += fs::file_size(path + "/" + name) * 8;
  const std::size_t stride = nightly() ? 1 : std::max<std::size_t>(1, bits / 6000) | 1;
  for (const auto& name : files_of(path)) {
    const std::string file = path + "/" + name;
    const std::string whole = slurp(file);
    for (std::size_t bit = tried % stride; bit < whole.size() * 8; bit += stride) {
      flip(file, bit);
      ++tried;
      auto report = verify(path);
      if (!report.ok() || report->clean || report->problem.empty()) FAIL("bit " << bit << " of " << name << " passed");
      flip(file, bit);
    }
  }
  CHECK(tried > 3000);
  CHECK(verify_or_fail(path).clean);
}

TEST_CASE(
    "a flipped bit of an unfinished journal is corrupt or cuts only what lies above the durable seq, and never kills "
    "verify") {
  const Scratch scratch;
  const std::string path = scratch / "j";
  const RecordBatch records = random_records(40, 3);
  {
    // Copied under the writer's hands: some records in tables, some in the write-ahead log.
    auto writer = JournalWriter::create(scratch / "live", manifest(), options());
    REQUIRE_OK(writer);
    records.for_each(1, [&](const RecordView& record) {
      if (record.seq <= 20) writer->append(record);
    });
  }
  {
    auto writer = JournalWriter::recover(scratch / "live", options());
    REQUIRE_OK(writer);
    records.for_each(1, [&](const RecordView& record) {
      if (record.seq > 20) writer->append(record);
      if (record.seq % 7 == 0) REQUIRE_OK(writer->commit());
    });
    REQUIRE_OK(writer->commit());
    copy_journal(scratch / "live", path);
  }
  std::size_t clean = 0;
  std::size_t tried = 0;
  for (const auto& name : files_of(path)) {
    if (name == "TAIL") continue;
    const std::string file = path + "/" + name;
    const std::string whole = slurp(file);
    const std::size_t stride = nightly() ? 1 : std::max<std::size_t>(1, whole.size() * 8 / 120) | 1;
    for (std::size_t bit = 0; bit < whole.size() * 8; bit += stride) {
      flip(file, bit);
      ++tried;
      auto report = verify(path);
      REQUIRE_OK(report);
      if (report->clean) {
        ++clean;
        INFO("bit " << bit << " of " << name);
        CHECK(report->last_seq == 40);
        CHECK(name.find(".sst") == std::string::npos);  // tables are checked to the last byte of padding
      }
      flip(file, bit);
    }
  }
  INFO(clean << " of " << tried << " flips left every durable record readable");
  CHECK(tried > 200);
  CHECK(verify_or_fail(path).clean);
}

TEST_CASE("a directory in the place of a file is reported, sealed or not") {
  const Scratch scratch;
  for (const bool ended : {true, false}) {
    const std::string path = scratch / (ended ? "ended" : "open");
    {
      auto writer = JournalWriter::create(path, manifest(), options());
      REQUIRE_OK(writer);
      random_records(10, 3).for_each(1, [&](const RecordView& record) { writer->append(record); });
      if (ended) REQUIRE_OK(writer->end());
    }
    REQUIRE(verify_or_fail(path).clean);
    const std::string file = path + (ended ? "/SEAL" : "/TAIL");
    std::filesystem::remove(file);
    std::filesystem::create_directory(file);
    auto report = verify(path);
    REQUIRE_OK(report);
    CHECK_FALSE(report->clean);
    CHECK(report->problem.find(file) != std::string::npos);
  }
}

TEST_CASE("a truncated, missing or added file of an ended journal is reported with its name") {
  const Scratch scratch;
  const std::string path = scratch / "j";
  write_journal(path, random_records(60, 4), options(), 7, true);
  for (const auto& name : files_of(path)) {
    const std::string file = path + "/" + name;
    const std::string whole = slurp(file);
    for (const std::size_t size :
         {std::size_t{0}, whole.size() / 2, whole.size() - std::min<std::size_t>(1, whole.size())}) {
      if (size == whole.size()) continue;
      spill(file, whole.substr(0, size));
      const VerifyReport report = verify_or_fail(path);
      CHECK_FALSE(report.clean);
      CHECK(report.problem.find(name) != std::string::npos);
    }
    fs::remove(file);
    const VerifyReport report = verify_or_fail(path);
    CHECK_FALSE(report.clean);
    CHECK(report.problem.find(name == "SEAL" ? "SEAL" : name) != std::string::npos);
    spill(file, whole);
  }
  spill(path + "/000099.sst", "noise");
  const VerifyReport report = verify_or_fail(path);
  CHECK_FALSE(report.clean);
  CHECK(report.problem.find("000099.sst") != std::string::npos);
}
