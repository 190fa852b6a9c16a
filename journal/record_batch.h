// A growable run of whole records in memory, laid out exactly as in a block.
//
// The engine writes its outputs into one; sources of inputs write theirs into one; the journal appends
// it by copying and replay compares it by comparing bytes. Bytes of a record are a function of its
// content alone: one segment, fields set in the order of the fill function, unused space zero.
//
// Not thread-safe. Views are valid until the next append or clear.
#pragma once

#include <capnp/message.h>

#include <cstddef>
#include <vector>

#include "journal/record.h"

namespace reprise::journal {

class RecordBatch {
 public:
  RecordBatch();
  RecordBatch(const RecordBatch&) = delete;
  RecordBatch& operator=(const RecordBatch&) = delete;
  RecordBatch(RecordBatch&& other) noexcept;
  RecordBatch& operator=(RecordBatch&& other) noexcept;

  // Appends a record of struct T. `fill` gets T::Builder and must be a pure function of what it
  // captured: it runs again with more room when the message did not fit. `extra_words` is the room for
  // lists and text beyond the struct itself (a list of n levels: 1 + 2 * n).
  // The type code, body size and flags for outputs are set here.
  template <class T, class Fill>
  RecordHeader& append(RecordType type, RecordHeader header, Fill&& fill, std::size_t extra_words = 0) {
    constexpr std::size_t fixed = 1 + T::_capnpPrivate::dataWordSize + T::_capnpPrivate::pointerCount;
    for (std::size_t room = fixed + extra_words;; room = room * 2 + 8) {
      capnp::word* words = reserve(room);
      InPlaceMessage message(words, room);
      fill(message.template initRoot<T>());
      const std::size_t used = message.used_words();
      if (used != 0) {
        header.set_type(type);
        return finish(header, used);
      }
    }
  }

  // Copies a record with another header (re-sequencing an input into a run).
  void append_copy(const RecordHeader& header, const capnp::word* body, std::size_t body_words);

  void clear() {
    size_words_ = 0;
    count_ = 0;
  }
  bool empty() const { return count_ == 0; }
  std::size_t count() const { return count_; }
  const std::byte* bytes() const { return reinterpret_cast<const std::byte*>(words_); }
  std::size_t size_bytes() const { return size_words_ * sizeof(capnp::word); }

  // Calls f(RecordView) for each record; the first has seq `first_seq`.
  template <class F>
  void for_each(Seq first_seq, F&& f) const {
    const std::byte* at = bytes();
    for (std::size_t i = 0; i < count_; ++i) {
      RecordView view{first_seq + i, reinterpret_cast<const RecordHeader*>(at)};
      f(view);
      at += view.total_bytes();
    }
  }

 private:
  // One segment in the batch's own memory. When the message needs a second segment it did not fit:
  // used_words() is 0 then, and the extra segments live on the heap until destruction.
  class InPlaceMessage final : public capnp::MessageBuilder {
   public:
    InPlaceMessage(capnp::word* words, std::size_t room) : words_(words), room_(room) {}
    ~InPlaceMessage() noexcept(false) override;
    kj::ArrayPtr<capnp::word> allocateSegment(capnp::uint minimum_size) override;
    std::size_t used_words() {
      auto segments = getSegmentsForOutput();
      return segments.size() == 1 ? segments[0].size() : 0;
    }

   private:
    capnp::word* words_;
    std::size_t room_;
    bool given_ = false;
    std::vector<capnp::word*> overflow_;
  };

  capnp::word* reserve(std::size_t body_room);  // zeroed space for a body behind a header to come
  RecordHeader& finish(RecordHeader header, std::size_t body_words);

  std::vector<std::uint64_t> storage_;  // capnp::word cannot move, so a vector of it cannot grow
  capnp::word* words_ = nullptr;
  std::size_t size_words_ = 0;
  std::size_t count_ = 0;
};

}  // namespace reprise::journal
