// Packed texts come out as they went in, by the gzip reader as by libarchive; damage costs only what lies behind it.
#include <algorithm>
#include <random>

#include "gateway/import/gzip_bytes.h"
#include "gateway/import/text_reader.h"
#include "tests/gateway/samples.h"
#include "tests/gateway/support.h"
#include "tests/support/catch.h"

using namespace reprise;
using namespace reprise::gateway;
using namespace reprise::gateway_tests;

namespace {

constexpr std::size_t kArchiveBlock = 64u
                                      << 10;  // libarchive drops what it had inflated of the block it could not fill

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Unpacked {
  std::string text;
  std::string problem;
};

// Reads everything in portions of random size, small ones among them.
Unpacked read_all(ByteSource& source, std::mt19937_64& random) {
  Unpacked result;
  std::vector<char> portion(300'000);
  for (;;) {
    const std::size_t room = random() % 4 == 0 ? 1 + random() % 40 : 1 + random() % portion.size();
    Result<std::size_t> got = source.read(portion.data(), room);
    if (!got.ok()) {
      CHECK(got.error().kind == ErrorKind::corrupt);
      result.problem = got.error().message;
      return result;
    }
    REQUIRE(*got <= room);
    if (*got == 0) return result;
    result.text.append(portion.data(), *got);
  }
}

// Lines of a capture, with stretches that hardly pack and stretches that vanish.
std::string random_text(std::mt19937_64& random, std::size_t bytes) {
  std::string text;
  while (text.size() < bytes) {
    const auto at = static_cast<std::int64_t>(text.size());
    switch (random() % 12) {
      case 0:
        for (std::size_t i = random() % 2'000; i > 0; --i) text += static_cast<char>(' ' + random() % 95);
        text += '\n';
        break;
      case 1: text += std::string(random() % 5'000, 'x') + "\n"; break;
      default:
        text +=
            hbt_line(kSampleStart + at, "btcusdt@trade", trade_json(at, at, std::to_string(60'000 + random() % 900)));
    }
  }
  return text;
}

// The text as gzip, cut into so many members.
std::string packed_in_members(const Folder& folder, const std::string& text, std::size_t members,
                              std::mt19937_64& random) {
  std::string packed;
  std::size_t at = 0;
  for (std::size_t i = 0; i < members; ++i) {
    const std::size_t end = i + 1 == members ? text.size() : at + random() % (text.size() - at + 1);
    packed += bytes_of(write_packed(folder, "member.gz", "gzip", {{"x", text.substr(at, end - at)}}));
    at = end;
  }
  return packed;
}

bool is_beginning(const std::string& part, const std::string& whole) {
  return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin());
}

Unpacked by_gzip_reader(const std::string& path, std::mt19937_64& random) {
  const auto source = open_gzip_bytes(path);
  REQUIRE(source != nullptr);
  return read_all(*source, random);
}

Unpacked by_libarchive(const std::string& path, std::mt19937_64& random) {
  auto source = open_archive_bytes(path, 0);
  if (!source.ok()) return {"", source.error().message};
  return read_all(**source, random);
}

}  // namespace

TEST_CASE("Gzip of one or many members is one text, the same by both readers") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    const Folder folder;
    const std::string text = random_text(random, seed % 3 == 0 ? 1'500'000 : 1 + random() % 60'000);
    const std::string packed = packed_in_members(folder, text, 1 + random() % 6, random);
    const std::string path = folder.write("whole.gz", packed);
    const Unpacked fast = by_gzip_reader(path, random);
    CHECK(fast.problem.empty());
    CHECK(fast.text == text);
    const Unpacked plain = by_libarchive(path, random);
    CHECK(plain.problem.empty());
    CHECK(plain.text == text);
    // Padding behind the last member is none of it.
    CHECK(by_gzip_reader(folder.write("padded.gz", packed + std::string(random() % 600, '\0')), random).text == text);
  }
}

TEST_CASE("A gzip cut anywhere gives everything before the cut and says so, by both readers") {
  std::size_t longest_lead = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    const Folder folder;
    const std::string text = random_text(random, 200'000 + random() % 600'000);
    const std::string packed = packed_in_members(folder, text, 1, random);
    const std::size_t cut = seed % 5 == 0 ? packed.size() - 1 - random() % 12 : 200 + random() % (packed.size() - 200);
    const std::string path = folder.write("cut.gz", packed.substr(0, cut));
    const Unpacked fast = by_gzip_reader(path, random);
    CHECK(fast.problem == "truncated gzip input");
    CHECK(is_beginning(fast.text, text));
    if (cut + 8 >= packed.size()) CHECK(fast.text == text);  // of the checksum and length at the end
    const Unpacked plain = by_libarchive(path, random);
    CHECK_FALSE(plain.problem.empty());
    CHECK(is_beginning(plain.text, fast.text));
    CHECK(fast.text.size() - plain.text.size() <= kArchiveBlock);
    longest_lead = std::max(longest_lead, fast.text.size() - plain.text.size());

    // As lines: the whole ones before the cut, then the error with the number of bytes.
    Result<TextReader> reader = TextReader::open(path, 0);
    REQUIRE(reader.ok());
    TextBlock block;
    std::string lines;
    for (;;) {
      Result<bool> got = reader->next(block);
      lines.append(block.text());
      if (got.ok() && *got) continue;
      REQUIRE_FALSE(got.ok());
      CHECK(got.error().message ==
            path + ": damaged behind " + std::to_string(fast.text.size()) + " bytes of text: truncated gzip input");
      break;
    }
    CHECK(lines == fast.text);
  }
  CHECK(longest_lead > 0);
}

TEST_CASE("A gzip cut in a later member keeps those before") {
  std::mt19937_64 random(4);
  const Folder folder;
  const std::string first = random_text(random, 90'000);
  const std::string second = random_text(random, 90'000);
  const std::string one = packed_in_members(folder, first, 1, random);
  const std::string two = packed_in_members(folder, second, 1, random);
  CHECK(by_gzip_reader(folder.write("a.gz", one), random).text == first);
  const Unpacked in_header = by_gzip_reader(folder.write("b.gz", one + two.substr(0, 7)), random);
  CHECK(in_header.text == first);
  CHECK(in_header.problem == "truncated gzip input");
  const Unpacked in_data = by_gzip_reader(folder.write("c.gz", one + two.substr(0, two.size() / 2)), random);
  CHECK(in_data.text.size() > first.size());
  CHECK(is_beginning(in_data.text, first + second));
  CHECK(in_data.problem == "truncated gzip input");
}

TEST_CASE("A gzip with a wrong bit never passes for whole") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    const Folder folder;
    const std::string text = random_text(random, 150'000);
    std::string packed = packed_in_members(folder, text, 1, random);
    const std::size_t place = 200 + random() % (packed.size() - 200);
    packed[place] = static_cast<char>(packed[place] ^ (1 << random() % 8));
    const Unpacked fast = by_gzip_reader(folder.write("wrong.gz", packed), random);
    CHECK_FALSE(fast.problem.empty());
  }
  std::mt19937_64 random(1);
  const Folder folder;
  const std::string text = random_text(random, 50'000);
  std::string packed = packed_in_members(folder, text, 1, random);
  packed[packed.size() - 6] = static_cast<char>(packed[packed.size() - 6] + 1);
  const Unpacked fast = by_gzip_reader(folder.write("sum.gz", packed), random);
  CHECK(fast.text == text);
  CHECK(fast.problem == "gzip checksum does not fit");
}

TEST_CASE("What is packed otherwise, or once more inside, is libarchive's") {
  const Folder folder;
  std::mt19937_64 random(9);
  const std::string text = random_text(random, 20'000);
  const std::string zip = write_packed(folder, "x.zip", "zip", {{"x.txt", text}});
  CHECK(open_gzip_bytes(zip) == nullptr);
  CHECK(open_gzip_bytes(folder.write("plain.txt", text)) == nullptr);
  CHECK(open_gzip_bytes(folder.write("empty", "")) == nullptr);
  CHECK(open_gzip_bytes(folder.at("nowhere.gz")) == nullptr);
  CHECK(open_gzip_bytes(folder.at("")) == nullptr);
  for (const char* filter : {"gzip", "zstd", "xz", "bzip2", "lzma"}) {
    INFO(filter);
    const std::string inner = bytes_of(write_packed(folder, "inner", filter, {{"x", text}}));
    if (std::string(filter) != "gzip") CHECK(open_gzip_bytes(folder.at("inner")) == nullptr);
    const std::string twice = write_packed(folder, "twice.gz", "gzip", {{"x", inner}});
    CHECK(open_gzip_bytes(twice) == nullptr);
    auto source = open_bytes(twice, 0);
    REQUIRE(source.ok());
    CHECK(read_all(**source, random).text == text);
  }
  const std::string wrapped = write_packed(folder, "zip.gz", "gzip", {{"x", bytes_of(zip)}});
  CHECK(open_gzip_bytes(wrapped) == nullptr);
  // Nothing inside, and damage before the first byte: libarchive's words for it.
  CHECK(open_gzip_bytes(write_packed(folder, "nothing.gz", "gzip", {{"x", ""}})) == nullptr);
  const std::string packed = bytes_of(write_packed(folder, "whole.gz", "gzip", {{"x", text}}));
  CHECK(open_gzip_bytes(folder.write("cut.gz", packed.substr(0, 12))) == nullptr);
}

TEST_CASE("A capture in several gzip members imports as in one") {
  const Folder folder;
  std::mt19937_64 random(6);
  std::string text;
  for (int i = 0; i < 30'000; ++i) {
    text +=
        hbt_line(kSampleStart + i * 1'000'000LL, "btcusdt@trade",
                 trade_json(i, i + 1, std::to_string(60'000 + random() % 50) + "." + std::to_string(random() % 10)));
  }
  const std::string one = folder.write("one.gz", packed_in_members(folder, text, 1, random));
  const std::string many = folder.write("many.gz", packed_in_members(folder, text, 5, random));
  auto first = import(folder, {one}, "a");
  auto second = import(folder, {many}, "b");
  auto third = import(folder, {folder.write("plain.txt", text)}, "c");
  REQUIRE(first.ok());
  REQUIRE(second.ok());
  REQUIRE(third.ok());
  CHECK(first->manifest.digest == third->manifest.digest);
  CHECK(second->manifest.digest == third->manifest.digest);
  CHECK(first->text_bytes == text.size());
}
