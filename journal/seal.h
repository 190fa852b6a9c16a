// The SEAL of an ended journal: name, size and hash of every file that holds or locates records.
//
// Text, one entry a line:
//   reprise-seal 1
//   digest xxh3-128:<32 hex>
//   file <name> <bytes> <32 hex>        sorted by name
//   checksum <16 hex>                    XXH3-64 of everything above
// Not covered: what RocksDB keeps for itself (LOG*, OPTIONS*, IDENTITY, LOCK), the seal, and a TAIL left behind
// by an end() that was interrupted after sealing.
#pragma once

#include <string>

#include "journal/manifest.h"
#include "journal/result.h"

namespace reprise::journal {

bool has_seal(const std::string& path);
bool has_tail(const std::string& path);
Status write_seal(const std::string& path, const Digest& digest);  // durable when it returns

// The journal's digest as sealed. A corrupt error names the file that does not agree.
Result<Digest> check_seal(const std::string& path);

// Bytes of all files that hold or locate records.
std::uint64_t journal_bytes(const std::string& path);

Status sync_directory(const std::string& path);

}  // namespace reprise::journal
