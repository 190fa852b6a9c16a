// The parts of the engine in one place, as the pieces that tie them together see them: strategy host, order
// gate, quote keeper, protective stops, dispatch. Owned by the Engine; one thread.
#pragma once

#include <vector>

#include "config/config.h"
#include "engine/emitter.h"
#include "engine/execution/order_manager.h"
#include "engine/market/instrument.h"
#include "engine/market/market_state.h"
#include "engine/portfolio/portfolio.h"
#include "engine/risk/kill_switch.h"
#include "engine/risk/risk_engine.h"

namespace reprise::engine {

struct Core final : MarketViews {
  config::Config config;
  Instruments instruments;
  Market market;
  OrderManager orders;
  Portfolio portfolio;
  RiskEngine risk;
  KillSwitch kill_switch;
  Emitter out;  // of the input being handled

  // As of now; valid until the next call for the same instrument.
  const MarketView* market_view(InstrumentNo number) const override {
    const InstrumentMarket* found = market.find(number);
    if (found == nullptr) return nullptr;
    found->fill_view(views_[number], declared_[number], out.now());
    return &views_[number];
  }
  // nullptr when not declared. O(1).
  const Instrument* instrument(InstrumentNo number) const {
    return number < declared_.size() ? declared_[number] : nullptr;
  }
  RiskInputs risk_inputs(InstrumentNo number, const Order* replaces = nullptr) const {
    return {market_view(number), &portfolio, &orders, replaces};
  }

  // After an instrument was declared or the whole state was loaded.
  void index_instruments() {
    views_.resize(market.size());
    declared_.assign(market.size(), nullptr);
    for (const auto& [number, instrument] : instruments.all()) {
      if (number < declared_.size()) declared_[number] = &instrument;
    }
  }

 private:
  mutable std::vector<MarketView> views_;  // by instrument number
  std::vector<const Instrument*> declared_;
};

}  // namespace reprise::engine
