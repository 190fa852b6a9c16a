#include "journal/snapshot.h"

#include <rocksdb/write_batch.h>
#include <unistd.h>
#include <zstd.h>

#include <cstring>

#include "journal/block.h"
#include "journal/seal.h"
#include "journal/store.h"
#include "journal/tail.h"

namespace reprise::journal {

namespace {

constexpr std::uint32_t kSnapshotMagic = 0x31535052;  // "RPS1"
constexpr std::uint64_t kMaxRawBytes = std::uint64_t{1} << 30;

struct Header {
  std::uint32_t magic = kSnapshotMagic;
  std::uint16_t version = kSnapshotVersion;
  std::uint16_t reserved = 0;
  std::uint64_t seq = 0;
  std::int64_t ts_engine = 0;
  std::uint32_t engine_version = 0;
  std::uint32_t sections = 0;
  std::uint64_t raw_bytes = 0;
  std::uint64_t payload_bytes = 0;
  Digest content;
  Digest digest;
  char records[RunningDigest::kStateBytes] = {};
  std::uint64_t checksum = 0;  // XXH3-64 of the payload, seeded with the XXH3-64 of everything before this field
};
static_assert(sizeof(Header) == 80 + RunningDigest::kStateBytes + 8);
static_assert(offsetof(Header, records) == 80);

std::uint64_t checksum_of(const Header& header, std::string_view payload) {
  return hash64(payload.data(), payload.size(), hash64(&header, offsetof(Header, checksum)));
}

template <class T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

Result<Header> read_header(std::string_view stored, Seq key) {
  Header header;
  if (stored.size() < sizeof header) return corrupt_error("a snapshot is cut short");
  std::memcpy(static_cast<void*>(&header), stored.data(), sizeof header);
  if (header.magic != kSnapshotMagic) return corrupt_error("a snapshot has no magic number");
  if (header.version != kSnapshotVersion)
    return corrupt_error("a snapshot has version " + std::to_string(header.version) + ", this build reads " +
                         std::to_string(kSnapshotVersion));
  const std::string_view payload = stored.substr(sizeof header);
  if (header.payload_bytes != payload.size() || header.raw_bytes > kMaxRawBytes)
    return corrupt_error("a snapshot has impossible sizes");
  if (header.checksum != checksum_of(header, payload)) return corrupt_error("a snapshot's checksum does not match");
  if (header.seq != key) return corrupt_error("a snapshot stands under another record's key");
  return header;
}

SnapshotInfo info_of(const Header& header) {
  SnapshotInfo info;
  info.seq = header.seq;
  info.ts_engine = header.ts_engine;
  info.engine_version = header.engine_version;
  info.raw_bytes = header.raw_bytes;
  info.stored_bytes = sizeof header + header.payload_bytes;
  info.content = header.content;
  info.digest = header.digest;
  return info;
}

}  // namespace

const SnapshotSection* Snapshot::section(std::string_view name) const {
  for (const SnapshotSection& section : sections) {
    if (section.name == name) return &section;
  }
  return nullptr;
}

std::string encode_snapshot(Seq seq, std::int64_t ts_engine, const RunningDigest& records, const SnapshotImage& image,
                            int zstd_level) {
  std::string raw;
  std::size_t size = 0;
  for (const SnapshotSection& section : image.sections) size += 16 + section.name.size() + section.bytes.size();
  raw.reserve(size);
  for (const SnapshotSection& section : image.sections) {
    put(raw, static_cast<std::uint32_t>(section.name.size()));
    raw += section.name;
    put(raw, static_cast<std::uint64_t>(section.bytes.size()));
    raw.append(reinterpret_cast<const char*>(section.bytes.data()), section.bytes.size());
  }
  REPRISE_ASSERT(raw.size() <= kMaxRawBytes, "a snapshot larger than a gigabyte");
  Header header;
  header.seq = seq;
  header.ts_engine = ts_engine;
  header.engine_version = image.engine_version;
  header.sections = static_cast<std::uint32_t>(image.sections.size());
  header.raw_bytes = raw.size();
  header.content = hash128(raw.data(), raw.size());
  header.digest = records.value();
  const std::string state = records.save();
  std::memcpy(header.records, state.data(), state.size());

  std::string out(sizeof header + ZSTD_compressBound(raw.size()), '\0');
  const std::size_t packed =
      ZSTD_compress(out.data() + sizeof header, out.size() - sizeof header, raw.data(), raw.size(), zstd_level);
  REPRISE_ASSERT(ZSTD_isError(packed) == 0, "zstd fails only without memory");
  out.resize(sizeof header + packed);
  header.payload_bytes = packed;
  header.checksum = checksum_of(header, std::string_view(out).substr(sizeof header));
  std::memcpy(out.data(), static_cast<const void*>(&header), sizeof header);
  return out;
}

Result<SnapshotInfo> read_snapshot_info(std::string_view stored, Seq key) {
  auto header = read_header(stored, key);
  if (!header) return header.error();
  return info_of(*header);
}

Result<Snapshot> decode_snapshot(std::string_view stored, Seq key) {
  auto header = read_header(stored, key);
  if (!header) return header.error();
  std::string raw(header->raw_bytes, '\0');
  const std::string_view payload = stored.substr(sizeof(Header));
  const std::size_t unpacked = ZSTD_decompress(raw.data(), raw.size(), payload.data(), payload.size());
  if (ZSTD_isError(unpacked) != 0 || unpacked != raw.size())
    return corrupt_error("a snapshot's content cannot be unpacked");
  if (hash128(raw.data(), raw.size()) != header->content)
    return corrupt_error("a snapshot's content does not match its hash");
  auto records = RunningDigest::load({header->records, sizeof header->records});
  if (!records || records->value() != header->digest)
    return corrupt_error("a snapshot's digest state does not give its digest");
  Snapshot snapshot{info_of(*header), std::move(*records), {}};
  std::string_view rest(raw);
  for (std::uint32_t i = 0; i < header->sections; ++i) {
    std::uint32_t name_bytes = 0;
    std::uint64_t bytes = 0;
    if (rest.size() < 12) return corrupt_error("a snapshot's sections are cut short");
    std::memcpy(&name_bytes, rest.data(), 4);
    if (name_bytes > rest.size() - 12) return corrupt_error("a snapshot's sections are malformed");
    std::memcpy(&bytes, rest.data() + 4 + name_bytes, 8);
    if (bytes > rest.size() - 12 - name_bytes) return corrupt_error("a snapshot's sections are malformed");
    SnapshotSection section;
    section.name = rest.substr(4, name_bytes);
    const auto* first = reinterpret_cast<const std::byte*>(rest.data() + 12 + name_bytes);
    section.bytes.assign(first, first + bytes);
    rest.remove_prefix(12 + name_bytes + bytes);
    snapshot.sections.push_back(std::move(section));
  }
  if (!rest.empty()) return corrupt_error("a snapshot has bytes behind its last section");
  return snapshot;
}

Status edit_snapshots(const std::string& path, const SnapshotEdit& edit) {
  if (auto s = check_is_journal(path); !s) return s;
  const bool sealed = has_seal(path);
  if (sealed) {  // damage must not get a new seal
    if (auto digest = check_seal(path); !digest) return digest.error();
  } else if (!has_tail(path)) {
    return corrupt_error("journal " + path + " has neither SEAL nor TAIL", "restore it from a copy");
  }
  auto opened = Store::open(path, OpenMode::write);
  if (!opened) return opened.error();
  Store& store = **opened;
  auto manifest = store.load_manifest();
  if (!manifest) return manifest.error();
  for (const Seq seq : edit.remove) {
    if (seq + 1 == manifest->first_seq) return usage_error("record " + std::to_string(seq) + " is the base of " + path);
  }
  // An ended journal without a seal: an edit before this one was interrupted.
  const bool ended = manifest->status == schema::RunStatus::ENDED;
  if (sealed) {
    // From here to the new seal the journal counts as unfinished.
    auto tail = has_tail(path) ? Tail::open(path) : Tail::create(path);
    if (!tail) return tail.error();
    tail->set_appended(manifest->last_seq);
    tail->set_durable(manifest->last_seq);
    if (auto s = tail->sync(); !s) return s;
    if (::unlink((path + "/SEAL").c_str()) != 0) return io_error("cannot remove the seal of " + path);
    if (auto s = sync_directory(path); !s) return s;
  }
  rocksdb::WriteBatch batch;
  for (const Seq seq : edit.remove) batch.Delete(store.family(Family::snapshots), seq_key(seq));
  for (const Snapshot& snapshot : edit.add) {
    const SnapshotImage image{snapshot.info.engine_version, snapshot.sections};
    batch.Put(store.family(Family::snapshots), seq_key(snapshot.info.seq),
              encode_snapshot(snapshot.info.seq, snapshot.info.ts_engine, snapshot.records, image, 1));
  }
  rocksdb::WriteOptions options;
  options.sync = true;
  if (const auto s = store.db().Write(options, &batch); !s.ok()) return rocks_error(path, "cannot store snapshots", s);
  if (auto s = store.flush(); !s) return s;
  if (auto s = store.close(); !s) return s;
  if (!ended) return ok_status();
  if (auto s = write_seal(path, manifest->digest); !s) return s;
  ::unlink((path + "/TAIL").c_str());
  return sync_directory(path);
}

}  // namespace reprise::journal
