// reprise record: a venue's market data, live, into dataset journals; without keys and without trading.
#include <chrono>
#include <cmath>
#include <cstdio>
#include <optional>

#include "gateway/binance/market_session.h"
#include "gateway/binance/net_wire.h"
#include "gateway/binance/venue_facts.h"
#include "gateway/recording/day_recorder.h"
#include "tools/build_info.h"
#include "tools/command.h"
#include "tools/journals.h"
#include "tools/json_output.h"
#include "tools/moment.h"
#include "tools/stop.h"

namespace reprise::tools {
namespace {

namespace binance = gateway::binance;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kShownGaps = 10;

// "btcusdt, ETHUSDT" -> BTCUSDT, ETHUSDT.
std::vector<std::string> split_symbols(const std::vector<std::string>& texts) {
  std::vector<std::string> symbols;
  for (const std::string& text : texts) {
    std::string symbol;
    for (const char c : text + ",") {
      if (c == ',') {
        if (!symbol.empty()) symbols.push_back(symbol);
        symbol.clear();
      } else if (c != ' ') {
        symbol += static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
      }
    }
  }
  return symbols;
}

const char* text_of(schema::GapReason reason) {
  switch (reason) {
    case schema::GapReason::SEQUENCE: return "sequence";
    case schema::GapReason::DISCONNECT: return "disconnect";
    case schema::GapReason::TIME_HOLE: return "timeHole";
    case schema::GapReason::SNAPSHOT_MISSING: return "snapshotMissing";
    case schema::GapReason::DROPPED: return "dropped";
    case schema::GapReason::NONE: break;
  }
  return "none";
}

class Record final : public Command, private binance::MarketSink {
 public:
  void declare(Arguments& arguments) override {
    arguments.texts("--symbols", symbols_, "contracts to record, separated by commas").required().value("S,S");
    arguments
        .text("--out", out_, "dataset of the first UTC day; must not exist. Later days: DATASET.YYYY-MM-DD beside it")
        .required()
        .value("DATASET");
    arguments.text("--url", url_, "venue: its REST address, or one address for everything (reprise exchange)")
        .value("URL")
        .shows_default();
    arguments.text("--ca", ca_, "PEM file of the certificate authorities to trust; default: the system's")
        .value("FILE");
    arguments.real("--hours", hours_, "end after so long; default: on Ctrl-C").value("H");
    arguments.flag("--raw", raw_, "keep every frame as it came beside the records");
    arguments.number("--depth-ms", depth_millis_, "how often the book's changes come: 0, 100, 250 or 500")
        .shows_default()
        .value("MS");
    arguments.flag("--agg-trades", aggregate_, "aggregate trades in place of single ones");
    arguments.number("--keep-free", keep_free_mib_, "end in order before the disk has less than this left")
        .shows_default()
        .value("MIB");
    arguments.examples(
        "reprise record --symbols BTCUSDT,ETHUSDT --out live\n"
        "reprise record --symbols BTCUSDT --out quarter --hours 0.25 --json\n"
        "reprise run --mode backtest --config FILE --data live --data live.2026-11-27 --journal run\n"
        "Public data only: no key, no orders. Ctrl-C ends in order. gateway/recording/RECORDING.md says what is in "
        "it.");
  }

  Result<int> run(Terminal& terminal) override {
    if (std::isnan(hours_) || hours_ < 0 || hours_ > 24 * 3660)
      return usage_error("--hours " + fixed_text(hours_, 3) + " is out of range", "more than 0, or leave it away");
    if (keep_free_mib_ > (std::uint64_t{1} << 30)) return usage_error("--keep-free is in MiB, and that is too much");
    if (Status free = check_is_free("--out", out_); !free) return free.error();
    std::vector<std::string> names = split_symbols(symbols_);
    std::vector<binance::MarketInstrument> instruments;
    for (const std::string& name : names)
      instruments.push_back({name, static_cast<InstrumentNo>(instruments.size() + 1)});
    binance::MarketSessionOptions options;
    options.streams.depth_millis = static_cast<std::uint32_t>(std::min<std::uint64_t>(depth_millis_, 1'000'000));
    options.streams.aggregate_trades = aggregate_;
    options.seed = static_cast<std::uint64_t>(wall_clock_ns());  // of pauses only: no two recorders knock in step
    // Before the venue is asked: what is wrong with the command shows without it.
    if (auto plans = binance::plan_streams(instruments, options.streams); !plans) return plans.error();
    auto environment = binance::environment_at(url_);
    if (!environment) return environment.error();
    environment->ca_file = ca_;

    terminal_ = &terminal;
    const std::atomic<bool>& stop = stop_on_signals();
    net::Loop loop;
    auto wire = binance::make_net_wire(loop, *environment, [] { return UnixNanos{wall_clock_ns()}; });
    if (!wire) return wire.error();
    binance::RestClient rest(**wire, {}, nullptr);

    std::optional<Result<binance::VenueFacts>> facts;
    binance::fetch_venue_facts(rest, names, [&](Result<binance::VenueFacts> result) { facts = std::move(result); });
    while (!facts && !stop.load(std::memory_order_relaxed)) loop.turn(std::chrono::milliseconds(100));
    if (!facts) return usage_error("stopped before the venue answered: nothing was recorded");
    if (!facts->ok()) return facts->error();
    specs_ = (*facts)->instruments;
    if (!json) {
      for (const std::string& note : (*facts)->notes) terminal.note("note: " + note);
    }

    auto session = binance::MarketSession::create(rest, *this, instruments, options);
    if (!session) return session.error();
    gateway::DayRecorder::Options recording;
    recording.path = out_;
    recording.clock = wall_clock_ns;
    recording.build_id = build_id();
    recording.compiler = compiler_id();
    recording.keep_free_bytes = keep_free_mib_ << 20;
    recording.origin = "record";
    for (const std::string& name : names) recording.origin += " " + name;
    recording.origin += " from " + binance::text_of(environment->at(binance::Host::rest));
    auto recorder = gateway::DayRecorder::create(recording, [&](journal::RecordBatch& out) {
      declare_instruments(out);
      (*session)->write_opening(out);
    });
    if (!recorder) return recorder.error();
    recorder_ = recorder->get();
    if (!json) {
      terminal.line("record: " + std::to_string(names.size()) + (names.size() == 1 ? " contract" : " contracts") +
                    " from " + binance::text_of(environment->at(binance::Host::rest)) + " into " + out_ +
                    (hours_ > 0 ? ", for " + seconds_text(hours_ * 3600) : "") + "; Ctrl-C ends it in order");
      terminal.flush();
    }

    start_ = Clock::now();
    const auto until = start_ + std::chrono::duration_cast<Clock::duration>(
                                    std::chrono::duration<double>(hours_ > 0 ? hours_ * 3600 : 0));
    auto next_look = start_ + std::chrono::seconds(1);
    std::optional<Error> problem;
    const char* ended_by = "signal";
    (*session)->start();
    while (!stop.load(std::memory_order_relaxed) && !problem) {
      loop.turn(std::chrono::milliseconds(100));
      const auto now = Clock::now();
      if (hours_ > 0 && now >= until) {
        ended_by = "hours";
        break;
      }
      if (now < next_look) continue;
      next_look = now + std::chrono::seconds(1);
      if (Status looked = recorder_->look(); !looked) problem = looked.error();
      show_progress(**session);
    }
    (*session)->stop();
    clear_progress();
    auto ended = recorder_->end();
    const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
    if (problem) {
      if (ended.ok() && !json) show(terminal, *ended, (*session)->counts(), seconds);
      return *problem;
    }
    if (!ended) return ended.error();
    if (json) {
      show_json(terminal, *ended, (*session)->counts(), seconds, ended_by);
    } else {
      show(terminal, *ended, (*session)->counts(), seconds);
    }
    return kExitFine;
  }

 private:
  // binance::MarketSink
  void on_records(const journal::RecordBatch& records) override { recorder_->append(records); }
  void on_raw(UnixNanos received, std::string_view source, std::string_view frame) override {
    if (raw_) recorder_->append_raw(received.ns, source, frame);
  }
  void on_note(const std::string& text) override {
    if (json) return;
    clear_progress();
    terminal_->note(time_text(wall_clock_ns()).substr(0, 19) + "Z " + text);
  }

  void declare_instruments(journal::RecordBatch& out) const {
    journal::RecordHeader header;
    header.ts_recv = header.ts_engine = wall_clock_ns();
    for (std::size_t i = 0; i < specs_.size(); ++i) {
      header.instrument = static_cast<std::uint32_t>(i + 1);
      gateway::append_instrument(specs_[i], header, out);
    }
  }

  void show_progress(const binance::MarketSession& session) {
    if (!terminal_->shows_progress() || json) return;
    const gateway::Recording& so_far = recorder_->so_far();
    const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
    std::string line = "recording  " + seconds_text(seconds) + "  " + with_thousands(so_far.records) + " records  " +
                       rate_text(seconds > 0 ? static_cast<double>(so_far.records) / seconds : 0, "records") +
                       "  books " + std::to_string(session.live_books()) + " of " + std::to_string(session.books()) +
                       "  gaps " + with_thousands(so_far.gap_count) + "  free " + bytes_text(recorder_->free_bytes());
    if (static_cast<int>(line.size()) >= terminal_->width())
      line.resize(static_cast<std::size_t>(std::max(1, terminal_->width() - 1)));
    std::fprintf(stderr, "\r\x1b[K%s", line.c_str());
    std::fflush(stderr);
    is_drawn_ = true;
  }
  void clear_progress() {
    if (is_drawn_) std::fputs("\r\x1b[K", stderr);
    is_drawn_ = false;
  }

  std::string symbol_of(std::uint32_t number) const {
    return number == 0 || number > specs_.size() ? "-" : specs_[number - 1].symbol;
  }

  std::string gap_text(const gateway::RecordedGap& gap) const {
    std::string text = symbol_of(gap.instrument) + "  " + time_text(gap.at) + "  ";
    switch (gap.reason) {
      case schema::GapReason::SEQUENCE:
        return text + "book update missing: " + std::to_string(gap.expected_id) + " was due, " +
               std::to_string(gap.received_id) + " came";
      case schema::GapReason::DISCONNECT: return text + "quotes and book given up";
      case schema::GapReason::TIME_HOLE:
        return text + "nothing for " + seconds_text(static_cast<double>(gap.until - gap.from) / 1e9) + ", since " +
               time_text(gap.from);
      default: return text + text_of(gap.reason);
    }
  }

  void show(Terminal& terminal, const gateway::Recording& recording, const binance::MarketCounts& counts,
            double seconds) const {
    std::uint64_t bytes = 0;
    for (const gateway::RecordedDay& day : recording.days) {
      bytes += directory_bytes(day.path);
      terminal.line(day.path + ": " + terminal.paint(Colour::good, "recorded"));
      Facts facts;
      facts.add("  records", with_thousands(day.records) + "  from " + time_text(day.first_time) + " to " +
                                 time_text(day.last_time));
      facts.add("  digest", day.manifest.digest.text());
      terminal.write(facts.text());
    }
    terminal.line();
    terminal.write(counts_text(recording.by_type, terminal.width()));
    terminal.line();
    Facts facts;
    facts.add("frames", with_thousands(counts.frames) + "  (" + with_thousands(counts.bad_frames) + " unreadable, " +
                            with_thousands(counts.duplicates) + " told twice)");
    facts.add("book", with_thousands(counts.books.resyncs) + " times brought in step, " +
                          with_thousands(counts.books.gaps) + " updates missing, " +
                          with_thousands(counts.books.crossed) + " times crossed");
    facts.add("connections", with_thousands(counts.reconnects) + " lost, " + with_thousands(counts.rotations) +
                                 " replaced in time, " + with_thousands(counts.silences) + " silent streams");
    facts.add("gaps", with_thousands(recording.gap_count));
    facts.add("took", seconds_text(seconds));
    facts.add("size", bytes_text(bytes));
    terminal.write(facts.text());
    for (std::size_t i = 0; i < recording.gaps.size() && i < kShownGaps; ++i)
      terminal.line("  " + gap_text(recording.gaps[i]));
    if (recording.gap_count > kShownGaps)
      terminal.line("  and " + with_thousands(recording.gap_count - kShownGaps) +
                    " more: reprise export DATASET --type feedGap, --type feedDisconnected");
    terminal.line();
    std::string data;
    for (const gateway::RecordedDay& day : recording.days) data += " --data " + day.path;
    terminal.line(
        terminal.paint(Colour::dim, "next: reprise run --mode backtest --config FILE" + data + " --journal run"));
  }

  void show_json(Terminal& terminal, const gateway::Recording& recording, const binance::MarketCounts& counts,
                 double seconds, const char* ended_by) const {
    Json out;
    out.begin_object();
    std::uint64_t bytes = 0;
    out.key("datasets").begin_array();
    for (const gateway::RecordedDay& day : recording.days) {
      bytes += directory_bytes(day.path);
      out.begin_object();
      out.field("path", day.path).field("records", day.records);
      out.field("from", time_text(day.first_time)).field("until", time_text(day.last_time));
      out.field("digest", day.manifest.digest.text());
      out.end_object();
    }
    out.end_array();
    out.key("symbols").begin_array();
    for (const auto& spec : specs_) out.value(spec.symbol);
    out.end_array();
    out.field("records", recording.records);
    write_counts(out, "by_type", recording.by_type);
    out.field("frames", counts.frames).field("bad_frames", counts.bad_frames).field("duplicates", counts.duplicates);
    out.field("resyncs", counts.books.resyncs).field("reconnects", counts.reconnects);
    out.field("rotations", counts.rotations).field("silent_streams", counts.silences);
    out.field("gaps", recording.gap_count);
    out.key("gap_list").begin_array();
    for (const gateway::RecordedGap& gap : recording.gaps) {
      out.begin_object();
      out.field("symbol", symbol_of(gap.instrument))
          .field("at", time_text(gap.at))
          .field("reason", text_of(gap.reason));
      if (gap.from != 0) out.field("from", time_text(gap.from)).field("until", time_text(gap.until));
      if (gap.received_id != 0) out.field("expected_id", gap.expected_id).field("received_id", gap.received_id);
      out.end_object();
    }
    out.end_array();
    out.field("ended_by", ended_by).field("wall_seconds", seconds).field("journal_bytes", bytes);
    out.end_object();
    terminal.line(out.text());
  }

  std::vector<std::string> symbols_;
  std::string out_;
  std::string url_ = "https://fapi.binance.com";
  std::string ca_;
  double hours_ = 0;
  bool raw_ = false;
  std::uint64_t depth_millis_ = 100;
  bool aggregate_ = false;
  std::uint64_t keep_free_mib_ = 1024;

  Terminal* terminal_ = nullptr;
  gateway::DayRecorder* recorder_ = nullptr;
  std::vector<gateway::InstrumentSpec> specs_;
  Clock::time_point start_;
  bool is_drawn_ = false;
};

}  // namespace

std::unique_ptr<Command> make_record() {
  return std::make_unique<Record>();
}

}  // namespace reprise::tools
