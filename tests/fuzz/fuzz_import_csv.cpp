// Fuzz target: any text under any of some names is recognised or not, and a reader of the format accounts
// for each of its lines exactly once.
#include <cstddef>
#include <cstdint>
#include <string>

#include "gateway/binance/record_maker.h"
#include "gateway/import/format.h"

namespace {
using namespace reprise;
using namespace reprise::gateway;

class CountingSink final : public LineSink {
 public:
  std::uint64_t noted = 0;
  std::uint64_t skipped = 0;
  void note(LineKind) override { ++noted; }
  void skip(std::string_view reason, std::uint64_t, std::uint64_t lines) override {
    REPRISE_ASSERT(!reason.empty(), "a skipped line has a reason");
    skipped += lines;
  }
};
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr const char* kNames[] = {"BTCUSDT-1m-2024-01.csv", "BTCUSDT-trades-2024-01-31.csv",
                                           "BTCUSD_PERP-5m-futures.csv", "ETHUSDT-8h-mark.csv", "x"};
  if (size < 2) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  FileSample sample;
  sample.name = sample.path = kNames[data[0] % 5];
  sample.folders = "/";
  sample.text = text;
  for (const Format& format : formats()) {
    const auto recognised = format.recognise(sample);
    if (!recognised.ok()) {
      REPRISE_ASSERT(!recognised.error().hint.empty(), "a refusal names the next step");
      continue;
    }
    auto copy = recognised;
    if (!copy.value().has_value()) continue;
    CountingSink sink;
    const auto reader = format.make_reader(**copy);
    std::uint64_t lines = 0;
    std::string_view rest = text;
    while (!rest.empty()) {
      const std::size_t end = rest.find('\n');
      reader->on_line(rest.substr(0, end), ++lines, sink);
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
    reader->finish(sink);
    std::uint64_t told = sink.noted + sink.skipped;
    static RecordMaker maker;
    journal::RecordBatch batch;
    for (std::size_t i = 0; i < sink.messages.size(); ++i) {
      told += sink.messages[i].lines;
      if (unsound(sink.messages[i]) == nullptr) maker.append(sink.messages[i], {}, batch);
    }
    REPRISE_ASSERT(told == lines, "each line is accounted for once");
  }
  return 0;
}
