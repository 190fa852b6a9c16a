// What the synthetic market publishes is what a venue would: ids that join, books that agree, times in order.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <limits>
#include <map>

#include "engine/market/book_feed.h"
#include "engine/market/fixed.h"
#include "engine/market/instrument.h"
#include "journal/digest.h"
#include "journal/journal_reader.h"
#include "sim/generator/generator.h"
#include "tests/support/catch.h"

namespace reprise::sim {
namespace {

using journal::RecordType;
using journal::RecordView;

// Calls f(record) for every record of the first `seconds` of a market.
template <class F>
void each_record(std::uint64_t seed, std::uint32_t symbols, std::int64_t start, std::int64_t seconds, F&& f) {
  SyntheticMarket market(seed, symbols, start);
  journal::RecordBatch batch;
  for (std::int64_t s = 1; s <= seconds; ++s) {
    batch.clear();
    market.run_until(start + s * kSecond, batch);
    batch.for_each(1, f);
  }
}

std::string digest_of(std::uint64_t seed, std::uint32_t symbols, std::int64_t seconds, std::int64_t step = kSecond) {
  SyntheticMarket market(seed, symbols, kDefaultStartTime);
  journal::RunningDigest digest;
  journal::RecordBatch batch;
  for (std::int64_t at = 0; at < seconds * kSecond; at += step) {
    batch.clear();
    market.run_until(kDefaultStartTime + std::min(at + step, seconds * kSecond), batch);
    digest.update(batch.bytes(), batch.size_bytes());
  }
  return digest.value().text();
}

std::filesystem::path fresh_folder(const std::string& name) {
  const auto path =
      std::filesystem::temp_directory_path() / ("reprise-generator-" + name + "-" + std::to_string(::getpid()));
  std::filesystem::remove_all(path);
  return path;
}

TEST_CASE("one seed gives one dataset, whoever asks and in what steps") {
  const std::string digest = digest_of(7, 2, 120);
  CHECK(digest_of(7, 2, 120) == digest);
  CHECK(digest_of(7, 2, 120, 7 * kSecond / 3) == digest);
  CHECK(digest_of(8, 2, 120) != digest);
  // The same on every compiler, C library and CPU. Change it together with kGeneratorVersion.
  CHECK(digest == "xxh3-128:cf800948114653403c0f0f24061eb29e");
}

TEST_CASE("the dataset journal holds the market's records and names where they came from") {
  const auto folder = fresh_folder("dataset");
  GeneratorOptions options;
  options.seed = 7;
  options.duration_ns = 120 * kSecond;
  options.symbols = 2;
  options.out = folder.string();
  options.clock = [] { return std::int64_t{1}; };
  auto report = generate(options);
  if (!report) FAIL(report.error().text());
  CHECK(report->manifest.digest.text() == digest_of(7, 2, 120));
  CHECK(report->manifest.mode == schema::RunMode::DATASET);
  CHECK(report->manifest.status == schema::RunStatus::ENDED);
  CHECK(report->manifest.seed == 7);
  CHECK(report->symbols == std::vector<std::string>{"BTCUSDT", "ETHUSDT"});
  CHECK_FALSE(report->interrupted);

  auto reader = journal::JournalReader::open(folder.string());
  if (!reader) FAIL(reader.error().text());
  std::map<RecordType, std::uint64_t> seen;
  RecordView record;
  while (reader->next(record)) ++seen[record.type()];
  REQUIRE(reader->status().ok());
  CHECK(seen[RecordType::INSTRUMENT] == 2);
  CHECK(seen[RecordType::MARGIN_TABLE] == 2);
  CHECK(seen[RecordType::BOOK_SNAPSHOT] == 2);
  CHECK(seen[RecordType::FEED_LATENCY] == 1);
  CHECK(seen[RecordType::TRADE] == report->counts.trades);
  CHECK(seen[RecordType::BOOK_DELTA] == report->counts.book_deltas);
  CHECK(seen[RecordType::BBO] == report->counts.bbos);
  CHECK(seen[RecordType::MARK_PRICE] == report->counts.mark_prices);
  CHECK(report->counts.mark_prices == 2 * 120);

  // The same place again is refused and nothing in it is lost.
  auto again = generate(options);
  REQUIRE_FALSE(again.ok());
  CHECK(again.error().kind == ErrorKind::usage);
  CHECK(journal::JournalReader::open(folder.string()).ok());
  std::filesystem::remove_all(folder);
}

TEST_CASE("stopping early leaves a valid dataset that ends there") {
  const auto folder = fresh_folder("stopped");
  GeneratorOptions options;
  options.duration_ns = 3600 * kSecond;
  options.symbols = 1;
  options.out = folder.string();
  options.clock = [] { return std::int64_t{1}; };
  options.progress = [](std::int64_t done, std::int64_t) { return done < 5 * kSecond; };
  auto report = generate(options);
  if (!report) FAIL(report.error().text());
  CHECK(report->interrupted);
  CHECK(report->manifest.status == schema::RunStatus::ENDED);
  CHECK(report->last_time < kDefaultStartTime + 6 * kSecond);
  std::filesystem::remove_all(folder);
}

TEST_CASE("options out of range are refused before anything is written") {
  GeneratorOptions options;
  options.clock = [] { return std::int64_t{1}; };
  options.out = fresh_folder("refused").string();
  const auto refused = [&](auto change) {
    GeneratorOptions changed = options;
    change(changed);
    auto report = generate(changed);
    return !report.ok() && report.error().kind == ErrorKind::usage && !std::filesystem::exists(options.out);
  };
  CHECK(refused([](GeneratorOptions& o) { o.symbols = 0; }));
  CHECK(refused([](GeneratorOptions& o) { o.symbols = 21; }));
  CHECK(refused([](GeneratorOptions& o) { o.duration_ns = 0; }));
  CHECK(refused([](GeneratorOptions& o) { o.duration_ns = -5; }));
  CHECK(refused([](GeneratorOptions& o) { o.duration_ns = std::numeric_limits<std::int64_t>::max(); }));
  CHECK(refused([](GeneratorOptions& o) { o.start_time_ns = -1; }));
}

TEST_CASE("declarations come first, times are ordered, and every figure fits its instrument") {
  std::map<std::uint32_t, Instrument> instruments;
  std::int64_t last_recv = 0;
  std::int64_t last_event = 0;
  std::map<std::uint32_t, std::int64_t> last_trade_id;
  std::uint64_t wrong = 0;
  each_record(3, 20, kDefaultStartTime, 20, [&](const RecordView& r) {
    const journal::RecordHeader& h = *r.header;
    wrong += h.ts_recv < last_recv || h.ts_event < last_event || h.ts_recv <= h.ts_event || h.ts_engine != h.ts_recv ||
             h.is_output();
    last_recv = h.ts_recv;
    last_event = h.ts_event;
    if (r.type() == RecordType::INSTRUMENT) {
      instruments[h.instrument] = Instrument::from_record(h.instrument, journal::read<schema::Instrument>(r));
      return;
    }
    if (h.instrument == 0) return;
    if (instruments.count(h.instrument) == 0) {
      ++wrong;
      return;
    }
    const Instrument& instrument = instruments[h.instrument];
    const auto fits = [&](std::int64_t price, std::int64_t qty) {
      return price > 0 && price % instrument.tick_size.e8 == 0 && qty % instrument.lot_size.e8 == 0 &&
             price < instrument.max_price.e8;
    };
    if (r.type() == RecordType::TRADE) {
      const auto t = journal::read<schema::Trade>(r);
      wrong += !fits(t.getPrice(), t.getQty()) || t.getQty() <= 0 ||
               t.getTradeId() != last_trade_id[h.instrument] + 1 || t.getAggressorSide() == schema::Side::NONE ||
               t.getTsVenueSent() < h.ts_event || t.getTsVenueSent() >= h.ts_recv;
      last_trade_id[h.instrument] = t.getTradeId();
    } else if (r.type() == RecordType::BBO) {
      const auto b = journal::read<schema::Bbo>(r);
      wrong += !fits(b.getBidPrice(), b.getBidQty()) || !fits(b.getAskPrice(), b.getAskQty());
    } else if (r.type() == RecordType::MARGIN_TABLE) {
      std::int64_t floor = 0;
      for (auto tier : journal::read<schema::MarginTable>(r).getTiers()) {
        wrong += tier.getNotionalFloor() != floor || tier.getNotionalCap() <= floor || tier.getMaxLeverage() == 0;
        floor = tier.getNotionalCap();
      }
    }
  });
  CHECK(instruments.size() == 20);
  CHECK(wrong == 0);
  for (const auto& [number, instrument] : instruments) {
    INFO(instrument.symbol);
    CHECK(instrument.is_linear());
    CHECK(instrument.venue == Venue::SYNTHETIC);
    CHECK(instrument.max_qty > instrument.market_max_qty);
    CHECK(instrument.market_max_qty > instrument.min_qty);
    CHECK(last_trade_id[number] > 0);
  }
}

TEST_CASE("maintenance margin is continuous across the tiers") {
  each_record(1, 3, kDefaultStartTime, 1, [&](const RecordView& r) {
    if (r.type() != RecordType::MARGIN_TABLE) return;
    Instruments instruments;
    instruments.set_margin(0, journal::read<schema::MarginTable>(r));
    const auto tiers = journal::read<schema::MarginTable>(r).getTiers();
    for (unsigned i = 1; i < tiers.size(); ++i) {
      const Money floor = Money::of_e8(tiers[i].getNotionalFloor());
      const auto margin = [&](unsigned tier) {
        return (floor * Rate::of_e8(tiers[tier].getMaintenanceMarginRate())).e8 - tiers[tier].getMaintenanceAmount();
      };
      CHECK(margin(i) == margin(i - 1));
    }
  });
}

TEST_CASE("a book kept from snapshot and deltas joins without a gap and agrees with every best bid and offer") {
  constexpr std::uint32_t kSymbols = 3;
  struct Seen {
    BookFeed feed;
    std::int64_t bid = 0, bid_qty = 0, ask = 0, ask_qty = 0, update_id = 0;
    std::int64_t last_trade_time = 0;
    Side last_trade_side = Side::NONE;
  };
  std::map<std::uint32_t, Seen> books;
  std::uint64_t compared = 0, gaps = 0, disagreed = 0, crossed = 0, trades = 0, off_book = 0, sweeps = 0;
  each_record(21, kSymbols, kDefaultStartTime, 1200, [&](const RecordView& r) {
    Seen& seen = books[r.header->instrument];
    const UnixNanos now{r.header->ts_engine};
    switch (r.type()) {
      case RecordType::BOOK_SNAPSHOT: seen.feed.on_snapshot(journal::read<schema::BookSnapshot>(r), now); break;
      case RecordType::BOOK_DELTA: {
        const auto outcome = seen.feed.on_delta(journal::read<schema::BookDelta>(r), now);
        gaps += outcome.event != BookFeedEvent::applied && outcome.event != BookFeedEvent::joined;
        crossed += outcome.is_crossed || outcome.is_locked;
        if (seen.update_id == 0) break;
        const auto bid = seen.feed.book().best_bid();
        const auto ask = seen.feed.book().best_ask();
        ++compared;
        disagreed += !bid || !ask || bid->price.e8 != seen.bid || bid->qty.e8 != seen.bid_qty ||
                     ask->price.e8 != seen.ask || ask->qty.e8 != seen.ask_qty;
        break;
      }
      case RecordType::BBO: {
        const auto b = journal::read<schema::Bbo>(r);
        seen.bid = b.getBidPrice();
        seen.bid_qty = b.getBidQty();
        seen.ask = b.getAskPrice();
        seen.ask_qty = b.getAskQty();
        disagreed += b.getUpdateId() <= seen.update_id;
        seen.update_id = b.getUpdateId();
        crossed += seen.bid >= seen.ask;
        break;
      }
      case RecordType::TRADE: {
        // The first print of an order is at the best price, the rest of a sweep lies behind it.
        const auto t = journal::read<schema::Trade>(r);
        if (seen.update_id == 0) break;
        const bool is_buy = t.getAggressorSide() == Side::BUY;
        const std::int64_t best = is_buy ? seen.ask : seen.bid;
        const bool is_first =
            r.header->ts_event != seen.last_trade_time || t.getAggressorSide() != seen.last_trade_side;
        ++trades;
        sweeps += t.getPrice() != best;
        off_book += is_first ? t.getPrice() != best : (is_buy ? t.getPrice() < best : t.getPrice() > best);
        seen.last_trade_time = r.header->ts_event;
        seen.last_trade_side = t.getAggressorSide();
        break;
      }
      default: break;
    }
  });
  CHECK(compared > 20'000);
  CHECK(trades > 10'000);
  CHECK(sweeps > 100);
  CHECK(gaps == 0);
  CHECK(disagreed == 0);
  CHECK(crossed == 0);
  CHECK(off_book == 0);
}

TEST_CASE("funding settles at 00, 08 and 16 UTC with the rate last announced") {
  const std::int64_t start = kDefaultStartTime + kFundingInterval - 90 * kSecond;
  std::map<std::uint32_t, std::int64_t> rate, mark, next;
  std::uint64_t settled = 0;
  each_record(5, 2, start, 180, [&](const RecordView& r) {
    const std::uint32_t instrument = r.header->instrument;
    if (r.type() == RecordType::MARK_PRICE) {
      const auto m = journal::read<schema::MarkPrice>(r);
      rate[instrument] = m.getFundingRate();
      mark[instrument] = m.getMarkPrice();
      next[instrument] = m.getNextFundingTime();
      CHECK(m.getNextFundingTime() > r.header->ts_event);
      CHECK(m.getNextFundingTime() % kFundingInterval == 0);
      CHECK(std::abs(m.getMarkPrice() - m.getIndexPrice()) < m.getIndexPrice() / 100);
      CHECK_FALSE(m.getIsFallback());
    } else if (r.type() == RecordType::FUNDING_SETTLEMENT) {
      const auto f = journal::read<schema::FundingSettlement>(r);
      ++settled;
      CHECK(r.header->ts_event == kDefaultStartTime + kFundingInterval);
      CHECK(f.getFundingRate() == rate[instrument]);
      CHECK(f.getMarkPrice() == mark[instrument]);
      CHECK(f.getIntervalHours() == 8);
      CHECK(next[instrument] == r.header->ts_event);
    }
  });
  CHECK(settled == 2);
}

}  // namespace
}  // namespace reprise::sim
