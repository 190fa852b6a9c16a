// reprise run: trades datasets against the simulated venue, journaling every input and every decision.
#include <chrono>
#include <set>

#include "config/loader.h"
#include "engine/engine.h"
#include "engine/strategy/registry.h"
#include "engine/take_up.h"
#include "sim/backtest.h"
#include "tools/build_info.h"
#include "tools/command.h"
#include "tools/journals.h"
#include "tools/json_output.h"
#include "tools/logging.h"
#include "tools/moment.h"
#include "tools/schema_names.h"
#include "tools/settings.h"
#include "tools/stop.h"
#include "tools/venue_run.h"

namespace reprise::tools {
namespace {

class RunCommand final : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.text("--mode", mode_, "how to trade").required().choices({"backtest", "paper", "live"});
    arguments.text("--config", config_, "profile, YAML").required().value("FILE");
    arguments.texts("--data", data_, "dataset journal; repeat it to merge several by receive time").value("DATASET");
    arguments.text("--journal", journal_, "where to journal; must not exist (except with --resume)").value("JOURNAL");
    arguments.texts("--set", settings_, "override a configuration key by its dotted path").value("KEY=VALUE");
    arguments.text("--durability", durability_, "what the journal survives: a clean end, a killed process, lost power")
        .choices({"buffered", "wal", "sync"});
    arguments.flag("--resume", resume_, "go on with a journal that a killed process left");
    arguments
        .number(
            "--snapshot-every", snapshot_every_,
            "records between two snapshots of the whole state (from which replay, inspect and whatif begin); 0 = none")
        .value("RECORDS")
        .shows_default();
    arguments.text("--url", url_, "paper, live: the venue's address (reprise exchange, or the venue's REST host)")
        .value("URL");
    arguments.text("--ca", ca_, "paper, live: PEM file of the certificate authorities to trust; default: the system's")
        .value("FILE");
    arguments.real("--hours", hours_, "paper, live: end after so long; default: on Ctrl-C").value("H");
    arguments.text("--on-stop", on_stop_, "live: what becomes of open orders and positions at the end")
        .choices({"cancel", "keep", "flatten"})
        .shows_default();
    arguments
        .text("--parent", parent_,
              "live: take over the account of the run that left this journal, as a new release does: its orders are "
              "cancelled, its positions and what its limits look back to go on")
        .value("JOURNAL");
    arguments.text("--orders", orders_, "live: by which way orders go; over the WebSocket API falls back to REST")
        .choices({"websocket", "rest"})
        .shows_default();
    arguments
        .text("--flat-after", flat_after_,
              "live: close everything when the venue could not be trusted for so long with a position open; 0s = never")
        .value("DURATION")
        .shows_default();
    arguments
        .text("--kill-file", kill_file_,
              "paper, live: a file beside JOURNAL.kill that engages the kill switch when it is there")
        .value("FILE");
    arguments
        .text("--control", control_,
              "paper, live: operator port, POST /kill, POST /resume, GET /state; its token is in REPRISE_CONTROL_TOKEN")
        .value("HOST:PORT");
    arguments.flag("--raw", keeps_raw_, "paper, live: keep every frame as it came beside the records");
    arguments.text("--confirm", confirmation_, "live: \"real-money\" where the venue trades it").value("WORD");
    arguments.texts("--accept", accepted_, "live: take upon yourself what a check refuses by name").value("NAME");
    arguments.text("--drill-report", drill_report_, "live: what reprise drill kill-switch left")
        .value("FILE")
        .shows_default();
    arguments.flag("--no-journal", no_journal_, "trade without journaling (to measure what the journal costs)");
    arguments.flag("--verbose", verbose_, "log to standard error at the configured level");
    arguments.examples(
        "reprise run --mode backtest --config config/examples/demo.yaml --data day --journal run\n"
        "reprise run --mode backtest --config config/examples/demo.yaml --data day --journal run2 --set "
        "risk.max_leverage=2\n"
        "reprise run --mode backtest --config config/examples/demo.yaml --data day --journal run --resume\n"
        "reprise run --mode paper --config FILE --url http://127.0.0.1:8080 --journal paper\n"
        "reprise run --mode live --config FILE --url http://127.0.0.1:8080 --journal live     # keys: REPRISE_API_KEY, "
        "REPRISE_API_SECRET\n"
        "Ctrl-C ends the run in order: the journal is valid and ended, and the command exits with 0.");
  }

  Result<int> run(Terminal& terminal) override {
    const bool at_venue = mode_ != "backtest";
    if (at_venue && (no_journal_ || journal_.empty()))
      return usage_error("--mode " + mode_ + " needs --journal: nothing is traded that is not journaled");
    if (at_venue && !data_.empty())
      return usage_error("--data is for backtests", "reprise exchange --data plays a dataset at any speed: --url");
    if (at_venue && url_.empty())
      return usage_error("--url is missing", "http://127.0.0.1:8080 is where reprise exchange listens");
    if (mode_ == "paper" && resume_) return usage_error("--resume is for backtests and live runs");
    if (!parent_.empty() && (mode_ != "live" || resume_))
      return usage_error("--parent is for a new live run", "--resume goes on with the journal itself");
    if (hours_ < 0 || !(hours_ < 1e6)) return usage_error("--hours must be more than 0");
    if (!at_venue && !url_.empty()) return usage_error("--url is for --mode paper and live");
    if (!at_venue && data_.empty())
      return usage_error("--data is missing", "make a dataset with reprise generate or reprise import");
    if (journal_.empty() == !no_journal_) {
      return usage_error(no_journal_ ? "--no-journal and --journal exclude each other" : "--journal is missing",
                         "give the path of a new directory");
    }
    if (no_journal_ && resume_) return usage_error("--resume needs --journal");
    if (!no_journal_ && !resume_) {
      if (auto status = check_is_free("--journal", journal_); !status) return status.error();
    }
    auto settings = parse_settings(settings_);
    if (!settings) return settings.error();
    auto loaded = config::load(config_, settings_, engine::strategy_catalog());
    if (!loaded) return loaded.error();
    auto checked = engine::check_configuration(loaded->entries);
    if (!checked) return checked.error();
    if (auto status = logging::setup(loaded->config.logging.level, loaded->config.logging.file, verbose_); !status) {
      return status.error();
    }

    const std::string durability_name = durability_.empty() ? loaded->config.journal.durability : durability_;
    const journal::Durability durability = journal::durability_from(durability_name).value_or(journal::Durability::wal);
    if (at_venue) {
      VenueRunOptions venue;
      venue.is_live = mode_ == "live";
      venue.url = url_;
      venue.ca_file = ca_;
      venue.journal = journal_;
      venue.config_file = config_;
      venue.loaded = *loaded;
      venue.durability = durability;
      venue.resume = resume_;
      venue.on_stop = on_stop_;
      venue.orders_by_websocket = orders_ == "websocket";
      auto flat_after = config::parse_duration_ns(flat_after_);
      if (!flat_after) return usage_error("--flat-after " + flat_after_ + ": " + flat_after.error().message);
      if (*flat_after < 0) return usage_error("--flat-after " + flat_after_ + " is negative", "0s: never");
      venue.flat_after = {*flat_after};
      venue.parent = parent_;
      venue.kill_file = kill_file_;
      venue.control = control_;
      venue.keeps_raw = keeps_raw_;
      venue.confirmation = confirmation_;
      venue.accepted = {accepted_.begin(), accepted_.end()};
      venue.drill_report = drill_report_;
      venue.hours = hours_;
      venue.snapshot_interval = snapshot_every_;
      venue.json = json;
      return run_at_venue(terminal, venue);
    }
    if (auto status = check_symbols(loaded->config); !status) return status.error();

    sim::BacktestOptions options;
    options.datasets = data_;
    options.config = loaded->config;
    options.entries = config::journaled_entries(loaded->config);
    options.journal_path = journal_;
    options.durability = durability;
    options.resume = resume_;
    options.snapshot_interval = snapshot_every_;
    options.clock = wall_clock_ns;
    options.build_id = build_id();
    options.compiler = compiler_id();
    options.stop = &stop_on_signals();
    Progress progress(terminal, resume_ ? "resuming" : "trading", "records");
    options.progress = [&](const sim::BacktestProgress& at) {
      progress.update(at.dataset_records, at.dataset_records_total);
    };

    logging::info("run started", {{"mode", mode_}, {"config", config_}, {"journal", journal_}, {"build", build_id()}});
    const auto start = std::chrono::steady_clock::now();
    auto report = sim::run_backtest(options);
    progress.clear();
    if (!report) {
      // On standard error the command says it itself, once.
      if (!loaded->config.logging.file.empty())
        logging::write(logging::Level::error, "run failed", {{"error", report.error().text()}});
      return report.error();
    }
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    logging::info("run ended", {{"digest", report->digest.text()},
                                {"records", std::to_string(report->records)},
                                {"stopped", report->stopped ? "true" : "false"},
                                {"seconds", fixed_text(seconds, 3)}});
    show(terminal, *report, seconds);
    return kExitFine;
  }

 private:
  // A strategy whose instrument is not in the data would wait for it to the end: more likely a misspelling.
  Status check_symbols(const config::Config& config) {
    std::set<std::string> known;  // "venue:symbol" is how one of two markets is named
    std::string list;
    const auto declared = [&](schema::Venue venue, const std::string& symbol) {
      known.insert(symbol);
      if (known.insert(schema_name(venue) + ":" + symbol).second) list += (list.empty() ? "" : ", ") + symbol;
    };
    for (const auto& dataset : data_) {
      journal::ReaderOptions options;
      options.filter.types = {journal::RecordType::INSTRUMENT};
      auto reader = journal::JournalReader::open(dataset, options);
      if (!reader) return reader.error();
      if (reader->base_seq() != 0) {  // declared before it begins
        auto engine = engine::take_up_base(*reader);
        if (!engine) return engine.error();
        for (const auto& [number, instrument] : engine->instruments().all())
          declared(instrument.venue, instrument.symbol);
      }
      journal::RecordView record;
      while (reader->next(record)) {
        const auto instrument = journal::read<schema::Instrument>(record);
        declared(instrument.getVenue(), instrument.getSymbol().cStr());
      }
      if (auto status = reader->status(); !status) return status.error();
    }
    for (const auto& strategy : config.strategies) {
      if (!strategy.enabled) continue;
      for (const auto& symbol : strategy.instruments) {
        if (known.count(symbol) != 0) continue;
        return usage_error(
            config_ + ": strategies." + strategy.name + ".instruments: " + symbol + " is not in the data",
            list.empty() ? "the data declares no instrument" : "it has " + list);
      }
    }
    return ok_status();
  }

  void show(Terminal& terminal, const sim::BacktestReport& report, double seconds) {
    const std::uint64_t bytes = journal_.empty() ? 0 : directory_bytes(journal_);
    const double rate = seconds > 0 ? static_cast<double>(report.records) / seconds : 0;
    if (json) {
      Json out;
      out.begin_object();
      out.field("mode", mode_);
      if (journal_.empty()) {  // the digest is the journal's
        out.key("journal").null();
        out.key("digest").null();
      } else {
        out.field("journal", journal_);
        out.field("digest", report.digest.text());
      }
      out.field("records", report.records);
      out.field("inputs", report.inputs);
      out.field("outputs", report.outputs);
      out.field("dataset_records", report.dataset_records);
      out.field("resumed_records", report.compared_records);
      out.field("stopped", report.stopped);
      out.field("last_time", time_text(report.last_engine_time));
      out.field("wall_seconds", seconds);
      out.field("records_per_second", rate);
      out.field("journal_bytes", bytes);
      out.field("peak_memory_bytes", peak_memory_bytes());
      out.end_object();
      terminal.line(out.text());
      return;
    }
    terminal.line(report.stopped ? terminal.paint(Colour::warn, "stopped early") + ", the journal is valid and ended"
                                 : terminal.paint(Colour::good, "traded to the end of the data"));
    Facts facts;
    facts.add("journal", journal_.empty() ? "(none)" : journal_);
    if (!journal_.empty()) facts.add("digest", report.digest.text());
    facts.add("records", with_thousands(report.records) + "  (" + with_thousands(report.inputs) + " inputs, " +
                             with_thousands(report.outputs) + " outputs)");
    if (report.compared_records != 0) {
      facts.add("resumed",
                with_thousands(report.compared_records) + " records were there already and came out the same");
    }
    facts.add("data", with_thousands(report.dataset_records) + " records, to " + time_text(report.last_engine_time));
    facts.add("took", seconds_text(seconds) + ", " + rate_text(rate, "records"));
    if (bytes != 0) facts.add("size", bytes_text(bytes));
    facts.add("memory", bytes_text(peak_memory_bytes()) + " at most");
    terminal.write(facts.text());
    if (!journal_.empty()) {
      terminal.line();
      terminal.line(terminal.paint(Colour::dim, "next: reprise replay " + journal_ + "   reprise report " + journal_));
    }
  }

  std::string mode_;
  std::string config_;
  std::vector<std::string> data_;
  std::string journal_;
  std::vector<std::string> settings_;
  std::string durability_;
  bool resume_ = false;
  std::uint64_t snapshot_every_ = sim::BacktestOptions().snapshot_interval;
  std::string url_;
  std::string ca_;
  double hours_ = 0;
  std::string on_stop_ = "cancel";
  std::string parent_;
  std::string orders_ = "websocket";
  std::string flat_after_ = "10m";
  std::string kill_file_;
  std::string control_;
  bool keeps_raw_ = false;
  std::string confirmation_;
  std::vector<std::string> accepted_;
  std::string drill_report_ = kDrillReport;
  bool no_journal_ = false;
  bool verbose_ = false;
};

}  // namespace

std::unique_ptr<Command> make_run() {
  return std::make_unique<RunCommand>();
}

}  // namespace reprise::tools
