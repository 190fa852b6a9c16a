// Bad input: a counted line or an error that names file, place and next step; never a crash, nothing lost.
#include <random>

#include "gateway/binance/instrument_table.h"
#include "tests/gateway/samples.h"
#include "tests/gateway/support.h"
#include "tests/support/catch.h"

using namespace reprise;
using namespace reprise::gateway_tests;

namespace {

Error error_of(const Folder& folder, std::vector<std::string> files, const std::string& out = "dataset",
               std::vector<std::string> instruments = {}) {
  auto result = import(folder, std::move(files), out, std::move(instruments));
  REQUIRE_FALSE(result.ok());
  CHECK_FALSE(result.error().hint.empty());
  return result.error();
}

bool mentions(const Error& error, const std::string& text) {
  return error.text().find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("Files that are no market data are refused before anything is written") {
  const Folder folder;
  struct Case {
    const char* name;
    std::string content;
    ErrorKind kind;
  };
  const std::vector<Case> cases = {
      {"empty.txt", "", ErrorKind::corrupt},
      {"blank.txt", "\n\n \n", ErrorKind::corrupt},
      {"noise.bin", std::string("\x01\x02\xff\x00\x7f\x03\x04\x05\n\x06\x07", 11), ErrorKind::corrupt},
      {"prose.txt", "It was the best of times\n", ErrorKind::corrupt},
      {"numbers.csv", "1,2,3\n4,5,6\n", ErrorKind::corrupt},
      {"nameless.csv", kArchiveKlines, ErrorKind::usage},
      {"bars.csv", kConvertedBars, ErrorKind::usage},
      {"other.csv",
       "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\nbitmex,XBTUSD,1583020803145000,"
       "1583020803307160,a,sell,1,1\n",
       ErrorKind::usage},
      {"depth.csv", "timestamp,percentage,depth,notional\n2024-01-01 00:00:00,-5,1,1\n", ErrorKind::usage},
      {"hyper.txt", "1737918843893903000 {\"channel\":\"l2Book\",\"data\":{\"coin\":\"BTC\"}}\n", ErrorKind::usage},
      {"2021_KRAKEN.ws", "wss://ws.kraken.com <-> 1618677447.29\n", ErrorKind::usage},
  };
  for (const Case& item : cases) {
    INFO(item.name);
    const Error error =
        error_of(folder, {folder.write("good.txt", hbt_session()), folder.write(item.name, item.content)});
    CHECK(error.kind == item.kind);
    CHECK(mentions(error, item.name));
    CHECK_FALSE(std::filesystem::exists(folder.at("dataset")));
  }
  CHECK(mentions(error_of(folder, {folder.write("2021_KRAKEN.ws", "wss://ws.kraken.com <-> 1618677447.29\n")}),
                 "Kraken"));
  CHECK(mentions(error_of(folder, {folder.write("x.jsonl", "{\"t\":\"header\",\"exchange\":\"COINBASE\"}\n")}),
                 "Coinbase"));
}

TEST_CASE("A missing file, a folder, a repeated file and an existing target are usage errors or cannot be checked") {
  const Folder folder;
  const std::string good = folder.write("good.txt", hbt_session());
  CHECK(error_of(folder, {folder.at("nowhere.gz")}).kind == ErrorKind::could_not_check);
  std::filesystem::create_directories(folder.at("subfolder"));
  CHECK(error_of(folder, {folder.at("subfolder")}).kind == ErrorKind::usage);
  CHECK(error_of(folder, {good, good}).kind == ErrorKind::usage);
  CHECK(error_of(folder, {}).kind == ErrorKind::usage);
  folder.write("dataset/keep.txt", "precious");
  CHECK(error_of(folder, {good}).kind == ErrorKind::usage);
  CHECK(std::filesystem::exists(folder.at("dataset/keep.txt")));
}

TEST_CASE("A target that cannot be written is an error") {
  const Folder folder;
  const std::string good = folder.write("good.txt", hbt_session());
  folder.write("a-file", "x");
  auto result = import(folder, {good}, "a-file/dataset");
  REQUIRE_FALSE(result.ok());
  CHECK(result.error().text().find("a-file") != std::string::npos);
}

TEST_CASE("A truncated archive keeps what came before the damage and says where it is") {
  const Folder folder;
  std::string text;
  std::mt19937_64 random(3);
  for (int i = 0; i < 20'000; ++i) {
    text +=
        hbt_line(kSampleStart + i * 1'000'000LL, "btcusdt@trade",
                 trade_json(i, i + 1, std::to_string(60'000 + random() % 50) + "." + std::to_string(random() % 10)));
  }
  const std::string packed = write_packed(folder, "cut.gz", "gzip", {{"x", text}});
  const auto size = std::filesystem::file_size(packed);
  std::filesystem::resize_file(packed, size * 4 / 5);
  const Error error = error_of(folder, {packed});
  CHECK(error.kind == ErrorKind::corrupt);
  CHECK(mentions(error, "cut.gz:"));
  auto verified = journal::verify(folder.at("dataset"));
  REQUIRE(verified.ok());
  CHECK(verified->clean);
  CHECK(verified->records > 1'000);
  CHECK(verified->status == schema::RunStatus::ENDED);
}

TEST_CASE("A tiny truncated archive is refused") {
  const Folder folder;
  const std::string packed = write_packed(folder, "tiny.gz", "gzip", {{"x", hbt_session()}});
  std::filesystem::resize_file(packed, 40);
  CHECK(error_of(folder, {packed}).kind == ErrorKind::corrupt);
}

TEST_CASE("A line of 10 MB is skipped with its reason and the lines around it are kept") {
  const Folder folder;
  const std::string text = hbt_line(kSampleStart, "btcusdt@trade", trade_json(0, 1, "100")) +
                           std::to_string(kSampleStart) + " {\"stream\":\"" + std::string(10'000'000, 'x') + "\"}\n" +
                           hbt_line(kSampleStart + 1, "btcusdt@trade", trade_json(0, 2, "100"));
  auto result = import(folder, {folder.write("long.txt", text)});
  REQUIRE(result.ok());
  CHECK(adds_up(*result));
  const auto& file = result->files[0];
  CHECK(file.lines == 3);
  CHECK(kind(file, "trade") == 2);
  REQUIRE(file.skipped.size() == 1);
  CHECK(file.skipped[0].reason == "line longer than 8 MiB");
  CHECK(file.skipped[0].first_line == 2);
}

TEST_CASE("One absurd time does not carry the rest of the file with it, two lines that agree are a hole") {
  const Folder folder;
  const auto rows = [](const std::vector<std::int64_t>& times) {
    std::string text = "id,price,qty,quote_qty,time,is_buyer_maker\n";
    int id = 0;
    for (const std::int64_t time : times)
      text += std::to_string(++id) + ",42000,0.01,420," + std::to_string(time) + ",true\n";
    return text;
  };
  constexpr std::int64_t kJanuary = 1'704'067'200'000;
  constexpr std::int64_t kFar = 4'070'908'800'000;  // 2099
  const auto name = [&](const char* part) { return std::string(part) + "/BTCUSDT-trades-2024-01-01.csv"; };
  std::filesystem::create_directories(folder.at("glitch"));
  std::filesystem::create_directories(folder.at("hole"));

  auto glitch = import(folder, {folder.write(name("glitch"), rows({kJanuary, kJanuary + 1, kFar, kJanuary + 2}))});
  REQUIRE(glitch.ok());
  CHECK(adds_up(*glitch));
  REQUIRE(glitch->files[0].skipped.size() == 1);
  CHECK(glitch->files[0].skipped[0].reason == "time more than 40 days ahead of the line before");
  CHECK(glitch->files[0].skipped[0].first_line == 4);
  CHECK(kind(glitch->files[0], "trade") == 3);
  CHECK(glitch->files[0].last_time == (kJanuary + 2) * 1'000'000);

  std::filesystem::remove_all(folder.at("dataset"));
  auto hole = import(folder, {folder.write(name("hole"), rows({kJanuary, kFar, kFar + 1, kFar + 2}))});
  REQUIRE(hole.ok());
  CHECK(adds_up(*hole));
  CHECK(kind(hole->files[0], "trade") == 3);
  CHECK(hole->files[0].last_time == (kFar + 2) * 1'000'000);
}

TEST_CASE("A file that is one endless line is refused for that, not as empty") {
  const Folder folder;
  const Error error = error_of(folder, {folder.write("endless.txt", std::string(10'000'000, 'x'))});
  CHECK(error.kind == ErrorKind::corrupt);
  CHECK(mentions(error, "endless.txt:1"));
  CHECK(mentions(error, "line longer than 8 MiB"));
}

TEST_CASE("Bad figures are skipped with a reason: NaN, absurd prices, negative quantities, times that are none") {
  const Folder folder;
  std::string text = hbt_line(kSampleStart, "btcusdt@trade", trade_json(0, 1, "100"));
  text += hbt_line(kSampleStart, "btcusdt@trade", trade_json(0, 2, "NaN"));
  text += hbt_line(kSampleStart, "btcusdt@trade", trade_json(0, 3, "99999999999999999999"));
  text += hbt_line(kSampleStart, "btcusdt@trade", trade_json(0, 4, "-5"));
  text += hbt_line(kSampleStart, "btcusdt@trade", trade_json(0, 5, "0"));
  text += "99 {\"stream\":\"a\",\"data\":{}}\n";
  text += "no time at all\n";
  text += hbt_line(kSampleStart, "btcusdt@depth", depth_json(0, 1, 2, 1, "[\"0\",\"1\"]", ""));
  auto result = import(folder, {folder.write("bad.txt", text)});
  REQUIRE(result.ok());
  CHECK(adds_up(*result));
  CHECK(kind(result->files[0], "trade") == 1);
  CHECK(result->files[0].lines == 8);
  std::uint64_t skipped = 0;
  for (const auto& entry : result->files[0].skipped) skipped += entry.count;
  CHECK(skipped == 7);
  CHECK(result->files[0].skipped[0].first_line == 2);
}

TEST_CASE("Bars that repeat, run backwards or contradict themselves are counted, not recorded") {
  const Folder folder;
  const std::string text =
      "open_time_ms,open,high,low,close,volume\n"
      "1723161300000,100.1,101.2,99.3,100.4,12.5\n"
      "1723161300000,100.1,101.2,99.3,100.4,12.5\n"
      "1723161000000,100.1,101.2,99.3,100.4,12.5\n"
      "1723161600000,100.1,99.0,99.3,100.4,12.5\n"
      "1723161900000,nan,99.0,99.3,100.4,12.5\n"
      "1723161900000,1e300,99.0,99.3,100.4,12.5\n"
      "1723161900000\n";
  auto result = import(folder, {folder.write("BTCUSDT-5m-futures.csv", text)});
  REQUIRE(result.ok());
  CHECK(adds_up(*result));
  CHECK(kind(result->files[0], "marketBar") == 1);
  CHECK(result->anomalies.at("duplicateMessage") == 1);
  CHECK(result->anomalies.at("timeBackwards") >= 1);
}

TEST_CASE("Wrong instrument files are refused by name") {
  const Folder folder;
  const std::string good = folder.write("good.txt", hbt_session());
  CHECK(error_of(folder, {good}, "dataset", {folder.at("none.json")}).kind == ErrorKind::could_not_check);
  for (const char* content :
       {"", "{", "[1]", "{\"a\":1}", "{\"symbols\":3}", "[{\"symbol\":\"X\",\"brackets\":[{}]}]"}) {
    INFO(content);
    const Error error = error_of(folder, {good}, "dataset", {folder.write("wrong.json", content)});
    CHECK(error.kind == ErrorKind::corrupt);
    CHECK(mentions(error, "wrong.json"));
  }
}

TEST_CASE("Random mixtures of good and bad lines always add up, and the same input gives the same digest") {
  std::vector<std::string> good;
  {
    std::string session = hbt_session();
    for (std::size_t at = 0; at < session.size();) {
      const std::size_t end = session.find('\n', at);
      good.push_back(session.substr(at, end - at));
      at = end + 1;
    }
  }
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    const Folder folder;
    std::string text = good[7] + "\n";  // the first line tells the format
    std::uint64_t lines = 1;
    for (int i = 0; i < 300; ++i) {
      std::string line = good[random() % good.size()];
      switch (random() % 8) {
        case 0: line.resize(random() % (line.size() + 1)); break;
        case 1: line[random() % line.size()] = static_cast<char>(32 + random() % 90); break;
        case 2: line.erase(random() % line.size(), 1 + random() % 9); break;
        case 3: line.insert(random() % line.size(), std::string(1 + random() % 5, "09,[]{}\"x"[random() % 9])); break;
        case 4: line.clear(); break;
        default: break;
      }
      text += line + "\n";
      ++lines;
    }
    const std::string path = folder.write("mixed.txt", text);
    auto first = import(folder, {path}, "one");
    auto second = import(folder, {path}, "two");
    INFO((first.ok() ? "" : first.error().text()));
    REQUIRE(first.ok());
    REQUIRE(second.ok());
    CHECK(first->files[0].lines == lines);
    CHECK(adds_up(*first));
    CHECK(first->manifest.digest == second->manifest.digest);
    CHECK(records_of(folder.at("one")).size() == first->records);
  }
}
