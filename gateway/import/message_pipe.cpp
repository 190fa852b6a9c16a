#include "gateway/import/message_pipe.h"

#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

namespace reprise::gateway {

namespace {

// A chunk ends with the line that fills one of these: large enough that handing over costs nothing, small enough
// that two of them lie in a core's cache.
constexpr std::size_t kChunkMessages = 256;
constexpr std::size_t kChunkTextBytes = 128u << 10;
constexpr std::size_t kChunksAhead = 4;

}  // namespace

struct MessagePipe::Impl {
  Impl(TextReader t, std::unique_ptr<FormatReader> r) : text(std::move(t)), reader(std::move(r)) {}

  // The worker's.
  TextReader text;
  std::unique_ptr<FormatReader> reader;
  std::unique_ptr<MessageChunk> open;
  std::size_t open_bytes = 0;
  std::uint64_t line = 0;

  // Handed over under `mutex`.
  std::mutex mutex;
  std::condition_variable to_worker;
  std::condition_variable to_owner;
  std::deque<std::unique_ptr<MessageChunk>> ready;
  std::vector<std::unique_ptr<MessageChunk>> spare;
  std::optional<Error> error;
  bool at_end = false;
  bool is_stopping = false;

  // The owner's.
  std::unique_ptr<MessageChunk> current;
  std::thread worker;

  // An empty chunk to fill; false when the owner wants no more.
  bool take_empty() {
    {
      std::unique_lock lock(mutex);
      to_worker.wait(lock, [&] { return is_stopping || ready.size() < kChunksAhead; });
      if (is_stopping) return false;
      if (!spare.empty()) {
        open = std::move(spare.back());
        spare.pop_back();
      }
    }
    if (open == nullptr) open = std::make_unique<MessageChunk>();
    open->clear();
    open_bytes = 0;
    return true;
  }

  void hand_over() {
    open->lines = line;
    const std::lock_guard lock(mutex);
    ready.push_back(std::move(open));
    to_owner.notify_one();
  }

  void take_line(std::string_view text_line) {
    ++line;
    if (text_line.size() > kMaxLineBytes) return open->skip("line longer than 8 MiB", line);
    reader->on_line(text_line, line, *open);
    open->close_group();
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

  void run() {
    TextBlock block;
    if (!take_empty()) return;
    for (;;) {
      Result<bool> got = text.next(block);
      if (!got.ok()) {
        // Whole lines before the damage.
        const void* last = block.size == 0 ? nullptr : memrchr(block.data.data(), '\n', block.size);
        block.size =
            last == nullptr ? 0 : static_cast<std::size_t>(static_cast<const char*>(last) - block.data.data()) + 1;
      }
      if (got.ok() && !*got) break;
      if (!take_block(block)) return;
      if (!got.ok()) return finish(got.error());
    }
    reader->finish(*open);
    open->close_group();
    finish(std::nullopt);
  }

  void finish(std::optional<Error> problem) {
    hand_over();
    const std::lock_guard lock(mutex);
    error = std::move(problem);
    at_end = true;
    to_owner.notify_one();
  }
};

MessagePipe::MessagePipe(TextReader text, std::unique_ptr<FormatReader> reader)
    : impl_(std::make_unique<Impl>(std::move(text), std::move(reader))) {
  impl_->worker = std::thread([impl = impl_.get()] { impl->run(); });
}

MessagePipe::~MessagePipe() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->is_stopping = true;
  }
  impl_->to_worker.notify_one();
  impl_->worker.join();
}

Result<MessageChunk*> MessagePipe::next() {
  Impl& pipe = *impl_;
  std::unique_lock lock(pipe.mutex);
  if (pipe.current != nullptr) pipe.spare.push_back(std::move(pipe.current));
  pipe.to_owner.wait(lock, [&] { return !pipe.ready.empty() || pipe.at_end; });
  if (pipe.ready.empty()) {
    if (pipe.error) return *pipe.error;
    return static_cast<MessageChunk*>(nullptr);
  }
  pipe.current = std::move(pipe.ready.front());
  pipe.ready.pop_front();
  lock.unlock();
  pipe.to_worker.notify_one();
  return pipe.current.get();
}

}  // namespace reprise::gateway
