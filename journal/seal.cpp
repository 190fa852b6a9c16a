#include "journal/seal.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include "journal/digest.h"

namespace reprise::journal {

namespace {

namespace fs = std::filesystem;

struct SealedFile {
  std::string name;
  std::uint64_t bytes = 0;
  std::string hash;
  bool operator==(const SealedFile&) const = default;
};

bool is_covered(const std::string& name) {
  const auto starts = [&](const char* prefix) { return name.rfind(prefix, 0) == 0; };
  return name != "SEAL" && name != "SEAL.new" && name != "TAIL" && name != "IDENTITY" && name != "LOCK" &&
         !starts("OPTIONS-") && name != "LOG" && !starts("LOG.old");
}

std::string hex(const Digest& digest) {
  return digest.text().substr(std::strlen("xxh3-128:"));
}

Error cannot_open(const std::string& name) {
  const int why = errno;
  return io_error(name + ": cannot open: " + std::strerror(why),
                  why == EACCES ? "give yourself read permission on the journal's files" : "");
}

Result<SealedFile> hash_file(const std::string& path, const std::string& name) {
  const std::string full = path + "/" + name;
  const int fd = ::open(full.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return cannot_open(full);
  SealedFile file{name, 0, {}};
  RunningDigest digest;
  std::vector<char> buffer(256u << 10);
  for (;;) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      const Error error = io_error(full + ": cannot read: " + std::strerror(errno));
      ::close(fd);
      return error;
    }
    if (got == 0) break;
    digest.update(buffer.data(), static_cast<std::size_t>(got));
    file.bytes += static_cast<std::uint64_t>(got);
  }
  ::close(fd);
  file.hash = hex(digest.value());
  return file;
}

Result<std::vector<std::string>> covered_names(const std::string& path) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (is_covered(name)) names.push_back(name);
  }
  if (error) return io_error("cannot list " + path + ": " + error.message());
  std::sort(names.begin(), names.end());
  return names;
}

Result<std::vector<SealedFile>> hash_files(const std::string& path) {
  auto names = covered_names(path);
  if (!names) return names.error();
  std::vector<SealedFile> files;
  for (const auto& name : *names) {
    auto file = hash_file(path, name);
    if (!file) return file.error();
    files.push_back(*file);
  }
  return files;
}

std::string checksum_line(const std::string& text) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "checksum %016llx\n",
                static_cast<unsigned long long>(hash64(text.data(), text.size())));
  return buffer;
}

Status write_durably(const std::string& path, const std::string& text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return io_error(path + ": cannot create: " + std::strerror(errno));
  const bool ok = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(fd) == 0;
  const int why = errno;
  ::close(fd);
  if (!ok) return io_error(path + ": cannot write: " + std::strerror(why));
  return ok_status();
}

}  // namespace

bool has_seal(const std::string& path) {
  return ::access((path + "/SEAL").c_str(), F_OK) == 0;
}
bool has_tail(const std::string& path) {
  return ::access((path + "/TAIL").c_str(), F_OK) == 0;
}

Status sync_directory(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return io_error("cannot open " + path + ": " + std::strerror(errno));
  const bool ok = ::fsync(fd) == 0;
  const int why = errno;
  ::close(fd);
  if (!ok) return io_error("cannot sync " + path + ": " + std::strerror(why));
  return ok_status();
}

Status write_seal(const std::string& path, const Digest& digest) {
  auto files = hash_files(path);
  if (!files) return files.error();
  std::ostringstream out;
  out << "reprise-seal 1\ndigest " << digest.text() << "\n";
  for (const auto& file : *files) out << "file " << file.name << " " << file.bytes << " " << file.hash << "\n";
  std::string text = out.str();
  text += checksum_line(text);
  if (auto s = write_durably(path + "/SEAL.new", text); !s) return s;
  if (::rename((path + "/SEAL.new").c_str(), (path + "/SEAL").c_str()) != 0) {
    return io_error(path + "/SEAL: cannot rename: " + std::strerror(errno));
  }
  return sync_directory(path);
}

Result<Digest> check_seal(const std::string& path) {
  const std::string name = path + "/SEAL";
  struct stat entry {};
  if (::stat(name.c_str(), &entry) == 0 && !S_ISREG(entry.st_mode)) return corrupt_error(name + ": is not a file");
  std::ifstream in(name, std::ios::binary);
  if (!in) return cannot_open(name);
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const std::size_t last = text.rfind("checksum ");
  if (last == std::string::npos || text.substr(last) != checksum_line(text.substr(0, last))) {
    return corrupt_error(name + ": the seal's own checksum does not match");
  }
  std::istringstream lines(text.substr(0, last));
  std::string line;
  Digest digest;
  std::vector<SealedFile> sealed;
  if (!std::getline(lines, line) || line != "reprise-seal 1") return corrupt_error(name + ": unknown kind of seal");
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string kind;
    words >> kind;
    if (kind == "digest") {
      std::string value;
      words >> value;
      unsigned long long high = 0;
      unsigned long long low = 0;
      if (std::sscanf(value.c_str(), "xxh3-128:%16llx%16llx", &high, &low) != 2)
        return corrupt_error(name + ": no digest");
      digest = {low, high};
    } else if (kind == "file") {
      SealedFile file;
      words >> file.name >> file.bytes >> file.hash;
      if (!words) return corrupt_error(name + ": malformed line");
      sealed.push_back(file);
    } else {
      return corrupt_error(name + ": malformed line");
    }
  }
  auto names = covered_names(path);
  if (!names) return names.error();
  for (const auto& present : *names) {
    if (std::none_of(sealed.begin(), sealed.end(), [&](const SealedFile& f) { return f.name == present; })) {
      return corrupt_error(path + "/" + present + ": not part of the sealed journal");
    }
  }
  for (const auto& expected : sealed) {
    const std::string full = path + "/" + expected.name;
    struct stat info {};
    if (::lstat(full.c_str(), &info) == 0 && !S_ISREG(info.st_mode)) return corrupt_error(full + ": is not a file");
    if (::stat(full.c_str(), &info) != 0) return corrupt_error(full + ": missing; it was there when the journal ended");
    if (static_cast<std::uint64_t>(info.st_size) != expected.bytes) {
      return corrupt_error(full + ": has " + std::to_string(info.st_size) + " bytes, sealed with " +
                           std::to_string(expected.bytes));
    }
    auto file = hash_file(path, expected.name);
    if (!file) return file.error();
    if (file->hash != expected.hash) return corrupt_error(full + ": content differs from what was sealed");
  }
  return digest;
}

std::uint64_t journal_bytes(const std::string& path) {
  auto names = covered_names(path);
  if (!names) return 0;
  std::uint64_t bytes = 0;
  for (const auto& name : *names) {
    std::error_code error;
    const auto size = fs::file_size(path + "/" + name, error);
    if (!error) bytes += size;
  }
  return bytes;
}

}  // namespace reprise::journal
