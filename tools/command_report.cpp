// reprise report JOURNAL: the run in figures. One pass over the records, nothing is recomputed.

#include "engine/report/performance.h"
#include "engine/take_up.h"
#include "tools/command.h"
#include "tools/journals.h"
#include "tools/json_output.h"
#include "tools/moment.h"
#include "tools/money_text.h"
#include "tools/run_names.h"
#include "tools/stop.h"
#include "tools/whole_run.h"

namespace reprise::tools {
namespace {

std::string basis_points(const engine::Slippage& slippage) {
  return slippage.fills == 0 ? "-" : fixed_text(static_cast<double>(slippage.basis_points().e8) / 1e8, 2) + " bp";
}

class Report final : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.text("JOURNAL", path_, "journal of a run").required();
    arguments.examples(
        "reprise report run\n"
        "reprise report run --json          # money as decimal strings, exact to 1e-8");
  }

  Result<int> run(Terminal& terminal) override {
    auto whole = WholeRun::open(path_);
    if (!whole) return whole.error();
    if (whole->manifest().mode == schema::RunMode::DATASET) {
      return usage_error(path_ + ": is a dataset, nothing was traded in it",
                         "give the journal of a run; inspect shows what a dataset holds");
    }
    auto names = RunNames::read(path_);
    if (!names) return names.error();
    engine::Performance performance;
    if (!whole->has_past()) {  // a branch or slice without its parent: the state at its base tells the money
      auto reader = journal::JournalReader::open(path_);
      if (!reader) return reader.error();
      auto engine = engine::take_up_base(*reader);
      if (!engine) return engine.error();
      performance.begin_behind(*engine);
      terminal.note("counts begin behind record " + std::to_string(reader->base_seq()) + ": the parent's journal, " +
                    whole->manifest().origin + ", is not found; money is of the whole run");
    }
    Progress progress(terminal, "reading", "records");
    journal::RecordView record;
    std::int64_t first_time = 0;
    std::int64_t last_time = 0;
    while (whole->next(record)) {
      performance.on(record);
      if (first_time == 0 && record.header->instrument != 0) first_time = record.header->ts_engine;
      last_time = record.header->ts_engine;
      if ((record.seq & 0xFFFF) == 0 && stop_on_signals().load(std::memory_order_relaxed))
        return io_error("interrupted");
      if ((record.seq & 0xFFFF) == 0) progress.update(record.seq, whole->last_seq());
    }
    progress.clear();
    if (auto status = whole->status(); !status) return status.error();
    if (json) {
      show_json(terminal, performance, *names, first_time, last_time);
    } else {
      show_text(terminal, performance, *names, whole->manifest(), first_time, last_time);
    }
    return kExitFine;
  }

 private:
  static std::string strategy_text(const RunNames& names, std::uint16_t number) {
    return number == 0 ? "(engine)" : names.strategy(number);
  }

  static void write_figures(Json& out, const engine::PerformanceFigures& figures) {
    out.decimal_field("net_profit", figures.net_profit.e8);
    out.decimal_field("gross_profit", figures.gross_profit.e8);
    out.decimal_field("realized_profit", figures.realized_pnl.e8);
    out.decimal_field("unrealized_profit", figures.unrealized_pnl.e8);
    out.decimal_field("commission", figures.commission.e8);
    out.decimal_field("funding", figures.funding.e8);
    out.decimal_field("traded_notional", figures.traded_notional.e8);
    out.field("orders", figures.orders);
    out.field("modifies", figures.modifies);
    out.field("cancels", figures.cancels);
    out.field("denied", figures.denied);
    out.field("rejected", figures.rejected);
    out.field("canceled", figures.canceled);
    out.field("expired", figures.expired);
    out.field("filled_orders", figures.filled_orders);
    out.field("fills", figures.fills);
    out.field("maker_fills", figures.maker_fills);
    out.field("liquidation_fills", figures.liquidation_fills);
    out.decimal_field("maker_share", figures.maker_share().e8);
    out.field("positions", figures.positions);
    out.field("closed_positions", figures.closed_positions);
    out.field("winning_positions", figures.winning_positions);
    out.key("slippage").begin_object();
    out.decimal_field("against_decision", figures.against_decision.cost.e8);
    out.decimal_field("against_decision_bp", figures.against_decision.basis_points().e8);
    out.decimal_field("against_fill", figures.against_fill.cost.e8);
    out.decimal_field("against_fill_bp", figures.against_fill.basis_points().e8);
    out.end_object();
  }

  void show_json(Terminal& terminal, const engine::Performance& performance, const RunNames& names,
                 std::int64_t first_time, std::int64_t last_time) {
    Json out;
    out.begin_object();
    write_figures(out, performance.account());
    out.decimal_field("max_drawdown", performance.max_drawdown_money().e8);
    out.decimal_field("max_drawdown_rate", performance.max_drawdown().e8);
    out.decimal_field("first_equity", performance.first_equity().e8);
    out.decimal_field("last_equity", performance.last_equity().e8);
    out.decimal_field("peak_equity", performance.peak_equity().e8);
    out.field("settlement_asset", names.asset);
    out.field("risk_decisions", performance.risk_decisions());
    out.field("alerts", performance.alerts());
    out.field("anomalies", performance.anomalies());
    out.field("funding_payments", performance.funding_payments());
    out.field("records", performance.records());
    out.field("from", time_text(first_time));
    out.field("until", time_text(last_time));
    out.key("by_strategy").begin_array();
    for (const auto& [number, figures] : performance.by_strategy()) {
      out.begin_object();
      out.field("strategy", strategy_text(names, number));
      write_figures(out, figures);
      out.end_object();
    }
    out.end_array();
    out.key("by_instrument").begin_array();
    for (const auto& [number, figures] : performance.by_instrument()) {
      out.begin_object();
      out.field("symbol", performance.symbol(number));
      write_figures(out, figures);
      out.end_object();
    }
    out.end_array();
    out.end_object();
    terminal.line(out.text());
  }

  static Table figures_table(const std::string& title) {
    Table table;
    table.column(title);
    for (const char* column :
         {"net profit", "gross", "commission", "funding", "orders", "fills", "maker", "positions", "won", "slippage"}) {
      table.column(column, Table::Align::right);
    }
    return table;
  }

  static void figures_row(Table& table, const std::string& name, const engine::PerformanceFigures& figures) {
    table.row({name, money_text(figures.net_profit), money_text(figures.gross_profit), money_text(figures.commission),
               money_text(figures.funding), with_thousands(figures.orders), with_thousands(figures.fills),
               figures.fills == 0 ? "-" : rate_percent(figures.maker_share()), with_thousands(figures.positions),
               with_thousands(figures.winning_positions) + "/" + with_thousands(figures.closed_positions),
               basis_points(figures.against_decision)});
  }

  void show_text(Terminal& terminal, const engine::Performance& performance, const RunNames& names,
                 const journal::Manifest& manifest, std::int64_t first_time, std::int64_t last_time) {
    const engine::PerformanceFigures account = performance.account();
    const std::string unit = names.asset.empty() ? "" : " " + names.asset;
    const auto profit = [&](Money money) {
      return terminal.paint(money.is_negative() ? Colour::bad : Colour::good, money_text(money) + unit);
    };
    terminal.line(terminal.paint(Colour::strong, path_) + "  " + journal::name_of(manifest.mode) + ", " +
                  status_text(path_, manifest.status));
    terminal.line(time_text(first_time) + " to " + time_text(last_time) + ", " +
                  seconds_text(static_cast<double>(last_time - first_time) / 1e9) + ", " +
                  with_thousands(performance.records()) + " records");
    terminal.line();
    Facts facts;
    facts.add("net profit", profit(account.net_profit));
    facts.add("gross profit", money_text(account.gross_profit) + unit + "  (realised " +
                                  money_text(account.realized_pnl) + ", unrealised " +
                                  money_text(account.unrealized_pnl) + ")");
    facts.add("commission", money_text(account.commission) + unit);
    facts.add("funding", money_text(account.funding) + unit + "  (" + with_thousands(performance.funding_payments()) +
                             " payments)");
    facts.add("equity", money_text(performance.first_equity()) + " -> " + money_text(performance.last_equity()) + unit +
                            ", peak " + money_text(performance.peak_equity()));
    facts.add("max drawdown", money_text(performance.max_drawdown_money()) + unit + "  (" +
                                  rate_percent(performance.max_drawdown()) + ")");
    facts.add("orders", with_thousands(account.orders) + "  (" + with_thousands(account.filled_orders) + " filled, " +
                            with_thousands(account.canceled) + " canceled, " + with_thousands(account.expired) +
                            " expired, " + with_thousands(account.rejected) + " rejected; " +
                            with_thousands(account.denied) + " denied by risk)");
    facts.add("commands",
              with_thousands(account.modifies) + " modifies, " + with_thousands(account.cancels) + " cancels");
    facts.add("fills", with_thousands(account.fills) + "  (" + with_thousands(account.maker_fills) + " maker, " +
                           with_thousands(account.liquidation_fills) + " by liquidation), " +
                           money_text(account.traded_notional) + unit + " traded");
    facts.add("positions", with_thousands(account.positions) + " opened, " + with_thousands(account.closed_positions) +
                               " closed, " + with_thousands(account.winning_positions) + " with a profit");
    facts.add("slippage", basis_points(account.against_decision) + " against the mid at the decision, " +
                              basis_points(account.against_fill) + " at the fill  (positive = cost)");
    facts.add("risk", with_thousands(performance.risk_decisions()) + " decisions, " +
                          with_thousands(performance.alerts()) + " alerts, " + with_thousands(performance.anomalies()) +
                          " order anomalies");
    terminal.write(facts.text());
    if (!performance.by_strategy().empty()) {
      terminal.line();
      Table table = figures_table("strategy");
      for (const auto& [number, figures] : performance.by_strategy())
        figures_row(table, strategy_text(names, number), figures);
      terminal.write(table.text(terminal.width()));
    }
    if (!performance.by_instrument().empty()) {
      terminal.line();
      Table table = figures_table("instrument");
      for (const auto& [number, figures] : performance.by_instrument())
        figures_row(table, performance.symbol(number), figures);
      terminal.write(table.text(terminal.width()));
    }
  }

  std::string path_;
};

}  // namespace

std::unique_ptr<Command> make_report() {
  return std::make_unique<Report>();
}

}  // namespace reprise::tools
