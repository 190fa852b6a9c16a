// Every format of import with a small input of its own: what is recorded, and how the lines add up.
#include "engine/market/fixed.h"
#include "tests/gateway/samples.h"
#include "tests/gateway/support.h"
#include "tests/support/catch.h"

using namespace reprise;
using namespace reprise::gateway_tests;
using gateway::ImportReport;
using journal::RecordType;

namespace {

struct Imported {
  ImportReport report;
  std::vector<Stored> records;
};

Imported import_texts(const Folder& folder, const std::vector<std::pair<std::string, std::string>>& texts,
                      std::vector<std::string> instruments = {}) {
  std::vector<std::string> files;
  for (const auto& [name, text] : texts) files.push_back(folder.write(name, text));
  auto result = import(folder, files, "dataset", std::move(instruments));
  INFO((result.ok() ? "" : result.error().text()));
  REQUIRE(result.ok());
  CHECK(adds_up(*result));
  Imported imported{*result, records_of(folder.at("dataset"))};
  CHECK(imported.records.size() == imported.report.records);
  auto verified = journal::verify(folder.at("dataset"));
  REQUIRE(verified.ok());
  return imported;
}

Imported import_text(const std::string& name, const std::string& text) {
  const Folder folder;
  return import_texts(folder, {{name, text}});
}

}  // namespace

TEST_CASE("A capture session joins its book, agrees with its quotes and records what is odd") {
  const Imported got = import_text("usdm_btcusdt.txt", hbt_session());
  const auto& file = got.report.files.at(0);
  CHECK(file.lines == 11);
  CHECK(file.records == 11);
  CHECK(kind(file, "bookDelta") == 5);
  CHECK(kind(file, "trade") == 3);
  CHECK(got.report.book_compared == 2);
  CHECK(got.report.book_agreed == 2);
  CHECK(got.report.resyncs == 1);
  CHECK(got.report.gaps == 1);
  CHECK(got.report.gaps_by_reason.at("sequence") == 1);
  CHECK(got.report.anomalies.at("nonMarketTrade") == 1);
  CHECK(got.report.anomalies.at("outlierPrint") == 1);

  // The instrument and its brackets come first.
  REQUIRE(got.records.size() > 4);
  CHECK(got.records[0].type() == RecordType::INSTRUMENT);
  CHECK(got.records[0].as<schema::Instrument>().getSymbol() == "BTCUSDT");
  CHECK(got.records[0].as<schema::Instrument>().getVenue() == schema::Venue::BINANCE_USDM);
  CHECK(got.records[1].type() == RecordType::MARGIN_TABLE);
  const auto gaps = of_type(got.records, RecordType::FEED_GAP);
  REQUIRE(gaps.size() == 1);
  CHECK(gaps[0].as<schema::FeedGap>().getExpectedId() == 110);
  CHECK(gaps[0].as<schema::FeedGap>().getReceivedId() == 129);
  const auto trades = of_type(got.records, RecordType::TRADE);
  REQUIRE(trades.size() == 3);
  CHECK(trades[1].as<schema::Trade>().getKind() == schema::TradeKind::INSURANCE_FUND);
  CHECK(trades[0].header.ts_recv == kSampleStart + 7'000'000);
  CHECK(trades[0].header.ts_event == kSampleStart + 7'000'000);
}

TEST_CASE("A bookTicker that the rebuilt book contradicts is recorded as such") {
  std::string text = hbt_session();
  const std::size_t at = text.find("\"u\":110,\"s\"");
  REQUIRE(at != std::string::npos);
  text.replace(text.find("4.000", at), 5, "4.001");
  const Imported got = import_text("usdm_btcusdt.txt", text);
  CHECK(got.report.book_compared == 2);
  CHECK(got.report.book_agreed == 1);
  CHECK(got.report.anomalies.at("bookDisagreesWithBbo") == 1);
}

TEST_CASE("Engine time never runs back when the local clock does, and each step is recorded") {
  std::string text = hbt_line(kSampleStart + 5'000'000, "btcusdt@trade", trade_json(5, 1, "100"));
  text += hbt_line(kSampleStart + 1'000'000, "btcusdt@trade", trade_json(6, 2, "100"));
  text += hbt_line(kSampleStart + 7'000'000, "btcusdt@trade", trade_json(7, 3, "100"));
  const Imported got = import_text("a.txt", text);
  CHECK(got.report.anomalies.at("clockStepBack") == 1);
  const auto trades = of_type(got.records, RecordType::TRADE);
  REQUIRE(trades.size() == 3);
  CHECK(trades[1].header.ts_recv == kSampleStart + 1'000'000);
  CHECK(trades[1].header.ts_engine == kSampleStart + 5'000'000);
  std::int64_t previous = 0;
  for (const Stored& record : got.records) {
    CHECK(record.header.ts_engine >= previous);
    previous = record.header.ts_engine;
  }
}

TEST_CASE("A local clock behind the venue's is told once, before the first data") {
  std::string text = hbt_line(kSampleStart, "btcusdt@trade", trade_json(1270, 1, "100"));
  text += hbt_line(kSampleStart + 1'000'000, "btcusdt@trade", trade_json(1269, 2, "100"));
  const Imported got = import_text("a.txt", text);
  const auto latency = of_type(got.records, RecordType::FEED_LATENCY);
  REQUIRE(latency.size() == 1);
  CHECK(latency[0].as<schema::FeedLatency>().getClockOffset() == 1'270'000'000);
  CHECK(got.records[2].type() == RecordType::FEED_LATENCY);
}

TEST_CASE("A hole in a capture is a gap of each instrument in it") {
  std::string text = hbt_line(kSampleStart, "btcusdt@trade", trade_json(0, 1, "100"));
  text += hbt_line(kSampleStart + 61'000'000'000, "btcusdt@trade", trade_json(61'000, 2, "100"));
  const Imported got = import_text("a.txt", text);
  const auto gaps = of_type(got.records, RecordType::FEED_GAP);
  REQUIRE(gaps.size() == 1);
  CHECK(gaps[0].as<schema::FeedGap>().getReason() == schema::GapReason::TIME_HOLE);
  CHECK(gaps[0].as<schema::FeedGap>().getTsUntil() - gaps[0].as<schema::FeedGap>().getTsFrom() == 61'000'000'000);
}

TEST_CASE("A trade that comes twice is recorded once and told") {
  const std::string line = hbt_line(kSampleStart, "btcusdt@trade", trade_json(0, 1, "100"));
  const Imported got = import_text("a.txt", line + line);
  CHECK(of_type(got.records, RecordType::TRADE).size() == 1);
  CHECK(got.report.anomalies.at("duplicateMessage") == 1);
  CHECK(got.report.files[0].skipped.at(0).first_line == 2);
}

TEST_CASE("Spot and COIN-M captures are told apart by their content, and symbols stay unique") {
  const Folder folder;
  const std::string spot =
      hbt_line(kSampleStart, "btcusdt@bookTicker",
               R"({"u":1,"s":"BTCUSDT","b":"100.00000000","B":"1.00000000","a":"100.01000000","A":"1.00000000"})");
  const std::string coin = hbt_line(
      kSampleStart + 1, "btcusd_perp@bookTicker",
      R"({"u":1,"e":"bookTicker","s":"BTCUSD_PERP","ps":"BTCUSD","b":"100.1","B":"35","a":"100.2","A":"1","T":1723161256000,"E":1723161256000})");
  const std::string futures = hbt_line(kSampleStart + 2, "btcusdt@bookTicker", bbo_json(0, 1, "100.0", "100.1"));
  const Imported got = import_texts(folder, {{"one", spot}, {"two", coin}, {"three", futures}});
  const auto instruments = of_type(got.records, RecordType::INSTRUMENT);
  REQUIRE(instruments.size() == 3);
  CHECK(instruments[0].as<schema::Instrument>().getSymbol() == "BTCUSDT.SPOT");
  CHECK(instruments[0].as<schema::Instrument>().getVenueSymbol() == "BTCUSDT");
  CHECK(instruments[0].as<schema::Instrument>().getContractType() == schema::ContractType::SPOT);
  CHECK(instruments[1].as<schema::Instrument>().getSymbol() == "BTCUSD_PERP");
  CHECK(instruments[1].as<schema::Instrument>().getContractType() == schema::ContractType::INVERSE_PERPETUAL);
  CHECK(instruments[1].as<schema::Instrument>().getContractMultiplier() == 100 * kScale);
  CHECK(instruments[2].as<schema::Instrument>().getSymbol() == "BTCUSDT");
}

TEST_CASE("Files are merged by receive time, then by their place, then by line") {
  const Folder folder;
  std::string a = hbt_line(kSampleStart, "btcusdt@trade", trade_json(0, 1, "100")) +
                  hbt_line(kSampleStart + 2'000, "btcusdt@trade", trade_json(0, 2, "100"));
  std::string b = hbt_line(kSampleStart, "ethusdt@trade", trade_json(0, 1, "100", "MARKET", "ETHUSDT")) +
                  hbt_line(kSampleStart + 1'000, "ethusdt@trade", trade_json(0, 2, "100", "MARKET", "ETHUSDT")) +
                  hbt_line(kSampleStart + 2'000, "ethusdt@trade", trade_json(0, 3, "100", "MARKET", "ETHUSDT"));
  const Imported got = import_texts(folder, {{"a", a}, {"b", b}});
  std::string order;
  for (const Stored& record : of_type(got.records, RecordType::TRADE))
    order += std::to_string(record.header.instrument);
  CHECK(order == "12212");
}

TEST_CASE("Microsecond captures and Windows line ends are read") {
  std::string text = hbt_line(kSampleStart / 1000, "btcusdt@trade", trade_json(0, 1, "100"));
  text.insert(text.size() - 1, "\r");
  const Imported got = import_text("a.txt", text);
  CHECK(of_type(got.records, RecordType::TRADE).at(0).header.ts_recv == kSampleStart);
}

TEST_CASE("cryptofeed captures: frames, connections, depth answers, and what is no market data") {
  const Imported got = import_text("2024-08-08_BINANCE_FUTURES.ws.1.0", kCryptofeed);
  const auto& file = got.report.files[0];
  CHECK(file.lines == 8);
  CHECK(kind(file, "feedConnected") == 1);
  CHECK(kind(file, "bbo") == 1);
  CHECK(kind(file, "bookSnapshot") == 1);
  CHECK(kind(file, "sent") == 2);
  CHECK(kind(file, "blank") == 1);
  CHECK(kind(file, "configuration") == 1);
  REQUIRE(file.skipped.size() == 1);
  CHECK(file.skipped[0].first_line == 7);
  CHECK(of_type(got.records, RecordType::BBO).at(0).header.ts_recv == kSampleStart + 110'592'000);
}

TEST_CASE("cryptofeed JSON lines are read like the text form") {
  const std::string text =
      "{\"t\":\"header\",\"format\":2,\"exchange\":\"BINANCE_FUTURES\"}\n"
      "{\"t\":\"connect\",\"conn\":\"x\",\"ts\":1723161256.0,\"addr\":\"wss://fstream.binance.com/stream\"}\n"
      "{\"t\":\"recv\",\"conn\":\"x\",\"ts\":1723161256.5,\"data\":\"{\\\"e\\\":\\\"bookTicker\\\",\\\"u\\\":5,"
      "\\\"s\\\":\\\"BTCUSDT\\\",\\\"b\\\":\\\"100.0\\\","
      "\\\"B\\\":\\\"1\\\",\\\"a\\\":\\\"100.1\\\",\\\"A\\\":\\\"1\\\",\\\"T\\\":1723161256000,\\\"E\\\":1723161256001}"
      "\"}\n";
  const Imported got = import_text("2026.jsonl", text);
  CHECK(of_type(got.records, RecordType::BBO).size() == 1);
  CHECK(of_type(got.records, RecordType::FEED_CONNECTED).size() == 1);
}

TEST_CASE("exchangeInfo inside a session gives the filters of its instruments") {
  const Folder folder;
  const Imported got =
      import_texts(folder, {{"info.0", std::string("https://fapi.binance.com/fapi/v1/exchangeInfo -> 1723161255.0: ") +
                                           kExchangeInfo + "\n"},
                            {"ws.1", kCryptofeed}});
  const auto instrument = of_type(got.records, RecordType::INSTRUMENT).at(0).as<schema::Instrument>();
  CHECK(instrument.getTickSize() == 50'000'000);
  CHECK(instrument.getLiquidationFeeRate() == 1'750'000);
  CHECK_FALSE(instrument.getFiltersAreDefaults());
}

TEST_CASE("Archive trades, aggregate trades and quotes are read with and without their header") {
  const Folder folder;
  for (const bool with_header : {true, false}) {
    const auto cut = [&](const std::string& text) { return with_header ? text : text.substr(text.find('\n') + 1); };
    const std::string suffix = with_header ? "1" : "2";
    std::vector<std::string> files = {
        folder.write(suffix + "/BTCUSDT-trades-2024-08-08.csv", cut(kArchiveTrades)),
        folder.write(suffix + "/ETHUSDT-aggTrades-2024-08-08.csv", cut(kArchiveAggTrades)),
        folder.write(suffix + "/ETHUSDT-bookTicker-2024-08-08.csv", cut(kArchiveBookTicker))};
    auto result = import(folder, files, "out" + suffix);
    INFO((result.ok() ? "" : result.error().text()));
    REQUIRE(result.ok());
    CHECK(adds_up(*result));
    const auto records = records_of(folder.at("out" + suffix));
    const auto trades = of_type(records, RecordType::TRADE);
    REQUIRE(trades.size() == 3);
    CHECK(trades[0].as<schema::Trade>().getAggressorSide() == schema::Side::SELL);
    CHECK(trades[0].header.ts_event == kSampleStart);
    const auto bbo = of_type(records, RecordType::BBO);
    REQUIRE(bbo.size() == 1);
    CHECK(bbo[0].as<schema::Bbo>().getTsVenueSent() == kSampleStart + 3'000'000);
    CHECK(kind(result->files[0], "header") == (with_header ? 1u : 0u));
  }
}

TEST_CASE("Archive bars stand at the end of their time, and mark bars give the mark price too") {
  const Imported bars = import_text("BTCUSDT-1m-2024-08.csv", kArchiveKlines);
  const auto records = of_type(bars.records, RecordType::MARKET_BAR);
  REQUIRE(records.size() == 2);
  CHECK(records[0].header.ts_recv == 1'723'161'300'000'000'000);
  CHECK(records[0].as<schema::MarketBar>().getCloseTime() == 1'723'161'299'999'999'999);
  CHECK(records[0].as<schema::MarketBar>().getTradeCount() == 33);
  CHECK_FALSE(records[0].as<schema::MarketBar>().getIsMarkPrice());

  const Imported marks =
      import_text("futures/um/monthly/markPriceKlines/BTCUSDT/1m/BTCUSDT-1m-2024-08.csv", kArchiveKlines);
  CHECK(marks.report.files[0].format == "archive markPriceKlines");
  CHECK(of_type(marks.records, RecordType::MARKET_BAR).at(0).as<schema::MarketBar>().getIsMarkPrice());
  const auto prices = of_type(marks.records, RecordType::MARK_PRICE);
  REQUIRE(prices.size() == 2);
  CHECK(prices[0].as<schema::MarkPrice>().getMarkPrice() == 10'040'000'000);
}

TEST_CASE("Archive funding and metrics are read, empty figures are left out") {
  const Imported funding = import_text("BTCUSDT-fundingRate-2024-08.csv", kArchiveFunding);
  const auto settlement =
      of_type(funding.records, RecordType::FUNDING_SETTLEMENT).at(0).as<schema::FundingSettlement>();
  CHECK(settlement.getFundingRate() == -12'345);
  CHECK(settlement.getIntervalHours() == 8);
  const Imported metrics = import_text("BTCUSDT-metrics-2024-08-08.csv", kArchiveMetrics);
  CHECK(of_type(metrics.records, RecordType::MARKET_METRIC).size() == 5);
  CHECK(kind(metrics.report.files[0], "marketMetric") == 1);
}

TEST_CASE("Tardis rows of one update become one record, and lines still add up") {
  const Imported got = import_text("book.csv", kTardisBook);
  CHECK(kind(got.report.files[0], "bookSnapshot") == 3);
  CHECK(kind(got.report.files[0], "bookDelta") == 3);
  CHECK(got.report.files[0].records == 3);
  const auto snapshot = of_type(got.records, RecordType::BOOK_SNAPSHOT).at(0).as<schema::BookSnapshot>();
  CHECK(snapshot.getBids()[0].getPrice() == 10'000'000'000);  // best first
  CHECK_FALSE(snapshot.getIsPartial());
  CHECK(of_type(got.records, RecordType::BOOK_DELTA).at(0).as<schema::BookDelta>().getBids()[0].getQty() == 0);
}

TEST_CASE("Tardis trades, snapshots, quotes and tickers are read") {
  const Folder folder;
  const Imported got = import_texts(
      folder,
      {{"a.csv", kTardisTrades}, {"b.csv", kTardisSnapshot}, {"c.csv", kTardisQuotes}, {"d.csv", kTardisTicker}});
  CHECK(of_type(got.records, RecordType::TRADE).at(0).header.ts_recv == kSampleStart + 1'234'000);
  CHECK(of_type(got.records, RecordType::BOOK_SNAPSHOT).at(0).as<schema::BookSnapshot>().getIsPartial());
  CHECK(of_type(got.records, RecordType::BBO).at(0).as<schema::Bbo>().getBidPrice() == 10'000'000'000);
  const auto mark = of_type(got.records, RecordType::MARK_PRICE).at(0).as<schema::MarkPrice>();
  CHECK(mark.getMarkPrice() == 10'012'345'678);  // truncated
  CHECK(mark.getNextFundingTime() == 1'723'161'600'000'000'000);
  CHECK(of_type(got.records, RecordType::MARKET_METRIC).size() == 1);
  CHECK(of_type(got.records, RecordType::INSTRUMENT).size() == 2);
}

TEST_CASE("Converted bars take their length from the name and show a hole") {
  const Imported got = import_text("BTCUSDT-5m-futures.csv", kConvertedBars);
  const auto bars = of_type(got.records, RecordType::MARKET_BAR);
  REQUIRE(bars.size() == 3);
  CHECK(bars[0].header.ts_recv == 1'723'161'600'000'000'000);
  CHECK(got.report.gaps_by_reason.at("timeHole") == 1);
  const Imported funding = import_text("BTCUSDT-8h-funding_rate.csv", kConvertedFunding);
  CHECK(
      of_type(funding.records, RecordType::FUNDING_SETTLEMENT).at(0).as<schema::FundingSettlement>().getFundingRate() ==
      -3'968);
}

TEST_CASE("Historical depth files are grouped by update id and join") {
  const Imported got = import_text("BTCUSDT_T_DEPTH_2024-08-08.csv", kDepthArchive);
  CHECK(got.report.resyncs == 1);
  CHECK(of_type(got.records, RecordType::BOOK_DELTA).at(0).as<schema::BookDelta>().getFirstUpdateId() == 98);
}

TEST_CASE("Compressed files give the same records as plain ones") {
  const Folder folder;
  const std::string text = hbt_session();
  const std::string plain = folder.write("plain.txt", text);
  auto expected = import(folder, {plain}, "plain");
  REQUIRE(expected.ok());
  for (const std::string filter : {"gzip", "zstd", "xz", "zip"}) {
    const std::string packed = write_packed(folder, "packed." + filter, filter, {{"inner.txt", text}});
    auto result = import(folder, {packed}, "out-" + filter);
    INFO(filter << (result.ok() ? "" : result.error().text()));
    REQUIRE(result.ok());
    CHECK(result->manifest.digest == expected->manifest.digest);
    CHECK(result->files.size() == 1);
  }
}

TEST_CASE("Each entry of a zip is a text of its own, named by its entry") {
  const Folder folder;
  const std::string packed =
      write_packed(folder, "many.zip", "zip",
                   {{"BTCUSDT-1m-2024-08.csv", kArchiveKlines}, {"ETHUSDT-1m-2024-08.csv", kArchiveKlines}});
  auto result = import(folder, {packed});
  REQUIRE(result.ok());
  CHECK(result->files.size() == 2);
  CHECK(adds_up(*result));
  CHECK(result->files[1].path.find("ETHUSDT-1m") != std::string::npos);
  const auto bars = of_type(records_of(folder.at("dataset")), RecordType::MARKET_BAR);
  REQUIRE(bars.size() == 4);
  CHECK(bars[0].header.instrument == 1);  // merged by time, not one behind the other
  CHECK(bars[1].header.instrument == 2);
}

TEST_CASE("Filters and brackets of the user win, in one file or in several") {
  const Folder folder;
  const std::string info = folder.write("info.json", kExchangeInfo);
  const std::string brackets = folder.write("brackets.json", kBrackets);
  const Imported got = import_texts(folder, {{"a.txt", hbt_session()}}, {info, brackets});
  const auto instrument = of_type(got.records, RecordType::INSTRUMENT).at(0).as<schema::Instrument>();
  CHECK(instrument.getTickSize() == 50'000'000);
  CHECK(instrument.getMinNotional() == 7 * kScale);
  CHECK_FALSE(instrument.getFiltersAreDefaults());
  const auto table = of_type(got.records, RecordType::MARGIN_TABLE).at(0).as<schema::MarginTable>();
  CHECK_FALSE(table.getIsDefault());
  REQUIRE(table.getTiers().size() == 2);
  CHECK(table.getTiers()[1].getMaintenanceAmount() == 40 * kScale);
  CHECK(table.getTiers()[1].getNotionalFloor() == 1000 * kScale);
}

TEST_CASE("An unknown symbol gets a tick and a lot that fit what was recorded, and a warning") {
  std::string text = hbt_line(kSampleStart, "newusdt@trade", trade_json(0, 1, "0.01230", "MARKET", "NEWUSDT"));
  text += hbt_line(kSampleStart + 1, "newusdt@trade", trade_json(0, 2, "0.01241", "MARKET", "NEWUSDT"));
  const Imported got = import_text("a.txt", text);
  const auto instrument = of_type(got.records, RecordType::INSTRUMENT).at(0).as<schema::Instrument>();
  CHECK(instrument.getTickSize() == 1'000);
  CHECK(instrument.getLotSize() == 1'000'000);
  CHECK(instrument.getFiltersAreDefaults());
  CHECK(instrument.getBaseAsset() == "NEW");
  CHECK(got.report.warnings.size() == 1);
  CHECK(of_type(got.records, RecordType::MARGIN_TABLE).at(0).as<schema::MarginTable>().getIsDefault());
}

TEST_CASE("The report is one JSON object with the promised fields") {
  const Imported got = import_text("a.txt", hbt_session());
  const std::string json = gateway::to_json(got.report);
  for (const char* field : {"\"files\":[", "\"path\":", "\"format\":", "\"lines\":11", "\"records\":", "\"by_kind\":{",
                            "\"skipped\":[", "\"book\":{\"compared\":2,\"agreed\":2}", "\"gaps\":1"}) {
    INFO(field);
    CHECK(json.find(field) != std::string::npos);
  }
}
