#include "tools/whole_run.h"

#include <filesystem>

namespace reprise::tools {

namespace fs = std::filesystem;

namespace {
constexpr std::size_t kMostGenerations = 64;
}

Result<WholeRun> WholeRun::open(const std::string& path, const std::vector<std::string>& others) {
  WholeRun run;
  auto reader = journal::JournalReader::open(path);
  if (!reader) return reader.error();
  const journal::Seq last = reader->last_seq();
  run.parts_.push_back({path, std::move(*reader), last});
  while (run.parts_.front().reader.base_seq() != 0 && run.parts_.size() < kMostGenerations) {
    const journal::Manifest& child = run.parts_.front().reader.manifest();
    const journal::Seq base = run.parts_.front().reader.base_seq();
    std::vector<std::string> places = others;
    places.push_back(child.origin);
    // Moved together: beside the branch.
    const fs::path beside = fs::path(run.parts_.front().path).parent_path() / fs::path(child.origin).filename();
    places.push_back(beside.string());
    bool found = false;
    for (const std::string& place : places) {
      if (found || place.empty()) continue;
      auto parent = journal::JournalReader::open(place);
      if (!parent || parent->manifest().run_id != child.parent_run_id || parent->last_seq() < base) continue;
      run.parts_.push_front({place, std::move(*parent), base});
      found = true;
    }
    if (!found) break;
  }
  return run;
}

bool WholeRun::next(journal::RecordView& record) {
  while (status_.ok()) {
    Part& part = parts_[at_];
    if (part.reader.next(record) && record.seq <= part.until) return true;
    status_ = part.reader.status();
    if (!status_.ok() || at_ + 1 == parts_.size()) return false;
    ++at_;
  }
  return false;
}

const std::string& WholeRun::path_holding(journal::Seq seq) const {
  for (const Part& part : parts_) {
    if (seq <= part.until) return part.path;
  }
  return parts_.back().path;
}

}  // namespace reprise::tools
