// What an import did, line by line accounted for.
//
// For every file: lines = sum over by_kind + sum over skipped. A line counts under the kind of the first
// record that it made or belongs to (a line of a grouped format counts under its group's kind); lines that
// were understood but make no record (header, configuration, blank, ...) have kinds of their own.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "journal/manifest.h"

namespace reprise::gateway {

struct SkippedLines {
  std::string reason;
  std::uint64_t count = 0;
  std::uint64_t first_line = 0;
};

struct FileReport {
  std::string path;
  std::string format;
  std::string market;
  std::uint64_t lines = 0;
  std::uint64_t records = 0;                     // market and feed records made from its lines
  std::map<std::string, std::uint64_t> by_kind;  // lines
  std::vector<SkippedLines> skipped;             // by first line
  std::int64_t first_time = 0;                   // receive time of its first and last record, ns; 0 = none
  std::int64_t last_time = 0;
  std::uint64_t text_bytes = 0;

  std::uint64_t accounted_lines() const;
};

struct InstrumentReport {
  std::uint32_t number = 0;
  std::string symbol;
  std::string market;
  bool has_default_filters = false;
  bool has_default_brackets = false;
};

struct ImportReport {
  std::vector<FileReport> files;
  std::uint64_t book_compared = 0;  // book tops and best bids and offers that carry the same update id
  std::uint64_t book_agreed = 0;
  std::uint64_t gaps = 0;  // FeedGap records
  std::map<std::string, std::uint64_t> gaps_by_reason;
  std::uint64_t resyncs = 0;
  std::map<std::string, std::uint64_t> anomalies;  // FeedAnomaly records by kind
  std::vector<InstrumentReport> instruments;
  std::vector<std::string> warnings;
  std::uint64_t records = 0;  // of the whole dataset
  std::uint64_t text_bytes = 0;
  journal::Manifest manifest;  // of the finished dataset
};

// One JSON object: files, book {compared, agreed}, gaps, and more.
std::string to_json(const ImportReport& report);

}  // namespace reprise::gateway
