// What the journal's tests share: a scratch folder, random records of every type, options without a clock.
#pragma once

#include <cstdint>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "journal/journal_reader.h"
#include "journal/journal_writer.h"
#include "journal/record_batch.h"
#include "journal/verify.h"
#include "tests/support/catch.h"

namespace journal_test {

using namespace reprise;
using namespace reprise::journal;

// A folder of its own that goes when the test ends.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

using Random = std::mt19937_64;
std::uint64_t seed_of_this_run();  // from REPRISE_TEST_SEED or fixed; printed with INFO by callers

WriterOptions options(Durability durability = Durability::wal, std::size_t block_bytes = 4096);
Manifest manifest();

// One record of `type` with every field set at random; `index` fixes its times and place.
void append_random(RecordBatch& batch, RecordType type, std::uint64_t index, Random& random);
// `count` records of random types.
RecordBatch random_records(std::size_t count, std::uint64_t seed);

// A journal of these records with a commit after every `commit_every` records (0: none), ended or not.
Manifest write_journal(const std::string& path, const RecordBatch& records, WriterOptions o, std::size_t commit_every,
                       bool end);

// All records of a journal as one run of bytes; fails the test on any error.
std::string read_bytes(JournalReader& reader);
std::string bytes_of(const RecordBatch& batch);
std::string bytes_of_first(const RecordBatch& batch, std::size_t count);

// Runs a hidden test case of this executable in a fresh process (a forked one would lack RocksDB's background
// threads) with these environment variables; true when it died of SIGKILL, as such cases end.
bool killed_in_child(const std::string& test_case, const std::vector<std::pair<std::string, std::string>>& environment);
std::uint64_t from_environment(const char* name);

std::string slurp(const std::string& path);
void spill(const std::string& path, const std::string& bytes);
void copy_journal(const std::string& from, const std::string& to);

}  // namespace journal_test

#define REQUIRE_OK(expression)                                           \
  do {                                                                   \
    auto&& require_ok_result = (expression);                             \
    if (!require_ok_result.ok()) FAIL(require_ok_result.error().text()); \
  } while (false)
