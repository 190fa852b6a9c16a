// reprise diff A B: where two runs over one market part, which orders and fills only one has, and what made the
// difference in net profit.
#include <algorithm>

#include "engine/report/attribution.h"
#include "tools/command.h"
#include "tools/diff/align.h"
#include "tools/diff/orders.h"
#include "tools/moment.h"
#include "tools/schema_names.h"
#include "tools/stop.h"
#include "tools/whole_run.h"
#include "tools/why/describe.h"
#include "tools/why/show_chain.h"

namespace reprise::tools {
namespace {

using engine::AttributedTrade;
using engine::Attribution;
using engine::ProfitCause;

struct Run {
  std::string path;
  RunNames names;
  engine::RunProfit profit;
  OrderList orders;

  void on(const journal::RecordView& record) {
    profit.on(record);
    orders.on(record);
  }
  engine::RunProfit::StrategyName strategy_name() const {
    return [this](engine::StrategyNo number) { return names.strategy(number); };
  }
};

struct SettingDifference {
  std::string key, a, b;
};

class Diff final : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.text("A", a_.path, "journal of the first run").required();
    arguments.text("B", b_.path, "journal of the second run, over the same data").required();
    arguments.number("--match-within", window_s_, "seconds between orders or trades that count as the same")
        .value("N")
        .shows_default();
    arguments.number("--limit", limit_, "rows of the longer lists").value("N").shows_default();
    arguments.examples(
        "reprise diff run1 run2                   # identical (exit 0) or different (exit 1), and why\n"
        "reprise diff run1 run2 --json            # every trade; the amounts add up exactly to the difference");
  }

  Result<int> run(Terminal& terminal) override {
    for (Run* run : {&a_, &b_}) {
      auto names = RunNames::read(run->path);
      if (!names) return names.error();
      run->names = std::move(names).value();
      if (run->names.configuration_seq == 0) {
        return usage_error(run->path + ": nothing was traded in it", "give the journals of two runs");
      }
    }
    Progress progress(terminal, "comparing", "records");
    auto aligned = align_runs(
        a_.path, b_.path, [&](const journal::RecordView& r) { a_.on(r); },
        [&](const journal::RecordView& r) { b_.on(r); },
        [&](journal::Seq seq, journal::Seq last) {
          progress.update(seq, last);
          return !stop_on_signals().load(std::memory_order_relaxed);
        });
    progress.clear();
    if (!aligned) return aligned.error();
    const auto window = DurationNanos::seconds(static_cast<std::int64_t>(std::min<std::uint64_t>(window_s_, 1u << 30)));
    const Attribution attribution =
        engine::attribute(a_.profit, a_.strategy_name(), b_.profit, b_.strategy_name(), window);
    const OrderMatch match = match_orders(a_.orders, a_.names, b_.orders, b_.names, window);
    std::vector<Step> causes_a, causes_b;
    if (aligned->first) {
      for (const bool first : {true, false}) {
        const auto& record = first ? aligned->first->a : aligned->first->b;
        if (!record) continue;
        auto steps = causes_of(first ? a_ : b_, first ? b_ : a_, record->seq());
        if (!steps) return steps.error();
        (first ? causes_a : causes_b) = std::move(steps).value();
      }
    }
    const bool identical = !aligned->first && !aligned->a_ends_first && !aligned->b_ends_first;
    if (json) {
      show_json(terminal, identical, *aligned, causes_a, causes_b, attribution, match);
    } else {
      show_text(terminal, identical, *aligned, causes_a, causes_b, attribution, match);
    }
    return identical ? kExitFine : kExitDiverged;
  }

 private:
  static Result<std::vector<Step>> causes_of(const Run& run, const Run& other, journal::Seq seq) {
    auto whole = WholeRun::open(run.path, {other.path});
    if (!whole) return whole.error();
    auto records = Records::open(whole->path_holding(seq));
    if (!records) return records.error();
    auto chain = records->chain(seq, 16);
    if (!chain) return chain.error();
    std::vector<Step> steps;
    for (const OwnedRecord& record : *chain) steps.push_back({record, describe(record.view(), run.names), {}});
    return steps;
  }

  std::vector<SettingDifference> settings() const {
    std::vector<SettingDifference> found;
    auto all = a_.names.settings;
    all.insert(b_.names.settings.begin(), b_.names.settings.end());
    const auto value = [](const RunNames& names, const std::string& key) {
      const auto at = names.settings.find(key);
      return at == names.settings.end() ? std::string("(none)") : at->second;
    };
    for (const auto& [key, _] : all) {
      const std::string in_a = value(a_.names, key);
      const std::string in_b = value(b_.names, key);
      if (in_a != in_b) found.push_back({key, in_a, in_b});
    }
    return found;
  }

  std::string note(const AlignedRuns& aligned) const {
    if (!aligned.a_ends_first && !aligned.b_ends_first) return "";
    const Run& shorter = aligned.a_ends_first ? a_ : b_;
    return shorter.path + " ends earlier: both are compared, and their profit taken, up to there";
  }

  // ------------------------------------------------------------------------------------------ JSON

  static void write_order(Json& out, const PlacedOrder& order, const RunNames& names) {
    out.begin_object();
    out.field("order_id", order.id);
    out.field("time", time_text(order.time));
    out.field("strategy", names.strategy(order.strategy));
    out.field("symbol", names.symbol(order.instrument));
    out.field("side", schema_name(order.side));
    out.field("type", schema_name(order.type));
    out.decimal_field("qty", order.qty.e8);
    out.decimal_field("price", order.price.e8);
    out.decimal_field("filled", order.filled.e8);
    out.field("fills", order.fills);
    if (order.first_fill != 0) out.field("first_fill", order.first_fill);
    out.end_object();
  }

  static void write_amounts(Json& out, const engine::Amounts& amounts) {
    out.key("attribution").begin_array();
    for (std::size_t i = 0; i < amounts.size(); ++i) {
      out.begin_object();
      out.field("cause", engine::name_of(static_cast<ProfitCause>(i)));
      out.decimal_field("amount", amounts[i].e8);
      out.end_object();
    }
    out.end_array();
  }

  static void write_trip(Json& out, const char* name, const std::optional<engine::RoundTrip>& trip) {
    out.key(name);
    if (!trip) {
      out.null();
      return;
    }
    out.begin_object();
    out.field("opened", time_text(trip->opened.ns));
    out.field("closed", time_text(trip->closed.ns));
    out.field("first_fill", trip->first_fill);
    out.field("last_fill", trip->last_fill);
    out.decimal_field("closed_qty", trip->closed_qty.e8);
    out.decimal_field("open_qty", trip->open_qty.e8);
    out.decimal_field("realized", trip->realized.e8);
    out.decimal_field("unrealized", trip->unrealized.e8);
    out.decimal_field("commission", trip->commission.e8);
    out.decimal_field("funding", trip->funding.e8);
    out.decimal_field("net_profit", trip->net().e8);
    out.end_object();
  }

  void show_json(Terminal& terminal, bool identical, const AlignedRuns& aligned, const std::vector<Step>& causes_a,
                 const std::vector<Step>& causes_b, const Attribution& attribution, const OrderMatch& match) {
    Json out;
    out.begin_object();
    out.field("verdict", identical ? "identical" : "different");
    out.key("first_divergence");
    if (aligned.first) {
      const Parting& first = *aligned.first;
      const OwnedRecord& shown = first.a ? *first.a : *first.b;
      out.begin_object();
      out.field("seq", shown.seq());
      if (first.a) out.field("seq_a", first.a->seq());
      if (first.b) out.field("seq_b", first.b->seq());
      out.field("type", journal::name_of(shown.type()));
      out.field("time", time_text(shown.view().header->ts_engine));
      out.field("instrument", a_.names.symbol(shown.view().header->instrument));
      out.field("field", first.field);
      out.field("a", first.value_a);
      out.field("b", first.value_b);
      out.key("causes_a").begin_array();
      for (const Step& step : causes_a) out.value(cause_text(step));
      out.end_array();
      out.key("causes_b").begin_array();
      for (const Step& step : causes_b) out.value(cause_text(step));
      out.end_array().end_object();
    } else {
      out.null();
    }
    out.decimal_field("profit_a", attribution.profit_a.e8);
    out.decimal_field("profit_b", attribution.profit_b.e8);
    out.decimal_field("difference", attribution.difference().e8);
    write_amounts(out, attribution.totals);
    out.key("trades").begin_array();
    for (const AttributedTrade& trade : attribution.trades) {
      const auto& named = trade.a ? trade.a : trade.b;
      out.begin_object();
      out.field("strategy", named ? named->strategy : "");
      out.field("symbol", named ? named->symbol : "");
      out.field("side", named ? schema_name(named->side) : "");
      write_trip(out, "a", trade.a);
      write_trip(out, "b", trade.b);
      write_amounts(out, trade.amounts);
      out.decimal_field("total", trade.total().e8);
      out.end_object();
    }
    out.end_array();
    out.key("orders").begin_object();
    out.field("a", static_cast<std::uint64_t>(a_.orders.all().size()));
    out.field("b", static_cast<std::uint64_t>(b_.orders.all().size()));
    out.field("matched", match.matched);
    out.field("only_a", static_cast<std::uint64_t>(match.only_a.size()));
    out.field("only_b", static_cast<std::uint64_t>(match.only_b.size()));
    out.key("list_a").begin_array();
    for (std::size_t i = 0; i < match.only_a.size() && i < limit_; ++i) write_order(out, match.only_a[i], a_.names);
    out.end_array().key("list_b").begin_array();
    for (std::size_t i = 0; i < match.only_b.size() && i < limit_; ++i) write_order(out, match.only_b[i], b_.names);
    out.end_array().end_object();
    out.key("fills").begin_object();
    out.field("a", a_.orders.fills());
    out.field("b", b_.orders.fills());
    out.field("only_a", fills_of(match.only_a));
    out.field("only_b", fills_of(match.only_b));
    out.end_object();
    out.key("settings").begin_array();
    for (const SettingDifference& each : settings()) {
      out.begin_object();
      out.field("key", each.key);
      out.field("a", each.a);
      out.field("b", each.b);
      out.end_object();
    }
    out.end_array();
    out.field("market_records", aligned.market_records);
    out.field("note", note(aligned));
    out.end_object();
    terminal.line(out.text());
  }

  static std::string cause_text(const Step& step) {
    return "seq " + std::to_string(step.record.seq()) + " " + journal::name_of(step.record.type()) + ": " + step.text;
  }

  static std::uint64_t fills_of(const std::vector<PlacedOrder>& orders) {
    std::uint64_t fills = 0;
    for (const PlacedOrder& order : orders) fills += order.fills;
    return fills;
  }

  // ------------------------------------------------------------------------------------------ text

  static std::string signed_text(Money money) { return (money.is_positive() ? "+" : "") + decimal_text(money); }

  void show_text(Terminal& terminal, bool identical, const AlignedRuns& aligned, const std::vector<Step>& causes_a,
                 const std::vector<Step>& causes_b, const Attribution& attribution, const OrderMatch& match) {
    terminal.line("A " + a_.path + ", B " + b_.path + ": " +
                  (identical ? terminal.paint(Colour::good, "identical") : terminal.paint(Colour::bad, "different")));
    if (!note(aligned).empty()) terminal.line(terminal.paint(Colour::warn, "note: ") + note(aligned));
    Facts facts;
    facts.add("market records", with_thousands(aligned.market_records) + ", the same in both");
    for (const SettingDifference& each : settings()) facts.add("setting", each.key + ": A " + each.a + ", B " + each.b);
    terminal.write(facts.text());
    if (aligned.first) show_first(terminal, *aligned.first, causes_a, causes_b);
    show_profit(terminal, attribution);
    show_trades(terminal, attribution);
    show_orders(terminal, match);
  }

  void show_first(Terminal& terminal, const Parting& first, const std::vector<Step>& causes_a,
                  const std::vector<Step>& causes_b) const {
    const OwnedRecord& shown = first.a ? *first.a : *first.b;
    terminal.line();
    terminal.line(terminal.paint(Colour::strong, "first record that differs"));
    Facts facts;
    facts.add("  type", type_words(shown.type()) + ", " + time_text(shown.view().header->ts_engine));
    facts.add("  field", first.field);
    facts.add("  A", (first.a ? "seq " + std::to_string(first.a->seq()) + ", " : "") + first.value_a);
    facts.add("  B", (first.b ? "seq " + std::to_string(first.b->seq()) + ", " : "") + first.value_b);
    terminal.write(facts.text());
    for (const bool is_a : {true, false}) {
      const auto& causes = is_a ? causes_a : causes_b;
      if (causes.empty()) continue;
      terminal.line(std::string("  causes in ") + (is_a ? "A" : "B") + ", nearest first (reprise why " +
                    (is_a ? a_.path : b_.path) + " " + std::to_string(causes.front().record.seq()) +
                    " tells the numbers)");
      show_steps(terminal, causes, is_a ? a_.names : b_.names);
    }
  }

  void show_profit(Terminal& terminal, const Attribution& attribution) const {
    terminal.line();
    terminal.line(terminal.paint(Colour::strong, "net profit") + ", " + a_.names.asset + "; the causes add up exactly");
    Table table;
    table.column("");
    table.column("amount", Table::Align::right);
    table.row({"A", decimal_text(attribution.profit_a)});
    table.row({"B", decimal_text(attribution.profit_b)});
    table.row({"B - A", signed_text(attribution.difference())});
    for (std::size_t i = 0; i < attribution.totals.size(); ++i) {
      if (attribution.totals[i].is_zero()) continue;
      table.row({"  " + words_of(engine::name_of(static_cast<ProfitCause>(i))), signed_text(attribution.totals[i])});
    }
    terminal.write(table.text(terminal.width()));
  }

  void show_trades(Terminal& terminal, const Attribution& attribution) const {
    std::vector<const AttributedTrade*> changed;
    for (const AttributedTrade& trade : attribution.trades) {
      const bool is_same = std::all_of(trade.amounts.begin(), trade.amounts.end(), [](Money m) { return m.is_zero(); });
      if (!is_same) changed.push_back(&trade);
    }
    if (changed.empty()) return;
    std::stable_sort(changed.begin(), changed.end(), [](const AttributedTrade* x, const AttributedTrade* y) {
      return x->total().abs() > y->total().abs();
    });
    terminal.line();
    terminal.line(terminal.paint(Colour::strong, "trades that differ") + "  " + std::to_string(changed.size()) +
                  " of " + std::to_string(attribution.trades.size()) +
                  (changed.size() > limit_ ? ", the largest differences (--limit)" : ", largest difference first"));
    Table table;
    for (const char* name : {"opened", "strategy", "symbol", "side", "in"}) table.column(name);
    for (const char* name : {"A", "B", "B - A"}) table.column(name, Table::Align::right);
    table.column("mostly");
    for (std::size_t i = 0; i < changed.size() && i < limit_; ++i) {
      const AttributedTrade& trade = *changed[i];
      const auto& named = trade.a ? trade.a : trade.b;
      const auto most = std::max_element(trade.amounts.begin(), trade.amounts.end(),
                                         [](Money x, Money y) { return x.abs() < y.abs(); });
      const auto cause = static_cast<ProfitCause>(most - trade.amounts.begin());
      table.row({named ? clock_text(named->opened.ns) : "", named ? named->strategy : "(account)",
                 named ? named->symbol : "", named ? (named->side == schema::Side::BUY ? "long" : "short") : "",
                 !named               ? ""
                 : trade.a && trade.b ? "both"
                 : trade.a            ? "A only"
                                      : "B only",
                 trade.a ? decimal_text(trade.a->net()) : "-", trade.b ? decimal_text(trade.b->net()) : "-",
                 signed_text(trade.total()), words_of(engine::name_of(cause))});
    }
    terminal.write(table.text(terminal.width()));
  }

  void show_orders(Terminal& terminal, const OrderMatch& match) const {
    terminal.line();
    terminal.line(terminal.paint(Colour::strong, "orders") + "  A " +
                  with_thousands(std::uint64_t{a_.orders.all().size()}) + ", B " +
                  with_thousands(std::uint64_t{b_.orders.all().size()}) + ", matched " + with_thousands(match.matched) +
                  ", only in A " + with_thousands(std::uint64_t{match.only_a.size()}) + " with " +
                  with_thousands(fills_of(match.only_a)) + " fills, only in B " +
                  with_thousands(std::uint64_t{match.only_b.size()}) + " with " +
                  with_thousands(fills_of(match.only_b)) + " fills");
    Table table;
    table.column("only in");
    table.column("order", Table::Align::right);
    for (const char* name : {"time", "strategy", "symbol", "side", "type"}) table.column(name);
    for (const char* name : {"qty", "price", "filled", "at"}) table.column(name, Table::Align::right);
    std::size_t rows = 0;
    const auto add = [&](const char* run, const std::vector<PlacedOrder>& orders, const RunNames& names) {
      std::size_t shown = 0;
      for (const PlacedOrder& order : orders) {
        if (order.fills == 0 || shown == limit_) continue;  // those that traded; all of them with --json
        ++shown;
        ++rows;
        table.row({run, order.id == 0 ? "venue" : std::to_string(order.id), clock_text(order.time),
                   names.strategy(order.strategy), names.symbol(order.instrument), words_of(schema_name(order.side)),
                   words_of(schema_name(order.type)), decimal_text(order.qty),
                   order.price.is_zero() ? "-" : decimal_text(order.price), decimal_text(order.filled),
                   order.filled.is_zero() ? "-" : decimal_text(div(order.notional, order.filled))});
      }
    };
    add("A", match.only_a, a_.names);
    add("B", match.only_b, b_.names);
    if (rows == 0) return;
    terminal.line("those that traded, the first " + std::to_string(limit_) + " of each run at most");
    terminal.write(table.text(terminal.width()));
  }

  Run a_;
  Run b_;
  std::uint64_t window_s_ = 60;
  std::uint64_t limit_ = 20;
};

}  // namespace

std::unique_ptr<Command> make_diff() {
  return std::make_unique<Diff>();
}

}  // namespace reprise::tools
