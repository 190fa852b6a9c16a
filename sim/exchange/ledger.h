// The venue's own books of our account: wallets, positions, margin. Written apart from engine/portfolio on
// purpose: it is the auditor that the engine's figures are held against, to the last unit.
//
// Linear contracts settled in asset 0; one position an instrument (BOTH), or in hedge mode a LONG and a SHORT one, each
// with its own cost, isolated wallet and profit. Rounding as the venue's rules say it (sim/MODELS.md, "Account"): every
// product once, half away from zero; initial and maintenance margin up.
//
//   wallet (asset 0)   deposits + realised + funding - commission + insurance clears; isolated wallets inside
//   cross wallet       wallet - sum of isolated wallets
//   cost               signed price of the open quantity: + long, - short; entry price = cost / quantity
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "engine/market/instrument.h"
#include "engine/state_archive.h"
#include "sim/exchange/position_side.h"

namespace reprise::sim {

// price * qty, held at +-2^61 instead of leaving int64: absurd prices must not stop a run.
Money bounded_notional(Price price, Qty qty);
bool notional_is_bounded(Price price, Qty qty);

struct LedgerPosition {
  Qty qty;                // signed; a SHORT one is never positive, a LONG one never negative
  Money cost;             // signed
  Money isolated_wallet;  // 0 in cross mode
  Price mark;             // last valuation

  Price entry_price() const { return qty.is_zero() ? Price{} : div(cost, qty); }
  Money unrealized() const { return bounded_notional(mark, qty) - cost; }
  Money notional() const { return bounded_notional(mark, qty.abs()); }
  void persist(engine::StateArchive& archive);
};

struct MarginState {
  Money maintenance;
  Money balance;  // margin balance that stands against it
  bool is_breached() const { return maintenance.is_positive() && balance <= maintenance; }
};

class Ledger {
 public:
  // Of every instrument for which nothing else is set.
  void configure(MarginMode mode, std::uint32_t leverage) { standard_ = {mode, leverage == 0 ? 1 : leverage, false}; }
  void set_leverage(std::uint32_t leverage);                           // of every instrument
  void set_leverage(InstrumentNo instrument, std::uint32_t leverage);  // of one
  // Only where it holds no position and no order.
  void set_mode(InstrumentNo instrument, MarginMode mode) { setting(instrument).mode = mode; }
  // A LONG and a SHORT position an instrument from now on, or one of both kinds; only while every position is flat.
  void set_hedged(bool is_hedged);

  void deposit(std::uint16_t asset, Money amount) { wallet(asset) += amount; }
  // A position that stood elsewhere. Its isolated wallet is inside the wallet of asset 0, as always.
  void assume(InstrumentNo instrument, const LedgerPosition& position) {
    positions_[key_of(instrument, PositionSide::BOTH)] = position;
  }
  // Books one execution without its commission; returns the profit realised. `forced`: profit of an
  // isolated position stays in its wallet, as in a liquidation. A LONG or SHORT position is never turned round.
  Money apply_fill(const Instrument& instrument, Side side, Price price, Qty qty, bool forced = false,
                   PositionSide of = PositionSide::BOTH);
  void pay_commission(std::uint16_t asset, Money amount) { wallet(asset) -= amount; }
  // From the isolated wallet where there is one.
  void pay_forced_fee(InstrumentNo instrument, Money amount, PositionSide of = PositionSide::BOTH);
  // Positive = received.
  void apply_funding(InstrumentNo instrument, Money amount, PositionSide of = PositionSide::BOTH);
  // From the cross wallet into the isolated one of a position; negative = back.
  void move_margin(InstrumentNo instrument, Money amount, PositionSide of = PositionSide::BOTH);
  void set_mark(InstrumentNo instrument, Price mark);
  // Fills a negative wallet (cross, and the isolated one of a flat position) to 0; returns what it took.
  Money clear_deficit(InstrumentNo instrument, PositionSide of = PositionSide::BOTH);

  MarginMode mode(InstrumentNo instrument) const { return setting_of(instrument).mode; }
  bool is_isolated(InstrumentNo instrument) const { return mode(instrument) == MarginMode::ISOLATED; }
  std::uint32_t leverage(InstrumentNo instrument) const { return setting_of(instrument).leverage; }
  std::uint32_t standard_leverage() const { return standard_.leverage; }
  MarginMode standard_mode() const { return standard_.mode; }
  // Leverage that counts: no more than the tier of that notional allows.
  std::uint32_t leverage_for(const Instrument& instrument, Money notional) const;
  Money wallet_balance(std::uint16_t asset = 0) const;
  Money cross_wallet() const;
  Money cross_unrealized() const;
  Money margin_balance() const { return cross_wallet() + cross_unrealized(); }
  bool is_hedged() const { return standard_.is_hedged; }
  // Of the positions that an instrument can have in this mode.
  std::span<const PositionSide> sides() const { return sides_of(is_hedged()); }
  const LedgerPosition& position(InstrumentNo instrument, PositionSide of = PositionSide::BOTH) const;
  Qty net_qty(InstrumentNo instrument) const;   // over all sides
  bool is_flat(InstrumentNo instrument) const;  // on all sides
  const std::map<PositionKey, LedgerPosition>& positions() const { return positions_; }

  static Money maintenance(const Instrument& instrument, Money notional);
  // What stands against a liquidation of this position: the cross account with all that is held in it, or the
  // isolated wallet.
  template <class InstrumentOf>
  MarginState margin_state(InstrumentNo instrument, InstrumentOf&& instrument_of,
                           PositionSide of = PositionSide::BOTH) const {
    if (is_isolated(instrument)) {
      const LedgerPosition& p = position(instrument, of);
      if (p.qty.is_zero()) return {};
      return {maintenance(instrument_of(instrument), p.notional()), p.isolated_wallet + p.unrealized()};
    }
    MarginState state;
    for (const auto& [key, p] : positions_) {
      if (!p.qty.is_zero() && !is_isolated(instrument_in(key)))
        state.maintenance += maintenance(instrument_of(instrument_in(key)), p.notional());
    }
    state.balance = margin_balance();
    return state;
  }
  // Price at which the margin behind this position is gone; 0 when there is none above zero.
  Price bankruptcy_price(InstrumentNo instrument, PositionSide of = PositionSide::BOTH) const;

  void persist(engine::StateArchive& archive);

 private:
  struct Setting {
    MarginMode mode = MarginMode::CROSS;
    std::uint32_t leverage = 1;
    bool is_hedged = false;  // the position mode is the account's: it stands in the standard setting alone
    void persist(engine::StateArchive& archive);
  };
  Money& wallet(std::uint16_t asset);
  const Setting& setting_of(InstrumentNo instrument) const;
  Setting& setting(InstrumentNo instrument);

  Setting standard_;
  std::map<InstrumentNo, Setting> settings_;  // of instruments that differ from it, or did
  std::vector<Money> wallets_ = std::vector<Money>(2);
  std::map<PositionKey, LedgerPosition> positions_;
};

}  // namespace reprise::sim
