// The dataset of an import, made on a thread of its own while the first records come.
//
// Making a journal costs as much as reading some MiB of text (two databases opened, a dozen syncs). Until it is
// there, records wait in memory, up to kMaxWaitingBytes; then the caller waits. Their bytes and order do not depend
// on when that is. One thread calls. Errors of making and of writing show in status(), as soon as they are known.
#pragma once

#include <cstddef>
#include <functional>
#include <future>
#include <optional>

#include "journal/journal_writer.h"
#include "journal/record_batch.h"

namespace reprise::gateway {

class DatasetWriter {
 public:
  static constexpr std::size_t kMaxWaitingBytes = 8u << 20;
  using Make = std::function<Result<journal::JournalWriter>()>;

  explicit DatasetWriter(Make make);
  ~DatasetWriter();
  DatasetWriter(const DatasetWriter&) = delete;
  DatasetWriter& operator=(const DatasetWriter&) = delete;

  void append(const journal::RecordHeader& header, const capnp::word* body, std::size_t body_words) {
    if (writer_) {
      writer_->append(header, body, body_words);
    } else {
      keep(header, body, body_words);
    }
  }
  void append(const journal::RecordBatch& batch);

  Status status() const;
  // Waits until the journal is there, or returns why it could not be made.
  Status made();
  // Only where made() is fine.
  Result<journal::Manifest> end() { return writer_->end(); }

 private:
  void keep(const journal::RecordHeader& header, const capnp::word* body, std::size_t body_words);
  void take_over();

  std::future<Result<journal::JournalWriter>> making_;
  std::optional<journal::JournalWriter> writer_;
  std::optional<Error> error_;
  journal::RecordBatch waiting_;
};

}  // namespace reprise::gateway
