// The recorded files, where they are: known counts, every line accounted for, and the book that agrees.
#include "tests/gateway/support.h"
#include "tests/support/catch.h"

using namespace reprise;
using namespace reprise::gateway_tests;

namespace {

gateway::ImportReport import_recorded(const std::filesystem::path& data, const std::vector<std::string>& names) {
  const Folder folder;
  std::vector<std::string> files;
  for (const std::string& name : names) files.push_back((data / name).string());
  auto result = import(folder, files);
  INFO((result.ok() ? "" : result.error().text()));
  REQUIRE(result.ok());
  CHECK(adds_up(*result));
  auto verified = journal::verify(folder.at("dataset"));
  REQUIRE(verified.ok());
  CHECK(verified->clean);
  CHECK(verified->digest == result->manifest.digest);
  return *result;
}

}  // namespace

TEST_CASE("Recorded USD-M, COIN-M and spot captures give their known counts and agreeing books") {
  const auto data = recorded_data("recorded captures");
  if (!data) return;
  struct Case {
    const char* name;
    std::uint64_t lines, bbo, deltas, trades, compared;
  };
  const std::vector<Case> cases = {
      {"hbt/usdm_btcusdt_20240808.gz", 93'954, 66'089, 6'551, 21'313, 629},
      {"hbt/usdm_btcusdt_20230404.dat.gz", 13'384, 6'765, 4'322, 2'197, 310},
      {"hbt/spot_ethusdt_20240808.gz", 33'618, 24'077, 3'434, 6'106, 577},
      {"hbt/cm_ethusd_perp_20240808.gz", 40'454, 15'812, 22'909, 1'732, 1'345},
  };
  for (const Case& item : cases) {
    INFO(item.name);
    const auto report = import_recorded(*data, {item.name});
    const auto& file = report.files.at(0);
    CHECK(file.lines == item.lines);
    CHECK(file.skipped.empty());
    CHECK(kind(file, "bbo") == item.bbo);
    CHECK(kind(file, "bookDelta") == item.deltas);
    CHECK(kind(file, "trade") == item.trades);
    CHECK(kind(file, "bookSnapshot") == 1);
    CHECK(report.book_compared == item.compared);
    CHECK(report.book_agreed == item.compared);
    CHECK(report.gaps == 0);
    CHECK(report.resyncs == 1);
    CHECK(report.anomalies.count("crossedBook") == 0);
  }
}

TEST_CASE("Two recorded files of one session work as one, across midnight") {
  const auto data = recorded_data("recorded session");
  if (!data) return;
  const auto report = import_recorded(*data, {"hbt/cm_btcusd_perp_20240808.gz", "hbt/cm_btcusd_perp_20240809.gz"});
  CHECK(report.files[0].lines + report.files[1].lines == 98'386);
  CHECK(report.gaps == 0);
  CHECK(report.resyncs == 1);
  CHECK(report.book_compared == 1'885);
  CHECK(report.book_agreed == 1'885);
}

TEST_CASE("Recorded cryptofeed sessions of several files join their books and use their filters") {
  const auto data = recorded_data("recorded cryptofeed sessions");
  if (!data) return;
  const auto usdm = import_recorded(
      *data, {"cryptofeed/2021-04-17_BINANCE_FUTURES.0.zst", "cryptofeed/2021-04-17_BINANCE_FUTURES.http.4.0.zst",
              "cryptofeed/2021-04-17_BINANCE_FUTURES.ws.5.0.zst"});
  CHECK(usdm.resyncs == 4);
  CHECK(usdm.gaps == 0);
  CHECK(usdm.book_compared == 86);
  CHECK(usdm.book_agreed == 86);
  for (const auto& instrument : usdm.instruments) CHECK_FALSE(instrument.has_default_filters);
  const auto coinm = import_recorded(
      *data, {"cryptofeed/2021-04-17_BINANCE_DELIVERY.0.zst", "cryptofeed/2021-04-17_BINANCE_DELIVERY.http.6.0.zst",
              "cryptofeed/2021-04-17_BINANCE_DELIVERY.ws.7.0.zst"});
  CHECK(coinm.resyncs == 10);
  CHECK(coinm.gaps == 0);
  CHECK(coinm.book_compared == 322);
  CHECK(coinm.book_agreed == 317);  // five disagree in the data itself (FORMATS.md)
  CHECK(coinm.anomalies.at("bookDisagreesWithBbo") == 5);
}

TEST_CASE("Recorded captures of other venues are refused by the venue's name") {
  const auto data = recorded_data("recorded captures of other venues");
  if (!data) return;
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"hbt/hyperliquid_btcusd_20250126.gz", "Hyperliquid"},
      {"cryptofeed/2021-04-17_BITMEX.ws.17.0.zst", "BitMEX"},
      {"cryptofeed/2021-04-17_COINBASE.ws.28.0.zst", "Coinbase"},
      {"cryptofeed/2021-07-22_FTX.ws.1.0.zst", "FTX"},
      {"cryptofeed/2022-05-13_OKX.ws.1.0.zst", "OKX"},
      {"cryptofeed/2026-08-09_COINBASE.jsonl.zst", "Coinbase"},
      {"nautilus-test-data/bitmex_trades_XBTUSD.csv", "bitmex"},
  };
  for (const auto& [name, venue] : cases) {
    const Folder folder;
    auto result = import(folder, {(*data / name).string()});
    REQUIRE_FALSE(result.ok());
    INFO(result.error().text());
    CHECK(result.error().kind == ErrorKind::usage);
    CHECK(result.error().message.find(venue) != std::string::npos);
  }
}

TEST_CASE("Recorded bars, funding, mark prices and vendor files are read whole") {
  const auto data = recorded_data("recorded bars");
  if (!data) return;
  const auto month =
      import_recorded(*data, {"isda-1m/FILUSDT-1m-2025-02.csv.zst", "isda-1m/NEARUSDT-1m-2025-02.csv.zst"});
  CHECK(kind(month.files[0], "marketBar") == 40'320);
  CHECK(month.gaps == 0);
  const auto converted = import_recorded(
      *data,
      {"klines/prathap-2024-12/BTCUSDT-3m-futures.csv.gz", "klines/prathap-2024-12/BTCUSDT-5m-futures.csv.gz",
       "klines/prathap-2024-12/BTCUSDT-8h-funding_rate.csv.gz", "klines/prathap-2024-12/BTCUSDT-8h-mark.csv.gz"});
  for (const auto& file : converted.files) CHECK(file.skipped.empty());
  CHECK(converted.files[3].format == "converted mark price bars");
  const auto crash = import_recorded(*data, {"crash-windows/BTCUSDT-perp-1m-2020-03-13T0150-0239.csv"});
  CHECK(kind(crash.files[0], "marketBar") == 50);
  const auto tardis = import_recorded(*data, {"nautilus-test-data/binance-futures_book_snapshot_25_BTCUSDT.csv"});
  CHECK(kind(tardis.files[0], "bookSnapshot") == 10);
  const auto depth = import_recorded(*data, {"nautilus-test-data/btcusdt-depth-snap.csv"});
  CHECK(kind(depth.files[0], "bookSnapshot") == 100);
  CHECK(depth.files[0].records == 1);
}
