#include "journal/scratch_folder.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace reprise::journal {

Result<ScratchFolder> ScratchFolder::make(const std::string& purpose) {
  const char* tmp = std::getenv("TMPDIR");
  std::string name = std::string(tmp != nullptr && *tmp != '\0' ? tmp : "/tmp") + "/reprise-" + purpose + "-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr)
    return io_error("cannot make a directory " + name, "set TMPDIR to a writable folder");
  ScratchFolder folder;
  folder.path_ = name;
  return folder;
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace reprise::journal
