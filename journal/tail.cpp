#include "journal/tail.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <vector>

namespace reprise::journal {

namespace {

constexpr std::size_t kTailBytes = 4096;
constexpr std::uint64_t kTailMagic = 0x31304c4941545052;  // "RPTAIL01"

std::string tail_path(const std::string& path) {
  return path + "/TAIL";
}

Error tail_io(const std::string& path, const char* doing) {
  const int why = errno;
  return io_error(tail_path(path) + ": cannot " + doing + ": " + std::strerror(why),
                  why == ENOSPC   ? "free some space on the disk"
                  : why == EACCES ? "give yourself permission on the journal's files"
                                  : "");
}

Result<std::uint64_t*> map_page(const std::string& path, int fd) {
  void* page = ::mmap(nullptr, kTailBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (page == MAP_FAILED) return tail_io(path, "map");
  return static_cast<std::uint64_t*>(page);
}

// The number of the whole copy; the second copy is behind the first while a store is under way.
bool pick(const std::uint64_t* at, std::uint64_t& value) {
  if (at[1] == Tail::check_word(at[0])) {
    value = at[0];
    return true;
  }
  if (at[3] == Tail::check_word(at[2])) {
    value = at[2];
    return true;
  }
  return false;
}

}  // namespace

bool has_writer(const std::string& path) {
  const int fd = ::open((path + "/LOCK").c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  struct flock lock {};
  lock.l_type = F_WRLCK;  // what RocksDB takes
  lock.l_whence = SEEK_SET;
  const bool held = ::fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
  ::close(fd);
  return held;
}

Result<Tail> Tail::create(const std::string& path) {
  const int fd = ::open(tail_path(path).c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd < 0) return tail_io(path, "create");
  // Written, not only sized: a full disk must show here and not as a fault at the first store.
  std::vector<std::uint64_t> page(kTailBytes / 8);
  page[0] = kTailMagic;
  for (std::size_t at = 1; at < 9; at += 2) page[at + 1] = check_word(0);
  const bool written = ::write(fd, page.data(), kTailBytes) == static_cast<ssize_t>(kTailBytes) && ::fsync(fd) == 0;
  if (!written) {
    const Error error = tail_io(path, "write");
    ::close(fd);
    return error;
  }
  auto mapped = map_page(path, fd);
  ::close(fd);
  if (!mapped) return mapped.error();
  Tail tail;
  tail.words_ = *mapped;
  return tail;
}

Result<Tail> Tail::open(const std::string& path) {
  if (auto numbers = load(path); !numbers) return numbers.error();
  const int fd = ::open(tail_path(path).c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return tail_io(path, "open");
  auto mapped = map_page(path, fd);
  ::close(fd);
  if (!mapped) return mapped.error();
  Tail tail;
  tail.words_ = *mapped;
  return tail;
}

Result<TailNumbers> Tail::load(const std::string& path) {
  struct stat kind {};
  if (::stat(tail_path(path).c_str(), &kind) == 0 && !S_ISREG(kind.st_mode))
    return corrupt_error(tail_path(path) + " is not a file");
  std::ifstream in(tail_path(path), std::ios::binary);
  if (!in) return tail_io(path, "open");
  std::vector<std::uint64_t> page(kTailBytes / 8);
  in.read(reinterpret_cast<char*>(page.data()), kTailBytes);
  if (in.gcount() != static_cast<std::streamsize>(kTailBytes)) return corrupt_error(tail_path(path) + " is cut short");
  if (page[0] != kTailMagic) return corrupt_error(tail_path(path) + " does not start with its magic number");
  TailNumbers numbers;
  if (!pick(&page[1], numbers.appended) || !pick(&page[5], numbers.durable)) {
    return corrupt_error(tail_path(path) + ": both copies of a number are damaged");
  }
  for (std::size_t i = 9; i < page.size(); ++i) {
    if (page[i] != 0) return corrupt_error(tail_path(path) + " has bytes set where none belong");
  }
  return numbers;
}

Status Tail::sync() {
  if (words_ != nullptr && ::msync(words_, kTailBytes, MS_SYNC) != 0)
    return io_error(std::string("cannot sync TAIL: ") + std::strerror(errno));
  return ok_status();
}

Tail::~Tail() {
  if (words_ != nullptr) ::munmap(words_, kTailBytes);
}

}  // namespace reprise::journal
