// What the lines of one stretch of a text became, on its way from the thread that reads the text to the one that
// merges texts: messages with their records already made, counts, and skipped lines in their order.
//
// Reused: clear() keeps memory of ordinary size. Not thread-safe; one side has it at a time.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "gateway/binance/record_maker.h"
#include "gateway/import/format.h"
#include "journal/record_batch.h"

namespace reprise::gateway {

class MessageChunk final : public LineSink {
 public:
  struct Skip {
    std::string reason;
    std::uint64_t line = 0;
    std::uint64_t lines = 0;
    std::size_t group = 0;  // told before the messages of this group
  };

  void note(LineKind kind) override { ++kinds[static_cast<std::size_t>(kind)]; }
  void skip(std::string_view reason, std::uint64_t line, std::uint64_t count = 1) override {
    skips.push_back({std::string(reason), line, count, groups.size()});
  }
  // The messages that came since the last call are those of one line, or of the end of the text: judges them and
  // makes their records, as far as these do not depend on other texts (instrument and engine time stay open).
  void close_group();
  void clear();

  std::vector<std::size_t> groups;  // for each line with messages, the place behind its last one
  std::vector<Skip> skips;
  std::array<std::uint64_t, kLineKinds> kinds{};
  journal::RecordBatch records;
  std::uint64_t lines = 0;  // of the text up to the end of this chunk
  std::uint64_t text_bytes = 0;
  std::uint64_t file_bytes_read = 0;

 private:
  RecordMaker maker_;
};

}  // namespace reprise::gateway
