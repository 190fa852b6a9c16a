// Integrity of a journal at rest: seal, checksums, chain, order, gaps, time index, manifest.
#pragma once

#include <functional>
#include <string>

#include "journal/manifest.h"
#include "journal/result.h"

namespace reprise::journal {

struct VerifyReport {
  bool clean = false;
  std::string problem;  // empty when clean; names the place
  Digest digest;
  std::uint64_t records = 0;
  Seq first_seq = 0;
  Seq last_seq = 0;
  Seq durable_seq = 0;
  std::uint64_t cut_records = 0;
  schema::RunStatus status = schema::RunStatus::UNKNOWN;
  std::uint64_t journal_bytes = 0;
};

// Errors are for "could not check" (no such path, no permission); damage is a report that is not clean.
Result<VerifyReport> verify(const std::string& path,
                            const std::function<void(std::uint64_t done, std::uint64_t total)>& progress = {});

}  // namespace reprise::journal
