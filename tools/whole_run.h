// All records of a run in order, from its first one on. The journal of a branch begins behind a record of its parent;
// its past is read from the parent's journal: one of `others`, or where its manifest says that it was.
//
// Only the journal's own records where no parent is found: has_past() tells, and the state at its base stands in
// for what came before (engine/take_up.h).
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "journal/journal_reader.h"
#include "journal/result.h"

namespace reprise::tools {

class WholeRun {
 public:
  static Result<WholeRun> open(const std::string& path, const std::vector<std::string>& others = {});

  bool next(journal::RecordView& record);  // false at the end or on an error; the view as JournalReader::next has it
  Status status() const { return status_; }
  const std::string& path_holding(journal::Seq seq) const;  // of the journal that has this record
  bool has_past() const { return parts_.front().reader.base_seq() == 0; }
  journal::Seq first_seq() const { return parts_.front().reader.first_seq(); }
  journal::Seq last_seq() const { return parts_.back().reader.last_seq(); }
  const journal::Manifest& manifest() const { return parts_.back().reader.manifest(); }

 private:
  struct Part {
    std::string path;
    journal::JournalReader reader;
    journal::Seq until;  // its last record that belongs to the run
  };
  WholeRun() = default;

  std::deque<Part> parts_;  // oldest first
  std::size_t at_ = 0;
  Status status_ = ok_status();
};

}  // namespace reprise::tools
