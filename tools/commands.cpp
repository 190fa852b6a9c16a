#include "tools/command.h"

namespace reprise::tools {

const std::vector<CommandEntry>& commands() {
  static const std::vector<CommandEntry> table = {
      {"generate", "make a synthetic trading day from a seed", false, make_generate},
      {"import", "turn recorded market data into a dataset journal", false, make_import},
      {"record", "record a venue's live market data into dataset journals, without keys", false, make_record},
      {"run", "trade a dataset, journaling everything", false, make_run},
      {"kill", "engage the kill switch of a run: cancel everything, close everything, stay out", false, make_kill},
      {"drill", "exercise the kill switch against an exchange of its own, and leave a report", false, make_drill},
      {"replay", "recompute every output of a journal and compare byte for byte", false, make_replay},
      {"verify", "check the integrity of a journal: checksums, chain, gaps, manifest", false, make_verify},
      {"inspect", "show the whole state at a seq or a time", false, make_inspect},
      {"export", "print records as CSV or JSON lines", false, make_export},
      {"report", "sum up a run: profit, fees, funding, orders, fills, drawdown", false, make_report},
      {"why", "tell the chain of causes of an order, with the numbers that decided", false, make_why},
      {"why-not", "tell which condition kept a strategy from trading, and by how much", false, make_why_not},
      {"diff", "compare two runs over one market: where they part, what made the profit differ", false, make_diff},
      {"whatif", "branch a run: the recorded past, then other settings or an operator's act", false, make_whatif},
      {"slice", "cut a part of a journal into one portable file", false, make_slice},
      {"snapshot", "list the snapshots of a journal, add some, thin them", false, make_snapshot},
      {"scenario", "scripted stress runs with expectations: check, list, run, new", false, make_scenario},
      {"exchange", "the simulated venue as a server that speaks Binance's protocol", false, make_exchange},
      {"swarm", "random faults and markets against the invariants; shrinks what fails", false, make_swarm},
      {"forge", "copy a journal and change one decision, all checksums valid (for tests)", true, make_forge},
  };
  return table;
}

int exit_code_of(const Error& error) {
  return error.kind == ErrorKind::corrupt ? kExitCorrupt : kExitUsage;
}

}  // namespace reprise::tools
