// Whole runs: a small market written as a dataset, traded by the real engine, journaled, read back.
#include <boost/random/mersenne_twister.hpp>

#include <unistd.h>
#include <cstring>
#include <filesystem>
#include <tuple>

#include "engine/engine.h"
#include "engine/market/fixed.h"
#include "engine/portfolio/portfolio.h"
#include "engine/replay.h"
#include "engine/state_bytes.h"
#include "engine/take_up.h"
#include "journal/journal_reader.h"
#include "journal/journal_writer.h"
#include "sim/assumed_venue.h"
#include "sim/backtest.h"
#include "sim/branch_point.h"
#include "sim/dataset_source.h"
#include "sim/recorded_state.h"
#include "sim/run_loop.h"
#include "tests/sim/desk.h"

namespace reprise::sim::test {

namespace {

namespace fs = std::filesystem;
using journal::RecordType;

constexpr std::int64_t kOpening = 1'723'161'600'000'000'000;

class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "reprise-sim-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

enum class Feed { book, trades, bars };

struct Sheet {  // writes one dataset
  explicit Sheet(const std::string& path)
      : writer(journal::JournalWriter::create(
                   path, {}, {journal::Durability::buffered, 256u << 10, 1, [] { return std::int64_t{0}; }})
                   .value()) {}
  template <class T, class Fill>
  void put(RecordType type, std::uint32_t instrument, std::int64_t event, std::int64_t recv, Fill&& fill,
           std::size_t words = 16) {
    journal::RecordHeader header;
    header.instrument = instrument;
    header.ts_event = event;
    header.ts_recv = recv;
    header.ts_engine = last = std::max(last, recv);
    batch.clear();
    batch.append<T>(type, header, fill, words);
    writer.append(batch);
  }
  void declare(std::uint32_t number, const char* symbol) {
    put<schema::Instrument>(RecordType::INSTRUMENT, number, kOpening, kOpening, [&](schema::Instrument::Builder b) {
      b.setSymbol(symbol);
      b.setVenue(Venue::SYNTHETIC);
      b.setContractType(schema::ContractType::LINEAR_PERPETUAL);
      b.setBaseAsset("X");
      b.setQuoteAsset("USDT");
      b.setSettlementAsset("USDT");
      b.setTickSize(kScale / 10);
      b.setLotSize(kScale / 1000);
      b.setMinQty(kScale / 1000);
      b.setMaxQty(1000 * kScale);
      b.setMinNotional(5 * kScale);
      b.setState(schema::InstrumentState::TRADING);
    });
    put<schema::MarginTable>(RecordType::MARGIN_TABLE, number, kOpening, kOpening, [](schema::MarginTable::Builder b) {
      auto tiers = b.initTiers(1);
      tiers[0].setNotionalCap(100'000'000 * kScale);
      tiers[0].setMaxLeverage(50);
      tiers[0].setMaintenanceMarginRate(500'000);
    });
  }
  void end() { REQUIRE(writer.end().ok()); }
  journal::JournalWriter writer;
  journal::RecordBatch batch;
  std::int64_t last = 0;
};

// Ten minutes of a wandering price, one event each 50 ms, received 3 ms after it happened (bars: at once).
void write_market(const std::string& path, Feed feed, std::uint64_t seed, const char* symbol = "XUSDT",
                  std::uint32_t number = 1) {
  Sheet sheet(path);
  sheet.declare(number, symbol);
  boost::random::mt19937_64 random(seed);
  const auto pick = [&](std::uint64_t n) { return static_cast<std::int64_t>(random() % n); };
  std::int64_t mid = 10'000;  // ticks of 0.1
  const auto price = [](std::int64_t ticks) { return ticks * (kScale / 10); };
  if (feed == Feed::bars) {
    for (int n = 0; n < 400; ++n) {
      const std::int64_t opened = kOpening + n * 60'000 * kMillisecond;
      const std::int64_t close = mid + pick(61) - 30;
      const std::int64_t high = std::max(mid, close) + pick(20), low = std::min(mid, close) - pick(20);
      sheet.put<schema::MarketBar>(RecordType::MARKET_BAR, number, opened + 60'000 * kMillisecond,
                                   opened + 60'000 * kMillisecond, [&](schema::MarketBar::Builder b) {
                                     b.setOpen(price(mid));
                                     b.setHigh(price(high));
                                     b.setLow(price(low));
                                     b.setClose(price(close));
                                     b.setVolume(1000 * kScale);
                                     b.setOpenTime(opened);
                                     b.setCloseTime(opened + 60'000 * kMillisecond - 1);
                                   });
      mid = close;
    }
    sheet.end();
    return;
  }
  std::int64_t update = 100;
  for (int n = 0; n < 12'000; ++n) {
    const std::int64_t event = kOpening + (n + 1) * 50 * kMillisecond;
    const std::int64_t recv = event + 3 * kMillisecond;
    if (pick(3) == 0) mid += pick(7) - 3;
    const std::int64_t what = n == 0 ? 0 : pick(10);
    if (what < 6 && feed == Feed::book) {
      update += 5;
      sheet.put<schema::BookSnapshot>(
          RecordType::BOOK_SNAPSHOT, number, event, recv,
          [&](schema::BookSnapshot::Builder b) {
            b.setLastUpdateId(update);
            b.setIsPartial(true);
            auto bids = b.initBids(5);
            auto asks = b.initAsks(5);
            for (unsigned l = 0; l < 5; ++l) {
              bids[l].setPrice(price(mid - 1 - l));
              bids[l].setQty((1 + pick(20)) * kScale);
              asks[l].setPrice(price(mid + 1 + l));
              asks[l].setQty((1 + pick(20)) * kScale);
            }
          },
          40);
    } else if (what < 9) {
      const Side side = pick(2) == 0 ? Side::BUY : Side::SELL;
      sheet.put<schema::Trade>(RecordType::TRADE, number, event, recv, [&](schema::Trade::Builder b) {
        b.setPrice(price(side == Side::BUY ? mid + 1 + pick(3) : mid - 1 - pick(3)));
        b.setQty((1 + pick(50)) * kScale / 10);
        b.setTradeId(n);
        b.setAggressorSide(side);
      });
    } else {
      sheet.put<schema::MarkPrice>(RecordType::MARK_PRICE, number, event, recv, [&](schema::MarkPrice::Builder b) {
        b.setMarkPrice(price(mid));
        b.setFundingRate(10'000);
        b.setNextFundingTime(kOpening + 300'000 * kMillisecond);  // in the middle of the run
      });
    }
  }
  sheet.end();
}

config::Config trading(const std::string& kind, std::int64_t bar_ns = 5'000'000'000) {
  config::Config config;
  config.account.initial_balance_e8 = 10'000 * kScale;
  config.engine.bar_interval_ns = bar_ns;
  config.engine.stale_after_ns = 120'000'000'000;
  config.risk.max_orders_per_second = 100;
  config.risk.max_orders_per_minute = 5000;
  config.sizing.risk_fraction_e8 = 200'000;
  config::StrategyConfig strategy;
  strategy.name = "s";
  strategy.kind = kind;
  strategy.instruments = {"XUSDT"};
  if (kind == "trend_following") {
    strategy.params = {{"fast_period", "3"}, {"slow_period", "8"}, {"breakout_period", "4"}, {"atr_period", "5"}};
  }
  config.strategies.push_back(strategy);
  return config;
}

BacktestOptions options_for(const config::Config& config, const std::string& dataset, const std::string& path) {
  BacktestOptions options;
  options.datasets = {dataset};
  // What is journaled is what is used: the entries with every default of the strategy kinds filled in.
  auto checked = engine::check_configuration(config::to_entries(config));
  INFO((checked.ok() ? std::string() : checked.error().text()));
  REQUIRE(checked.ok());
  options.config = checked.value();
  options.entries = config::to_entries(options.config);
  options.journal_path = path;
  options.durability = journal::Durability::buffered;
  options.clock = [] { return std::int64_t{1}; };
  return options;
}

BacktestReport run_ok(const BacktestOptions& options) {
  Result<BacktestReport> report = run_backtest(options);
  INFO((report.ok() ? std::string() : report.error().text()));
  REQUIRE(report.ok());
  return report.value();
}

struct Tally {
  std::map<RecordType, std::uint64_t> count;
  std::map<ReportKind, std::uint64_t> reports;
  std::uint64_t conservation = 0;
  std::int64_t venue_wallet = 0, engine_wallet = 0, venue_qty = 0, engine_qty = 0;
};

Tally tally(const std::string& path) {
  Tally t;
  auto reader = journal::JournalReader::open(path);
  REQUIRE(reader.ok());
  journal::RecordView r;
  engine::Engine engine;
  journal::RecordBatch outputs;
  while (reader->next(r)) {
    ++t.count[r.type()];
    if (!r.header->is_output()) {
      outputs.clear();
      engine.on(r, outputs);
    }
    if (r.type() == RecordType::ORDER_REPORT) ++t.reports[journal::read<schema::OrderReport>(r).getKind()];
    if (r.type() == RecordType::BALANCE_UPDATE)
      t.venue_wallet = journal::read<schema::BalanceUpdate>(r).getWalletBalance();
    if (r.type() == RecordType::POSITION_UPDATE) t.venue_qty = journal::read<schema::PositionUpdate>(r).getQty();
    if (r.type() == RecordType::ORDER_ANOMALY &&
        journal::read<schema::OrderAnomaly>(r).getKind() == schema::AnomalyKind::CONSERVATION)
      ++t.conservation;
  }
  t.engine_wallet = engine.portfolio().wallet_balance().e8;
  t.engine_qty = engine.portfolio().net_position(1).e8;
  return t;
}

std::vector<std::byte> all_bytes(const std::string& path) {
  auto reader = journal::JournalReader::open(path);
  REQUIRE(reader.ok());
  std::vector<std::byte> bytes;
  journal::RecordView r;
  while (reader->next(r)) bytes.insert(bytes.end(), r.bytes(), r.bytes() + r.total_bytes());
  return bytes;
}

void must_agree(const std::string& path) {
  const Tally t = tally(path);
  CHECK(t.conservation == 0);
  CHECK(t.engine_wallet == t.venue_wallet);
  CHECK(t.engine_qty == t.venue_qty);
  auto replayer = engine::Replayer::open(path);
  REQUIRE(replayer.ok());
  auto replayed = replayer->run();
  REQUIRE(replayed.ok());
  CHECK(replayed->identical);
}

}  // namespace

TEST_CASE("a grid on a book trades, is paid funding, and engine and venue agree to the last unit") {
  const Folder folder;
  write_market(folder / "data", Feed::book, 11);
  const BacktestReport report = run_ok(options_for(trading("quoting_grid"), folder / "data", folder / "run"));
  Tally t = tally(folder / "run");
  CHECK(report.records == report.inputs + report.outputs);
  CHECK(t.count[RecordType::RUN_START] == 1);
  CHECK(t.count[RecordType::RUN_END] == 1);
  CHECK(t.count[RecordType::CLOCK_TICK] == 600);
  CHECK(t.reports[ReportKind::FILLED] > 10);
  CHECK(t.reports[ReportKind::CANCELED] + t.reports[ReportKind::MODIFIED] > 10);
  CHECK(t.count[RecordType::FUNDING_PAYMENT] == 1);
  must_agree(folder / "run");
}

TEST_CASE("a trend strategy trades on trades alone, and on bars alone") {
  const Folder folder;
  write_market(folder / "trades", Feed::trades, 5);
  run_ok(options_for(trading("trend_following"), folder / "trades", folder / "run-trades"));
  CHECK(tally(folder / "run-trades").reports[ReportKind::FILLED] > 2);
  must_agree(folder / "run-trades");
  write_market(folder / "bars", Feed::bars, 6);
  config::Config config = trading("trend_following", 60'000'000'000);
  config.engine.stale_after_ns = 300'000'000'000;
  run_ok(options_for(config, folder / "bars", folder / "run-bars"));
  CHECK(tally(folder / "run-bars").reports[ReportKind::FILLED] > 2);
  must_agree(folder / "run-bars");
}

TEST_CASE("a strategy that names its venue trades as one that gives the symbol alone") {
  const Folder folder;
  write_market(folder / "data", Feed::book, 11);
  config::Config config = trading("quoting_grid");
  run_ok(options_for(config, folder / "data", folder / "plain"));
  config.strategies[0].instruments = {"synthetic:XUSDT"};
  run_ok(options_for(config, folder / "data", folder / "named"));
  Tally plain = tally(folder / "plain");
  Tally named = tally(folder / "named");
  CHECK(named.reports[ReportKind::REJECTED] == plain.reports[ReportKind::REJECTED]);
  CHECK(named.reports[ReportKind::FILLED] == plain.reports[ReportKind::FILLED]);
  CHECK(named.reports[ReportKind::FILLED] > 10);
  must_agree(folder / "named");
}

// Every snapshot of the journal, taken up over the run's own records: all that follows must be what stands there.
void must_go_on_from_every_snapshot(const std::string& path) {
  auto reader = journal::JournalReader::open(path);
  REQUIRE(reader.ok());
  auto snapshots = reader->snapshots();
  REQUIRE(snapshots.ok());
  REQUIRE(snapshots->size() > 20);
  for (const journal::SnapshotInfo& info : *snapshots) {
    INFO("behind record " << info.seq << " of " << reader->last_seq());
    auto snapshot = reader->snapshot_at_or_before(info.seq);
    REQUIRE(snapshot.ok());
    REQUIRE((*snapshot).has_value());
    auto source = DatasetSource::open_behind(path, info.seq);
    REQUIRE(source.ok());
    auto kept = journal::JournalReader::open(path);
    REQUIRE(kept.ok());
    REQUIRE(kept->seek(**snapshot).ok());
    RunSink sink = RunSink::along(path, std::move(kept).value(), info.seq + 1);
    RunLoop loop(*source, sink);
    const Status loaded = loop.load(**snapshot);
    INFO((loaded.ok() ? std::string() : loaded.error().text()));
    REQUIRE(loaded.ok());
    while (!sink.failed() && loop.step()) {
    }
    REQUIRE(source->status().ok());
    loop.finish("end of data");
    INFO((sink.status().ok() ? std::string() : sink.status().error().text()));
    REQUIRE(sink.status().ok());
    CHECK(sink.next_seq() == reader->last_seq() + 1);
    CHECK(sink.digest_state().value() == reader->manifest().digest);
  }
}

TEST_CASE("a run taken up behind any of its snapshots makes the records that the whole run made") {
  const Folder folder;
  for (const auto& [name, feed, kind, latency] :
       {std::tuple("book", Feed::book, "quoting_grid", "distribution"),
        std::tuple("recorded latency", Feed::book, "quoting_grid", "recorded"),
        std::tuple("trades", Feed::trades, "trend_following", "constant"),
        std::tuple("bars", Feed::bars, "trend_following", "recorded")}) {
    INFO(name);
    const std::string data = folder / (std::string(name) + " data");
    write_market(data, feed, 21);
    config::Config config = trading(kind);
    config.venue.latency_model = latency;
    config.venue.latency_sigma_e8 = kScale / 2;
    BacktestOptions options = options_for(config, data, folder / name);
    options.snapshot_interval = 211;
    run_ok(options);
    must_go_on_from_every_snapshot(folder / name);
  }
}

TEST_CASE("a venue assumed beside an engine has the account that the engine's own venue had") {
  const Folder folder;
  const std::string data = folder / "data";
  write_market(data, Feed::book, 23);
  const config::Config config = trading("quoting_grid");
  run_ok(options_for(config, data, folder / "run"));
  auto recorded = RecordedRun::open(folder / "run");
  REQUIRE(recorded.ok());
  auto reader = journal::JournalReader::open(folder / "run");
  REQUIRE(reader.ok());
  StateTaker engines(folder / "run", {false, {}});
  int settled = 0, with_orders = 0, with_position = 0;
  for (journal::Seq seq = 1000; seq < reader->last_seq(); seq += 1777) {
    const journal::Seq end = end_of_step(*reader, seq).value();
    REQUIRE(recorded->go_to(end).ok());
    const SimExchange& real = *recorded->exchange();
    engine::Engine engine;
    const journal::Snapshot state = engines.behind(end).value();
    REQUIRE(engine::load_state(engine, state.section(engine::kEngineSection)->bytes).ok());

    const AssumedVenue assumed = assume_venue(engine);
    SimExchange venue(engine.config(), {"XUSDT"});
    assumed.market.for_each(0, [&](const journal::RecordView& view) {
      venue.on_market(view, view.header->instrument, engine.now(), engine.now());
    });
    venue.take_over(assumed.account, engine.now());
    CHECK(venue.reports().empty());

    // Where nothing is under way the engine knows all that there is.
    const std::vector<VenueOrder>& theirs = *real.orders(1);
    if (!assumed.in_flight.empty() || engine.orders().open_count() != theirs.size() ||
        engine.portfolio().net_position(1) != real.ledger().position(1).qty)
      continue;
    ++settled;
    with_orders += theirs.empty() ? 0 : 1;
    with_position += real.ledger().position(1).qty.is_zero() ? 0 : 1;
    CHECK(venue.ledger().wallet_balance() == real.ledger().wallet_balance());
    CHECK(venue.ledger().position(1).qty == real.ledger().position(1).qty);
    CHECK(venue.ledger().position(1).cost == real.ledger().position(1).cost);
    CHECK(venue.ledger().margin_balance() == real.ledger().margin_balance());
    std::map<Seq, std::tuple<Side, Price, Qty, Qty, std::int64_t>> mine, own;
    for (const VenueOrder& o : *venue.orders(1)) mine[o.id] = {o.side, o.price, o.qty, o.cum_qty, o.venue_id};
    for (const VenueOrder& o : theirs) own[o.id] = {o.side, o.price, o.qty, o.cum_qty, o.venue_id};
    CHECK(mine == own);
  }
  CHECK(settled > 4);
  CHECK(with_orders > 2);
  CHECK(with_position > 2);
}

TEST_CASE("a run over two markets is taken up on its own journal in place of both datasets") {
  const Folder folder;
  write_market(folder / "one", Feed::book, 22);
  write_market(folder / "two", Feed::trades, 23, "YUSDT");
  const config::Config config = trading("quoting_grid");
  BacktestOptions options = options_for(config, folder / "one", folder / "run");
  options.datasets.push_back(folder / "two");
  options.snapshot_interval = 777;
  run_ok(options);
  must_go_on_from_every_snapshot(folder / "run");
}

TEST_CASE("two runs are the same bytes, another seed of the latency is not") {
  const Folder folder;
  write_market(folder / "data", Feed::book, 12);
  config::Config config = trading("quoting_grid");
  config.venue.latency_model = "distribution";
  config.venue.latency_sigma_e8 = 50'000'000;
  config.venue.queue_model = "probabilistic";
  const BacktestReport a = run_ok(options_for(config, folder / "data", folder / "a"));
  const BacktestReport b = run_ok(options_for(config, folder / "data", folder / "b"));
  CHECK(a.digest == b.digest);
  CHECK(all_bytes(folder / "a") == all_bytes(folder / "b"));
  config.run.seed = 2;
  const BacktestReport c = run_ok(options_for(config, folder / "data", folder / "c"));
  CHECK_FALSE(c.digest == a.digest);
  must_agree(folder / "c");
}

TEST_CASE("a run without a journal decides the same") {
  const Folder folder;
  write_market(folder / "data", Feed::book, 12);
  const BacktestReport with = run_ok(options_for(trading("quoting_grid"), folder / "data", folder / "a"));
  const BacktestReport without = run_ok(options_for(trading("quoting_grid"), folder / "data", ""));
  CHECK(with.records == without.records);
  CHECK(with.outputs == without.outputs);
}

TEST_CASE("a run stopped on request leaves an ended journal that replays") {
  const Folder folder;
  write_market(folder / "data", Feed::book, 13);
  std::atomic<bool> stop{false};
  BacktestOptions options = options_for(trading("quoting_grid"), folder / "data", folder / "run");
  options.stop = &stop;
  int asked = 0;
  options.clock = [&] { return std::int64_t{++asked}; };
  stop = true;
  const BacktestReport report = run_ok(options);
  CHECK(report.stopped);
  auto reader = journal::JournalReader::open(folder / "run");
  REQUIRE(reader.ok());
  CHECK(reader->manifest().status == schema::RunStatus::ENDED);
  CHECK(reader->last_seq() == report.records);
}

TEST_CASE("a run cut short resumes to the bytes of an undisturbed one") {
  const Folder folder;
  write_market(folder / "data", Feed::book, 14);
  const BacktestReport whole = run_ok(options_for(trading("quoting_grid"), folder / "data", folder / "whole"));
  // What a killed process leaves: a prefix, not ended.
  const std::vector<std::byte> bytes = all_bytes(folder / "whole");
  for (const std::uint64_t kept : {std::uint64_t{1}, std::uint64_t{777}, whole.records - 1}) {
    const std::string cut = folder / ("cut" + std::to_string(kept));
    auto manifest = journal::JournalReader::open(folder / "whole").value().manifest();
    manifest.last_seq = manifest.durable_seq = 0;
    manifest.status = schema::RunStatus::RUNNING;
    {
      auto writer = journal::JournalWriter::create(
          cut, manifest, {journal::Durability::wal, 64u << 10, 1, [] { return std::int64_t{1}; }});
      REQUIRE(writer.ok());
      auto reader = journal::JournalReader::open(folder / "whole");
      journal::RecordView r;
      for (std::uint64_t n = 0; n < kept && reader->next(r); ++n) writer->append(r);
      REQUIRE(writer->commit().ok());
    }
    BacktestOptions options = options_for(trading("quoting_grid"), folder / "data", cut);
    options.resume = true;
    const BacktestReport resumed = run_ok(options);
    CHECK(resumed.compared_records == kept);
    CHECK(resumed.digest == whole.digest);
    CHECK(all_bytes(cut) == bytes);
  }
}

TEST_CASE("a run goes along an ended journal, record by record, and names the first that it makes otherwise") {
  const Folder folder;
  write_market(folder / "data", Feed::book, 14);
  const BacktestReport whole = run_ok(options_for(trading("quoting_grid"), folder / "data", folder / "whole"));
  BacktestOptions options = options_for(trading("quoting_grid"), folder / "data", "");
  options.compare_with = folder / "whole";
  const BacktestReport along = run_ok(options);
  CHECK(along.compared_records == whole.records);
  CHECK(along.records == whole.records);

  options = options_for(trading("trend_following"), folder / "data", "");
  options.compare_with = folder / "whole";
  const auto other = run_backtest(options);
  REQUIRE_FALSE(other.ok());
  CHECK(other.error().message.find("is not what this run makes") != std::string::npos);
}

TEST_CASE("resuming with another configuration names the first record that differs") {
  const Folder folder;
  write_market(folder / "data", Feed::book, 15);
  {
    auto writer = journal::JournalWriter::create(
        folder / "cut", {}, {journal::Durability::wal, 64u << 10, 1, [] { return std::int64_t{1}; }});
    REQUIRE(writer.ok());
    run_ok(options_for(trading("quoting_grid"), folder / "data", folder / "whole"));
    auto reader = journal::JournalReader::open(folder / "whole");
    journal::RecordView r;
    for (int n = 0; n < 100 && reader->next(r); ++n) writer->append(r);
    REQUIRE(writer->commit().ok());
  }
  config::Config other = trading("quoting_grid");
  other.run.seed = 99;
  BacktestOptions options = options_for(other, folder / "data", folder / "cut");
  options.resume = true;
  const Result<BacktestReport> report = run_backtest(options);
  REQUIRE_FALSE(report.ok());
  CHECK(report.error().message.find("record 1 (runStart)") != std::string::npos);
}

TEST_CASE("datasets are merged by receive time and their instruments get numbers of the run") {
  const Folder folder;
  write_market(folder / "a", Feed::trades, 21, "XUSDT", 1);
  write_market(folder / "b", Feed::trades, 22, "YUSDT", 1);
  write_market(folder / "c", Feed::bars, 23, "XUSDT", 7);
  auto source = DatasetSource::open({folder / "a", folder / "b", folder / "c"}, {1'000'000});
  REQUIRE(source.ok());
  SourceRecord r;
  UnixNanos recv{}, at_venue{};
  std::map<InstrumentNo, int> count;
  while (source->next(r)) {
    REQUIRE(r.recv >= recv);
    REQUIRE(r.at_venue >= at_venue);
    REQUIRE(r.at_venue <= r.recv);
    recv = r.recv;
    at_venue = r.at_venue;
    ++count[r.instrument];
    source->release(r);
  }
  REQUIRE(source->status().ok());
  CHECK(count.size() == 2);  // X is one instrument in a and c
  CHECK(count[1] == 12'002 + 402 - 0);
  CHECK(count[2] == 12'002);
  // Traded with another dataset as market data beside it.
  BacktestOptions options = options_for(trading("quoting_grid"), folder / "a", folder / "run");
  options.datasets.push_back(folder / "b");
  run_ok(options);
  must_agree(folder / "run");
}

TEST_CASE("a dataset that is missing or empty is refused with the next step") {
  const Folder folder;
  CHECK_FALSE(run_backtest(options_for(trading("quoting_grid"), folder / "none", folder / "run")).ok());
  Sheet sheet(folder / "empty");
  sheet.end();
  const auto report = run_backtest(options_for(trading("quoting_grid"), folder / "empty", folder / "run"));
  REQUIRE_FALSE(report.ok());
  CHECK(report.error().message.find("no market records") != std::string::npos);
  CHECK_FALSE(fs::exists(folder / "run"));
}

}  // namespace reprise::sim::test
