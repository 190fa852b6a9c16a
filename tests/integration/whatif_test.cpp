// Branches of a recorded run: the parent again where nothing is changed, a run of their own where something is.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "tests/integration/program.h"
#include "tests/support/catch.h"

using namespace reprise::integration;

namespace {

using Line = std::vector<std::string>;

bool nightly() {
  return std::getenv("REPRISE_NIGHTLY") != nullptr;
}

const TradedDay& whatif_parent() {
  return traded_day(20'000);
}

std::string seq_text(std::uint64_t number) {
  return std::to_string(number);
}

// An account that is liquidated: all of it at risk in one position, no stop.
const std::string& liquidated_run() {
  static const Scratch scratch;
  static const std::string journal = [] {
    answer({"generate", "--seed", "7", "--hours", "0.5", "--symbols", "2", "--out", scratch.path("hour")});
    answer(backtest(source_path("config/examples/demo.yaml"), scratch.path("hour"), scratch.path("run"),
                    settings_to_liquidation()));
    return scratch.path("run");
  }();
  return journal;
}

}  // namespace

TEST_CASE("a branch with nothing changed is its parent byte for byte, wherever it begins") {
  const std::uint64_t points = nightly() ? 1'000 : 40;
  const std::uint64_t every = std::max<std::uint64_t>(1, whatif_parent().records / points);
  const auto branches = answer({"whatif", whatif_parent().journal, "--from", "1", "--at-every", seq_text(every)});
  CHECK(branches["branches"].Size() >= points);
  for (const auto& branch : branches["branches"].GetArray()) {
    INFO("behind record " << branch["behind"].GetUint64());
    CHECK(std::string(branch["digest"].GetString()) == whatif_parent().digest);
    CHECK(branch["comparability"]["first_difference"].GetUint64() == 0);
    CHECK(std::string(branch["difference"].GetString()) == "0");
  }
  WARN(branches["branches"].Size() << " branch points identical");
}

TEST_CASE("the same on a real capture") {
  const auto capture = recorded_data("hbt/usdm_ethusdt_20240808.gz");
  if (!capture) return;
  const Scratch scratch;
  answer({"import", *capture, "--out", scratch.path("dataset")});
  const auto run = answer(backtest(source_path("config/examples/eth-capture.yaml"), scratch.path("dataset"),
                                   scratch.path("run"), {"--snapshot-every", "5000"}));
  const std::string every = seq_text(run["records"].GetUint64() / (nightly() ? 1'000 : 25));
  const auto branches = answer({"whatif", scratch.path("run"), "--from", "1", "--at-every", every});
  std::set<std::string> digests;
  for (const auto& branch : branches["branches"].GetArray()) digests.insert(branch["digest"].GetString());
  CHECK(digests == std::set<std::string>{run["digest"].GetString()});
  WARN(branches["branches"].Size() << " branch points identical");
}

TEST_CASE(
    "a branch is a journal of its own: it names its parent, verifies, replays identical and can be branched again") {
  const Scratch scratch;
  const std::string branch = scratch.path("branch");
  const std::uint64_t from = whatif_parent().records / 2;
  const auto made = answer({"whatif", whatif_parent().journal, "--from", seq_text(from), "--do", "flatten", "--set",
                            "fees.taker_rate=0.001", "--out", branch});
  const std::uint64_t behind = made["branch"]["behind"].GetUint64();
  CHECK(behind >= from);
  CHECK(std::string(made["branch"]["digest"].GetString()) != whatif_parent().digest);

  const auto overview = answer({"inspect", branch});
  const auto of_parent = answer({"inspect", whatif_parent().journal});
  CHECK(std::string(overview["parent_run_id"].GetString()) == of_parent["run_id"].GetString());
  CHECK(overview["branch_seq"].GetUint64() == behind);
  CHECK(overview["first_seq"].GetUint64() == behind + 1);
  CHECK(overview["journal_bytes"].GetUint64() < of_parent["journal_bytes"].GetUint64());  // the past is not copied

  CHECK(std::string(answer({"verify", branch})["verdict"].GetString()) == "clean");
  const auto replayed = answer({"replay", branch});
  CHECK(std::string(replayed["verdict"].GetString()) == "identical");
  CHECK(std::string(replayed["digest"].GetString()) == made["branch"]["digest"].GetString());
  CHECK(replayed["begun_behind"].GetUint64() == behind);

  // Its own branch with nothing changed is the branch.
  const std::uint64_t later = behind + (whatif_parent().records - behind) / 2;
  const auto again = answer({"whatif", branch, "--from", seq_text(later)});
  CHECK(std::string(again["branch"]["digest"].GetString()) == made["branch"]["digest"].GetString());

  // The report of a branch is of the whole run, and diff compares it with its parent from the first record on.
  const auto report = answer({"report", branch});
  CHECK(std::string(report["net_profit"].GetString()) == made["branch"]["net_profit"].GetString());
  const auto diff = answer({"diff", whatif_parent().journal, branch}, 1);
  CHECK(std::string(diff["difference"].GetString()) == made["branch"]["difference"].GetString());
  CHECK(diff["first_divergence"]["seq"].GetUint64() == behind + 2);  // the new configuration is no difference
}

TEST_CASE("a branch says where it parts from its parent and where its own orders begin") {
  const auto halt =
      answer({"whatif", whatif_parent().journal, "--from", seq_text(whatif_parent().records / 3), "--do", "flatten"});
  const auto& told = halt["branch"]["comparability"];
  CHECK(told["first_difference"].GetUint64() == halt["behind"].GetUint64() + 1);
  CHECK(std::string(told["type"].GetString()) == "operatorCommand");
  CHECK(std::string(told["models"].GetString()).find("queue") != std::string::npos);

  // A setting that decides nothing from there on parts from the parent, but never sends an order of its own.
  const auto same = answer({"whatif", whatif_parent().journal, "--from", seq_text(whatif_parent().records - 20),
                            "--set", "risk.max_open_orders=49"});
  CHECK(same["branch"]["comparability"]["first_difference"].GetUint64() != 0);
  CHECK(same["branch"]["comparability"]["first_own_order"].GetUint64() == 0);
}

TEST_CASE("a sweep is its branches one by one, whatever the number of threads") {
  const std::string from = seq_text(whatif_parent().records / 2);
  const Line sweep = {
      "whatif",  whatif_parent().journal, "--from", from, "--sweep", "fees.taker_rate=0.0001..0.0007:0.0003",
      "--sweep", "risk.max_leverage=1,3"};
  Line one_thread = sweep;
  one_thread.insert(one_thread.end(), {"--jobs", "1"});
  Line three_threads = sweep;
  three_threads.insert(three_threads.end(), {"--jobs", "3"});
  const auto a = answer(one_thread);
  const auto b = answer(three_threads);
  REQUIRE(a["branches"].Size() == 6);
  REQUIRE(b["branches"].Size() == 6);
  std::set<std::string> digests;
  for (rapidjson::SizeType n = 0; n < 6; ++n) {
    CHECK(std::string(a["branches"][n]["digest"].GetString()) == b["branches"][n]["digest"].GetString());
    digests.insert(a["branches"][n]["digest"].GetString());
  }
  CHECK(digests.size() == 6);  // each has its Configuration record
  const auto& last = a["branches"][5];
  CHECK(std::string(last["settings"][0].GetString()) == "fees.taker_rate=0.0007");
  CHECK(std::string(last["settings"][1].GetString()) == "risk.max_leverage=3");
  const auto alone = answer({"whatif", whatif_parent().journal, "--from", from, "--set", "fees.taker_rate=0.0007",
                             "--set", "risk.max_leverage=3"});
  CHECK(std::string(alone["branch"]["digest"].GetString()) == last["digest"].GetString());
}

TEST_CASE("the last chance to save an account is checked by branching just before and just after it") {
  for (const std::string act : {"flatten", "halve", "halt"}) {
    INFO(act);
    const auto found = answer({"whatif", liquidated_run(), "--last-chance", act});
    CHECK(found["was_liquidated"].GetBool());
    REQUIRE(found["can_be_saved"].GetBool());
    const std::uint64_t saved = found["last_that_saves"]["behind"].GetUint64();
    const std::uint64_t lost = found["next_step"]["behind"].GetUint64();
    CHECK(saved < lost);
    CHECK(lost <= found["liquidation_seq"].GetUint64() + 16);
    CHECK(std::string(found["last_that_saves"]["equity"].GetString())[0] != '-');
    const auto before = answer({"whatif", liquidated_run(), "--from", seq_text(saved), "--do", act});
    CHECK(before["branch"]["behind"].GetUint64() == saved);
    CHECK(before["branch"]["liquidated_at_seq"].GetUint64() == 0);
    // The very next step of the engine.
    const auto after = answer({"whatif", liquidated_run(), "--from", seq_text(saved + 1), "--do", act});
    CHECK(after["branch"]["behind"].GetUint64() == lost);
    const bool ends_badly = after["branch"]["liquidated_at_seq"].GetUint64() != 0 ||
                            std::string(after["branch"]["equity"].GetString())[0] == '-';
    CHECK((ends_badly || lost >= found["liquidation_seq"].GetUint64()));
  }
  const auto never = answer({"whatif", liquidated_run(), "--last-chance", "cancel-all"});
  CHECK_FALSE(never["can_be_saved"].GetBool());
  CHECK_FALSE(answer({"whatif", whatif_parent().journal, "--last-chance", "flatten"})["was_liquidated"].GetBool());
}

TEST_CASE("half of every position is closed, once, and trading goes on") {
  const auto positions = [](const std::string& journal, std::uint64_t seq) {
    std::vector<double> found;
    const auto state = answer({"inspect", journal, "--at", seq_text(seq)});
    for (const auto& net : state["state"]["portfolio"]["net_positions"].GetArray())
      found.push_back(std::atof(net["position"]["qty"].GetString()));
    return found;
  };
  const auto run = answer({"whatif", liquidated_run(), "--last-chance", "halve"});
  const std::uint64_t at = run["last_that_saves"]["behind"].GetUint64();
  const Scratch scratch;
  const auto branch =
      answer({"whatif", liquidated_run(), "--from", seq_text(at), "--do", "halve", "--out", scratch.path("branch")});
  CHECK_FALSE(branch["branch"]["halted"].GetBool());
  const auto before = positions(liquidated_run(), at);
  const auto after = positions(scratch.path("branch"), at + 200);
  REQUIRE(before.size() == after.size());
  for (std::size_t n = 0; n < before.size(); ++n) CHECK(after[n] == Approx(before[n] / 2).margin(0.002));
}

TEST_CASE("what cannot be branched is said, with the next step") {
  const Scratch scratch;
  const auto refused = [](const Line& line, const std::string& words) {
    const Outcome outcome = run(line);
    INFO(shown(line, outcome));
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.err.find(words) != std::string::npos);
  };
  refused({"whatif", small_day().dataset, "--from", "10"}, "is a dataset");
  refused({"whatif", whatif_parent().journal}, "--from is missing");
  refused({"whatif", whatif_parent().journal, "--from", "99999999"}, "it holds 1 to");
  refused({"whatif", whatif_parent().journal, "--from", "500", "--do", "panic"}, "one of flatten");
  refused({"whatif", whatif_parent().journal, "--from", "500", "--set", "risk.max_levrage=2"}, "did you mean");
  refused({"whatif", whatif_parent().journal, "--from", "500", "--sweep", "risk.max_leverage=3..1:1"},
          "lead from A to B");
  refused({"whatif", whatif_parent().journal, "--from", "500", "--sweep", "risk.max_leverage"}, "is not a sweep");
  refused({"whatif", whatif_parent().journal, "--from", "500", "--out", whatif_parent().journal}, "exists");
  refused({"whatif", whatif_parent().journal, "--from", "500", "--until", "400"}, "is not behind");
}

TEST_CASE("a branch that ends early is held against the same span of its parent") {
  const std::string from = seq_text(whatif_parent().records / 2);
  const std::string until = seq_text(whatif_parent().records / 2 + 3'000);
  const auto branch = answer({"whatif", whatif_parent().journal, "--from", from, "--until", until});
  CHECK(branch["branch"]["comparability"]["first_difference"].GetUint64() == 0);
  CHECK(std::string(branch["branch"]["net_profit"].GetString()) == branch["parent_figures"]["net_profit"].GetString());
  CHECK(std::string(branch["branch"]["max_drawdown"].GetString()) ==
        branch["parent_figures"]["max_drawdown"].GetString());
}

TEST_CASE("a setting that is settled when a run begins is refused, and nothing is left in the way") {
  const Scratch scratch;
  const std::string out = scratch.path("branch");
  for (const std::string setting : {"account.leverage=2", "run.seed=9", "strategies.trend.instruments=ETHUSDT"}) {
    const Line line = {"whatif", whatif_parent().journal, "--from", "500", "--set", setting, "--out", out};
    const Outcome outcome = run(line);
    INFO(shown(line, outcome));
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.err.find("reprise run --set") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(out));
  }
}

TEST_CASE("a damaged parent is never passed over in a report or a comparison of its branch") {
  const Scratch scratch;
  const std::string damaged = scratch.path("run");
  copy_journal(whatif_parent().journal, damaged);
  const std::string branch = scratch.path("branch");
  answer({"whatif", damaged, "--from", seq_text(whatif_parent().records - 500), "--out", branch});
  std::filesystem::path largest;
  for (const auto& entry : std::filesystem::directory_iterator(damaged)) {
    if (entry.path().extension() != ".sst") continue;
    if (largest.empty() || entry.file_size() > std::filesystem::file_size(largest)) largest = entry.path();
  }
  std::fstream file(largest, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(std::filesystem::file_size(largest) / 2));
  file.write("\x5a\xa5\x5a\xa5", 4);
  file.close();
  CHECK(run({"report", branch}).exit_code == 3);
  CHECK(run({"diff", branch, branch}).exit_code == 3);
}
