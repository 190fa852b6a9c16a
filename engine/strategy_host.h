// Runs the strategies: wakes those that trade the instrument of an event, in strategy-number order, and carries
// out what they ask for. Signals become sized, checked market orders; quotes and protective stops go to their
// keepers.
//
// Which contract a symbol means: among the instruments with that symbol the linear perpetual, then a linear
// delivery contract, then the one with the smallest number. "VENUE:SYMBOL" (binanceUsdm:BTCUSDT) asks for one venue.
//
// An exit is reduce-only where the account's net position covers the strategy's share; where strategies stand
// against each other it is an ordinary market order, since the venue sees the net alone.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/order_gate.h"
#include "engine/protective_stops.h"
#include "engine/quote_keeper.h"
#include "engine/strategy/strategy.h"
#include "engine/timers.h"

namespace reprise::engine {

class StrategyHost {
 public:
  StrategyHost(Core& core, Timers& timers);
  ~StrategyHost();

  void configure();  // from core.config
  // A new configuration in the middle of a run. Names, kinds and instruments of the strategies there are stay (why not,
  // as text; "" = fine); parameters may change, strategies may be switched on and off, new ones come last.
  std::string cannot_take_over(const std::vector<config::StrategyConfig>& wanted) const;
  // From core.config. A strategy with other parameters is made anew and inherits what it can; one that is switched off
  // leaves its position and protective stop where they are and pulls the rest.
  void take_over(const std::vector<config::StrategyConfig>& before);
  // Starts strategies whose instruments are declared; tells once which instruments are missing.
  void start_ready();
  bool has_waiting() const { return waiting_ != 0; }
  bool trades(InstrumentNo instrument) const { return instrument < traders_.size() && !traders_[instrument].empty(); }
  // Every instrument that a started strategy trades, ascending.
  const std::vector<InstrumentNo>& traded() const { return traded_; }

  void on_bar(const BarEvent& bar, Seq cause);
  void on_book(InstrumentNo instrument);
  void on_trade(const TradeEvent& trade);
  void on_fill(StrategyNo strategy, const FillEvent& fill, Seq cause);
  void on_order(const Order& order, Seq cause);
  void on_refused(const Order& order);  // the venue refused the order, or its cancel or modify: call before on_order
  void on_timer(StrategyNo strategy, std::uint64_t id, Seq cause);
  void on_tick();           // keepers' deferred work
  void on_trading_state();  // quotes and stops under the new state
  void persist(StateArchive& archive);

 private:
  class Context;
  struct Runner {
    std::string name;
    bool enabled = true;
    bool told_missing = false;
    std::vector<InstrumentNo> instruments;  // empty until started
    std::unique_ptr<Strategy> strategy;     // set when started
  };

  InstrumentNo resolve(const std::string& symbol) const;
  void index_traders();
  void make(Runner& runner, StrategyNo number);
  void reconcile(StrategyNo strategy, InstrumentNo instrument, Seq cause);

  Core& core_;
  Timers& timers_;
  OrderGate gate_;
  QuoteKeeper quotes_;
  ProtectiveStops stops_;
  std::unique_ptr<Context> context_;
  std::vector<Runner> runners_;  // strategy number - 1
  std::size_t waiting_ = 0;
  std::vector<std::vector<StrategyNo>> traders_;  // by instrument number
  std::vector<InstrumentNo> traded_;
};

}  // namespace reprise::engine
