#include "journal/record_batch.h"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <utility>

namespace reprise::journal {

namespace {
constexpr std::size_t kFirstRoomWords = 8192;
}  // namespace

// Memory comes with the first record: batches are also made where there may be nothing to hold.
RecordBatch::RecordBatch() = default;

RecordBatch::RecordBatch(RecordBatch&& other) noexcept
    : storage_(std::move(other.storage_)),
      words_(std::exchange(other.words_, nullptr)),
      size_words_(std::exchange(other.size_words_, 0)),
      count_(std::exchange(other.count_, 0)) {
  other.storage_.clear();
}

RecordBatch& RecordBatch::operator=(RecordBatch&& other) noexcept {
  std::swap(storage_, other.storage_);
  std::swap(words_, other.words_);
  std::swap(size_words_, other.size_words_);
  std::swap(count_, other.count_);
  return *this;
}

capnp::word* RecordBatch::reserve(std::size_t body_room) {
  const std::size_t needed = size_words_ + kHeaderWords + body_room;
  if (needed > storage_.size()) {
    storage_.resize(std::max({needed, storage_.size() * 2, kFirstRoomWords}));
    words_ = reinterpret_cast<capnp::word*>(storage_.data());
  }
  capnp::word* body = words_ + size_words_ + kHeaderWords;
  std::memset(static_cast<void*>(body), 0, body_room * sizeof(capnp::word));
  return body;
}

RecordHeader& RecordBatch::finish(RecordHeader header, std::size_t body_words) {
  header.body_bytes = static_cast<std::uint32_t>(body_words * sizeof(capnp::word));
  REPRISE_ASSERT(header.body_bytes <= kMaxBodyBytes, "record too large");
  auto* at = reinterpret_cast<RecordHeader*>(words_ + size_words_);
  std::memcpy(static_cast<void*>(at), &header, sizeof header);
  size_words_ += kHeaderWords + body_words;
  ++count_;
  return *at;
}

void RecordBatch::append_copy(const RecordHeader& header, const capnp::word* body, std::size_t body_words) {
  capnp::word* to = reserve(body_words);
  if (body_words != 0)
    std::memcpy(static_cast<void*>(to), static_cast<const void*>(body), body_words * sizeof(capnp::word));
  finish(header, body_words);
}

RecordBatch::InPlaceMessage::~InPlaceMessage() noexcept(false) {
  for (capnp::word* words : overflow_) std::free(static_cast<void*>(words));
}

kj::ArrayPtr<capnp::word> RecordBatch::InPlaceMessage::allocateSegment(capnp::uint minimum_size) {
  if (!given_) {
    given_ = true;
    if (minimum_size <= room_) return kj::arrayPtr(words_, room_);
  }
  const std::size_t words = std::max<std::size_t>(minimum_size, 1024);
  auto* memory = static_cast<capnp::word*>(std::calloc(words, sizeof(capnp::word)));
  if (memory == nullptr) throw std::bad_alloc();
  overflow_.push_back(memory);
  return kj::arrayPtr(memory, words);
}

}  // namespace reprise::journal
