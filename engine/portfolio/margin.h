// Margin of linear positions, by bracket. Pure functions; the simulated venue uses them too.
//
//   initial margin      notional / leverage                    rounded up
//   maintenance margin  notional * rate(tier) - amount(tier)   rounded up, tier of that notional, never below 0
//   liquidation price   where margin balance == maintenance margin, with the tier of the notional at that price
//
// Source: Binance's liquidation price formula for one-way positions. With signed cost N and side s:
//   LP = (balance + amount - N) / (q * rate - s * q)
//   cross:    balance = cross wallet - maintenance of all other cross positions + their unrealised profit
//   isolated: balance = isolated wallet
// Rounded to the careful side: up for a long, down for a short.
#pragma once

#include <cstdint>
#include <optional>

#include "engine/market/instrument.h"
#include "engine/portfolio/position.h"

namespace reprise::engine {

Money initial_margin(Money notional, std::uint32_t leverage);
Money maintenance_margin(const MarginTable& table, Money notional);  // 0 without tiers

// None when the position is flat, has no tiers, or no price above zero liquidates it.
std::optional<Price> liquidation_price(const MarginTable& table, Qty qty, Money open_notional, Money balance);

// Where the margin balance is zero: entry - side * wallet / quantity. None at or below zero.
std::optional<Price> bankruptcy_price(Qty qty, Money open_notional, Money balance);

// |mark| as a product that cannot overflow: the largest value stands for anything beyond it.
Money saturating_notional(Price price, Qty qty);
// price * qty fits with room for sums (below 2^61): what portfolio arithmetic may rely on.
bool notional_fits(Price price, Qty qty);

}  // namespace reprise::engine
