// Market records into dataset journals, one for each UTC day: the first at PATH, every later one at PATH.YYYY-MM-DD.
//
// Each is a dataset by itself: it begins with what `opening` writes (contracts, brackets, books as they stand), so that
// no other day is needed to read it. A day ends with the first look at the clock after midnight; its journal is closed
// on a thread of its own while the next one fills. What was committed survives the death of the process.
//
// The disk is watched: when less than keep_free_bytes would be left, the recorder says so with an error and takes no
// more; end() then closes what there is. One thread calls.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "journal/journal_writer.h"
#include "journal/record_batch.h"
#include "journal/result.h"

namespace reprise::gateway {

// A hole in what was recorded, as its FeedGap or FeedDisconnected record says.
struct RecordedGap {
  std::uint32_t instrument = 0;
  schema::GapReason reason = schema::GapReason::NONE;  // DISCONNECT: from here on, until the next one of timeHole
  std::int64_t at = 0;                                 // receive time of the record
  std::int64_t from = 0;                               // timeHole
  std::int64_t until = 0;
  std::int64_t expected_id = 0;  // sequence
  std::int64_t received_id = 0;
};

struct RecordedDay {
  std::string path;
  std::uint64_t records = 0;
  std::int64_t first_time = 0;
  std::int64_t last_time = 0;
  journal::Manifest manifest;
};

struct Recording {
  std::vector<RecordedDay> days;
  std::uint64_t records = 0;
  std::array<std::uint64_t, journal::kRecordTypeCount> by_type{};
  std::uint64_t gap_count = 0;
  std::vector<RecordedGap> gaps;  // the first kMostGaps
};

class DayRecorder {
 public:
  static constexpr std::size_t kMostGaps = 1'000;
  struct Options {
    std::string path;  // must not exist
    journal::WallClock clock;
    std::string build_id;
    std::string compiler;
    std::string origin;  // "record BTCUSDT,ETHUSDT from https://..."
    std::uint64_t keep_free_bytes = std::uint64_t{1} << 30;
    std::function<std::uint64_t()> free_bytes;  // of the disk; empty: asks the file system
  };
  using Opening = std::function<void(journal::RecordBatch&)>;

  // `opening` is called now and at the beginning of every further day.
  static Result<std::unique_ptr<DayRecorder>> create(Options options, Opening opening);
  ~DayRecorder();  // without end(): what was committed is there, with the status "running"
  DayRecorder(const DayRecorder&) = delete;
  DayRecorder& operator=(const DayRecorder&) = delete;

  void append(const journal::RecordBatch& records);  // errors show in the next look()
  void append_raw(std::int64_t received, std::string_view source, std::string_view frame);
  // Once a second or so: commits, goes over to the next day, watches the disk and the journals.
  Status look();
  // Closes all of it, also after an error.
  Result<Recording> end();

  const Recording& so_far() const { return recording_; }  // without the manifests of open days
  std::uint64_t free_bytes() const;

 private:
  DayRecorder(Options options, Opening opening) : options_(std::move(options)), opening_(std::move(opening)) {}
  Status open_day(std::int64_t now);
  void close_day();
  Status check_disk();
  void note(const journal::RecordView& record);

  const Options options_;
  const Opening opening_;
  std::optional<journal::JournalWriter> writer_;
  std::int64_t day_ = 0;  // days since the epoch
  journal::RecordBatch scratch_;
  Recording recording_;
  struct Closing {
    std::size_t day = 0;  // place in recording_.days
    std::future<Result<journal::Manifest>> manifest;
  };
  std::vector<Closing> closing_;
  std::optional<Error> error_;
  std::int64_t last_disk_look_ = 0;
};

// "2026-11-26" of a time in ns.
std::string day_text(std::int64_t ns);

}  // namespace reprise::gateway
