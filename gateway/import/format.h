// What an import format is, and the one table in which every format is registered.
//
// A format recognises a file by the first lines of its text and by its name, and makes a reader that turns
// lines into messages. A reader accounts for each line exactly once: as lines of a message it pushed, as a
// note (understood, but no record comes of it), or as skipped with a reason.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/binance/market_message.h"
#include "journal/result.h"

namespace reprise::gateway {

// The kinds under which a report counts lines.
enum class LineKind : std::uint8_t {
  trade,
  aggregate_trade,
  book_delta,
  book_snapshot,
  bbo,
  mark_price,
  index_price,
  bar,
  mark_bar,
  funding,
  metric,
  liquidation,
  feed_connected,
  exchange_info,
  header,         // of a CSV
  configuration,  // of the recorder
  sent,           // what the recorder's client sent, or an answer to it
  blank,
};
inline constexpr std::size_t kLineKinds = 18;
const char* name_of(LineKind kind);
LineKind line_kind_of(const MarketMessage& message);

// Takes what a reader makes of its lines.
class LineSink {
 public:
  virtual ~LineSink() = default;
  MessageBuffer messages;  // push here; `line`, `lines`, `ts_recv` and `symbol` must be set, `venue` where it is known
  virtual void note(LineKind kind) = 0;  // this line
  virtual void skip(std::string_view reason, std::uint64_t line, std::uint64_t lines = 1) = 0;
};

// What is known about a file before its lines are read.
struct FileSample {
  std::string path;       // as given
  std::string name;       // file or zip entry name without folders and compression endings
  std::string folders;    // the folders of path and entry
  std::string_view text;  // the first whole lines
  schema::Venue forced_venue = schema::Venue::UNKNOWN;  // FILE:usdm on the command line
};

struct Recognised {
  std::string format;  // name in the report
  schema::Venue venue = schema::Venue::UNKNOWN;
  std::string symbol;          // of the whole file, where rows do not carry one
  std::int64_t bar_nanos = 0;  // bars without a closing time
  bool is_mark = false;
  int variant = 0;                   // the format's own
  std::vector<std::string> symbols;  // seen in the first look; filled by the importer before the second reading
};

class FormatReader {
 public:
  virtual ~FormatReader() = default;
  virtual void on_line(std::string_view line, std::uint64_t number, LineSink& sink) = 0;
  virtual void finish(LineSink& sink) { (void)sink; }  // the file ended
};

struct Format {
  const char* name;
  // nullopt: not this format. An Error: it is, but it cannot be imported, and why (another venue, no symbol in the
  // name).
  Result<std::optional<Recognised>> (*recognise)(const FileSample& sample);
  std::unique_ptr<FormatReader> (*make_reader)(const Recognised& file);
};

std::span<const Format> formats();

// Defined beside their readers.
extern const Format kHbtFormat;
extern const Format kCryptofeedTextFormat;
extern const Format kCryptofeedJsonFormat;
extern const Format kTardisFormat;
extern const Format kConvertedFormat;
extern const Format kDepthArchiveFormat;
extern const Format kArchiveFormat;

// The first line of the sample that is not blank, without its end.
std::string_view first_line(std::string_view text);
// Splits at commas (no quoting: none of the formats has it); returns false when there are more than `max`.
bool split_csv(std::string_view line, std::vector<std::string_view>& fields, std::size_t max = 512);
std::string_view trim(std::string_view text);
// Whether `part` stands in a long text: where its first character is frequent, find() is many times slower.
bool holds(std::string_view text, std::string_view part);

// Symbol and interval out of names like BTCUSDT-1m-2024-01, BTCUSDT-8h-mark, BTCUSD_PERP-trades-2024-08-08.
std::optional<std::string> symbol_in_name(std::string_view name);
std::optional<std::int64_t> interval_in_name(std::string_view name);  // ns
Error no_symbol_error(const FileSample& sample, std::string_view example);
// Market by folder (um, cm, spot), else by the spelling of the symbol.
schema::Venue venue_of(const FileSample& sample, std::string_view symbol);
// By what frames of a capture look like; UNKNOWN where nothing decides.
schema::Venue venue_of_frames(std::string_view text);

}  // namespace reprise::gateway
