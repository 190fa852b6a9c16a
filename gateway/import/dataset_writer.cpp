#include "gateway/import/dataset_writer.h"

#include <chrono>

namespace reprise::gateway {

namespace {
constexpr std::size_t kRecordsBetweenLooks = 256;
}  // namespace

DatasetWriter::DatasetWriter(Make make) : making_(std::async(std::launch::async, std::move(make))) {}

DatasetWriter::~DatasetWriter() {
  if (making_.valid()) making_.wait();
}

void DatasetWriter::append(const journal::RecordBatch& batch) {
  batch.for_each(
      1, [&](const journal::RecordView& record) { append(*record.header, record.body(), record.body_words()); });
}

void DatasetWriter::keep(const journal::RecordHeader& header, const capnp::word* body, std::size_t body_words) {
  if (error_) return;
  waiting_.append_copy(header, body, body_words);
  const bool is_full = waiting_.size_bytes() >= kMaxWaitingBytes;
  if (!is_full && waiting_.count() % kRecordsBetweenLooks != 0) return;
  if (is_full || making_.wait_for(std::chrono::seconds(0)) == std::future_status::ready) take_over();
}

void DatasetWriter::take_over() {
  Result<journal::JournalWriter> result = making_.get();
  if (result.ok()) {
    writer_.emplace(std::move(*result));
    writer_->append(waiting_);
  } else {
    error_ = result.error();
  }
  waiting_ = journal::RecordBatch();
}

Status DatasetWriter::status() const {
  if (error_) return *error_;
  return writer_ && writer_->failed() ? writer_->status() : ok_status();
}

Status DatasetWriter::made() {
  if (making_.valid()) take_over();
  if (error_) return *error_;
  return ok_status();
}

}  // namespace reprise::gateway
