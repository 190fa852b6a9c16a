// The TAIL page of an unfinished journal: how far it was appended and how far it was durable.
//
// One mapped 4 KiB page. Stores are plain memory stores: they cost about a nanosecond and survive the
// death of the process. Each number stands twice, each copy with its own check word, written in order, so
// that whatever instant the process dies at, one copy is whole.
//
//   offset size field
//        0    8 magic "RPTAIL01"
//        8   32 appended_seq: value, check, value, check
//       40   32 durable_seq:  value, check, value, check
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "journal/record.h"
#include "journal/result.h"

namespace reprise::journal {

struct TailNumbers {
  Seq appended = 0;
  Seq durable = 0;
};

// Whether another process holds the journal for writing. Not for a process that writes the journal itself: it would
// lose its lock (POSIX drops them when any descriptor of the file is closed).
bool has_writer(const std::string& path);

class Tail {
 public:
  static Result<Tail> create(const std::string& path);       // path of the journal directory
  static Result<Tail> open(const std::string& path);         // for writing
  static Result<TailNumbers> load(const std::string& path);  // read-only

  Tail() = default;
  Tail(Tail&& other) noexcept : words_(other.words_) { other.words_ = nullptr; }
  Tail& operator=(Tail&& other) noexcept {
    std::swap(words_, other.words_);
    return *this;
  }
  ~Tail();

  void set_appended(Seq seq) { put(1, seq); }
  void set_durable(Seq seq) { put(5, seq); }
  Status sync();

  static std::uint64_t check_word(std::uint64_t value) { return (value + 0x9e3779b97f4a7c15u) * 0xbf58476d1ce4e5b9u; }

 private:
  void put(std::size_t at, std::uint64_t value) {
    const std::uint64_t check = check_word(value);
    store(at, value);
    store(at + 1, check);
    store(at + 2, value);
    store(at + 3, check);
  }
  // Release order keeps the compiler from reordering the four stores; it costs nothing on x86.
  void store(std::size_t at, std::uint64_t value) { __atomic_store_n(words_ + at, value, __ATOMIC_RELEASE); }

  std::uint64_t* words_ = nullptr;
};

}  // namespace reprise::journal
