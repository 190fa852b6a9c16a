// The assets of a run, by number: reports name an asset by its place in this table.
#pragma once

#include <cstdint>

namespace reprise::engine {

using AssetNo = std::uint16_t;
inline constexpr AssetNo kSettlementAsset = 0;  // account.settlement_asset
inline constexpr AssetNo kFeeAsset = 1;         // account.fee_asset, when set
inline constexpr AssetNo kMaxAssets = 64;       // a larger number in a report is an anomaly

}  // namespace reprise::engine
