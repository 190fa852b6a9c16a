#include "tools/why/figures.h"

#include <algorithm>

#include "engine/portfolio/margin.h"
#include "tools/moment.h"
#include "tools/why/describe.h"

namespace reprise::tools {

namespace {

std::string symbol_of(engine::Comparison comparison) {
  switch (comparison) {
    case engine::Comparison::above: return ">";
    case engine::Comparison::at_least: return ">=";
    case engine::Comparison::below: return "<";
    case engine::Comparison::at_most: return "<=";
  }
  return "?";
}

std::string condition_text(std::int64_t value, engine::ConditionUnit unit, const std::string& asset) {
  switch (unit) {
    case engine::ConditionUnit::money: return decimal_text(value) + " " + asset;
    case engine::ConditionUnit::price:
    case engine::ConditionUnit::quantity: return decimal_text(value);
    case engine::ConditionUnit::time: return value == 0 ? "any time" : clock_text(value);
    case engine::ConditionUnit::duration: return duration_text(value);
    case engine::ConditionUnit::flag: return value != 0 ? "yes" : "no";
    default: return std::to_string(value);
  }
}

std::uint64_t gap_of(std::int64_t a, std::int64_t b) {
  return a > b ? static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b)
               : static_cast<std::uint64_t>(b) - static_cast<std::uint64_t>(a);
}

// "(0.08 %)" of the bound; "" where that says nothing.
std::string share_text(std::uint64_t gap, std::int64_t bound) {
  if (bound == 0) return "";
  const double share = static_cast<double>(gap) / static_cast<double>(gap_of(bound, 0));
  return " (" + fixed_text(share * 100, share < 0.01 ? 3 : 1) + " %)";
}

}  // namespace

Figure plain_figure(std::string name, std::string value, journal::Seq seq) {
  Figure figure;
  figure.name = std::move(name);
  figure.value = std::move(value);
  figure.value_seq = seq;
  return figure;
}

Figure figure_of(const engine::Condition& c, const std::string& asset) {
  Figure figure;
  figure.name = c.name;
  figure.met = c.met();
  figure.value = condition_text(c.value, c.unit, asset);
  if (c.unit == engine::ConditionUnit::flag) return figure;
  figure.comparison = symbol_of(c.comparison);
  figure.bound = condition_text(c.bound, c.unit, asset);
  const std::uint64_t gap = gap_of(c.value, c.bound);
  const auto size = static_cast<std::int64_t>(std::min<std::uint64_t>(gap, INT64_MAX));
  const std::string word = c.met() ? "by " : "short by ";
  if (c.unit == engine::ConditionUnit::time) {
    if (!c.met()) figure.note = word + duration_text(size);
  } else if (c.unit == engine::ConditionUnit::count) {
    if (!c.met()) figure.note = word + std::to_string(c.distance());
  } else if (gap == 0) {
    figure.note = "equal";
  } else {
    figure.note = word + condition_text(size, c.unit, asset) + share_text(gap, c.bound);
  }
  return figure;
}

Figure figure_of(const engine::GateCheck& check, const std::string& asset) {
  Figure figure;
  figure.name = engine::name_of(check.rule);
  figure.met = check.passed;
  figure.value = limit_text(check.value, check.unit, asset);
  if (check.unit == schema::LimitUnit::FLAG) {
    figure.value = check.passed ? "yes" : "no";
    return figure;
  }
  const bool is_step = check.rule == schema::RiskRule::TICK_SIZE ||
                       (check.rule == schema::RiskRule::LOT_SIZE && check.value < check.bound && check.passed);
  if (is_step) {  // what is left beyond a multiple of the step
    figure.value += " off the step of";
    figure.bound = limit_text(check.bound, check.unit, asset);
    return figure;
  }
  const bool from_below =
      is_floor(check.rule) || (check.rule == schema::RiskRule::LOT_SIZE && !check.passed && check.value < check.bound);
  figure.comparison = from_below ? ">=" : "<=";
  figure.bound = limit_text(check.bound, check.unit, asset);
  const std::uint64_t gap = gap_of(check.value, check.bound);
  const auto size = static_cast<std::int64_t>(std::min<std::uint64_t>(gap, INT64_MAX));
  figure.note =
      (check.passed ? "room " : "beyond by ") + limit_text(size, check.unit, asset) + share_text(gap, check.bound);
  return figure;
}

std::vector<Figure> figures_of_decision(schema::RiskDecision::Reader decision, const std::string& asset) {
  std::vector<Figure> figures;
  for (const auto c : decision.getChecks()) {
    figures.push_back(
        figure_of(engine::GateCheck{c.getRule(), c.getUnit(), c.getPassed(), c.getValue(), c.getBound()}, asset));
  }
  return figures;
}

std::vector<Figure> figures_of(const engine::SizingOutcome& s, const RunNames& names) {
  std::vector<Figure> figures;
  figures.push_back(plain_figure("equity", decimal_text(s.equity) + " " + names.asset));
  figures.push_back(plain_figure("at risk",
                                 decimal_text(mul(s.equity, s.risk_fraction)) + " " + names.asset + " (" +
                                     decimal_text(s.risk_fraction) + " of equity)",
                                 names.configuration_seq));
  figures.push_back(plain_figure("distance to the stop", decimal_text(s.stop_distance)));
  figures.push_back(plain_figure("size by risk", decimal_text(s.raw_qty)));
  std::string limit = "nothing: risk alone decided";
  switch (s.capped_by) {
    case schema::RiskRule::NONE: break;
    case schema::RiskRule::POSITION_NOTIONAL: {
      const auto fraction = names.settings.find("sizing.max_notional_fraction");
      limit = "position_notional: at most " +
              (fraction == names.settings.end() ? std::string("a share") : fraction->second) + " of equity";
      break;
    }
    case schema::RiskRule::LOT_SIZE: limit = "lot_size: rounded down to the lot, or below the smallest quantity"; break;
    case schema::RiskRule::MIN_NOTIONAL: limit = "min_notional: below the contract's smallest notional"; break;
    default: limit = engine::name_of(s.capped_by); break;
  }
  figures.push_back(plain_figure("limited by", limit));
  figures.push_back(plain_figure("size", decimal_text(s.qty)));
  return figures;
}

void write_figures(Json& out, std::string_view name, const std::vector<Figure>& figures) {
  out.key(name).begin_array();
  for (const Figure& f : figures) {
    out.begin_object();
    out.field("name", f.name);
    out.field("value", f.value);
    if (!f.comparison.empty()) out.field("comparison", f.comparison);
    if (!f.bound.empty()) out.field("bound", f.bound);
    if (f.met) out.field("met", *f.met);
    if (!f.note.empty()) out.field("note", f.note);
    if (f.value_seq != 0) out.field("value_seq", f.value_seq);
    if (f.bound_seq != 0) out.field("bound_seq", f.bound_seq);
    out.end_object();
  }
  out.end_array();
}

std::string figures_text(const std::vector<Figure>& figures, const Terminal& terminal, int indent) {
  std::size_t name = 0, value = 0, bound = 0;
  for (const Figure& f : figures) {
    name = std::max(name, f.name.size());
    if (f.comparison.empty() && f.bound.empty()) continue;
    value = std::max(value, f.value.size());
    bound = std::max(bound, f.bound.size());
  }
  std::string text;
  for (const Figure& f : figures) {
    std::string line(static_cast<std::size_t>(indent), ' ');
    const std::string mark = !f.met ? "  " : *f.met ? "+ " : "- ";
    line += !f.met ? mark : terminal.paint(*f.met ? Colour::good : Colour::bad, mark);
    line += f.name + std::string(name - f.name.size() + 2, ' ');
    if (!f.comparison.empty() || !f.bound.empty()) {
      const std::string comparison = f.comparison.empty()       ? "  "
                                     : f.comparison.size() == 1 ? f.comparison + " "
                                                                : f.comparison;
      line += std::string(value - std::min(value, f.value.size()), ' ') + f.value + " " + comparison + " " + f.bound +
              std::string(bound - f.bound.size(), ' ');
    } else {
      line += f.value;
    }
    if (!f.note.empty()) line += "  " + f.note;
    std::string seqs;
    if (f.value_seq != 0) seqs = std::to_string(f.value_seq);
    if (f.bound_seq != 0 && f.bound_seq != f.value_seq)
      seqs += (seqs.empty() ? "" : ", ") + std::to_string(f.bound_seq);
    while (!line.empty() && line.back() == ' ') line.pop_back();
    if (!seqs.empty()) line += terminal.paint(Colour::dim, "  [seq " + seqs + "]");
    text += line + "\n";
  }
  return text;
}

std::string wrapped(const std::string& text, int width, int indent) {
  const auto room = static_cast<std::size_t>(std::max(20, width - indent));
  std::string out;
  std::size_t at = 0;
  while (text.size() - at > room) {
    std::size_t cut = text.rfind(' ', at + room);
    if (cut == std::string::npos || cut <= at) cut = at + room;
    out += text.substr(at, cut - at) + "\n" + std::string(static_cast<std::size_t>(indent), ' ');
    at = cut + (cut < text.size() && text[cut] == ' ' ? 1 : 0);
  }
  return out + text.substr(at);
}

}  // namespace reprise::tools
