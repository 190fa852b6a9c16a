#include "tools/inspect/show_state.h"

#include <functional>
#include <vector>

#include "engine/execution/order_manager.h"
#include "engine/market/market_state.h"
#include "engine/portfolio/portfolio.h"
#include "engine/risk/risk_engine.h"
#include "engine/state_view.h"
#include "engine/timers.h"
#include "tools/inspect/state_fields.h"
#include "tools/journals.h"
#include "tools/moment.h"
#include "tools/schema_names.h"

namespace reprise::tools {

namespace {

using Title = std::function<void(const std::string&)>;

std::string price_text(Price price) {
  return price.is_zero() ? "-" : decimal_text(price);
}

// Commands that the venue has not answered.
void show_pending(Terminal& terminal, engine::Engine& engine, const Title& title) {
  Table table;
  table.column("order", Table::Align::right);
  table.column("waits for");
  table.column("command", Table::Align::right);
  table.column("deadline");
  bool any = false;
  for (const engine::Order* order : engine.orders().open_orders()) {
    const auto row = [&](const std::string& what, journal::Seq command) {
      any = true;
      table.row({std::to_string(order->id), what, std::to_string(command), time_text(order->deadline.ns)});
    };
    if (order->status == OrderStatus::SUBMITTED) row("acceptance", order->id);
    if (order->status == OrderStatus::UNKNOWN) row("its fate", order->id);
    if (order->modify_command != 0) row("modify", order->modify_command);
    if (order->cancel_command != 0) row("cancel", order->cancel_command);
  }
  if (!any) return;
  title("pending commands");
  terminal.write(table.text(terminal.width()));
}

void show_limits(Terminal& terminal, const std::vector<engine::NamedField>& fields, const Title& title) {
  Table table;
  table.column("limit");
  for (const char* name : {"value", "bound", "headroom"}) table.column(name, Table::Align::right);
  std::vector<std::string> row;
  for (const auto& [path, value] : fields) {
    const std::string prefix = "risk.limits.";
    if (path.compare(0, prefix.size(), prefix) != 0) continue;
    const std::size_t dot = path.find('.', prefix.size());
    const std::string name = path.substr(prefix.size(), dot - prefix.size());
    if (row.empty() || row[0] != name) row = {name};
    row.push_back(value.text);
    if (row.size() == 4) table.row(row);
  }
  if (row.empty()) return;
  title("risk limits of the account");
  terminal.write(table.text(terminal.width()));
}

// Indicators and whatever else a strategy keeps; longer lists by their last entries only.
void show_strategies(Terminal& terminal, const std::vector<engine::NamedField>& fields, const Title& title) {
  Facts facts;
  bool any = false;
  for (const auto& [path, value] : fields) {
    const std::string prefix = "strategies.";
    if (path.compare(0, prefix.size(), prefix) != 0 || path.back() == ']') continue;  // entries without a name
    facts.add(path.substr(prefix.size()), shown_value(value));
    any = true;
  }
  if (!any) return;
  title("strategies");
  terminal.write(facts.text());
}

void show_timers(Terminal& terminal, engine::Engine& engine, const Title& title) {
  const auto& timers = engine.timers();
  if (timers.empty()) return;
  Table table;
  table.column("timer");
  table.column("due");
  table.column("in", Table::Align::right);
  for (const engine::Timer& timer : timers) {
    table.row({schema_name(timer.kind), time_text(timer.deadline.ns),
               seconds_text(static_cast<double>((timer.deadline - engine.now()).ns) * 1e-9)});
  }
  title("timers");
  terminal.write(table.text(terminal.width()));
}

}  // namespace

void show_state(Terminal& terminal, engine::Engine& engine, const ShownState& shown) {
  const Instruments& instruments = engine.instruments();
  const auto symbol = [&](std::uint32_t number) {
    const Instrument* instrument = instruments.find(number);
    return instrument == nullptr ? number_name(number) : instrument->symbol;
  };
  const auto strategy = [&](std::uint16_t number) -> std::string {
    if (number == 0) return "(engine)";
    const auto& strategies = engine.config().strategies;
    return number <= strategies.size() ? strategies[number - 1u].name : number_name(number);
  };
  const auto title = [&](const std::string& text) {
    terminal.line();
    terminal.line(terminal.paint(Colour::strong, text));
  };

  terminal.line(terminal.paint(Colour::strong, shown.path) + "  behind seq " + std::to_string(shown.seq) + ", " +
                time_text(engine.now().ns));
  Facts facts;
  facts.add("inputs", with_thousands(engine.inputs()));
  facts.add("state hash", engine.state_hash().text());
  if (!engine.is_configured()) {
    facts.add("configuration", engine.configuration_problem().empty() ? "none: this is market data alone"
                                                                      : engine.configuration_problem());
  }
  terminal.write(facts.text());

  title("market");
  Table market;
  for (const char* name : {"symbol", "state"}) market.column(name);
  for (const char* name : {"bid", "ask", "last", "mark", "funding rate", "levels"})
    market.column(name, Table::Align::right);
  market.column("note");
  for (const auto& [number, instrument] : instruments.all()) {
    const engine::InstrumentMarket* view = engine.market().find(number);
    if (view == nullptr) continue;
    const auto& book = view->feed().book();
    market.row({instrument.symbol, schema_name(instrument.state), price_text(view->best().bid),
                price_text(view->best().ask), price_text(view->last_price()), price_text(view->mark_price()),
                decimal_text(view->funding_rate()),
                std::to_string(book.bids().size()) + "+" + std::to_string(book.asks().size()),
                view->is_crossed()             ? "crossed"
                : view->is_stale(engine.now()) ? "stale"
                                               : ""});
  }
  terminal.write(market.text(terminal.width()));
  for (const auto& [number, instrument] : instruments.all()) {
    const engine::InstrumentMarket* view = engine.market().find(number);
    if (view == nullptr || shown.levels == 0 || view->feed().book().is_empty()) continue;
    const auto& book = view->feed().book();
    title("book " + instrument.symbol);
    Table table;
    for (const char* name : {"bid qty", "bid", "ask", "ask qty"}) table.column(name, Table::Align::right);
    const auto bids = book.bids();
    const auto asks = book.asks();
    for (std::size_t i = 0; i < shown.levels && (i < bids.size() || i < asks.size()); ++i) {
      table.row({i < bids.size() ? decimal_text(bids[i].qty) : "", i < bids.size() ? decimal_text(bids[i].price) : "",
                 i < asks.size() ? decimal_text(asks[i].price) : "", i < asks.size() ? decimal_text(asks[i].qty) : ""});
    }
    terminal.write(table.text(terminal.width()));
  }
  if (!engine.is_configured()) return;

  title("open orders");
  if (engine.orders().open_orders().empty()) terminal.line("none");
  if (!engine.orders().open_orders().empty()) {
    Table orders;
    orders.column("order", Table::Align::right);
    for (const char* name : {"symbol", "strategy", "side", "type", "status"}) orders.column(name);
    for (const char* name : {"price", "trigger", "qty", "filled"}) orders.column(name, Table::Align::right);
    if (shown.has_queue) orders.column("ahead", Table::Align::right);
    orders.column("flags");
    for (const engine::Order* order : engine.orders().open_orders()) {
      const engine::OrderRequest& request = order->request;
      std::vector<std::string> row = {std::to_string(order->id),  symbol(request.instrument),
                                      strategy(request.strategy), schema_name(request.side),
                                      schema_name(request.type),  engine::name_of(order->status),
                                      price_text(request.price),  price_text(request.trigger_price),
                                      decimal_text(request.qty),  decimal_text(order->cum_qty)};
      if (shown.has_queue) {
        const auto place = shown.ahead.find(order->id);
        row.push_back(place == shown.ahead.end() ? "" : decimal_text(place->second));
      }
      row.push_back(request.reduce_only ? "reduce-only" : "");
      orders.row(std::move(row));
    }
    terminal.write(orders.text(terminal.width()));
  }

  title("positions");
  Table positions;
  for (const char* name : {"symbol", "holder"}) positions.column(name);
  for (const char* name : {"qty", "entry", "mark", "unrealised", "realised", "commission", "funding", "liquidation"}) {
    positions.column(name, Table::Align::right);
  }
  bool any = false;
  for (const engine::NetPosition& net : engine.portfolio().positions()) {
    if (net.instrument == 0) continue;
    any = true;
    const auto liquidation = engine.portfolio().liquidation_price(net.instrument);
    positions.row({symbol(net.instrument), "account", decimal_text(net.position.qty),
                   price_text(net.position.entry_price()), price_text(net.mark), decimal_text(net.unrealized),
                   decimal_text(net.position.realized_pnl), decimal_text(net.commission), decimal_text(net.funding),
                   liquidation ? decimal_text(*liquidation) : "-"});
    for (const engine::StrategyShare& share : engine.portfolio().shares()) {
      if (share.instrument != net.instrument) continue;
      positions.row({"", strategy(share.strategy), decimal_text(share.position.qty),
                     price_text(share.position.entry_price()), "", "", decimal_text(share.position.realized_pnl),
                     decimal_text(share.commission), decimal_text(share.funding), ""});
    }
  }
  if (any) {
    terminal.write(positions.text(terminal.width()));
  } else {
    terminal.line("none");
  }

  title("account");
  Facts account;
  for (const engine::Wallet& wallet : engine.portfolio().wallets()) {
    const auto& config = engine.config().account;
    const std::string& asset = wallet.asset == 0 ? config.settlement_asset : config.fee_asset;
    account.add("wallet", decimal_text(wallet.balance) + " " + asset);
  }
  account.add("unrealised", decimal_text(engine.portfolio().unrealized_pnl()));
  account.add("equity", decimal_text(engine.portfolio().equity()) + ", peak " +
                            decimal_text(engine.portfolio().peak_equity()) + ", drawdown " +
                            decimal_text(engine.portfolio().drawdown()));
  account.add("initial margin", decimal_text(engine.portfolio().initial_margin()));
  account.add("maintenance margin", decimal_text(engine.portfolio().maintenance_margin()));
  account.add("available", decimal_text(engine.portfolio().available_balance(engine.orders())));
  account.add("gross notional", decimal_text(engine.portfolio().gross_notional()));
  account.add("trading state", schema_name(engine.risk().trading_state()) + (engine.risk().killed() ? ", killed" : ""));
  account.add("orders so far", with_thousands(engine.orders().submitted_count()) + " submitted, " +
                                   with_thousands(engine.orders().denied_count()) + " denied, " +
                                   with_thousands(engine.orders().anomaly_count()) + " anomalies");
  terminal.write(account.text());
  show_pending(terminal, engine, title);
  const std::vector<engine::NamedField> fields = state_fields(engine);
  show_limits(terminal, fields, title);
  show_strategies(terminal, fields, title);
  show_timers(terminal, engine, title);
}

}  // namespace reprise::tools
