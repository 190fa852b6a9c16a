#include "gateway/import/gzip_bytes.h"

#include <fcntl.h>
#include <isa-l/igzip_lib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace reprise::gateway {

namespace {

constexpr std::size_t kInputBytes = 128u << 10;
constexpr std::size_t kMagicBytes = 4;  // ID1 ID2 CM FLG
constexpr std::size_t kPeekBytes = 64;

// The beginning of what libarchive would unpack once more. All other packings have bytes there that no text has.
bool looks_packed(std::string_view start) {
  if (start.starts_with("PK") || start.starts_with("BZh") || start.starts_with("\x28\xb5\x2f\xfd")) return true;
  return std::any_of(start.begin(), start.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 32 && c != '\n' && c != '\r' && c != '\t'; });
}

class GzipBytes final : public ByteSource {
 public:
  explicit GzipBytes(int file) : file_(file) {}
  ~GzipBytes() override { ::close(file_); }

  // Whether it is a text in plain gzip; reads its beginning.
  bool begin() {
    if (!fill() || !at_member()) return false;
    start_member();
    Result<std::size_t> got = inflate(peeked_.data(), peeked_.size());
    if (!got.ok() || *got == 0) return false;
    peeked_end_ = *got;
    return !looks_packed({peeked_.data(), std::min<std::size_t>(peeked_end_, 32)});
  }

  Result<std::size_t> read(char* to, std::size_t room) override {
    if (peeked_at_ == peeked_end_) return inflate(to, room);
    const std::size_t taken = std::min(room, peeked_end_ - peeked_at_);
    std::memcpy(to, peeked_.data() + peeked_at_, taken);
    peeked_at_ += taken;
    return taken;
  }
  std::uint64_t file_bytes_read() const override { return file_bytes_; }

 private:
  // More input behind what is left of it; false when the file gives no more (problem_ says why, where it is no end).
  bool fill() {
    if (state_.avail_in != 0) std::memmove(input_.data(), state_.next_in, state_.avail_in);
    state_.next_in = input_.data();
    const ssize_t got = ::read(file_, input_.data() + state_.avail_in, input_.size() - state_.avail_in);
    if (got < 0) problem_ = std::string("cannot read the file: ") + std::strerror(errno);
    if (got <= 0) return false;
    state_.avail_in += static_cast<std::uint32_t>(got);
    file_bytes_ += static_cast<std::uint64_t>(got);
    return true;
  }

  bool at_member() {
    while (state_.avail_in < kMagicBytes && fill()) {
    }
    if (state_.avail_in < kMagicBytes) return false;
    const std::uint8_t* const magic = state_.next_in;
    return magic[0] == 0x1f && magic[1] == 0x8b && magic[2] == 8 && (magic[3] & 0xe0) == 0;
  }

  void start_member() {
    std::uint8_t* const next_in = state_.next_in;
    const std::uint32_t avail_in = state_.avail_in;
    isal_inflate_init(&state_);
    state_.next_in = next_in;
    state_.avail_in = avail_in;
    state_.crc_flag = ISAL_GZIP;
  }

  // An error may leave inflated bytes in ISA-L's own buffer, where the room was too small for them.
  Result<std::size_t> problem_after_rest(char* to, std::size_t room) {
    const std::size_t rest = static_cast<std::size_t>(state_.tmp_out_valid - state_.tmp_out_processed);
    const std::size_t taken = std::min(room, rest);
    if (taken == 0) return corrupt_error(problem_, kCopyAgain);
    std::memcpy(to, state_.tmp_out_buffer + state_.tmp_out_processed, taken);
    state_.tmp_out_processed += static_cast<std::int32_t>(taken);
    return taken;
  }

  Result<std::size_t> inflate(char* to, std::size_t room) {
    room = std::min<std::size_t>(room, 1u << 30);
    for (;;) {
      if (!problem_.empty()) return problem_after_rest(to, room);
      if (state_.block_state == ISAL_BLOCK_FINISH) {
        if (!at_member()) {
          if (!problem_.empty()) continue;
          return std::size_t{0};
        }
        start_member();
      }
      state_.next_out = reinterpret_cast<std::uint8_t*>(to);
      state_.avail_out = static_cast<std::uint32_t>(room);
      const int code = isal_inflate(&state_);
      const std::size_t got = room - state_.avail_out;
      if (code == ISAL_INCORRECT_CHECKSUM) {
        problem_ = "gzip checksum does not fit";
      } else if (code < 0 || code == ISAL_NEED_DICT) {
        problem_ = "gzip decompression failed";
      }
      if (got != 0) return got;
      if (!problem_.empty() || state_.block_state == ISAL_BLOCK_FINISH) continue;
      // Nothing came although there was room: it wants more input.
      if (!fill() && problem_.empty()) problem_ = "truncated gzip input";
    }
  }

  int file_;
  std::uint64_t file_bytes_ = 0;
  std::string problem_;
  std::array<char, kPeekBytes> peeked_{};
  std::size_t peeked_at_ = 0;
  std::size_t peeked_end_ = 0;
  std::array<std::uint8_t, kInputBytes> input_;
  inflate_state state_{};
};

}  // namespace

std::unique_ptr<ByteSource> open_gzip_bytes(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return nullptr;
  auto source = std::make_unique<GzipBytes>(file);
  // A pipe would lose what is read from it here.
  struct stat info {};
  if (::fstat(file, &info) != 0 || !S_ISREG(info.st_mode) || !source->begin()) return nullptr;
  return source;
}

}  // namespace reprise::gateway
