#include "journal/slice_file.h"

#include <fcntl.h>
#include <rocksdb/write_batch.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <tuple>

#include "journal/digest.h"
#include "journal/scratch_folder.h"
#include "journal/seal.h"
#include "journal/store.h"

namespace reprise::journal {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSliceMagic = "RPSLICE1";
constexpr std::uint32_t kEnd = 0xFFFF'FFFF;        // in place of a family: the checksum follows
constexpr std::uint64_t kMostKeyBytes = 1u << 10;  // longer ones are damage
constexpr std::uint64_t kMostValueBytes = 1ull << 30;
constexpr std::size_t kBatchBytes = 4u << 20;

// The families that a slice holds, by their number in the file.
constexpr std::array<Family, 5> kSliced = {Family::log, Family::time_index, Family::snapshots, Family::manifest,
                                           Family::raw};

struct EntryHead {
  std::uint32_t family = 0;
  std::uint32_t key_bytes = 0;
  std::uint64_t value_bytes = 0;
};
static_assert(sizeof(EntryHead) == 16);

Error cannot(const std::string& doing, const std::string& path) {
  return io_error("cannot " + doing + " " + path + ": " + std::strerror(errno),
                  errno == ENOSPC ? "free some space on the disk" : "check the path and its permissions");
}

class Output {
 public:
  explicit Output(const std::string& path) : path_(path), file_(path, std::ios::binary | std::ios::trunc) {}
  bool put(const void* bytes, std::size_t size) {
    digest_.update(bytes, size);
    file_.write(static_cast<const char*>(bytes), static_cast<std::streamsize>(size));
    return file_.good();
  }
  Status finish() {
    const EntryHead end{kEnd, 0, 0};
    put(&end, sizeof end);
    const Digest digest = digest_.value();
    file_.write(reinterpret_cast<const char*>(&digest.low), sizeof digest.low);
    file_.write(reinterpret_cast<const char*>(&digest.high), sizeof digest.high);
    file_.close();
    if (file_.fail()) return cannot("write", path_);
    const int fd = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    const bool synced = fd >= 0 && ::fsync(fd) == 0;
    if (fd >= 0) ::close(fd);
    if (!synced) return cannot("sync", path_);
    return ok_status();
  }

 private:
  std::string path_;
  std::ofstream file_;
  RunningDigest digest_;
};

Status write_entries(Store& store, const std::string& journal, const std::string& file) {
  Output out(file);
  if (!out.put(kSliceMagic.data(), kSliceMagic.size())) return cannot("write", file);
  for (std::uint32_t number = 0; number < kSliced.size(); ++number) {
    const std::unique_ptr<rocksdb::Iterator> it(store.db().NewIterator(scan_options(), store.family(kSliced[number])));
    for (it->SeekToFirst(); it->Valid(); it->Next()) {
      const EntryHead head{number, static_cast<std::uint32_t>(it->key().size()), it->value().size()};
      if (!out.put(&head, sizeof head) || !out.put(it->key().data(), it->key().size()) ||
          !out.put(it->value().data(), it->value().size()))
        return cannot("write", file);
    }
    if (!it->status().ok()) return rocks_error(journal, "cannot read", it->status());
  }
  return out.finish();
}

Error damaged(const std::string& file, const std::string& how) {
  return corrupt_error("slice " + file + ": " + how, "copy it again from where it was made");
}

// Entries of the file into the database; the digest of the whole file is checked before anything counts.
Status read_entries(const std::string& file, Store& store) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return cannot("read", file);
  RunningDigest digest;
  std::string key;
  std::string value;
  const auto get = [&](void* to, std::size_t size) {
    in.read(static_cast<char*>(to), static_cast<std::streamsize>(size));
    if (static_cast<std::size_t>(in.gcount()) != size) return false;
    digest.update(to, size);
    return true;
  };
  std::array<char, 8> magic{};
  if (!get(magic.data(), magic.size()) || std::string_view(magic.data(), magic.size()) != kSliceMagic)
    return damaged(file, "does not begin like one");
  std::error_code error;
  const std::uint64_t size = fs::file_size(file, error);
  rocksdb::WriteOptions writing;
  writing.disableWAL = true;
  rocksdb::WriteBatch batch;
  EntryHead head;
  for (;;) {
    if (!get(&head, sizeof head)) return damaged(file, "is cut off");
    if (head.family == kEnd) break;
    if (head.family >= kSliced.size() || head.key_bytes == 0 || head.key_bytes > kMostKeyBytes ||
        head.value_bytes > std::min(size, kMostValueBytes))
      return damaged(file, "holds an impossible entry");
    key.resize(head.key_bytes);
    value.resize(head.value_bytes);
    if (!get(key.data(), key.size()) || !get(value.data(), value.size())) return damaged(file, "is cut off");
    batch.Put(store.family(kSliced[head.family]), key, value);
    if (batch.GetDataSize() < kBatchBytes) continue;
    if (const auto put = store.db().Write(writing, &batch); !put.ok()) return rocks_error(file, "cannot unpack", put);
    batch.Clear();
  }
  const Digest read = digest.value();
  Digest kept;
  in.read(reinterpret_cast<char*>(&kept.low), sizeof kept.low);
  in.read(reinterpret_cast<char*>(&kept.high), sizeof kept.high);
  if (!in) return damaged(file, "is cut off");
  if (!(read == kept)) return damaged(file, "its checksum does not match");
  if (in.peek() != std::char_traits<char>::eof()) return damaged(file, "has bytes behind its end");
  if (const auto put = store.db().Write(writing, &batch); !put.ok()) return rocks_error(file, "cannot unpack", put);
  return ok_status();
}

Status unpack_into(const std::string& file, const std::string& journal) {
  auto store = Store::open(journal, OpenMode::create);
  if (!store) return store.error();
  if (Status read = read_entries(file, **store); !read) return read;
  auto manifest = (*store)->load_manifest();
  if (!manifest) return manifest.error();
  if (manifest->status != schema::RunStatus::ENDED) return damaged(file, "holds a journal that has not ended");
  if (Status flushed = (*store)->flush(); !flushed) return flushed;
  if (Status closed = (*store)->close(); !closed) return closed;
  return write_seal(journal, manifest->digest);
}

}  // namespace

Status write_slice_file(const std::string& journal, const std::string& file) {
  std::error_code error;
  if (fs::exists(fs::symlink_status(file, error))) {
    return usage_error(file + " exists already", "choose another path, or move it away");
  }
  if (!has_seal(journal)) return usage_error(journal + " has not ended: only an ended journal becomes one file");
  auto store = Store::open(journal, OpenMode::read);
  if (!store) return store.error();
  const std::string unfinished = file + ".creating." + std::to_string(::getpid());
  Status written = write_entries(**store, journal, unfinished);
  // A link, not a renaming: it does not take the place of what somebody made meanwhile.
  if (written.ok() && ::link(unfinished.c_str(), file.c_str()) != 0) {
    written = errno == EEXIST ? usage_error(file + " exists already", "choose another path, or move it away")
                              : cannot("make", file);
  }
  fs::remove(unfinished, error);
  if (!written.ok()) return written;
  const std::string parent = fs::path(file).parent_path().string();
  return sync_directory(parent.empty() ? "." : parent);
}

bool is_slice_file(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return false;
  std::array<char, 8> magic{};
  std::ifstream in(path, std::ios::binary);
  in.read(magic.data(), magic.size());
  return in.good() && std::string_view(magic.data(), magic.size()) == kSliceMagic;
}

Result<std::shared_ptr<const UnpackedSlice>> unpack_slice(const std::string& file) {
  using Identity = std::tuple<dev_t, ino_t, off_t, std::int64_t, std::int64_t>;
  static std::mutex mutex;
  static std::map<Identity, std::weak_ptr<const UnpackedSlice>> unpacked;
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) return cannot("look at", file);
  const Identity identity{info.st_dev, info.st_ino, info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec};
  const std::lock_guard lock(mutex);
  if (auto there = unpacked[identity].lock()) return there;
  auto folder = ScratchFolder::make("slice");
  if (!folder) return folder.error();
  auto slice = std::make_shared<const UnpackedSlice>(std::move(*folder));
  if (Status done = unpack_into(file, slice->path()); !done) return done.error();
  unpacked[identity] = slice;
  return slice;
}

}  // namespace reprise::journal
