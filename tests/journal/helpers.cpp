#include "tests/journal/helpers.h"

#include <capnp/dynamic.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "journal/schema_of.h"

namespace journal_test {

namespace fs = std::filesystem;

Scratch::Scratch() {
  std::string name = (fs::temp_directory_path() / "reprise-test-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a scratch folder");
  path_ = name;
}

Scratch::~Scratch() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::uint64_t seed_of_this_run() {
  const char* given = std::getenv("REPRISE_TEST_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : 20240808;
}

WriterOptions options(Durability durability, std::size_t block_bytes) {
  WriterOptions o;
  o.durability = durability;
  o.block_bytes = block_bytes;
  o.clock = [] { return std::int64_t{1723075200000000000}; };
  return o;
}

Manifest manifest() {
  Manifest m;
  m.run_id = "test-run";
  m.mode = schema::RunMode::BACKTEST;
  m.engine_version = 7;
  m.build_id = "test";
  m.config_hash = "0123";
  m.seed = 42;
  m.origin = "tests";
  m.started_at = 1;
  return m;
}

namespace {

void fill_struct(capnp::DynamicStruct::Builder to, Random& random, int depth);

std::string random_text(Random& random) {
  std::string text;
  const std::size_t n = random() % 20;
  for (std::size_t i = 0; i < n; ++i) text.push_back(static_cast<char>('a' + random() % 26));
  return text;
}

std::int64_t random_number(Random& random) {
  // Small, usual and extreme values alike.
  switch (random() % 4) {
    case 0: return static_cast<std::int64_t>(random() % 10);
    case 1: return static_cast<std::int64_t>(random() % 10000000000000);
    case 2: return -static_cast<std::int64_t>(random() % 10000000000000);
    default: return static_cast<std::int64_t>(random());
  }
}

void fill_struct(capnp::DynamicStruct::Builder to, Random& random, int depth) {
  for (const auto field : to.getSchema().getFields()) {
    const auto type = field.getType();
    switch (type.which()) {
      case capnp::schema::Type::BOOL: to.set(field, random() % 2 == 0); break;
      case capnp::schema::Type::UINT16: to.set(field, static_cast<std::uint16_t>(random())); break;
      case capnp::schema::Type::UINT32: to.set(field, static_cast<std::uint32_t>(random())); break;
      case capnp::schema::Type::UINT64: to.set(field, static_cast<std::uint64_t>(random())); break;
      case capnp::schema::Type::INT32: to.set(field, static_cast<std::int32_t>(random())); break;
      case capnp::schema::Type::INT64: to.set(field, random_number(random)); break;
      case capnp::schema::Type::TEXT: to.set(field, capnp::Text::Reader(random_text(random).c_str())); break;
      case capnp::schema::Type::ENUM: {
        const auto names = type.asEnum().getEnumerants();
        to.set(field, capnp::DynamicEnum(names[static_cast<kj::uint>(random() % names.size())]));
        break;
      }
      case capnp::schema::Type::LIST: {
        auto list = to.init(field, static_cast<capnp::uint>(random() % 6)).as<capnp::DynamicList>();
        for (capnp::uint i = 0; i < list.size(); ++i)
          fill_struct(list[i].as<capnp::DynamicStruct>(), random, depth + 1);
        break;
      }
      default: throw std::runtime_error("a field type that the tests do not know");
    }
  }
}

}  // namespace

void append_random(RecordBatch& batch, RecordType type, std::uint64_t index, Random& random) {
  capnp::MallocMessageBuilder message(1u << 16);
  auto root = message.initRoot<capnp::DynamicStruct>(*schema_of(type));
  fill_struct(root, random, 0);
  const auto segment = message.getSegmentsForOutput()[0];
  RecordHeader header;
  header.set_type(type);
  header.body_bytes = static_cast<std::uint32_t>(segment.size() * 8);
  header.flags = is_output_type(type) ? kFlagOutput : 0;
  header.account = static_cast<std::uint16_t>(random() % 3);
  header.instrument = static_cast<std::uint32_t>(random() % 4);
  header.strategy = static_cast<std::uint16_t>(random() % 3);
  header.ts_engine = 1723075200000000000 + static_cast<std::int64_t>(index / 3) * 1000;  // ties in groups of three
  header.ts_event = header.ts_engine - 5;
  header.ts_recv = header.is_output() ? 0 : header.ts_engine;
  header.cause_delta = index == 0 ? 0 : random() % std::min<std::uint64_t>(index + 1, 50);
  batch.append_copy(header, segment.begin(), segment.size());
}

RecordBatch random_records(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  RecordBatch batch;
  for (std::size_t i = 0; i < count; ++i) {
    append_random(batch, static_cast<RecordType>(1 + random() % (kRecordTypeCount - 1)), i, random);
  }
  return batch;
}

Manifest write_journal(const std::string& path, const RecordBatch& records, WriterOptions o, std::size_t commit_every,
                       bool end) {
  auto writer = JournalWriter::create(path, manifest(), std::move(o));
  REQUIRE_OK(writer);
  std::size_t n = 0;
  records.for_each(1, [&](const RecordView& record) {
    const Seq seq = writer->append(record);
    if (seq != record.seq) FAIL("seq is not the place of the record");
    if (commit_every != 0 && ++n % commit_every == 0) REQUIRE_OK(writer->commit());
  });
  if (!end) {
    REQUIRE_OK(writer->commit());
    return writer->manifest();
  }
  auto m = writer->end();
  REQUIRE_OK(m);
  return *m;
}

std::string read_bytes(JournalReader& reader) {
  std::string out;
  RecordView record;
  Seq expected = 0;
  while (reader.next(record)) {
    if (expected != 0 && record.seq != expected) FAIL("seq jumped to " << record.seq);
    expected = record.seq + 1;
    out.append(reinterpret_cast<const char*>(record.bytes()), record.total_bytes());
  }
  REQUIRE_OK(reader.status());
  return out;
}

std::string bytes_of(const RecordBatch& batch) {
  return {reinterpret_cast<const char*>(batch.bytes()), batch.size_bytes()};
}

std::string bytes_of_first(const RecordBatch& batch, std::size_t count) {
  std::size_t bytes = 0;
  batch.for_each(1, [&](const RecordView& record) {
    if (record.seq <= count) bytes += record.total_bytes();
  });
  return {reinterpret_cast<const char*>(batch.bytes()), bytes};
}

bool killed_in_child(const std::string& test_case,
                     const std::vector<std::pair<std::string, std::string>>& environment) {
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("cannot start a process");
  if (child == 0) {
    for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
    ::execl("/proc/self/exe", "test_journal", test_case.c_str(), static_cast<char*>(nullptr));
    ::_exit(127);
  }
  int how = 0;
  if (::waitpid(child, &how, 0) != child) throw std::runtime_error("cannot wait for a process");
  return WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL;
}

std::uint64_t from_environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) throw std::runtime_error(std::string("run by another test case, with ") + name);
  return std::strtoull(value, nullptr, 10);
}

std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void spill(const std::string& path, const std::string& bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

void copy_journal(const std::string& from, const std::string& to) {
  fs::remove_all(to);
  fs::copy(from, to, fs::copy_options::recursive);
}

}  // namespace journal_test
