#include "tests/bench/figures.h"

#include "tools/json_output.h"

namespace reprise::bench {

namespace {

std::string number(double value) {
  using tools::fixed_text;
  if (value >= 1000) return fixed_text(value, 0);
  if (value >= 100) return fixed_text(value, 1);
  return fixed_text(value, 2);
}

}  // namespace

Figure figure_of(const std::string& name, double value, const std::string& unit, std::optional<double> goal,
                 Better better, const std::string& note) {
  Figure figure;
  figure.name = name;
  figure.value = value;
  figure.unit = unit;
  figure.goal = goal;
  figure.better = better;
  figure.note = note;
  return figure;
}

std::string figures_text(const std::vector<Figure>& figures, const tools::Terminal& terminal) {
  using Align = tools::Table::Align;
  tools::Table table;
  table.column("figure");
  table.column("value", Align::right);
  table.column("unit");
  table.column("goal", Align::right);
  table.column("met");
  table.column("ratio", Align::right);
  table.column("to");
  for (const Figure& figure : figures) {
    std::string goal = figure.goal ? (figure.better == Better::higher ? ">= " : "<= ") + number(*figure.goal) : "";
    if (figure.ratio_goal) {
      if (!goal.empty()) goal += ", ";
      goal += "ratio >= " + number(*figure.ratio_goal);
    }
    const std::string met = !figure.has_goal() ? ""
                            : figure.met()     ? terminal.paint(tools::Colour::good, "yes")
                                               : terminal.paint(tools::Colour::bad, "NO");
    std::string to = figure.ratio_to;
    if (!figure.note.empty()) to += (to.empty() ? "" : "; ") + figure.note;
    table.row({figure.name, number(figure.value), figure.unit, goal, met,
               figure.ratio_to.empty() ? "" : number(figure.ratio), to});
  }
  return table.text(1000);
}

std::string figures_json(const std::vector<Figure>& figures, const std::string& machine, std::uint64_t result_hash) {
  tools::Json json;
  json.begin_object();
  json.field("machine", machine);
  json.field("result_hash", result_hash);
  json.key("figures").begin_array();
  for (const Figure& figure : figures) {
    json.begin_object();
    json.field("name", figure.name);
    json.field("value", figure.value);
    json.field("unit", figure.unit);
    json.key("goal");
    if (figure.goal) {
      json.value(*figure.goal);
    } else {
      json.null();
    }
    json.key("met");
    if (figure.has_goal()) {
      json.value(figure.met());
    } else {
      json.null();
    }
    json.key("ratio_to");
    if (figure.ratio_to.empty()) {
      json.null().key("ratio").null();
    } else {
      json.value(figure.ratio_to).field("ratio", figure.ratio);
    }
    json.key("ratio_goal");
    if (figure.ratio_goal) {
      json.value(*figure.ratio_goal);
    } else {
      json.null();
    }
    json.field("note", figure.note);
    json.end_object();
  }
  json.end_array().end_object();
  return json.text();
}

}  // namespace reprise::bench
