// The short forms that converters of exchange data write:
//
//   open_time_ms,open,high,low,close,volume   bars; the interval stands in the name of the file (BTCUSDT-5m-...)
//                                             or is the smallest distance of the first rows; "mark" in the name
//                                             or no volume at all: bars of the mark price
//   funding_time_ms,funding_rate              funding settlements
#include <algorithm>

#include "gateway/import/csv_row.h"
#include "gateway/import/format.h"

namespace reprise::gateway {

namespace {

constexpr std::string_view kBarHeader = "open_time_ms,open,high,low,close,volume";
constexpr std::string_view kFundingHeader = "funding_time_ms,funding_rate";
enum ConvertedVariant : int { kConvertedBars, kConvertedFunding };

class ConvertedReader final : public FormatReader {
 public:
  explicit ConvertedReader(const Recognised& file) : file_(file) {}

  void on_line(std::string_view line, std::uint64_t number, LineSink& sink) override {
    line = trim(line);
    if (line.empty()) return sink.note(LineKind::blank);
    if (line == kBarHeader || line == kFundingHeader) return sink.note(LineKind::header);
    if (!split_csv(line, fields_, 32)) return sink.skip("row with more than 32 columns", number);
    if (fields_.size() < (file_.variant == kConvertedBars ? 6u : 2u))
      return sink.skip("row with too few columns", number);
    CsvRow row(fields_);
    MarketMessage& m = sink.messages.push();
    m.symbol = file_.symbol;
    if (file_.variant == kConvertedBars) {
      m.kind = MessageKind::bar;
      m.is_mark = file_.is_mark;
      m.open_time = row.time(0, "open_time_ms");
      m.open = row.decimal(1, "open", m.is_mark);
      m.high = row.decimal(2, "high", m.is_mark);
      m.low = row.decimal(3, "low", m.is_mark);
      m.close = row.decimal(4, "close", m.is_mark);
      m.volume = row.rough_decimal(5, "volume");
      m.close_time = m.open_time + file_.bar_nanos - 1;
      m.ts_event = m.open_time + file_.bar_nanos;
    } else {
      m.kind = MessageKind::funding;
      m.ts_event = row.time(0, "funding_time_ms");
      m.funding_rate = row.rough_decimal(1, "funding_rate");
    }
    if (!row.problem().empty()) {
      sink.messages.pop();
      return sink.skip(row.problem(), number);
    }
    m.ts_recv = m.ts_event;
    m.line = number;
    m.lines = 1;
  }

 private:
  Recognised file_;
  std::vector<std::string_view> fields_;
};

// Smallest positive distance of opening times in the sample, and whether any row has volume.
void look_at_rows(std::string_view text, std::int64_t& distance, bool& has_volume) {
  std::vector<std::string_view> fields;
  std::int64_t previous = 0;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (!split_csv(line, fields, 32) || fields.size() < 6) continue;
    CsvRow row(fields);
    const std::int64_t time = row.time(0, "time");
    const std::int64_t volume = row.rough_decimal(5, "volume");
    if (!row.problem().empty()) continue;
    if (volume != 0) has_volume = true;
    if (previous != 0 && time > previous && (distance == 0 || time - previous < distance)) distance = time - previous;
    previous = time;
  }
}

Result<std::optional<Recognised>> recognise_converted(const FileSample& sample) {
  const std::string_view line = first_line(sample.text);
  if (line != kBarHeader && line != kFundingHeader) return std::optional<Recognised>();
  Recognised file;
  const std::optional<std::string> symbol = symbol_in_name(sample.name);
  file.variant = line == kBarHeader ? kConvertedBars : kConvertedFunding;
  if (!symbol)
    return no_symbol_error(sample,
                           file.variant == kConvertedBars ? "BTCUSDT-5m-futures.csv" : "BTCUSDT-8h-funding_rate.csv");
  file.symbol = *symbol;
  file.venue = venue_of(sample, file.symbol);
  file.format = "converted funding";
  if (file.variant == kConvertedBars) {
    std::int64_t distance = 0;
    bool has_volume = false;
    look_at_rows(sample.text, distance, has_volume);
    file.bar_nanos = interval_in_name(sample.name).value_or(distance);
    if (file.bar_nanos == 0) {
      return usage_error(sample.path + ": the length of the bars is unknown",
                         "put it into the name of the file, for example BTCUSDT-5m-futures.csv");
    }
    if (distance != 0 && distance < file.bar_nanos) {
      return corrupt_error(sample.path + ": the name says bars of " + std::to_string(file.bar_nanos / 1'000'000'000) +
                               " s, but rows stand " + std::to_string(distance / 1'000'000'000) + " s apart",
                           "correct the name of the file");
    }
    file.is_mark = sample.name.find("mark") != std::string::npos || (!has_volume && distance != 0);
    file.format = file.is_mark ? "converted mark price bars" : "converted bars";
  }
  return std::optional(std::move(file));
}

std::unique_ptr<FormatReader> make_converted(const Recognised& file) {
  return std::make_unique<ConvertedReader>(file);
}

}  // namespace

const Format kConvertedFormat = {"converted", recognise_converted, make_converted};

}  // namespace reprise::gateway
