// Where a run's records go: nowhere, a new journal, or the rest of one that a killed process left.
//
// Resuming: records up to the last one kept are compared byte for byte with what stands there, later ones
// are appended. A difference is an Error that names the seq; the journal is left as it was.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "journal/journal_reader.h"
#include "journal/journal_writer.h"
#include "journal/record_batch.h"
#include "journal/result.h"

namespace reprise::sim {

class RunSink {
 public:
  static RunSink none() { return RunSink(); }
  static Result<RunSink> create(const std::string& path, const journal::Manifest& manifest,
                                journal::WriterOptions options);
  static Result<RunSink> resume(const std::string& path, journal::WriterOptions options);

  journal::Seq next_seq() const { return next_seq_; }
  journal::Seq compared() const { return kept_; }  // records of the journal that was resumed
  // The record's seq must be next_seq().
  void append(const journal::RecordView& record);
  void append(const journal::RecordBatch& batch);
  // Every record so far, in order, as the journal has them (written out first). Needs a journal.
  Status for_each_kept(const std::function<void(const journal::RecordView&)>& visit);
  void fail(Error error) {
    if (!error_) error_ = std::move(error);
  }
  // First error so far; cheap while there is none.
  bool failed() const { return error_.has_value() || (writer_ && writer_->failed()); }
  Status status() const;
  Result<journal::Digest> end();

 private:
  RunSink() = default;
  bool compare(const journal::RecordView& record);

  std::optional<journal::JournalWriter> writer_;
  std::optional<journal::JournalReader> kept_records_;
  std::string path_;
  journal::Seq next_seq_ = 1;
  journal::Seq kept_ = 0;
  std::optional<Error> error_;
};

}  // namespace reprise::sim
