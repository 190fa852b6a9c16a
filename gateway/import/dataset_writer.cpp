#include "gateway/import/dataset_writer.h"

namespace reprise::gateway {

DatasetWriter::DatasetWriter(Make make) : open_(batches_.take_empty()), is_made_(made_.get_future()) {
  thread_ = std::thread([this, make = std::move(make)] { write(make); });
}

DatasetWriter::~DatasetWriter() {
  finish();
}

void DatasetWriter::append(const journal::RecordBatch& batch) {
  batch.for_each(
      1, [&](const journal::RecordView& record) { append(*record.header, record.body(), record.body_words()); });
}

void DatasetWriter::hand_over() {
  batches_.hand_over(open_->size_bytes());
  open_ = batches_.take_empty();
  if (open_ == nullptr) return;
  if (open_->size_bytes() > kMaxWaitingBytes / 2) *open_ = journal::RecordBatch();  // grown for one huge record
  open_->clear();
}

void DatasetWriter::write(const Make& make) {
  const auto fail = [this](const Error& error) {
    error_ = error;
    has_failed_.store(true, std::memory_order_release);
    batches_.stop();
  };
  Result<journal::JournalWriter> result = make();
  if (!result.ok()) {
    fail(result.error());
    made_.set_value(result.error());
    return;
  }
  writer_.emplace(std::move(*result));
  made_.set_value(ok_status());
  for (;;) {
    Result<journal::RecordBatch*> batch = batches_.next();
    if (!batch.ok() || *batch == nullptr) return;
    writer_->append(**batch);
    if (!writer_->failed()) continue;
    const Status status = writer_->status();
    return fail(status.error());
  }
}

void DatasetWriter::finish() {
  if (!thread_.joinable()) return;
  if (open_ != nullptr) batches_.hand_over();
  open_ = nullptr;
  batches_.finish(std::nullopt);
  thread_.join();
}

Status DatasetWriter::status() const {
  if (has_failed_.load(std::memory_order_acquire)) return *error_;
  return ok_status();
}

Status DatasetWriter::made() {
  if (!made_status_) made_status_ = is_made_.get();
  return *made_status_;
}

Result<journal::Manifest> DatasetWriter::end() {
  finish();
  return writer_->end();
}

}  // namespace reprise::gateway
