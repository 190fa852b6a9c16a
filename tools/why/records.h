// Records of one journal by seq, and what led to each.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "journal/journal_reader.h"
#include "journal/record.h"

namespace reprise::tools {

// A copy that lives as long as it is held.
class OwnedRecord {
 public:
  explicit OwnedRecord(const journal::RecordView& record);
  journal::RecordView view() const { return {seq_, reinterpret_cast<const journal::RecordHeader*>(words_->data())}; }
  journal::Seq seq() const { return seq_; }
  journal::RecordType type() const { return view().type(); }

 private:
  journal::Seq seq_;
  std::shared_ptr<std::vector<std::uint64_t>> words_;
};

class Records {
 public:
  using Test = std::function<bool(const journal::RecordView&)>;

  static Result<Records> open(const std::string& path);

  Result<OwnedRecord> at(journal::Seq seq);  // an error where there is none
  // Calls see(record) from seq `first` on until it returns false or the journal ends.
  Status scan(journal::Seq first, const Test& see);
  // The last record before `seq` that passes; looks at most `reach` records back.
  Result<std::optional<OwnedRecord>> last_before(journal::Seq seq, const Test& test, journal::Seq reach = 1u << 20);

  // What led to a record: the cause in its header; for an input of the venue the command that it answers, else the
  // market record that brought it about. 0 = market data, the clock, the operator: here a chain begins.
  Result<journal::Seq> cause_of(const journal::RecordView& record);
  // The record itself, then its causes, nearest first.
  Result<std::vector<OwnedRecord>> chain(journal::Seq seq, std::size_t most = 64);

  journal::Seq first_seq() const { return reader_.first_seq(); }
  journal::Seq last_seq() const { return reader_.last_seq(); }
  const std::string& path() const { return path_; }
  const journal::Manifest& manifest() const { return reader_.manifest(); }

 private:
  Records(std::string path, journal::JournalReader reader) : path_(std::move(path)), reader_(std::move(reader)) {}
  std::string path_;
  journal::JournalReader reader_;
};

// What the engine does by itself when the trading state changes (cancel, flatten) names the input as its cause; a
// change of state that stands between the two says more.
bool may_follow_a_state(const journal::RecordView& record);

// The order that a record is about: its own for a command, a state, a report, a fill; 0 = none.
journal::Seq order_of(const journal::RecordView& record);

}  // namespace reprise::tools
