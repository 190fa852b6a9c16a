#include "journal/forge.h"

#include <rocksdb/write_batch.h>
#include <unistd.h>

#include <limits>
#include <vector>

#include "journal/scan.h"
#include "journal/seal.h"
#include "journal/store.h"

namespace reprise::journal {

namespace {

// Finds the record in its decoded block and lets `edit` at it; then restates the block's times.
Status edit_block(BlockHeader& header, std::byte* raw, Seq seq,
                  const std::function<void(RecordHeader&, std::span<std::byte>)>& edit) {
  std::byte* at = raw;
  for (Seq s = header.first_seq; s <= header.last_seq(); ++s) {
    auto& record = *reinterpret_cast<RecordHeader*>(at);
    if (s == seq) {
      const std::uint32_t length = record.body_bytes;
      edit(record, {at + kHeaderBytes, length});
      if (record.body_bytes != length) return usage_error("a rewritten record must keep its length");
    }
    if (s == header.first_seq) header.ts_first = record.ts_engine;
    header.ts_last = record.ts_engine;
    at += kHeaderBytes + record.body_bytes;
  }
  return ok_status();
}

}  // namespace

Status rewrite_record(const std::string& path, Seq seq,
                      const std::function<void(RecordHeader& header, std::span<std::byte> body)>& edit) {
  if (auto s = check_is_journal(path); !s) return s;
  const bool sealed = has_seal(path);
  auto opened = Store::open(path, OpenMode::write);
  if (!opened) return opened.error();
  Store& store = **opened;
  auto manifest = store.load_manifest();
  if (!manifest) return manifest.error();

  bool found = false;
  {
    auto start = load_chain_start(store, *manifest, path);
    if (!start) return start.error();
    BlockScan scan(store, path, *start);
    BlockEncoder encoder(1);
    RunningDigest digest = start->records;
    std::vector<std::uint64_t> words;
    while (auto block = scan.next()) {
      BlockHeader header = block->header;
      words.resize(header.raw_bytes / 8 + 1);
      auto* raw = reinterpret_cast<std::byte*>(words.data());
      if (auto s = scan.decode(*block, raw); !s) return s;
      const std::int64_t old_ts = header.ts_first;
      if (header.first_seq <= seq && seq <= header.last_seq()) {
        found = true;
        if (auto s = edit_block(header, raw, seq, edit); !s) return s;
      }
      header.digest_before = digest.value();
      digest.update(raw, header.raw_bytes);
      header.digest_after = digest.value();
      if (!found) continue;
      const std::string_view stored = encoder.encode(header, raw, header.raw_bytes);
      rocksdb::WriteBatch batch;
      batch.Put(store.family(Family::log), seq_key(header.first_seq), rocksdb::Slice(stored.data(), stored.size()));
      batch.Delete(store.family(Family::time_index), time_key(old_ts, header.first_seq));
      batch.Put(store.family(Family::time_index), time_key(header.ts_first, header.first_seq), time_value(header));
      if (const auto s = store.db().Write({}, &batch); !s.ok()) return rocks_error(path, "cannot rewrite", s);
    }
    if (!scan.status().ok()) return scan.status();
    if (!found) return usage_error("journal " + path + " has no record " + std::to_string(seq));
    manifest->digest = digest.value();
    // Snapshots behind the edited record belong to the records as they were.
    const auto s = store.db().DeleteRange({}, store.family(Family::snapshots), seq_key(seq),
                                          seq_key(std::numeric_limits<Seq>::max()));
    if (!s.ok()) return rocks_error(path, "cannot remove snapshots", s);
  }
  if (auto s = store.store_manifest(*manifest, true, true); !s) return s;
  if (auto s = store.flush(); !s) return s;
  if (auto s = store.close(); !s) return s;
  return sealed ? write_seal(path, manifest->digest) : ok_status();
}

}  // namespace reprise::journal
