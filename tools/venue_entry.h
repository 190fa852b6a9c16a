// What is asked and checked before a run at a venue may begin: clock, contracts, key, account, limits, disk.
//
// Each step says what it found, and refuses where trading must not begin (gateway/run/preflight.h has the rules). Waits
// for answers by turning the loop, and gives up when a signal asks the program to stop.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "gateway/binance/rest_client.h"
#include "gateway/binance/venue_facts.h"
#include "gateway/run/preflight.h"
#include "tools/venue_run.h"

namespace reprise::tools {

// How long one turn of the loop may wait: how soon a signal or a kill file is seen.
inline constexpr auto kTurn = std::chrono::milliseconds(10);

class VenueEntry {
 public:
  // `loop` and `options` outlive it.
  VenueEntry(net::Loop& loop, const VenueRunOptions& options, std::function<void(const std::string&)> say);

  // Before anything is asked of the venue.
  void set_production(bool is_production) { facts_.is_production = is_production; }
  Status check_offline(const std::vector<std::string>& kill_files);
  // From here on `rest`, which outlives it too.
  void use(gateway::binance::RestClient& rest) { rest_ = &rest; }
  Status measure_clock();
  Result<gateway::binance::VenueFacts> fetch_facts(const std::vector<std::string>& names);
  // What must be as the engine reckons, before anything is traded; sets margin mode and leverage of a new run.
  Status check_account(const std::vector<std::string>& names);

  // Every order that a run of that tag left open, of all contracts, until the venue has none of them.
  Status cancel_orders_of(std::uint64_t run_tag);

  // What was found out, said; the first refusal ends the run before it began.
  Status judge(const std::vector<gateway::Check>& checks);
  Error refused(std::string message, std::string hint);
  bool is_refused() const { return is_refused_; }  // not broken: kept from trading
  const gateway::PreflightFacts& facts() const { return facts_; }

 private:
  template <class Condition>
  bool wait(Condition&& is_done);
  Error interrupted_or(Error error) const;
  gateway::binance::RestClient& rest() { return *rest_; }
  Result<gateway::binance::Answer> ask(Result<gateway::binance::VenueRequest> request);
  Status set(const gateway::binance::VenueRequest& request, const std::string& what);
  Status check_capital();
  void check_fees(const std::string& name, const std::string& body);

  net::Loop& loop_;
  const VenueRunOptions& options_;
  std::function<void(const std::string&)> say_;
  const std::atomic<bool>& stop_;
  gateway::binance::RestClient* rest_ = nullptr;
  gateway::PreflightFacts facts_;
  bool is_refused_ = false;
};

}  // namespace reprise::tools
