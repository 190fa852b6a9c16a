#include "sim/exchange/ledger.h"
#include "sim/exchange/wide.h"

#include <algorithm>

namespace reprise::sim {

namespace {
constexpr std::int64_t kBound = std::int64_t{1} << 61;
// A position without a bracket table: half a percent, so that it can be liquidated at all.
constexpr Rate kDefaultMaintenance{500'000};
}  // namespace

Money bounded_notional(Price price, Qty qty) {
  const Wide product = static_cast<Wide>(price.e8) * qty.e8;
  const Wide half = kScale / 2;
  const Wide rounded = (product + (product < 0 ? -half : half)) / kScale;
  if (rounded > kBound) return {kBound};
  if (rounded < -kBound) return {-kBound};
  return {static_cast<std::int64_t>(rounded)};
}

bool notional_is_bounded(Price price, Qty qty) {
  const Money notional = bounded_notional(price, qty.abs());
  return notional.e8 < kBound / 16;  // room for sums over positions
}

void LedgerPosition::persist(engine::StateArchive& archive) {
  archive.field("qty", qty);
  archive.field("cost", cost);
  archive.field("isolated_wallet", isolated_wallet);
  archive.field("mark", mark);
}

void Ledger::Setting::persist(engine::StateArchive& archive) {
  // The bytes of a one-way account stay as they were before there was another mode.
  PositionSide hedged = is_hedged ? PositionSide::LONG : PositionSide::BOTH;
  persist_with_side(archive, "mode", mode, hedged);
  is_hedged = hedged != PositionSide::BOTH;
  archive.field("leverage", leverage);
}

const Ledger::Setting& Ledger::setting_of(InstrumentNo instrument) const {
  const auto found = settings_.find(instrument);
  return found == settings_.end() ? standard_ : found->second;
}

Ledger::Setting& Ledger::setting(InstrumentNo instrument) {
  return settings_.try_emplace(instrument, Setting{standard_.mode, standard_.leverage, false}).first->second;
}

void Ledger::set_leverage(std::uint32_t leverage) {
  standard_.leverage = std::max(1u, leverage);
  for (auto& [number, set] : settings_) set.leverage = standard_.leverage;
}

void Ledger::set_leverage(InstrumentNo instrument, std::uint32_t leverage) {
  setting(instrument).leverage = std::max(1u, leverage);
}

Money& Ledger::wallet(std::uint16_t asset) {
  if (asset >= wallets_.size()) wallets_.resize(asset + 1u);
  return wallets_[asset];
}

Money Ledger::wallet_balance(std::uint16_t asset) const {
  return asset < wallets_.size() ? wallets_[asset] : Money{};
}

const LedgerPosition& Ledger::position(InstrumentNo instrument, PositionSide of) const {
  static constexpr LedgerPosition kFlat{};
  const auto found = positions_.find(key_of(instrument, of));
  return found == positions_.end() ? kFlat : found->second;
}

Qty Ledger::net_qty(InstrumentNo instrument) const {
  Qty sum;
  for (const PositionSide of : sides()) sum += position(instrument, of).qty;
  return sum;
}

bool Ledger::is_flat(InstrumentNo instrument) const {
  for (const PositionSide of : sides()) {
    if (!position(instrument, of).qty.is_zero()) return false;
  }
  return true;
}

void Ledger::set_hedged(bool is_hedged) {
  if (is_hedged == standard_.is_hedged) return;
  for (const auto& [key, p] : positions_) {
    REPRISE_ASSERT(p.qty.is_zero(), "the position mode changes between positions");
  }
  positions_.clear();
  standard_.is_hedged = is_hedged;
}

std::uint32_t Ledger::leverage_for(const Instrument& instrument, Money notional) const {
  const std::uint32_t set = leverage(instrument.number);
  if (instrument.margin.tiers.empty()) return set;
  return std::max(1u, std::min(set, instrument.margin.tier_for(notional).max_leverage));
}

Money Ledger::maintenance(const Instrument& instrument, Money notional) {
  if (instrument.margin.tiers.empty()) return mul(notional, kDefaultMaintenance, Rounding::ceiling);
  return std::max(Money{}, instrument.margin.maintenance_margin(notional));
}

Money Ledger::apply_fill(const Instrument& instrument, Side side, Price price, Qty qty, bool forced, PositionSide of) {
  REPRISE_ASSERT((of != PositionSide::BOTH) == is_hedged(), "an execution is of a position that the mode has");
  LedgerPosition& p = positions_[key_of(instrument.number, of)];
  REPRISE_ASSERT(!closes(of, side) || qty <= p.qty.abs(), "a position of hedge mode is never turned round");
  if (p.mark.is_zero()) p.mark = price;
  const Money notional = price * qty;
  const std::int64_t sign = sign_of(side);
  const bool reduces = p.qty.sign() != 0 && p.qty.sign() != sign;
  const Qty closed = reduces ? std::min(qty, p.qty.abs()) : Qty{};
  const Qty opened = qty - closed;

  Money realized;
  Money closed_notional;
  if (closed.is_positive()) {
    const Qty before = p.qty.abs();
    closed_notional = opened.is_zero() ? notional : Money{mul_div(notional.e8, closed.e8, qty.e8)};
    const Money part = closed == before ? p.cost : Money{mul_div(p.cost.e8, closed.e8, before.e8)};
    // A long sells: proceeds minus cost. A short buys back: -(what it pays) minus its negative cost.
    realized = Money{-sign * closed_notional.e8} - part;
    p.cost -= part;
    p.qty += Qty{sign * closed.e8};
    wallet(0) += realized;
    if (is_isolated(instrument.number)) {
      if (forced) {
        p.isolated_wallet += realized;
      } else {
        // The released margin goes back to the cross wallet; so does the profit.
        const Money released =
            closed == before ? p.isolated_wallet : Money{mul_div(p.isolated_wallet.e8, closed.e8, before.e8)};
        p.isolated_wallet -= released;
      }
    }
  }
  if (opened.is_positive()) {
    const Money opened_notional = notional - closed_notional;
    p.cost += Money{sign * opened_notional.e8};
    p.qty += Qty{sign * opened.e8};
    if (is_isolated(instrument.number)) {
      const std::uint32_t leverage = leverage_for(instrument, opened_notional);
      p.isolated_wallet += Money{ceil_to(opened_notional.e8, leverage) / leverage};
    }
  }
  return realized;
}

void Ledger::pay_forced_fee(InstrumentNo instrument, Money amount, PositionSide of) {
  wallet(0) -= amount;
  if (is_isolated(instrument)) positions_[key_of(instrument, of)].isolated_wallet -= amount;
}

void Ledger::apply_funding(InstrumentNo instrument, Money amount, PositionSide of) {
  wallet(0) += amount;
  if (is_isolated(instrument)) positions_[key_of(instrument, of)].isolated_wallet += amount;
}

void Ledger::move_margin(InstrumentNo instrument, Money amount, PositionSide of) {
  REPRISE_ASSERT(is_isolated(instrument), "margin is moved to and from isolated positions");
  positions_[key_of(instrument, of)].isolated_wallet += amount;
}

void Ledger::set_mark(InstrumentNo instrument, Price mark) {
  for (const PositionSide of : sides()) {
    const auto found = positions_.find(key_of(instrument, of));
    if (found != positions_.end()) found->second.mark = mark;
  }
}

Money Ledger::clear_deficit(InstrumentNo instrument, PositionSide of) {
  Money cleared;
  if (is_isolated(instrument)) {
    LedgerPosition& p = positions_[key_of(instrument, of)];
    if (p.qty.is_zero()) {
      if (p.isolated_wallet.is_negative()) {
        cleared = -p.isolated_wallet;
        wallet(0) += cleared;
      }
      p.isolated_wallet = Money{};  // what is left goes back to the cross wallet
    }
    return cleared;
  }
  for (const auto& [key, p] : positions_) {
    if (!p.qty.is_zero() && !is_isolated(instrument_in(key))) return cleared;
  }
  if (const Money left = cross_wallet(); left.is_negative()) {
    cleared = -left;
    wallet(0) += cleared;
  }
  return cleared;
}

Money Ledger::cross_wallet() const {
  Money sum = wallets_[0];
  for (const auto& [key, p] : positions_) sum -= p.isolated_wallet;
  return sum;
}

Money Ledger::cross_unrealized() const {
  Money sum;
  for (const auto& [key, p] : positions_) {
    if (!p.qty.is_zero() && !is_isolated(instrument_in(key))) sum += p.unrealized();
  }
  return sum;
}

Price Ledger::bankruptcy_price(InstrumentNo instrument, PositionSide of) const {
  const LedgerPosition& p = position(instrument, of);
  if (p.qty.is_zero()) return {};
  const Money behind = is_isolated(instrument) ? p.isolated_wallet + p.unrealized() : margin_balance();
  // mark - side * margin / quantity, rounded against us.
  const Wide away = static_cast<Wide>(behind.e8) * kScale / p.qty.e8;  // signed quantity: the side is in it
  const Wide price = p.mark.e8 - away;
  if (price <= 0 || price > (std::int64_t{1} << 61)) return {};
  return {static_cast<std::int64_t>(price)};
}

void Ledger::persist(engine::StateArchive& archive) {
  archive.field("standard", standard_);
  archive.field("settings", settings_);
  archive.field("wallets", wallets_);
  archive.field("positions", positions_);
}

}  // namespace reprise::sim
