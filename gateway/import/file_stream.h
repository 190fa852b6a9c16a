// One text of the import (a file, or one entry of a zip): the first look at it, and its messages in order.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "gateway/import/format.h"
#include "gateway/import/import_session.h"
#include "gateway/import/report.h"
#include "gateway/import/text_reader.h"

namespace reprise::gateway {

// What the first look at a text found. Filled by look_at().
struct SourceInfo {
  std::string path;   // file on disk
  std::string label;  // for reports: path, or path!entry
  std::size_t entry = 0;
  schema::Venue forced_venue = schema::Venue::UNKNOWN;
  const Format* format = nullptr;
  Recognised recognised;
  std::int64_t first_time = INT64_MIN;  // receive time of its first message; INT64_MIN: none in the first look
  std::map<std::uint32_t, std::int64_t> clock_offsets;  // by slot: how far the venue's clock is ahead, where it is
  SourceState state;
};

inline constexpr std::size_t kFirstLookBytes = 1u << 20;

// Recognises the text and learns symbols, steps, filters and clock offset from its first MiB.
Status look_at(SourceInfo& info, const std::string& entry_name, InstrumentRegistry& registry, InstrumentTable& table);

class FileStream final : public LineSink {
 public:
  FileStream(SourceInfo& info, InstrumentRegistry& registry, FileReport& report);

  Status open();
  // Makes front() the next message; false at the end of the text.
  Result<bool> advance();
  MarketMessage& front() { return messages[next_ - 1]; }
  // The place of front() in the merge: its receive time, or that of an earlier line where the clock stepped back.
  std::int64_t key() const { return key_; }
  std::uint64_t line() const { return line_; }
  std::uint64_t file_bytes_read() const { return file_bytes_read_; }

  // The message was taken, or refused with a reason: its lines are accounted for.
  void count(const MarketMessage& message, std::uint64_t records);
  void refuse(const MarketMessage& message, const char* reason);
  // Puts the counts into the report.
  void finish_report();

  void note(LineKind kind) override { ++kinds_[static_cast<std::size_t>(kind)]; }
  void skip(std::string_view reason, std::uint64_t line, std::uint64_t lines = 1) override;

 private:
  // A receive time further ahead of the line before it is believed when the next line stands by it.
  static constexpr std::int64_t kLeap = std::int64_t{40} * 86'400 * 1'000'000'000;

  Result<bool> parse_next();
  bool leaps(const MarketMessage& message);
  void take_line(std::string_view line);
  void accept_new(std::size_t before);

  SourceInfo& info_;
  InstrumentRegistry& registry_;
  FileReport& report_;
  std::unique_ptr<PrefetchReader> text_;
  std::unique_ptr<FormatReader> reader_;
  const TextBlock* block_ = nullptr;
  std::size_t at_ = 0;
  std::size_t next_ = 0;
  std::uint64_t line_ = 0;
  std::int64_t key_ = INT64_MIN;
  std::int64_t last_time_ = 0;  // of the last line that was believed; 0 = none yet
  std::int64_t leap_time_ = 0;  // of a line in front of this one that was not; 0 = none
  std::uint64_t leap_line_ = 0;
  std::uint64_t file_bytes_read_ = 0;
  bool at_end_ = false;
  std::array<std::uint64_t, kLineKinds> kinds_{};
  std::map<std::string, SkippedLines, std::less<>> skips_;
};

// Sets slots; lines whose figures cannot be recorded, or whose symbol cannot be one, are skipped whole.
void check_new_messages(LineSink& sink, std::size_t before, schema::Venue venue, InstrumentRegistry& registry);

}  // namespace reprise::gateway
