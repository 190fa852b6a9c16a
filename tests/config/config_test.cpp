// The loader against files in memory: what is accepted, what is refused, and with which words.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

#include "config/document.h"
#include "config/keys.h"
#include "config/loader.h"
#include "tests/support/catch.h"

namespace reprise::config {
namespace {

StrategyCatalog catalog() {
  ParameterSpec period{"period", ParameterSpec::Type::integer, "20", "2", "1000", {}, "bars"};
  ParameterSpec stop{"stop_multiple", ParameterSpec::Type::decimal, "2.5", "0.1", "20", {}, "ATR"};
  ParameterSpec entry{"entry", ParameterSpec::Type::choice, "ema", "", "", {"ema", "donchian"}, ""};
  ParameterSpec refresh{"refresh", ParameterSpec::Type::duration, "60s", "1s", "1h", {}, ""};
  return {{"trend", {period, stop, entry}}, {"grid", {refresh}}};
}

using Files = std::map<std::string, std::string>;

Result<Loaded> load_from(const Files& files, const std::string& path, const std::vector<std::string>& sets = {}) {
  return load(path, sets, catalog(), [&](const std::string& name) -> Result<std::string> {
    const auto found = files.find(name);
    if (found == files.end()) return usage_error(name + ": cannot be read: no such file");
    return found->second;
  });
}
Result<Loaded> load_yaml(const std::string& yaml, const std::vector<std::string>& sets = {}) {
  return load_from({{"p.yaml", yaml}}, "p.yaml", sets);
}
std::string refusal(const std::string& yaml, const std::vector<std::string>& sets = {}) {
  auto loaded = load_yaml(yaml, sets);
  return loaded ? "accepted" : loaded.error().text();
}
std::string entry(const Entries& entries, const std::string& key) {
  for (const auto& [name, value] : entries) {
    if (name == key) return value;
  }
  return "missing";
}

TEST_CASE("an empty profile gives the defaults of the typed structure") {
  auto loaded = load_yaml("");
  REQUIRE(loaded.ok());
  CHECK(loaded->entries == to_entries(Config{}));
  CHECK(loaded->entries.size() == keys().size());
  CHECK(loaded->config.account.initial_balance_e8 == 23'000'000'000);
}

TEST_CASE("every default satisfies its own rule and is spelt canonically") {
  const Config defaults;
  for (const Key& key : keys()) {
    INFO(key.path);
    auto canonical = canonical_value(key.rule, key.get(defaults));
    REQUIRE(canonical.ok());
    CHECK(*canonical == key.get(defaults));
    CHECK_FALSE(key.help.empty());
  }
}

TEST_CASE("every key reaches a field of its own") {
  // Setting one key changes exactly that entry, so no two lines of the list share a field.
  for (const Key& key : keys()) {
    Config config;
    std::string other;
    switch (key.rule.type) {
      case ValueType::flag: other = key.get(config) == "true" ? "false" : "true"; break;
      case ValueType::choice:
        other = key.rule.choices.back() == key.get(config) ? key.rule.choices.front() : key.rule.choices.back();
        break;
      case ValueType::text:
      case ValueType::symbol:
      case ValueType::asset: other = "OTHER"; break;
      default: other = key.get(config) == key.rule.maximum ? key.rule.minimum : key.rule.maximum;
    }
    if (key.rule.type == ValueType::choice && key.rule.choices.size() == 1) continue;
    INFO(key.path << " = " << other);
    key.set(config, other);
    std::size_t changed = 0;
    const Entries before = to_entries(Config{});
    const Entries after = to_entries(config);
    for (std::size_t i = 0; i < before.size(); ++i) changed += before[i] != after[i];
    CHECK(changed == 1);
    CHECK(entry(after, key.path) == other);
  }
}

TEST_CASE("entries and configuration convert into each other without loss") {
  auto loaded = load_yaml(
      "run: {seed: 18446744073709551615}\n"
      "account: {initial_balance: 10000.00000001}\n"
      "strategies:\n"
      "  zeta: {kind: trend, instruments: [ETHUSDT, BTCUSDT], params: {stop_multiple: 3.0}}\n"
      "  alpha: {kind: grid, instruments: [ETHUSDT], enabled: false}\n");
  REQUIRE(loaded.ok());
  CHECK(loaded->config.run.seed == 18446744073709551615u);
  CHECK(loaded->config.account.initial_balance_e8 == 1'000'000'000'001);
  REQUIRE(loaded->config.strategies.size() == 2);
  CHECK(loaded->config.strategies[0].name == "alpha");  // numbered by name
  CHECK_FALSE(loaded->config.strategies[0].enabled);
  CHECK(loaded->config.strategies[0].params.at("refresh") == "1m");
  CHECK(loaded->config.strategies[1].instruments == std::vector<std::string>{"ETHUSDT", "BTCUSDT"});
  CHECK(loaded->config.strategies[1].params.at("stop_multiple") == "3");
  CHECK(loaded->config.strategies[1].params.at("period") == "20");

  auto again = from_entries(loaded->entries, catalog());
  REQUIRE(again.ok());
  CHECK(to_entries(*again) == loaded->entries);
  CHECK(std::is_sorted(loaded->entries.begin(), loaded->entries.end()));
}

TEST_CASE("a profile inherits, and the file that extends wins") {
  const Files files = {{"a/base.yaml",
                        "risk: {max_leverage: 3, max_drawdown: 0.2}\nstrategies:\n  t: {kind: trend, instruments: [X], "
                        "params: {period: 5}}\n"},
                       {"a/b/middle.yaml", "extends: ../base.yaml\nrisk: {max_leverage: 2}\n"},
                       {"a/b/top.yaml", "extends: middle.yaml\nstrategies: {t: {params: {period: 9}}}\n"}};
  auto loaded = load_from(files, "a/b/top.yaml", {"risk.max_drawdown=0.125"});
  REQUIRE(loaded.ok());
  CHECK(loaded->files == std::vector<std::string>{"a/base.yaml", "a/b/middle.yaml", "a/b/top.yaml"});
  CHECK(entry(loaded->entries, "risk.max_leverage") == "2");
  CHECK(entry(loaded->entries, "risk.max_drawdown") == "0.125");
  CHECK(entry(loaded->entries, "strategies.t.params.period") == "9");
  CHECK(entry(loaded->entries, "strategies.t.kind") == "trend");
}

TEST_CASE("a circle of profiles is refused and shown") {
  auto loaded = load_from({{"a.yaml", "extends: b.yaml\n"}, {"b.yaml", "\nextends: ./a.yaml\n"}}, "a.yaml");
  REQUIRE_FALSE(loaded.ok());
  CHECK(loaded.error().message == "b.yaml:2: extends: a circle: a.yaml -> b.yaml -> a.yaml");
}

TEST_CASE("a missing base names the line that asked for it") {
  auto loaded = load_yaml("run: {seed: 1}\nextends: gone.yaml\n");
  REQUIRE_FALSE(loaded.ok());
  CHECK(loaded.error().message == "p.yaml:2: gone.yaml: cannot be read: no such file");
}

TEST_CASE("mistakes are refused with file, line and the nearest key") {
  struct Case {
    std::string yaml;
    std::string message;
  };
  const std::vector<Case> cases = {
      {"risk:\n  max_drawdwn: 0.1\n",
       "p.yaml:2: unknown key \"risk.max_drawdwn\" (did you mean \"risk.max_drawdown\"?)"},
      {"risk:\n  taker_rate: 0.1\n", "p.yaml:2: unknown key \"risk.taker_rate\" (did you mean \"fees.taker_rate\"?)"},
      {"max_drawdown: 0.1\n", "p.yaml:1: unknown key \"max_drawdown\" (did you mean \"risk.max_drawdown\"?)"},
      {"rsik:\n  max_drawdown: 0.1\n", "p.yaml:1: unknown section \"rsik\" (did you mean \"risk\"?)"},
      {"qqqqqqqqqqqq: 1\n", "p.yaml:1: unknown key \"qqqqqqqqqqqq\" (config/KEYS.md lists every key)"},
      {"risk:\n  max_drawdown: much\n", "p.yaml:2: risk.max_drawdown: \"much\" is not a decimal number"},
      {"risk:\n  max_drawdown: 1.5\n", "p.yaml:2: risk.max_drawdown: \"1.5\" is out of range: 0 to 1"},
      {"risk:\n  max_drawdown: -0.1\n", "p.yaml:2: risk.max_drawdown: \"-0.1\" is out of range: 0 to 1"},
      {"risk:\n  max_drawdown: .nan\n", "p.yaml:2: risk.max_drawdown: \".nan\" is not a decimal number"},
      {"risk:\n  max_drawdown: .inf\n", "p.yaml:2: risk.max_drawdown: \".inf\" is not a decimal number"},
      {"risk:\n  max_drawdown: 0.123456789\n", "p.yaml:2: risk.max_drawdown: \"0.123456789\" has more than 8 decimals"},
      {"risk:\n  max_drawdown: [0.1]\n", "p.yaml:2: risk.max_drawdown: takes one value, not a list"},
      {"risk:\n  max_drawdown: {a: 1}\n", "p.yaml:2: risk.max_drawdown: takes one value, not a map"},
      {"risk:\n  max_drawdown:\n",
       "p.yaml:2: risk.max_drawdown: has no value (write \"\" for an empty text, or leave the key out)"},
      {"risk: 5\n", "p.yaml:1: risk: is a section: keys are expected under it"},
      {"risk: {max_drawdown: 0.1,\n max_drawdown: 0.2}\n", "p.yaml:2: key \"risk.max_drawdown\" stands there twice"},
      {"risk: {max_drawdown: 0.1}\nrisk.max_drawdown: 0.2\n", "p.yaml:2: key \"risk.max_drawdown\" stands there twice"},
      {"risk: {max_open_orders: 1}\nrisk: {max_drawdown: 0.2}\n", "p.yaml:2: key \"risk\" stands there twice"},
      {"run: {seed: 18446744073709551616}\n", "p.yaml:1: run.seed: \"18446744073709551616\" does not fit 64 bits"},
      {"run: {seed: 99999999999999999999999999999999999999999999}\n",
       "p.yaml:1: run.seed: \"99999999999999999999999999999999999999999999\" is not a whole number"},
      {"run: {seed: 1.5}\n", "p.yaml:1: run.seed: \"1.5\" is not a whole number"},
      {"run: {seed: 010}\n", "p.yaml:1: run.seed: \"010\" is not a whole number without leading zeros"},
      {"run: {tick_interval: 5}\n",
       "p.yaml:1: run.tick_interval: \"5\" is not a duration such as 250ms, 5s, 1m, 8h or 1d"},
      {"run: {tick_interval: 999999999999d}\n", "p.yaml:1: run.tick_interval: \"999999999999d\" is too long a time"},
      {"account: {initial_balance: 1e400}\n",
       "p.yaml:1: account.initial_balance: \"1e400\" is too large (the largest is 92233720368)"},
      {"fees: {prefer_instrument_rates: yes}\n",
       "p.yaml:1: fees.prefer_instrument_rates: \"yes\" is not true or false"},
      {"venue: {queue_model: pesimistic}\n",
       "p.yaml:1: venue.queue_model: \"pesimistic\" is not one of pessimistic | probabilistic (did you mean "
       "\"pessimistic\"?)"},
      {"account: {fee_asset: USDT}\n",
       "p.yaml:1: account.fee_asset: is the settlement asset (leave it empty to pay fees in the settlement asset)"},
      {"strategies: {t: {kind: trnd, instruments: [X]}}\n",
       "p.yaml:1: strategies.t.kind: \"trnd\" is not one of trend | grid (did you mean \"trend\"?)"},
      {"strategies: {t: {instruments: [X]}}\n", "p.yaml:1: strategies.t has no kind"},
      {"strategies: {t: {kind: trend}}\n",
       "p.yaml:1: strategies.t has no instruments (give it a list such as [BTCUSDT])"},
      {"strategies: {t: {kind: trend, instruments: []}}\n",
       "p.yaml:1: strategies.t has no instruments (give it a list such as [BTCUSDT])"},
      {"strategies: {t: {kind: trend, instruments: [X, X]}}\n",
       "p.yaml:1: strategies.t.instruments: \"X\" stands there twice"},
      {"strategies: {t: {kind: trend, instruments: [X Y]}}\n",
       "p.yaml:1: strategies.t.instruments: \"X Y\" is not a symbol such as BTCUSDT"},
      {"strategies: {t: {kind: trend, instruments: [X], params: {\nperiodd: 3}}}\n",
       "p.yaml:2: unknown key \"strategies.t.params.periodd\" (did you mean \"strategies.t.params.period\"?)"},
      {"strategies: {t: {kind: trend, instruments: [X], params: {period: 1}}}\n",
       "p.yaml:1: strategies.t.params.period: \"1\" is out of range: 2 to 1000"},
      {"strategies: {t: {kind: trend, instrument: [X]}}\n",
       "p.yaml:1: unknown key \"strategies.t.instrument\" (did you mean \"strategies.t.instruments\"?)"},
      {"strategies: {\"a b\": {kind: trend, instruments: [X]}}\n",
       "p.yaml:1: \"a b\" is not a name for a strategy (use letters, digits, _ and -, at most 32)"},
      {"- a\n- b\n", "p.yaml:1: a profile is a map of sections"},
      {"a: 1\n---\nb: 2\n", "p.yaml: holds more than one YAML document"},
      {"{[1]: 2}\n", "p.yaml:1: a key is a plain word"},
  };
  for (const Case& c : cases) {
    INFO(c.yaml);
    CHECK(refusal(c.yaml) == c.message);
  }
}

TEST_CASE("text that is not YAML is refused with its line") {
  CHECK(refusal("run:\n\t seed: 1\n").rfind("p.yaml:2: not valid YAML", 0) == 0);
  CHECK(refusal("run: {seed: 1\n").find("not valid YAML") != std::string::npos);
  CHECK(refusal(std::string("run:\n \0\x01\x02", 9)) == "p.yaml:2:2: a control character; this is not a YAML text");
  CHECK(refusal("run: *nowhere\n").rfind("p.yaml:1: not valid YAML", 0) == 0);
  CHECK(refusal(std::string(100'000, '[')) == "p.yaml:1:33: nested too deeply");
  CHECK(refusal(std::string(2'000'000, 'a')) == "p.yaml: larger than 1 MiB; this is not a profile");
  CHECK(refusal("\xff\xfe\x80\x81: \xc0\n") != "accepted");
}

TEST_CASE("text that goes on with what begins no value is refused, not read for ever") {
  CHECK(refusal(", run: 1\n") == "p.yaml:1: not valid YAML: nothing can begin here");
  CHECK(refusal("run:\n  seed: 1\n...\n, b: 1\n") == "p.yaml:4: not valid YAML: nothing can begin here");
  CHECK(refusal("run:\n  seed: 1\n}\n") == "p.yaml:3: not valid YAML: illegal flow end");
  auto document = parse_document("s.yaml", "\n  , a: 1\n");
  REQUIRE_FALSE(document.ok());
  CHECK(document.error().message == "s.yaml:2:3: not valid YAML: nothing can begin here");
  auto empty = parse_document("s.yaml", "# nothing\n");
  REQUIRE(empty.ok());
  CHECK(empty->kind == DocumentNode::Kind::none);
}

TEST_CASE("anchors and aliases are resolved") {
  auto loaded = load_yaml(
      "strategies:\n"
      "  a: {kind: trend, instruments: &where [X, Y], params: &params {period: 7}}\n"
      "  b: {kind: trend, instruments: *where, params: *params}\n");
  REQUIRE(loaded.ok());
  CHECK(entry(loaded->entries, "strategies.b.params.period") == "7");
  CHECK(entry(loaded->entries, "strategies.b.instruments") == "X,Y");
}

TEST_CASE("set options override files, the last one wins, and mistakes in it are named") {
  const std::string yaml = "strategies:\n  t: {kind: trend, instruments: [X]}\n";
  auto loaded = load_yaml(yaml, {"strategies.t.params.period=30", "strategies.t.enabled=false", "run.seed=1",
                                 "run.seed=2", "strategies.t.instruments=A,B"});
  REQUIRE(loaded.ok());
  CHECK(entry(loaded->entries, "strategies.t.params.period") == "30");
  CHECK(entry(loaded->entries, "strategies.t.enabled") == "false");
  CHECK(entry(loaded->entries, "strategies.t.instruments") == "A,B");
  CHECK(loaded->config.run.seed == 2);

  CHECK(refusal(yaml, {"risk.max_drawdown"}) ==
        "--set risk.max_drawdown: is not of the form key=value (for example --set risk.max_leverage=2)");
  CHECK(refusal(yaml, {"=5"}).find("not of the form") != std::string::npos);
  CHECK(refusal(yaml, {"risk.max_drawdonw=0.1"}) ==
        "--set: unknown key \"risk.max_drawdonw\" (did you mean \"risk.max_drawdown\"?)");
  CHECK(refusal(yaml, {"strategies.u.enabled=false"}) ==
        "--set: strategies.u has no kind (did you mean \"strategies.t\"?)");
  CHECK(refusal(yaml, {"strategies.t.params.period=zero"}).find("not a whole number") != std::string::npos);
}

TEST_CASE("a recorded configuration can be overridden") {
  auto loaded = load_yaml("strategies:\n  t: {kind: trend, instruments: [X]}\n");
  REQUIRE(loaded.ok());
  auto changed = override_entries(loaded->entries, {"strategies.t.params.period=21"}, catalog());
  REQUIRE(changed.ok());
  CHECK(entry(changed->entries, "strategies.t.params.period") == "21");
  CHECK(config_hash(changed->entries) != config_hash(loaded->entries));
  CHECK_FALSE(override_entries(loaded->entries, {"nothing=1"}, catalog()).ok());
}

TEST_CASE("the hash covers keys and values and depends on nothing else") {
  const Entries one = {{"a", "b"}, {"c", ""}};
  CHECK(config_hash(one) == config_hash({{"a", "b"}, {"c", ""}}));
  CHECK(config_hash(one) != config_hash({{"a", "bc"}, {"", ""}}));
  CHECK(config_hash(one) != config_hash({{"ab", ""}, {"c", ""}}));
  CHECK(config_hash(one).size() == 32);
}

TEST_CASE("entries given twice or unknown are refused") {
  Entries entries = to_entries(Config{});
  entries.push_back(entries.front());
  CHECK_FALSE(from_entries(entries, catalog()).ok());
  CHECK_FALSE(from_entries({{"no.such", "1"}}, catalog()).ok());
}

TEST_CASE("decimals are exact") {
  struct Case {
    std::string text;
    std::int64_t e8;
  };
  for (const Case& c : std::vector<Case>{{"0.1", 10'000'000},
                                         {"0.00000001", 1},
                                         {"-0.00000001", -1},
                                         {"1e-8", 1},
                                         {"1.5e2", 15'000'000'000},
                                         {"92233720368.54775807", 9223372036854775807},
                                         {"+3", 300'000'000},
                                         {".5", 50'000'000},
                                         {"0.100000000000000000000000000000000000000000000", 10'000'000}}) {
    INFO(c.text);
    auto value = parse_decimal_e8(c.text);
    REQUIRE(value.ok());
    CHECK(*value == c.e8);
  }
  for (const char* text : {"", "-", ".", "1.2.3", "0x10", "1e", "nan", "inf", "1 ", " 1", "92233720368.54775808",
                           "1e30", "0.000000001", "1_000"}) {
    INFO(text);
    CHECK_FALSE(parse_decimal_e8(text).ok());
  }
}

TEST_CASE("durations have units and one spelling") {
  struct Case {
    std::string text;
    std::int64_t ns;
    std::string canonical;
  };
  for (const Case& c : std::vector<Case>{{"250ms", 250'000'000, "250ms"},
                                         {"60s", 60'000'000'000, "1m"},
                                         {"90s", 90'000'000'000, "90s"},
                                         {"0", 0, "0"},
                                         {"0s", 0, "0"},
                                         {"1.5h", 5'400'000'000'000, "90m"},
                                         {"24h", 86'400'000'000'000, "1d"},
                                         {"1ns", 1, "1ns"},
                                         {"-2s", -2'000'000'000, "-2s"}}) {
    INFO(c.text);
    auto value = parse_duration_ns(c.text);
    REQUIRE(value.ok());
    CHECK(*value == c.ns);
    CHECK(duration_text(*value) == c.canonical);
  }
  for (const char* text : {"", "s", "5", "5 s", "5sec", "1.s", "0.5ns", "1e3s", "9999999999999999999s"}) {
    INFO(text);
    CHECK_FALSE(parse_duration_ns(text).ok());
  }
}

TEST_CASE("swapped neighbours count as one mistake") {
  CHECK(edit_distance("abcd", "abdc") == 1);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("kitten", "sitting") == 3);
  CHECK(nearest("max_laverage", {"max_leverage", "max_drawdown"}) == "max_leverage");
  CHECK(nearest("zzz", {"max_leverage"}).empty());
}

TEST_CASE("the key reference in the tree is the one that the list gives") {
  const std::string path = std::string(REPRISE_SOURCE_DIR) + "/config/KEYS.md";
  if (std::getenv("REPRISE_UPDATE_KEYS") != nullptr) std::ofstream(path, std::ios::binary) << key_reference();
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  INFO("run this test with REPRISE_UPDATE_KEYS=1 to write it anew");
  CHECK(text.str() == key_reference());
}

TEST_CASE("the base profile says every key, and says what the defaults say unless it is a bound") {
  auto loaded = load(std::string(REPRISE_SOURCE_DIR) + "/config/config.yaml", {}, catalog());
  if (!loaded) FAIL(loaded.error().text());
  CHECK(loaded->config.strategies.empty());
  auto text = read_profile(std::string(REPRISE_SOURCE_DIR) + "/config/config.yaml");
  REQUIRE(text.ok());
  const Config defaults;
  for (const Key& key : keys()) {
    INFO(key.path);
    CHECK(text->find("\n  " + key.path.substr(key.path.find('.') + 1) + ": ") != std::string::npos);
    if (key.path.rfind("risk.", 0) != 0) CHECK(entry(loaded->entries, key.path) == key.get(defaults));
  }
}

TEST_CASE("a profile that cannot be read is refused by name") {
  auto missing = load("/no/such/profile.yaml", {}, catalog());
  REQUIRE_FALSE(missing.ok());
  CHECK(missing.error().message.rfind("/no/such/profile.yaml: cannot be read", 0) == 0);
  auto folder = load(REPRISE_SOURCE_DIR, {}, catalog());
  REQUIRE_FALSE(folder.ok());
  CHECK(folder.error().message.find("is a folder") != std::string::npos);
}

}  // namespace
}  // namespace reprise::config
