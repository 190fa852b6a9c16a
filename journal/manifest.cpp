// Manifest to bytes and back, and the names of its enums.
#include "journal/manifest.h"

#include <kj/exception.h>

#include <cstring>
#include <vector>

#include "journal/block.h"
#include "journal/digest.h"
#include "journal/record_batch.h"
#include "journal/store.h"

namespace reprise::journal {

const char* name_of(schema::RunStatus status) {
  switch (status) {
    case schema::RunStatus::UNKNOWN: return "unknown";
    case schema::RunStatus::RUNNING: return "running";
    case schema::RunStatus::ENDED: return "ended";
    case schema::RunStatus::CRASHED_RECOVERED: return "crashed_recovered";
    case schema::RunStatus::QUARANTINED: return "quarantined";
  }
  return "unknown";
}

const char* name_of(schema::RunMode mode) {
  switch (mode) {
    case schema::RunMode::UNKNOWN: return "unknown";
    case schema::RunMode::BACKTEST: return "backtest";
    case schema::RunMode::PAPER: return "paper";
    case schema::RunMode::LIVE: return "live";
    case schema::RunMode::DATASET: return "dataset";
    case schema::RunMode::REPLAY: return "replay";
    case schema::RunMode::EXCHANGE: return "exchange";
  }
  return "unknown";
}

std::string manifest_key() {
  return "run/" + seq_key(0);
}

std::string encode_manifest(const Manifest& m) {
  const std::size_t text = m.run_id.size() + m.parent_run_id.size() + m.build_id.size() + m.config_hash.size() +
                           m.compiler.size() + m.origin.size() + m.left_out.size();
  RecordBatch batch;
  batch.append<schema::RunManifest>(
      RecordType::NONE, {},
      [&](schema::RunManifest::Builder b) {
        b.setRunId(m.run_id);
        b.setParentRunId(m.parent_run_id);
        b.setBranchSeq(m.branch_seq);
        b.setMode(m.mode);
        b.setSchemaVersion(m.schema_version);
        b.setEngineVersion(m.engine_version);
        b.setBuildId(m.build_id);
        b.setConfigHash(m.config_hash);
        b.setSeed(m.seed);
        b.setFirstSeq(m.first_seq);
        b.setLastSeq(m.last_seq);
        b.setDurableSeq(m.durable_seq);
        b.setStatus(m.status);
        b.setDigestLow(m.digest.low);
        b.setDigestHigh(m.digest.high);
        b.setStartedAt(m.started_at);
        b.setEndedAt(m.ended_at);
        b.setCutRecords(m.cut_records);
        b.setRecoveries(m.recoveries);
        b.setCompiler(m.compiler);
        b.setOrigin(m.origin);
        if (!m.left_out.empty()) b.setLeftOut(m.left_out);
      },
      text / 8 + 16);
  const char* body = reinterpret_cast<const char*>(batch.bytes()) + kHeaderBytes;
  const std::size_t size = batch.size_bytes() - kHeaderBytes;
  const std::uint64_t checksum = hash64(body, size);
  std::string out(reinterpret_cast<const char*>(&checksum), sizeof checksum);
  out.append(body, size);
  return out;
}

Result<Manifest> decode_manifest(std::string_view stored) {
  if (stored.size() < 16 || stored.size() % 8 != 0) return corrupt_error("the manifest has an impossible size");
  std::uint64_t checksum = 0;
  std::memcpy(&checksum, stored.data(), sizeof checksum);
  if (checksum != hash64(stored.data() + 8, stored.size() - 8))
    return corrupt_error("the manifest's checksum does not match");
  std::vector<capnp::word> words((stored.size() - 8) / sizeof(capnp::word));
  std::memcpy(static_cast<void*>(words.data()), stored.data() + 8, stored.size() - 8);
  if (!shape_is_safe(words.data(), words.size())) return corrupt_error("the manifest is malformed");
  try {
    const auto r = capnp::readMessageUnchecked<schema::RunManifest>(words.data());
    Manifest m;
    m.run_id = r.getRunId().cStr();
    m.parent_run_id = r.getParentRunId().cStr();
    m.branch_seq = r.getBranchSeq();
    m.mode = r.getMode();
    m.schema_version = r.getSchemaVersion();
    m.engine_version = r.getEngineVersion();
    m.build_id = r.getBuildId().cStr();
    m.config_hash = r.getConfigHash().cStr();
    m.seed = r.getSeed();
    m.first_seq = r.getFirstSeq();
    m.last_seq = r.getLastSeq();
    m.durable_seq = r.getDurableSeq();
    m.status = r.getStatus();
    m.digest = {r.getDigestLow(), r.getDigestHigh()};
    m.started_at = r.getStartedAt();
    m.ended_at = r.getEndedAt();
    m.cut_records = r.getCutRecords();
    m.recoveries = r.getRecoveries();
    m.compiler = r.getCompiler().cStr();
    m.origin = r.getOrigin().cStr();
    m.left_out = r.getLeftOut().cStr();
    return m;
  } catch (const kj::Exception& e) {
    return corrupt_error(std::string("the manifest is malformed: ") + e.getDescription().cStr());
  }
}

}  // namespace reprise::journal
