// A run that another process writes, as far as its journal shows: is it killed, is it flat, and when was what done.
//
// Journal times, ns UTC; 0 = not yet. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "engine/market/fixed.h"
#include "journal/journal_reader.h"

namespace reprise::tools {

struct KillTimes {
  std::int64_t engaged = 0;           // the first halt that is a kill
  std::int64_t last_cancel_sent = 0;  // behind it
  std::int64_t last_cancel_done = 0;
  std::int64_t flat = 0;  // the last execution that made it so; engaged, where it was flat
};

class FollowedRun {
 public:
  static Result<FollowedRun> open(const std::string& path);
  Status refresh();  // reads what is new

  bool has_position() const { return !held_.empty(); }
  std::size_t open_orders() const { return open_.size(); }
  // Orders sent behind the kill that could have opened something.
  std::uint64_t opened_behind() const { return opened_behind_; }
  bool is_ended() const { return is_ended_; }
  bool is_killed() const { return times_.engaged != 0; }
  // Killed, no position, no open order.
  bool is_done() const { return is_killed() && held_.empty() && open_.empty(); }
  const KillTimes& times() const { return times_; }

 private:
  explicit FollowedRun(journal::JournalReader reader) : reader_(std::move(reader)) {}
  void take(const journal::RecordView& record);

  journal::JournalReader reader_;
  std::map<std::uint32_t, std::int64_t> held_;  // instrument -> quantity, not 0
  std::set<std::uint64_t> open_;
  KillTimes times_;
  bool is_ended_ = false;
  std::uint64_t opened_behind_ = 0;
};

}  // namespace reprise::tools
