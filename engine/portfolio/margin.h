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

// No figure of an account leaves (-2^61, 2^61): a sum of two is still an int64.
inline constexpr std::int64_t kFigureRange = std::int64_t{1} << 61;

// |price * qty| for any two numbers: the largest value stands for anything beyond it.
Money saturating_notional(Price price, Qty qty);
// |price * qty| is below 2^58 units (2.8 billion): sums over all positions of an account stay inside int64. What
// portfolio arithmetic relies on; figures from outside are checked against it first.
bool notional_fits(Price price, Qty qty);
// a * b / c toward zero for any numbers with c != 0, held inside int64 at its ends.
std::int64_t saturating_mul_div(std::int64_t a, std::int64_t b, std::int64_t c);

}  // namespace reprise::engine
