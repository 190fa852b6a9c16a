// The instruments that the synthetic market can list, with scales like those of the real contracts.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "journal/record_batch.h"

namespace reprise::sim {

struct SymbolSpec {
  const char* symbol;
  const char* base_asset;
  std::int64_t tick_e8;
  std::int64_t lot_e8;
  std::int64_t start_price_e8;
  std::int64_t min_notional_e8;
  double second_volatility;       // of the fundamental value, share of price, one second
  double common_share;            // loading on the common factor, 0 to 1
  double half_spread;             // of makers in calm markets, share of price
  std::int64_t typical_notional;  // of one small order, USDT
  double activity;                // event rates relative to the busiest
};

inline constexpr std::uint32_t kMaxSymbols = 20;
std::span<const SymbolSpec> symbol_specs();  // kMaxSymbols of them, busiest first

// Appends the Instrument and the MarginTable record of one instrument.
void append_declaration(const SymbolSpec& spec, journal::RecordHeader header, journal::RecordBatch& out);

}  // namespace reprise::sim
