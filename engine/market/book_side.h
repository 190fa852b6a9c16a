// One side of an order book: its price levels in order, in chunks of a fixed size.
//
// Why chunks: a deep book changes all over its depth (of the levels that came and went in a recorded ETHUSDT book of
// 3,000 a side, a third stood behind the 1,000th), and in one contiguous vector each of them moves all levels that are
// better. Here it moves some of one chunk. Searches take no branch a step: where a price stands cannot be predicted.
//
// How levels are spread over chunks depends on the history of the side and is nobody's business: equality, iteration
// and what is persisted know the levels alone.
//
// Units: prices and quantities at 1e-8 (fixed.h). Quantities held are > 0; any int64 is good as a price. No errors.
// Owns its levels. Not thread-safe. References, iterators and views are valid until the next change. Chunks are used
// again: memory grows only with the largest number of them. A moved-from side may be cleared, assigned to or destroyed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <span>
#include <vector>

#include "engine/market/fixed.h"

namespace reprise {

enum class BookSideKind : std::uint8_t { bid, ask };
constexpr BookSideKind opposite(BookSideKind side) {
  return side == BookSideKind::bid ? BookSideKind::ask : BookSideKind::bid;
}

struct Level {
  Price price;
  Qty qty;
  bool operator==(const Level&) const = default;
  template <class Archive>
  void persist(Archive& archive) {
    archive.field("price", price);
    archive.field("qty", qty);
  }
};

// Levels next to each other, best last. Slots behind the last level hold a price that no level is better than, so that
// a search may look at all slots whatever their number of levels; the last slot never holds a level.
struct alignas(64) BookChunk {
  static constexpr std::size_t kSlots = 32;  // a power of two; half or twice as many are a little slower
  static constexpr std::size_t kMaxLevels = kSlots - 1;
  std::array<Level, kSlots> slots;
};

// Where a chunk lies in the side's store, and how many levels it holds (at least one).
struct BookChunkRef {
  std::uint32_t place = 0;
  std::uint32_t count = 0;
};

// The levels of a side, best first.
class BestFirst {
 public:
  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = Level;
    using difference_type = std::ptrdiff_t;
    using pointer = const Level*;
    using reference = const Level&;

    Iterator() = default;
    Iterator(const BookChunk* store, const BookChunkRef* refs, std::size_t chunks)
        : store_(store), refs_(refs), left_(chunks) {
      enter();
    }
    const Level& operator*() const { return *at_; }
    const Level* operator->() const { return at_; }
    Iterator& operator++() {
      if (at_ != worst_) {
        --at_;
      } else {
        --left_;
        enter();
      }
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      ++*this;
      return before;
    }
    bool operator==(const Iterator& other) const { return at_ == other.at_; }

   private:
    void enter() {  // the best chunk of those left
      if (left_ == 0) {
        at_ = worst_ = nullptr;
        return;
      }
      const BookChunkRef ref = refs_[left_ - 1];
      worst_ = store_[ref.place].slots.data();
      at_ = worst_ + ref.count - 1;
    }
    const BookChunk* store_ = nullptr;
    const BookChunkRef* refs_ = nullptr;
    std::size_t left_ = 0;
    const Level* at_ = nullptr;
    const Level* worst_ = nullptr;  // of the chunk
  };

  BestFirst(const BookChunk* store, std::span<const BookChunkRef> refs) : store_(store), refs_(refs) {}
  Iterator begin() const { return Iterator(store_, refs_.data(), refs_.size()); }
  Iterator end() const { return Iterator(); }
  bool empty() const { return refs_.empty(); }
  std::size_t size() const;                                    // O(chunks)
  const Level& operator[](std::size_t place_from_best) const;  // place < size(); O(chunks in front of it)

 private:
  const BookChunk* store_;
  std::span<const BookChunkRef> refs_;
};

template <BookSideKind kSide>
class BookSide {
 public:
  // Sets the absolute quantity at a price; a quantity <= 0 removes the level. Removing a level that is not there is
  // normal. Returns the quantity that stood there before (0 = none).
  Qty set(Price price, Qty qty);
  // set() for each of them, in their order.
  void apply(std::span<const Level> changes);
  // Replaces all levels. Any order is accepted (in order of price is fast), of equal prices the last one counts,
  // quantities <= 0 are left out.
  void load(std::span<const Level> levels);
  void clear();

  bool empty() const { return refs_.empty(); }
  std::size_t size() const { return best_first().size(); }  // O(chunks)
  // Of a side that is not empty.
  const Level& best() const { return store_[refs_.back().place].slots[refs_.back().count - 1]; }
  const Level& worst() const { return store_[refs_.front().place].slots[0]; }
  Qty qty_at(Price price) const;  // 0 = no such level
  BestFirst best_first() const { return {store_.data(), refs_}; }

  bool operator==(const BookSide& other) const;

 private:
  static constexpr Price kNoneIsBetter = {kSide == BookSideKind::bid ? std::numeric_limits<std::int64_t>::max()
                                                                     : std::numeric_limits<std::int64_t>::min()};
  // Whether a stands further from the best than b.
  static bool is_worse(Price a, Price b) { return kSide == BookSideKind::bid ? a < b : a > b; }

  std::size_t chunk_for(Price price) const;
  Qty set_in(std::size_t chunk, Price price, Qty qty);
  static std::size_t slot_for(const BookChunk& chunk, Price price);
  bool load_in_order(std::span<const Level> levels);
  void insert(std::size_t chunk, std::size_t slot, Level level);
  void erase(std::size_t chunk, std::size_t slot);
  void add_chunk(std::size_t at, Price from);
  void remove_chunk(std::size_t at);
  void split(std::size_t at);
  void merge_with_next(std::size_t at);

  // In step with each other, worst chunk first. No level of chunk i is worse than from_[i], all of the chunks in front
  // of it are; from_[0] is not looked at. The bounds of a chunk move when it is split or merged, never with its levels.
  std::vector<Price> from_;
  std::vector<BookChunkRef> refs_;
  std::vector<BookChunk> store_;
  std::vector<std::uint32_t> free_;  // places of the store that no chunk uses
};

extern template class BookSide<BookSideKind::bid>;
extern template class BookSide<BookSideKind::ask>;

}  // namespace reprise
