// A text that must not leak: an API key's secret, a private key.
//
// It lives in pages of its own that are locked in memory (where the limit on locked memory allows), left out of core
// files, and wiped when the Secret goes or moves on. It cannot be copied by accident, printed or turned into a string;
// reveal() says where somebody looks. Thread-safe for reading. Running out of memory throws std::bad_alloc.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace reprise::gateway::binance {

// Zeros that the compiler does not optimise away.
void wipe(std::span<char> bytes);
// All of the string's capacity, and makes it empty.
void wipe(std::string& text);

class Secret {
 public:
  Secret() = default;
  static Secret copy_of(std::string_view text);  // whoever owns `text` wipes it
  static Secret taken_from(std::string& text);   // wipes `text`
  static Secret of_size(std::size_t size);       // zeros, to be filled through bytes()
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();

  Secret clone() const { return copy_of(reveal()); }
  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  // As long as this Secret stays where it is.
  std::string_view reveal() const { return {data_, size_}; }
  std::span<char> bytes() { return {data_, size_}; }
  // Keeps the first `size` bytes and wipes the others.
  void shorten(std::size_t size);

  bool is_locked() const { return is_locked_; }  // never swapped out
  bool is_kept_out_of_core_files() const { return is_kept_out_of_cores_; }

 private:
  void release();

  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t mapped_ = 0;
  bool is_locked_ = false;
  bool is_kept_out_of_cores_ = false;
};

}  // namespace reprise::gateway::binance
