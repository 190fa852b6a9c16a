// Messages of a text that another thread reads: all of them, in order, with what was skipped between them; and the
// dataset that is made meanwhile.
#include <chrono>
#include <random>
#include <thread>

#include "gateway/import/dataset_writer.h"
#include "gateway/import/message_pipe.h"
#include "tests/gateway/samples.h"
#include "tests/gateway/support.h"
#include "tests/support/catch.h"

using namespace reprise;
using namespace reprise::gateway;
using namespace reprise::gateway_tests;

namespace {

// Bytes out of a string, in portions, with damage at the end on request.
class StringBytes final : public ByteSource {
 public:
  StringBytes(std::string text, bool is_damaged) : text_(std::move(text)), is_damaged_(is_damaged) {}
  Result<std::size_t> read(char* to, std::size_t room) override {
    const std::size_t taken = std::min({room, text_.size() - at_, std::size_t{10'007}});
    if (taken == 0 && is_damaged_) return corrupt_error("it broke");
    std::copy_n(text_.data() + at_, taken, to);
    at_ += taken;
    return taken;
  }
  std::uint64_t file_bytes_read() const override { return at_; }

 private:
  std::string text_;
  std::size_t at_ = 0;
  bool is_damaged_;
};

// A line is a digit: so many messages (0: skipped; 9: two, the second unsound), and whatever filling behind it.
class DigitReader final : public FormatReader {
 public:
  void on_line(std::string_view line, std::uint64_t number, LineSink& sink) override {
    if (line.empty()) return sink.note(LineKind::blank);
    if (line[0] == '0') return sink.skip("reason " + std::to_string(number), number);
    const int count = line[0] == '9' ? 2 : line[0] - '0';
    for (int i = 0; i < count; ++i) {
      push(sink, number, i == 0 ? 1 : 0).qty = line[0] == '9' && i == 1 ? 0 : 1;
    }
  }
  void finish(LineSink& sink) override { push(sink, 1'000'000, 0); }

 private:
  static MarketMessage& push(LineSink& sink, std::uint64_t number, std::uint64_t lines) {
    MarketMessage& m = sink.messages.push();
    m.kind = MessageKind::trade;
    m.symbol = "BTCUSDT";
    m.price = 1;
    m.qty = 1;
    m.last_id = static_cast<std::int64_t>(number);
    m.ts_recv = kSampleStart + static_cast<std::int64_t>(number);
    m.line = number;
    m.lines = lines;
    return m;
  }
};

// What came, as one string: "3:2 " two messages of line 3, "0@4 " line 4 skipped, "9!7 " line 7 judged unsound.
std::string story_of(MessagePipe& pipe, std::string& problem, std::uint64_t& lines) {
  std::string story;
  for (;;) {
    Result<MessageChunk*> got = pipe.next();
    if (!got.ok()) {
      problem = got.error().message;
      return story;
    }
    if (*got == nullptr) return story;
    MessageChunk& chunk = **got;
    std::size_t skip = 0;
    std::size_t begin = 0;
    for (std::size_t group = 0; group <= chunk.groups.size(); ++group) {
      for (; skip < chunk.skips.size() && chunk.skips[skip].group == group; ++skip)
        story += "0@" + std::to_string(chunk.skips[skip].line) + " ";
      if (group == chunk.groups.size()) break;
      const std::size_t end = chunk.groups[group];
      bool is_sound = true;
      for (std::size_t i = begin; i < end; ++i) {
        MarketMessage& m = chunk.messages[i];
        is_sound = is_sound && m.problem == nullptr;
        if (m.problem == nullptr && end - begin == m.records) continue;
        if (m.records == 0) continue;
        const journal::RecordView view{
            0, reinterpret_cast<const journal::RecordHeader*>(chunk.records.bytes() + m.records_at)};
        CHECK(journal::read<schema::Trade>(view).getTradeId() == m.last_id);
        CHECK(view.header->ts_recv == m.ts_recv);
      }
      story += std::to_string(chunk.messages[begin].line) + (is_sound ? ":" : "!") + std::to_string(end - begin) + " ";
      begin = end;
    }
    CHECK(skip == chunk.skips.size());
    CHECK(chunk.lines >= lines);
    lines = chunk.lines;
  }
}

}  // namespace

TEST_CASE("A pipe gives every message once, in the order of the lines, and skipped lines at their place") {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    std::string text;
    std::string expected;
    const std::uint64_t count = 1 + random() % 5'000;
    for (std::uint64_t line = 1; line <= count; ++line) {
      static constexpr char kDigits[] = {'0', '1', '1', '1', '2', '3', '9'};
      const char digit = kDigits[random() % std::size(kDigits)];
      text += digit + std::string(random() % 300, '.') + (random() % 5 == 0 ? "\r\n" : "\n");
      if (digit == '0') {
        expected += "0@" + std::to_string(line) + " ";
      } else {
        expected += std::to_string(line) + (digit == '9' ? "!2 " : ":" + std::string(1, digit) + " ");
      }
    }
    const bool is_damaged = seed % 2 == 0;
    if (is_damaged) text += "1 a line that was cut";
    std::string problem;
    std::uint64_t lines = 0;
    MessagePipe pipe(TextReader("file", std::make_unique<StringBytes>(text, is_damaged)),
                     std::make_unique<DigitReader>());
    CHECK(story_of(pipe, problem, lines) == expected + (is_damaged ? "" : "1000000:1 "));
    CHECK(lines == count);
    CHECK(problem ==
          (is_damaged ? "file: damaged behind " + std::to_string(text.size()) + " bytes of text: it broke" : ""));
  }
}

TEST_CASE("A pipe that nobody reads to its end stops") {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += "1\n";
  for (int chunks = 0; chunks < 4; ++chunks) {
    MessagePipe pipe(TextReader("file", std::make_unique<StringBytes>(text, false)), std::make_unique<DigitReader>());
    for (int i = 0; i < chunks; ++i) {
      Result<MessageChunk*> got = pipe.next();
      REQUIRE(got.ok());
      REQUIRE(*got != nullptr);
    }
  }
}

TEST_CASE("Skipped lines keep their count and first line, wherever chunks end") {
  const Folder folder;
  std::string text = hbt_line(kSampleStart, "btcusdt@trade", trade_json(0, 1, "100"));
  for (int i = 0; i < 3'000; ++i) {
    text += hbt_line(kSampleStart + i, "btcusdt@trade", trade_json(0, i + 2, "100"));
    if (i % 20 == 0) text += std::to_string(kSampleStart + i) + (i % 40 == 0 ? " {\"e\":\"novelty\"}\n" : " {]\n");
  }
  auto result = import(folder, {folder.write("mixed.txt", text)});
  REQUIRE(result.ok());
  CHECK(adds_up(*result));
  REQUIRE(result->files[0].skipped.size() == 2);
  CHECK(result->files[0].skipped[0].count == 75);
  CHECK(result->files[0].skipped[0].first_line == 3);
  CHECK(result->files[0].skipped[1].reason == "not JSON");
}

TEST_CASE("An instrument that turns up late gets its steps from the levels of its first message") {
  const Folder folder;
  std::string text;
  for (int i = 0; i < 12'000; ++i) text += hbt_line(kSampleStart + i, "btcusdt@trade", trade_json(0, i + 1, "100.1"));
  REQUIRE(text.size() > (3u << 19));  // more than the first look
  std::string late = depth_json(9, 1, 2, 1, "[\"7.250\",\"3.00\"],[\"7.125\",\"40\"]", "[\"7.5\",\"20\"]");
  late.replace(late.find("BTCUSDT"), 7, "LATEUSDT");
  text += hbt_line(kSampleStart + 12'000, "lateusdt@depth", late);
  auto result = import(folder, {folder.write("late.txt", text)});
  REQUIRE(result.ok());
  const auto instruments = of_type(records_of(folder.at("dataset")), journal::RecordType::INSTRUMENT);
  REQUIRE(instruments.size() == 2);
  const auto declared = instruments[1].as<schema::Instrument>();
  CHECK(std::string(declared.getSymbol().cStr()) == "LATEUSDT");
  CHECK(declared.getTickSize() == 100'000);     // 0.001
  CHECK(declared.getLotSize() == 100'000'000);  // 1
}

TEST_CASE("A dataset is the same whenever its journal is ready") {
  const Folder folder;
  const auto make = [&](const std::string& name, int delay_ms) {
    return [path = folder.at(name), delay_ms] {
      std::this_thread::sleep_for(std::chrono::milliseconds(delay_ms));
      journal::WriterOptions options;
      options.durability = journal::Durability::buffered;
      options.clock = [] { return std::int64_t{1'700'000'000'000'000'000}; };
      journal::Manifest manifest;
      manifest.mode = schema::RunMode::DATASET;
      return journal::JournalWriter::create(path, manifest, options);
    };
  };
  std::vector<journal::Digest> digests;
  int number = 0;
  for (const int delay : {0, 30, 400}) {  // the last: later than memory for waiting records lasts
    DatasetWriter writer(make("dataset" + std::to_string(number++), delay));
    journal::RecordBatch batch;
    for (std::int64_t i = 0; i < 150'000; ++i) {
      journal::RecordHeader header;
      header.instrument = 1;
      header.ts_engine = header.ts_recv = header.ts_event = kSampleStart + i;
      batch.append<schema::Trade>(journal::RecordType::TRADE, header,
                                  [&](schema::Trade::Builder trade) { trade.setTradeId(i); });
      if (batch.count() == 7) {
        writer.append(batch);
        batch.clear();
      }
    }
    writer.append(batch);
    REQUIRE(writer.made().ok());
    CHECK(writer.status().ok());
    auto ended = writer.end();
    REQUIRE(ended.ok());
    CHECK(ended->last_seq == 150'000);
    digests.push_back(ended->digest);
  }
  CHECK(digests[0] == digests[1]);
  CHECK(digests[0] == digests[2]);

  DatasetWriter writer(make("nowhere/dataset", 0));
  CHECK_FALSE(writer.made().ok());
  CHECK_FALSE(writer.status().ok());
}
