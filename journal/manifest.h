// The manifest of a run: everything about a journal that is not in its digest.
#pragma once

#include <cstdint>
#include <string>

#include "journal/record.h"
#include "journal/result.h"

namespace reprise::journal {

struct Digest {  // XXH3-128 over headers and bodies of records 1..n, independent of block borders
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  bool operator==(const Digest&) const = default;
  std::string text() const;  // "xxh3-128:<32 hex digits>"
};

struct Manifest {
  std::string run_id;
  std::string parent_run_id;
  Seq branch_seq = 0;
  schema::RunMode mode = schema::RunMode::UNKNOWN;
  std::uint32_t schema_version = kSchemaVersion;
  std::uint32_t engine_version = 0;
  std::string build_id;
  std::string config_hash;
  std::uint64_t seed = 0;
  Seq first_seq = 1;
  Seq last_seq = 0;
  Seq durable_seq = 0;
  schema::RunStatus status = schema::RunStatus::UNKNOWN;
  Digest digest;
  std::int64_t started_at = 0;  // wall time, ns UTC
  std::int64_t ended_at = 0;
  std::uint64_t cut_records = 0;
  std::uint32_t recoveries = 0;
  std::string compiler;
  std::string origin;
  std::string left_out;  // of a slice: what was not to be passed on ("account")
};

const char* name_of(schema::RunStatus status);  // "running", "ended", "crashed_recovered", "quarantined"
const char* name_of(schema::RunMode mode);

}  // namespace reprise::journal
