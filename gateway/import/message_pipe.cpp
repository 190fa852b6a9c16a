#include "gateway/import/message_pipe.h"

#include <cstring>
#include <optional>
#include <thread>

#include "gateway/import/conveyor.h"

namespace reprise::gateway {

namespace {

// A chunk ends with the line that fills one of these: large enough that handing over costs nothing, small enough
// that two of them lie in a core's cache.
constexpr std::size_t kChunkMessages = 256;
constexpr std::size_t kChunkTextBytes = 128u << 10;
constexpr std::size_t kChunksAhead = 8;
constexpr std::size_t kChunksToWake = 3;
constexpr std::size_t kBlocksAhead = 3;

}  // namespace

struct MessagePipe::Impl {
  Impl(TextReader t, std::unique_ptr<FormatReader> r) : text(std::move(t)), reader(std::move(r)) {}

  TextReader text;  // the reading thread's
  Conveyor<TextBlock> blocks{kBlocksAhead, 1};

  // The parsing thread's.
  std::unique_ptr<FormatReader> reader;
  MessageChunk* open = nullptr;
  std::size_t open_bytes = 0;
  std::uint64_t line = 0;

  Conveyor<MessageChunk> chunks{kChunksAhead, kChunksToWake};
  std::thread reading;
  std::thread parsing;

  void read() {
    while (TextBlock* block = blocks.take_empty()) {
      Result<bool> got = text.next(*block);
      if (got.ok() && !*got) return blocks.finish(std::nullopt);
      if (!got.ok()) {
        // Whole lines before the damage.
        const void* last = block->size == 0 ? nullptr : memrchr(block->data.data(), '\n', block->size);
        block->size =
            last == nullptr ? 0 : static_cast<std::size_t>(static_cast<const char*>(last) - block->data.data()) + 1;
      }
      blocks.hand_over();
      if (!got.ok()) return blocks.finish(got.error());
    }
  }

  void parse() {
    if (!take_empty()) return;
    for (;;) {
      Result<TextBlock*> block = blocks.next();
      if (!block.ok()) return finish(block.error());
      if (*block == nullptr) break;
      if (!take_block(**block)) return;
    }
    reader->finish(*open);
    open->close_group();
    finish(std::nullopt);
  }

  // The lines of a block; false when the owner wants no more.
  bool take_block(const TextBlock& block) {
    open->file_bytes_read = block.file_bytes_read;
    open->text_bytes += block.is_overlong ? block.line_bytes : block.size;
    if (block.is_overlong) {
      open->skip("line longer than 8 MiB", ++line);
      return true;
    }
    for (std::size_t at = 0; at < block.size;) {
      const char* const begin = block.data.data() + at;
      const std::size_t room = block.size - at;
      const void* end = std::memchr(begin, '\n', room);
      std::size_t length = end == nullptr ? room : static_cast<std::size_t>(static_cast<const char*>(end) - begin);
      const std::size_t used = length + (end == nullptr ? 0 : 1);
      at += used;
      open_bytes += used;
      if (length != 0 && begin[length - 1] == '\r') --length;
      take_line({begin, length});
      if (open->messages.size() < kChunkMessages && open_bytes < kChunkTextBytes) continue;
      hand_over();
      if (!take_empty()) return false;
      open->file_bytes_read = block.file_bytes_read;
    }
    return true;
  }

  void take_line(std::string_view text_line) {
    ++line;
    if (text_line.size() > kMaxLineBytes) return open->skip("line longer than 8 MiB", line);
    reader->on_line(text_line, line, *open);
    open->close_group();
  }

  bool take_empty() {
    open = chunks.take_empty();
    if (open == nullptr) return false;
    open->clear();
    open_bytes = 0;
    return true;
  }

  void hand_over() {
    open->lines = line;
    chunks.hand_over();
  }

  void finish(std::optional<Error> problem) {
    hand_over();
    chunks.finish(std::move(problem));
  }
};

MessagePipe::MessagePipe(TextReader text, std::unique_ptr<FormatReader> reader)
    : impl_(std::make_unique<Impl>(std::move(text), std::move(reader))) {
  impl_->reading = std::thread([impl = impl_.get()] { impl->read(); });
  impl_->parsing = std::thread([impl = impl_.get()] { impl->parse(); });
}

MessagePipe::~MessagePipe() {
  impl_->blocks.stop();
  impl_->chunks.stop();
  impl_->reading.join();
  impl_->parsing.join();
}

Result<MessageChunk*> MessagePipe::next() {
  return impl_->chunks.next();
}

}  // namespace reprise::gateway
