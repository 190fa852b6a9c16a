// The engine: a pure function of its state and the next input. Inputs come as journal records, everything
// that it decides goes out as journal records; it knows no clock, no file, no venue.
//
// Order of inputs at the start of a run: RunStart, Configuration, Instrument and MarginTable records,
// BalanceUpdates with the opening balances, then the world. Strategies start at the first input behind
// these that is not a declaration, once all their instruments are declared.
//
// Rules that hold for every input:
//  * Engine time is max(previous, header.ts_engine); an output carries it.
//  * All outputs of an input are in `out` when on() returns, in the order in which they were decided, and
//    each names the record that caused it; order -> risk decision -> sizing -> signal -> input.
//  * Only ClockTick inputs fire timers, so that every firing can be seen in the journal.
//  * A record type that the engine does not know, or that is an output, changes nothing.
//  * Values out of range (absurd prices, negative quantities) are refused by the part that reads them;
//    they never reach the arithmetic.
//
// One thread. Nothing here throws. References returned are valid until the next on() or persist().
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "engine/emitter.h"
#include "engine/market/instrument.h"
#include "engine/state_archive.h"
#include "journal/manifest.h"
#include "journal/record.h"
#include "journal/record_batch.h"
#include "journal/result.h"

namespace reprise::config {
struct Loaded;  // config/loader.h
}

namespace reprise::engine {

class Market;        // engine/market/market_state.h
class OrderManager;  // engine/execution/order_manager.h
class Portfolio;     // engine/portfolio/portfolio.h
class RiskEngine;    // engine/risk/risk_engine.h
struct Timer;        // engine/timers.h
struct BarEvent;     // engine/strategy/strategy.h
struct Explanation;  // engine/explanation.h

config::Entries entries_of(schema::Configuration::Reader record);
// Whether a run can be made with this configuration: keys, strategy kinds, parameters. The same check that
// the engine makes when it reads the Configuration record; a run calls it first.
Result<config::Config> check_configuration(const config::Entries& entries);
// These entries with "key=value" replacements, checked. Unknown keys and values out of range are usage errors.
Result<config::Loaded> changed_configuration(const config::Entries& entries, const std::vector<std::string>& sets);

class Engine {
 public:
  Engine();
  ~Engine();
  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;

  // Handles one input. `out` must be empty; the outputs stand directly behind input.seq.
  void on(const journal::RecordView& input, journal::RecordBatch& out);

  // Everything that can influence a later output. A loaded engine continues as the saved one would have.
  // Loading needs a fresh engine; the configuration is part of the state.
  void persist(StateArchive& archive);
  journal::Digest state_hash();  // of everything above but the configuration

  UnixNanos now() const;
  Seq last_input_seq() const;
  std::uint64_t inputs() const;                      // handled so far
  bool is_configured() const;                        // a usable Configuration record was seen
  const std::string& configuration_problem() const;  // why not; "" when there is none
  const config::Config& config() const;
  const config::Entries& entries() const;  // the same, as the Configuration record had it
  // Why a new configuration would be refused in the middle of this run; "" = it would be taken over.
  std::string cannot_take_over(const config::Config& wanted) const;
  std::uint64_t run_tag() const;
  const Instruments& instruments() const;
  const Market& market() const;
  const OrderManager& orders() const;
  const Portfolio& portfolio() const;
  const RiskEngine& risk() const;
  const std::vector<Timer>& timers() const;  // in firing order
  // What a strategy waits for in an instrument that it trades, and what sizing and risk would say. Changes nothing.
  // With `bar`, as if that bar closed now; else as if the bar that is being built did.
  Explanation explain(StrategyNo strategy, InstrumentNo instrument, const BarEvent* bar = nullptr) const;
  std::vector<InstrumentNo> instruments_of(StrategyNo strategy) const;  // empty until it has started

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace reprise::engine
