// Places in a journal as people write them: digits alone are a seq, ISO 8601 with Z is engine time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "journal/journal_reader.h"
#include "journal/result.h"

namespace reprise::tools {

struct Moment {
  std::optional<journal::Seq> seq;
  std::optional<std::int64_t> time;  // ns since the epoch, UTC
};

// "123", "2024-08-08T23:55:00Z", "2024-08-08T23:55:00.25Z", "2024-08-08Z" (the day's start).
Result<Moment> parse_moment(const std::string& text);
// The record a moment names: for a time, the last record at or before it.
Result<journal::Seq> last_seq_at(journal::JournalReader& reader, const Moment& moment);
// The same from its text, in a journal that is opened for it.
Result<journal::Seq> last_seq_at(const std::string& path, const std::string& text);
// The first record at or after it; last_seq + 1 where there is none.
Result<journal::Seq> first_seq_at(journal::JournalReader& reader, const Moment& moment);

std::string time_text(std::int64_t ns);  // "2024-08-08T23:55:00.250000000Z"; "-" for 0

}  // namespace reprise::tools
