#include "tools/scenario_report.h"

#include "tools/json_output.h"
#include "tools/moment.h"
#include "tools/money_text.h"

namespace reprise::tools {

namespace {

using Verdict = ScenarioResult::Verdict;

Colour colour_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::passed: return Colour::good;
    case Verdict::skipped: return Colour::warn;
    default: return Colour::bad;
  }
}

std::string xml_text(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default:
        if (static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t') out += c;
    }
  }
  return out;
}

std::string failure_text(const ScenarioFailure& failure) {
  std::string text = failure.expectation + ": seq " + std::to_string(failure.seq) + ", " + time_text(failure.time) +
                     ", " + failure.value + "\n";
  for (const std::string& cause : failure.causes) text += "  " + cause + "\n";
  return text + failure.replay_command + "\n";
}

void show_failures(Terminal& terminal, const ScenarioResult& result) {
  terminal.line();
  terminal.line(terminal.paint(Colour::strong, result.name) + "  " + terminal.paint(Colour::dim, result.path));
  if (result.verdict == Verdict::error) {
    terminal.line("  " + terminal.paint(Colour::bad, "could not run: ") + result.reason);
    return;
  }
  for (const std::string& act : result.not_played) {
    terminal.line("  " + terminal.paint(Colour::bad, "never began: ") + act);
  }
  for (const ScenarioFailure& failure : result.failures) {
    terminal.line("  " + terminal.paint(Colour::bad, "failed: ") + failure.expectation + "  " +
                  terminal.paint(Colour::dim, failure.place));
    Facts facts;
    facts.add("    at", "seq " + std::to_string(failure.seq) + ", " + time_text(failure.time));
    facts.add("    value", failure.value);
    for (std::size_t i = 0; i < failure.causes.size(); ++i) facts.add(i == 0 ? "    causes" : "", failure.causes[i]);
    facts.add("    look", failure.replay_command);
    terminal.write(facts.text());
  }
}

}  // namespace

void show_scenarios(Terminal& terminal, const std::vector<ScenarioResult>& results, double seconds) {
  Table table;
  table.column("verdict");
  table.column("scenario");
  table.column("equity", Table::Align::right);
  table.column("end", Table::Align::right);
  table.column("drawdown", Table::Align::right);
  table.column("margin", Table::Align::right);
  table.column("fills", Table::Align::right);
  table.column("liq.", Table::Align::right);
  table.column("state");
  table.column("s/h", Table::Align::right);
  std::size_t passed = 0;
  std::size_t failed = 0;
  std::size_t skipped = 0;
  for (const ScenarioResult& r : results) {
    passed += r.verdict == Verdict::passed ? 1 : 0;
    skipped += r.verdict == Verdict::skipped ? 1 : 0;
    failed += r.verdict == Verdict::failed || r.verdict == Verdict::error ? 1 : 0;
    const std::string verdict = terminal.paint(colour_of(r.verdict), name_of(r.verdict));
    if (r.verdict == Verdict::skipped || r.verdict == Verdict::error) {
      table.row({verdict, r.name, "-", "-", "-", "-", "-", "-", "-", "-"});
      continue;
    }
    const sim::scenario::Outcome& o = r.outcome;
    table.row({verdict, r.name, money_text(o.start_equity), money_text(o.end_equity), rate_percent(o.worst_drawdown, 1),
               rate_percent(o.worst_margin_ratio, 1), with_thousands(o.fills), std::to_string(o.liquidations),
               o.trading_state, r.market_hours > 0 ? fixed_text(r.seconds / r.market_hours, 1) : "-"});
  }
  terminal.write(table.text(terminal.width()));
  for (const ScenarioResult& r : results) {
    if (r.verdict == Verdict::skipped) terminal.line(terminal.paint(Colour::dim, r.name + ": skipped, " + r.reason));
  }
  for (const ScenarioResult& r : results) {
    if (r.verdict == Verdict::failed || r.verdict == Verdict::error) show_failures(terminal, r);
  }
  terminal.line();
  const std::string sum = std::to_string(passed) + " passed, " + std::to_string(failed) + " failed, " +
                          std::to_string(skipped) + " skipped";
  terminal.line(terminal.paint(failed != 0 ? Colour::bad : Colour::good, sum) + " in " + seconds_text(seconds) +
                terminal.paint(Colour::dim, "   drawdown and margin: at their worst; s/h: seconds a market hour"));
}

std::string scenarios_json(const std::vector<ScenarioResult>& results, double seconds) {
  Json out;
  out.begin_object();
  out.key("scenarios").begin_array();
  for (const ScenarioResult& r : results) {
    out.begin_object();
    out.field("name", r.name);
    out.field("path", r.path);
    out.field("verdict", r.verdict == Verdict::error ? "failed" : name_of(r.verdict));
    if (!r.reason.empty()) out.field("reason", r.reason);
    out.field("expectations", static_cast<std::uint64_t>(r.expectations));
    out.key("failed").begin_array();
    for (const ScenarioFailure& f : r.failures) {
      out.begin_object();
      out.field("expectation", f.expectation);
      out.field("place", f.place);
      out.key("at").begin_object();
      out.field("seq", f.seq);
      out.field("time", time_text(f.time));
      out.end_object();
      out.field("value", f.value);
      out.key("causes").begin_array();
      for (const std::string& cause : f.causes) out.value(cause);
      out.end_array();
      out.field("replay_command", f.replay_command);
      out.end_object();
    }
    out.end_array();
    out.key("not_played").begin_array();
    for (const std::string& act : r.not_played) out.value(act);
    out.end_array();
    if (r.verdict == Verdict::passed || r.verdict == Verdict::failed) {
      out.key("account").begin_object();
      out.decimal_field("start_equity", r.outcome.start_equity.e8);
      out.decimal_field("end_equity", r.outcome.end_equity.e8);
      out.decimal_field("least_equity", r.outcome.least_equity.e8);
      out.decimal_field("worst_drawdown", r.outcome.worst_drawdown.e8);
      out.decimal_field("worst_margin_ratio", r.outcome.worst_margin_ratio.e8);
      out.field("fills", r.outcome.fills);
      out.field("liquidations", r.outcome.liquidations);
      out.field("trading_state", r.outcome.trading_state);
      out.end_object();
      out.field("digest", r.digest);
      out.field("records", r.records);
      out.field("market_hours", r.market_hours);
      out.field("wall_seconds", r.seconds);
      if (!r.journal.empty()) out.field("journal", r.journal);
    }
    out.end_object();
  }
  out.end_array();
  out.field("wall_seconds", seconds);
  out.end_object();
  return out.text();
}

std::string scenarios_junit(const std::vector<ScenarioResult>& results, double seconds) {
  std::size_t failures = 0;
  std::size_t errors = 0;
  std::size_t skipped = 0;
  std::string cases;
  for (const ScenarioResult& r : results) {
    cases += "  <testcase classname=\"scenario\" name=\"" + xml_text(r.name) + "\" time=\"" + fixed_text(r.seconds, 3) +
             "\">\n";
    if (r.verdict == Verdict::skipped) {
      ++skipped;
      cases += "    <skipped message=\"" + xml_text(r.reason) + "\"/>\n";
    } else if (r.verdict == Verdict::error) {
      ++errors;
      cases += "    <error message=\"" + xml_text(r.reason) + "\"/>\n";
    } else if (r.verdict == Verdict::failed) {
      ++failures;
      for (const std::string& act : r.not_played)
        cases += "    <failure message=\"never began: " + xml_text(act) + "\"/>\n";
      for (const ScenarioFailure& f : r.failures) {
        cases += "    <failure message=\"" + xml_text(f.expectation + ": " + f.value) + "\">" +
                 xml_text(failure_text(f)) + "</failure>\n";
      }
    }
    cases += "  </testcase>\n";
  }
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"reprise scenario\" tests=\"" +
         std::to_string(results.size()) + "\" failures=\"" + std::to_string(failures) + "\" errors=\"" +
         std::to_string(errors) + "\" skipped=\"" + std::to_string(skipped) + "\" time=\"" + fixed_text(seconds, 3) +
         "\">\n" + cases + "</testsuite>\n";
}

}  // namespace reprise::tools
