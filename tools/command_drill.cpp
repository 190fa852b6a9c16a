// reprise drill kill-switch: every way into the kill switch, tried on a live run at an exchange of its own.
//
// Each case: an exchange and a run of this very program, a position and open orders, the switch, and what the run's
// journal says of it. The report is what a live run at a production venue asks for (gateway/run/preflight.h).
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/process.hpp>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>
#include <thread>

#include "gateway/net/http_client.h"
#include "tools/command.h"
#include "tools/followed_run.h"
#include "tools/journals.h"
#include "tools/json_output.h"
#include "tools/moment.h"
#include "tools/stop.h"
#include "tools/venue_run.h"

namespace reprise::tools {
namespace {

namespace fs = std::filesystem;
namespace process = boost::process;
using Clock = std::chrono::steady_clock;

constexpr const char* kKey = "drill-key";
constexpr const char* kSecret = "drill-secret";
constexpr const char* kToken = "drill-token-of-this-run";
constexpr auto kLongestWait = std::chrono::seconds(60);
constexpr const char* kProfile = R"(
account: {initial_balance: 1000, leverage: 5}
risk: {max_leverage: 3, max_drawdown: 0, daily_loss_fraction: 0, max_orders_per_second: 0, max_orders_per_minute: 0}
strategies:
  grid:
    kind: quoting_grid
    instruments: [BTCUSDT]
    params: {levels: 2, half_spread: 0.00002, spacing: 0.00002, requote_threshold: 0.00001, order_notional: 200,
             max_inventory: 1500, min_requote_interval: 200ms}
)";
// A crash in each minute: whatever the minute in which the exchange begins, one comes.
constexpr const char* kCrash = R"(
name: crash
about: ten percent down within ten seconds, in every minute
seed: 5
base: {generate: {seed: 5, length: 6m, symbols: 1}}
settings: {strategies.idle.kind: quoting_grid, strategies.idle.instruments: BTCUSDT, strategies.idle.enabled: false}
acts:
  - at: 20s
    repeat: {times: 6, every: 60s}
    crash: {by: -10 %, over: 10s, hold: 5s, recover: 95 %, recover_over: 15s}
expect:
  - always_conserved: true
)";

enum class Way { command, signal, http };
enum class Trouble { none, crash, restart, venue_down };
struct Case {
  const char* name;
  const char* about;
  Way way;
  Trouble trouble;
};
constexpr Case kCases[] = {
    {"command", "calm market, reprise kill", Way::command, Trouble::none},
    {"signal", "calm market, SIGUSR1", Way::signal, Trouble::none},
    {"http", "calm market, POST /kill", Way::http, Trouble::none},
    {"crash", "in the middle of a crash of 10 %", Way::signal, Trouble::crash},
    {"restart", "killed with SIGKILL right behind it, and taken up again", Way::signal, Trouble::restart},
    {"venue-down", "the venue answers nothing for 5 s", Way::signal, Trouble::venue_down},
};

struct Attempt {
  const Case* tried = nullptr;
  std::string problem;         // "" = as it has to be
  std::int64_t triggered = 0;  // ns UTC
  std::int64_t reachable = 0;  // when the venue, or the run, was there (again)
  KillTimes times;
};

class Drill final : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.text("ACTION", action_, "kill-switch").required().choices({"kill-switch"});
    arguments
        .text("--out", out_,
              "the report, JSON; what stood there is replaced (default: kill-switch-drill.json, of a whole drill)")
        .value("FILE");
    arguments.texts("--case", names_, "only these: command, signal, http, crash, restart, venue-down").value("NAME");
    arguments.text("--keep", keep_, "keep the journals here; must not exist").value("FOLDER");
    arguments.examples(
        "reprise drill kill-switch                # about a minute; exit code 1: the switch did not do what it has to\n"
        "reprise drill kill-switch --case http --out report.json\n"
        "Nothing leaves this machine: an exchange with a market of its own is started for it.");
  }

  Result<int> run(Terminal& terminal) override {
    std::vector<const Case*> wanted;
    for (const Case& c : kCases)
      if (names_.empty() || std::find(names_.begin(), names_.end(), c.name) != names_.end()) wanted.push_back(&c);
    for (const std::string& name : names_) {
      if (std::none_of(std::begin(kCases), std::end(kCases), [&](const Case& c) { return name == c.name; }))
        return usage_error("--case " + name + ": no such case", "command, signal, http, crash, restart, venue-down");
    }
    if (!keep_.empty()) {
      if (Status free = check_is_free("--keep", keep_); !free) return free.error();
    }
    place_ =
        keep_.empty() ? fs::temp_directory_path() / ("reprise-drill-" + std::to_string(::getpid())) : fs::path(keep_);
    std::error_code error;
    if (!fs::create_directories(place_, error)) return io_error(place_.string() + ": " + error.message());
    program_ = fs::read_symlink("/proc/self/exe", error).string();
    if (error) return io_error("where this program lies is not known: " + error.message());
    std::ofstream(place_ / "bot.yaml") << kProfile;
    std::ofstream(place_ / "crash.yaml") << kCrash;
    // Children find their keys where a run looks for them.
    unsetenv("REPRISE_PRIVATE_KEY_FILE");
    setenv("REPRISE_API_KEY", kKey, 1);
    setenv("REPRISE_API_SECRET", kSecret, 1);
    setenv("REPRISE_CONTROL_TOKEN", kToken, 1);
    setenv("REPRISE_ADMIN_TOKEN", kToken, 1);

    std::vector<Attempt> results;
    Progress progress(terminal, "drilling", "cases");
    for (const Case* c : wanted) {
      progress.update(results.size(), wanted.size());
      Attempt result;
      result.tried = c;
      result.problem = attempt(*c, result);
      results.push_back(std::move(result));
      if (stop_.load()) break;
    }
    progress.clear();
    const bool is_whole = names_.empty();
    const bool passed = !stop_.load() &&
                        std::all_of(results.begin(), results.end(), [](const Attempt& r) { return r.problem.empty(); });
    const std::string report = report_json(results, passed && is_whole);
    if (!passed) keep_ = place_.string();
    if (keep_.empty()) fs::remove_all(place_, error);
    if (stop_.load()) return io_error("interrupted");
    // A part of the drill is no drill: it does not take the place of the last whole one.
    if (out_.empty() && is_whole) out_ = kDrillReport;
    if (!out_.empty()) {
      std::ofstream file(out_, std::ios::trunc);
      if (!(file << report << "\n").flush()) return io_error("cannot write " + out_);
    }
    if (json) {
      terminal.line(report);
    } else {
      show(terminal, results, passed);
    }
    return passed ? kExitFine : kExitDiverged;
  }

 private:
  struct Child {
    process::child child;
    process::ipstream out;
    ~Child() {
      std::error_code ignored;
      if (!child.running(ignored)) return;
      ::kill(child.id(), SIGINT);
      if (!child.wait_for(std::chrono::seconds(20), ignored)) child.terminate(ignored);
    }
  };

  template <class... Arguments>
  std::unique_ptr<Child> start(const std::string& log, Arguments&&... arguments) const {
    auto made = std::make_unique<Child>();
    made->child = process::child(program_, std::forward<Arguments>(arguments)..., process::std_out > made->out,
                                 process::std_err > (place_ / log).string(), process::std_in < process::null);
    return made;
  }
  template <class Condition>
  bool wait(Condition&& is_so) const {
    const auto until = Clock::now() + kLongestWait;
    while (Clock::now() < until && !stop_.load()) {
      if (is_so()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return false;
  }
  static std::string member(const std::string& json_text, const std::string& name) {
    const std::size_t at = json_text.find("\"" + name + "\":");
    if (at == std::string::npos) return {};
    const std::size_t begin = at + name.size() + 3;
    const std::string rest = json_text.substr(begin);
    return rest[0] == '"' ? rest.substr(1, rest.find('"', 1) - 1) : rest.substr(0, rest.find_first_of(",}"));
  }

  static bool post(std::uint16_t port, const std::string& path, const std::string& body) {
    net::Loop loop;
    net::HttpClientOptions options;
    options.host = "127.0.0.1";
    options.port = port;
    auto client = net::make_http_client(loop, std::move(options));
    if (!client) return false;
    net::Request request;
    request.method = "POST";
    request.path = path;
    request.body = body;
    request.headers.add("Authorization", std::string("Bearer ") + kToken);
    std::optional<net::HttpResult> result;
    (*client)->send(std::move(request), std::chrono::seconds(5), [&](net::HttpResult r) { result = std::move(r); });
    while (!result) loop.turn(std::chrono::milliseconds(5));
    return result->fate == net::Fate::answered && result->response.status == 200;
  }

  // What was wrong; "" = nothing.
  std::string attempt(const Case& c, Attempt& result) {
    const fs::path folder = place_ / c.name;
    const std::string journal = (folder / "live").string();
    fs::create_directories(folder);
    std::vector<std::string> market = {"--generate", "7", "--symbols", "1"};
    if (c.trouble == Trouble::crash) {
      const auto made = start("crash.log", "scenario", "run", (place_ / "crash.yaml").string(), "--keep",
                              (folder / "market").string());
      std::error_code ignored;
      made->child.wait(ignored);
      if (made->child.exit_code() != 0) return "the crash could not be made";
      market = {"--data", (folder / "market" / "crash").string()};
    }
    std::vector<std::string> line = {"exchange",
                                     "--listen",
                                     "127.0.0.1:0",
                                     "--admin",
                                     "127.0.0.1:0",
                                     "--account",
                                     std::string(kKey) + ":" + kSecret + ":1000",
                                     "--json"};
    line.insert(line.end(), market.begin(), market.end());
    const auto exchange = start(std::string(c.name) + "-exchange.log", process::args(line));
    std::string told;
    if (!std::getline(exchange->out, told)) return "the exchange did not begin";
    const std::string url = "http://" + member(told, "listening");
    const auto admin = static_cast<std::uint16_t>(std::atoi(member(told, "admin_port").c_str()));

    std::vector<std::string> run_line = {
        "run",       "--mode", "live",      "--config",   (place_ / "bot.yaml").string(), "--url", url,
        "--journal", journal,  "--control", "127.0.0.1:0"};
    auto bot = start(std::string(c.name) + "-run.log", process::args(run_line));
    if (!std::getline(bot->out, told)) return "the run did not begin";
    const std::string_view kBefore = "control at port ";
    const std::size_t at = told.find(kBefore);
    const auto control =
        static_cast<std::uint16_t>(at == std::string::npos ? 0 : std::atoi(told.c_str() + at + kBefore.size()));

    std::optional<FollowedRun> run;
    const auto sees = [&](auto&& condition) {
      return wait([&] {
        if (!run) {
          auto opened = FollowedRun::open(journal);
          if (!opened) return false;
          run.emplace(std::move(*opened));
        }
        return run->refresh().ok() && condition();
      });
    };
    if (!sees([&] { return run->has_position() && run->open_orders() != 0 && is_time_for(c); }))
      return "the run came to no position with open orders";
    if (c.trouble == Trouble::venue_down && !post(admin, "/faults", R"({"fault":"lost_request","seconds":5})"))
      return "the exchange takes no fault";

    result.triggered = result.reachable = wall_clock_ns();
    if (c.trouble == Trouble::venue_down) result.reachable += 5'000'000'000;
    std::unique_ptr<Child> command;
    switch (c.way) {
      case Way::signal: ::kill(bot->child.id(), SIGUSR1); break;
      case Way::http:
        if (!post(control, "/kill", "")) return "the control port did not take the call";
        break;
      case Way::command: command = start("kill.log", "kill", journal, "--json"); break;
    }
    if (c.trouble == Trouble::restart) {
      if (!wait([&] { return journal_has_kill(journal); })) return "the switch was not engaged";
      ::kill(bot->child.id(), SIGKILL);
      std::error_code ignored;
      bot->child.wait(ignored);
      run.reset();
      run_line.push_back("--resume");
      bot = start(std::string(c.name) + "-resumed.log", process::args(run_line));
      result.reachable = wall_clock_ns();
    }
    const bool is_done = sees([&] { return run->is_done(); });
    if (!run) return "the journal cannot be read";
    result.times = run->times();
    if (!run->is_killed()) return "the switch was not engaged";
    if (!is_done) return "not all was closed within a minute";
    // Nothing new is sent afterwards.
    const auto quiet_until = Clock::now() + std::chrono::seconds(2);
    (void)sees([&] { return Clock::now() > quiet_until || !run->is_done(); });
    if (!run->is_done() || run->opened_behind() != 0) return "something was opened behind the switch";
    if (command != nullptr) {
      std::error_code ignored;
      command->child.wait(ignored);
      if (command->child.exit_code() != 0) return "reprise kill did not say that nothing is open";
    }
    result.times = run->times();
    if (c.trouble == Trouble::venue_down && result.times.flat < result.reachable)
      return "the venue was meant to be silent, and something was closed there: the case tested nothing";
    return {};
  }

  static bool journal_has_kill(const std::string& journal) {
    auto run = FollowedRun::open(journal);
    return run.ok() && run->is_killed();
  }

  // In a crash: while the price falls.
  static bool is_time_for(const Case& c) {
    if (c.trouble != Trouble::crash) return true;
    const std::int64_t second = wall_clock_ns() / 1'000'000'000 % 60;
    return second >= 23 && second < 30;
  }

  static double seconds_between(std::int64_t from, std::int64_t to) { return static_cast<double>(to - from) * 1e-9; }

  std::string report_json(const std::vector<Attempt>& results, bool passed) const {
    Json out;
    out.begin_object();
    out.field("drill", "kill-switch").field("passed", passed).field("whole", names_.empty());
    out.field("finished_at", time_text(wall_clock_ns())).field("finished_at_ns", wall_clock_ns());
    out.key("cases").begin_array();
    for (const Attempt& r : results) {
      out.begin_object();
      out.field("case", r.tried->name).field("about", r.tried->about);
      out.field("passed", r.problem.empty()).field("problem", r.problem);
      if (r.times.engaged != 0) {
        out.field("engaged_after_s", seconds_between(r.triggered, r.times.engaged));
        if (r.times.last_cancel_sent != 0)
          out.field("last_cancel_sent_after_s", seconds_between(r.triggered, r.times.last_cancel_sent));
        if (r.times.last_cancel_done != 0)
          out.field("last_cancel_confirmed_after_s", seconds_between(r.triggered, r.times.last_cancel_done));
        if (r.times.flat != 0) out.field("flat_after_s", seconds_between(r.triggered, r.times.flat));
        if (r.reachable != r.triggered && r.times.flat != 0)
          out.field("flat_after_recovery_s", seconds_between(r.reachable, r.times.flat));
      }
      out.end_object();
    }
    out.end_array().end_object();
    return out.text();
  }

  void show(Terminal& terminal, const std::vector<Attempt>& results, bool passed) const {
    Table table;
    table.column("case");
    for (const char* name : {"engaged", "last cancel sent", "confirmed", "flat", "behind recovery"})
      table.column(name, Table::Align::right);
    for (const Attempt& r : results) {
      const auto after = [&](std::int64_t from, std::int64_t to) {
        return to == 0 || r.times.engaged == 0 ? std::string("-") : seconds_text(seconds_between(from, to));
      };
      table.row({r.tried->name, after(r.triggered, r.times.engaged), after(r.triggered, r.times.last_cancel_sent),
                 after(r.triggered, r.times.last_cancel_done), after(r.triggered, r.times.flat),
                 r.reachable == r.triggered ? "-" : after(r.reachable, r.times.flat)});
    }
    terminal.write(table.text(terminal.width()));
    terminal.line();
    for (const Attempt& r : results)
      if (!r.problem.empty()) terminal.line(terminal.paint(Colour::bad, r.tried->name) + ": " + r.problem);
    terminal.line((passed ? terminal.paint(Colour::good, "passed") : terminal.paint(Colour::bad, "failed")) +
                  ", times since the trigger" + (out_.empty() ? "" : "; report in " + out_) +
                  (keep_.empty() ? "" : ", journals in " + keep_));
  }

  std::string action_, out_, keep_;
  std::vector<std::string> names_;
  fs::path place_;
  std::string program_;
  const std::atomic<bool>& stop_ = stop_on_signals();
};

}  // namespace

std::unique_ptr<Command> make_drill() {
  return std::make_unique<Drill>();
}

}  // namespace reprise::tools
