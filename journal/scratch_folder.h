// A folder of its own in the temporary place (TMPDIR, else /tmp), gone with its owner.
#pragma once

#include <string>
#include <utility>

#include "journal/result.h"

namespace reprise::journal {

class ScratchFolder {
 public:
  static Result<ScratchFolder> make(const std::string& purpose);  // part of its name
  ScratchFolder() = default;                                      // none
  ScratchFolder(ScratchFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  ScratchFolder& operator=(ScratchFolder&& other) noexcept {
    std::swap(path_, other.path_);
    return *this;
  }
  ~ScratchFolder();

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace reprise::journal
