// One portable file that holds a whole ended journal (FORMAT.md, "Slice"): what stands in its column families, without
// the database around it, so that another machine with another RocksDB reads it.
//
// Every reader of journals takes such a file for a journal: it is checked as a whole and put into a database of its own
// in the temporary folder (TMPDIR), shared within the process and removed with its last reader.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "journal/result.h"
#include "journal/scratch_folder.h"

namespace reprise::journal {

// Writes `file`, which must not exist; complete and durable when it returns fine, absent otherwise.
Status write_slice_file(const std::string& journal, const std::string& file);

// Whether a path is a file that begins like a slice.
bool is_slice_file(const std::string& path);

class UnpackedSlice {
 public:
  explicit UnpackedSlice(ScratchFolder folder) : folder_(std::move(folder)), path_(folder_.path() + "/journal") {}
  const std::string& path() const { return path_; }  // a journal directory

 private:
  ScratchFolder folder_;
  std::string path_;
};

// Corrupt error: damaged, cut off. Thread-safe.
Result<std::shared_ptr<const UnpackedSlice>> unpack_slice(const std::string& file);

}  // namespace reprise::journal
