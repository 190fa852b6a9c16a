// Paper and live runs of the built program at an exchange server over real sockets: they end in order, replay
// identical, branch like a backtest, tell an order's causes, and leave no secret behind.
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "config/loader.h"
#include "engine/strategy/registry.h"
#include "gateway/binance/signer.h"
#include "gateway/exchange/market_feed.h"
#include "gateway/exchange/server.h"
#include "gateway/net/http_client.h"
#include "journal/tail.h"
#include "tests/integration/program.h"
#include "tests/support/catch.h"

using namespace reprise::integration;
namespace fs = std::filesystem;
namespace exchange = reprise::gateway::exchange;

namespace {

using Line = std::vector<std::string>;

constexpr const char* kKey = "planted-api-key-7f3a9c";
constexpr const char* kSecret = "planted-api-secret-51e0d2b8";
constexpr const char* kProfile = R"(
account: {initial_balance: 1000, leverage: 5}
strategies:
  grid:
    kind: quoting_grid
    instruments: [BTCUSDT]
    params: {levels: 2, half_spread: 0.00002, spacing: 0.00002, requote_threshold: 0.00001, order_notional: 200,
             max_inventory: 1500, min_requote_interval: 200ms}
)";
constexpr const char* kSomeSeconds = "0.0022";  // hours

// An exchange server on a thread of its own, with a journal where a place is given.
class Exchange {
 public:
  explicit Exchange(const std::string& journal = "") {
    if (!journal.empty()) {
      reprise::journal::Manifest manifest;
      manifest.mode = reprise::schema::RunMode::EXCHANGE;
      reprise::journal::WriterOptions writing;
      writing.clock = [] { return std::int64_t{1}; };
      sink_ = reprise::sim::RunSink::create(journal, manifest, writing).value();
    }
    exchange::ExchangeServerOptions options;
    auto loaded = reprise::config::override_entries(reprise::config::journaled_entries({}), {},
                                                    reprise::engine::strategy_catalog());
    options.config = loaded->config;
    options.wall_clock = [] {
      return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count();
    };
    exchange::ServedAccount account;
    account.api_key = kKey;
    account.secret = reprise::gateway::binance::Secret::copy_of(kSecret);
    account.balance_e8 = 1'000 * reprise::kScale;
    options.accounts.push_back(std::move(account));
    auto server = exchange::ExchangeServer::start(
        loop_, std::move(options), sink_,
        [](reprise::UnixNanos start) -> reprise::Result<std::unique_ptr<exchange::MarketFeed>> {
          return exchange::open_generated_feed(7, 1, start);
        });
    REQUIRE(server.ok());
    server_ = std::move(server).value();
    url = "http://127.0.0.1:" + std::to_string(server_->port());
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~Exchange() { (void)stop(); }
  // Ends the day in order; its digest.
  std::string stop() {
    if (!thread_.joinable()) return {};
    loop_.stop();
    thread_.join();
    auto digest = server_->stop();
    server_.reset();
    return digest.ok() ? digest->text() : digest.error().text();
  }
  std::string url;

 private:
  reprise::net::Loop loop_;
  reprise::sim::RunSink sink_ = reprise::sim::RunSink::none();
  std::unique_ptr<exchange::ExchangeServer> server_;
  std::thread thread_;
};

// Whether a text stands in any file below a place.
bool stands_in_files(const std::string& place, const std::string& text) {
  for (const auto& entry : fs::recursive_directory_iterator(place)) {
    if (entry.is_regular_file() && read_file(entry.path().string()).find(text) != std::string::npos) return true;
  }
  return false;
}

struct Keys {
  Keys() {
    setenv("REPRISE_API_KEY", kKey, 1);
    setenv("REPRISE_API_SECRET", kSecret, 1);
  }
  ~Keys() {
    unsetenv("REPRISE_API_KEY");
    unsetenv("REPRISE_API_SECRET");
  }
};

// A request of the account's owner, beside the run.
int status_of(const std::string& url, const std::string& method, const std::string& path, std::string query) {
  using reprise::gateway::binance::Secret;
  using reprise::gateway::binance::Signer;
  namespace net = reprise::net;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  query += "&timestamp=" + std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
  query += "&signature=" + Signer::of_key(Secret::copy_of(kSecret)).value().signature(query).value();
  net::Loop loop;
  net::HttpClientOptions options;
  options.host = "127.0.0.1";
  options.port = static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
  auto client = net::make_http_client(loop, std::move(options));
  REQUIRE(client.ok());
  net::Request request;
  request.method = method;
  request.path = path;
  request.query = query;
  request.headers.add("X-MBX-APIKEY", kKey);
  int status = 0;
  (*client)->send(std::move(request), std::chrono::seconds(20),
                  [&](net::HttpResult result) { status = result.response.status; });
  for (int n = 0; n < 3'000 && status == 0; ++n) loop.turn(std::chrono::milliseconds(10));
  return status;
}

}  // namespace

TEST_CASE("a paper run at an exchange ends in order, replays identical, and with nothing changed is its own branch") {
  const Exchange venue;
  const Scratch scratch;
  const std::string profile = scratch.file("bot.yaml", kProfile);
  const std::string journal = scratch.path("paper");
  const auto ended = answer({"run", "--mode", "paper", "--config", profile, "--url", venue.url, "--journal", journal,
                             "--hours", kSomeSeconds});
  CHECK(std::string(ended["ended_by"].GetString()) == "hours");
  CHECK(ended["outputs"].GetUint64() > 50);
  const auto replayed = answer({"replay", journal});
  CHECK(std::string(replayed["verdict"].GetString()) == "identical");
  CHECK(std::string(replayed["digest"].GetString()) == ended["digest"].GetString());
  CHECK(std::string(answer({"verify", journal})["verdict"].GetString()) == "clean");
  for (const std::uint64_t at : {std::uint64_t{5}, ended["records"].GetUint64() / 2}) {
    const std::string branch = scratch.path("branch" + std::to_string(at));
    (void)answer({"whatif", journal, "--from", std::to_string(at), "--out", branch});
    CHECK(std::string(answer({"verify", branch})["digest"].GetString()) == ended["digest"].GetString());
  }
  // The journal is a dataset too: a backtest over the market that it saw decides the same.
  const std::string backtested = scratch.path("backtest");
  (void)answer({"run", "--mode", "backtest", "--config", profile, "--data", journal, "--journal", backtested});
  const auto fills = run({"export", journal, "--type", "fill", "--format", "csv"});
  const auto again = run({"export", backtested, "--type", "fill", "--format", "csv"});
  CHECK(fills.out == again.out);
}

TEST_CASE("a live run at an exchange ends in order, replays identical, tells an order's causes and keeps its secrets") {
  const Keys keys;
  const Scratch scratch;
  const std::string venue_day = scratch.path("venue");
  Exchange venue(venue_day);
  const std::string profile = scratch.file("bot.yaml", kProfile);
  const std::string journal = scratch.path("live");
  const std::vector<std::string> line = {"run",     "--mode",    "live",  "--config", profile,      "--url",
                                         venue.url, "--journal", journal, "--hours",  kSomeSeconds, "--json"};
  const Outcome outcome = run(line);
  INFO(shown(line, outcome));
  REQUIRE(outcome.exit_code == 0);
  const auto ended = json_of(outcome);
  CHECK(ended["submits"].GetUint64() > 3);
  CHECK(ended["unsettled"].GetUint64() == 0);
  CHECK(ended["open_orders"].GetUint64() == 0);
  const auto replayed = answer({"replay", journal});
  CHECK(std::string(replayed["verdict"].GetString()) == "identical");
  CHECK(std::string(replayed["digest"].GetString()) == ended["digest"].GetString());
  CHECK(std::string(answer({"verify", journal})["verdict"].GetString()) == "clean");

  const Outcome commands = run({"export", journal, "--type", "orderCommand", "--format", "csv"});
  const std::size_t second_line = commands.out.find('\n') + 1;
  const std::string order = commands.out.substr(second_line, commands.out.find(',', second_line) - second_line);
  const Outcome why = run({"why", journal, order});
  INFO(why.out << why.err);
  CHECK(why.exit_code == 0);
  CHECK(why.out.find("BTCUSDT") != std::string::npos);

  // Branched with nothing changed it says how far the model of the venue is from what this one did.
  const std::uint64_t middle = ended["records"].GetUint64() / 2;
  const std::string branch = scratch.path("branch");
  const auto modelled = answer({"whatif", journal, "--from", std::to_string(middle), "--out", branch});
  const auto& model = modelled["branch"]["model"];
  CHECK(model["orders_in_both"].GetUint64() > 2);
  CHECK(model["answer_happened_ns"].GetInt64() > 0);
  CHECK(model["answer_modelled_ns"].GetInt64() > 0);
  CHECK(std::string(modelled["parent_figures"]["equity_at_point"].GetString()) ==
        modelled["branch"]["equity_at_point"].GetString());
  CHECK(std::string(answer({"replay", branch})["verdict"].GetString()) == "identical");
  // The branch is a run against the simulated venue, and its own branch is itself.
  const auto again = answer({"whatif", branch, "--from", std::to_string(middle + 100)});
  CHECK(std::string(again["branch"]["digest"].GetString()) == modelled["branch"]["digest"].GetString());
  const auto flat = answer({"whatif", journal, "--from", std::to_string(middle), "--do", "flatten"});
  CHECK_FALSE(flat["branch"].HasMember("model"));
  CHECK(flat["branch"]["halted"].GetBool());

  // The venue's own day is made again too.
  const std::string digest = venue.stop();
  const auto venue_again = answer({"replay", venue_day});
  CHECK(std::string(venue_again["verdict"].GetString()) == "identical");
  CHECK(venue_again["digest"].GetString() == digest);
  CHECK(venue_again["by_type"]["clientMessage"].GetUint64() > 20);

  CHECK(run({"kill", journal}).exit_code == 2);  // it has ended

  for (const char* planted : {kKey, kSecret}) {
    CHECK_FALSE(stands_in_files(journal, planted));
    CHECK_FALSE(stands_in_files(venue_day, planted));
    CHECK(outcome.out.find(planted) == std::string::npos);
    CHECK(outcome.err.find(planted) == std::string::npos);
  }
}

TEST_CASE("a new release takes over a live run's account: its orders go, its position stays the strategy's") {
  const Keys keys;
  const Scratch scratch;
  const Exchange venue;
  const std::string profile = scratch.file("bot.yaml", kProfile);
  const std::string before = scratch.path("before"), after = scratch.path("after");
  const auto first = answer({"run", "--mode", "live", "--config", profile, "--url", venue.url, "--journal", before,
                             "--hours", kSomeSeconds, "--on-stop", "keep"});
  REQUIRE(first["open_orders"].GetUint64() > 0);
  const std::vector<std::string> line = {"run",   "--mode",  "live",      "--config", profile,
                                         "--url", venue.url, "--journal", after,      "--parent",
                                         before,  "--hours", kSomeSeconds};
  const Outcome outcome = run(line);
  INFO(shown(line, outcome));
  REQUIRE(outcome.exit_code == 0);
  CHECK(outcome.err.find("takes over run live-") != std::string::npos);
  CHECK(outcome.err.find("cancelled") != std::string::npos);
  const auto about = answer({"inspect", after});
  CHECK(std::string(about["parent_run_id"].GetString()) == answer({"inspect", before})["run_id"].GetString());
  CHECK(std::string(answer({"replay", after})["verdict"].GetString()) == "identical");
  // Only a new live run has one, at the same venue, of a live run that has ended.
  CHECK(run({"run", "--mode", "paper", "--config", profile, "--url", venue.url, "--journal", scratch.path("x"),
             "--parent", before})
            .exit_code == 2);
  const Exchange elsewhere;
  CHECK(run({"run", "--mode", "live", "--config", profile, "--url", elsewhere.url, "--journal", scratch.path("y"),
             "--parent", before, "--hours", kSomeSeconds})
            .exit_code == 1);
}

TEST_CASE("a live run that crashes leaves no core file, and shows no key in /proc") {
  const Exchange venue;
  const Keys keys;
  const Scratch scratch;
  const std::string profile = scratch.file("bot.yaml", kProfile);
  const std::string journal = scratch.path("live");
  const std::string program = std::string(REPRISE_PROGRAM);
  Options options;
  bool is_shown = false, was_looked_at = false, may_dump_nothing = false;
  options.interrupt = [&](pid_t pid) {
    usleep(200);  // leaves the core to the child; decides nothing
    if (!fs::exists(journal + "/TAIL")) return 0;
    auto numbers = reprise::journal::Tail::load(journal);
    if (!numbers.ok() || numbers->appended < 200) return 0;
    for (const char* file : {"cmdline", "environ"}) {
      const std::string shown = read_file("/proc/" + std::to_string(pid) + "/" + file);
      was_looked_at = was_looked_at || shown.find("reprise") != std::string::npos;
      is_shown = is_shown || shown.find(kKey) != std::string::npos || shown.find(kSecret) != std::string::npos;
    }
    const std::string limits = read_file("/proc/" + std::to_string(pid) + "/limits");
    const std::size_t line = limits.find("Max core file size");
    may_dump_nothing = line != std::string::npos && limits.substr(line, 30).find(" 0") != std::string::npos;
    return SIGABRT;
  };
  const Outcome outcome = run_program(
      "/bin/sh",
      {"-c", "ulimit -c unlimited; cd \"$1\"; shift; exec \"$@\"", "sh", scratch.path(""), program, "run", "--mode",
       "live", "--config", profile, "--url", venue.url, "--journal", journal, "--hours", kSomeSeconds},
      options);
  REQUIRE(outcome.signal == SIGABRT);
  CHECK(was_looked_at);
  CHECK_FALSE(is_shown);
  for (const char* planted : {kKey, kSecret}) {
    CHECK(outcome.out.find(planted) == std::string::npos);
    CHECK(outcome.err.find(planted) == std::string::npos);
  }
  CHECK(may_dump_nothing);
  for (const auto& entry : fs::directory_iterator(scratch.path("")))
    CHECK_FALSE(entry.path().filename().string().starts_with("core"));
}

TEST_CASE("the kill file halts a live run, takes its orders back and flattens its position") {
  const Exchange venue;
  const Keys keys;
  const Scratch scratch;
  const std::string profile = scratch.file("bot.yaml", kProfile);
  const std::string journal = scratch.path("live");
  const std::string kill_file = scratch.path("kill");
  Options options;
  bool is_there = false;
  options.interrupt = [&](pid_t) {  // as soon as orders are under way
    if (!is_there && fs::exists(journal + "/TAIL")) {
      auto numbers = reprise::journal::Tail::load(journal);
      if (numbers.ok() && numbers->appended > 200) {
        (void)scratch.file("kill", "");
        is_there = true;
      }
    }
    usleep(200);  // leaves the core to the child; decides nothing
    return 0;
  };
  const Outcome outcome = run({"run", "--mode", "live", "--config", profile, "--url", venue.url, "--journal", journal,
                               "--kill-file", kill_file, "--hours", kSomeSeconds, "--json"},
                              options);
  INFO(outcome.out << outcome.err);
  REQUIRE(outcome.exit_code == 0);
  REQUIRE(is_there);
  const Outcome states = run({"export", journal, "--type", "tradingState", "--format", "csv"});
  CHECK(states.out.find("halted") != std::string::npos);
  CHECK(json_of(outcome)["open_orders"].GetUint64() == 0);
  CHECK(std::string(answer({"replay", journal})["verdict"].GetString()) == "identical");
  const Outcome positions = run({"export", journal, "--type", "position", "--format", "jsonl"});
  const std::size_t last = positions.out.rfind("\"is_account_net\":true");
  if (last != std::string::npos) {
    const std::size_t line = positions.out.rfind('\n', last) + 1;
    CHECK(positions.out.find("\"qty\":\"0\"", line) < last);
  }
}

TEST_CASE("the kill-switch drill engages it on a live run of its own, over a restart too, and leaves its report") {
  const Scratch scratch;
  const std::string report = scratch.path("report.json");
  const Line line = {"drill", "kill-switch", "--case", "command", "--case", "restart", "--out", report};
  const auto drilled = answer(line);
  CHECK(drilled["cases"].Size() == 2);
  for (const auto& tried : drilled["cases"].GetArray()) {
    INFO(tried["case"].GetString() << ": " << tried["problem"].GetString());
    CHECK(tried["passed"].GetBool());
    CHECK(tried["flat_after_s"].GetDouble() > 0);
  }
  // A part of the drill is no drill.
  CHECK_FALSE(drilled["passed"].GetBool());
  CHECK(read_file(report).find("\"finished_at_ns\"") != std::string::npos);
  CHECK(run({"drill", "kill-switch", "--case", "fire"}).exit_code == 2);
}

TEST_CASE("a run does not begin while its kill file is there") {
  const Keys keys;
  const Scratch scratch;
  const std::string profile = scratch.file("bot.yaml", kProfile);
  (void)scratch.file("live.kill", "");
  const Outcome outcome = run(
      {"run", "--mode", "live", "--config", profile, "--url", "http://127.0.0.1:1", "--journal", scratch.path("live")});
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.err.find("kill switch is engaged") != std::string::npos);
}

TEST_CASE("what a live run must not do is refused before anything is sent") {
  const Keys keys;
  const Scratch scratch;
  const std::string profile = scratch.file("bot.yaml", kProfile);
  const std::vector<std::string> line = {"run",
                                         "--mode",
                                         "live",
                                         "--config",
                                         profile,
                                         "--url",
                                         "https://fapi.binance.com",
                                         "--journal",
                                         scratch.path("live")};
  const Outcome outcome = run(line);
  INFO(shown(line, outcome));
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.err.find("refused") != std::string::npos);
  CHECK_FALSE(fs::exists(scratch.path("live")));

  for (const char* mode : {"paper", "live"}) {
    const Outcome without = run({"run", "--mode", mode, "--config", profile, "--journal", scratch.path("x")});
    CHECK(without.exit_code == 2);
    CHECK(without.err.find("--url") != std::string::npos);
    const Outcome nobody = run(
        {"run", "--mode", mode, "--config", profile, "--url", "http://127.0.0.1:1", "--journal", scratch.path("x")});
    CHECK(nobody.exit_code == 2);
    CHECK_FALSE(fs::exists(scratch.path("x")));
  }
}

TEST_CASE("a live run does not begin on an account in hedge mode, and says what to do") {
  const Keys keys;
  const Exchange venue;
  const Scratch scratch;
  const std::string profile = scratch.file("bot.yaml", kProfile);
  REQUIRE(status_of(venue.url, "POST", "/fapi/v1/positionSide/dual", "dualSidePosition=true") == 200);
  const std::vector<std::string> line = {"run",       "--mode",  "live",      "--config",           profile,
                                         "--url",     venue.url, "--journal", scratch.path("live"), "--hours",
                                         kSomeSeconds};
  const Outcome outcome = run(line);
  INFO(shown(line, outcome));
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.err.find("the account is in hedge mode") != std::string::npos);
  CHECK(outcome.err.find("set it to one-way at the venue") != std::string::npos);
  CHECK_FALSE(fs::exists(scratch.path("live")));
}

TEST_CASE("a live run without keys says where they belong") {
  const Scratch scratch;
  const std::string profile = scratch.file("bot.yaml", kProfile);
  const Outcome outcome = run(
      {"run", "--mode", "live", "--config", profile, "--url", "http://127.0.0.1:1", "--journal", scratch.path("live")});
  CHECK(outcome.exit_code == 2);
  CHECK(outcome.err.find("REPRISE_API_KEY") != std::string::npos);
}
