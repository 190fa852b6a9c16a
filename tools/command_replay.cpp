// reprise replay JOURNAL: recompute every output from the recorded inputs and compare byte for byte.
#include <chrono>

#include "engine/replay.h"
#include "engine/version.h"
#include "gateway/exchange/machine.h"
#include "tools/command.h"
#include "tools/journals.h"
#include "tools/json_output.h"
#include "tools/range.h"
#include "tools/settings.h"
#include "tools/stop.h"

namespace reprise::tools {
namespace {

class Replay final : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.text("JOURNAL", path_, "journal directory").required();
    arguments.texts("--set", settings_, "replace a configuration key before the engine sees it: what would differ?")
        .value("KEY=VALUE");
    range_.declare(arguments, "compare");
    arguments.flag("--all", all_, "go on behind the first divergence and count them all");
    arguments.examples(
        "reprise replay run                                     # identical (exit 0) or the first difference (exit 1)\n"
        "reprise replay run --set strategies.trend.params.atr_multiple=3 # the first decision that would change\n"
        "reprise replay run --until 2024-08-08T23:56:00Z --json\n"
        "reprise replay run --from 2024-08-08T23:57:00Z         # from the nearest snapshot in front of it");
  }

  Result<int> run(Terminal& terminal) override {
    engine::ReplayOptions options;
    auto settings = parse_settings(settings_);
    if (!settings) return settings.error();
    options.overrides = *settings;
    options.stop_at_first_divergence = !all_;
    auto range = range_.parse();
    if (!range) return range.error();
    if (range->from) {
      options.from_seq = range->from->seq.value_or(0);
      options.from_time = range->from->time.value_or(0);
    }
    if (range->until) {
      options.until_seq = range->until->seq.value_or(0);
      options.until_time = range->until->time.value_or(0);
    }
    const std::atomic<bool>& stop = stop_on_signals();
    Progress progress(terminal, "replaying", "records");
    options.progress = [&](const engine::ReplayProgress& at) {
      progress.update(at.seq, at.last_seq);
      return !stop.load(std::memory_order_relaxed);
    };
    const auto start = std::chrono::steady_clock::now();
    auto replayer = open(std::move(options));
    if (!replayer) return replayer.error();
    auto report = replayer->run();
    progress.clear();
    if (!report) return report.error();
    // "identical" is a word about the whole: not to be had for the part that was read before Ctrl-C.
    if (report->identical && !report->complete && stop.load()) {
      return io_error("interrupted behind record " + std::to_string(replayer->stopped_at()) + " of " +
                          std::to_string(replayer->manifest().last_seq) + ": no difference up to there",
                      "replay again, or with --until to compare a part");
    }
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (json) {
      show_json(terminal, *report, *replayer, seconds);
    } else {
      show_text(terminal, *report, *replayer, seconds);
    }
    return report->identical ? kExitFine : kExitDiverged;
  }

 private:
  // An exchange's day has the exchange recomputed, everything else an engine.
  Result<engine::Replayer> open(engine::ReplayOptions options) const {
    auto reader = journal::JournalReader::open(path_);
    if (!reader) return reader.error();
    if (reader->manifest().mode != schema::RunMode::EXCHANGE) return engine::Replayer::open(path_, std::move(options));
    return engine::Replayer::open(path_, std::move(options), std::make_unique<gateway::exchange::ExchangeMachine>());
  }

  void show_json(Terminal& terminal, const engine::ReplayReport& report, engine::Replayer& replayer, double seconds) {
    Json out;
    out.begin_object();
    out.field("verdict", report.identical ? "identical" : "diverged");
    out.field("digest", report.complete ? report.digest.text() : "");  // a part has none of its own
    out.field("records", report.records);
    out.field("inputs", report.inputs);
    out.field("outputs", report.outputs);
    out.field("begun_behind", report.begun_behind);
    write_counts(out, "by_type", report.by_type);
    out.key("first_divergence");
    if (report.first_divergence) {
      const engine::Divergence& d = *report.first_divergence;
      out.begin_object();
      out.field("seq", d.seq);
      out.field("type", journal::name_of(d.type));
      out.field("instrument", symbol(replayer, d.instrument));
      out.field("ts_engine", time_text(d.engine_time));
      out.field("field", d.field);
      out.field("recorded", d.recorded);
      out.field("replayed", d.replayed);
      out.key("causes").begin_array();
      for (const auto& cause : d.causes) out.value(cause);
      out.end_array().end_object();
    } else {
      out.null();
    }
    out.field("divergences", report.divergences);
    out.field("complete", report.complete);
    out.field("cut_outputs", report.cut_outputs);
    out.field("status", status_text(path_, replayer.manifest().status));
    out.field("recorded_engine_version", report.recorded_engine_version);
    out.field("engine_version", engine::kEngineVersion);
    out.field("note", report.note);
    out.field("wall_seconds", seconds);
    out.field("records_per_second", seconds > 0 ? static_cast<double>(report.records) / seconds : 0.0);
    out.field("journal_bytes", directory_bytes(path_));
    out.field("peak_memory_bytes", peak_memory_bytes());
    out.end_object();
    terminal.line(out.text());
  }

  void show_text(Terminal& terminal, const engine::ReplayReport& report, engine::Replayer& replayer, double seconds) {
    if (!report.note.empty()) terminal.line(terminal.paint(Colour::warn, "note: ") + report.note);
    terminal.line(
        path_ + ": " +
        (report.identical ? terminal.paint(Colour::good, "identical") : terminal.paint(Colour::bad, "diverged")) +
        (report.complete || !report.identical ? "" : " up to seq " + std::to_string(replayer.stopped_at())));
    Facts facts;
    if (report.complete) facts.add("digest", report.digest.text());
    if (report.begun_behind != 0)
      facts.add("begun", "behind the snapshot of record " + std::to_string(report.begun_behind));
    facts.add("records", with_thousands(report.records) + "  (" + with_thousands(report.inputs) + " inputs, " +
                             with_thousands(report.outputs) + " outputs compared)");
    if (report.cut_outputs != 0) {
      facts.add("cut", with_thousands(report.cut_outputs) + " outputs of the last input were lost in the crash");
    }
    facts.add("took", seconds_text(seconds) + ", " +
                          rate_text(seconds > 0 ? static_cast<double>(report.records) / seconds : 0, "records"));
    facts.add("size", bytes_text(directory_bytes(path_)));
    terminal.write(facts.text());
    if (!report.first_divergence) return;
    const engine::Divergence& d = *report.first_divergence;
    terminal.line();
    terminal.line(terminal.paint(Colour::strong, "first record that differs"));
    Facts place;
    place.add("  seq", std::to_string(d.seq));
    place.add("  type", journal::name_of(d.type));
    if (d.instrument != 0) place.add("  instrument", symbol(replayer, d.instrument));
    place.add("  time", time_text(d.engine_time));
    place.add("  field", d.field);
    place.add("  recorded", terminal.paint(Colour::good, d.recorded));
    place.add("  replayed", terminal.paint(Colour::bad, d.replayed));
    terminal.write(place.text());
    if (!d.causes.empty()) {
      terminal.line("  causes, nearest first");
      for (const auto& cause : d.causes) terminal.line("    " + cause);
    }
    if (report.divergences > 1) terminal.line("  " + with_thousands(report.divergences) + " outputs differ in all");
  }

  static std::string symbol(engine::Replayer& replayer, std::uint32_t number) {
    if (number == 0) return "";
    if (!replayer.has_engine()) return number_name(number);
    const Instrument* instrument = replayer.engine().instruments().find(number);
    return instrument == nullptr ? number_name(number) : instrument->symbol;
  }

  std::string path_;
  std::vector<std::string> settings_;
  RangeOptions range_;
  bool all_ = false;
};

}  // namespace

std::unique_ptr<Command> make_replay() {
  return std::make_unique<Replay>();
}

}  // namespace reprise::tools
