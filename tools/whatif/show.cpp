#include "tools/whatif/show.h"

#include "tools/moment.h"
#include "tools/money_text.h"

namespace reprise::tools {

namespace {

std::string place_text(journal::Seq seq, std::int64_t time) {
  return "record " + std::to_string(seq) + ", " + time_text(time);
}

std::string change_text(const Change& change) {
  std::string text;
  for (const std::string& setting : change.settings) text += (text.empty() ? "" : ", ") + setting;
  for (const sim::OperatorAct& act : change.acts) text += (text.empty() ? "" : ", then ") + act_text(act);
  return text.empty() ? "nothing" : text;
}

std::string liquidation_text(const sim::BranchReport& report) {
  return report.first_liquidation == 0 ? "-" : time_text(report.first_liquidation_time);
}

void add_comparability(Facts& facts, const sim::Comparability& c, const std::string& asset) {
  if (c.first_difference == 0) {
    facts.add("comparable", "to the end: every record is the parent's");
    return;
  }
  facts.add("parts from the parent", place_text(c.first_difference, c.time) + " (" + c.what + ")");
  if (c.first_own_order == 0) {
    facts.add("comparable", "to the end: no order that the recorded market did not see");
    return;
  }
  facts.add("comparable", "up to " + place_text(c.first_own_order, c.first_own_order_time));
  facts.add("from there on", "own orders that the recorded market never saw, answered by");
  facts.add("", "models (" + c.models + ")");
  std::string traded = with_thousands(c.fills) + " executions, " + money_text(c.traded) + " " + asset;
  if (c.market_traded.is_positive()) {
    const double share = static_cast<double>(c.traded.e8) / static_cast<double>(c.market_traded.e8);
    traded += ", " + fixed_text(share * 100, 3) + " % of the market's";
  } else if (c.fills != 0) {
    traded += "; the data has no trades to hold them against";
  }
  facts.add("own trading", traded);
}

// Orders sent within this of each other, of one kind, are one and the same.
constexpr DurationNanos kPairWindow = DurationNanos::seconds(1);

std::string milliseconds(std::optional<DurationNanos> time) {
  return time ? fixed_text(static_cast<double>(time->ns) * 1e-6, 3) + " ms" : "-";
}

void show_fidelity(Terminal& terminal, const sim::Fidelity& f, const std::string& asset) {
  terminal.line();
  terminal.line(terminal.paint(Colour::strong, "the model of the venue beside what happened"));
  Table table;
  table.column("of the orders in both");
  table.column("happened", Table::Align::right);
  table.column("modelled", Table::Align::right);
  table.row({"executed, " + asset, money_text(f.happened), money_text(f.modelled)});
  table.row({"first answer after, median", milliseconds(f.answer_happened), milliseconds(f.answer_modelled)});
  table.row({"first execution after, median", milliseconds(f.fill_happened), milliseconds(f.fill_modelled)});
  terminal.write(table.text(terminal.width()));
  Facts facts;
  facts.add("orders", with_thousands(f.paired) + " in both, " + with_thousands(f.only_happened) + " happened only, " +
                          with_thousands(f.only_modelled) + " modelled only");
  facts.add("executed", with_thousands(f.filled_in_both) + " in both, " + with_thousands(f.filled_only_happened) +
                            " happened only, " + with_thousands(f.filled_only_modelled) + " modelled only");
  if (f.price_gap) {
    const double basis_points = static_cast<double>(f.price_gap->e8) * 1e-4;
    const char* meaning = f.price_gap->is_zero()       ? "none"
                          : f.price_gap->is_positive() ? "the model's are better for us"
                                                       : "the model's are worse for us";
    facts.add("prices apart", fixed_text(basis_points, 3) + " bp (" + meaning + ")");
  }
  terminal.write(facts.text());
}

void write_duration(Json& out, const char* name, std::optional<DurationNanos> time) {
  out.key(name);
  if (time) {
    out.value(time->ns);
  } else {
    out.null();
  }
}

void write_fidelity(Json& out, const sim::Fidelity& f) {
  out.key("model").begin_object();
  out.field("orders_in_both", f.paired);
  out.field("orders_only_happened", f.only_happened);
  out.field("orders_only_modelled", f.only_modelled);
  out.field("filled_in_both", f.filled_in_both);
  out.field("filled_only_happened", f.filled_only_happened);
  out.field("filled_only_modelled", f.filled_only_modelled);
  out.decimal_field("executed_happened", f.happened.e8);
  out.decimal_field("executed_modelled", f.modelled.e8);
  out.key("price_gap");
  if (f.price_gap) {
    out.decimal(f.price_gap->e8);
  } else {
    out.null();
  }
  write_duration(out, "answer_happened_ns", f.answer_happened);
  write_duration(out, "answer_modelled_ns", f.answer_modelled);
  write_duration(out, "fill_happened_ns", f.fill_happened);
  write_duration(out, "fill_modelled_ns", f.fill_modelled);
  out.end_object();
}

bool compares_with_reality(const ShownBranch& branch, const sim::BranchReport& parent) {
  return branch.change.settings.empty() && branch.change.acts.empty() &&
         !(parent.orders.empty() && branch.report.orders.empty());
}

}  // namespace

void show_branch(Terminal& terminal, const std::string& parent_path, const std::string& asset,
                 const sim::BranchReport& parent, const ShownBranch& branch) {
  const sim::BranchReport& b = branch.report;
  terminal.line(terminal.paint(Colour::strong, parent_path) + "  branched behind " + place_text(b.point, b.point_time));
  Facts facts;
  facts.add("changed", change_text(branch.change));
  terminal.write(facts.text());
  terminal.line();
  Table table;
  table.column(asset);
  for (const char* name : {"parent", "branch", "difference"}) table.column(name, Table::Align::right);
  const auto money = [&](const char* name, Money of_parent, Money of_branch) {
    table.row({name, money_text(of_parent), money_text(of_branch), signed_money_text(of_branch - of_parent)});
  };
  money("net profit", parent.figures.net_profit, b.figures.net_profit);
  money("  realised", parent.figures.realized_pnl, b.figures.realized_pnl);
  money("  unrealised", parent.figures.unrealized_pnl, b.figures.unrealized_pnl);
  money("  commission", parent.figures.commission, b.figures.commission);
  money("  funding", parent.figures.funding, b.figures.funding);
  money("equity at the end", parent.equity, b.equity);
  table.row({"drawdown at most", rate_percent(parent.max_drawdown), rate_percent(b.max_drawdown), ""});
  const auto count = [&](const char* name, std::uint64_t of_parent, std::uint64_t of_branch) {
    const auto change = static_cast<std::int64_t>(of_branch) - static_cast<std::int64_t>(of_parent);
    table.row(
        {name, with_thousands(of_parent), with_thousands(of_branch), (change > 0 ? "+" : "") + with_thousands(change)});
  };
  count("orders from there on", parent.figures.orders, b.figures.orders);
  count("executions", parent.figures.fills, b.figures.fills);
  table.row({"liquidated", liquidation_text(parent), liquidation_text(b), ""});
  terminal.write(table.text(terminal.width()));
  if (compares_with_reality(branch, parent))
    show_fidelity(terminal, sim::fidelity(parent.orders, b.orders, kPairWindow), asset);
  terminal.line();
  Facts end;
  add_comparability(end, b.comparability, asset);
  end.add("digest", b.digest.text());
  if (!branch.journal.empty()) end.add("journal", branch.journal);
  terminal.write(end.text());
  if (!branch.journal.empty()) {
    terminal.line();
    terminal.line(terminal.paint(Colour::dim, "next: reprise diff " + parent_path + " " + branch.journal +
                                                  "   reprise replay " + branch.journal));
  }
}

void show_branches(Terminal& terminal, const std::string& asset, const std::vector<std::string>& keys,
                   bool shows_points, const sim::BranchReport& parent, const std::vector<ShownBranch>& branches) {
  Table table;
  if (shows_points) {
    table.column("behind", Table::Align::right);
    table.column("time");
  }
  for (const std::string& key : keys) table.column(key, Table::Align::right);
  for (const std::string& name : {"net profit " + asset, std::string("to parent"), std::string("equity"),
                                  std::string("drawdown"), std::string("orders"), std::string("fills")}) {
    table.column(name, Table::Align::right);
  }
  table.column("liquidated");
  const auto row = [&](const sim::BranchReport& r, const std::vector<std::string>& swept, bool is_parent) {
    std::vector<std::string> cells;
    if (shows_points) {
      cells.push_back(is_parent ? "" : std::to_string(r.point));
      cells.push_back(is_parent ? "(parent)" : time_text(r.point_time).substr(11, 12));
    }
    for (std::size_t n = 0; n < keys.size(); ++n) cells.push_back(is_parent ? "(parent)" : swept[n]);
    cells.push_back(money_text(r.figures.net_profit));
    cells.push_back(is_parent ? "" : signed_money_text(r.figures.net_profit - parent.figures.net_profit));
    cells.push_back(money_text(r.equity));
    cells.push_back(rate_percent(r.max_drawdown));
    cells.push_back(with_thousands(r.figures.orders));
    cells.push_back(with_thousands(r.figures.fills));
    cells.push_back(liquidation_text(r));
    table.row(std::move(cells));
  };
  row(parent, {}, true);
  for (const ShownBranch& branch : branches) row(branch.report, branch.change.swept, false);
  terminal.write(table.text(terminal.width()));
  terminal.line(
      terminal.paint(Colour::dim, "profit is of the whole run; drawdown, orders and fills are from the point on"));
}

void show_last_chance(Terminal& terminal, const std::string& parent_path, const std::string& asset,
                      const std::string& act, const LastChance& answer) {
  if (!answer.was_liquidated) {
    terminal.line(parent_path + ": the account is never liquidated in it");
    return;
  }
  terminal.line(terminal.paint(Colour::strong, parent_path) + "  liquidated at " +
                place_text(answer.liquidation, answer.liquidation_time) + ", equity at the end " +
                money_text(answer.parent_equity) + " " + asset);
  Facts facts;
  const auto ahead = [&](std::int64_t time) {
    return fixed_text(static_cast<double>(answer.liquidation_time - time) * 1e-9, 3) + " s before it";
  };
  if (!answer.can_be_saved) {
    facts.add(act, terminal.paint(Colour::bad, "does not save it") + ", tried back to " +
                       place_text(answer.lost.point, answer.lost.point_time));
  } else {
    facts.add("last chance", terminal.paint(Colour::good, act) + " behind " +
                                 place_text(answer.saved.point, answer.saved.point_time) + ", " +
                                 ahead(answer.saved.point_time) + ": equity at the end " +
                                 money_text(answer.saved.equity) + " " + asset);
    const std::string end =
        answer.lost.first_liquidation != 0        ? "liquidated at " + time_text(answer.lost.first_liquidation_time)
        : answer.lost.point >= answer.liquidation ? "liquidated at " + time_text(answer.liquidation_time)
                                                  : "equity at the end " + money_text(answer.lost.equity) + " " + asset;
    facts.add("one step later", act + " behind " + place_text(answer.lost.point, answer.lost.point_time) + ": " +
                                    terminal.paint(Colour::bad, end));
  }
  facts.add("branches tried", with_thousands(static_cast<std::uint64_t>(answer.branches)));
  terminal.write(facts.text());
}

void write_branch_figures(Json& out, const sim::BranchReport& r) {
  out.decimal_field("net_profit", r.figures.net_profit.e8);
  out.decimal_field("realized_profit", r.figures.realized_pnl.e8);
  out.decimal_field("unrealized_profit", r.figures.unrealized_pnl.e8);
  out.decimal_field("commission", r.figures.commission.e8);
  out.decimal_field("funding", r.figures.funding.e8);
  out.decimal_field("equity_at_point", r.equity_at_point.e8);
  out.decimal_field("equity", r.equity.e8);
  out.decimal_field("max_drawdown", r.max_drawdown.e8);
  out.field("orders", r.figures.orders);
  out.field("fills", r.figures.fills);
  out.field("liquidated_at_seq", r.first_liquidation);
  out.field("liquidated_at", time_text(r.first_liquidation_time));
  out.field("halted", r.is_halted);
}

void write_branch(Json& out, const ShownBranch& branch, const sim::BranchReport* parent) {
  const sim::BranchReport& r = branch.report;
  out.begin_object();
  out.field("behind", r.point);
  out.field("time", time_text(r.point_time));
  out.key("settings").begin_array();
  for (const std::string& setting : branch.change.settings) out.value(setting);
  out.end_array();
  out.key("acts").begin_array();
  for (const sim::OperatorAct& act : branch.change.acts) out.value(act_text(act));
  out.end_array();
  write_branch_figures(out, r);
  if (parent != nullptr) out.decimal_field("difference", (r.figures.net_profit - parent->figures.net_profit).e8);
  if (parent != nullptr && compares_with_reality(branch, *parent))
    write_fidelity(out, sim::fidelity(parent->orders, r.orders, kPairWindow));
  out.field("last_seq", r.last_seq);
  out.field("digest", r.digest.text());
  out.field("journal", branch.journal);
  const sim::Comparability& c = r.comparability;
  out.key("comparability").begin_object();
  out.field("first_difference", c.first_difference);
  out.field("type", c.what);
  out.field("time", time_text(c.time));
  out.field("first_own_order", c.first_own_order);
  out.field("first_own_order_time", time_text(c.first_own_order_time));
  out.field("fills", c.fills);
  out.decimal_field("traded", c.traded.e8);
  out.decimal_field("market_traded", c.market_traded.e8);
  out.field("models", c.models);
  out.end_object().end_object();
}

void write_last_chance(Json& out, const std::string& act, const LastChance& answer) {
  out.field("act", act);
  out.field("was_liquidated", answer.was_liquidated);
  out.field("liquidation_seq", answer.liquidation);
  out.field("liquidation_time", time_text(answer.liquidation_time));
  out.field("can_be_saved", answer.can_be_saved);
  for (const bool saved : {true, false}) {
    const sim::BranchReport& r = saved ? answer.saved : answer.lost;
    out.key(saved ? "last_that_saves" : "next_step");
    if (r.point == 0) {
      out.null();
      continue;
    }
    out.begin_object();
    out.field("behind", r.point);
    out.field("time", time_text(r.point_time));
    write_branch_figures(out, r);
    out.end_object();
  }
  out.field("branches", static_cast<std::uint64_t>(answer.branches));
}

}  // namespace reprise::tools
