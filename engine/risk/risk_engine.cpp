#include "engine/risk/risk_engine.h"

#include <algorithm>
#include <string>
#include <utility>

#include "engine/market/fixed.h"
#include "engine/risk/registry.h"
#include "engine/risk/rules/rules.h"
#include "journal/mutant.h"

namespace reprise::engine {

using schema::AlertKind;
using schema::AlertLevel;
using schema::LimitUnit;
using schema::RiskAction;
using schema::RiskRule;
using schema::RiskVerdict;
using schema::TradingStateKind;

namespace {

RiskAction action_from(const std::string& text) {
  if (text == "kill") return RiskAction::KILL;
  if (text == "halt") return RiskAction::HALT;
  return RiskAction::REDUCE;
}

Qty leaves_working(const Order& order) {
  Qty leaves = order.leaves_qty();
  if (order.modify_command != 0) leaves = std::max(leaves, order.pending_qty - order.cum_qty);
  return std::max(Qty{}, leaves);
}

risk::OrderFacts facts_of(const OrderRequest& request, const RiskInputs& in, const RiskLimits& limits) {
  risk::OrderFacts f;
  f.request = &request;
  f.limits = &limits;
  f.market = in.market;
  f.instrument = in.market != nullptr ? in.market->instrument : nullptr;
  f.portfolio = in.portfolio;
  f.orders = in.orders;
  f.is_modify = in.replaces != nullptr;
  f.reduces = request.reduce_only || request.close_position;
  f.is_flatten = request.is_flatten();
  f.qty = f.is_modify ? request.qty - in.replaces->cum_qty : request.qty;
  if (f.market == nullptr) return f;

  f.reference = f.market->reference();
  f.price = request.price.is_positive()           ? request.price
            : request.trigger_price.is_positive() ? request.trigger_price
                                                  : f.reference.value_or(Price{});
  const NetPosition* net = in.portfolio->net(request.instrument);
  f.mark = f.market->mark_price.value_or(Price{});
  if (!f.mark.is_positive() && net != nullptr) f.mark = net->mark;
  if (!f.mark.is_positive()) f.mark = f.reference.value_or(f.price);

  const WorkingQty& working = in.orders->working(request.instrument);
  const Qty held = net != nullptr ? net->position.qty : Qty{};
  const bool is_buy = request.side == Side::BUY;
  if (f.is_modify && !in.replaces->request.reduce_only) f.replaced = leaves_working(*in.replaces);
  f.base = working.exposed_to(request.side, held) - f.replaced;
  if (REPRISE_MUTANT(limit_ignores_orders)) f.base = is_buy ? held : -held;
  f.opposite = std::max(Qty{}, working.exposed_to(is_buy ? Side::SELL : Side::BUY, held));

  const AccountExposure account = in.portfolio->account_exposure(*in.orders, request.instrument);
  f.other_notional = account.others;
  f.order_margin = account.order_margin;
  return f;
}

Seq emit_decision(const OrderRequest& r, RiskVerdict verdict, RiskAction action, RiskRule failed, Qty approved,
                  const risk::CheckList& list, bool is_state_check, Emitter& out) {
  return out.emit<schema::RiskDecision>(
      schema::RecordType::RISK_DECISION, r.instrument, r.strategy, r.cause,
      [&](schema::RiskDecision::Builder b) {
        b.setVerdict(verdict);
        b.setAction(action);
        b.setFailedRule(failed);
        b.setSide(r.side);
        b.setRequestedQty(r.qty.e8);
        b.setApprovedQty(approved.e8);
        b.setPrice(r.price.e8);
        b.setIsStateCheck(is_state_check);
        auto checks = b.initChecks(static_cast<unsigned>(list.size()));
        for (unsigned i = 0; i < list.size(); ++i) {
          auto c = checks[i];
          c.setRule(list[i].rule);
          c.setUnit(list[i].unit);
          c.setPassed(list[i].passed);
          c.setValue(list[i].value);
          c.setBound(list[i].bound);
        }
      },
      1 + 3 * list.size());
}

int severity(TradingStateKind state, bool killed) {
  return killed ? 3 : static_cast<int>(state);
}

const char* text_of(TradingStateKind state, bool killed) {
  if (killed) return "halted by the kill switch";
  switch (state) {
    case TradingStateKind::ACTIVE: return "active";
    case TradingStateKind::REDUCING: return "reducing only";
    case TradingStateKind::HALTED: return "halted";
  }
  return "?";
}

}  // namespace

RiskLimits RiskLimits::from_config(const config::Risk& r) {
  RiskLimits l;
  l.max_position_qty = {r.max_position_qty_e8};
  l.max_position_notional = {r.max_position_notional_e8};
  l.max_total_notional = {r.max_total_notional_e8};
  l.max_order_notional = {r.max_order_notional_e8};
  l.max_leverage = {r.max_leverage_e8};
  l.max_orders_per_second = r.max_orders_per_second;
  l.max_orders_per_minute = r.max_orders_per_minute;
  l.price_band = {r.price_band_e8};
  l.daily_loss_fraction = {r.daily_loss_fraction_e8};
  l.max_drawdown = {r.max_drawdown_e8};
  l.max_open_orders = r.max_open_orders;
  l.min_equity = {r.min_equity_e8};
  l.min_liquidation_distance = {r.min_liquidation_distance_e8};
  l.flatten_band = {r.flatten_band_e8};
  l.on_daily_loss = action_from(r.on_daily_loss);
  l.on_drawdown = action_from(r.on_drawdown);
  return l;
}

void RiskEngine::configure(const config::Config& config) {
  limits_ = RiskLimits::from_config(config.risk);
  per_second_.set_limit(limits_.max_orders_per_second);
  per_minute_.set_limit(limits_.max_orders_per_minute);
}

// ----------------------------------------------------------------------------------------- orders

RiskEngine::Decision RiskEngine::check(const OrderRequest& request, const RiskInputs& inputs, Emitter& out) {
  REPRISE_ASSERT(inputs.portfolio != nullptr, "a check needs the portfolio");
  REPRISE_ASSERT(inputs.orders != nullptr, "a check needs the orders");
  risk::CheckList list;
  Decision decision;
  risk::OrderFacts facts = facts_of(request, inputs, limits_);
  const auto finish = [&](RiskVerdict verdict, Qty approved, RiskRule failed) {
    decision.verdict = verdict;
    decision.approved_qty = approved;
    decision.failed = failed;
    const RiskAction action = verdict == RiskVerdict::APPROVED  ? RiskAction::NONE
                              : verdict == RiskVerdict::REDUCED ? RiskAction::REDUCE
                                                                : RiskAction::DENY;
    decision.record_seq = emit_decision(request, verdict, action, failed, approved, list, false, out);
    return decision;
  };
  if (facts.instrument == nullptr || (request.side != Side::BUY && request.side != Side::SELL)) {
    list.add(RiskRule::INSTRUMENT_TRADABLE, LimitUnit::FLAG, false, 0, 1);
    return finish(RiskVerdict::DENIED, {}, RiskRule::INSTRUMENT_TRADABLE);
  }
  facts.state = state_;
  facts.killed = killed_;
  facts.orders_last_second = per_second_.count(out.now());
  facts.orders_last_minute = per_minute_.count(out.now());
  for (const risk::RegisteredRule& rule : risk::order_rules()) rule.check(facts, list);

  if (list.denied()) return finish(RiskVerdict::DENIED, {}, list.first_failed());
  Qty approved = request.qty;
  RiskVerdict verdict = RiskVerdict::APPROVED;
  if (list.fits() < facts.qty) {
    const Qty done = facts.is_modify ? inputs.replaces->cum_qty : Qty{};
    approved = facts.instrument->floor_to_lot(done + list.fits());
    const bool too_small =
        approved <= done || approved < facts.instrument->min_qty ||
        (!facts.reduces && saturating_notional(facts.price, approved) < facts.instrument->min_notional);
    if (too_small) return finish(RiskVerdict::DENIED, {}, list.first_failed());
    verdict = RiskVerdict::REDUCED;
  }
  per_second_.add(out.now());
  per_minute_.add(out.now());
  return finish(verdict, approved, list.first_failed());
}

// ---------------------------------------------------------------------------------- account state

void RiskEngine::start_day(const Portfolio& portfolio) {
  day_start_equity_ = portfolio.equity();
  day_start_deposits_ = portfolio.wallets()[kSettlementAsset].deposits;
}

void RiskEngine::carry_day(Money equity, const Portfolio& portfolio, UnixNanos now) {
  start_day(portfolio);
  day_ = now.ns / kDay;
  day_start_equity_ = equity;
}

Money RiskEngine::day_loss(const Portfolio& portfolio) const {
  const Money moved = portfolio.wallets()[kSettlementAsset].deposits - day_start_deposits_;
  return day_start_equity_ + moved - portfolio.equity();
}

void RiskEngine::check_state(const RiskInputs& inputs, bool journal, Emitter& out) {
  REPRISE_ASSERT(inputs.portfolio != nullptr, "a check needs the portfolio");
  const Portfolio& portfolio = *inputs.portfolio;
  const Money equity = portfolio.equity();

  const std::int64_t day = out.now().ns / kDay;
  if (day != day_ || day_start_equity_.is_zero()) {
    const bool is_new_day = day_ >= 0 && day != day_;
    day_ = day;
    start_day(portfolio);
    const bool ends = std::exchange(daily_loss_latched_, false);
    if (is_new_day && ends) loosen(out);
  }

  risk::CheckList list;
  RiskAction action = RiskAction::NONE;
  RiskRule rule = RiskRule::NONE;
  const auto breach = [&](bool passed, bool& latched, RiskRule which, RiskAction what) {
    if (passed || latched) return;
    latched = true;
    if (static_cast<int>(what) > static_cast<int>(action)) {
      action = what;
      rule = which;
    }
  };
  if (!limits_.min_equity.is_zero() && !day_start_equity_.is_zero()) {
    const bool passed = equity >= limits_.min_equity;
    list.add(RiskRule::EQUITY_FLOOR, LimitUnit::MONEY, passed, equity.e8, limits_.min_equity.e8);
    breach(passed, equity_floor_latched_, RiskRule::EQUITY_FLOOR, RiskAction::HALT);
  }
  if (!limits_.daily_loss_fraction.is_zero() && day_start_equity_.is_positive()) {
    const Money loss = day_loss(portfolio);
    const Money bound = mul(day_start_equity_, limits_.daily_loss_fraction, Rounding::floor);
    list.add(RiskRule::DAILY_LOSS, LimitUnit::MONEY, loss <= bound, loss.e8, bound.e8);
    breach(loss <= bound, daily_loss_latched_, RiskRule::DAILY_LOSS, limits_.on_daily_loss);
  }
  if (!limits_.max_drawdown.is_zero() && portfolio.peak_equity().is_positive()) {
    const Rate drawdown = portfolio.drawdown();
    list.add(RiskRule::DRAWDOWN, LimitUnit::RATIO, drawdown <= limits_.max_drawdown, drawdown.e8,
             limits_.max_drawdown.e8);
    breach(drawdown <= limits_.max_drawdown, drawdown_latched_, RiskRule::DRAWDOWN, limits_.on_drawdown);
  }
  if (journal || !conservation_latched_) {
    const bool conserved = portfolio.is_conserved();
    list.add(RiskRule::CONSERVATION, LimitUnit::FLAG, conserved, conserved ? 0 : 1, 0);
    breach(conserved, conservation_latched_, RiskRule::CONSERVATION, RiskAction::HALT);
  }
  if (!journal && action == RiskAction::NONE) return;

  OrderRequest account;  // no instrument, no side: the account as a whole
  const RiskVerdict verdict = list.denied() ? RiskVerdict::DENIED : RiskVerdict::APPROVED;
  const Seq decision = emit_decision(account, verdict, action, list.first_failed(), {}, list, true, out);
  Breach figures;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (list[i].rule == rule) figures = {list[i].value, list[i].bound};
  }
  switch (action) {
    case RiskAction::KILL:
      change_state(TradingStateKind::HALTED, true, rule, figures, AlertLevel::CRITICAL, decision, out);
      flatten_requested_ = true;
      break;
    case RiskAction::HALT:
      change_state(TradingStateKind::HALTED, killed_, rule, figures, AlertLevel::CRITICAL, decision, out);
      break;
    case RiskAction::REDUCE:
      change_state(TradingStateKind::REDUCING, killed_, rule, figures, AlertLevel::WARNING, decision, out);
      break;
    default: break;
  }
}

RiskEngine::Demand RiskEngine::strictest_demand() const {
  Demand strictest;
  const auto consider = [&](TradingStateKind state, RiskRule rule) {
    if (static_cast<int>(state) > static_cast<int>(strictest.state)) strictest = {state, rule};
  };
  const auto state_for = [](RiskAction action) {
    return action == RiskAction::REDUCE ? TradingStateKind::REDUCING : TradingStateKind::HALTED;
  };
  consider(operator_state_, RiskRule::NONE);
  if (is_cautious_) consider(TradingStateKind::REDUCING, RiskRule::NONE);
  if (daily_loss_latched_) consider(state_for(limits_.on_daily_loss), RiskRule::DAILY_LOSS);
  if (drawdown_latched_) consider(state_for(limits_.on_drawdown), RiskRule::DRAWDOWN);
  if (equity_floor_latched_) consider(TradingStateKind::HALTED, RiskRule::EQUITY_FLOOR);
  if (conservation_latched_) consider(TradingStateKind::HALTED, RiskRule::CONSERVATION);
  return strictest;
}

void RiskEngine::loosen(Emitter& out) {
  if (killed_) return;
  const Demand demand = strictest_demand();
  state_rule_ = demand.rule;
  if (static_cast<int>(demand.state) >= static_cast<int>(state_)) return;
  change_state(demand.state, false, RiskRule::NONE, {}, AlertLevel::INFO, 0, out);
  state_rule_ = demand.rule;
}

// Rules only make the state stricter; the operator and loosen() set it as they say.
void RiskEngine::change_state(TradingStateKind state, bool killed, RiskRule rule, Breach breach, AlertLevel level,
                              Seq cause, Emitter& out) {
  const bool is_rule = rule != RiskRule::NONE;
  if (is_rule && severity(state, killed) <= severity(state_, killed_)) return;
  if (!is_rule && state == state_ && killed == killed_) return;
  const TradingStateKind previous = state_;
  state_ = state;
  killed_ = killed;
  state_rule_ = rule;
  const Seq seq = out.emit<schema::TradingState>(schema::RecordType::TRADING_STATE, 0, 0, cause,
                                                 [&](schema::TradingState::Builder b) {
                                                   b.setState(state);
                                                   b.setPrevious(previous);
                                                   b.setRule(rule);
                                                   b.setKilled(killed);
                                                 });
  const std::string text =
      std::string("trading is ") + text_of(state, killed) + (is_rule ? std::string(": ") + name_of(rule) : "");
  out.emit<schema::Alert>(
      schema::RecordType::ALERT, 0, 0, seq,
      [&](schema::Alert::Builder b) {
        b.setLevel(level);
        b.setKind(killed ? AlertKind::KILL_SWITCH : AlertKind::TRADING_STATE_CHANGED);
        b.setValue(breach.value);
        b.setBound(breach.bound);
        b.setText(text);
      },
      2 + text.size() / 8);
}

void RiskEngine::on_operator(schema::OperatorAction action, Portfolio& portfolio, Emitter& out) {
  switch (action) {
    case schema::OperatorAction::KILL_SWITCH:
      operator_state_ = TradingStateKind::HALTED;
      change_state(TradingStateKind::HALTED, true, RiskRule::KILL_SWITCH, {}, AlertLevel::CRITICAL, 0, out);
      flatten_requested_ = true;
      break;
    case schema::OperatorAction::FLATTEN:
      operator_state_ = TradingStateKind::HALTED;
      change_state(TradingStateKind::HALTED, killed_, RiskRule::NONE, {}, AlertLevel::WARNING, 0, out);
      flatten_requested_ = true;
      break;
    case schema::OperatorAction::HALT:
      operator_state_ = TradingStateKind::HALTED;
      change_state(TradingStateKind::HALTED, killed_, RiskRule::NONE, {}, AlertLevel::WARNING, 0, out);
      break;
    case schema::OperatorAction::REDUCE_ONLY:
      operator_state_ = std::max(operator_state_, TradingStateKind::REDUCING);
      if (state_ != TradingStateKind::HALTED)
        change_state(TradingStateKind::REDUCING, killed_, RiskRule::NONE, {}, AlertLevel::WARNING, 0, out);
      break;
    case schema::OperatorAction::CAUTION:
      is_cautious_ = true;
      if (state_ == TradingStateKind::ACTIVE)
        change_state(TradingStateKind::REDUCING, false, RiskRule::NONE, {}, AlertLevel::WARNING, 0, out);
      break;
    case schema::OperatorAction::ALL_CLEAR:
      if (std::exchange(is_cautious_, false)) loosen(out);
      break;
    case schema::OperatorAction::RESUME:
      operator_state_ = TradingStateKind::ACTIVE;
      is_cautious_ = false;
      portfolio.rebase_peak();
      start_day(portfolio);
      daily_loss_latched_ = drawdown_latched_ = equity_floor_latched_ = conservation_latched_ = false;
      flatten_requested_ = false;
      change_state(TradingStateKind::ACTIVE, false, RiskRule::NONE, {}, AlertLevel::INFO, 0, out);
      break;
    default: break;
  }
}

bool RiskEngine::take_flatten_request() {
  const bool requested = flatten_requested_;
  flatten_requested_ = false;
  return requested;
}

void RiskEngine::persist(StateArchive& archive) {
  archive.field("state", state_);
  archive.field("state_rule", state_rule_);
  archive.field("operator_state", operator_state_);
  archive.field("is_cautious", is_cautious_);
  archive.field("killed", killed_);
  archive.field("flatten_requested", flatten_requested_);
  archive.field("day", day_);
  archive.field("day_start_equity", day_start_equity_);
  archive.field("day_start_deposits", day_start_deposits_);
  archive.field("daily_loss_latched", daily_loss_latched_);
  archive.field("drawdown_latched", drawdown_latched_);
  archive.field("equity_floor_latched", equity_floor_latched_);
  archive.field("conservation_latched", conservation_latched_);
  archive.field("orders_last_second", per_second_);
  archive.field("orders_last_minute", per_minute_);
}

const char* name_of(RiskRule rule) {
  switch (rule) {
    case RiskRule::NONE: return "none";
    case RiskRule::POSITION_QTY: return "position_qty";
    case RiskRule::POSITION_NOTIONAL: return "position_notional";
    case RiskRule::ORDER_NOTIONAL: return "order_notional";
    case RiskRule::LEVERAGE: return "leverage";
    case RiskRule::ORDER_RATE: return "order_rate";
    case RiskRule::PRICE_BAND: return "price_band";
    case RiskRule::DAILY_LOSS: return "daily_loss";
    case RiskRule::DRAWDOWN: return "drawdown";
    case RiskRule::STALE_DATA: return "stale_data";
    case RiskRule::OPEN_ORDERS: return "open_orders";
    case RiskRule::KILL_SWITCH: return "kill_switch";
    case RiskRule::INSTRUMENT_TRADABLE: return "instrument_tradable";
    case RiskRule::MIN_NOTIONAL: return "min_notional";
    case RiskRule::TICK_SIZE: return "tick_size";
    case RiskRule::LOT_SIZE: return "lot_size";
    case RiskRule::AVAILABLE_MARGIN: return "available_margin";
    case RiskRule::LIQUIDATION_DISTANCE: return "liquidation_distance";
    case RiskRule::CONSERVATION: return "conservation";
    case RiskRule::REDUCE_ONLY: return "reduce_only";
    case RiskRule::CROSSED_BOOK: return "crossed_book";
    case RiskRule::CONTRACT_TYPE: return "contract_type";
    case RiskRule::EQUITY_FLOOR: return "equity_floor";
    case RiskRule::TOTAL_NOTIONAL: return "total_notional";
    case RiskRule::VALUE_AT_RISK: return "value_at_risk";
    case RiskRule::LIQUIDATION_PROBABILITY: return "liquidation_probability";
  }
  return "?";
}

}  // namespace reprise::engine
