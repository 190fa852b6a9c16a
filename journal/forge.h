// Rewrites a record so that every checksum, chain value, the manifest and the seal are valid again.
//
// For tests and demonstrations: verify must accept the result, and replay must find it.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>

#include "journal/record.h"
#include "journal/result.h"

namespace reprise::journal {

// `edit` may change header fields (not body_bytes) and body bytes in place. Later blocks are stored
// again with their new chain values. No writer may have the journal open.
Status rewrite_record(const std::string& path, Seq seq,
                      const std::function<void(RecordHeader& header, std::span<std::byte> body)>& edit);

}  // namespace reprise::journal
