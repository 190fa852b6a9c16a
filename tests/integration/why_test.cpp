// why, why-not and the field watch on a real run: an entry, a stop, a rejection, a denial, a liquidation, ten fields, a
// quiet moment; every number that names a record is found in it.
#include <algorithm>
#include <set>

#include "tests/integration/program.h"
#include "tests/support/catch.h"

using namespace reprise::integration;

namespace {

using Line = std::vector<std::string>;

// An hour of two instruments under the demo profile: trends, a grid, stops, refusals.
const std::string& hour() {
  static const Scratch scratch;
  static const std::string dataset = [] {
    const std::string made = scratch.path("hour");
    answer({"generate", "--seed", "7", "--hours", "0.5", "--symbols", "2", "--out", made});
    return made;
  }();
  return dataset;
}

const std::string& traded_hour() {
  static const Scratch scratch;
  static const std::string journal = [] {
    const std::string made = scratch.path("run");
    answer(backtest(source_path("config/examples/demo.yaml"), hour(), made));
    return made;
  }();
  return journal;
}

std::vector<rapidjson::Document> records(const std::string& journal, const std::string& type) {
  const Outcome outcome = run({"export", journal, "--type", type, "--format", "jsonl"});
  REQUIRE(outcome.exit_code == 0);
  std::vector<rapidjson::Document> found;
  std::size_t at = 0;
  while (at < outcome.out.size()) {
    const std::size_t end = outcome.out.find('\n', at);
    rapidjson::Document document;
    document.Parse(outcome.out.data() + at, end - at);
    REQUIRE_FALSE(document.HasParseError());
    found.push_back(std::move(document));
    at = end + 1;
  }
  return found;
}

std::string seq_text(const rapidjson::Value& record) {
  return std::to_string(record["seq"].GetUint64());
}

// The order command behind a signal of this kind; "" = none.
std::string order_of_signal(const std::string& journal, const std::string& kind, bool with_reference) {
  for (const auto& signal : records(journal, "signal")) {
    const auto& body = signal["body"];
    if (kind != body["kind"].GetString()) continue;
    if (with_reference != (std::string(body["reference_price"].GetString()) != "0")) continue;
    const auto tree = answer({"why", journal, seq_text(signal), "--forward"});
    for (const auto& effect : tree["effects"].GetArray()) {
      if (std::string(effect["type"].GetString()) == "orderCommand") return seq_text(effect);
    }
  }
  return "";
}

std::vector<std::string> types_of(const rapidjson::Document& why) {
  std::vector<std::string> types;
  for (const auto& step : why["steps"].GetArray()) types.push_back(step["type"].GetString());
  return types;
}

const rapidjson::Value* step_of(const rapidjson::Document& why, const std::string& type) {
  for (const auto& step : why["steps"].GetArray())
    if (type == step["type"].GetString()) return &step;
  return nullptr;
}

bool is_input_at_the_end(const rapidjson::Document& why) {
  const auto& steps = why["steps"].GetArray();
  return steps.Size() > 0 && steps[steps.Size() - 1]["is_input"].GetBool();
}

const rapidjson::Value* figure(const rapidjson::Value& figures, const std::string& name) {
  for (const auto& each : figures.GetArray())
    if (std::string(each["name"].GetString()).find(name) != std::string::npos) return &each;
  return nullptr;
}

}  // namespace

TEST_CASE("why of an entry goes from the order over risk, sizing and signal to the market, each number in a record") {
  const std::string& journal = traded_hour();
  const std::string order = order_of_signal(journal, "enterShort", true);
  REQUIRE_FALSE(order.empty());
  const auto why = answer({"why", journal, order});
  const std::vector<std::string> types = types_of(why);
  REQUIRE(types.size() >= 5);
  CHECK(types[0] == "orderCommand");
  CHECK(types[1] == "riskDecision");
  CHECK(types[2] == "sizing");
  CHECK(types[3] == "signal");
  CHECK(types[4] == "bar");
  CHECK(is_input_at_the_end(why));
  const auto& signal = *step_of(why, "signal");
  for (const auto& condition : signal["figures"].GetArray()) {
    INFO(condition["name"].GetString());
    CHECK(condition["met"].GetBool());
  }
  // The figures name records that hold them.
  const auto* averages = figure(signal["figures"], "fast EMA");
  REQUIRE(averages != nullptr);
  for (const char* side : {"value", "bound"}) {
    const std::uint64_t seq = (*averages)[(std::string(side) + "_seq").c_str()].GetUint64();
    const auto feature = answer({"why", journal, std::to_string(seq)});
    CHECK(std::string(feature["steps"][0]["body"]["value"].GetString()) == (*averages)[side].GetString());
  }
  CHECK(figure((*step_of(why, "sizing"))["figures"], "limited by") != nullptr);
  const auto& decision = *step_of(why, "riskDecision");
  CHECK(decision["figures"].Size() == decision["body"]["checks"].Size());
  CHECK(decision["figures"].Size() > 8);
  CHECK(std::string(why["order"]["status"].GetString()) == "filled");
  CHECK(figure(why["order"]["figures"], "to the venue") != nullptr);
  // By a client order id that ends in the order's number, and as text and graph.
  CHECK(answer({"why", journal, "x-tag-" + order})["seq"].GetUint64() == why["seq"].GetUint64());
  const Outcome text = run({"why", journal, order});
  CHECK(text.exit_code == 0);
  CHECK(text.out.find("enter short") != std::string::npos);
  const Outcome graph = run({"why", journal, order, "--dot"});
  CHECK(graph.out.rfind("digraph", 0) == 0);
  CHECK(std::count(graph.out.begin(), graph.out.end(), '{') == std::count(graph.out.begin(), graph.out.end(), '}'));
}

TEST_CASE("why --forward of an entry ends in fills, fees and a profit that adds up") {
  const std::string& journal = traded_hour();
  const std::string order = order_of_signal(journal, "enterShort", true);
  const auto why = answer({"why", journal, order, "--forward"});
  std::set<std::string> types;
  for (const auto& effect : why["effects"].GetArray()) types.insert(effect["type"].GetString());
  for (const char* type : {"orderCommand", "orderState", "orderReport", "fill", "position"})
    CHECK(types.count(type) == 1);
  const auto& outcome = why["outcome"];
  CHECK(std::string(outcome["opened"].GetString()) != "0");
  CHECK(std::string(outcome["commission"].GetString()) != "0");
  CHECK(outcome["closings"].Size() > 0);
}

TEST_CASE("why of a stop tells the price that hit it and the record that set it") {
  const std::string& journal = traded_hour();
  const std::string order = order_of_signal(journal, "stop", true);
  REQUIRE_FALSE(order.empty());
  const auto why = answer({"why", journal, order});
  const auto* signal = step_of(why, "signal");
  REQUIRE(signal != nullptr);
  const auto* hit = figure((*signal)["figures"], "the stop");
  REQUIRE(hit != nullptr);
  CHECK((*hit)["met"].GetBool());
  CHECK(std::string((*hit)["value"].GetString()) == (*signal)["body"]["reference_price"].GetString());
  const auto* set_by = figure((*signal)["figures"], "stop as");
  REQUIRE(set_by != nullptr);
  CHECK((*set_by)["value_seq"].GetUint64() < (*signal)["seq"].GetUint64());
  CHECK(is_input_at_the_end(why));
}

TEST_CASE("why of a denied order names the rule, its value and its bound") {
  const Scratch scratch;
  const std::string journal = scratch.path("tight");
  answer(
      backtest(source_path("config/examples/demo.yaml"), hour(), journal, {"--set", "risk.max_orders_per_minute=6"}));
  std::string denied;
  for (const auto& state : records(journal, "orderState"))
    if (std::string(state["body"]["status"].GetString()) == "denied") denied = seq_text(state);
  REQUIRE_FALSE(denied.empty());
  const auto why = answer({"why", journal, denied});
  const auto* decision = step_of(why, "riskDecision");
  REQUIRE(decision != nullptr);
  std::size_t failed = 0;
  for (const auto& each : (*decision)["figures"].GetArray()) {
    if (each["met"].GetBool()) continue;
    ++failed;
    CHECK(std::string(each["name"].GetString()) == "order_rate");
    CHECK(std::string(each["value"].GetString()) == "7");
    CHECK(std::string(each["bound"].GetString()) == "6");
  }
  CHECK(failed == 1);
}

TEST_CASE("why of an order that the venue rejected gives its reason") {
  const std::string& journal = traded_hour();
  std::string rejected;
  for (const auto& report : records(journal, "orderReport"))
    if (std::string(report["body"]["kind"].GetString()) == "rejected") rejected = seq_text(report);
  REQUIRE_FALSE(rejected.empty());
  const auto why = answer({"why", journal, rejected});
  CHECK(std::string(why["steps"][0]["text"].GetString()).find("Post Only") != std::string::npos);
  CHECK(std::string(why["steps"][1]["type"].GetString()) == "orderCommand");
  CHECK(std::string(why["order"]["status"].GetString()) == "rejected");
  CHECK(is_input_at_the_end(why));
}

TEST_CASE("why of a liquidation compares margin balance and maintenance margin and ends at the mark price") {
  const Scratch scratch;
  const std::string journal = scratch.path("liquidated");
  answer(backtest(source_path("config/examples/demo.yaml"), hour(), journal, settings_to_liquidation()));
  std::string liquidation;
  for (const auto& report : records(journal, "orderReport"))
    if (std::string(report["body"]["kind"].GetString()) == "liquidation") liquidation = seq_text(report);
  REQUIRE_FALSE(liquidation.empty());
  const auto why = answer({"why", journal, liquidation});
  const auto& figures = why["steps"][0]["figures"];
  const auto* margin = figure(figures, "maintenance margin");
  REQUIRE(margin != nullptr);
  CHECK((*margin)["met"].GetBool());
  CHECK(figure(figures, "mark price") != nullptr);
  CHECK(figure(figures, "position") != nullptr);
  CHECK(std::string(why["steps"][1]["type"].GetString()) == "markPrice");
}

TEST_CASE("why of a breach names the rule and its bound, and the orders that close the account lead back to it") {
  const Scratch scratch;
  const std::string journal = scratch.path("breach");
  answer(backtest(source_path("config/examples/demo.yaml"), hour(), journal,
                  {"--set", "risk.max_drawdown=0.004", "--set", "risk.daily_loss_fraction=0"}));
  const auto states = records(journal, "tradingState");
  REQUIRE_FALSE(states.empty());
  const auto why = answer({"why", journal, seq_text(states.front())});
  const auto* decision = step_of(why, "riskDecision");
  REQUIRE(decision != nullptr);
  const auto* drawdown = figure((*decision)["figures"], "drawdown");
  REQUIRE(drawdown != nullptr);
  CHECK_FALSE((*drawdown)["met"].GetBool());
  CHECK(std::string((*drawdown)["bound"].GetString()) == "0.004");
  CHECK(is_input_at_the_end(why));
  const auto forward = answer({"why", journal, seq_text(states.front()), "--forward"});
  std::string closing;
  for (const auto& effect : forward["effects"].GetArray())
    if (closing.empty() && std::string(effect["type"].GetString()) == "orderCommand") closing = seq_text(effect);
  REQUIRE_FALSE(closing.empty());
  CHECK(step_of(answer({"why", journal, closing}), "tradingState") != nullptr);
}

TEST_CASE("the last change of ten state fields is found, with the value in front of it and behind it") {
  const std::string& journal = traded_hour();
  for (const char* path :
       {"positions.BTCUSDT.qty", "positions.ETHUSDT.entry_price", "account.equity", "account.open_orders",
        "quotes.BTCUSDT.bid", "risk.limits.max_leverage.headroom", "strategies.trend.tracks.BTCUSDT.stop",
        "strategies.trend.tracks.BTCUSDT.fast", "strategies.eth_grid.grids.ETHUSDT.laid_around",
        "portfolio.peak_equity", "orders.submitted_count"}) {
    INFO(path);
    const std::string asked =
        std::string(path) == "strategies.trend.tracks.BTCUSDT.fast" ? std::string(path) + ".value" : path;
    const auto watch = answer({"why", journal, "--field", asked});
    REQUIRE(watch["changes"].Size() == 1);
    const auto& change = watch["changes"][0];
    const std::string seq = std::to_string(change["seq"].GetUint64());
    CHECK(std::string(change["new"].GetString()) == watch["value"].GetString());
    // In front of that record the old value stands, behind it the new one.
    const auto before =
        answer({"why", journal, "--field", asked, "--at", std::to_string(change["seq"].GetUint64() - 1)});
    const auto behind = answer({"why", journal, "--field", asked, "--at", seq});
    CHECK(std::string(before["value"].GetString()) == change["old"].GetString());
    CHECK(std::string(behind["value"].GetString()) == change["new"].GetString());
    CHECK(std::string(change["old"].GetString()) != change["new"].GetString());
    CHECK(watch["steps"].Size() > 0);
    CHECK(is_input_at_the_end(watch));
  }
}

TEST_CASE("a field's history lists its changes one behind the other, and an unknown field names its neighbours") {
  const std::string& journal = traded_hour();
  const auto history = answer({"why", journal, "--field", "positions.BTCUSDT.qty", "--history", "--limit", "50"});
  const auto& changes = history["changes"];
  REQUIRE(changes.Size() > 2);
  for (rapidjson::SizeType i = 1; i < changes.Size(); ++i) {
    CHECK(std::string(changes[i]["old"].GetString()) == changes[i - 1]["new"].GetString());
    CHECK(changes[i]["seq"].GetUint64() > changes[i - 1]["seq"].GetUint64());
  }
  const auto error = answer({"why", journal, "--field", "positions.BTCUSDT.quantity"}, 2);
  CHECK(std::string(error["error"]["hint"].GetString()).find("positions.BTCUSDT.qty") != std::string::npos);
}

TEST_CASE("why-not of a quiet moment names the first unmet condition of every action, with its distance") {
  const std::string& journal = traded_hour();
  const auto quiet = answer({"why-not", journal, "--strategy", "trend", "--at", "2024-01-01T00:20:00Z"});
  REQUIRE(quiet["instruments"].Size() == 2);
  std::size_t actions = 0;
  for (const auto& instrument : quiet["instruments"].GetArray()) {
    for (const auto& action : instrument["actions"].GetArray()) {
      ++actions;
      INFO(action["action"].GetString());
      CHECK_FALSE(action["would_trade"].GetBool());
      std::size_t unmet = 0;
      for (const auto& condition : action["conditions"].GetArray()) unmet += !condition["met"].GetBool();
      CHECK(unmet > 0);
      CHECK(std::string(action["verdict"].GetString()).find("waits for") == 0);
      CHECK(action["risk"].Size() > 5);
    }
  }
  CHECK(actions >= 3);
  const auto off = answer({"why-not", journal, "--strategy", "nobody", "--at", "1000"}, 2);
  CHECK(std::string(off["error"]["hint"].GetString()).find("trend") != std::string::npos);
}

TEST_CASE("a strategy that is switched off says so, and a dataset has nothing to explain") {
  const Scratch scratch;
  const std::string journal = scratch.path("off");
  answer(backtest(source_path("config/examples/demo.yaml"), small_day().dataset, journal,
                  {"--set", "strategies.trend.enabled=false"}));
  const auto off = answer({"why-not", journal, "--strategy", "trend", "--at", "5000"});
  CHECK(std::string(off["problem"].GetString()).find("enabled") != std::string::npos);
  answer({"why", small_day().dataset, "5"}, 2);
  answer({"why", journal, "999999999"}, 2);
  answer({"why", journal}, 2);
}
