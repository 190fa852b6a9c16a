#include "gateway/import/text_reader.h"

#include <archive.h>
#include <archive_entry.h>

#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>

namespace reprise::gateway {

namespace {

constexpr std::size_t kReadBytes = 256u << 10;
constexpr std::size_t kBlockBytes = 256u << 10;
constexpr std::size_t kBlocksAhead = 3;
constexpr std::size_t kKeptOfOverlong = 256;
constexpr const char* kAgain = "download or copy the file again and check its size";

struct ArchiveCloser {
  void operator()(archive* a) const { archive_read_free(a); }
};
using ArchivePtr = std::unique_ptr<archive, ArchiveCloser>;

std::string archive_text(archive* a) {
  const char* text = archive_error_string(a);
  return text == nullptr ? "unknown error" : text;
}

Result<ArchivePtr> open_archive(const std::string& path) {
  std::error_code code;
  const auto status = std::filesystem::status(path, code);
  if (!std::filesystem::exists(status)) return io_error(path + ": no such file", "check the path");
  if (std::filesystem::is_directory(status)) return usage_error(path + ": is a directory", "name the files in it");
  ArchivePtr a(archive_read_new());
  if (a == nullptr) return io_error(path + ": libarchive has no memory");
  archive_read_support_filter_gzip(a.get());
  archive_read_support_filter_zstd(a.get());
  archive_read_support_filter_xz(a.get());
  archive_read_support_filter_lzma(a.get());
  archive_read_support_filter_bzip2(a.get());
  archive_read_support_format_zip(a.get());
  archive_read_support_format_raw(a.get());
  archive_read_support_format_empty(a.get());
  if (archive_read_open_filename(a.get(), path.c_str(), kReadBytes) != ARCHIVE_OK) {
    const int code_number = archive_errno(a.get());
    const std::string text = archive_text(a.get());
    if (code_number == EACCES || code_number == EPERM) {
      return io_error(path + ": no permission to read", "give yourself read permission (chmod u+r)");
    }
    if (code_number == ENOENT || code_number == EISDIR || code_number == EIO)
      return io_error(path + ": " + text, "check the path");
    return corrupt_error(path + ": " + text, kAgain);
  }
  return a;
}

// Text entries only: no folders, no resource forks of other systems.
bool is_text_entry(archive_entry* entry) {
  const char* name = archive_entry_pathname(entry);
  if (name != nullptr && std::strncmp(name, "__MACOSX/", 9) == 0) return false;
  const auto type = archive_entry_filetype(entry);
  return type == 0 || type == AE_IFREG;
}

bool is_zip(archive* a) {
  return (archive_format(a) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_ZIP;
}

}  // namespace

Result<std::vector<std::string>> list_entries(const std::string& path) {
  Result<ArchivePtr> opened = open_archive(path);
  if (!opened.ok()) return opened.error();
  archive* a = opened->get();
  std::vector<std::string> names;
  for (;;) {
    archive_entry* entry = nullptr;
    const int code = archive_read_next_header(a, &entry);
    if (code == ARCHIVE_EOF) break;
    if (code != ARCHIVE_OK && code != ARCHIVE_WARN) return corrupt_error(path + ": " + archive_text(a), kAgain);
    if (!is_text_entry(entry)) continue;
    const char* name = archive_entry_pathname(entry);
    if (!is_zip(a)) {
      names.emplace_back();
      break;
    }
    names.emplace_back(name == nullptr ? "" : name);
  }
  if (names.empty()) return corrupt_error(path + ": empty", "there is nothing to import in it; leave it out");
  return names;
}

struct TextReader::Impl {
  std::string path;
  ArchivePtr source;
  std::size_t block_bytes = kBlockBytes;
  std::vector<char> rest;  // beginning of a line whose end has not been read yet
  std::uint64_t text_bytes = 0;
  bool is_first = true;
  bool at_end = false;
  bool is_done = false;

  // Reads up to `room` bytes; 0 at the end.
  Result<std::size_t> read(char* to, std::size_t room) {
    const la_ssize_t got = archive_read_data(source.get(), to, room);
    if (got < 0) {
      at_end = is_done = true;
      return corrupt_error(
          path + ": damaged behind " + std::to_string(text_bytes) + " bytes of text: " + archive_text(source.get()),
          kAgain);
    }
    text_bytes += static_cast<std::uint64_t>(got);
    if (got == 0) at_end = true;
    return static_cast<std::size_t>(got);
  }
};

TextReader::TextReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TextReader::TextReader(TextReader&&) noexcept = default;
TextReader& TextReader::operator=(TextReader&&) noexcept = default;
TextReader::~TextReader() = default;

void TextReader::set_block_bytes(std::size_t bytes) {
  impl_->block_bytes = bytes;
}

Result<TextReader> TextReader::open(const std::string& path, std::size_t wanted) {
  Result<ArchivePtr> opened = open_archive(path);
  if (!opened.ok()) return opened.error();
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  impl->source = std::move(*opened);
  std::size_t place = 0;
  for (;;) {
    archive_entry* entry = nullptr;
    const int code = archive_read_next_header(impl->source.get(), &entry);
    if (code == ARCHIVE_EOF) return corrupt_error(path + ": empty", "there is nothing to import in it; leave it out");
    if (code != ARCHIVE_OK && code != ARCHIVE_WARN) {
      return corrupt_error(path + ": " + archive_text(impl->source.get()), kAgain);
    }
    if (is_text_entry(entry) && place++ == wanted) break;
  }
  return TextReader(std::move(impl));
}

Result<bool> TextReader::next(TextBlock& block) {
  Impl& in = *impl_;
  block.size = 0;
  block.is_overlong = false;
  block.line_bytes = 0;
  if (in.is_done) return false;

  const auto finish = [&] {
    block.file_bytes_read =
        static_cast<std::uint64_t>(std::max<la_int64_t>(0, archive_filter_bytes(in.source.get(), -1)));
  };
  if (block.data.size() < in.block_bytes + kReadBytes) block.data.resize(in.block_bytes + kReadBytes);
  if (!in.rest.empty()) {
    if (block.data.size() < in.rest.size() + in.block_bytes) block.data.resize(in.rest.size() + in.block_bytes);
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
    if (block.size >= in.block_bytes) {
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
        std::vector<char> scratch(kReadBytes);
        for (;;) {
          Result<std::size_t> got = in.read(scratch.data(), scratch.size());
          if (!got.ok()) return got.error();
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
    if (block.data.size() - block.size < kReadBytes) block.data.resize(block.data.size() * 2);
    Result<std::size_t> got =
        in.read(block.data.data() + block.size, std::min(block.data.size() - block.size, kReadBytes));
    if (!got.ok()) {
      // What came before the damage is still good up to its last whole line; the error follows it.
      return got.error();
    }
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

struct PrefetchReader::Impl {
  explicit Impl(TextReader r) : reader(std::move(r)) {}

  TextReader reader;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<TextBlock> ready;
  std::deque<TextBlock> spare;
  std::optional<Error> error;
  bool at_end = false;
  bool is_stopping = false;
  TextBlock current;
  std::thread worker;

  void run() {
    for (;;) {
      TextBlock block;
      {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return is_stopping || ready.size() < kBlocksAhead; });
        if (is_stopping) return;
        if (!spare.empty()) {
          block = std::move(spare.front());
          spare.pop_front();
        }
      }
      Result<bool> got = reader.next(block);
      const std::lock_guard lock(mutex);
      if (!got.ok()) {
        if (block.size != 0) {
          // Whole lines read before the damage.
          const void* last = memrchr(block.data.data(), '\n', block.size);
          block.size =
              last == nullptr ? 0 : static_cast<std::size_t>(static_cast<const char*>(last) - block.data.data()) + 1;
          if (block.size != 0) ready.push_back(std::move(block));
        }
        error = got.error();
        at_end = true;
      } else if (!*got) {
        at_end = true;
      } else {
        ready.push_back(std::move(block));
      }
      changed.notify_all();
      if (at_end) return;
    }
  }
};

PrefetchReader::PrefetchReader(TextReader reader) : impl_(std::make_unique<Impl>(std::move(reader))) {
  impl_->worker = std::thread([impl = impl_.get()] { impl->run(); });
}

PrefetchReader::~PrefetchReader() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->is_stopping = true;
  }
  impl_->changed.notify_all();
  impl_->worker.join();
}

Result<const TextBlock*> PrefetchReader::next() {
  std::unique_lock lock(impl_->mutex);
  if (impl_->current.data.capacity() != 0) impl_->spare.push_back(std::move(impl_->current));
  impl_->current = TextBlock{};
  impl_->changed.wait(lock, [&] { return !impl_->ready.empty() || impl_->at_end; });
  if (impl_->ready.empty()) {
    if (impl_->error) return *impl_->error;
    return static_cast<const TextBlock*>(nullptr);
  }
  impl_->current = std::move(impl_->ready.front());
  impl_->ready.pop_front();
  impl_->changed.notify_all();
  return static_cast<const TextBlock*>(&impl_->current);
}

}  // namespace reprise::gateway
