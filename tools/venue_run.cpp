#include "tools/venue_run.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <optional>
#include <random>

#include "engine/execution/order_manager.h"
#include "engine/portfolio/portfolio.h"
#include "engine/risk/risk_engine.h"
#include "engine/version.h"
#include "gateway/binance/account_form.h"
#include "gateway/binance/json_text.h"
#include "gateway/binance/market_session.h"
#include "gateway/binance/net_wire.h"
#include "gateway/binance/user_event.h"
#include "gateway/binance/venue_facts.h"
#include "gateway/run/carried_state.h"
#include "gateway/run/kill_control.h"
#include "gateway/run/live_loop.h"
#include "gateway/run/paper_loop.h"
#include "journal/journal_reader.h"
#include "tools/build_info.h"
#include "tools/endpoint.h"
#include "tools/journals.h"
#include "tools/json_output.h"
#include "tools/logging.h"
#include "tools/moment.h"
#include "tools/schema_names.h"
#include "tools/stop.h"
#include "tools/venue_entry.h"

namespace reprise::tools {
namespace {

namespace binance = gateway::binance;
using Clock = std::chrono::steady_clock;

constexpr auto kLongestEnd = std::chrono::seconds(30);

std::vector<std::string> symbols_of(const config::Config& config) {
  std::vector<std::string> symbols;
  for (const config::StrategyConfig& strategy : config.strategies) {
    if (!strategy.enabled) continue;
    for (const std::string& named : strategy.instruments) {
      const std::string symbol = named.substr(named.find(':') + 1);
      if (std::find(symbols.begin(), symbols.end(), symbol) == symbols.end()) symbols.push_back(symbol);
    }
  }
  return symbols;
}

// Two runs on one account must never share an order id, so the tag is drawn anew for each and journaled.
std::uint64_t fresh_run_tag() {
  std::random_device device;
  const std::uint64_t high = device();
  return std::max<std::uint64_t>((high << 32) ^ device() ^ static_cast<std::uint64_t>(wall_clock_ns()), 1);
}

class VenueRun final : private binance::MarketSink, private binance::RestListener {
 public:
  VenueRun(Terminal& terminal, const VenueRunOptions& options) : terminal_(terminal), options_(options) {}

  // Exit code 1, with what it says on standard error, where trading is refused.
  Result<int> run() {
    Result<int> done = go();
    if (done.ok() || !entry_.is_refused()) return done;
    terminal_.note("reprise run: refused: " + done.error().text());
    if (options_.json) terminal_.line(error_json(done.error(), kExitDiverged));
    return kExitDiverged;
  }

 private:
  Result<int> go() {
    (void)kill_on_signal();  // from here on SIGUSR1 engages the switch and ends nothing
    const std::vector<std::string> names = symbols_of(options_.loaded.config);
    if (names.empty())
      return usage_error(options_.config_file + ": no strategy is enabled, so there is no contract to trade");
    auto environment = binance::environment_at(options_.url);
    if (!environment) return environment.error();
    environment->ca_file = options_.ca_file;
    entry_.set_production(environment->is_live());
    if (Status fit = entry_.check_offline(kill_files()); !fit) return fit.error();
    auto wire = binance::make_net_wire(loop_, *environment, [] { return UnixNanos{wall_clock_ns()}; });
    if (!wire) return wire.error();
    wire_ = std::move(wire).value();
    binance::RestListener* listener = this;
    rest_ = std::make_unique<binance::RestClient>(*wire_, binance::RestClient::Options{}, listener);
    entry_.use(*rest_);
    if (options_.is_live) {
      // A core file would hold the key in what was last sent. What led to a crash is in the journal.
      binance::write_no_core_file();
      auto credentials = binance::load_credentials({});
      if (!credentials) return credentials.error();
      if (Status used = rest_->use(std::move(credentials).value()); !used) return used.error();
    }
    if (Status measured = entry_.measure_clock(); !measured) return measured.error();
    auto facts = entry_.fetch_facts(names);
    if (!facts) return facts.error();
    for (const std::string& note : facts->notes) say("note: " + note);
    for (const std::string& name : names) symbols_.add(name);
    if (!options_.parent.empty()) {
      if (Status read = read_parent(binance::text_of(environment->at(binance::Host::rest))); !read) return read.error();
    }
    if (options_.is_live) {
      if (Status checked = entry_.check_account(names); !checked) return checked.error();
    }
    // Last of all: a run that is refused leaves the stops of the run before where they are.
    if (carried_) {
      if (Status cancelled = entry_.cancel_orders_of(carried_->run_tag); !cancelled) return cancelled.error();
    }
    if (Status opened = open_control(); !opened) return opened.error();
    if (Status opened = open_journal(binance::text_of(environment->at(binance::Host::rest))); !opened)
      return opened.error();
    if (Status begun = begin(*facts, names); !begun) return begun.error();
    const std::string ended_by = trade();
    return end(ended_by);
  }

  void say(const std::string& text) {
    logging::info(text, {});
    if (!options_.json) terminal_.note(time_text(wall_clock_ns()).substr(0, 19) + "Z " + text);
  }

  // What the run before left: its orders go, its positions and limits' memory come over once the account is live.
  Status read_parent(const std::string& place) {
    std::error_code ignored;
    if (const std::string file = kill_file_of(options_.parent); std::filesystem::exists(file, ignored))
      return entry_.refused("the kill file of the run before is there: " + file, "remove it when trading may go on");
    auto carried = gateway::read_carried_state(options_.parent);
    if (!carried) return carried.error();
    if (carried->origin != place)
      return entry_.refused("the run before was begun at " + carried->origin + ", not at " + place,
                            "take it over at the venue where its account is");
    say("takes over run " + carried->parent_run_id + ": " + std::to_string(carried->shares.size()) +
        (carried->shares.size() == 1 ? " position" : " positions") +
        (carried->is_halted
             ? ", halted by " + carried->halted_by + " (the way back: POST /resume at --control HOST:PORT)"
             : ""));
    carried_ = std::move(*carried);
    return ok_status();
  }

  Status open_journal(const std::string& place) {
    journal::WriterOptions writing;
    writing.durability = options_.durability;
    writing.block_bytes = options_.loaded.config.journal.block_bytes;
    writing.clock = wall_clock_ns;
    if (options_.resume) {
      auto tag = recorded_run_tag(place);
      if (!tag) return tag.error();
      run_tag_ = *tag;
      auto sink = sim::RunSink::resume(options_.journal, writing);
      if (!sink) return sink.error();
      sink_.emplace(std::move(sink).value());
      return ok_status();
    }
    run_tag_ = fresh_run_tag();
    journal::Manifest manifest;
    manifest.config_hash = config::config_hash(options_.loaded.entries);
    manifest.seed = options_.loaded.config.run.seed;
    manifest.mode = options_.is_live ? schema::RunMode::LIVE : schema::RunMode::PAPER;
    manifest.engine_version = engine::kEngineVersion;
    manifest.build_id = build_id();
    manifest.compiler = compiler_id();
    manifest.started_at = wall_clock_ns();
    manifest.run_id = std::string(options_.is_live ? "live-" : "paper-") + std::to_string(run_tag_) + "-" +
                      std::to_string(manifest.started_at);
    manifest.origin = place;
    if (carried_) {
      manifest.parent_run_id = carried_->parent_run_id;
      manifest.branch_seq = carried_->last_seq;
    }
    auto sink = sim::RunSink::create(options_.journal, manifest, writing);
    if (!sink) return sink.error();
    sink_.emplace(std::move(sink).value());
    return ok_status();
  }

  Result<std::uint64_t> recorded_run_tag(const std::string& place) {
    journal::ReaderOptions plain;
    plain.read_ahead = false;
    auto reader = journal::JournalReader::open(options_.journal, plain);
    if (!reader) return reader.error();
    if (reader->manifest().mode != schema::RunMode::LIVE)
      return usage_error(options_.journal + " is not the journal of a live run", "only a live run is taken up");
    if (reader->manifest().origin != place) {
      return entry_.refused("this run was begun at " + reader->manifest().origin + ", not at " + place,
                            "go on at the venue where its orders are");
    }
    journal::RecordView record;
    if (reader->next(record) && record.type() == journal::RecordType::RUN_START)
      return journal::read<schema::RunStart>(record).getRunTag();
    return usage_error(options_.journal + " holds no record of its start", "begin a new run");
  }

  Status begin(const binance::VenueFacts& facts, const std::vector<std::string>& names) {
    std::vector<binance::MarketInstrument> instruments;
    journal::RecordBatch declarations;
    for (std::size_t i = 0; i < names.size(); ++i) {
      const auto number = static_cast<InstrumentNo>(i + 1);
      instruments.push_back({names[i], number});
      journal::RecordHeader header;
      header.instrument = number;
      header.ts_recv = header.ts_engine = wall_clock_ns();
      gateway::append_instrument(facts.instruments[i], header, declarations);
    }
    binance::MarketSessionOptions market;
    market.seed = run_tag_;
    auto session = binance::MarketSession::create(*rest_, *this, instruments, market);
    if (!session) return session.error();
    market_ = std::move(session).value();
    const config::Config& config = options_.loaded.config;
    const config::Entries entries = config::journaled_entries(config);
    const auto fatal = [this](const std::string& text) {
      if (!fatal_) fatal_ = text;
    };
    if (!options_.is_live) {
      gateway::PaperLoop::Options paper;
      paper.run_tag = run_tag_;
      paper.snapshot_interval = options_.snapshot_interval;
      paper_ = std::make_unique<gateway::PaperLoop>(*wire_, *sink_, paper, fatal);
      paper_->begin(config, entries, declarations);
      market_->start();
      return ok_status();
    }
    gateway::LiveLoop::Options live;
    live.run_tag = run_tag_;
    live.snapshot_interval = options_.snapshot_interval;
    live.keeps_raw = options_.keeps_raw;
    live.orders.seed = live.account.seed = run_tag_;
    live.fail_safe.flat_after = options_.flat_after;
    if (options_.flat_after.ns == 0)
      say("note: --flat-after 0s: a position stays open however long the venue cannot be trusted");
    if (options_.orders_by_websocket) {
      binance::WsApi::Options ws;
      ws.seed = run_tag_;
      rest_->use_ws_api(ws);
    }
    gateway::LiveLoop::Events events;
    events.on_fatal = fatal;
    events.on_notice = [this](schema::AlertLevel, const std::string& text) { say(text); };
    events.on_live = [this] {
      say("account live and reconciled");
      if (!is_market_started_) {
        is_market_started_ = true;
        market_->start();
      }
    };
    live_ = std::make_unique<gateway::LiveLoop>(*rest_, symbols_, *sink_, live, std::move(events));
    if (options_.resume) {
      if (Status recovered = live_->recover(options_.journal); !recovered) return recovered;
      // It trades under what it began with, whatever the file says now.
      const gateway::Check limits = gateway::limits_check(entry_.facts(), live_->engine().config());
      if (Status fit = entry_.judge({limits}); !fit) return fit;
      tell_other_settings();
      say("taken up behind record " + with_thousands(sink_->next_seq() - 1) + ", " +
          std::to_string(live_->orders().open_count()) + " orders to ask for");
    } else {
      live_->begin(config, entries, declarations);
      if (carried_) live_->carry_over(*carried_);
    }
    live_->start();
    return ok_status();
  }

  // A run that goes on has the configuration that it began with; where the file says otherwise now, that is said.
  void tell_other_settings() {
    const config::Entries& recorded = live_->engine().entries();
    std::string keys;
    for (const auto& entry : config::journaled_entries(options_.loaded.config)) {
      if (std::find(recorded.begin(), recorded.end(), entry) == recorded.end())
        keys += (keys.empty() ? "" : ", ") + entry.first;
    }
    if (!keys.empty())
      say("note: the run goes on under its recorded configuration; " + options_.config_file + " differs in " + keys);
  }

  // ------------------------------------------------------------------------------------- the run

  std::string trade() {
    started_ = Clock::now();
    announce();
    const auto until =
        started_ + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(options_.hours * 3600));
    while (!stop_.load(std::memory_order_relaxed) && !fatal_) {
      loop_.turn(kTurn);
      if (options_.hours > 0 && Clock::now() >= until) return "hours";
      control_->look();
    }
    return fatal_ ? "failure" : "signal";
  }

  Status open_control() {
    gateway::KillControlOptions options;
    options.files = kill_files();
    options.signal = &kill_on_signal();
    if (!options_.control.empty()) {
      auto place = parse_endpoint(options_.control);
      if (!place) return place.error();
      auto token = operator_token("REPRISE_CONTROL_TOKEN", "--control");
      if (!token) return token.error();
      options.token = std::move(*token);
      net::ServerOptions& port = options.port.emplace();
      port.address = place->address;
      port.port = place->port;
    }
    auto control = gateway::KillControl::start(
        loop_, std::move(options), [this](const std::string& why) { kill(why); }, [this] { resume(); },
        [this] { return state_json(); });
    if (!control) return control.error();
    control_ = std::move(*control);
    return ok_status();
  }

  // Where `reprise kill` puts its file, and where the caller wants to.
  std::vector<std::string> kill_files() const {
    std::vector<std::string> files = {kill_file_of(options_.journal)};
    if (!options_.kill_file.empty()) files.push_back(options_.kill_file);
    return files;
  }

  void resume() {
    say("trading goes on: an HTTP call");
    if (live_) live_->operate(schema::OperatorAction::RESUME, "an HTTP call");
    if (paper_) paper_->operate(schema::OperatorAction::RESUME, "an HTTP call");
  }

  void kill(const std::string& why) {
    say("kill switch: " + why);
    if (live_) live_->operate(schema::OperatorAction::KILL_SWITCH, why);
    if (paper_) paper_->operate(schema::OperatorAction::KILL_SWITCH, why);
  }

  std::string trading_state() {
    const engine::RiskEngine& risk = (live_ ? live_->engine() : paper_->loop().engine()).risk();
    return risk.killed() ? "killed" : schema_name(risk.trading_state());
  }

  std::string state_json() {
    engine::Engine& engine = live_ ? live_->engine() : paper_->loop().engine();
    Json out;
    out.begin_object();
    out.field("mode", options_.is_live ? "live" : "paper").field("journal", options_.journal);
    out.field("trading", schema_name(engine.risk().trading_state()));
    if (live_) out.field("fail_safe", gateway::name_of(live_->fail_safe().stage()));
    out.field("killed", engine.risk().killed()).field("records", sink_->next_seq() - 1);
    out.field("open_orders", std::uint64_t{engine.orders().open_count()});
    out.decimal_field("equity", engine.portfolio().equity().e8);
    out.decimal_field("gross_notional", engine.portfolio().gross_notional().e8);
    out.end_object();
    return out.text();
  }

  void announce() {
    if (options_.json) return;
    terminal_.line(std::string("run: ") + (options_.is_live ? "live" : "paper") + " at " + options_.url + ", " +
                   std::to_string(symbols_.size()) + (symbols_.size() == 1 ? " contract" : " contracts") + ", into " +
                   options_.journal +
                   (control_->port() == 0 ? "" : "; control at port " + std::to_string(control_->port())) +
                   "; Ctrl-C ends it in order");
    terminal_.flush();
  }

  Result<int> end(const std::string& ended_by) {
    const double seconds = std::chrono::duration<double>(Clock::now() - started_).count();
    if (live_ && !fatal_) settle_live();
    market_->stop();
    if (live_) live_->finish(ended_by);
    if (paper_) paper_->finish(ended_by);
    if (fatal_) return io_error(*fatal_, "what is journaled is kept; look at it with reprise verify");
    auto digest = sink_->end();
    if (!digest) return digest.error();
    show(*digest, ended_by, seconds);
    return kExitFine;
  }

  // The stated policy for what is open when the run is asked to end.
  void settle_live() {
    if (options_.on_stop == "keep" && live_->is_live()) {
      live_->disarm_countdown();  // or the venue takes back what is to be kept
      for (int n = 0; n < 100; ++n) loop_.turn(kTurn);
    }
    if (options_.on_stop == "keep" || !live_->is_live()) {
      if (!live_->is_live()) say("the private stream is lost: open orders and positions are left as they are");
      return;
    }
    const bool flatten = options_.on_stop == "flatten";
    // A halt takes back what is open, except what protects a position, and lets no strategy send anew.
    live_->operate(flatten ? schema::OperatorAction::FLATTEN : schema::OperatorAction::HALT, gateway::kRunEnds);
    const auto until = Clock::now() + kLongestEnd;
    const auto is_settled = [&] {
      for (const engine::Order* order : live_->engine().orders().open_orders())
        if (!order->request.reduce_only && !order->request.close_position) return false;
      if (!flatten) return true;
      for (const auto& net : live_->engine().portfolio().positions())
        if (!net.position.qty.is_zero()) return false;
      return true;
    };
    while (!is_settled() && Clock::now() < until && !fatal_) {
      loop_.turn(kTurn);
      control_->look();
    }
    if (!is_settled()) say("note: not everything is closed at the venue; look at it there");
  }

  void show(const journal::Digest& digest, const std::string& ended_by, double seconds) {
    const std::uint64_t records = sink_->next_seq() - 1;
    const std::uint64_t inputs = live_ ? live_->seat().inputs() : paper_->loop().inputs();
    const std::uint64_t outputs = live_ ? live_->seat().outputs() : paper_->loop().outputs();
    const binance::MarketCounts counts = market_->counts();
    const std::uint64_t bytes = directory_bytes(options_.journal);
    if (options_.json) {
      Json out;
      out.begin_object();
      out.field("mode", options_.is_live ? "live" : "paper");
      out.field("journal", options_.journal).field("digest", digest.text());
      out.field("records", records).field("inputs", inputs).field("outputs", outputs);
      out.field("resumed_records", sink_->compared());
      out.field("frames", counts.frames).field("reconnects", counts.reconnects);
      if (paper_) out.field("late_records", paper_->late_records());
      if (live_) {
        const binance::OrderSessionCounts& o = live_->orders().counts();
        out.field("submits", o.submits).field("cancels", o.cancels).field("modifies", o.modifies);
        out.field("order_requests", o.requests).field("resends", o.resends).field("unknown_fates", o.unknown_fates);
        out.field("questions", o.questions).field("found_executions", o.found_executions);
        out.field("open_orders", static_cast<std::uint64_t>(live_->orders().open_count()));
        out.field("unsettled", static_cast<std::uint64_t>(live_->orders().unsettled()));
        out.field("reconciliations", live_->account().reconciliations());
      }
      out.field("ended_by", ended_by).field("wall_seconds", seconds).field("journal_bytes", bytes);
      out.end_object();
      terminal_.line(out.text());
      return;
    }
    terminal_.line(terminal_.paint(Colour::good, "ended in order") + " (" + ended_by + ")");
    Facts facts;
    facts.add("journal", options_.journal);
    facts.add("digest", digest.text());
    facts.add("records", with_thousands(records) + "  (" + with_thousands(inputs) + " inputs, " +
                             with_thousands(outputs) + " outputs)");
    if (live_) {
      const binance::OrderSessionCounts& o = live_->orders().counts();
      facts.add("orders", with_thousands(o.submits) + " sent, " + with_thousands(o.modifies) + " changed, " +
                              with_thousands(o.cancels) + " cancelled; " + with_thousands(o.unknown_fates) +
                              " of unknown fate, " + with_thousands(o.questions) + " questions; " +
                              std::to_string(live_->orders().open_count()) + " open");
    }
    if (trading_state() != "active")
      facts.add("trading", trading_state() + ": reprise export " + options_.journal + " --type alert says why");
    facts.add("market",
              with_thousands(counts.frames) + " frames, " + with_thousands(counts.reconnects) + " connections lost");
    facts.add("took", seconds_text(seconds));
    facts.add("size", bytes_text(bytes));
    terminal_.write(facts.text());
    terminal_.line();
    terminal_.line(terminal_.paint(
        Colour::dim, "next: reprise replay " + options_.journal + "   reprise report " + options_.journal));
  }

  // binance::RestListener
  void on_limit_use(const binance::LimitUse& use, UnixNanos) override {
    if (live_) live_->on_limit_use(use);
  }
  void on_pause(const binance::RatePause& pause) override {
    if (live_) live_->on_pause(pause);
    say(std::string(pause.is_ban ? "banned" : "the venue's limits make us wait") + " until " +
        time_text(pause.until.ns).substr(0, 19) + "Z: " + pause.reason);
  }
  // binance::MarketSink
  void on_records(const journal::RecordBatch& records) override {
    if (live_) live_->on_market(records);
    if (paper_) paper_->on_market(records);
  }
  void on_raw(UnixNanos received, std::string_view source, std::string_view frame) override {
    if (options_.keeps_raw) sink_->append_raw(received, source, frame);
  }
  void on_note(const std::string& text) override { say(text); }

  Terminal& terminal_;
  const VenueRunOptions& options_;
  const std::atomic<bool>& stop_ = stop_on_signals();
  net::Loop loop_;
  VenueEntry entry_{loop_, options_, [this](const std::string& text) { say(text); }};
  std::unique_ptr<binance::Wire> wire_;
  std::unique_ptr<binance::RestClient> rest_;
  binance::SymbolTable symbols_{options_.loaded.config.account.settlement_asset,
                                options_.loaded.config.account.fee_asset};
  std::optional<sim::RunSink> sink_;
  std::uint64_t run_tag_ = 0;
  std::unique_ptr<gateway::LiveLoop> live_;
  std::unique_ptr<gateway::PaperLoop> paper_;
  std::unique_ptr<binance::MarketSession> market_;
  std::optional<gateway::CarriedState> carried_;
  bool is_market_started_ = false;
  std::unique_ptr<gateway::KillControl> control_;
  std::optional<std::string> fatal_;
  Clock::time_point started_;
};

}  // namespace

std::string kill_file_of(const std::string& journal) {
  std::string place = journal;
  while (place.size() > 1 && place.back() == '/') place.pop_back();
  return place + ".kill";
}

Result<int> run_at_venue(Terminal& terminal, const VenueRunOptions& options) {
  return VenueRun(terminal, options).run();
}

}  // namespace reprise::tools
