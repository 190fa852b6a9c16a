// reprise generate: a synthetic trading day from a seed, as a dataset journal.
#include <chrono>
#include <cmath>
#include <filesystem>

#include "sim/generator/generator.h"
#include "tools/build_info.h"
#include "tools/command.h"
#include "tools/journals.h"
#include "tools/json_output.h"
#include "tools/moment.h"
#include "tools/stop.h"

namespace reprise::tools {
namespace {

class Generate final : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.number("--seed", seed_, "the market's seed: one seed, one dataset, bit for bit").required();
    arguments.real("--hours", hours_, "market time to make").shows_default().value("H");
    arguments.number("--symbols", symbols_, "instruments, 1 to 20").shows_default();
    arguments.text("--start", start_, "time of the first record").value("TIME");
    arguments.text("--out", out_, "dataset to make; must not exist").required().value("DATASET");
    arguments.examples(
        "reprise generate --seed 7 --hours 24 --symbols 3 --out day\n"
        "reprise generate --seed 7 --hours 0.5 --out half-hour --json\n"
        "Ctrl-C ends the dataset where it stands; it is valid.");
  }

  Result<int> run(Terminal& terminal) override {
    if (!std::isfinite(hours_) || hours_ <= 0 || hours_ > 24 * 366) {
      return usage_error("--hours " + fixed_text(hours_, 3) + " is out of range", "more than 0, at most 8784 (a year)");
    }
    if (symbols_ < 1 || symbols_ > 20) return usage_error("--symbols must be 1 to 20");
    if (auto status = check_is_free("--out", out_); !status) return status.error();
    sim::GeneratorOptions options;
    options.seed = seed_;
    // Whole milliseconds, so that the text given and not its rounding as a double names the dataset.
    options.duration_ns = static_cast<std::int64_t>(std::llround(hours_ * 3'600'000)) * 1'000'000;
    options.symbols = static_cast<std::uint32_t>(symbols_);
    options.out = out_;
    options.clock = wall_clock_ns;
    options.build_id = build_id();
    if (!start_.empty()) {
      auto moment = parse_moment(start_);
      if (!moment) return moment.error();
      if (!moment->time) return usage_error("--start needs a time", "for example 2024-01-01T00:00:00Z");
      options.start_time_ns = *moment->time;
    }
    const std::atomic<bool>& stop = stop_on_signals();
    Progress progress(terminal, "generating", "market seconds");
    options.progress = [&](std::int64_t done, std::int64_t total) {
      progress.update(static_cast<std::uint64_t>(done) / 1'000'000'000,
                      static_cast<std::uint64_t>(total) / 1'000'000'000);
      return !stop.load(std::memory_order_relaxed);
    };
    const auto begin = std::chrono::steady_clock::now();
    auto report = sim::generate(options);
    progress.clear();
    if (!report) return report.error();
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    show(terminal, *report, seconds);
    return kExitFine;
  }

 private:
  void show(Terminal& terminal, const sim::GeneratorReport& report, double seconds) {
    const std::uint64_t bytes = directory_bytes(out_);
    const double rate = seconds > 0 ? static_cast<double>(report.records) / seconds : 0;
    if (json) {
      Json out;
      out.begin_object();
      out.field("dataset", out_);
      out.field("seed", seed_);
      out.field("digest", report.manifest.digest.text());
      out.field("records", report.records);
      out.key("symbols").begin_array();
      for (const auto& symbol : report.symbols) out.value(symbol);
      out.end_array();
      out.field("trades", report.counts.trades);
      out.field("book_deltas", report.counts.book_deltas);
      out.field("bbos", report.counts.bbos);
      out.field("mark_prices", report.counts.mark_prices);
      out.field("funding_settlements", report.counts.funding_settlements);
      out.field("news", report.news);
      out.field("from", time_text(report.first_time));
      out.field("until", time_text(report.last_time));
      out.field("stopped", report.interrupted);
      out.field("wall_seconds", seconds);
      out.field("records_per_second", rate);
      out.field("journal_bytes", bytes);
      out.end_object();
      terminal.line(out.text());
      return;
    }
    terminal.line(out_ + ": " +
                  (report.interrupted ? terminal.paint(Colour::warn, "stopped early, valid up to there")
                                      : terminal.paint(Colour::good, "generated")));
    std::string symbols;
    for (const auto& symbol : report.symbols) symbols += (symbols.empty() ? "" : " ") + symbol;
    Facts facts;
    facts.add("symbols", symbols);
    facts.add("time", time_text(report.first_time) + " to " + time_text(report.last_time));
    facts.add("records", with_thousands(report.records) + "  (" + with_thousands(report.counts.trades) + " trades, " +
                             with_thousands(report.counts.book_deltas) + " book deltas, " +
                             with_thousands(report.counts.bbos) + " best bid and offer, " +
                             with_thousands(report.counts.mark_prices) + " mark prices)");
    facts.add("digest", report.manifest.digest.text());
    facts.add("took", seconds_text(seconds) + ", " + rate_text(rate, "records"));
    facts.add("size",
              bytes_text(bytes) +
                  (report.records == 0
                       ? ""
                       : ", " + fixed_text(static_cast<double>(bytes) / static_cast<double>(report.records), 1) +
                             " B a record"));
    terminal.write(facts.text());
    terminal.line();
    terminal.line(terminal.paint(
        Colour::dim,
        "next: reprise run --mode backtest --config config/examples/demo.yaml --data " + out_ + " --journal run"));
  }

  std::uint64_t seed_ = 0;
  double hours_ = 24;
  std::uint64_t symbols_ = 3;
  std::string start_;
  std::string out_;
};

}  // namespace

std::unique_ptr<Command> make_generate() {
  return std::make_unique<Generate>();
}

}  // namespace reprise::tools
