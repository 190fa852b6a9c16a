// What an invariant found: its name, where, and the figures. Names are the ones that SWARM.md lists.
#pragma once

#include <string>
#include <vector>

#include "journal/record.h"

namespace reprise::sim::swarm {

struct Finding {
  std::string invariant;
  journal::Seq seq = 0;  // 0: of the run as a whole
  std::string what;
};

// Keeps the first few of each invariant: one cause often breaks thousands of records.
class Findings {
 public:
  void add(const char* invariant, journal::Seq seq, std::string what) {
    std::size_t same = 0;
    for (const Finding& finding : list_) same += finding.invariant == invariant ? 1 : 0;
    if (same < kKept) list_.push_back({invariant, seq, std::move(what)});
  }
  const std::vector<Finding>& list() const { return list_; }

 private:
  static constexpr std::size_t kKept = 3;
  std::vector<Finding> list_;
};

}  // namespace reprise::sim::swarm
