#include "gateway/recording/day_recorder.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>

#include "engine/market/fixed.h"
#include "engine/version.h"

namespace reprise::gateway {

using journal::RecordType;

namespace {

constexpr std::int64_t kDiskInterval = 10'000'000'000;

std::filesystem::path folder_of(const std::string& path) {
  const auto parent = std::filesystem::path(path).parent_path();
  return parent.empty() ? std::filesystem::path(".") : parent;
}

}  // namespace

std::string day_text(std::int64_t ns) {
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{ns / kDay - (ns % kDay < 0 ? 1 : 0)}}};
  char text[32];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()));
  return text;
}

Result<std::unique_ptr<DayRecorder>> DayRecorder::create(Options options, Opening opening) {
  REPRISE_ASSERT(options.clock != nullptr && opening != nullptr, "a recorder needs a clock and an opening");
  std::unique_ptr<DayRecorder> recorder(new DayRecorder(std::move(options), std::move(opening)));
  if (Status room = recorder->check_disk(); !room) return room.error();
  if (Status opened = recorder->open_day(recorder->options_.clock()); !opened) return opened.error();
  return recorder;
}

DayRecorder::~DayRecorder() {
  for (Closing& closing : closing_) closing.manifest.wait();
}

std::uint64_t DayRecorder::free_bytes() const {
  if (options_.free_bytes) return options_.free_bytes();
  std::error_code code;
  const auto space = std::filesystem::space(folder_of(options_.path), code);
  return code ? UINT64_MAX : space.available;  // a file system that does not tell
}

Status DayRecorder::check_disk() {
  const std::uint64_t free = free_bytes();
  if (free >= options_.keep_free_bytes) return ok_status();
  const auto mib = [](std::uint64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; };
  return io_error(options_.path + ": the disk has " + mib(free) + " left, less than the " +
                      mib(options_.keep_free_bytes) + " that are to stay free",
                  recording_.days.empty() ? "make room, or lower --keep-free"
                                          : "recording has ended in order; make room, or lower --keep-free, and go on");
}

Status DayRecorder::open_day(std::int64_t now) {
  const bool is_first = recording_.days.empty();
  RecordedDay day;
  day.path = is_first ? options_.path : options_.path + "." + day_text(now);
  journal::Manifest manifest;
  manifest.mode = schema::RunMode::DATASET;
  manifest.engine_version = engine::kEngineVersion;
  manifest.build_id = options_.build_id;
  manifest.compiler = options_.compiler;
  manifest.started_at = now;
  manifest.run_id = "record-" + std::to_string(now);
  manifest.origin = options_.origin;
  journal::WriterOptions writing;
  writing.durability = journal::Durability::wal;
  writing.clock = options_.clock;
  auto made = journal::JournalWriter::create(day.path, manifest, writing);
  if (!made) return made.error();
  writer_.emplace(std::move(made).value());
  day_ = now / kDay;
  recording_.days.push_back(std::move(day));
  scratch_.clear();
  opening_(scratch_);
  append(scratch_);
  return writer_->commit();
}

// Sealing a day costs many syncs: the socket's thread does not wait for it.
void DayRecorder::close_day() {
  Closing closing;
  closing.day = recording_.days.size() - 1;
  closing.manifest = std::async(std::launch::async, [writer = std::move(*writer_)]() mutable { return writer.end(); });
  writer_.reset();
  closing_.push_back(std::move(closing));
}

void DayRecorder::append(const journal::RecordBatch& records) {
  if (error_ || !writer_ || records.empty()) return;
  records.for_each(1, [&](const journal::RecordView& record) { note(record); });
  writer_->append(records);
}

void DayRecorder::append_raw(std::int64_t received, std::string_view source, std::string_view frame) {
  if (error_ || !writer_) return;
  if (Status kept = writer_->append_raw(received, source, frame); !kept) error_ = kept.error();
}

void DayRecorder::note(const journal::RecordView& record) {
  RecordedDay& day = recording_.days.back();
  ++day.records;
  ++recording_.records;
  const journal::RecordHeader& h = *record.header;
  if (h.type_code < recording_.by_type.size()) ++recording_.by_type[h.type_code];
  if (day.first_time == 0) day.first_time = h.ts_recv;
  day.last_time = std::max(day.last_time, h.ts_recv);
  if (record.type() != RecordType::FEED_GAP && record.type() != RecordType::FEED_DISCONNECTED) return;
  ++recording_.gap_count;
  if (recording_.gaps.size() >= kMostGaps) return;
  RecordedGap& gap = recording_.gaps.emplace_back();
  gap.instrument = h.instrument;
  gap.at = h.ts_recv;
  gap.reason = schema::GapReason::DISCONNECT;
  if (record.type() != RecordType::FEED_GAP) return;
  const auto told = journal::read<schema::FeedGap>(record);
  gap.reason = told.getReason();
  gap.from = told.getTsFrom();
  gap.until = told.getTsUntil();
  gap.expected_id = told.getExpectedId();
  gap.received_id = told.getReceivedId();
}

Status DayRecorder::look() {
  if (error_) return *error_;
  const auto fail = [&](const Error& error) -> Status {
    error_ = error;
    return *error_;
  };
  const std::int64_t now = options_.clock();
  if (Status committed = writer_->commit(); !committed) return fail(committed.error());
  // The disk first: no day begins on a full one.
  const bool is_new_day = now / kDay > day_;
  if (is_new_day || now - last_disk_look_ >= kDiskInterval || now < last_disk_look_) {
    last_disk_look_ = now;
    if (Status room = check_disk(); !room) return fail(room.error());
  }
  if (is_new_day) {
    close_day();
    if (Status opened = open_day(now); !opened) return fail(opened.error());
  }
  return ok_status();
}

Result<Recording> DayRecorder::end() {
  if (writer_) close_day();
  std::optional<Error> first;
  for (Closing& closing : closing_) {
    auto manifest = closing.manifest.get();
    if (manifest.ok()) {
      recording_.days[closing.day].manifest = *manifest;
    } else if (!first) {
      first = manifest.error();
    }
  }
  closing_.clear();
  if (first) return *first;
  return recording_;
}

}  // namespace reprise::gateway
