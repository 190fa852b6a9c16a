// The two positions that an instrument has in hedge mode, beside the one of one-way mode.
//
// Saved states of one-way accounts are as old as the venue and must keep their bytes: a side is saved in the upper half
// of an integer that is saved anyway, and BOTH is 0 there.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "engine/market/instrument.h"
#include "engine/state_archive.h"
#include "journal/record.h"

namespace reprise::sim {

using schema::PositionSide;

inline constexpr PositionSide kOneWay[] = {PositionSide::BOTH};
inline constexpr PositionSide kHedged[] = {PositionSide::LONG, PositionSide::SHORT};
constexpr std::span<const PositionSide> sides_of(bool is_hedged) {
  return is_hedged ? std::span<const PositionSide>(kHedged) : std::span<const PositionSide>(kOneWay);
}

// In hedge mode the side of an order says whether it opens or closes: selling the long, buying back the short.
constexpr bool closes(PositionSide of, Side side) {
  return (of == PositionSide::LONG && side == Side::SELL) || (of == PositionSide::SHORT && side == Side::BUY);
}

// Which position: of which instrument, and on which side. In one-way mode the instrument's number.
enum class PositionKey : std::uint64_t {};
constexpr PositionKey key_of(InstrumentNo instrument, PositionSide of) {
  return static_cast<PositionKey>(static_cast<std::uint64_t>(of) << 32 | instrument);
}
constexpr InstrumentNo instrument_in(PositionKey key) {
  return static_cast<InstrumentNo>(static_cast<std::uint64_t>(key) & 0xffff'ffffu);
}
constexpr PositionSide side_in(PositionKey key) {
  return static_cast<PositionSide>(static_cast<std::uint64_t>(key) >> 32);
}

// Saves a figure of 32 bits and a side as one integer.
template <class T>
void persist_with_side(engine::StateArchive& archive, std::string_view name, T& value, PositionSide& of) {
  auto both = static_cast<std::int64_t>(static_cast<std::uint64_t>(of) << 32 | static_cast<std::uint32_t>(value));
  archive.field(name, both);
  if (!archive.loading()) return;
  value = static_cast<T>(static_cast<std::uint64_t>(both) & 0xffff'ffffu);
  of = static_cast<PositionSide>(static_cast<std::uint64_t>(both) >> 32);
}

}  // namespace reprise::sim
