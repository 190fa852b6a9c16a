// Counts rare branches by name, from the records of a run alone: nothing in the engine knows of it.
//
// A probe is a line in names() and a hit() that its record leads to. A campaign sums the counts of its seeds and lists
// those that were never reached; the tests require the ones that required() lists. Deterministic; one thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "journal/record.h"

namespace reprise::sim::swarm {

class Probes {
 public:
  Probes();
  void on(const journal::RecordView& record);
  const std::map<std::string, std::uint64_t>& counts() const { return counts_; }
  void add(const Probes& other);

  static const std::vector<std::string>& names();     // every probe there is
  static const std::vector<std::string>& required();  // those that a campaign of the tests has to reach

 private:
  void hit(const std::string& name);
  void on_state(const journal::RecordView& record);
  void on_report(const journal::RecordView& record);
  void on_decision(const journal::RecordView& record);
  void on_market(const journal::RecordView& record);
  void on_account(const journal::RecordView& record);

  std::map<std::string, std::uint64_t> counts_;
  std::map<std::uint64_t, schema::OrderStatus> open_;
  std::map<std::uint32_t, std::int64_t> held_;
  bool is_configured_ = false;
  bool is_killed_ = false;
};

}  // namespace reprise::sim::swarm
