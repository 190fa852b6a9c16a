#include "journal/verify.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <vector>

#include "journal/scan.h"
#include "journal/seal.h"
#include "journal/slice_file.h"
#include "journal/store.h"
#include "journal/tail.h"

namespace reprise::journal {

namespace {

using Progress = std::function<void(std::uint64_t done, std::uint64_t total)>;

// Walks the time index beside the blocks: both are sorted alike, so entry and block meet one to one.
class TimeIndexCheck {
 public:
  TimeIndexCheck(Store& store, std::string path) : path_(std::move(path)) {
    it_.reset(store.db().NewIterator(scan_options(), store.family(Family::time_index)));
    it_->SeekToFirst();
  }

  Status expect(const BlockHeader& header) {
    const std::string place = "journal " + path_ + ", block of record " + std::to_string(header.first_seq) + ": ";
    if (!it_->Valid()) return at_end(place + "the time index ends before it");
    if (view(it_->key()) != time_key(header.ts_first, header.first_seq)) {
      std::int64_t ts = 0;
      Seq seq = 0;
      if (!parse_time_key(view(it_->key()), ts, seq)) return corrupt_error(place + "malformed key in the time index");
      return corrupt_error(place + "the time index has the entry of record " + std::to_string(seq) + " at its place");
    }
    if (view(it_->value()) != time_value(header)) return corrupt_error(place + "its entry in the time index disagrees");
    it_->Next();
    return ok_status();
  }

  Status finish() {
    if (it_->Valid()) return corrupt_error("journal " + path_ + ": the time index has an entry without a block");
    return at_end({});
  }

 private:
  Status at_end(const std::string& problem) {
    if (!it_->status().ok()) return rocks_error(path_, "cannot read the time index", it_->status());
    if (!problem.empty()) return corrupt_error(problem);
    return ok_status();
  }

  std::string path_;
  std::unique_ptr<rocksdb::Iterator> it_;
};

// Each family may hold only what belongs to it.
Status check_other_families(Store& store, const std::string& path) {
  const auto corrupt = [&](const std::string& what) { return corrupt_error("journal " + path + ": " + what); };
  const auto iterate = [&](Family family) {
    std::unique_ptr<rocksdb::Iterator> it(store.db().NewIterator(scan_options(), store.family(family)));
    it->SeekToFirst();
    return it;
  };
  {
    const auto it = iterate(Family::fallback);
    if (it->Valid()) return corrupt("a column family that is not in use holds data");
    if (!it->status().ok()) return rocks_error(path, "cannot read", it->status());
  }
  {
    const auto it = iterate(Family::manifest);
    for (; it->Valid(); it->Next()) {
      if (view(it->key()) != manifest_key()) return corrupt("an unknown entry stands beside the manifest");
    }
    if (!it->status().ok()) return rocks_error(path, "cannot read the manifest", it->status());
  }
  const auto it = iterate(Family::raw);
  std::uint64_t expected = 1;
  for (; it->Valid(); it->Next(), ++expected) {
    const std::uint64_t number = seq_from_key(view(it->key()));
    std::int64_t ts = 0;
    std::string_view source;
    std::string_view frame;
    if (number != expected) return corrupt("raw frame " + std::to_string(expected) + " is missing");
    if (!decode_raw_frame(view(it->value()), ts, source, frame))
      return corrupt("raw frame " + std::to_string(number) + " is damaged");
  }
  if (!it->status().ok()) return rocks_error(path, "cannot read the raw frames", it->status());
  return ok_status();
}

// Snapshots beside the records: each is whole and holds the running digest of its record.
class SnapshotCheck {
 public:
  SnapshotCheck(Store& store, std::string path) : path_(std::move(path)) {
    it_.reset(store.db().NewIterator(scan_options(), store.family(Family::snapshots)));
    it_->SeekToFirst();
  }

  // The seq of the next snapshot; 0 when there is none left.
  Seq next() const { return it_->Valid() ? seq_from_key(view(it_->key())) : 0; }

  // `digest`: of the records up to next().
  Status expect(const Digest& digest, std::int64_t ts_engine) {
    const std::string place = "journal " + path_ + ", snapshot of record " + std::to_string(next()) + ": ";
    auto snapshot = decode_snapshot(view(it_->value()), next());
    if (!snapshot) return corrupt_error(place + snapshot.error().message);
    if (snapshot->info.digest != digest || snapshot->info.ts_engine != ts_engine)
      return corrupt_error(place + "it belongs to other records");
    it_->Next();
    return ok_status();
  }

  Status finish() const {
    if (it_->Valid()) return corrupt_error("journal " + path_ + ": a snapshot has no record");
    if (!it_->status().ok()) return rocks_error(path_, "cannot read its snapshots", it_->status());
    return ok_status();
  }

 private:
  std::string path_;
  std::unique_ptr<rocksdb::Iterator> it_;
};

// Adds a block's records to the digest, stopping at every snapshot on the way.
Status add_records(const BlockHeader& header, const std::byte* raw, RunningDigest& digest, SnapshotCheck& snapshots) {
  std::size_t done = 0;
  std::size_t at = 0;
  for (Seq seq = header.first_seq; snapshots.next() != 0 && snapshots.next() <= header.last_seq(); ++seq) {
    const auto* record = reinterpret_cast<const RecordHeader*>(raw + at);
    at += kHeaderBytes + record->body_bytes;
    if (snapshots.next() != seq) continue;
    digest.update(raw + done, at - done);
    done = at;
    if (auto s = snapshots.expect(digest.value(), record->ts_engine); !s) return s;
  }
  digest.update(raw + done, header.raw_bytes - done);
  return ok_status();
}

// Everything that the content says about itself. Fills `report` as it goes; its status names the first problem.
Status check_content(const std::string& path, const std::optional<TailNumbers>& tail,
                     const std::optional<Digest>& sealed, const Progress& progress, VerifyReport& report) {
  auto opened = Store::open(path, OpenMode::read);
  if (!opened) return opened.error();
  Store& store = **opened;
  auto manifest = store.load_manifest();
  if (!manifest) return manifest.error();
  report.status = manifest->status;
  report.cut_records = manifest->cut_records;
  const std::string where = "journal " + path + ": ";

  const Seq end_seq = tail ? tail->appended : manifest->last_seq;
  const std::uint64_t total = end_seq < manifest->first_seq ? 0 : end_seq - manifest->first_seq + 1;
  auto start = load_chain_start(store, *manifest, path);
  if (!start) return start.error();
  RunningDigest digest = start->records;
  report.last_seq = start->first_seq - 1;
  BlockScan scan(store, path, *start);
  SnapshotCheck snapshots(store, path);
  if (start->first_seq > 1) {
    if (snapshots.next() != report.last_seq) return corrupt_error(where + "a snapshot stands before its base");
    if (auto s = snapshots.expect(digest.value(), start->ts_floor); !s) return s;
  }
  TimeIndexCheck times(store, path);
  std::vector<std::uint64_t> words;
  std::int64_t ts_floor = start->ts_floor;
  while (auto block = scan.next()) {
    const BlockHeader& header = block->header;
    const std::string place = "journal " + path + ", block of record " + std::to_string(header.first_seq) + ": ";
    if (words.size() < header.raw_bytes / 8 + 1) words.resize(header.raw_bytes / 8 + 1);
    auto* raw = reinterpret_cast<std::byte*>(words.data());
    if (auto s = scan.decode(*block, raw); !s) return s;
    if (auto s = check_records(header, raw, ts_floor); !s) return corrupt_error(place + s.error().message);
    if (auto s = add_records(header, raw, digest, snapshots); !s) return s;
    if (digest.value() != header.digest_after)
      return corrupt_error(place + "its records do not give the digest it states");
    if (auto s = times.expect(header); !s) return s;
    ts_floor = header.ts_last;
    report.records += header.count;
    report.first_seq = start->first_seq;
    report.last_seq = header.last_seq();
    if (progress) progress(report.records, std::max(total, report.records));
  }
  if (!scan.status().ok()) return scan.status();
  if (auto s = times.finish(); !s) return s;
  if (auto s = snapshots.finish(); !s) return s;
  if (auto s = check_other_families(store, path); !s) return s;
  report.digest = digest.value();

  if (manifest->first_seq == 0) return corrupt_error(where + "its manifest begins at record 0");
  if (manifest->last_seq > report.last_seq || (sealed && manifest->last_seq != report.last_seq)) {
    return corrupt_error(where + "it ends at record " + std::to_string(report.last_seq) + ", its manifest says " +
                         std::to_string(manifest->last_seq));
  }
  if (manifest->durable_seq > report.last_seq)
    return corrupt_error(where + "records that its manifest calls durable are missing");
  if (manifest->last_seq == report.last_seq && manifest->last_seq != 0 && manifest->digest != report.digest) {
    return corrupt_error(where + "the digest of its records is not the one in its manifest");
  }
  if (sealed) {
    if (manifest->status != schema::RunStatus::ENDED)
      return corrupt_error(where + "it is sealed, yet its manifest says " + name_of(manifest->status));
    if (*sealed != report.digest || manifest->digest != report.digest)
      return corrupt_error(where + "the digest of its records is not the one in its seal");
    report.durable_seq = report.last_seq;
    return ok_status();
  }
  // A file that is gone was replaced by a writer at work; all that it held was read above.
  if (const auto s = store.db().VerifyFileChecksums({}); s.IsCorruption())
    return corrupt_error(where + "a file is not what was written: " + s.ToString());
  report.durable_seq = tail->durable;
  if (report.last_seq < tail->durable) {
    return corrupt_error(where + "records " + std::to_string(report.last_seq + 1) + " to " +
                         std::to_string(tail->durable) + " were durable and are missing");
  }
  if (tail->appended > report.last_seq) report.cut_records += tail->appended - report.last_seq;
  return ok_status();
}

bool read_all(int fd, void* to, std::size_t size) {
  auto* at = static_cast<char*>(to);
  while (size != 0) {
    const ssize_t got = ::read(fd, at, size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    at += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

bool write_all(int fd, const void* from, std::size_t size) {
  const auto* at = static_cast<const char*>(from);
  while (size != 0) {
    const ssize_t put = ::write(fd, at, size);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return false;
    at += put;
    size -= static_cast<std::size_t>(put);
  }
  return true;
}

// An unfinished journal has no seal that would vouch for its files, and RocksDB may abort on damaged
// ones (Debian builds it with assertions). So its content is read in a child process: when that dies, the
// journal is corrupt and this process lives to say so.
Status check_content_apart(const std::string& path, const TailNumbers& tail, VerifyReport& report) {
  struct Numbers {  // what the child answers: a VerifyReport and a Status without their strings
    Digest digest;
    std::uint64_t records, first_seq, last_seq, durable_seq, cut_records;
    schema::RunStatus status;
    int ok;
    ErrorKind kind;
    std::size_t message_bytes;
  };
  int ends[2];
  if (::pipe(ends) != 0) return io_error(std::string("cannot make a pipe: ") + std::strerror(errno));
  const pid_t child = ::fork();
  if (child < 0) {
    ::close(ends[0]);
    ::close(ends[1]);
    return io_error(std::string("cannot start a process: ") + std::strerror(errno));
  }
  if (child == 0) {
    ::close(ends[0]);
    VerifyReport r;
    const Status s = check_content(path, tail, std::nullopt, {}, r);
    const std::string message = s.ok() ? std::string() : s.error().message;
    const Numbers n{r.digest,      r.records,      r.first_seq,
                    r.last_seq,    r.durable_seq,  r.cut_records,
                    r.status,      s.ok() ? 1 : 0, s.ok() ? ErrorKind::corrupt : s.error().kind,
                    message.size()};
    const bool told = write_all(ends[1], &n, sizeof n) && write_all(ends[1], message.data(), message.size());
    ::_exit(told ? 0 : 1);
  }
  ::close(ends[1]);
  Numbers n{};
  std::string message;
  bool heard = read_all(ends[0], &n, sizeof n);
  if (heard) {
    message.resize(n.message_bytes);
    heard = read_all(ends[0], message.data(), message.size());
  }
  ::close(ends[0]);
  int how = 0;
  while (::waitpid(child, &how, 0) < 0 && errno == EINTR) {
  }
  if (!heard) {
    return corrupt_error(
        "journal " + path + ": its files are damaged so that the storage library cannot read them" +
        (WIFSIGNALED(how) ? " (it died of signal " + std::to_string(WTERMSIG(how)) + ")" : std::string()));
  }
  report.digest = n.digest;
  report.records = n.records;
  report.first_seq = n.first_seq;
  report.last_seq = n.last_seq;
  report.durable_seq = n.durable_seq;
  report.cut_records = n.cut_records;
  report.status = n.status;
  if (n.ok == 0) return Error{n.kind, message, {}};
  return ok_status();
}

}  // namespace

// A slice is checked as a file, then as the journal that it holds.
Result<VerifyReport> verify_slice(const std::string& path, const Progress& progress) {
  VerifyReport report;
  std::error_code ignored;
  auto unpacked = unpack_slice(path);
  if (!unpacked) {
    if (unpacked.error().kind != ErrorKind::corrupt) return unpacked.error();
    report.problem = unpacked.error().message;
  } else {
    const std::string inside = (*unpacked)->path();
    auto checked = verify(inside, progress);
    if (!checked) return checked.error();
    report = std::move(*checked);
    for (auto at = report.problem.find(inside); at != std::string::npos; at = report.problem.find(inside, at))
      report.problem.replace(at, inside.size(), path);
  }
  report.journal_bytes = std::filesystem::file_size(path, ignored);
  return report;
}

Result<VerifyReport> verify(const std::string& path, const Progress& progress) {
  if (is_slice_file(path)) return verify_slice(path, progress);
  if (auto s = check_is_journal(path); !s) return s.error();
  VerifyReport report;
  report.journal_bytes = journal_bytes(path);
  Status status = ok_status();
  if (has_seal(path)) {
    auto sealed = check_seal(path);
    status = sealed.ok() ? check_content(path, std::nullopt, *sealed, progress, report) : Status(sealed.error());
  } else if (!has_tail(path)) {
    status = corrupt_error("journal " + path + " has neither SEAL nor TAIL: one of them was removed");
  } else {
    // Read before the content: a writer that is at work only moves the content forward.
    auto tail = Tail::load(path);
    status = tail.ok() ? check_content_apart(path, *tail, report) : Status(tail.error());
  }
  if (status.ok()) {
    report.clean = true;
    return report;
  }
  if (status.error().kind != ErrorKind::corrupt) return status.error();
  report.problem = status.error().message;
  return report;
}

}  // namespace reprise::journal
