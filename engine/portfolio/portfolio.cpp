#include "engine/portfolio/portfolio.h"

#include <algorithm>

namespace reprise::engine {

namespace {

template <class Entry>
auto by_instrument(std::vector<Entry>& entries, InstrumentNo instrument) {
  return std::lower_bound(entries.begin(), entries.end(), instrument,
                          [](const Entry& e, InstrumentNo number) { return e.instrument < number; });
}
template <class Entry>
const Entry* find_by_instrument(const std::vector<Entry>& entries, InstrumentNo instrument) {
  const auto at = std::lower_bound(entries.begin(), entries.end(), instrument,
                                   [](const Entry& e, InstrumentNo number) { return e.instrument < number; });
  return at != entries.end() && at->instrument == instrument ? &*at : nullptr;
}

}  // namespace

// --------------------------------------------------------------------------------- configuration

void Portfolio::configure(const config::Config& config) {
  default_leverage_ = std::max(1u, config.account.leverage);
  margin_mode_ = config.account.margin_mode == "isolated" ? MarginMode::ISOLATED : MarginMode::CROSS;
  wallet(kSettlementAsset).price = Price::whole(1);
  if (!config.account.fee_asset.empty()) {
    Wallet& fee = wallet(kFeeAsset);
    if (fee.price.is_zero()) fee.price = {config.account.fee_asset_price_e8};
  }
  for (NetPosition& net : nets_) refresh(net);
}

void Portfolio::on_instrument_changed(InstrumentNo instrument) {
  const auto at = by_instrument(nets_, instrument);
  if (at != nets_.end() && at->instrument == instrument) refresh(*at);
}

void Portfolio::on_account_config(InstrumentNo instrument, schema::AccountConfig::Reader config) {
  if (config.getLeverage() == 0) return;
  if (instrument == 0) {
    default_leverage_ = config.getLeverage();
    margin_mode_ = config.getMarginMode();
    settings_.clear();
    for (NetPosition& net : nets_) refresh(net);
    return;
  }
  auto at = by_instrument(settings_, instrument);
  if (at == settings_.end() || at->instrument != instrument) at = settings_.insert(at, InstrumentSetting{});
  *at = {instrument, config.getLeverage(), config.getMarginMode()};
  on_instrument_changed(instrument);
}

const InstrumentSetting* Portfolio::setting(InstrumentNo instrument) const {
  return find_by_instrument(settings_, instrument);
}

std::uint32_t Portfolio::leverage(InstrumentNo instrument) const {
  const InstrumentSetting* own = setting(instrument);
  return own != nullptr ? own->leverage : default_leverage_;
}

std::uint32_t Portfolio::leverage(InstrumentNo instrument, Money notional) const {
  const std::uint32_t set = leverage(instrument);
  const Instrument* known = instruments_ != nullptr ? instruments_->find(instrument) : nullptr;
  if (known == nullptr || known->margin.tiers.empty()) return set;
  return std::max(1u, std::min(set, known->margin.tier_for(notional).max_leverage));
}

MarginMode Portfolio::margin_mode(InstrumentNo instrument) const {
  const InstrumentSetting* own = setting(instrument);
  return own != nullptr ? own->margin_mode : margin_mode_;
}

// --------------------------------------------------------------------------------------- entries

Wallet& Portfolio::wallet(AssetNo asset) {
  REPRISE_ASSERT(asset < kMaxAssets, "asset number outside the table");
  while (wallets_.size() <= asset) {
    wallets_.emplace_back();
    wallets_.back().asset = static_cast<AssetNo>(wallets_.size() - 1);
  }
  return wallets_[asset];
}

Money Portfolio::wallet_balance(AssetNo asset) const {
  return asset < wallets_.size() ? wallets_[asset].balance : Money{};
}

NetPosition& Portfolio::net_entry(InstrumentNo instrument) {
  auto at = by_instrument(nets_, instrument);
  if (at == nets_.end() || at->instrument != instrument) {
    at = nets_.insert(at, NetPosition{});
    at->instrument = instrument;
  }
  return *at;
}

namespace {
bool share_below(const StrategyShare& s, std::pair<StrategyNo, InstrumentNo> key) {
  return s.strategy != key.first ? s.strategy < key.first : s.instrument < key.second;
}
}  // namespace

StrategyShare& Portfolio::share_entry(StrategyNo strategy, InstrumentNo instrument) {
  auto at = std::lower_bound(shares_.begin(), shares_.end(), std::pair(strategy, instrument), share_below);
  if (at == shares_.end() || at->strategy != strategy || at->instrument != instrument) {
    at = shares_.insert(at, StrategyShare{});
    at->strategy = strategy;
    at->instrument = instrument;
  }
  return *at;
}

const NetPosition* Portfolio::net(InstrumentNo instrument) const {
  return find_by_instrument(nets_, instrument);
}

Qty Portfolio::net_position(InstrumentNo instrument) const {
  const NetPosition* found = net(instrument);
  return found == nullptr ? Qty{} : found->position.qty;
}

const StrategyShare* Portfolio::share(StrategyNo strategy, InstrumentNo instrument) const {
  const auto at = std::lower_bound(shares_.begin(), shares_.end(), std::pair(strategy, instrument), share_below);
  return at != shares_.end() && at->strategy == strategy && at->instrument == instrument ? &*at : nullptr;
}

Qty Portfolio::strategy_position(StrategyNo strategy, InstrumentNo instrument) const {
  const StrategyShare* found = share(strategy, instrument);
  return found == nullptr ? Qty{} : found->position.qty;
}

std::optional<Price> Portfolio::strategy_entry_price(StrategyNo strategy, InstrumentNo instrument) const {
  const StrategyShare* found = share(strategy, instrument);
  if (found == nullptr || found->position.is_flat()) return std::nullopt;
  return found->position.entry_price();
}

// ------------------------------------------------------------------------------- derived figures

void Portfolio::refresh(NetPosition& n) {
  n.remembered.is_valid = false;
  unrealized_ -= n.unrealized;
  notional_ -= n.notional;
  initial_ -= n.initial;
  maintenance_ -= n.maintenance;
  if (n.position.is_flat()) {
    n.unrealized = n.notional = n.initial = n.maintenance = {};
  } else {
    n.unrealized = n.position.unrealized_pnl(n.mark);
    n.notional = n.position.notional(n.mark);
    n.initial = engine::initial_margin(n.notional, leverage(n.instrument, n.notional));
    const Instrument* instrument = instruments_ != nullptr ? instruments_->find(n.instrument) : nullptr;
    n.maintenance = instrument != nullptr ? engine::maintenance_margin(instrument->margin, n.notional) : Money{};
  }
  unrealized_ += n.unrealized;
  notional_ += n.notional;
  initial_ += n.initial;
  maintenance_ += n.maintenance;
}

void Portfolio::on_mark(InstrumentNo instrument, Price mark) {
  if (!mark.is_positive()) return;
  NetPosition& n = net_entry(instrument);
  if (n.mark == mark || !notional_fits(mark, n.position.qty)) return;
  n.mark = mark;
  n.remembered.is_valid = false;
  if (!n.position.is_flat()) refresh(n);
}

void Portfolio::on_asset_price(AssetNo asset, Price price) {
  if (asset == kSettlementAsset || asset >= kMaxAssets || !price.is_positive()) return;
  wallet(asset).price = price;
}

const Exposure& Portfolio::exposure(const NetPosition& n, const WorkingQty& w) const {
  NetPosition::Remembered& r = n.remembered;
  const Qty held = n.position.qty;
  const Qty may_reduce = w.may_reduce(held);
  if (r.is_valid && r.buy == w.buy && r.sell == w.sell && r.may_reduce == may_reduce) return r.exposure;
  r.is_valid = true;
  r.buy = w.buy;
  r.sell = w.sell;
  r.may_reduce = may_reduce;
  r.exposure = {n.notional, {}};
  if (n.mark.is_zero()) return r.exposure;
  const Qty worst = std::max(w.exposed_to(Side::BUY, held), w.exposed_to(Side::SELL, held));
  if (worst > held.abs()) r.exposure.worst = std::min(saturating_notional(n.mark, worst), Money{kFigureRange});
  const Qty charged = std::max(held + w.buy, w.sell - held);
  if (charged > held.abs()) {
    const Money notional = std::min(saturating_notional(n.mark, charged), Money{kFigureRange});
    const Money more = saturating_notional(n.mark, charged - held.abs());
    r.exposure.order_margin =
        std::min(engine::initial_margin(more, leverage(n.instrument, notional)), Money{kFigureRange});
  }
  return r.exposure;
}

AccountExposure Portfolio::account_exposure(const OrderManager& orders, InstrumentNo except) const {
  // Both lists are sorted by instrument; an instrument without a net entry has no mark and counts nothing.
  const std::vector<WorkingQty>& all = orders.all_working();
  std::size_t w = 0;
  AccountExposure sum;
  for (const NetPosition& n : nets_) {
    while (w < all.size() && all[w].instrument < n.instrument) ++w;
    const bool has_orders = w < all.size() && all[w].instrument == n.instrument;
    if (!has_orders) {
      if (n.instrument != except) sum.others = std::min(sum.others + n.notional, Money{kFigureRange});
      continue;
    }
    const Exposure& e = exposure(n, all[w]);
    if (n.instrument != except) sum.others = std::min(sum.others + e.worst, Money{kFigureRange});
    sum.order_margin = std::min(sum.order_margin + e.order_margin, Money{kFigureRange});
  }
  return sum;
}

Money Portfolio::open_order_margin(const OrderManager& orders) const {
  return account_exposure(orders, 0).order_margin;
}

Money Portfolio::available_balance(Money order_margin) const {
  // Isolated positions carry their margin and their profit or loss in their own wallets.
  Money cross_unrealized = unrealized_;
  Money cross_initial = initial_;
  if (!isolated_.is_zero()) {
    for (const NetPosition& n : nets_) {
      if (margin_mode(n.instrument) != MarginMode::ISOLATED) continue;
      cross_unrealized -= n.unrealized;
      cross_initial -= n.initial;
    }
  }
  const Money left = wallet_balance() - isolated_ + cross_unrealized - cross_initial;
  return left > order_margin ? left - order_margin : Money{};
}

Money Portfolio::balance_for(const NetPosition& n) const {
  if (margin_mode(n.instrument) == MarginMode::ISOLATED) return n.isolated_wallet;
  Money balance = wallet_balance() - isolated_;
  for (const NetPosition& other : nets_) {
    if (&other == &n || other.position.is_flat() || margin_mode(other.instrument) == MarginMode::ISOLATED) continue;
    balance += other.unrealized - other.maintenance;
  }
  return balance;
}

std::optional<Price> Portfolio::liquidation_price(InstrumentNo instrument) const {
  const NetPosition* n = net(instrument);
  const Instrument* known = instruments_ != nullptr ? instruments_->find(instrument) : nullptr;
  if (n == nullptr || known == nullptr) return std::nullopt;
  return engine::liquidation_price(known->margin, n->position.qty, n->position.open_notional, balance_for(*n));
}

std::optional<Price> Portfolio::liquidation_price_after(InstrumentNo instrument, Qty change, Price price) const {
  const NetPosition* n = net(instrument);
  const Instrument* known = instruments_ != nullptr ? instruments_->find(instrument) : nullptr;
  if (n == nullptr || known == nullptr || change.is_zero() || !notional_fits(price, change))
    return liquidation_price(instrument);
  Position after = n->position;
  const Money cost_before = after.open_notional;
  const Money realized = after.apply(change.is_positive() ? Side::BUY : Side::SELL, price, change.abs());
  Money balance = balance_for(*n) + realized;
  if (margin_mode(instrument) == MarginMode::ISOLATED && after.open_notional.abs() > cost_before.abs()) {
    const Money more = after.open_notional.abs() - cost_before.abs();
    balance += engine::initial_margin(more, leverage(instrument, more));
  }
  return engine::liquidation_price(known->margin, after.qty, after.open_notional, balance);
}

Rate Portfolio::drawdown() const {
  if (!peak_equity_.is_positive() || equity() >= peak_equity_) return {};
  return {saturating_mul_div((peak_equity_ - equity()).e8, kScale, peak_equity_.e8)};
}

void Portfolio::rebase_peak() {
  peak_equity_ = equity();
}

// ------------------------------------------------------------------------------------ conservation

bool Portfolio::is_conserved() const {
  for (const Wallet& w : wallets_) {
    if (w.balance != w.expected()) return false;
  }
  for (const NetPosition& n : nets_) {
    Qty qty{};
    Money flow{};
    for (const StrategyShare& s : shares_) {
      if (s.instrument != n.instrument) continue;
      qty += s.position.qty;
      flow += s.position.realized_pnl - s.position.open_notional;
    }
    if (qty != n.position.qty || flow != n.position.realized_pnl - n.position.open_notional) return false;
  }
  return true;
}

bool Portfolio::check_conservation(Emitter& out) {
  for (const Wallet& w : wallets_) {
    if (w.balance == w.expected()) continue;
    report_mismatch(0, w.expected().e8, w.balance.e8, "wallet is not deposits + realised + funding - commission", out);
    return false;
  }
  for (const NetPosition& n : nets_) {
    Qty qty{};
    Money flow{};
    for (const StrategyShare& s : shares_) {
      if (s.instrument != n.instrument) continue;
      qty += s.position.qty;
      flow += s.position.realized_pnl - s.position.open_notional;
    }
    if (qty != n.position.qty) {
      report_mismatch(n.instrument, n.position.qty.e8, qty.e8, "strategies' shares do not sum to the net position",
                      out);
      return false;
    }
    const Money net_flow = n.position.realized_pnl - n.position.open_notional;
    if (flow != net_flow) {
      report_mismatch(n.instrument, net_flow.e8, flow.e8, "strategies' profits do not sum to the net position's", out);
      return false;
    }
  }
  return true;
}

// ------------------------------------------------------------------------------------------ state

void Wallet::persist(StateArchive& archive) {
  archive.field("asset", asset);
  archive.field("balance", balance);
  archive.field("deposits", deposits);
  archive.field("realized", realized);
  archive.field("funding", funding);
  archive.field("commission", commission);
  archive.field("adjustments", adjustments);
  archive.field("price", price);
  archive.field("stated_at", stated_at);
  archive.field("is_last_contained", is_last_contained);
}

void NetPosition::persist(StateArchive& archive) {
  archive.field("instrument", instrument);
  archive.field("position", position);
  archive.field("commission", commission);
  archive.field("funding", funding);
  archive.field("mark", mark);
  archive.field("isolated_wallet", isolated_wallet);
  archive.field("stated_at", stated_at);
  archive.field("last_trade", last_trade);
  archive.field("stated_trade", stated_trade);
  archive.field("is_last_contained", is_last_contained);
  archive.field("unrealized_pnl", unrealized);
  archive.field("notional", notional);
  archive.field("initial_margin", initial);
  archive.field("maintenance_margin", maintenance);
  if (archive.loading()) remembered.is_valid = false;
}

void StrategyShare::persist(StateArchive& archive) {
  archive.field("strategy", strategy);
  archive.field("instrument", instrument);
  archive.field("position", position);
  archive.field("commission", commission);
  archive.field("funding", funding);
}

void InstrumentSetting::persist(StateArchive& archive) {
  archive.field("instrument", instrument);
  archive.field("leverage", leverage);
  archive.field("margin_mode", margin_mode);
}

void Portfolio::persist(StateArchive& archive) {
  archive.field("default_leverage", default_leverage_);
  archive.field("margin_mode", margin_mode_);
  archive.field("wallets", wallets_);
  archive.field("net_positions", nets_);
  archive.field("strategy_shares", shares_);
  archive.field("settings", settings_);
  archive.field("unrealized_pnl", unrealized_);
  archive.field("gross_notional", notional_);
  archive.field("initial_margin", initial_);
  archive.field("maintenance_margin", maintenance_);
  archive.field("isolated_wallets", isolated_);
  archive.field("commission_value", commission_value_);
  archive.field("peak_equity", peak_equity_);
  if (archive.loading() && wallets_.empty()) wallets_.resize(1);  // damaged bytes must not leave us without asset 0
}

}  // namespace reprise::engine
