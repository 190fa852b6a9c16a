// Decoded blocks: records of one stored block (or of several small ones in a row), checked and ready to
// be read unchecked. Internal to journal/; other rooms hold BlockHandles without looking inside.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "journal/digest.h"
#include "journal/journal_reader.h"

namespace reprise::journal {

class DecodedBlock {
 public:
  std::unique_ptr<capnp::word[]> words;
  std::size_t capacity = 0;  // bytes
  std::size_t begin = 0;     // bytes of the first block that lie before the wanted position
  std::size_t size = 0;
  Seq first_seq = 0;        // of the record at `begin`
  std::uint64_t count = 0;  // from `begin` on
  bool in_chain = false;    // digests are meaningful: everything before was read too
  RunningDigest before;     // state in front of `begin`
  Digest after;

  std::byte* data() { return reinterpret_cast<std::byte*>(words.get()); }
  const std::byte* data() const { return reinterpret_cast<const std::byte*>(words.get()); }

  void reserve(std::size_t bytes) {
    if (bytes <= capacity) return;
    auto bigger = std::unique_ptr<capnp::word[]>(new capnp::word[(bytes + 7) / 8]);
    if (size != 0) std::memcpy(static_cast<void*>(bigger.get()), data(), size);
    words = std::move(bigger);
    capacity = (bytes + 7) / 8 * 8;
  }
};

// Gives blocks out and takes them back when their last handle goes: mapping fresh memory for every
// block costs more than decoding it. Thread-safe; outlives the reader while handles are held.
class BlockPool : public std::enable_shared_from_this<BlockPool> {
 public:
  std::shared_ptr<DecodedBlock> take() {
    std::unique_ptr<DecodedBlock> block;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (!free_.empty()) {
        block = std::move(free_.back());
        free_.pop_back();
      }
    }
    if (!block) block = std::make_unique<DecodedBlock>();
    block->begin = block->size = 0;
    block->first_seq = 0;
    block->count = 0;
    block->in_chain = false;
    return {block.release(), [pool = shared_from_this()](DecodedBlock* b) { pool->give_back(b); }};
  }

 private:
  static constexpr std::size_t kKept = 8;
  static constexpr std::size_t kLargestKept = 4u << 20;

  void give_back(DecodedBlock* raw) {
    std::unique_ptr<DecodedBlock> block(raw);
    if (block->capacity > kLargestKept) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    if (free_.size() < kKept) free_.push_back(std::move(block));
  }

  std::mutex mutex_;
  std::vector<std::unique_ptr<DecodedBlock>> free_;
};

}  // namespace reprise::journal
