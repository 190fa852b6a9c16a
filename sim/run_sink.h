// Where a run's records go: nowhere, a new journal, or the rest of one that a killed process left.
//
// Resuming: records up to the last one kept are compared byte for byte with what stands there, later ones
// are appended. A difference is an Error that names the seq; the journal is left as it was.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/market/fixed.h"
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

  // Nowhere, but everything is compared with what stands in a journal from the reader's place on, as long as it has
  // records; `next_seq` is the seq of the first one. This is how a branch comes to its point.
  static RunSink along(const std::string& path, journal::JournalReader reader, journal::Seq next_seq);
  // Nowhere, behind a record; end() gives the digest that a journal would have.
  static RunSink behind(const journal::Snapshot& state);
  // From here on records go to this writer, whose next seq must be ours.
  void go_on_in(journal::JournalWriter writer);
  // State of the running digest behind the last record compared (along() only).
  journal::RunningDigest digest_state() const { return kept_records_->digest_state(); }
  bool is_writing() const { return writer_.has_value() && next_seq_ > kept_; }
  void append_snapshot(journal::SnapshotImage image) { writer_->append_snapshot(std::move(image)); }
  // A frame as it came, beside the records; nothing where nothing is written.
  void append_raw(UnixNanos received, std::string_view source, std::string_view frame) {
    if (!writer_) return;
    if (Status kept = writer_->append_raw(received.ns, source, frame); !kept) fail(kept.error());
  }

  // Everything appended so far survives what the journal's durability says; nothing may be done about it before.
  Status commit() {
    if (error_) return *error_;
    return writer_ ? writer_->commit() : ok_status();
  }

  // Sees every record as it is appended; may be empty.
  std::function<void(const journal::RecordView&)> on_record;

  journal::Seq next_seq() const { return next_seq_; }
  journal::Seq compared() const { return kept_; }  // records of the journal that was resumed or gone along with
  // The record's seq must be next_seq().
  void append(const journal::RecordView& record);
  void append(const journal::RecordBatch& batch);
  // Every record so far, in order, as the journal has them (written out first). Needs a journal, or one to go along
  // with.
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
  std::optional<journal::RunningDigest> digest_;  // behind() only
  journal::Seq next_seq_ = 1;
  journal::Seq kept_ = 0;
  std::optional<Error> error_;
};

}  // namespace reprise::sim
