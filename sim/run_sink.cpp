#include "sim/run_sink.h"

#include <cstring>

namespace reprise::sim {

Result<RunSink> RunSink::create(const std::string& path, const journal::Manifest& manifest,
                                journal::WriterOptions options) {
  Result<journal::JournalWriter> writer = journal::JournalWriter::create(path, manifest, std::move(options));
  if (!writer) return writer.error();
  RunSink sink;
  sink.path_ = path;
  sink.writer_.emplace(std::move(writer).value());
  return sink;
}

Result<RunSink> RunSink::resume(const std::string& path, journal::WriterOptions options) {
  Result<journal::JournalWriter> writer = journal::JournalWriter::recover(path, std::move(options));
  if (!writer) return writer.error();
  RunSink sink;
  sink.path_ = path;
  sink.writer_.emplace(std::move(writer).value());
  sink.kept_ = sink.writer_->last_seq();
  if (sink.kept_ == 0) return sink;
  journal::ReaderOptions reading;
  reading.follow = true;  // the writer holds the journal
  Result<journal::JournalReader> reader = journal::JournalReader::open(path, reading);
  if (!reader) return reader.error();
  sink.kept_records_.emplace(std::move(reader).value());
  return sink;
}

RunSink RunSink::along(const std::string& path, journal::JournalReader reader, journal::Seq next_seq) {
  RunSink sink;
  sink.path_ = path;
  sink.kept_ = reader.last_seq();
  sink.next_seq_ = next_seq;
  sink.kept_records_.emplace(std::move(reader));
  return sink;
}

RunSink RunSink::behind(const journal::Snapshot& state) {
  RunSink sink;
  sink.next_seq_ = state.info.seq + 1;
  sink.digest_ = state.records;
  return sink;
}

void RunSink::go_on_in(journal::JournalWriter writer) {
  REPRISE_ASSERT(writer.last_seq() + 1 == next_seq_, "a writer goes on where the run stands");
  kept_records_.reset();
  digest_.reset();
  kept_ = 0;
  path_.clear();
  writer_.emplace(std::move(writer));
}

bool RunSink::compare(const journal::RecordView& record) {
  journal::RecordView kept;
  if (!kept_records_->next(kept)) {
    const Status read = kept_records_->status();
    error_ = read.ok() ? corrupt_error(path_ + ": record " + std::to_string(record.seq) + " cannot be read back")
                       : read.error();
    return false;
  }
  if (kept.seq != record.seq || kept.total_bytes() != record.total_bytes() ||
      std::memcmp(kept.bytes(), record.bytes(), record.total_bytes()) != 0) {
    error_ = io_error(path_ + ": record " + std::to_string(record.seq) + " (" + journal::name_of(kept.type()) +
                          ") is not what this run makes (" + journal::name_of(record.type()) + ")",
                      writer_ ? "resume with the dataset, the configuration and the program that began the run"
                              : "only a run against the simulated venue, made by this program version and not bent by "
                                "a scenario, can be made again");
    return false;
  }
  if (record.seq == kept_ && writer_) kept_records_.reset();
  return true;
}

void RunSink::append(const journal::RecordView& record) {
  REPRISE_ASSERT(record.seq == next_seq_, "records are appended in order");
  ++next_seq_;
  if (error_) return;
  if (on_record) on_record(record);
  if (digest_) digest_->update(record.bytes(), record.total_bytes());
  if (record.seq <= kept_) {
    compare(record);
    return;
  }
  if (!writer_) return;
  const journal::Seq given = writer_->append(record);
  REPRISE_ASSERT(given == record.seq, "the journal numbers records as the run does");
}

void RunSink::append(const journal::RecordBatch& batch) {
  if (batch.empty()) return;
  if (on_record || digest_) {
    batch.for_each(next_seq_, [&](const journal::RecordView& record) { append(record); });
    return;
  }
  if (writer_ && !error_ && next_seq_ > kept_) {
    next_seq_ += batch.count();
    writer_->append(batch);
    return;
  }
  if (error_ || (!writer_ && next_seq_ > kept_)) {
    next_seq_ += batch.count();
    return;
  }
  batch.for_each(next_seq_, [&](const journal::RecordView& record) { append(record); });
}

Status RunSink::for_each_kept(const std::function<void(const journal::RecordView&)>& visit) {
  if (error_) return *error_;
  if (path_.empty()) return usage_error("the run keeps no journal to recover from");
  journal::ReaderOptions reading;
  if (writer_) {
    if (Status committed = writer_->commit(); !committed) return committed.error();
    reading.follow = true;  // the writer holds the journal
  }
  Result<journal::JournalReader> reader = journal::JournalReader::open(path_, reading);
  if (!reader) return reader.error();
  journal::RecordView record;
  journal::Seq last = 0;
  while (last + 1 < next_seq_ && reader->next(record)) {
    visit(record);
    last = record.seq;
  }
  if (Status read = reader->status(); !read) return read.error();
  if (last + 1 != next_seq_)
    return io_error(path_ + ": holds " + std::to_string(last) + " of " + std::to_string(next_seq_ - 1) + " records");
  return ok_status();
}

Status RunSink::status() const {
  if (error_) return *error_;
  return writer_ ? writer_->status() : ok_status();
}

Result<journal::Digest> RunSink::end() {
  if (error_) return *error_;
  if (!writer_) return digest_ ? digest_->value() : journal::Digest{};
  if (next_seq_ <= kept_) {
    return io_error(path_ + ": the run ends at record " + std::to_string(next_seq_ - 1) + ", the journal has " +
                        std::to_string(kept_),
                    "resume with the dataset and the configuration that began the run");
  }
  Result<journal::Manifest> manifest = writer_->end();
  if (!manifest) return manifest.error();
  return manifest.value().digest;
}

}  // namespace reprise::sim
