// diff of two runs: identical, different, not comparable, and an attribution that adds up to the last unit whatever the
// settings.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <random>

#include "engine/market/fixed.h"
#include "tests/integration/program.h"
#include "tests/support/catch.h"

using namespace reprise::integration;

namespace {

using Line = std::vector<std::string>;

std::int64_t e8(const rapidjson::Value& decimal) {
  std::int64_t value = 0;
  REQUIRE(reprise::parse_decimal(decimal.GetString(), value));
  return value;
}

std::int64_t sum(const rapidjson::Value& attribution) {
  std::int64_t total = 0;
  for (const auto& each : attribution.GetArray()) total += e8(each["amount"]);
  return total;
}

std::int64_t amount(const rapidjson::Value& attribution, const std::string& cause) {
  for (const auto& each : attribution.GetArray())
    if (cause == each["cause"].GetString()) return e8(each["amount"]);
  FAIL("no cause " + cause);
  return 0;
}

const std::string& half_hour() {
  static const Scratch scratch;
  static const std::string dataset = [] {
    const std::string made = scratch.path("data");
    answer({"generate", "--seed", "11", "--hours", "0.4", "--symbols", "2", "--out", made});
    return made;
  }();
  return dataset;
}

// Settings drawn from a seed, wide enough to change prices, sizes, moments, fees, and which orders there are at all.
Line drawn(std::mt19937_64& random) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> choices = {
      {"strategies.trend.params.atr_multiple", {"2", "3", "4"}},
      {"strategies.trend.params.breakout_period", {"10", "20"}},
      {"strategies.trend.enabled", {"true", "true", "false"}},
      {"strategies.eth_grid.params.half_spread", {"0.0001", "0.0003", "0.0005"}},
      {"strategies.eth_grid.params.order_notional", {"200", "450"}},
      {"strategies.eth_grid.enabled", {"true", "true", "false"}},
      {"fees.taker_rate", {"0.0005", "0.00021"}},
      {"fees.maker_rate", {"0.0002", "-0.00005"}},
      {"sizing.risk_fraction", {"0.0005", "0.002"}},
      {"risk.max_position_notional", {"8000", "1000"}},
      {"venue.order_entry_latency", {"1ms", "5ms", "80ms"}},
      {"venue.queue_model", {"pessimistic", "probabilistic"}},
      {"engine.bar_interval", {"5s", "15s"}},
      {"run.tick_interval", {"1s", "2s"}},
      {"account.fee_asset", {"", "BNB"}},
  };
  Line line;
  for (const auto& [key, values] : choices) {
    const std::string& value = values[random() % values.size()];
    if (key == "account.fee_asset" && value == "BNB") {
      for (const char* set :
           {"account.fee_asset=BNB", "account.fee_asset_balance=5", "account.fee_asset_price=312.37"}) {
        line.push_back("--set");
        line.push_back(set);
      }
    } else {
      line.push_back("--set");
      line.push_back(key + "=" + value);
    }
  }
  return line;
}

}  // namespace

TEST_CASE("a run compared with itself or its twin is identical, with the profit that report gives") {
  const Scratch scratch;
  const std::string a = scratch.path("a");
  const std::string b = scratch.path("b");
  const std::string demo = source_path("config/examples/demo.yaml");
  answer(backtest(demo, half_hour(), a));
  answer(backtest(demo, half_hour(), b));
  const auto diff = answer({"diff", a, b});
  CHECK(std::string(diff["verdict"].GetString()) == "identical");
  CHECK(diff["first_divergence"].IsNull());
  CHECK(e8(diff["difference"]) == 0);
  CHECK(diff["orders"]["only_a"].GetUint64() == 0);
  const auto report = answer({"report", a});
  CHECK(std::string(diff["profit_a"].GetString()) == report["net_profit"].GetString());
  CHECK(diff["fills"]["a"].GetUint64() == report["fills"].GetUint64());
}

TEST_CASE("another setting is named, with the first record that differs and its causes on both sides") {
  const Scratch scratch;
  const std::string a = scratch.path("a");
  const std::string b = scratch.path("b");
  const std::string demo = source_path("config/examples/demo.yaml");
  answer(backtest(demo, half_hour(), a));
  answer(backtest(demo, half_hour(), b, {"--set", "strategies.eth_grid.params.half_spread=0.0005"}));
  const auto diff = answer({"diff", a, b}, 1);
  CHECK(std::string(diff["verdict"].GetString()) == "different");
  const auto& first = diff["first_divergence"];
  CHECK(std::string(first["field"].GetString()) == "price");
  CHECK(std::string(first["a"].GetString()) != first["b"].GetString());
  CHECK(first["causes_a"].Size() >= 2);
  CHECK(first["causes_b"].Size() >= 2);
  REQUIRE(diff["settings"].Size() == 1);
  CHECK(std::string(diff["settings"][0]["key"].GetString()) == "strategies.eth_grid.params.half_spread");
  CHECK(sum(diff["attribution"]) == e8(diff["difference"]));
  const Outcome text = run({"diff", a, b});
  CHECK(text.exit_code == 1);
  CHECK(text.out.find("first record that differs") != std::string::npos);
}

TEST_CASE("dearer fees alone are fees and nothing else") {
  const Scratch scratch;
  const std::string a = scratch.path("a");
  const std::string b = scratch.path("b");
  const Line grid_alone = {"--set", "strategies.trend.enabled=false"};
  Line dear = grid_alone;
  for (const char* each : {"--set", "fees.maker_rate=0.0003"}) dear.push_back(each);
  answer(backtest(source_path("config/examples/demo.yaml"), half_hour(), a, grid_alone));
  answer(backtest(source_path("config/examples/demo.yaml"), half_hour(), b, dear));
  const auto diff = answer({"diff", a, b}, 1);
  CHECK(amount(diff["attribution"], "fees") == e8(diff["difference"]));
  CHECK(e8(diff["difference"]) < 0);
  CHECK(diff["orders"]["only_a"].GetUint64() == 0);
  CHECK(diff["orders"]["only_b"].GetUint64() == 0);
}

TEST_CASE("runs over other data are not compared, and a damaged journal is corrupt") {
  const Scratch scratch;
  const std::string a = scratch.path("a");
  const std::string b = scratch.path("b");
  answer(backtest(source_path("config/examples/demo.yaml"), half_hour(), a));
  answer(backtest(source_path("config/examples/demo.yaml"), small_day().dataset, b));
  const auto other = answer({"diff", a, b}, 2);
  CHECK(std::string(other["error"]["message"].GetString()).find("other markets") != std::string::npos);
  answer({"diff", a, half_hour()}, 2);
  answer({"diff", a, scratch.path("nothing")}, 2);
  const std::string damaged = scratch.path("damaged");
  copy_journal(a, damaged);
  std::filesystem::path largest;
  for (const auto& entry : std::filesystem::directory_iterator(damaged)) {
    if (entry.path().extension() != ".sst") continue;
    if (largest.empty() || entry.file_size() > std::filesystem::file_size(largest)) largest = entry.path();
  }
  REQUIRE_FALSE(largest.empty());
  std::fstream file(largest, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(std::filesystem::file_size(largest) / 2));
  file.write("\x5a\xa5\x5a\xa5", 4);
  file.close();
  answer({"diff", a, damaged}, 3);
}

TEST_CASE("the attribution adds up exactly to the difference for random pairs of settings") {
  const bool nightly = std::getenv("REPRISE_NIGHTLY") != nullptr;
  const std::size_t pairs = nightly ? 100 : 21;
  const std::size_t runs = nightly ? 15 : 7;  // every run with every other
  const char* given = std::getenv("REPRISE_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : 20240101;
  std::cout << "diff of random settings: seed " << seed << " (REPRISE_SEED), " << pairs << " pairs\n";
  std::mt19937_64 random(seed);
  const Scratch scratch;
  std::vector<std::string> journals;
  for (std::size_t i = 0; i < runs; ++i) {
    journals.push_back(scratch.path("run" + std::to_string(i)));
    answer(backtest(source_path("config/examples/demo.yaml"), half_hour(), journals.back(), drawn(random)));
  }
  std::size_t done = 0, different = 0;
  for (std::size_t i = 0; i < runs; ++i) {
    for (std::size_t j = 0; j < i && done < pairs; ++j, ++done) {
      const Line line = {"diff", journals[i], journals[j], "--json"};
      const Outcome outcome = run(line);
      INFO("seed " << seed << ", runs " << i << " and " << j << "\n" << shown(line, outcome));
      REQUIRE((outcome.exit_code == 0 || outcome.exit_code == 1));
      const auto diff = json_of(outcome);
      const std::int64_t difference = e8(diff["difference"]);
      different += difference != 0;
      CHECK(difference == e8(diff["profit_b"]) - e8(diff["profit_a"]));
      CHECK(sum(diff["attribution"]) == difference);
      std::int64_t by_trade = 0;
      for (const auto& trade : diff["trades"].GetArray()) {
        CHECK(sum(trade["attribution"]) == e8(trade["total"]));
        by_trade += e8(trade["total"]);
      }
      CHECK(by_trade == difference);
      CHECK(amount(diff["attribution"], "corrections") == 0);
      // Turned round, the difference has the other sign.
      if (done % 7 == 0) {
        const auto back = answer({"diff", journals[j], journals[i]}, outcome.exit_code);
        CHECK(e8(back["difference"]) == -difference);
      }
    }
  }
  CHECK(done == pairs);
  CHECK(different * 2 > pairs);
}
