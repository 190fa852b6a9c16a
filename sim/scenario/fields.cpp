#include "sim/scenario/fields.h"

#include <algorithm>

#include "config/values.h"
#include "engine/market/market_state.h"
#include "engine/risk/risk_engine.h"
#include "sim/scenario/state_path.h"

namespace reprise::sim::scenario {

namespace {

using schema::AlertKind;
using schema::TradingStateKind;

constexpr std::int64_t whole(std::int64_t count) {
  return count * kScale;
}

const std::vector<std::pair<std::string, AlertKind>>& alert_kinds() {
  static const std::vector<std::pair<std::string, AlertKind>> kinds = {
      {"risk_breach", AlertKind::RISK_BREACH},
      {"trading_state_changed", AlertKind::TRADING_STATE_CHANGED},
      {"order_anomaly", AlertKind::ORDER_ANOMALY},
      {"stale_data", AlertKind::STALE_DATA},
      {"feed_gap", AlertKind::FEED_GAP},
      {"crossed_book", AlertKind::CROSSED_BOOK},
      {"conservation_broken", AlertKind::CONSERVATION_BROKEN},
      {"liquidation", AlertKind::LIQUIDATION},
      {"kill_switch", AlertKind::KILL_SWITCH},
      {"order_rejected", AlertKind::ORDER_REJECTED},
      {"margin_call", AlertKind::MARGIN_CALL},
      {"configuration", AlertKind::CONFIGURATION},
      {"negative_wallet", AlertKind::NEGATIVE_WALLET},
  };
  return kinds;
}

std::string with_hint(const std::string& wrong, const std::vector<std::string>& known) {
  const std::string near = config::nearest(wrong, known);
  return near.empty() ? "scenarios/LANGUAGE.md lists every field" : "did you mean \"" + near + "\"?";
}

std::optional<std::int64_t> share_of(Money part, Money all) {
  if (!all.is_positive()) return std::nullopt;
  return mul_div(part.e8, kScale, all.e8);
}

}  // namespace

const std::vector<FieldSpec>& fields() {
  using K = FieldKind;
  using U = FieldUnit;
  static const std::vector<FieldSpec> table = {
      {"equity", K::plain, U::money, "wallet and unrealised profit"},
      {"wallet", K::plain, U::money, "wallet balance of the settlement asset"},
      {"profit", K::plain, U::money, "equity less deposits"},
      {"realized", K::plain, U::money, "realised profit before fees"},
      {"unrealized", K::plain, U::money, "unrealised profit at the mark price"},
      {"commission", K::plain, U::money, "fees paid"},
      {"funding", K::plain, U::money, "funding received (negative: paid)"},
      {"drawdown", K::plain, U::share, "fall from peak equity, as of now"},
      {"margin_ratio", K::plain, U::share, "maintenance margin over equity; 100 % is liquidation"},
      {"leverage", K::plain, U::number, "gross notional over equity"},
      {"notional", K::plain, U::money, "gross notional of all positions"},
      {"maintenance_margin", K::plain, U::money, "of all positions"},
      {"available", K::plain, U::money, "balance free for new orders"},
      {"open_orders", K::plain, U::number, "orders that may still trade"},
      {"resting_orders", K::plain, U::number, "open orders that could enlarge a position"},
      {"unknown_orders", K::plain, U::number, "orders whose fate is unknown"},
      {"orders", K::plain, U::number, "orders submitted so far"},
      {"denied", K::plain, U::number, "orders refused by our own risk rules so far"},
      {"rejected", K::plain, U::number, "orders refused by the venue so far"},
      {"cancels_refused", K::plain, U::number, "cancels refused by the venue so far"},
      {"fills", K::plain, U::number, "executions so far"},
      {"liquidations", K::plain, U::number, "executions forced by liquidation so far"},
      {"adl_fills", K::plain, U::number, "executions forced by auto-deleveraging so far"},
      {"anomalies", K::plain, U::number, "venue reports that did not fit, so far"},
      {"active", K::plain, U::flag, "trading state active"},
      {"reducing", K::plain, U::flag, "trading state reducing"},
      {"halted", K::plain, U::flag, "trading state halted"},
      {"killed", K::plain, U::flag, "halted by the kill switch"},
      {"flat", K::plain, U::flag, "no position anywhere"},
      {"healthy", K::plain, U::flag, "active, every traded market fresh, no order of unknown fate"},
      {"any_stale", K::plain, U::flag, "a traded market that had data is stale"},
      {"conserved", K::plain, U::flag, "wallets and shares add up exactly"},
      {"agrees", K::plain, U::flag,
       "wallet, positions and number of open orders equal the venue's (as of when nothing was under way)"},
      {"elapsed", K::plain, U::seconds, "since the start of the data"},
      {"position", K::by_symbol, U::number, "net quantity, short is negative"},
      {"position_notional", K::by_symbol, U::money, "at the mark price"},
      {"position_use", K::by_symbol, U::share, "notional over its limit (risk.max_position_notional)"},
      {"liquidation_price", K::by_symbol, U::number, "0: none"},
      {"liquidation_distance", K::by_symbol, U::share, "from the mark price to the liquidation price"},
      {"mid", K::by_symbol, U::number, "as the engine sees it"},
      {"bid", K::by_symbol, U::number, "best bid as the engine sees it"},
      {"ask", K::by_symbol, U::number, "best offer as the engine sees it"},
      {"spread", K::by_symbol, U::share, "of the mid"},
      {"last", K::by_symbol, U::number, "last price that counts"},
      {"mark", K::by_symbol, U::number, "mark price"},
      {"basis", K::by_symbol, U::share, "mark price over the last price, less 1"},
      {"stale", K::by_symbol, U::flag, "market data cannot be trusted now"},
      {"venue_equity", K::plain, U::money, "what the venue has"},
      {"venue_orders", K::plain, U::number, "open orders at the venue"},
      {"venue_position", K::by_symbol, U::number, "net quantity at the venue"},
      {"venue_leverage", K::plain, U::number, "as set at the venue"},
      {"insurance_paid", K::plain, U::money, "deficits that the insurance fund took over"},
      {"alerts", K::by_alert, U::number, "alerts of a kind so far: alerts.stale_data"},
      {"state", K::by_path, U::number, "a field of the engine's state by its path: state.risk.day_start_equity"},
  };
  return table;
}

Result<FieldName> resolve_field(const std::string& text) {
  const std::size_t dot = text.find('.');
  const std::string head = text.substr(0, dot);
  FieldName field;
  if (dot != std::string::npos) field.argument = text.substr(dot + 1);
  const std::vector<FieldSpec>& table = fields();
  std::vector<std::string> names;
  for (std::size_t i = 0; i < table.size(); ++i) {
    names.emplace_back(table[i].name);
    if (head != table[i].name) continue;
    field.index = static_cast<std::uint16_t>(i);
    const bool takes = table[i].kind != FieldKind::plain;
    if (takes && field.argument.empty()) {
      return usage_error("field \"" + head + "\" needs a name behind a dot",
                         table[i].kind == FieldKind::by_symbol ? "for example " + head + ".BTCUSDT" : "");
    }
    if (!takes && !field.argument.empty()) return usage_error("field \"" + head + "\" takes nothing behind it");
    if (table[i].kind == FieldKind::by_alert) {
      std::vector<std::string> kinds;
      for (const auto& [kind, value] : alert_kinds()) {
        kinds.push_back(kind);
        if (kind == field.argument) field.alert = static_cast<std::uint16_t>(value);
      }
      if (field.alert == 0) {
        return usage_error("no alert is called \"" + field.argument + "\"", with_hint(field.argument, kinds));
      }
    }
    return field;
  }
  return usage_error("unknown field \"" + head + "\"", with_hint(head, names));
}

std::string name_of(const FieldName& field) {
  return std::string(fields()[field.index].name) + (field.argument.empty() ? "" : "." + field.argument);
}

std::string value_text(const FieldName& field, std::int64_t e8) {
  switch (fields()[field.index].unit) {
    case FieldUnit::flag: return e8 != 0 ? "yes" : "no";
    case FieldUnit::share: {
      const std::int64_t hundredths = mul_div(e8, 10'000, kScale);
      return decimal_text(hundredths * (kScale / 100)) + " %";
    }
    case FieldUnit::seconds: return decimal_text(e8) + " s";
    case FieldUnit::money: return decimal_text(mul_div(e8, 100, kScale) * (kScale / 100));
    case FieldUnit::number: return decimal_text(e8);
  }
  return "?";
}

void Fields::count(const journal::RecordView& input, const journal::RecordBatch& outputs) {
  using journal::RecordType;
  if (input.type() == RecordType::ORDER_REPORT) {
    const auto report = journal::read<schema::OrderReport>(input);
    switch (report.getKind()) {
      case schema::ReportKind::REJECTED: ++rejected_; break;
      case schema::ReportKind::CANCEL_REJECTED: ++cancel_rejected_; break;
      case schema::ReportKind::LIQUIDATION:
        if (std::string_view(report.getForeignClientId().cStr()).substr(0, 3) == "adl") {
          ++adl_;
        } else {
          ++liquidations_;
        }
        break;
      default: break;
    }
  }
  outputs.for_each(input.seq + 1, [&](const journal::RecordView& output) {
    if (output.type() == RecordType::FILL) ++fills_;
    if (output.type() != RecordType::ALERT) return;
    const auto kind = static_cast<std::size_t>(journal::read<schema::Alert>(output).getKind());
    if (kind < alerts_.size()) ++alerts_[kind];
  });
}

bool Fields::any_stale() {
  const engine::Engine& engine = run_->engine();
  for (const config::StrategyConfig& strategy : engine.config().strategies) {
    if (!strategy.enabled) continue;
    for (const std::string& symbol : strategy.instruments) {
      const Instrument* instrument = engine.instruments().find_symbol(symbol);
      const engine::InstrumentMarket* market =
          instrument == nullptr ? nullptr : engine.market().find(instrument->number);
      if (market == nullptr || !market->mid()) continue;  // nothing has come yet
      if (market->is_stale(engine.now())) return true;
    }
  }
  return false;
}

bool Fields::agrees() {
  const engine::Engine& engine = run_->engine();
  const Ledger& ledger = run_->exchange().ledger();
  if (engine.portfolio().wallet_balance() != ledger.wallet_balance()) return false;
  std::size_t at_venue = 0;
  for (const auto& [number, instrument] : engine.instruments().all()) {
    if (engine.portfolio().net_position(number) != ledger.position(number).qty) return false;
    if (const auto* open = run_->exchange().orders(number)) at_venue += open->size();
  }
  return at_venue == engine.orders().open_count();
}

std::optional<std::int64_t> Fields::plain(std::string_view name) {
  engine::Engine& engine = run_->engine();
  const engine::Portfolio& portfolio = engine.portfolio();
  const engine::OrderManager& orders = engine.orders();
  const engine::RiskEngine& risk = engine.risk();
  if (name == "equity") return portfolio.equity().e8;
  if (name == "wallet") return portfolio.wallet_balance().e8;
  if (name == "profit") return (portfolio.equity() - portfolio.wallets()[0].deposits).e8;
  if (name == "realized") return portfolio.realized_pnl().e8;
  if (name == "unrealized") return portfolio.unrealized_pnl().e8;
  if (name == "commission") return portfolio.commission().e8;
  if (name == "funding") return portfolio.funding().e8;
  if (name == "drawdown") {
    const Money peak = std::max(portfolio.peak_equity(), portfolio.equity());
    return share_of(peak - portfolio.equity(), peak);
  }
  if (name == "margin_ratio") {
    if (portfolio.maintenance_margin().is_zero()) return 0;
    if (!portfolio.equity().is_positive()) return whole(100);
    return share_of(portfolio.maintenance_margin(), portfolio.equity());
  }
  if (name == "leverage") return share_of(portfolio.gross_notional(), portfolio.equity());
  if (name == "notional") return portfolio.gross_notional().e8;
  if (name == "maintenance_margin") return portfolio.maintenance_margin().e8;
  if (name == "available") return portfolio.available_balance(orders).e8;
  if (name == "open_orders") return whole(orders.open_count());
  if (name == "resting_orders" || name == "unknown_orders") {
    std::int64_t resting = 0;
    std::int64_t unknown = 0;
    for (const engine::Order* order : orders.open_orders()) {
      if (!order->request.reduce_only && !order->request.close_position) ++resting;
      if (order->status == OrderStatus::UNKNOWN) ++unknown;
    }
    return whole(name == "resting_orders" ? resting : unknown);
  }
  if (name == "orders") return whole(static_cast<std::int64_t>(orders.submitted_count()));
  if (name == "denied") return whole(static_cast<std::int64_t>(orders.denied_count()));
  if (name == "anomalies") return whole(static_cast<std::int64_t>(orders.anomaly_count()));
  if (name == "rejected") return whole(rejected_);
  if (name == "cancels_refused") return whole(cancel_rejected_);
  if (name == "fills") return whole(fills_);
  if (name == "liquidations") return whole(liquidations_);
  if (name == "adl_fills") return whole(adl_);
  if (name == "active") return whole(risk.trading_state() == TradingStateKind::ACTIVE ? 1 : 0);
  if (name == "reducing") return whole(risk.trading_state() == TradingStateKind::REDUCING ? 1 : 0);
  if (name == "halted") return whole(risk.trading_state() == TradingStateKind::HALTED ? 1 : 0);
  if (name == "killed") return whole(risk.killed() ? 1 : 0);
  if (name == "flat") {
    for (const engine::NetPosition& net : portfolio.positions()) {
      if (!net.position.qty.is_zero()) return 0;
    }
    return whole(1);
  }
  if (name == "any_stale") return whole(any_stale() ? 1 : 0);
  if (name == "healthy") {
    const bool healthy =
        risk.trading_state() == TradingStateKind::ACTIVE && !any_stale() && plain("unknown_orders").value_or(0) == 0;
    return whole(healthy ? 1 : 0);
  }
  if (name == "conserved") return whole(portfolio.is_conserved() ? 1 : 0);
  if (name == "agrees") {
    if (run_->in_flight() == 0) agreed_ = agrees() ? 1 : 0;
    return whole(agreed_);
  }
  if (name == "elapsed") return (run_->now().ns - run_->start().ns) / 10;
  if (name == "insurance_paid") return run_->exchange().insurance_paid().e8;
  if (name == "venue_leverage") return whole(run_->exchange().ledger().standard_leverage());
  if (name == "venue_equity") {
    const Ledger& ledger = run_->exchange().ledger();
    Money equity = ledger.wallet_balance();
    for (const auto& [number, position] : ledger.positions()) equity += position.unrealized();
    return equity.e8;
  }
  if (name == "venue_orders") {
    std::int64_t count = 0;
    for (const auto& [number, instrument] : engine.instruments().all()) {
      if (const auto* open = run_->exchange().orders(number)) count += static_cast<std::int64_t>(open->size());
    }
    return whole(count);
  }
  return std::nullopt;
}

std::optional<std::int64_t> Fields::of_symbol(std::string_view name, const std::string& symbol) {
  const engine::Engine& engine = run_->engine();
  const Instrument* instrument = engine.instruments().find_symbol(symbol);
  if (instrument == nullptr) return std::nullopt;
  const InstrumentNo number = instrument->number;
  const engine::InstrumentMarket* market = engine.market().find(number);
  const engine::NetPosition* net = engine.portfolio().net(number);
  const auto price = [](Price p) { return p.is_positive() ? std::optional(p.e8) : std::nullopt; };
  if (name == "position") return net == nullptr ? 0 : net->position.qty.e8;
  if (name == "position_notional") return net == nullptr ? 0 : net->notional.e8;
  if (name == "position_use") {
    return share_of(net == nullptr ? Money{} : net->notional, engine.risk().limits().max_position_notional);
  }
  if (name == "liquidation_price") return engine.portfolio().liquidation_price(number).value_or(Price{}).e8;
  if (name == "liquidation_distance") {
    const auto liquidation = engine.portfolio().liquidation_price(number);
    if (!liquidation || market == nullptr || !market->mark_price().is_positive()) return std::nullopt;
    return ratio(market->mark_price() - *liquidation, market->mark_price()).abs().e8;
  }
  if (name == "venue_position") return run_->exchange().ledger().position(number).qty.e8;
  if (market == nullptr) return std::nullopt;
  if (name == "mid") return price(market->mid().value_or(Price{}));
  if (name == "bid") return price(market->best().bid);
  if (name == "ask") return price(market->best().ask);
  if (name == "last") return price(market->last_price());
  if (name == "mark") return price(market->mark_price());
  if (name == "stale") return whole(market->is_stale(engine.now()) ? 1 : 0);
  if (name == "spread") {
    if (!market->best().bid.is_positive() || !market->best().ask.is_positive()) return std::nullopt;
    return ratio(market->best().ask - market->best().bid, market->best().bid).e8;
  }
  if (name == "basis") {
    if (!market->last_price().is_positive() || !market->mark_price().is_positive()) return std::nullopt;
    return ratio(market->mark_price() - market->last_price(), market->last_price()).e8;
  }
  return std::nullopt;
}

std::optional<std::int64_t> Fields::of_path(const std::string& path) {
  return find_in_state(run_->engine(), path);
}

std::optional<std::int64_t> Fields::value(const FieldName& field) {
  const FieldSpec& spec = fields()[field.index];
  switch (spec.kind) {
    case FieldKind::plain: return plain(spec.name);
    case FieldKind::by_symbol: return of_symbol(spec.name, field.argument);
    case FieldKind::by_alert: return whole(field.alert < alerts_.size() ? alerts_[field.alert] : 0);
    case FieldKind::by_path: return of_path(field.argument);
  }
  return std::nullopt;
}

void Fields::persist(engine::StateArchive& archive) {
  archive.field("fills", fills_);
  archive.field("rejected", rejected_);
  archive.field("cancel_rejected", cancel_rejected_);
  archive.field("liquidations", liquidations_);
  archive.field("adl", adl_);
  archive.field("agreed", agreed_);
  archive.field("alerts", alerts_);
}

}  // namespace reprise::sim::scenario
