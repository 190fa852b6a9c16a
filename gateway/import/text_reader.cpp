#include "gateway/import/text_reader.h"

#include <cstring>
#include <optional>

namespace reprise::gateway {

namespace {

constexpr std::size_t kLineReadBytes = 256u << 10;
constexpr std::size_t kBlockBytes = 256u << 10;
constexpr std::size_t kKeptOfOverlong = 256;

}  // namespace

struct TextReader::Impl {
  std::string path;
  std::unique_ptr<ByteSource> source;
  std::vector<char> rest;  // beginning of a line whose end has not been read yet
  std::uint64_t text_bytes = 0;
  std::optional<Error> damage;
  bool source_ended = false;
  bool is_first = true;
  bool at_end = false;
  bool is_done = false;

  // Fills `room` unless the text ends or breaks before; 0 at the end. Blocks end at the same places whatever
  // portions the source gives.
  Result<std::size_t> read(char* to, std::size_t room) {
    std::size_t filled = 0;
    while (filled < room && !source_ended && !damage) {
      Result<std::size_t> got = source->read(to + filled, room - filled);
      if (!got.ok()) {
        damage = got.error();
      } else {
        source_ended = *got == 0;
        filled += *got;
      }
    }
    text_bytes += filled;
    if (filled != 0) return filled;
    at_end = true;
    if (!damage) return filled;
    is_done = true;
    damage->message = path + ": damaged behind " + std::to_string(text_bytes) + " bytes of text: " + damage->message;
    return *damage;
  }
};

TextReader::TextReader(const std::string& path, std::unique_ptr<ByteSource> source) : impl_(std::make_unique<Impl>()) {
  impl_->path = path;
  impl_->source = std::move(source);
}
TextReader::TextReader(TextReader&&) noexcept = default;
TextReader& TextReader::operator=(TextReader&&) noexcept = default;
TextReader::~TextReader() = default;

Result<TextReader> TextReader::open(const std::string& path, std::size_t entry) {
  Result<std::unique_ptr<ByteSource>> source = open_bytes(path, entry);
  if (!source.ok()) return source.error();
  return TextReader(path, std::move(*source));
}

Result<bool> TextReader::next(TextBlock& block) {
  Impl& in = *impl_;
  block.size = 0;
  block.is_overlong = false;
  block.line_bytes = 0;
  if (in.is_done) return false;

  const auto finish = [&] { block.file_bytes_read = in.source->file_bytes_read(); };
  if (block.data.size() < kBlockBytes + kLineReadBytes) block.data.resize(kBlockBytes + kLineReadBytes);
  if (!in.rest.empty()) {
    if (block.data.size() < in.rest.size() + kBlockBytes) block.data.resize(in.rest.size() + kBlockBytes);
    std::memcpy(block.data.data(), in.rest.data(), in.rest.size());
    block.size = in.rest.size();
    in.rest.clear();
  }
  for (;;) {
    if (in.at_end) {
      in.is_done = true;
      finish();
      return block.size != 0;
    }
    if (block.size >= kBlockBytes) {
      const void* last = memrchr(block.data.data(), '\n', block.size);
      if (last != nullptr) {
        const std::size_t whole = static_cast<std::size_t>(static_cast<const char*>(last) - block.data.data()) + 1;
        in.rest.assign(block.data.begin() + static_cast<std::ptrdiff_t>(whole),
                       block.data.begin() + static_cast<std::ptrdiff_t>(block.size));
        block.size = whole;
        finish();
        return true;
      }
      if (block.size > kMaxLineBytes) {
        // No end in sight: keep the beginning, drop what follows up to the end of the line.
        std::uint64_t dropped = block.size;
        std::vector<char> scratch(kLineReadBytes);
        for (;;) {
          Result<std::size_t> got = in.read(scratch.data(), scratch.size());
          if (!got.ok()) {
            block.size = 0;  // the line is too long to be given as one
            return got.error();
          }
          if (*got == 0) break;
          const void* end = std::memchr(scratch.data(), '\n', *got);
          if (end == nullptr) {
            dropped += *got;
            continue;
          }
          const std::size_t used = static_cast<std::size_t>(static_cast<const char*>(end) - scratch.data()) + 1;
          dropped += used - 1;
          in.rest.assign(scratch.begin() + static_cast<std::ptrdiff_t>(used),
                         scratch.begin() + static_cast<std::ptrdiff_t>(*got));
          break;
        }
        block.is_overlong = true;
        block.line_bytes = dropped;
        block.size = kKeptOfOverlong;
        if (in.rest.empty() && in.at_end) in.is_done = true;
        finish();
        return true;
      }
    }
    if (block.data.size() - block.size < kLineReadBytes) block.data.resize(block.data.size() * 2);
    Result<std::size_t> got =
        in.read(block.data.data() + block.size, std::min(block.data.size() - block.size, kLineReadBytes));
    if (!got.ok()) return got.error();
    if (in.is_first && *got >= 3 && std::memcmp(block.data.data(), "\xEF\xBB\xBF", 3) == 0) {
      std::memmove(block.data.data(), block.data.data() + 3, *got - 3);  // byte order mark
      block.size = *got - 3;
      in.is_first = false;
      continue;
    }
    if (*got != 0) in.is_first = false;
    block.size += *got;
  }
}

}  // namespace reprise::gateway
