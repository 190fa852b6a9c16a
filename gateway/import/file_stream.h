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
#include "gateway/import/message_pipe.h"
#include "gateway/import/report.h"

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

// The messages of one text that is open, and the account of its lines. The text is read on a thread of its own
// (message_pipe.h); instruments get their numbers here, on the thread that merges.
class FileStream {
 public:
  FileStream(SourceInfo& info, InstrumentRegistry& registry, FileReport& report);

  Status open();
  // Makes front() the next message; false at the end of the text.
  Result<bool> advance();
  const MarketMessage& front() { return chunk_->messages[next_ - 1]; }
  // The batch in which the records of front() lie.
  const journal::RecordBatch& records() const { return chunk_->records; }
  // The place of front() in the merge: its receive time, or that of an earlier line where the clock stepped back.
  std::int64_t key() const { return key_; }
  std::uint64_t file_bytes_read() const { return file_bytes_read_; }

  // The message was taken, or refused with a reason: its lines are accounted for.
  void count(const MarketMessage& message, std::uint64_t records);
  void refuse(const MarketMessage& message, const char* reason);
  // Puts the counts into the report.
  void finish_report();

 private:
  // A receive time further ahead of the line before it is believed when the next line stands by it.
  static constexpr std::int64_t kLeap = std::int64_t{40} * 86'400 * 1'000'000'000;

  Result<bool> parse_next();
  bool leaps(const MarketMessage& message);
  bool next_group();
  void tell_skips();
  void skip(std::string_view reason, std::uint64_t line, std::uint64_t lines);

  SourceInfo& info_;
  InstrumentRegistry& registry_;
  FileReport& report_;
  std::unique_ptr<MessagePipe> pipe_;
  MessageChunk* chunk_ = nullptr;
  std::size_t group_ = 0;      // of the chunk: the next one
  std::size_t next_skip_ = 0;  // of the chunk
  std::size_t next_ = 0;       // message of the chunk
  std::size_t group_end_ = 0;
  std::uint64_t line_ = 0;  // lines of the chunks before and of this one
  std::int64_t key_ = INT64_MIN;
  std::int64_t last_time_ = 0;  // of the last line that was believed; 0 = none yet
  std::int64_t leap_time_ = 0;  // of a line in front of this one that was not; 0 = none
  std::uint64_t leap_line_ = 0;
  std::uint64_t file_bytes_read_ = 0;
  std::array<std::uint64_t, kLineKinds> kinds_{};
  std::map<std::string, SkippedLines, std::less<>> skips_;
};

}  // namespace reprise::gateway
