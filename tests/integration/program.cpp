#include "tests/integration/program.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>

#include "tests/support/catch.h"

namespace reprise::integration {

namespace fs = std::filesystem;

Scratch::Scratch() {
  std::string pattern = (fs::temp_directory_path() / "reprise-test-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary directory");
  root_ = pattern;
}

Scratch::~Scratch() {
  std::error_code ignored;
  fs::recursive_directory_iterator it(root_, ignored), end;
  for (; !ignored && it != end; it.increment(ignored)) {
    std::error_code no_matter;
    if (it->is_directory(no_matter))
      fs::permissions(it->path(), fs::perms::owner_all, fs::perm_options::add, no_matter);
  }
  fs::remove_all(root_, ignored);
}

std::string Scratch::file(const std::string& name, const std::string& content) const {
  const std::string target = path(name);
  std::ofstream(target, std::ios::binary) << content;
  return target;
}

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

Outcome run_program(const std::string& program, const std::vector<std::string>& arguments, const Options& options) {
  const Scratch scratch;
  const std::string out_path = scratch.path("out");
  const std::string err_path = scratch.path("err");
  std::vector<char*> argv;
  argv.push_back(const_cast<char*>(program.c_str()));
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);

  const pid_t child = fork();
  if (child == 0) {
    const int in = open("/dev/null", O_RDONLY);
    const int out = open(out_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    const int err = open(err_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    execv(program.c_str(), argv.data());
    _exit(127);
  }
  if (child < 0) throw std::runtime_error("fork failed");

  int status = 0;
  bool interrupted = false;
  while (true) {
    const bool watching = options.interrupt && !interrupted;
    const pid_t ended = waitpid(child, &status, watching ? WNOHANG : 0);
    if (ended == child) break;
    if (!watching) continue;
    if (const int signal = options.interrupt(child); signal != 0) {
      kill(child, signal);
      interrupted = true;
    }
  }
  Outcome outcome;
  if (WIFEXITED(status)) {
    outcome.exit_code = WEXITSTATUS(status);
  } else {
    outcome.signal = WTERMSIG(status);
  }
  outcome.out = read_file(out_path);
  outcome.err = read_file(err_path);
  return outcome;
}

Outcome run(const std::vector<std::string>& arguments, const Options& options) {
  return run_program(REPRISE_PROGRAM, arguments, options);
}

std::string shown(const std::vector<std::string>& arguments, const Outcome& outcome) {
  std::string text = "reprise";
  for (const auto& argument : arguments) text += " " + argument;
  text += "\nexit code " + std::to_string(outcome.exit_code) + ", signal " + std::to_string(outcome.signal);
  text += "\nout: " + outcome.out.substr(0, 4000) + "\nerr: " + outcome.err.substr(0, 4000);
  return text;
}

rapidjson::Document json_of(const Outcome& outcome) {
  INFO("out: " << outcome.out << "\nerr: " << outcome.err);
  rapidjson::Document document;
  document.Parse(outcome.out.data(), outcome.out.size());  // fails when anything stands behind the object
  REQUIRE_FALSE(document.HasParseError());
  REQUIRE(document.IsObject());
  return document;
}

rapidjson::Document answer(const std::vector<std::string>& arguments, int exit_code) {
  std::vector<std::string> line = arguments;
  line.push_back("--json");
  const Outcome outcome = run(line);
  INFO(shown(line, outcome));
  REQUIRE(outcome.exit_code == exit_code);
  return json_of(outcome);
}

std::string source_path(const std::string& relative) {
  return std::string(REPRISE_SOURCE_DIR) + "/" + relative;
}

std::optional<std::string> recorded_data(const std::string& relative) {
  const char* given = std::getenv("REPRISE_DATA");
  const std::string path = (given != nullptr ? std::string(given) : source_path("../shared/data")) + "/" + relative;
  if (fs::exists(path)) return path;
  std::cout << "left out: recorded market data " << relative << " is not here (set REPRISE_DATA)\n";
  return std::nullopt;
}

void copy_journal(const std::string& from, const std::string& to) {
  fs::copy(from, to, fs::copy_options::recursive);
}

const SmallDay& small_day() {
  static const Scratch scratch;
  static const SmallDay day = [] {
    SmallDay made;
    made.dataset = scratch.path("day");
    const std::vector<std::string> arguments = {"generate",  "--seed", "7",     "--hours",   "0.1",
                                                "--symbols", "2",      "--out", made.dataset};
    const Outcome outcome = run(arguments);
    INFO(shown(arguments, outcome));
    REQUIRE(outcome.exit_code == 0);
    made.profile = source_path("config/examples/demo.yaml");
    return made;
  }();
  return day;
}

std::vector<std::string> backtest(const std::string& profile, const std::string& dataset, const std::string& journal,
                                  const std::vector<std::string>& more) {
  std::vector<std::string> arguments = {"run",    "--mode", "backtest",  "--config", profile,
                                        "--data", dataset,  "--journal", journal};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

const TradedDay& traded_day(std::uint64_t snapshot_every) {
  static const Scratch scratch;
  static std::map<std::uint64_t, TradedDay> made;
  TradedDay& day = made[snapshot_every];
  if (!day.journal.empty()) return day;
  const std::string every = std::to_string(snapshot_every);
  const std::string journal = scratch.path("every-" + every);
  const auto run = answer(backtest(small_day().profile, small_day().dataset, journal, {"--snapshot-every", every}));
  day = {journal, run["records"].GetUint64(), run["digest"].GetString()};
  return day;
}

std::vector<std::string> settings_to_liquidation() {
  std::vector<std::string> settings;
  for (const char* set :
       {"account.initial_balance=50", "account.leverage=125", "risk.min_equity=0", "risk.max_leverage=0",
        "risk.max_drawdown=0", "risk.daily_loss_fraction=0", "risk.max_order_notional=0",
        "sizing.max_notional_fraction=120", "sizing.risk_fraction=1", "strategies.eth_grid.enabled=false",
        "strategies.trend.params.protective_stop=false", "strategies.trend.params.exit_on_cross=false",
        "strategies.trend.params.min_stop=0.009", "fees.taker_rate=0.004"}) {
    settings.push_back("--set");
    settings.push_back(set);
  }
  return settings;
}

}  // namespace reprise::integration
