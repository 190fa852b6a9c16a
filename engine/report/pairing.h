// Pairs what two runs did: entries of one group (the same strategy, symbol, side ...) that came within a window of each
// other are one and the same; in time order, each at most once.
#pragma once

#include <map>
#include <vector>

#include "engine/market/fixed.h"

namespace reprise::engine {

template <class Group, class T>
using TimedGroups = std::map<Group, std::vector<const T*>>;  // each list in time order

// Calls see(a, b) for every entry of both, group by group; nullptr where only one run has it. `time_of`: UnixNanos.
template <class Group, class T, class TimeOf, class See>
void pair_by_time(TimedGroups<Group, T> groups_a, TimedGroups<Group, T> groups_b, DurationNanos window,
                  TimeOf&& time_of, See&& see) {
  for (const auto& [group, _] : groups_b) groups_a[group];
  for (const auto& [group, list_a] : groups_a) {
    const auto& list_b = groups_b[group];
    auto i = list_a.begin();
    auto j = list_b.begin();
    while (i != list_a.end() || j != list_b.end()) {
      const bool only_a = j == list_b.end() || (i != list_a.end() && time_of(**i) + window < time_of(**j));
      const bool only_b = i == list_a.end() || (j != list_b.end() && time_of(**j) + window < time_of(**i));
      const T* a = only_b ? nullptr : *i++;
      const T* b = only_a ? nullptr : *j++;
      see(a, b);
    }
  }
}

}  // namespace reprise::engine
