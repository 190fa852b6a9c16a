#include "tools/whole_run.h"

namespace reprise::tools {

namespace {
constexpr std::size_t kMostGenerations = 64;
}

Result<WholeRun> WholeRun::open(const std::string& path, const std::vector<std::string>& others) {
  WholeRun run;
  auto reader = journal::JournalReader::open(path);
  if (!reader) return reader.error();
  const journal::Seq last = reader->last_seq();
  run.parts_.push_back({std::move(*reader), last});
  while (run.parts_.front().reader.base_seq() != 0 && run.parts_.size() < kMostGenerations) {
    const journal::Manifest& child = run.parts_.front().reader.manifest();
    const journal::Seq base = run.parts_.front().reader.base_seq();
    std::vector<std::string> places = others;
    places.push_back(child.origin);
    bool found = false;
    for (const std::string& place : places) {
      if (found || place.empty()) continue;
      auto parent = journal::JournalReader::open(place);
      if (!parent || parent->manifest().run_id != child.parent_run_id || parent->last_seq() < base) continue;
      run.parts_.push_front({std::move(*parent), base});
      found = true;
    }
    if (!found) break;
  }
  return run;
}

bool WholeRun::next(journal::RecordView& record) {
  while (true) {
    Part& part = parts_[at_];
    if (part.reader.next(record) && record.seq <= part.until) return true;
    if (at_ + 1 == parts_.size()) return false;
    ++at_;
  }
}

}  // namespace reprise::tools
