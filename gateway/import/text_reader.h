// Text out of files, compressed or not: whole lines in blocks, with bounded memory.
//
// TextReader reads one entry of one file (a zip may hold several; byte_source.h lists them). A block ends with a
// complete line; a line longer than kMaxLineBytes becomes a block of its own that says so and keeps only its
// beginning. Damage (a cut or broken archive) is an Error that comes after the lines before it. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/import/byte_source.h"
#include "journal/result.h"

namespace reprise::gateway {

inline constexpr std::size_t kMaxLineBytes = 8u << 20;

struct TextBlock {
  std::vector<char> data;  // `size` bytes of text; every line ends with '\n' except maybe the last of the entry
  std::size_t size = 0;
  bool is_overlong = false;  // one line, cut: `size` bytes of `line_bytes`
  std::uint64_t line_bytes = 0;
  std::uint64_t file_bytes_read = 0;  // of the compressed file, for progress

  std::string_view text() const { return {data.data(), size}; }
};

class TextReader {
 public:
  // entry: place in list_entries().
  static Result<TextReader> open(const std::string& path, std::size_t entry);
  TextReader(const std::string& path, std::unique_ptr<ByteSource> source);
  TextReader(TextReader&&) noexcept;
  TextReader& operator=(TextReader&&) noexcept;
  ~TextReader();

  // Fills `block` with the next lines; false at the end. With an Error the block holds what could be read of its
  // lines (the last one may be cut), and there is nothing more.
  Result<bool> next(TextBlock& block);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace reprise::gateway
