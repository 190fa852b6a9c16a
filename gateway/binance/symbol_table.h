// Symbols and assets of a run by number, for what goes to and comes from the venue. Filled once at the start.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/market/instrument.h"
#include "engine/portfolio/assets.h"

namespace reprise::gateway::binance {

class SymbolTable {
 public:
  SymbolTable(std::string settlement_asset, std::string fee_asset)
      : settlement_asset_(std::move(settlement_asset)), fee_asset_(std::move(fee_asset)) {}

  // The numbers of a run: 1, 2, ... in the order of the calls.
  InstrumentNo add(std::string symbol) {
    symbols_.push_back(std::move(symbol));
    return static_cast<InstrumentNo>(symbols_.size());
  }
  std::size_t size() const { return symbols_.size(); }
  const std::vector<std::string>& symbols() const { return symbols_; }  // by number less one
  const std::string& symbol(InstrumentNo instrument) const {
    static const std::string kNone;
    return instrument >= 1 && instrument <= symbols_.size() ? symbols_[instrument - 1u] : kNone;
  }
  InstrumentNo find(std::string_view symbol) const {  // 0 = not one of ours
    for (std::size_t i = 0; i < symbols_.size(); ++i)
      if (symbols_[i] == symbol) return static_cast<InstrumentNo>(i + 1);
    return 0;
  }
  std::optional<engine::AssetNo> asset(std::string_view name) const {
    if (name == settlement_asset_) return engine::kSettlementAsset;
    if (!fee_asset_.empty() && name == fee_asset_) return engine::kFeeAsset;
    return std::nullopt;
  }

 private:
  std::string settlement_asset_, fee_asset_;
  std::vector<std::string> symbols_;
};

}  // namespace reprise::gateway::binance
