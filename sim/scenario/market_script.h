// Plays the market acts: bends each instrument's market before the venue sees it, and adds prints of its own.
//
// One ShapedMarket for each instrument. Amounts are resolved for each instrument at the moment its act begins (sigma,
// spreads and absolute prices mean that market, then). Deterministic; one thread.
#pragma once

#include <map>
#include <vector>

#include "sim/dataset_source.h"
#include "sim/scenario/draws.h"
#include "sim/scenario/scenario.h"
#include "sim/scenario/shaped_market.h"

namespace reprise::sim::scenario {

class MarketScript {
 public:
  explicit MarketScript(const Scenario& scenario) : scenario_(scenario) {}

  // The record as published at `now`: none, one or several records, with the run's instrument number.
  void publish(const SourceRecord& record, UnixNanos now, journal::RecordBatch& out);
  // What is published at once when an act begins (prints, settlements) goes to `out`.
  void start(std::uint32_t act, UnixNanos now, Draws& draws, journal::RecordBatch& out);
  void stop(std::uint32_t act);

  ShapedMarket* market(InstrumentNo number);
  // Calls f(number, market, weight) for each instrument that an act is about.
  template <class F>
  void for_each(const Act& act, F&& f) {
    for (auto& [number, market] : markets_) {
      if (!market.is_declared()) continue;
      if (act.symbols.empty()) {
        f(number, market, kScale);
        continue;
      }
      for (const SymbolWeight& wanted : act.symbols) {
        if (wanted.symbol == market.symbol()) f(number, market, wanted.weight_e8);
      }
    }
  }
  bool concerns(const Act& act, InstrumentNo number);

  void persist(engine::StateArchive& archive);

 private:
  std::int64_t resolve(const ShapedMarket& market, AmountUnit unit, std::int64_t value_e8, UnixNanos now) const;
  std::vector<Knot> knots(const Act& act, const ShapedMarket& market, const std::vector<std::int64_t>& drawn,
                          std::int64_t weight_e8, UnixNanos now) const;

  const Scenario& scenario_;
  std::map<InstrumentNo, ShapedMarket> markets_;
};

}  // namespace reprise::sim::scenario
