#include "engine/market/book_side.h"

#include <algorithm>

namespace reprise {

namespace {
constexpr std::size_t kSlots = BookChunk::kSlots;
constexpr std::size_t kMaxLevels = BookChunk::kMaxLevels;
static_assert((kSlots & (kSlots - 1)) == 0);

// A chunk that was split has to lose some levels before it is merged, one that was merged or loaded has to gain some
// before it is split: levels that come and go at a border do not move half a chunk each time.
constexpr std::size_t kSmall = kSlots / 4;
constexpr std::size_t kWellFilled = kSlots * 3 / 4;
}  // namespace

std::size_t BestFirst::size() const {
  std::size_t levels = 0;
  for (const BookChunkRef& ref : refs_) levels += ref.count;
  return levels;
}

const Level& BestFirst::operator[](std::size_t place_from_best) const {
  std::size_t chunk = refs_.size() - 1;
  while (place_from_best >= refs_[chunk].count) place_from_best -= refs_[chunk--].count;
  return store_[refs_[chunk].place].slots[refs_[chunk].count - 1 - place_from_best];
}

// The one chunk that may hold the price. There is at least one.
template <BookSideKind kSide>
std::size_t BookSide<kSide>::chunk_for(Price price) const {
  const Price* from = from_.data();
  std::size_t chunk = 0;
  for (std::size_t left = from_.size(); left > 1;) {
    const std::size_t half = left / 2;
    chunk += is_worse(price, from[chunk + half]) ? 0 : half;
    left -= half;
  }
  return chunk;
}

// The first slot whose price is not worse. Written so that compilers make conditional moves of the steps: unrolled, or
// with a pointer in place of the number, GCC 12 makes branches of them, which takes half as long again.
template <BookSideKind kSide>
std::size_t BookSide<kSide>::slot_for(const BookChunk& chunk, Price price) {
  std::size_t slot = 0;
  for (std::size_t half = kSlots / 2; half > 0; half /= 2) {
    slot += is_worse(chunk.slots[slot + half - 1].price, price) ? half : 0;
  }
  return slot;
}

// Of a price that belongs to the chunk. Inlined: the call costs 5 % of a change.
template <BookSideKind kSide>
[[gnu::always_inline]] inline Qty BookSide<kSide>::set_in(std::size_t at, Price price, Qty qty) {
  const BookChunkRef ref = refs_[at];
  BookChunk& chunk = store_[ref.place];
  const std::size_t slot = slot_for(chunk, price);
  Level& level = chunk.slots[slot];
  if (level.price == price && slot < ref.count) {
    const Qty before = level.qty;
    if (qty.is_positive()) {
      level.qty = qty;
    } else {
      erase(at, slot);
    }
    return before;
  }
  if (qty.is_positive()) insert(at, slot, {price, qty});
  return Qty::zero();
}

template <BookSideKind kSide>
Qty BookSide<kSide>::set(Price price, Qty qty) {
  if (refs_.empty()) {
    if (!qty.is_positive()) return Qty::zero();
    add_chunk(0, price);
  }
  return set_in(chunk_for(price), price, qty);
}

template <BookSideKind kSide>
void BookSide<kSide>::apply(std::span<const Level> changes) {
  std::size_t at = 0;
  for (const Level& change : changes) {
    // Venues send changes in order of price: most belong to the chunk of the one before.
    const bool same_chunk = at < from_.size() && !is_worse(change.price, from_[at]) &&
                            (at + 1 == from_.size() || is_worse(change.price, from_[at + 1]));
    if (same_chunk) {
      set_in(at, change.price, change.qty);
    } else if (refs_.empty()) {
      set(change.price, change.qty);
    } else {
      at = chunk_for(change.price);
      set_in(at, change.price, change.qty);
    }
  }
}

template <BookSideKind kSide>
Qty BookSide<kSide>::qty_at(Price price) const {
  if (refs_.empty()) return Qty::zero();
  const BookChunkRef ref = refs_[chunk_for(price)];
  const BookChunk& chunk = store_[ref.place];
  const std::size_t slot = slot_for(chunk, price);
  const Level& level = chunk.slots[slot];
  return level.price == price && slot < ref.count ? level.qty : Qty::zero();
}

template <BookSideKind kSide>
void BookSide<kSide>::insert(std::size_t at, std::size_t slot, Level level) {
  if (refs_[at].count == kMaxLevels) {
    split(at);
    if (slot > refs_[at].count) slot -= refs_[at++].count;
  }
  BookChunkRef& ref = refs_[at];
  Level* const slots = store_[ref.place].slots.data();
  std::copy_backward(slots + slot, slots + ref.count, slots + ref.count + 1);
  slots[slot] = level;
  ++ref.count;
}

template <BookSideKind kSide>
void BookSide<kSide>::erase(std::size_t at, std::size_t slot) {
  BookChunkRef& ref = refs_[at];
  Level* const slots = store_[ref.place].slots.data();
  std::copy(slots + slot + 1, slots + ref.count + 1, slots + slot);  // with the empty slot behind the last
  --ref.count;
  if (ref.count == 0) {
    remove_chunk(at);
  } else if (ref.count <= kSmall) {
    if (at + 1 < refs_.size() && ref.count + refs_[at + 1].count <= kWellFilled) {
      merge_with_next(at);
    } else if (at > 0 && refs_[at - 1].count + ref.count <= kWellFilled) {
      merge_with_next(at - 1);
    }
  }
}

// An empty chunk at this place of the order, to be filled at once.
template <BookSideKind kSide>
void BookSide<kSide>::add_chunk(std::size_t at, Price from) {
  BookChunkRef ref;
  if (free_.empty()) {
    ref.place = static_cast<std::uint32_t>(store_.size());
    store_.emplace_back();
  } else {
    ref.place = free_.back();
    free_.pop_back();
  }
  store_[ref.place].slots.fill({kNoneIsBetter, Qty::zero()});
  from_.insert(from_.begin() + static_cast<std::ptrdiff_t>(at), from);
  refs_.insert(refs_.begin() + static_cast<std::ptrdiff_t>(at), ref);
}

template <BookSideKind kSide>
void BookSide<kSide>::remove_chunk(std::size_t at) {
  free_.push_back(refs_[at].place);
  from_.erase(from_.begin() + static_cast<std::ptrdiff_t>(at));
  refs_.erase(refs_.begin() + static_cast<std::ptrdiff_t>(at));
}

// The better half of the chunk becomes a chunk of its own.
template <BookSideKind kSide>
void BookSide<kSide>::split(std::size_t at) {
  const std::size_t count = refs_[at].count;
  const std::size_t kept = count / 2;
  add_chunk(at + 1, store_[refs_[at].place].slots[kept].price);
  Level* const slots = store_[refs_[at].place].slots.data();
  std::copy(slots + kept, slots + count, store_[refs_[at + 1].place].slots.data());
  std::fill(slots + kept, slots + count, Level{kNoneIsBetter, Qty::zero()});
  refs_[at].count = static_cast<std::uint32_t>(kept);
  refs_[at + 1].count = static_cast<std::uint32_t>(count - kept);
}

template <BookSideKind kSide>
void BookSide<kSide>::merge_with_next(std::size_t at) {
  BookChunkRef& ref = refs_[at];
  const BookChunkRef next = refs_[at + 1];
  const Level* const from = store_[next.place].slots.data();
  std::copy(from, from + next.count, store_[ref.place].slots.data() + ref.count);
  ref.count += next.count;
  remove_chunk(at + 1);
}

template <BookSideKind kSide>
void BookSide<kSide>::clear() {
  from_.clear();
  refs_.clear();
  store_.clear();
  free_.clear();
}

// False, and nothing is changed, when the levels are not best first or a quantity is not positive.
template <BookSideKind kSide>
bool BookSide<kSide>::load_in_order(std::span<const Level> levels) {
  for (std::size_t i = 0; i < levels.size(); ++i) {
    if (!levels[i].qty.is_positive()) return false;
    if (i != 0 && !is_worse(levels[i].price, levels[i - 1].price)) return false;
  }
  clear();
  const std::size_t chunks = (levels.size() + kWellFilled - 1) / kWellFilled;
  from_.reserve(chunks);
  refs_.reserve(chunks);
  store_.reserve(chunks);
  for (std::size_t end = levels.size(); end > 0;) {  // from the worst on, a chunk at a time
    const std::size_t count = std::min(end, kWellFilled);
    const std::span<const Level> part = levels.subspan(end - count, count);
    add_chunk(refs_.size(), part.back().price);
    refs_.back().count = static_cast<std::uint32_t>(count);
    std::copy(part.rbegin(), part.rend(), store_[refs_.back().place].slots.begin());
    end -= count;
  }
  return true;
}

template <BookSideKind kSide>
void BookSide<kSide>::load(std::span<const Level> levels) {
  if (load_in_order(levels)) return;
  clear();
  apply(levels);
}

template <BookSideKind kSide>
bool BookSide<kSide>::operator==(const BookSide& other) const {
  const BestFirst mine = best_first();
  const BestFirst theirs = other.best_first();
  return std::equal(mine.begin(), mine.end(), theirs.begin(), theirs.end());
}

template class BookSide<BookSideKind::bid>;
template class BookSide<BookSideKind::ask>;

}  // namespace reprise
