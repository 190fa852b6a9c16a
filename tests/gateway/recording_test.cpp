// From sockets to datasets: a live venue recorded, days that change, a disk that fills.
#include "engine/market/fixed.h"
#include "gateway/binance/account_form.h"
#include "gateway/binance/net_wire.h"
#include "gateway/binance/venue_facts.h"
#include "gateway/exchange/server.h"
#include "gateway/recording/day_recorder.h"
#include "sim/dataset_source.h"
#include "tests/gateway/market_records.h"
#include "tests/gateway/support.h"

namespace reprise::gateway::binance::test {

namespace {

constexpr std::int64_t kMidnight = 1'767'225'600'000'000'000;  // 2026-01-01T00:00:00Z

void trade_at(std::int64_t time, std::int64_t id, journal::RecordBatch& out) {
  journal::RecordHeader header;
  header.instrument = 1;
  header.ts_event = time - 1'000'000;
  header.ts_recv = header.ts_engine = time;
  out.append<schema::Trade>(journal::RecordType::TRADE, header, [&](schema::Trade::Builder b) {
    b.setTradeId(id);
    b.setPrice(100 * kScale);
    b.setQty(kScale);
  });
}

struct DayDesk {
  DayDesk() {
    options.path = folder.at("live");
    options.clock = [this] { return now; };
    options.free_bytes = [this] { return free; };
    options.keep_free_bytes = 1'000;
  }
  Result<std::unique_ptr<DayRecorder>> create() {
    return DayRecorder::create(options, [this](journal::RecordBatch& out) {
      ++openings;
      InstrumentSpec spec;
      spec.symbol = spec.venue_symbol = "BTCUSDT";
      spec.venue = Venue::BINANCE_USDM;
      spec.contract_type = schema::ContractType::LINEAR_PERPETUAL;
      spec.base_asset = "BTC";
      spec.quote_asset = spec.settlement_asset = "USDT";
      spec.tick_size = kScale / 10;
      spec.lot_size = kScale / 1000;
      journal::RecordHeader header;
      header.instrument = 1;
      header.ts_recv = header.ts_engine = now;
      append_instrument(spec, header, out);
    });
  }
  gateway_tests::Folder folder;
  std::int64_t now = kMidnight - 10 * kSecond;
  std::uint64_t free = 1'000'000;
  DayRecorder::Options options;
  int openings = 0;
};

// A venue with a generated market in this process, and a client of it over real sockets.
class LiveVenue {
 public:
  LiveVenue() : begin_(loop_.now()) {
    exchange::ExchangeServerOptions serving;
    serving.wall_clock = [] { return kMidnight; };
    auto server = exchange::ExchangeServer::start(loop_, std::move(serving), sink_,
                                                  [](UnixNanos start) -> Result<std::unique_ptr<exchange::MarketFeed>> {
                                                    return exchange::open_generated_feed(7, 2, start);
                                                  });
    REQUIRE(server.ok());
    server_ = std::move(server).value();
    auto environment = environment_at("http://127.0.0.1:" + std::to_string(server_->port()));
    REQUIRE(environment.ok());
    auto wire = make_net_wire(loop_, *environment, [this] { return UnixNanos{kMidnight + loop_.now() - begin_}; });
    REQUIRE(wire.ok());
    wire_ = std::move(wire).value();
    rest_ = std::make_unique<RestClient>(*wire_, RestClient::Options{}, nullptr);
  }
  RestClient& rest() { return *rest_; }
  bool until(const std::function<bool()>& done) {
    for (int n = 0; n < 6'000 && !done(); ++n) loop_.turn(std::chrono::milliseconds(10));
    return done();
  }

 private:
  net::Loop loop_;
  std::int64_t begin_;
  sim::RunSink sink_ = sim::RunSink::none();
  std::unique_ptr<exchange::ExchangeServer> server_;
  std::unique_ptr<Wire> wire_;
  std::unique_ptr<RestClient> rest_;
};

}  // namespace

TEST_CASE("recording: a new UTC day is a dataset of its own beside the first, and both read as one market") {
  DayDesk desk;
  auto recorder = desk.create();
  REQUIRE(recorder.ok());
  journal::RecordBatch batch;
  for (int n = 0; n < 20; ++n, desk.now += kSecond) {
    batch.clear();
    trade_at(desk.now, n, batch);
    (*recorder)->append(batch);
    REQUIRE((*recorder)->look().ok());
  }
  auto recording = (*recorder)->end();
  REQUIRE(recording.ok());
  REQUIRE(recording->days.size() == 2);
  CHECK(recording->days[0].path == desk.folder.at("live"));
  CHECK(recording->days[1].path == desk.folder.at("live.2026-01-01"));
  CHECK(recording->records == 20 + 2 * 2);
  CHECK(desk.openings == 2);
  std::vector<std::string> paths;
  for (const RecordedDay& day : recording->days) {
    paths.push_back(day.path);
    CHECK(day.manifest.status == schema::RunStatus::ENDED);
  }
  auto source = sim::DatasetSource::open(paths, {});
  REQUIRE(source.ok());
  sim::SourceRecord record;
  std::int64_t next = 0;
  while (source->next(record)) {
    if (record.view.type() == journal::RecordType::TRADE) {
      CHECK(journal::read<schema::Trade>(record.view).getTradeId() == next++);
      CHECK(record.instrument == 1);
    }
    source->release(record);
  }
  CHECK(source->status().ok());
  CHECK(next == 20);
}

TEST_CASE("recording: before the disk is full it ends with an error, and what was recorded is whole") {
  DayDesk desk;
  auto recorder = desk.create();
  REQUIRE(recorder.ok());
  journal::RecordBatch batch;
  trade_at(desk.now, 1, batch);
  (*recorder)->append(batch);
  REQUIRE((*recorder)->look().ok());
  desk.free = 999;
  desk.now += 11 * kSecond;
  const Status full = (*recorder)->look();
  REQUIRE_FALSE(full.ok());
  CHECK(full.error().kind == ErrorKind::could_not_check);
  CHECK(full.error().message.find("the disk has") != std::string::npos);
  (*recorder)->append(batch);  // takes no more
  auto recording = (*recorder)->end();
  REQUIRE(recording.ok());
  CHECK(recording->records == 3);
  CHECK(recording->days[0].manifest.last_seq == 3);
  CHECK_FALSE(desk.create().ok());  // and does not begin on such a disk
}

TEST_CASE("recording: gaps are stated with their times, and an existing dataset is not touched") {
  DayDesk desk;
  {
    auto recorder = desk.create();
    REQUIRE(recorder.ok());
    journal::RecordBatch batch;
    journal::RecordHeader header;
    header.instrument = 1;
    header.ts_recv = header.ts_engine = desk.now;
    batch.append<schema::FeedGap>(journal::RecordType::FEED_GAP, header, [&](schema::FeedGap::Builder b) {
      b.setReason(schema::GapReason::TIME_HOLE);
      b.setTsFrom(desk.now - kSecond);
      b.setTsUntil(desk.now);
    });
    (*recorder)->append(batch);
    auto recording = (*recorder)->end();
    REQUIRE(recording.ok());
    CHECK(recording->gap_count == 1);
    REQUIRE(recording->gaps.size() == 1);
    CHECK(recording->gaps[0].until - recording->gaps[0].from == kSecond);
  }
  CHECK_FALSE(desk.create().ok());
  CHECK(day_text(kMidnight) == "2026-01-01");
  CHECK(day_text(kMidnight - 1) == "2025-12-31");
}

TEST_CASE("recording: over real sockets the recorded book is the venue's own, update for update") {
  LiveVenue venue;
  std::optional<Result<VenueFacts>> facts;
  fetch_venue_facts(venue.rest(), {"BTCUSDT", "ETHUSDT"}, [&](Result<VenueFacts> got) { facts = std::move(got); });
  REQUIRE(venue.until([&] { return facts.has_value(); }));
  INFO((facts->ok() ? "" : facts->error().text()));
  REQUIRE(facts->ok());
  CHECK((*facts)->instruments.size() == 2);

  // Beside what is recorded, books that begin with a snapshot of their own.
  struct Witness final : MarketSink {
    void on_records(const journal::RecordBatch& records) override {
      notes.on_records(records);
      records.for_each(1, [&](const journal::RecordView& view) {
        if (view.type() == journal::RecordType::BOOK_DELTA)
          books[view.header->instrument].on_delta(journal::read<schema::BookDelta>(view), {view.header->ts_engine});
      });
    }
    Notebook notes;
    std::map<InstrumentNo, BookFeed> books;
  } witness;
  auto session = MarketSession::create(venue.rest(), witness, {{"BTCUSDT", 1}, {"ETHUSDT", 2}}, {});
  REQUIRE(session.ok());
  (*session)->start();
  REQUIRE(venue.until([&] { return (*session)->live_books() == 2; }));

  const char* symbols[] = {"BTCUSDT", "ETHUSDT"};
  for (const InstrumentNo number : {1U, 2U}) {
    witness.books[number] = BookFeed();
    REQUIRE(venue.until([&] { return witness.books[number].buffered() > 0; }));
    std::string body;
    venue.rest().send(depth(symbols[number - 1], 1000).value(), [&](const Answer& answer) { body = answer.body; });
    REQUIRE(venue.until([&] { return !body.empty(); }));
    MessageParser parser;
    MessageBuffer messages;
    REQUIRE(parser.parse_depth(body, messages).verdict == FrameVerdict::messages);
    journal::RecordBatch batch;
    RecordMaker().append(messages[0], {}, batch);
    batch.for_each(1, [&](const journal::RecordView& view) {
      witness.books[number].on_snapshot(journal::read<schema::BookSnapshot>(view), {1});
    });
    REQUIRE(venue.until([&] { return witness.books[number].state() == BookFeedState::synchronised; }));
    const BookFeed& recorded = witness.notes.reader.books[number];
    CHECK(recorded.state() == BookFeedState::synchronised);
    CHECK(recorded.last_update_id() == witness.books[number].last_update_id());
    CHECK(book_text(recorded.book()) == book_text(witness.books[number].book()));
    CHECK(recorded.book().level_count(BookSideKind::bid) > 5);
  }
  REQUIRE(venue.until([&] { return witness.notes.count("mark") >= 4 && witness.notes.count("clock") == 1; }));
  const MarketCounts counts = (*session)->counts();
  CHECK(counts.bad_frames == 0);
  CHECK(counts.reconnects == 0);
  CHECK(counts.duplicates == 0);
}

TEST_CASE("recording: over real sockets fresh ones take over again and again, and nothing is missing or doubled") {
  LiveVenue venue;
  MarketSessionOptions options;
  options.times.rotate_after = DurationNanos::seconds(1);
  options.times.overlap = DurationNanos::millis(200);
  options.times.first_pause = DurationNanos::millis(10);
  options.streams.most_streams = 4;  // more sockets
  Notebook notes;
  auto session = MarketSession::create(venue.rest(), notes, {{"BTCUSDT", 1}, {"ETHUSDT", 2}}, options);
  REQUIRE(session.ok());
  (*session)->start();
  REQUIRE(venue.until([&] { return (*session)->counts().rotations >= 6 && (*session)->live_books() == 2; }));
  const MarketCounts counts = (*session)->counts();
  CHECK(counts.reconnects == 0);
  CHECK(counts.bad_frames == 0);
  CHECK(counts.books.gaps == 0);
  CHECK(counts.books.resyncs == 2);
  CHECK(counts.duplicates > 0);
  CHECK(notes.count("disconnected #1") + notes.count("disconnected #2") == 0);
}

}  // namespace reprise::gateway::binance::test
