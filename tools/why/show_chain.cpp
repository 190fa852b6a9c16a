#include "tools/why/show_chain.h"

#include <algorithm>

#include "journal/record_text.h"
#include "tools/moment.h"
#include "tools/why/describe.h"

namespace reprise::tools {

using journal::RecordView;

namespace {

constexpr int kTypeWidth = 15;
constexpr std::size_t kFirstEvents = 5;  // of a long life, what is shown of both ends
constexpr std::size_t kLastEvents = 7;

std::string padded(std::string text, std::size_t width, bool right = false) {
  if (text.size() >= width) return text;
  const std::string space(width - text.size(), ' ');
  return right ? space + text : text + space;
}

std::string who(const RecordView& record, const RunNames& names) {
  std::string text;
  if (record.header->instrument != 0) text = names.symbol(record.header->instrument);
  if (record.header->strategy != 0) text += (text.empty() ? "" : " ") + names.strategy(record.header->strategy);
  return text;
}

// "  50832  00:08:45.000000  signal         BTCUSDT trend: enter short ..."
std::string step_line(const RecordView& record, const std::string& text, const RunNames& names,
                      const Terminal& terminal, std::size_t seq_width, int indent) {
  std::string line(static_cast<std::size_t>(indent), ' ');
  line += padded(std::to_string(record.seq), seq_width, true) + "  " + clock_text(record.header->ts_engine) + "  ";
  const int text_at = static_cast<int>(line.size()) + kTypeWidth + 2;
  line += terminal.paint(record.header->is_output() ? Colour::strong : Colour::warn,
                         padded(type_words(record.type()), kTypeWidth));
  line += "  ";
  const std::string about = who(record, names);
  return line + wrapped((about.empty() ? "" : about + ": ") + text, terminal.width() - 1, text_at);
}

void write_record(Json& out, const RecordView& record, const std::string& text, const RunNames& names) {
  out.field("seq", record.seq);
  out.field("type", journal::name_of(record.type()));
  out.field("time", time_text(record.header->ts_engine));
  out.field("is_input", !record.header->is_output());
  out.field("instrument", names.symbol(record.header->instrument));
  if (record.header->strategy != 0) out.field("strategy", names.strategy(record.header->strategy));
  out.field("text", text);
  out.key("body").raw(journal::body_json(record.type(), record.body()));
}

std::string dot_text(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string dot_node(const RecordView& record, const std::string& text, const RunNames& names) {
  const std::string about = who(record, names);
  return "  n" + std::to_string(record.seq) + " [label=\"" + std::to_string(record.seq) + " " +
         dot_text(type_words(record.type())) + "\\n" + (about.empty() ? "" : dot_text(about) + "\\n") + dot_text(text) +
         "\"" + (record.header->is_output() ? "" : ", style=filled, fillcolor=lightyellow") + "];\n";
}

const char* kDotHead = "digraph why {\n  rankdir=TB;\n  node [shape=box, fontname=\"monospace\", fontsize=10];\n";

// Every check of the nearest decision; of earlier ones only what failed.
void show_figures(Terminal& terminal, const Step& step, bool in_full, int indent) {
  if (step.record.type() != journal::RecordType::RISK_DECISION || in_full) {
    terminal.write(figures_text(step.figures, terminal, indent));
    return;
  }
  std::vector<Figure> failed;
  for (const Figure& f : step.figures)
    if (f.met && !*f.met) failed.push_back(f);
  terminal.write(figures_text(failed, terminal, indent));
  terminal.line(std::string(static_cast<std::size_t>(indent) + 2, ' ') +
                std::to_string(step.figures.size() - failed.size()) + " checks hold");
}

}  // namespace

void show_steps(Terminal& terminal, const std::vector<Step>& steps, const RunNames& names) {
  bool has_decision = false;
  std::size_t width = 0;
  for (const Step& step : steps) width = std::max(width, std::to_string(step.record.seq()).size());
  for (const Step& step : steps) {
    terminal.line(step_line(step.record.view(), step.text, names, terminal, width, 2));
    show_figures(terminal, step, !has_decision, static_cast<int>(width) + 8);
    has_decision = has_decision || step.record.type() == journal::RecordType::RISK_DECISION;
  }
}

void write_steps(Json& out, const std::vector<Step>& steps, const RunNames& names) {
  out.key("steps").begin_array();
  for (const Step& step : steps) {
    out.begin_object();
    write_record(out, step.record.view(), step.text, names);
    write_figures(out, "figures", step.figures);
    out.end_object();
  }
  out.end_array();
}

std::string steps_dot(const std::vector<Step>& steps, const RunNames& names) {
  std::string text = kDotHead;
  for (const Step& step : steps) {
    std::string label = dot_text(step.text);
    for (const Figure& f : step.figures) {
      label += "\\l" + dot_text(f.name + ": " + f.value);
      if (!f.bound.empty()) label += dot_text(" " + f.comparison + " " + f.bound);
    }
    std::string node = dot_node(step.record.view(), "", names);
    const std::size_t place = node.rfind('"', node.find("];") - 1);
    const std::size_t end = node.find("\", style") != std::string::npos ? node.find("\", style") : place;
    node.insert(end, label + (step.figures.empty() ? "" : "\\l"));
    text += node;
  }
  for (std::size_t i = 1; i < steps.size(); ++i) {
    text += "  n" + std::to_string(steps[i].record.seq()) + " -> n" + std::to_string(steps[i - 1].record.seq()) + ";\n";
  }
  return text + "}\n";
}

void show_life(Terminal& terminal, const OrderLife& life) {
  terminal.line();
  terminal.line(terminal.paint(Colour::strong, "life of the order") + "  " + life.status);
  std::size_t width = 0;
  for (const LifeEvent& event : life.events) width = std::max(width, std::to_string(event.seq).size());
  std::int64_t start = life.events.empty() ? 0 : life.events.front().ts_engine;
  for (std::size_t i = 0; i < life.events.size(); ++i) {
    if (life.events.size() > kFirstEvents + kLastEvents + 1 && i == kFirstEvents) {
      i = life.events.size() - kLastEvents;
      terminal.line("  " + std::string(width, ' ') + "  ... " + std::to_string(i - kFirstEvents) +
                    " more (all of them with --json)");
    }
    const LifeEvent& event = life.events[i];
    std::string line = "  " + padded(std::to_string(event.seq), width, true) + "  " + clock_text(event.ts_engine) +
                       "  " + padded("+" + duration_text(event.ts_engine - start), 9, true) + "  ";
    const int at = static_cast<int>(line.size());
    std::string text = event.text;
    if (event.ts_venue != 0) text += " (venue time " + clock_text(event.ts_venue) + ")";
    terminal.line(line + wrapped(text, terminal.width() - 1, at));
  }
  terminal.write(figures_text(life.figures, terminal, static_cast<int>(width) + 2));
}

void write_life(Json& out, const OrderLife& life) {
  out.key("order").begin_object();
  out.field("id", life.order_id);
  out.field("title", life.title);
  out.field("status", life.status);
  out.key("events").begin_array();
  for (const LifeEvent& event : life.events) {
    out.begin_object();
    out.field("seq", event.seq);
    out.field("time", time_text(event.ts_engine));
    if (event.ts_venue != 0) out.field("venue_time", time_text(event.ts_venue));
    out.field("text", event.text);
    out.end_object();
  }
  out.end_array();
  write_figures(out, "figures", life.figures);
  out.end_object();
}

void show_effects(Terminal& terminal, const Effects& effects, const RunNames& names) {
  std::size_t width = 0;
  for (const Effect& effect : effects.tree) width = std::max(width, std::to_string(effect.record.seq()).size());
  for (const Effect& effect : effects.tree) {
    const RecordView record = effect.record.view();
    const std::size_t depth = std::min<std::size_t>(effect.depth, 12);
    std::string line = "  " + padded(std::to_string(record.seq), width, true) + "  " +
                       clock_text(record.header->ts_engine) + "  " + std::string(2 * depth, ' ');
    const int at = static_cast<int>(line.size()) + 2;
    const std::string about = who(record, names);
    terminal.line(
        line + wrapped(type_words(record.type()) + (about.empty() ? "" : ", " + about) + ": " + describe(record, names),
                       terminal.width() - 1, at));
  }
  if (effects.cut) terminal.line("  ... and more: raise --limit");
}

void write_effects(Json& out, const Effects& effects, const RunNames& names) {
  out.key("effects").begin_array();
  for (const Effect& effect : effects.tree) {
    out.begin_object();
    write_record(out, effect.record.view(), describe(effect.record.view(), names), names);
    out.key("cause");
    if (effect.depth == 0) {
      out.null();
    } else {
      out.value(effects.tree[effect.parent].record.seq());
    }
    out.field("depth", static_cast<std::uint64_t>(effect.depth));
    out.end_object();
  }
  out.end_array();
  out.field("cut", effects.cut);
}

std::string effects_dot(const Effects& effects, const RunNames& names) {
  std::string text = kDotHead;
  for (const Effect& effect : effects.tree)
    text += dot_node(effect.record.view(), describe(effect.record.view(), names), names);
  for (std::size_t i = 1; i < effects.tree.size(); ++i) {
    text += "  n" + std::to_string(effects.tree[effects.tree[i].parent].record.seq()) + " -> n" +
            std::to_string(effects.tree[i].record.seq()) + ";\n";
  }
  return text + "}\n";
}

void show_outcome(Terminal& terminal, const Outcome& outcome, const RunNames& names) {
  terminal.line();
  terminal.line(terminal.paint(Colour::strong, "what came of it"));
  const auto money = [&](Money value) { return decimal_text(value) + " " + names.asset; };
  Facts facts;
  if (outcome.opened.is_positive()) {
    facts.add("  opened", decimal_text(outcome.opened) + ", of it closed " + decimal_text(outcome.closed) +
                              " (oldest first), still open " + decimal_text(outcome.open));
  }
  if (outcome.reduced.is_positive()) {
    facts.add("  closed by itself", decimal_text(outcome.reduced) + ", realised " + money(outcome.realized_here));
  }
  facts.add("  own fees", money(outcome.entry_commission));
  terminal.write(facts.text());
  if (!outcome.closings.empty()) {
    Table table;
    table.column("  closed by fill", Table::Align::right);
    table.column("of order", Table::Align::right);
    table.column("time");
    for (const char* name : {"price", "qty", "profit", "fees"}) table.column(name, Table::Align::right);
    for (const Closing& c : outcome.closings) {
      table.row({std::to_string(c.fill_seq), c.order_id == 0 ? "venue" : std::to_string(c.order_id), clock_text(c.time),
                 decimal_text(c.price), decimal_text(c.qty), decimal_text(c.profit), decimal_text(c.commission)});
    }
    terminal.write(table.text(terminal.width()));
  }
  Facts sum;
  if (outcome.opened.is_positive()) sum.add("  profit of what was closed", money(outcome.exit_profit));
  if (outcome.open.is_positive())
    sum.add("  unrealised at mark " + decimal_text(outcome.mark), money(outcome.unrealized));
  if (outcome.reduced.is_positive()) sum.add("  realised by itself", money(outcome.realized_here));
  sum.add("  fees", money(outcome.entry_commission + outcome.exit_commission));
  sum.add("  funding share", money(outcome.funding));
  const Money net = outcome.net();
  sum.add("  profit in the end", terminal.paint(net.is_negative() ? Colour::bad : Colour::good, money(net)));
  terminal.write(sum.text());
}

void write_outcome(Json& out, const Outcome& outcome) {
  out.key("outcome").begin_object();
  out.decimal_field("opened", outcome.opened.e8);
  out.decimal_field("closed", outcome.closed.e8);
  out.decimal_field("open", outcome.open.e8);
  out.decimal_field("reduced", outcome.reduced.e8);
  out.decimal_field("realized_by_itself", outcome.realized_here.e8);
  out.decimal_field("profit_of_closed", outcome.exit_profit.e8);
  out.decimal_field("unrealized", outcome.unrealized.e8);
  out.decimal_field("commission", (outcome.entry_commission + outcome.exit_commission).e8);
  out.decimal_field("funding", outcome.funding.e8);
  out.decimal_field("net_profit", outcome.net().e8);
  out.key("closings").begin_array();
  for (const Closing& c : outcome.closings) {
    out.begin_object();
    out.field("fill_seq", c.fill_seq);
    out.field("order_id", c.order_id);
    out.field("time", time_text(c.time));
    out.decimal_field("price", c.price.e8);
    out.decimal_field("qty", c.qty.e8);
    out.decimal_field("profit", c.profit.e8);
    out.decimal_field("commission", c.commission.e8);
    out.end_object();
  }
  out.end_array().end_object();
}

}  // namespace reprise::tools
