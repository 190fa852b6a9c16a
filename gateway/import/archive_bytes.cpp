// Bytes through libarchive, which knows every packing, and the choice between it and the gzip reader.
#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "gateway/import/byte_source.h"
#include "gateway/import/gzip_bytes.h"

namespace reprise::gateway {

namespace {

constexpr std::size_t kReadBytes = 256u << 10;
constexpr const char* kLeaveOut = "there is nothing to import in it; leave it out";

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
    return corrupt_error(path + ": " + text, kCopyAgain);
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

// libarchive gives its own blocks (64 KiB of a gzip, more of others): taking them as they come loses no more than
// the last of them where a file is cut.
class ArchiveBytes final : public ByteSource {
 public:
  explicit ArchiveBytes(ArchivePtr source) : source_(std::move(source)) {}

  Result<std::size_t> read(char* to, std::size_t room) override {
    while (left_ == 0) {
      const void* block = nullptr;
      la_int64_t offset = 0;
      const int code = archive_read_data_block(source_.get(), &block, &left_, &offset);
      if (code == ARCHIVE_EOF) return std::size_t{0};
      if (code != ARCHIVE_OK && code != ARCHIVE_WARN) {
        left_ = 0;
        return corrupt_error(archive_text(source_.get()), kCopyAgain);
      }
      at_ = static_cast<const char*>(block);
    }
    const std::size_t taken = std::min(room, left_);
    std::memcpy(to, at_, taken);
    at_ += taken;
    left_ -= taken;
    return taken;
  }
  std::uint64_t file_bytes_read() const override {
    return static_cast<std::uint64_t>(std::max<la_int64_t>(0, archive_filter_bytes(source_.get(), -1)));
  }

 private:
  ArchivePtr source_;
  const char* at_ = nullptr;
  std::size_t left_ = 0;
};

}  // namespace

Result<std::vector<std::string>> list_entries(const std::string& path) {
  if (open_gzip_bytes(path) != nullptr) return std::vector<std::string>(1);
  Result<ArchivePtr> opened = open_archive(path);
  if (!opened.ok()) return opened.error();
  archive* a = opened->get();
  std::vector<std::string> names;
  for (;;) {
    archive_entry* entry = nullptr;
    const int code = archive_read_next_header(a, &entry);
    if (code == ARCHIVE_EOF) break;
    if (code != ARCHIVE_OK && code != ARCHIVE_WARN) return corrupt_error(path + ": " + archive_text(a), kCopyAgain);
    if (!is_text_entry(entry)) continue;
    const char* name = archive_entry_pathname(entry);
    if (!is_zip(a)) {
      names.emplace_back();
      break;
    }
    names.emplace_back(name == nullptr ? "" : name);
  }
  if (names.empty()) return corrupt_error(path + ": empty", kLeaveOut);
  return names;
}

Result<std::unique_ptr<ByteSource>> open_archive_bytes(const std::string& path, std::size_t wanted) {
  Result<ArchivePtr> opened = open_archive(path);
  if (!opened.ok()) return opened.error();
  std::size_t place = 0;
  for (;;) {
    archive_entry* entry = nullptr;
    const int code = archive_read_next_header(opened->get(), &entry);
    if (code == ARCHIVE_EOF) return corrupt_error(path + ": empty", kLeaveOut);
    if (code != ARCHIVE_OK && code != ARCHIVE_WARN) {
      return corrupt_error(path + ": " + archive_text(opened->get()), kCopyAgain);
    }
    if (is_text_entry(entry) && place++ == wanted) break;
  }
  return std::unique_ptr<ByteSource>(std::make_unique<ArchiveBytes>(std::move(*opened)));
}

Result<std::unique_ptr<ByteSource>> open_bytes(const std::string& path, std::size_t entry) {
  if (entry == 0) {
    if (std::unique_ptr<ByteSource> plain_gzip = open_gzip_bytes(path)) return plain_gzip;
  }
  return open_archive_bytes(path, entry);
}

}  // namespace reprise::gateway
