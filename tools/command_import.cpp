// reprise import FILE...: recorded market data to a dataset journal, every line accounted for.
#include <chrono>

#include "gateway/import/importer.h"
#include "tools/build_info.h"
#include "tools/command.h"
#include "tools/journals.h"
#include "tools/json_output.h"
#include "tools/moment.h"
#include "tools/stop.h"

namespace reprise::tools {
namespace {

class Import final : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments
        .texts("FILE", files_, "files of one session, compressed or not; FILE:usdm, :coinm or :spot names the market")
        .required();
    arguments.text("--out", out_, "dataset to make; must not exist").required().value("DATASET");
    arguments
        .texts("--instruments", instruments_, "exchangeInfo or bracket table with filters and margins; may be repeated")
        .value("FILE");
    arguments.examples(
        "reprise import usdm_ethusdt_20240808.gz --out eth\n"
        "reprise import BTCUSDT-trades-2024-08-08.zip BTCUSDT-bookTicker-2024-08-08.zip --out btc\n"
        "reprise import *.csv.zst --out bars --instruments exchangeInfo.json --json\n"
        "Formats are recognised by content; gateway/import/FORMATS.md lists them. Ctrl-C leaves a valid dataset of\n"
        "what came before it, and the command exits with 2.");
  }

  Result<int> run(Terminal& terminal) override {
    if (auto status = check_is_free("--out", out_); !status) return status.error();
    gateway::ImportOptions options;
    options.files = files_;
    options.out = out_;
    options.instrument_files = instruments_;
    options.clock = wall_clock_ns;
    options.build_id = build_id();
    options.compiler = compiler_id();
    const std::atomic<bool>& stop = stop_on_signals();
    Progress progress(terminal, "importing", "bytes");
    options.progress = [&](const gateway::ImportProgress& at) {
      progress.update(at.bytes_done, at.bytes_total);
      return !stop.load(std::memory_order_relaxed);
    };
    const auto begin = std::chrono::steady_clock::now();
    auto report = gateway::import_files(options);
    progress.clear();
    if (!report) return report.error();
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    if (json) {
      terminal.line(gateway::to_json(*report));
    } else {
      show(terminal, *report, seconds);
    }
    return kExitFine;
  }

 private:
  static std::string kinds_text(const std::map<std::string, std::uint64_t>& kinds) {
    std::string text;
    for (const auto& [kind, count] : kinds) text += (text.empty() ? "" : ", ") + with_thousands(count) + " " + kind;
    return text;
  }

  void show(Terminal& terminal, const gateway::ImportReport& report, double seconds) {
    for (const auto& file : report.files) {
      terminal.line(terminal.paint(Colour::strong, file.path) + "  " + file.format +
                    (file.market.empty() ? "" : ", " + file.market));
      Facts facts;
      facts.add(
          "  lines",
          with_thousands(file.lines) + "  (" + kinds_text(file.by_kind) + ")" +
              (file.accounted_lines() == file.lines ? "" : "  " + terminal.paint(Colour::bad, "does not add up")));
      for (const auto& skipped : file.skipped) {
        facts.add("  skipped", with_thousands(skipped.count) + "  " + skipped.reason + ", first in line " +
                                   std::to_string(skipped.first_line));
      }
      facts.add("  records", with_thousands(file.records) + "  from " + time_text(file.first_time) + " to " +
                                 time_text(file.last_time));
      terminal.write(facts.text());
    }
    terminal.line();
    terminal.line(out_ + ": " + terminal.paint(Colour::good, "imported"));
    Facts facts;
    std::string instruments;
    bool defaults = false;
    for (const auto& instrument : report.instruments) {
      instruments += (instruments.empty() ? "" : ", ") + instrument.symbol + " (" + instrument.market + ")";
      defaults = defaults || instrument.has_default_filters || instrument.has_default_brackets;
    }
    facts.add("instruments", instruments);
    facts.add("records", with_thousands(report.records));
    facts.add("book", report.book_compared == 0
                          ? "nothing to compare"
                          : with_thousands(report.book_agreed) + " of " + with_thousands(report.book_compared) +
                                " best prices with the same update id agree");
    facts.add("gaps",
              with_thousands(report.gaps) + (report.gaps == 0 ? "" : "  (" + kinds_text(report.gaps_by_reason) + ")"));
    if (!report.anomalies.empty()) facts.add("anomalies", kinds_text(report.anomalies) + "  (recorded as such)");
    facts.add("digest", report.manifest.digest.text());
    const std::uint64_t bytes = directory_bytes(out_);
    facts.add(
        "took",
        seconds_text(seconds) + ", " +
            bytes_text(seconds > 0 ? static_cast<std::uint64_t>(static_cast<double>(report.text_bytes) / seconds) : 0) +
            "/s of text");
    facts.add("size", bytes_text(report.text_bytes) + " of text -> " + bytes_text(bytes));
    terminal.write(facts.text());
    for (const auto& warning : report.warnings) terminal.line(terminal.paint(Colour::warn, "note: ") + warning);
    if (defaults) {
      terminal.line(terminal.paint(
          Colour::dim, "filters or margin brackets are shipped defaults; --instruments FILE gives the session's own"));
    }
  }

  std::vector<std::string> files_;
  std::string out_;
  std::vector<std::string> instruments_;
};

}  // namespace

std::unique_ptr<Command> make_import() {
  return std::make_unique<Import>();
}

}  // namespace reprise::tools
