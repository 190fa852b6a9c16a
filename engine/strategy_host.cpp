#include "engine/strategy_host.h"

#include <algorithm>

#include "engine/alerts.h"
#include "engine/explanation.h"
#include "engine/portfolio/sizing.h"
#include "engine/strategy/conditions.h"
#include "engine/strategy/registry.h"

namespace reprise::engine {

// What a strategy sees of the engine while it handles one event.
class StrategyHost::Context final : public StrategyContext {
 public:
  explicit Context(StrategyHost& host) : host_(host), core_(host.core_) {}

  void enter(StrategyNo strategy, Seq cause) {
    strategy_ = strategy;
    cause_ = cause;
  }

  UnixNanos now() const override { return core_.out.now(); }
  const MarketView& market(InstrumentNo instrument) const override {
    const MarketView* view = core_.market_view(instrument);
    REPRISE_ASSERT(view != nullptr, "a strategy asks for an instrument that is not declared");
    return *view;
  }
  Qty position(InstrumentNo instrument) const override {
    return core_.portfolio.strategy_position(strategy_, instrument);
  }
  std::optional<Price> entry_price(InstrumentNo instrument) const override {
    return core_.portfolio.strategy_entry_price(strategy_, instrument);
  }
  bool has_working_orders(InstrumentNo instrument) const override {
    bool found = false;
    core_.orders.for_each_open(strategy_, instrument,
                               [&](const Order& order) { found = found || !host_.stops_.is_stop(order); });
    return found;
  }
  Money equity() const override { return core_.portfolio.equity(); }
  std::optional<BarEvent> forming_bar(InstrumentNo instrument) const override {
    if (trial_bar_) return trial_bar_;
    const InstrumentMarket* market = core_.market.find(instrument);
    const Bar* bar = market == nullptr ? nullptr : market->bars().forming();
    if (bar == nullptr) return std::nullopt;
    return BarEvent{instrument, bar->open,   bar->high,      bar->low,
                    bar->close, bar->volume, bar->open_time, market->bars().interval()};
  }
  void try_bar(std::optional<BarEvent> bar) { trial_bar_ = bar; }

  Seq signal(InstrumentNo instrument, const Signal& signal) override {
    const Seq seq = core_.out.emit<schema::Signal>(RecordType::SIGNAL, instrument, strategy_, cause_,
                                                   [&](schema::Signal::Builder b) {
                                                     b.setKind(signal.kind);
                                                     b.setSide(signal.side);
                                                     b.setReferencePrice(signal.reference_price.e8);
                                                     b.setStopPrice(signal.stop_price.value_or(Price::zero()).e8);
                                                     b.setStrength(signal.strength.e8);
                                                     b.setTargetQty(signal.target_qty.e8);
                                                   });
    switch (signal.kind) {
      case schema::SignalKind::ENTER_LONG: open_position(instrument, Side::BUY, signal, seq); break;
      case schema::SignalKind::ENTER_SHORT: open_position(instrument, Side::SELL, signal, seq); break;
      case schema::SignalKind::EXIT:
      case schema::SignalKind::STOP:
      case schema::SignalKind::FLATTEN: move_position(instrument, Qty::zero(), seq); break;
      case schema::SignalKind::TARGET: move_position(instrument, signal.target_qty, seq); break;
      default: break;
    }
    return seq;
  }

  void quote(InstrumentNo instrument, const std::vector<Quote>& wanted, const QuoteStyle& style) override {
    host_.quotes_.want(strategy_, instrument, wanted, style);
    host_.quotes_.reconcile(strategy_, instrument, cause_);
  }
  void protect(InstrumentNo instrument, std::optional<Price> stop) override {
    host_.stops_.want(strategy_, instrument, stop);
    host_.stops_.reconcile(strategy_, instrument, cause_);
  }
  Seq feature(InstrumentNo instrument, schema::FeatureKind kind, std::int64_t value_e8) override {
    return core_.out.emit<schema::Feature>(RecordType::FEATURE, instrument, strategy_, cause_,
                                           [&](schema::Feature::Builder b) {
                                             b.setKind(kind);
                                             b.setValue(value_e8);
                                           });
  }
  void set_timer(std::uint64_t timer_id, UnixNanos deadline) override {
    host_.timers_.set({deadline, schema::TimerKind::STRATEGY, strategy_, timer_id});
    core_.out.emit<schema::TimerSet>(RecordType::TIMER_SET, 0, strategy_, cause_, [&](schema::TimerSet::Builder b) {
      b.setTimerId(timer_id);
      b.setKind(schema::TimerKind::STRATEGY);
      b.setDeadline(deadline.ns);
    });
  }

 private:
  void open_position(InstrumentNo instrument, Side side, const Signal& signal, Seq cause) {
    SizingInput input;
    input.strategy = strategy_;
    input.cause = cause;
    input.instrument = core_.instrument(instrument);
    input.equity = core_.portfolio.equity();
    input.reference = signal.reference_price;
    input.stop = signal.stop_price;
    input.strength = signal.strength;
    const SizingResult sized = size_position(core_.config.sizing, input, core_.out);
    if (sized.qty.is_positive()) send_market(instrument, side, sized.qty, sized.record_seq, false);
  }

  void move_position(InstrumentNo instrument, Qty target, Seq cause) {
    const Instrument* contract = core_.instrument(instrument);
    const Qty share = position(instrument);
    const Qty change = target - share;
    Qty qty = contract->floor_to_lot(change.abs());
    // A larger one is closed in parts: the strategy asks again while a position remains.
    if (contract->market_max_qty.is_positive()) qty = std::min(qty, contract->market_max_qty);
    if (!qty.is_positive()) return;
    const Qty net = core_.portfolio.net_position(instrument);
    const bool shrinks = share.sign() * change.sign() < 0 && change.abs() <= share.abs();
    const bool is_covered = share.sign() == net.sign() && net.abs() >= qty;
    send_market(instrument, change.is_positive() ? Side::BUY : Side::SELL, qty, cause, shrinks && is_covered);
  }

  void send_market(InstrumentNo instrument, Side side, Qty qty, Seq cause, bool reduce_only) {
    OrderRequest request;
    request.instrument = instrument;
    request.strategy = strategy_;
    request.cause = cause;
    request.side = side;
    request.type = OrderType::MARKET;
    request.qty = qty;
    request.reduce_only = reduce_only;
    host_.gate_.submit(request);
  }

  StrategyHost& host_;
  Core& core_;
  StrategyNo strategy_ = 0;
  Seq cause_ = 0;
  std::optional<BarEvent> trial_bar_;  // explanations only: the bar that decided
};

StrategyHost::StrategyHost(Core& core, Timers& timers)
    : core_(core),
      timers_(timers),
      gate_(core),
      quotes_(core, gate_),
      stops_(core, gate_),
      context_(std::make_unique<Context>(*this)) {}
StrategyHost::~StrategyHost() = default;

void StrategyHost::configure() {
  runners_.clear();
  waiting_ = 0;
  for (const config::StrategyConfig& config : core_.config.strategies) {
    Runner& runner = runners_.emplace_back();
    runner.name = config.name;
    runner.enabled = config.enabled;
    if (config.enabled) ++waiting_;
  }
}

std::string StrategyHost::cannot_take_over(const std::vector<config::StrategyConfig>& wanted) const {
  const auto& present = core_.config.strategies;
  for (std::size_t i = 0; i < present.size(); ++i) {
    if (i >= wanted.size() || wanted[i].name != present[i].name)
      return "strategy " + present[i].name + " is no longer number " + std::to_string(i + 1) +
             " (switch it off instead)";
    if (wanted[i].kind != present[i].kind) return "strategy " + present[i].name + " is of another kind";
    if (wanted[i].instruments != present[i].instruments && runners_[i].strategy != nullptr)
      return "strategy " + present[i].name + " trades other instruments";
  }
  return {};
}

void StrategyHost::take_over(const std::vector<config::StrategyConfig>& before) {
  for (std::size_t i = 0; i < core_.config.strategies.size(); ++i) {
    const config::StrategyConfig& config = core_.config.strategies[i];
    const auto number = static_cast<StrategyNo>(i + 1);
    if (i >= runners_.size()) {
      Runner& added = runners_.emplace_back();
      added.name = config.name;
      added.enabled = config.enabled;
      if (config.enabled) ++waiting_;
      continue;
    }
    Runner& runner = runners_[i];
    const bool was_enabled = runner.enabled;
    runner.enabled = config.enabled;
    if (was_enabled && !config.enabled) {
      if (runner.strategy == nullptr) {
        --waiting_;
        continue;
      }
      context_->enter(number, 0);
      for (const InstrumentNo instrument : runner.instruments) context_->quote(instrument, {}, {});
      runner.strategy.reset();
      runner.instruments.clear();
    } else if (!was_enabled && config.enabled) {
      ++waiting_;  // start_ready() makes it
    } else if (runner.strategy != nullptr && config.params != before[i].params) {
      const std::unique_ptr<Strategy> old = std::move(runner.strategy);
      make(runner, number);
      runner.strategy->inherit(*old);
    }
  }
  index_traders();
}

InstrumentNo StrategyHost::resolve(const std::string& symbol) const {
  const auto rank = [](ContractType type) {
    return type == ContractType::LINEAR_PERPETUAL ? 0 : type == ContractType::LINEAR_DELIVERY ? 1 : 2;
  };
  InstrumentNo best = 0;
  int best_rank = 3;
  for (const auto& [number, instrument] : core_.instruments.all()) {
    if (instrument.is_named(symbol) && core_.market.find(number) != nullptr &&
        rank(instrument.contract_type) < best_rank) {
      best = number;
      best_rank = rank(instrument.contract_type);
    }
  }
  return best;
}

void StrategyHost::make(Runner& runner, StrategyNo number) {
  auto made = make_strategy(core_.config.strategies[number - 1u], runner.instruments);
  // check_configuration() has made every strategy once.
  REPRISE_ASSERT(made.ok(), made.ok() ? "" : made.error().text());
  runner.strategy = std::move(made).value();
}

void StrategyHost::start_ready() {
  for (std::size_t i = 0; i < runners_.size(); ++i) {
    Runner& runner = runners_[i];
    const auto number = static_cast<StrategyNo>(i + 1);
    if (!runner.enabled || runner.strategy != nullptr) continue;
    std::vector<InstrumentNo> instruments;
    std::string missing;
    for (const std::string& symbol : core_.config.strategies[i].instruments) {
      const InstrumentNo found = resolve(symbol);
      if (found == 0) {
        missing = symbol;
      } else if (std::find(instruments.begin(), instruments.end(), found) == instruments.end()) {
        instruments.push_back(found);
      }
    }
    if (!missing.empty()) {
      if (!runner.told_missing) {
        emit_alert(core_.out, schema::AlertLevel::CRITICAL, schema::AlertKind::CONFIGURATION, 0, number, 0, 0,
                   "strategy " + runner.name + " waits: no instrument " + missing + " is declared");
      }
      runner.told_missing = true;
      continue;
    }
    runner.instruments = std::move(instruments);
    make(runner, number);
    --waiting_;
    index_traders();
    context_->enter(number, 0);
    runner.strategy->on_start(*context_);
  }
}

void StrategyHost::index_traders() {
  traders_.assign(core_.market.size(), {});
  traded_.clear();
  for (std::size_t i = 0; i < runners_.size(); ++i) {
    if (runners_[i].strategy == nullptr) continue;
    for (const InstrumentNo instrument : runners_[i].instruments) {
      if (instrument < traders_.size()) traders_[instrument].push_back(static_cast<StrategyNo>(i + 1));
    }
  }
  for (InstrumentNo number = 0; number < traders_.size(); ++number) {
    if (!traders_[number].empty()) traded_.push_back(number);
  }
}

void StrategyHost::on_bar(const BarEvent& bar, Seq cause) {
  if (!trades(bar.instrument)) return;
  for (const StrategyNo number : traders_[bar.instrument]) {
    context_->enter(number, cause);
    runners_[number - 1u].strategy->on_bar(bar, *context_);
  }
}

void StrategyHost::on_book(InstrumentNo instrument) {
  if (!trades(instrument)) return;
  for (const StrategyNo number : traders_[instrument]) {
    context_->enter(number, 0);
    runners_[number - 1u].strategy->on_book(instrument, *context_);
  }
}

void StrategyHost::on_trade(const TradeEvent& trade) {
  if (!trades(trade.instrument)) return;
  for (const StrategyNo number : traders_[trade.instrument]) {
    context_->enter(number, 0);
    runners_[number - 1u].strategy->on_trade(trade, *context_);
  }
}

void StrategyHost::on_fill(StrategyNo strategy, const FillEvent& fill, Seq cause) {
  if (strategy == 0 || strategy > runners_.size()) return;
  if (runners_[strategy - 1u].strategy != nullptr) {
    context_->enter(strategy, cause);
    runners_[strategy - 1u].strategy->on_fill(fill, *context_);
  }
  reconcile(strategy, fill.instrument, cause);
}

void StrategyHost::on_order(const Order& order, Seq cause) {
  const StrategyNo strategy = order.request.strategy;
  if (strategy == 0 || strategy > runners_.size()) return;
  const InstrumentNo instrument = order.request.instrument;
  if (runners_[strategy - 1u].strategy != nullptr) {
    context_->enter(strategy, cause);
    runners_[strategy - 1u].strategy->on_order({instrument, order.id, order.status}, *context_);
  }
  // Of a strategy that is off too: an order that was on its way when it was switched off has to go.
  reconcile(strategy, instrument, cause);
}

void StrategyHost::on_refused(const Order& order) {
  quotes_.on_refused(order);
  stops_.on_refused(order);
}

void StrategyHost::reconcile(StrategyNo strategy, InstrumentNo instrument, Seq cause) {
  quotes_.reconcile(strategy, instrument, cause);
  stops_.reconcile(strategy, instrument, cause);
}

void StrategyHost::on_timer(StrategyNo strategy, std::uint64_t id, Seq cause) {
  if (strategy == 0 || strategy > runners_.size() || runners_[strategy - 1u].strategy == nullptr) return;
  context_->enter(strategy, cause);
  runners_[strategy - 1u].strategy->on_timer(id, *context_);
}

void StrategyHost::on_tick() {
  quotes_.reconcile_waiting();
  stops_.reconcile_waiting();
}

void StrategyHost::on_trading_state() {
  for (const InstrumentNo instrument : traded_) {
    for (const StrategyNo number : traders_[instrument]) reconcile(number, instrument, 0);
  }
}

Explanation StrategyHost::explain(StrategyNo strategy, InstrumentNo instrument, std::optional<BarEvent> bar) {
  Explanation told;
  told.strategy = strategy;
  told.instrument = instrument;
  if (strategy == 0 || strategy > runners_.size()) return told;
  const Runner& runner = runners_[strategy - 1u];
  told.is_enabled = runner.enabled;
  told.has_started = runner.strategy != nullptr;
  const auto& traded = runner.instruments;
  if (!told.has_started || std::find(traded.begin(), traded.end(), instrument) == traded.end()) return told;
  Context view(*this);
  view.enter(strategy, 0);
  view.try_bar(bar);
  told.trades_instrument = true;
  told.position = view.position(instrument);
  core_.orders.for_each_open(strategy, instrument, [&](const Order&) { ++told.working_orders; });
  Conditions conditions;
  static_cast<const Strategy&>(*runner.strategy).explain(instrument, view, conditions);
  for (PossibleAction& action : conditions.take()) {
    told.actions.push_back(explain_gates(core_, strategy, instrument, std::move(action)));
  }
  return told;
}

void StrategyHost::persist(StateArchive& archive) {
  if (!archive.skips("strategies")) persist_strategies(archive);
  quotes_.persist(archive);
  stops_.persist(archive);
}

void StrategyHost::persist_strategies(StateArchive& archive) {
  std::uint64_t count = runners_.size();
  archive.begin_list("strategies", count);
  if (archive.loading() && count != runners_.size()) count = 0;  // other configuration: the loader refuses the rest
  for (std::uint64_t i = 0; i < count; ++i) {
    Runner& runner = runners_[i];
    archive.begin_object("item");
    archive.field("told_missing", runner.told_missing);
    archive.field("instruments", runner.instruments);
    bool started = runner.strategy != nullptr;
    archive.field("started", started);
    if (archive.loading() && started && runner.strategy == nullptr && runner.enabled) {
      make(runner, static_cast<StrategyNo>(i + 1));
      --waiting_;
    }
    if (runner.strategy != nullptr) archive.field("state", *runner.strategy);
    archive.end_object();
  }
  archive.end_list();
  if (archive.loading()) index_traders();
}

}  // namespace reprise::engine
