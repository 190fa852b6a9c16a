// reprise why-not JOURNAL --strategy S --at SEQ|TIME: which condition kept a strategy from trading, and by how much.
#include "engine/explanation.h"
#include "engine/market/market_state.h"
#include "engine/risk/risk_engine.h"
#include "engine/state_walk.h"
#include "tools/command.h"
#include "tools/moment.h"
#include "tools/schema_names.h"
#include "tools/stop.h"
#include "tools/why/describe.h"
#include "tools/why/figures.h"
#include "tools/why/records.h"

namespace reprise::tools {
namespace {

using journal::Seq;

class WhyNot final : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.text("JOURNAL", path_, "journal of a run").required();
    arguments.text("--strategy", strategy_, "its name in the configuration").required().value("NAME");
    arguments.text("--at", at_, "the moment").required().value("SEQ|TIME");
    arguments.text("--symbol", symbol_, "one of its instruments; without it all of them").value("SYMBOL");
    arguments.examples(
        "reprise why-not run --strategy trend --at 2024-01-01T00:30:00Z\n"
        "reprise why-not run --strategy eth_grid --at 120000 --symbol ETHUSDT --json");
  }

  Result<int> run(Terminal& terminal) override {
    auto names = RunNames::read(path_);
    if (!names) return names.error();
    names_ = std::move(names).value();
    const std::uint16_t strategy = names_.find_strategy(strategy_);
    if (strategy == 0) {
      std::string known;
      for (const std::string& name : names_.strategies) known += (known.empty() ? "" : ", ") + name;
      return usage_error("there is no strategy " + strategy_ + " in " + path_,
                         known.empty() ? "is this the journal of a run?" : "it has " + known);
    }
    auto moment = parse_moment(at_);
    if (!moment) return moment.error();
    auto reader = journal::JournalReader::open(path_);
    if (!reader) return reader.error();
    auto seq = last_seq_at(*reader, *moment);
    if (!seq) return seq.error();
    Progress progress(terminal, "replaying", "records");
    auto walk = engine::StateWalk::open(path_, [&](Seq at) {
      progress.update(at, *seq);
      return !stop_on_signals().load(std::memory_order_relaxed);
    });
    if (!walk) return walk.error();
    if (auto moved = walk->go_to(*seq); !moved) return moved.error();
    progress.clear();
    engine::Engine& engine = walk->engine();
    for (const auto& [number, instrument] : engine.instruments().all()) names_.symbols[number] = instrument.symbol;
    std::vector<engine::Explanation> told;
    for (const std::uint32_t number : engine.instruments_of(strategy)) {
      if (symbol_.empty() || names_.symbol(number) == symbol_) told.push_back(engine.explain(strategy, number));
    }
    if (!symbol_.empty() && told.empty() && !engine.instruments_of(strategy).empty()) {
      return usage_error(strategy_ + " does not trade " + symbol_, "leave out --symbol to see what it trades");
    }
    auto records = Records::open(path_);
    if (!records) return records.error();
    if (json) {
      show_json(terminal, engine, *seq, strategy, told, *records);
    } else {
      show_text(terminal, engine, *seq, strategy, told, *records);
    }
    return kExitFine;
  }

 private:
  // The verdict in one line: the first thing that is in the way.
  std::string verdict(const engine::ExplainedAction& action) const {
    std::size_t unmet = 0;
    const engine::Condition* first = nullptr;
    for (const engine::Condition& c : action.action.conditions) {
      if (c.met()) continue;
      if (first == nullptr) first = &c;
      ++unmet;
    }
    if (first != nullptr) {
      const Figure figure = figure_of(*first, names_.asset);
      std::string text = "waits for: " + first->name;
      if (!figure.note.empty()) text += ", " + figure.note;
      if (unmet > 1) text += " (and " + std::to_string(unmet - 1) + " more)";
      return text;
    }
    if (action.sizing && !action.sizing->qty.is_positive())
      return std::string("sizing gives nothing: ") + engine::name_of(action.sizing->capped_by);
    if (action.risk && action.risk->verdict == schema::RiskVerdict::DENIED)
      return std::string("risk would deny it: ") + engine::name_of(action.risk->failed);
    if (!action.action.signal && !action.action.quote) return "nothing in the way";
    return action.action.quote ? "nothing in the way: it quotes" : "nothing in the way";
  }

  std::vector<Figure> conditions(const engine::Explanation& told, const engine::ExplainedAction& action, Seq at,
                                 Records& records) const {
    std::vector<Figure> figures;
    for (const engine::Condition& c : action.action.conditions) {
      Figure figure = figure_of(c, names_.asset);
      figure.value_seq = feature_seq(told, c.value_feature, c.value, at, records);
      figure.bound_seq = feature_seq(told, c.bound_feature, c.bound, at, records);
      figures.push_back(std::move(figure));
    }
    return figures;
  }

  // The record that holds the figure; 0 where it is in the state alone.
  static Seq feature_seq(const engine::Explanation& told, schema::FeatureKind kind, std::int64_t value, Seq at,
                         Records& records) {
    if (kind == schema::FeatureKind::NONE) return 0;
    auto found = records.last_before(
        at + 1,
        [&](const journal::RecordView& r) {
          return r.type() == journal::RecordType::FEATURE && r.header->instrument == told.instrument &&
                 r.header->strategy == told.strategy && journal::read<schema::Feature>(r).getKind() == kind;
        },
        1u << 16);
    if (!found || !*found || journal::read<schema::Feature>((*found)->view()).getValue() != value) return 0;
    return (*found)->seq();
  }

  std::vector<Figure> checks(const engine::RiskOutcome& risk) const {
    std::vector<Figure> figures;
    for (const engine::GateCheck& check : risk.checks) figures.push_back(figure_of(check, names_.asset));
    return figures;
  }

  std::string state_text(engine::Engine& engine) const {
    return engine.risk().killed() ? "killed" : schema_name(engine.risk().trading_state());
  }

  std::string problem(engine::Engine& engine, std::uint16_t strategy,
                      const std::vector<engine::Explanation>& told) const {
    if (!engine.is_configured()) return "the engine is not configured yet at this moment";
    if (!engine.config().strategies[strategy - 1u].enabled) {
      return "it is switched off: strategies." + strategy_ + ".enabled is false (seq " +
             std::to_string(names_.configuration_seq) + ")";
    }
    if (told.empty()) return "it has not started: not all of its instruments are declared yet";
    return "";
  }

  void show_text(Terminal& terminal, engine::Engine& engine, Seq seq, std::uint16_t strategy,
                 const std::vector<engine::Explanation>& told, Records& records) {
    terminal.line(terminal.paint(Colour::strong, strategy_) + "  behind seq " + std::to_string(seq) + ", " +
                  time_text(engine.now().ns));
    const std::string in_the_way = problem(engine, strategy, told);
    if (!in_the_way.empty()) {
      terminal.line(in_the_way);
      return;
    }
    terminal.line("trading state " + state_text(engine) +
                  "; a bar is judged as if it closed now; risk and sizing as for the order that it would send");
    for (const engine::Explanation& each : told) {
      terminal.line();
      const engine::InstrumentMarket* market = engine.market().find(each.instrument);
      terminal.line(terminal.paint(Colour::strong, names_.symbol(each.instrument)) + "  holds " +
                    decimal_text(each.position) + ", " + std::to_string(each.working_orders) +
                    " open orders, last price " + decimal_text(market->last_price()) +
                    (market->is_stale(engine.now()) ? ", data stale" : ""));
      if (each.actions.empty()) terminal.line("  the strategy tells nothing about itself");
      for (const engine::ExplainedAction& action : each.actions) {
        const bool free = action.would_trade();
        terminal.line(
            "  " + terminal.paint(Colour::strong, action.action.name) + ": " +
            wrapped(terminal.paint(free ? Colour::good : Colour::warn, verdict(action)), terminal.width() - 1, 4));
        terminal.write(figures_text(conditions(each, action, seq, records), terminal, 4));
        if (action.sizing) {
          terminal.line("    sizing");
          terminal.write(figures_text(figures_of(*action.sizing, names_), terminal, 6));
        }
        if (action.risk) {
          terminal.line("    risk: " + words_of(schema_name(action.risk->verdict)) + " " +
                        decimal_text(action.risk->approved) + " of " + decimal_text(action.risk->requested));
          terminal.write(figures_text(checks(*action.risk), terminal, 6));
        }
      }
    }
  }

  void show_json(Terminal& terminal, engine::Engine& engine, Seq seq, std::uint16_t strategy,
                 const std::vector<engine::Explanation>& told, Records& records) {
    Json out;
    out.begin_object();
    out.field("strategy", strategy_);
    out.field("seq", seq);
    out.field("time", time_text(engine.now().ns));
    out.field("trading_state", state_text(engine));
    out.field("problem", problem(engine, strategy, told));
    out.key("instruments").begin_array();
    for (const engine::Explanation& each : told) {
      out.begin_object();
      out.field("symbol", names_.symbol(each.instrument));
      out.decimal_field("position", each.position.e8);
      out.field("working_orders", each.working_orders);
      out.field("is_stale", engine.market().find(each.instrument)->is_stale(engine.now()));
      out.key("actions").begin_array();
      for (const engine::ExplainedAction& action : each.actions) {
        out.begin_object();
        out.field("action", action.action.name);
        out.field("ready", action.action.ready());
        out.field("would_trade", action.would_trade());
        out.field("verdict", verdict(action));
        write_figures(out, "conditions", conditions(each, action, seq, records));
        if (action.sizing) write_figures(out, "sizing", figures_of(*action.sizing, names_));
        if (action.risk) {
          out.field("risk_verdict", schema_name(action.risk->verdict));
          write_figures(out, "risk", checks(*action.risk));
        }
        out.end_object();
      }
      out.end_array().end_object();
    }
    out.end_array().end_object();
    terminal.line(out.text());
  }

  std::string path_;
  std::string strategy_;
  std::string at_;
  std::string symbol_;
  RunNames names_;
};

}  // namespace

std::unique_ptr<Command> make_why_not() {
  return std::make_unique<WhyNot>();
}

}  // namespace reprise::tools
