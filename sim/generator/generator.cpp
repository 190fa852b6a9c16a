#include "sim/generator/generator.h"

#include <array>
#include <cmath>
#include <queue>

#include "engine/market/fixed.h"
#include "engine/version.h"
#include "sim/generator/fundamentals.h"

namespace reprise::sim {

namespace {

constexpr std::int64_t kDeltaInterval = 100'000'000;
constexpr std::int64_t kWarmUp = 60 * kSecond;

// Activity by hour of the UTC day, percent: quiet before Europe opens, busiest as America does.
constexpr std::array<int, 24> kHourActivity = {105, 100, 90,  85,  80,  75,  75,  85,  100, 105, 100, 100,
                                               110, 130, 145, 140, 130, 115, 105, 100, 100, 95,  95,  100};

enum class EventKind : std::uint8_t { fundamental, wake, expiry, delta, mark, funding };

struct Event {
  std::int64_t at = 0;
  std::uint64_t number = 0;  // order of scheduling: the total order at one instant
  std::uint64_t payload = 0;
  std::uint32_t symbol = 0;
  EventKind kind = EventKind::wake;
};
struct Later {
  bool operator()(const Event& a, const Event& b) const { return a.at != b.at ? a.at > b.at : a.number > b.number; }
};

}  // namespace

struct SyntheticMarket::Impl {
  Impl(std::uint64_t seed, std::uint32_t symbols, std::int64_t start)
      : start_time(start), fundamentals(seed, symbols), delay(seed), schedule_random(seed, 5) {
    const std::int64_t begin = start - kWarmUp;
    push(begin, EventKind::fundamental, 0, 0);
    for (std::uint32_t i = 0; i < symbols; ++i) {
      markets.emplace_back(symbol_specs()[i], seed, i);
      publishers.emplace_back(symbol_specs()[i], i + 1, seed);
      for (std::size_t agent = 0; agent < markets[i].agents(); ++agent) {
        push(begin + 1 + static_cast<std::int64_t>(schedule_random.below(kSecond)), EventKind::wake, i, agent);
      }
      // Instruments publish at different moments of the interval, as shards of a venue do.
      const std::int64_t phase = kDeltaInterval * i / symbols;
      push(start + kDeltaInterval / 2 + phase, EventKind::delta, i, 0);
      push(begin + kSecond + phase / 10, EventKind::mark, i, 0);
      push((start / kFundingInterval + 1) * kFundingInterval, EventKind::funding, i, 0);
    }
  }

  void push(std::int64_t at, EventKind kind, std::uint32_t symbol, std::uint64_t payload) {
    queue.push({at, next_number++, payload, symbol, kind});
  }

  void open(journal::RecordBatch& out) {
    is_open = true;
    for (std::uint32_t i = 0; i < markets.size(); ++i)
      append_declaration(symbol_specs()[i], delay.stamp(i + 1, start_time), out);
    out.append<schema::FeedLatency>(journal::RecordType::FEED_LATENCY, delay.stamp(0, start_time),
                                    [](schema::FeedLatency::Builder b) {
                                      b.setClockOffset(0);
                                      b.setRoundTrip(3'600'000);
                                    });
    for (std::uint32_t i = 0; i < markets.size(); ++i) publishers[i].snapshot(markets[i], start_time, delay, out);
  }

  AgentView view_of(std::uint32_t symbol, std::int64_t now) const {
    const double tick = static_cast<double>(symbol_specs()[symbol].tick_e8) / 1e8;
    const auto hour = static_cast<std::size_t>(now / kHour % 24);
    return {now, fundamentals.fair(symbol) / tick, fundamentals.volatility(symbol), kHourActivity[hour] / 100.0};
  }

  void handle(const Event& event, journal::RecordBatch& out) {
    switch (event.kind) {
      case EventKind::fundamental:
        fundamentals.step();
        push(event.at + kFundamentalStep, EventKind::fundamental, 0, 0);
        break;
      case EventKind::wake: {
        InstrumentMarket& market = markets[event.symbol];
        const std::int64_t wait = market.wake(event.payload, view_of(event.symbol, event.at));
        if (is_open) publishers[event.symbol].after_act(market, event.at, delay, out);
        for (const Expiry& expiry : market.expiries()) push(expiry.at, EventKind::expiry, event.symbol, expiry.order);
        push(event.at + wait, EventKind::wake, event.symbol, event.payload);
        break;
      }
      case EventKind::expiry: {
        InstrumentMarket& market = markets[event.symbol];
        market.expire(event.payload);
        if (is_open) publishers[event.symbol].after_act(market, event.at, delay, out);
        break;
      }
      case EventKind::delta:
        publishers[event.symbol].flush_delta(markets[event.symbol], event.at, delay, out);
        push(event.at + kDeltaInterval, EventKind::delta, event.symbol, 0);
        break;
      case EventKind::mark: {
        const AgentView view = view_of(event.symbol, event.at);
        markets[event.symbol].observe_second(view.fair);
        if (is_open)
          publishers[event.symbol].mark(markets[event.symbol], fundamentals.value(event.symbol), event.at, delay, out);
        push(event.at + kSecond, EventKind::mark, event.symbol, 0);
        break;
      }
      case EventKind::funding:
        publishers[event.symbol].settle_funding(event.at, delay, out);
        push(event.at + kFundingInterval, EventKind::funding, event.symbol, 0);
        break;
    }
  }

  void run_until(std::int64_t until, journal::RecordBatch& out) {
    while (queue.top().at < until) {
      if (!is_open && queue.top().at >= start_time) open(out);
      const Event event = queue.top();
      queue.pop();
      handle(event, out);
    }
  }

  std::int64_t start_time;
  bool is_open = false;
  std::uint64_t next_number = 0;
  Fundamentals fundamentals;
  FeedDelay delay;
  RandomStream schedule_random;
  std::vector<InstrumentMarket> markets;
  std::vector<Publisher> publishers;
  std::priority_queue<Event, std::vector<Event>, Later> queue;
};

SyntheticMarket::SyntheticMarket(std::uint64_t seed, std::uint32_t symbols, std::int64_t start_time) {
  REPRISE_ASSERT(symbols >= 1 && symbols <= kMaxSymbols, "1 to 20 symbols");
  REPRISE_ASSERT(start_time > kWarmUp, "the market needs a start time");
  impl_ = std::make_unique<Impl>(seed, symbols, start_time);
}
SyntheticMarket::SyntheticMarket(SyntheticMarket&&) noexcept = default;
SyntheticMarket::~SyntheticMarket() = default;

void SyntheticMarket::run_until(std::int64_t until, journal::RecordBatch& out) {
  impl_->run_until(until, out);
}

PublishedCounts SyntheticMarket::counts() const {
  PublishedCounts sum;
  for (const Publisher& publisher : impl_->publishers) {
    const PublishedCounts& one = publisher.counts();
    sum.trades += one.trades;
    sum.book_deltas += one.book_deltas;
    sum.bbos += one.bbos;
    sum.mark_prices += one.mark_prices;
    sum.funding_settlements += one.funding_settlements;
  }
  return sum;
}
std::uint64_t SyntheticMarket::news() const {
  return impl_->fundamentals.news();
}
const InstrumentMarket& SyntheticMarket::market(std::uint32_t symbol) const {
  return impl_->markets.at(symbol);
}
double SyntheticMarket::fundamental_volatility(std::uint32_t symbol) const {
  return impl_->fundamentals.volatility(symbol);
}

Result<GeneratorReport> generate(const GeneratorOptions& options) {
  if (options.symbols < 1 || options.symbols > kMaxSymbols)
    return usage_error("--symbols: 1 to 20 instruments can be generated");
  if (options.duration_ns < kSecond || options.duration_ns > 366LL * 24 * kHour) {
    return usage_error("--hours: the dataset must last between one second and 366 days");
  }
  if (options.start_time_ns < 24 * kHour || options.start_time_ns > 4'000'000'000LL * kSecond) {
    return usage_error("--start: must lie between 1970-01-02 and the year 2096");
  }
  journal::Manifest manifest;
  manifest.run_id = "generated-" + std::to_string(options.seed) + "-" + std::to_string(options.symbols) + "-" +
                    std::to_string(options.duration_ns / kSecond);
  manifest.mode = schema::RunMode::DATASET;
  manifest.engine_version = engine::kEngineVersion;
  manifest.build_id = options.build_id;
  manifest.seed = options.seed;
  manifest.compiler = __VERSION__;
  manifest.origin = "generator " + std::to_string(kGeneratorVersion) + ": seed " + std::to_string(options.seed) + ", " +
                    std::to_string(options.symbols) + " symbols, " + std::to_string(options.duration_ns / kSecond) +
                    " s";
  journal::WriterOptions writer_options;
  writer_options.durability = options.durability;
  writer_options.clock = options.clock;
  auto created = journal::JournalWriter::create(options.out, manifest, writer_options);
  if (!created) return created.error();
  journal::JournalWriter writer = std::move(created).value();

  GeneratorReport report;
  SyntheticMarket market(options.seed, options.symbols, options.start_time_ns);
  journal::RecordBatch batch;
  const std::int64_t end = options.start_time_ns + options.duration_ns;
  for (std::int64_t now = options.start_time_ns; now < end;) {
    now = std::min(now + kSecond, end);
    batch.clear();
    market.run_until(now, batch);
    if (!batch.empty()) {
      batch.for_each(0, [&](const journal::RecordView& record) {
        if (report.first_time == 0) report.first_time = record.header->ts_engine;
        report.last_time = record.header->ts_engine;
      });
      report.records += batch.count();
      writer.append(batch);
    }
    if (writer.failed()) return writer.status().error();
    if (options.progress && !options.progress(now - options.start_time_ns, options.duration_ns)) {
      report.interrupted = now < end;
      break;
    }
  }
  auto ended = writer.end();
  if (!ended) return ended.error();
  report.manifest = *ended;
  report.counts = market.counts();
  report.news = market.news();
  for (std::uint32_t i = 0; i < options.symbols; ++i) report.symbols.emplace_back(symbol_specs()[i].symbol);
  return report;
}

}  // namespace reprise::sim
