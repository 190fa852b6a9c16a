// The bytes of one text as they were before anybody packed them: what text_reader.h cuts into lines.
//
// One thread at a time. Nothing here looks at what the text says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "journal/result.h"

namespace reprise::gateway {

inline constexpr const char* kCopyAgain = "download or copy the file again and check its size";

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Up to `room` of the next bytes; 0 at the end. Damage is an Error (its message is the reason alone) that
  // comes when all bytes that were decoded before it have been given; nothing is read after it.
  virtual Result<std::size_t> read(char* to, std::size_t room) = 0;
  virtual std::uint64_t file_bytes_read() const = 0;  // of the file as it lies on disk, for progress
};

// The entries of a file that hold text: one for anything but a zip. Names are empty outside a zip.
Result<std::vector<std::string>> list_entries(const std::string& path);
// entry: place in list_entries(). By the faster reader where the file is plain gzip, else by libarchive.
Result<std::unique_ptr<ByteSource>> open_bytes(const std::string& path, std::size_t entry);
// By libarchive whatever the file is: plain, gzip, zstd, xz, lzma, bzip2, zip.
Result<std::unique_ptr<ByteSource>> open_archive_bytes(const std::string& path, std::size_t entry);

}  // namespace reprise::gateway
