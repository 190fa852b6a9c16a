// Live trading against the exchange's core in virtual time, with faults: nothing sent twice, nothing forgotten, the
// books equal to the venue's in the end, and the journal replays.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <optional>

#include "config/loader.h"
#include "engine/execution/order_manager.h"
#include "engine/portfolio/portfolio.h"
#include "engine/replay.h"
#include "engine/risk/risk_engine.h"
#include "engine/strategy/registry.h"
#include "engine/version.h"
#include "gateway/binance/json_text.h"
#include "gateway/binance/market_session.h"
#include "gateway/binance/user_event.h"
#include "gateway/binance/venue_facts.h"
#include "gateway/run/live_loop.h"
#include "journal/journal_reader.h"
#include "tests/support/catch.h"
#include "tests/support/virtual_venue.h"

namespace reprise::gateway {
namespace {

using binance::Host;
using reprise::test::FaultPlan;
using reprise::test::VirtualVenue;

const std::vector<std::string> kSettings = {"account.initial_balance=1000",
                                            "strategies.grid.kind=quoting_grid",
                                            "strategies.grid.instruments=BTCUSDT",
                                            "strategies.grid.params.levels=2",
                                            "strategies.grid.params.half_spread=0.00002",
                                            "strategies.grid.params.spacing=0.00002",
                                            "strategies.grid.params.requote_threshold=0.00001",
                                            "strategies.grid.params.order_notional=200",
                                            "strategies.grid.params.max_inventory=1500",
                                            "strategies.grid.params.min_requote_interval=500ms"};

std::string scratch(const std::string& name) {
  const std::string root = std::filesystem::exists("/dev/shm") ? "/dev/shm" : "/tmp";
  return root + "/reprise-live-test-" + std::to_string(::getpid()) + "-" + name;
}

enum class Channel { rest, websocket };  // of orders

// A bot and its venue.
class LiveDesk final : private binance::MarketSink, private binance::RestListener {
 public:
  explicit LiveDesk(std::uint64_t seed, Channel channel = Channel::rest, const std::vector<std::string>& more = {})
      : venue(seed), seed_(seed), channel_(channel), path_(scratch(std::to_string(seed))) {
    std::filesystem::remove_all(path_);
    std::vector<std::string> settings = kSettings;
    settings.insert(settings.end(), more.begin(), more.end());
    auto loaded = config::override_entries(config::journaled_entries({}), settings, engine::strategy_catalog());
    REQUIRE(loaded.ok());
    loaded_ = std::move(loaded).value();
    symbols.add(venue.symbol());
    start();
  }
  ~LiveDesk() override {
    stop_process();
    if (std::getenv("REPRISE_LIVE_KEEP") == nullptr) std::filesystem::remove_all(path_);
  }

  // The process comes to life: a new journal, or the one that it left.
  void start() {
    binance::RestClient::Options to;
    to.limits.seed = seed_;
    binance::RestListener* listener = this;
    rest = std::make_unique<binance::RestClient>(venue, to, listener);
    binance::Credentials credentials;
    credentials.api_key = binance::Secret::copy_of("alice");
    credentials.api_secret = binance::Secret::copy_of("a secret of some length");
    REQUIRE(rest->use(std::move(credentials)).ok());
    binance::WsApi::Options ws;
    ws.seed = seed_;
    if (channel_ == Channel::websocket) rest->use_ws_api(ws);
    journal::WriterOptions writing;
    writing.clock = [] { return std::int64_t{1}; };
    writing.durability = journal::Durability::buffered;  // the process dies, the machine does not
    const bool is_new = !std::filesystem::exists(path_);
    if (is_new) {
      journal::Manifest manifest;
      manifest.run_id = "live-test";
      manifest.mode = schema::RunMode::LIVE;
      manifest.engine_version = engine::kEngineVersion;
      manifest.config_hash = config::config_hash(loaded_.entries);
      sink.emplace(sim::RunSink::create(path_, manifest, writing).value());
    } else {
      auto resumed = sim::RunSink::resume(path_, writing);
      REQUIRE(resumed.ok());
      sink.emplace(std::move(resumed).value());
    }
    LiveLoop::Options live;
    live.run_tag = 4711 + seed_ + 1'000'000 * generation_;
    live.orders.seed = live.account.seed = seed_;
    live.account.reconcile_every = std::chrono::seconds(20);
    LiveLoop::Events events;
    events.on_live = [this] {
      if (!is_market_on_) market->start();
      is_market_on_ = true;
    };
    events.on_notice = [this](schema::AlertLevel, const std::string& text) { notices.push_back(text); };
    events.on_fatal = [this](const std::string& text) { fatal = text; };
    loop = std::make_unique<LiveLoop>(*rest, symbols, *sink, live, std::move(events));
    binance::MarketSessionOptions options;
    options.seed = seed_;
    market = binance::MarketSession::create(*rest, *this, {{venue.symbol(), 1}}, options).value();
    is_market_on_ = false;
    if (is_new) {
      std::optional<Result<binance::VenueFacts>> facts;
      binance::fetch_venue_facts(*rest, {venue.symbol()}, [&](Result<binance::VenueFacts> f) { facts = std::move(f); });
      venue.advance(1);
      REQUIRE(facts);
      REQUIRE(facts->ok());
      journal::RecordBatch declarations;
      journal::RecordHeader header;
      header.instrument = 1;
      append_instrument((*facts)->instruments[0], header, declarations);
      loop->begin(loaded_.config, config::journaled_entries(loaded_.config), declarations);
      if (carried) loop->carry_over(*carried);
    } else {
      const Status recovered = loop->recover(path_);
      INFO((recovered.ok() ? "" : recovered.error().text()));
      REQUIRE(recovered.ok());
    }
    loop->start();
  }
  // As kill -9 would: no last word, nothing ended.
  void stop_process() {
    market.reset();
    loop.reset();
    rest.reset();
    sink.reset();
    venue.forget_client();
  }

  // Trades until it holds something.
  void take_position() {
    venue.advance(20);
    for (int n = 0; n < 120 && loop->engine().portfolio().net_position(1).is_zero(); ++n) venue.advance(0.5);
    REQUIRE_FALSE(loop->engine().portfolio().net_position(1).is_zero());
  }

  void quiet(double seconds) {
    venue.faults = {};
    venue.is_down = false;
    venue.advance(seconds);
  }

  // What somebody's money depends on.
  void check(const std::string& what) {
    INFO(what << ", seed " << seed_);
    REQUIRE_FALSE(fatal);
    CHECK(loop->is_live());
    CHECK(loop->orders().unsettled() == 0);
    auto at_venue = binance::parse_orders(venue.ask("GET", "/fapi/v1/openOrders", ""));
    REQUIRE(at_venue.ok());
    std::map<std::string, int> open;
    for (const auto& order : *at_venue) ++open[order.client_id];
    CHECK(open.size() == loop->engine().orders().open_orders().size());
    std::map<std::string, int> sent;
    auto all =
        binance::parse_orders(venue.ask("GET", "/fapi/v1/allOrders", "symbol=" + venue.symbol() + "&limit=1000"));
    REQUIRE(all.ok());
    for (const auto& order : *all) {
      INFO("client id " << order.client_id);
      CHECK(++sent[order.client_id] == 1);
    }
    auto positions = binance::parse_positions(venue.ask("GET", "/fapi/v2/positionRisk", "symbol=" + venue.symbol()));
    REQUIRE(positions.ok());
    Qty qty{};
    for (const auto& p : *positions) qty += p.qty;
    CHECK(loop->engine().portfolio().net_position(1).e8 == qty.e8);
    auto balances = binance::parse_balances(venue.ask("GET", "/fapi/v2/balance", ""));
    REQUIRE(balances.ok());
    for (const auto& b : *balances) {
      if (b.asset == "USDT") CHECK(loop->engine().portfolio().wallet_balance().e8 == b.wallet.e8);
    }
    auto trades =
        binance::parse_trades(venue.ask("GET", "/fapi/v1/userTrades", "symbol=" + venue.symbol() + "&limit=1000"));
    REQUIRE(trades.ok());
    executions = trades->size();
    if (executions < 1000) {
      CHECK(loop->engine().portfolio().strategy_position(0, 1).is_zero());  // nothing that nobody ordered
    }
  }

  // Ends the run; the replay has to be identical.
  void end() {
    market->stop();
    loop->finish("test");
    REQUIRE(sink->end().ok());
    loop.reset();
    sink.reset();
    auto replayer = engine::Replayer::open(path_);
    REQUIRE(replayer.ok());
    auto report = replayer->run();
    REQUIRE(report.ok());
    CHECK(report->identical);
    const auto booked = report->by_type[static_cast<std::size_t>(journal::RecordType::FILL)];
    if (executions < 1000) CHECK(booked == executions - executions_before_);
  }

  // The run ends with its position open, and a new release takes its account over.
  void succeed() {
    end();
    rest.reset();
    market.reset();
    venue.forget_client();
    auto read = read_carried_state(path_);
    INFO((read.ok() ? "" : read.error().text()));
    REQUIRE(read.ok());
    carried = std::move(read).value();
    executions_before_ = executions;
    std::filesystem::remove_all(path_);
    ++generation_;
    start();
  }

  VirtualVenue venue;
  binance::SymbolTable symbols{"USDT", ""};
  std::unique_ptr<binance::RestClient> rest;
  std::optional<sim::RunSink> sink;
  std::unique_ptr<LiveLoop> loop;
  std::unique_ptr<binance::MarketSession> market;
  std::vector<std::string> notices;
  std::optional<std::string> fatal;
  std::size_t executions = 0;  // at the venue, as of check()
  std::optional<CarriedState> carried;

 private:
  void on_records(const journal::RecordBatch& records) override { loop->on_market(records); }
  void on_pause(const binance::RatePause& pause) override {
    if (loop) loop->on_pause(pause);
  }

  std::uint64_t seed_;
  Channel channel_;
  std::string path_;
  std::uint64_t generation_ = 0;
  std::size_t executions_before_ = 0;
  config::Loaded loaded_;
  bool is_market_on_ = false;
};

std::uint64_t seeds_wanted(std::uint64_t usual) {
  const char* wanted = std::getenv("REPRISE_LIVE_SEEDS");
  return wanted == nullptr ? usual : std::strtoull(wanted, nullptr, 10);
}
std::uint64_t first_seed() {
  const char* wanted = std::getenv("REPRISE_LIVE_START");
  return wanted == nullptr ? 1 : std::strtoull(wanted, nullptr, 10);
}

}  // namespace

TEST_CASE("a quiet day: orders are sent, changed and filled, and the books are the venue's") {
  const Channel channel = GENERATE(Channel::rest, Channel::websocket);
  LiveDesk desk(7, channel);
  desk.venue.advance(60);
  CHECK((desk.venue.api_requests > 10) == (channel == Channel::websocket));
  CHECK(desk.loop->orders().counts().submits > 10);
  CHECK(desk.loop->orders().counts().unknown_fates == 0);
  CHECK(desk.loop->engine().orders().anomaly_count() == 0);
  desk.loop->operate(schema::OperatorAction::HALT, "test");
  desk.quiet(5);
  desk.check("quiet");
  CHECK(desk.executions > 5);
  desk.end();
}

namespace {

struct SingleFault {
  const char* name;
  std::uint32_t FaultPlan::*fault;
  std::uint32_t permille;
};
constexpr SingleFault kSingleFaults[] = {{"request lost", &FaultPlan::lost_before, 150},
                                         {"answer lost", &FaultPlan::lost_after, 150},
                                         {"request late", &FaultPlan::late, 150},
                                         {"no connection", &FaultPlan::not_sent, 150},
                                         {"503 unknown, done", &FaultPlan::unknown_done, 150},
                                         {"503 unknown, not done", &FaultPlan::unknown_not_done, 150},
                                         {"503 unavailable", &FaultPlan::unavailable, 150},
                                         {"-1007", &FaultPlan::timeout_code, 150},
                                         {"429", &FaultPlan::limited, 50},
                                         {"event lost", &FaultPlan::event_lost, 150},
                                         {"event doubled", &FaultPlan::event_doubled, 300},
                                         {"event delayed", &FaultPlan::event_delayed, 300},
                                         {"private stream cut", &FaultPlan::disconnect, 30},
                                         {"listenKey expires", &FaultPlan::key_expires, 30}};

}  // namespace

TEST_CASE("each fault of the venue alone leaves no order doubled or forgotten and the books equal") {
  const Channel channel = GENERATE(Channel::rest, Channel::websocket);
  for (const SingleFault& c : kSingleFaults) {
    INFO(c.name << (channel == Channel::rest ? " over REST" : " over the WebSocket API"));
    LiveDesk desk(11, channel);
    desk.venue.advance(5);
    desk.venue.faults.*c.fault = c.permille;
    desk.venue.advance(40);
    CHECK_FALSE(desk.venue.injected.empty());
    CHECK((desk.venue.api_requests > 10) == (channel == Channel::websocket));
    desk.quiet(30);
    desk.loop->operate(schema::OperatorAction::HALT, "test");
    desk.quiet(60);
    desk.check(c.name);
    desk.end();
  }
}

// With REPRISE_FAULT_TABLE set it prints its table.
TEST_CASE("each fault during entry, during exit and while idle: settled without a second order, books equal") {
  enum class Phase { entry, exit, idle };
  std::string table =
      "| fault | phase | struck | orders sent | of unknown fate | questions | sent again | executions |\n"
      "|---|---|--:|--:|--:|--:|--:|--:|\n";
  for (const SingleFault& c : kSingleFaults) {
    for (const Phase phase : {Phase::entry, Phase::exit, Phase::idle}) {
      const char* phase_name = phase == Phase::entry ? "entry" : phase == Phase::exit ? "exit" : "idle";
      INFO(c.name << ", " << phase_name);
      LiveDesk desk(13);
      // All of them is struck, but where that would leave nothing alive to look at.
      const std::uint32_t permille = c.permille < 100 ? 200 : 1000;
      const auto strike = [&] { desk.venue.faults.*c.fault = permille; };
      if (phase == Phase::entry) {  // the first orders of a flat account
        strike();
        desk.venue.advance(6);
      } else {
        desk.take_position();
        if (phase == Phase::idle) {
          desk.loop->operate(schema::OperatorAction::HALT, "test");
          desk.venue.advance(5);
          strike();
          // Somebody else trades on the account meanwhile: there are events, and none is ours.
          for (int n = 0; n < 5; ++n) {
            (void)desk.venue.ask("POST", "/fapi/v1/order",
                                 "symbol=" + desk.venue.symbol() +
                                     "&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.01&priceMatch=QUEUE_20");
            desk.venue.advance(3);
            (void)desk.venue.ask("DELETE", "/fapi/v1/allOpenOrders", "symbol=" + desk.venue.symbol());
            desk.venue.advance(3);
          }
        } else {
          strike();
          desk.loop->operate(schema::OperatorAction::FLATTEN, "test");
          desk.venue.advance(6);
        }
      }
      std::uint64_t struck = 0;
      for (const auto& [name, count] : desk.venue.injected) struck += count;
      // While idle no order is sent, so only what befalls the private stream can strike; 429 may spare a few requests.
      const bool is_of_the_stream = std::string_view(c.name).starts_with("event") ||
                                    std::string_view(c.name).starts_with("private") ||
                                    std::string_view(c.name).starts_with("listenKey");
      if (phase == Phase::entry || (phase == Phase::idle ? is_of_the_stream : std::string_view(c.name) != "429"))
        CHECK(struck > 0);
      desk.quiet(60);
      desk.loop->operate(schema::OperatorAction::HALT, "test");
      desk.quiet(60);
      desk.check(c.name);
      if (phase == Phase::exit) CHECK(desk.loop->engine().portfolio().net_position(1).is_zero());
      const binance::OrderSessionCounts& counts = desk.loop->orders().counts();
      if (std::getenv("REPRISE_FAULT_NOTICES") != nullptr)
        for (const std::string& n : desk.notices) std::cout << c.name << ": " << n << "\n";
      const auto cell = [&](std::uint64_t n) { table += " | " + std::to_string(n); };
      table += std::string("| ") + c.name + " | " + phase_name;
      cell(struck);
      cell(counts.submits);
      cell(counts.unknown_fates);
      cell(counts.questions);
      cell(counts.resends);
      cell(desk.executions);
      table += " |\n";
      desk.end();
    }
  }
  if (std::getenv("REPRISE_FAULT_TABLE") != nullptr) std::cout << table;
}

TEST_CASE("what the venue says about the account makes the run careful, by stages") {
  struct Row {
    const char* name;
    std::int32_t code;
    FailSafe::Stage stage;
    schema::TradingStateKind trading;
  };
  const Row rows[] = {
      {"only what shrinks is taken", -4105, FailSafe::Stage::reducing, schema::TradingStateKind::REDUCING},
      {"the key is refused", -2015, FailSafe::Stage::stopped, schema::TradingStateKind::HALTED},
      {"the account is being liquidated", -2023, FailSafe::Stage::stopped, schema::TradingStateKind::HALTED},
      {"a code that no table knows, and again", -7777, FailSafe::Stage::reducing, schema::TradingStateKind::REDUCING}};
  for (const Row& row : rows) {
    INFO(row.name);
    LiveDesk desk(17);
    desk.venue.advance(20);
    CHECK(desk.loop->fail_safe().stage() == FailSafe::Stage::normal);
    desk.venue.faults.new_orders_refused = row.code;
    desk.venue.advance(30);
    CHECK(desk.loop->fail_safe().stage() == row.stage);
    CHECK(desk.loop->engine().risk().trading_state() == row.trading);
    // The way back is a person's.
    desk.venue.faults = {};
    desk.venue.advance(5);
    desk.loop->operate(schema::OperatorAction::RESUME, "test");
    desk.venue.advance(20);
    CHECK(desk.loop->fail_safe().stage() == FailSafe::Stage::normal);
    CHECK(desk.loop->engine().risk().trading_state() == schema::TradingStateKind::ACTIVE);
    desk.loop->operate(schema::OperatorAction::HALT, "test");
    desk.quiet(90);
    desk.check(row.name);
    desk.end();
  }
}

TEST_CASE("a ban stops every request until it ends, and only reducing is allowed meanwhile") {
  const Channel channel = GENERATE(Channel::rest, Channel::websocket);
  LiveDesk desk(37, channel);
  desk.venue.advance(25);
  desk.venue.banned_until = desk.venue.now() + DurationNanos::seconds(120);
  desk.venue.advance(10);
  CHECK(desk.venue.banned_requests > 0);
  CHECK(desk.loop->fail_safe().stage() == FailSafe::Stage::reducing);
  CHECK(desk.loop->engine().risk().trading_state() == schema::TradingStateKind::REDUCING);
  const std::uint64_t came = desk.venue.banned_requests;
  desk.venue.advance(105);
  CHECK(desk.venue.banned_requests == came);  // nobody goes on asking, which would make a ban longer
  desk.venue.advance(60);
  CHECK(desk.loop->fail_safe().stage() == FailSafe::Stage::normal);
  CHECK(desk.loop->engine().risk().trading_state() == schema::TradingStateKind::ACTIVE);
  desk.loop->operate(schema::OperatorAction::HALT, "test");
  desk.quiet(90);
  desk.check("banned once");
  desk.end();
}

TEST_CASE("the private stream away for long: reduce only, then flat, and the way back from there is a person's") {
  LiveDesk desk(19);
  desk.take_position();
  desk.venue.is_down = true;
  desk.venue.advance(60);
  CHECK(desk.loop->fail_safe().stage() == FailSafe::Stage::reducing);
  CHECK(desk.loop->engine().risk().is_cautious());
  desk.venue.advance(600);
  CHECK(desk.loop->fail_safe().stage() == FailSafe::Stage::flat);
  CHECK(desk.loop->engine().risk().trading_state() == schema::TradingStateKind::HALTED);
  desk.quiet(120);
  CHECK(desk.loop->engine().portfolio().net_position(1).is_zero());
  CHECK(desk.loop->engine().risk().trading_state() == schema::TradingStateKind::HALTED);
  desk.check("flat");
  desk.loop->operate(schema::OperatorAction::RESUME, "test");
  desk.venue.advance(20);
  CHECK(desk.loop->engine().risk().trading_state() == schema::TradingStateKind::ACTIVE);
  desk.loop->operate(schema::OperatorAction::HALT, "test");
  desk.quiet(60);
  desk.check("resumed");
  desk.end();
}

TEST_CASE("with the private stream alone away, the kill switch still closes everything, within its band") {
  LiveDesk desk(31, Channel::rest, {"risk.flatten_band=0.0001"});
  desk.take_position();
  desk.venue.is_private_down = true;
  desk.venue.advance(1);
  desk.loop->operate(schema::OperatorAction::KILL_SWITCH, "test");
  desk.venue.advance(15);
  CHECK(desk.loop->engine().portfolio().net_position(1).is_zero());
  desk.venue.is_private_down = false;
  desk.quiet(90);
  desk.check("killed without its stream");
  desk.end();
}

TEST_CASE("a new release takes over position, peak and day of the run before it") {
  LiveDesk desk(29);
  desk.take_position();
  desk.loop->operate(schema::OperatorAction::HALT, kRunEnds);
  desk.quiet(5);
  desk.check("the run before");
  const Qty held = desk.loop->engine().portfolio().strategy_position(1, 1);
  const Money peak = desk.loop->engine().portfolio().peak_equity();
  const Money day = desk.loop->engine().risk().day_start_equity();
  REQUIRE_FALSE(held.is_zero());
  desk.succeed();
  CHECK(desk.carried->shares.size() == 1);
  CHECK_FALSE(desk.carried->is_halted);  // its end was no halt that anybody meant
  desk.venue.advance(2);
  const engine::Portfolio& portfolio = desk.loop->engine().portfolio();
  CHECK(portfolio.strategy_position(0, 1).is_zero());
  CHECK_FALSE(portfolio.strategy_position(1, 1).is_zero());
  CHECK(portfolio.strategy_position(1, 1) == portfolio.net_position(1));
  CHECK(portfolio.peak_equity() >= peak);
  CHECK(desk.loop->engine().risk().day_start_equity() == day);
  desk.venue.advance(20);
  desk.loop->operate(schema::OperatorAction::HALT, "a person's");
  desk.quiet(5);
  desk.check("the new release");
  // And a halt that a person meant stays one.
  desk.succeed();
  CHECK(desk.carried->is_halted);
  desk.venue.advance(10);
  CHECK(desk.loop->engine().risk().trading_state() == schema::TradingStateKind::HALTED);
  CHECK(desk.loop->orders().counts().submits == 0);
  desk.quiet(5);
  desk.check("halted still");
  desk.end();
}

TEST_CASE("random faults, deaths and outages: nothing doubled, nothing forgotten, books equal, replay identical") {
  std::vector<std::uint64_t> seeds = {102'966};  // once failed: a fill on the terms of a modify whose answer was lost
  for (std::uint64_t n = 0; n < seeds_wanted(20); ++n) seeds.push_back(first_seed() + n);
  std::map<std::string, std::uint64_t> injected;
  std::uint64_t orders = 0, executions = 0, deaths = 0;
  for (const std::uint64_t seed : seeds) {
    INFO("seed " << seed);
    LiveDesk desk(seed, seed % 2 == 0 ? Channel::rest : Channel::websocket);
    sim::RandomStream random(seed, 0xdeed);
    desk.venue.advance(2);
    desk.venue.faults = FaultPlan::all(static_cast<std::uint32_t>(random.below(60)));
    for (int act = 0; act < 6; ++act) {
      desk.venue.advance(1 + static_cast<double>(random.below(8000)) / 1000);
      switch (random.below(5)) {
        case 0:
          desk.stop_process();
          ++deaths;
          desk.venue.advance(static_cast<double>(random.below(12'000)) / 1000);
          desk.start();
          break;
        case 1:
          desk.venue.is_down = true;
          desk.venue.advance(static_cast<double>(random.below(12'000)) / 1000);
          desk.venue.is_down = false;
          break;
        case 2: desk.venue.faults = FaultPlan::all(static_cast<std::uint32_t>(random.below(120))); break;
        default: break;
      }
    }
    desk.quiet(60);
    desk.loop->operate(schema::OperatorAction::HALT, "test");
    desk.quiet(60);
    desk.check("random");
    desk.end();
    orders += desk.venue.order_requests;
    executions += desk.executions;
    for (const auto& [name, count] : desk.venue.injected) injected[name] += count;
  }
  std::string told;
  for (const auto& [name, count] : injected) told += " " + name + " " + std::to_string(count);
  std::cout << "live: " << seeds.size() << " seeds, " << orders << " orders, " << executions << " executions, "
            << deaths << " deaths; faults:" << told << "\n";
  CHECK(injected.size() >= 10);
  CHECK(executions > orders / 10);
}

}  // namespace reprise::gateway
