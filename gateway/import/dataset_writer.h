// The dataset of an import, made and written on a thread of its own.
//
// Making a journal costs as much as reading some MiB of text (two databases opened, three dozen syncs), and its writer
// lets wait whoever gives it more than it can compress. Here records go into batches, and these through a bounded
// queue (conveyor.h, about kMaxWaitingBytes) to the thread that makes the journal and then appends to it. Bytes and
// order of the records do not depend on when that is.
//
// One thread calls. Errors of making and of writing show in status() as soon as they are known; nothing is kept then.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <future>
#include <optional>
#include <thread>

#include "gateway/import/conveyor.h"
#include "journal/journal_writer.h"
#include "journal/record_batch.h"

namespace reprise::gateway {

class DatasetWriter {
 public:
  static constexpr std::size_t kMaxWaitingBytes = 8u << 20;
  using Make = std::function<Result<journal::JournalWriter>()>;

  explicit DatasetWriter(Make make);
  ~DatasetWriter();  // without end(): stores what was handed over, leaves the journal's status "running"
  DatasetWriter(const DatasetWriter&) = delete;
  DatasetWriter& operator=(const DatasetWriter&) = delete;

  void append(const journal::RecordHeader& header, const capnp::word* body, std::size_t body_words) {
    if (open_ == nullptr) return;
    open_->append_copy(header, body, body_words);
    if (open_->size_bytes() >= kBatchBytes) hand_over();
  }
  void append(const journal::RecordBatch& batch);

  Status status() const;
  // Waits until the journal is there, or returns why it could not be made.
  Status made();
  // Everything written and the journal ended. Once, and only where made() is fine.
  Result<journal::Manifest> end();

 private:
  static constexpr std::size_t kBatchBytes = 56u << 10;  // somewhat less than a batch has room for at first

  void hand_over();
  void write(const Make& make);
  void finish();

  Conveyor<journal::RecordBatch> batches_{kMaxWaitingBytes, 4};
  journal::RecordBatch* open_ = nullptr;

  std::promise<Status> made_;
  std::future<Status> is_made_;
  std::optional<Status> made_status_;
  std::optional<journal::JournalWriter> writer_;  // the thread's, until it is joined
  std::atomic<bool> has_failed_{false};
  std::optional<Error> error_;  // set before has_failed_
  std::thread thread_;
};

}  // namespace reprise::gateway
