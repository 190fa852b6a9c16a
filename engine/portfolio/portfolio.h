// The account as the engine computes it from executions and payments: wallets by asset, the net position of
// each instrument, each strategy's share of it, margin, equity, conservation.
//
// One-way mode. Linear contracts only, settled in asset 0. The venue has the net positions; each strategy has
// its share, and the shares sum to the net. Profit goes to the wallet as the net position realises it.
// Executions without a strategy (liquidation, flatten) reduce the shares on the side of the net position in strategy
// order; what is left over is the share of strategy 0. Funding is split over the shares by signed quantity, the
// last share takes the rest.
//
// Rounding: see position.h and margin.h; commissions and funding are taken as reported. Values of fees in another
// asset: commission * price of that asset when it was paid, half away from zero.
//
// Conservation, exact, for each asset:
//   wallet == deposits + realised + funding - commission + adjustments
//   sum of shares' qty == net qty;  sum of (realised - open_notional) over shares == the net's
// The venue's BalanceUpdate and PositionUpdate are compared with ours; they come behind the execution or payment that
// led to them. A difference is journaled (OrderAnomaly conservation, Alert conservationBroken) and the venue's figure
// is taken over: money under adjustments, a quantity as the share of strategy 0 at the venue's entry price.
//
// What the venue states holds from the time of the statement on. A statement older than the one taken last is ignored.
// An execution or payment older than it is contained in it: its order, strategy and fees get it, and the account's
// figures stay as stated (the counter-entry is the share of strategy 0, and adjustments). Equal times: the trade ids
// decide, which rise in an instrument.
//
// Isolated margin: an increase moves the initial margin of its cost from the cross wallet to the position, a decrease
// releases the same part of it, profit goes to the cross wallet at once; the venue's own figure replaces ours when
// reported.
//
// Figures from outside that would leave the range of the arithmetic (2^61 in units of 1e-8) are refused as mismatches.
//
// Marks: unrealised profit is at the last mark given to on_mark; before the first one a position is valued at its
// last execution. Not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "config/config.h"
#include "engine/emitter.h"
#include "engine/execution/order_manager.h"
#include "engine/market/instrument.h"
#include "engine/portfolio/assets.h"
#include "engine/portfolio/margin.h"
#include "engine/portfolio/position.h"

namespace reprise::engine {

struct Wallet {
  AssetNo asset = 0;
  Money balance;
  Money deposits;  // less withdrawals
  Money realized;
  Money funding;
  Money commission;
  Money adjustments;               // insurance clears and the venue's own corrections
  Price price;                     // in the settlement asset; asset 0: 1
  UnixNanos stated_at;             // venue time of the statement taken last, 0 = none
  bool is_last_contained = false;  // the execution or payment booked last was in that statement already
  Money expected() const { return deposits + realized + funding - commission + adjustments; }
  void persist(StateArchive& archive);
};

// What a position and its working orders may become, on the worse side.
struct Exposure {
  Money worst;         // notional at the mark
  Money order_margin;  // initial margin beyond the position's own, by the venue's rule: what only reduces costs nothing
};

struct NetPosition {
  InstrumentNo instrument = 0;
  Position position;
  Money commission;  // settlement asset; others valued when paid
  Money funding;
  Price mark;  // 0 = none yet
  Money isolated_wallet;
  UnixNanos stated_at;             // venue time of the statement taken last, 0 = none
  std::int64_t last_trade = 0;     // highest trade id booked
  std::int64_t stated_trade = 0;   // the same when that statement was taken
  bool is_last_contained = false;  // the execution booked last was in that statement already
  // Derived, kept up to date for speed:
  Money unrealized;
  Money notional;  // at mark, >= 0
  Money initial;
  Money maintenance;
  void persist(StateArchive& archive);

  // The exposure for the quantities below, remembered because most orders leave most instruments as they are. Follows
  // from the rest, so it is no state.
  struct Remembered {
    bool is_valid = false;
    Qty buy, sell, may_reduce;
    Exposure exposure;
  };
  mutable Remembered remembered;
};

struct AccountExposure {
  Money others;        // worst notional of every instrument but one
  Money order_margin;  // of all instruments
};

struct StrategyShare {
  StrategyNo strategy = 0;
  InstrumentNo instrument = 0;
  Position position;
  Money commission;
  Money funding;
  void persist(StateArchive& archive);
};

struct ShareFill {  // what one execution did to one strategy's share
  StrategyNo strategy = 0;
  Qty qty;  // positive
  Money realized_pnl;
  Money commission;  // settlement asset
};

struct InstrumentSetting {
  InstrumentNo instrument = 0;
  std::uint32_t leverage = 0;
  MarginMode margin_mode = MarginMode::CROSS;
  void persist(StateArchive& archive);
};

class Portfolio {
 public:
  void configure(const config::Config& config);
  // Instruments must outlive the portfolio's use; only read.
  void bind(const Instruments& instruments) { instruments_ = &instruments; }
  void on_instrument_changed(InstrumentNo instrument);  // declared, restated, new margin table

  // Books an execution; journals Fill, then Position for each share touched (by strategy), then the net one.
  // The result is valid until the next call.
  const std::vector<ShareFill>& on_fill(const FillDetails& fill, Price mid_at_fill, Emitter& out);
  // `at`: the venue's time of the payment or statement.
  void on_funding(InstrumentNo instrument, schema::FundingPayment::Reader payment, UnixNanos at, Emitter& out);
  void on_balance_update(schema::BalanceUpdate::Reader update, UnixNanos at, Emitter& out);
  void on_position_update(InstrumentNo instrument, schema::PositionUpdate::Reader update, UnixNanos at, Emitter& out);
  void on_account_config(InstrumentNo instrument, schema::AccountConfig::Reader config);  // instrument 0 = all
  void on_mark(InstrumentNo instrument, Price mark);
  void on_asset_price(AssetNo asset, Price price);

  Money wallet_balance() const { return wallets_[kSettlementAsset].balance; }
  Money wallet_balance(AssetNo asset) const;
  Money unrealized_pnl() const { return unrealized_; }
  Money equity() const { return wallet_balance() + unrealized_; }  // margin balance, settlement asset
  Money gross_notional() const { return notional_; }
  Money initial_margin() const { return initial_; }  // positions
  Money maintenance_margin() const { return maintenance_; }
  Money open_order_margin(const OrderManager& orders) const;  // what working orders need on top
  Money available_balance(const OrderManager& orders) const { return available_balance(open_order_margin(orders)); }
  Money available_balance(Money order_margin) const;  // never below 0
  AccountExposure account_exposure(const OrderManager& orders, InstrumentNo except) const;
  Money realized_pnl() const { return wallets_[kSettlementAsset].realized; }
  Money funding() const { return wallets_[kSettlementAsset].funding; }
  Money commission() const { return commission_value_; }  // all assets, settlement asset

  Qty net_position(InstrumentNo instrument) const;
  const NetPosition* net(InstrumentNo instrument) const;  // nullptr when never touched
  Qty strategy_position(StrategyNo strategy, InstrumentNo instrument) const;
  const StrategyShare* share(StrategyNo strategy, InstrumentNo instrument) const;
  std::optional<Price> strategy_entry_price(StrategyNo strategy, InstrumentNo instrument) const;
  const std::vector<NetPosition>& positions() const { return nets_; }   // by instrument
  const std::vector<StrategyShare>& shares() const { return shares_; }  // by strategy, then instrument
  const std::vector<Wallet>& wallets() const { return wallets_; }
  std::optional<Price> liquidation_price(InstrumentNo instrument) const;
  // The same with the position changed by a signed quantity at a price.
  std::optional<Price> liquidation_price_after(InstrumentNo instrument, Qty change, Price price) const;
  std::uint32_t leverage(InstrumentNo instrument) const;  // as set
  std::uint32_t leverage(InstrumentNo instrument,
                         Money notional) const;  // not above what the bracket of that notional allows
  MarginMode margin_mode(InstrumentNo instrument) const;

  // Journals an EquityMark. Peak and drawdown are kept here and move only with marks.
  Seq mark_equity(const OrderManager& orders, Emitter& out);
  Money peak_equity() const { return peak_equity_; }
  Rate drawdown() const;  // of the peak, 0 at the peak
  // Of what strategy 0 holds of an instrument, up to a signed quantity goes to a strategy, with its part of the cost.
  // Journals both shares; what moved, signed.
  Qty hand_over(StrategyNo strategy, InstrumentNo instrument, Qty qty, Emitter& out);
  void carry_peak(Money equity) { peak_equity_ = std::max(peak_equity_, equity); }  // of the run before
  void rebase_peak();  // the peak becomes the equity of now (operator resume)

  bool is_conserved() const;  // the identities above; cheap
  // Journals the first broken identity (OrderAnomaly, Alert); false when broken.
  bool check_conservation(Emitter& out);

  void persist(StateArchive& archive);

 private:
  NetPosition& net_entry(InstrumentNo instrument);
  StrategyShare& share_entry(StrategyNo strategy, InstrumentNo instrument);
  Wallet& wallet(AssetNo asset);
  void refresh(NetPosition& net);  // derived figures and the account's sums
  void emit_position(const StrategyShare& share, Price mark, Emitter& out);
  void emit_position(const NetPosition& net, Emitter& out);
  void report_mismatch(InstrumentNo instrument, std::int64_t expected, std::int64_t actual, const char* what,
                       Emitter& out);
  void allocate(const FillDetails& fill, Money notional, Money commission_value);
  void move_isolated(NetPosition& net, Qty qty_before, Money cost_before);
  void take_over(NetPosition& net, Qty qty, Money cost);  // the difference goes to the share of strategy 0
  const InstrumentSetting* setting(InstrumentNo instrument) const;
  Money balance_for(const NetPosition& net) const;
  const Exposure& exposure(const NetPosition& net, const WorkingQty& working) const;

  const Instruments* instruments_ = nullptr;
  std::uint32_t default_leverage_ = 1;
  MarginMode margin_mode_ = MarginMode::CROSS;
  std::vector<Wallet> wallets_ = std::vector<Wallet>(1);
  std::vector<NetPosition> nets_;            // by instrument
  std::vector<StrategyShare> shares_;        // by strategy, then instrument
  std::vector<InstrumentSetting> settings_;  // by instrument: where the account says otherwise
  std::vector<ShareFill> share_fills_;
  Money unrealized_, notional_, initial_, maintenance_, isolated_;
  Money commission_value_;
  Money peak_equity_;
};

}  // namespace reprise::engine
