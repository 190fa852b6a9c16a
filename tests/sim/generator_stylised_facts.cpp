// The synthetic market against the usual stylised facts (Cont, "Empirical properties of asset returns", 2001),
// measured from its records alone. Bounds are the numbers of sim/generator/MARKET.md; seeds are fixed, so that
// a failure is a change of the market and not of luck.
#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "engine/market/book_feed.h"
#include "engine/market/fixed.h"
#include "sim/generator/generator.h"
#include "tests/support/catch.h"

namespace reprise::sim {
namespace {

using journal::RecordType;
using Series = std::vector<double>;

constexpr std::int64_t kHours = 3;
constexpr std::uint32_t kSymbols = 3;

struct Observed {  // one value a second
  Series mid;
  Series spread;  // share of mid
  Series depth;   // quote value within 5 bp of mid, both sides
  Series volume;  // quote value
};

std::vector<Observed> observe(std::uint64_t seed) {
  SyntheticMarket market(seed, kSymbols, kDefaultStartTime);
  journal::RecordBatch batch;
  std::vector<Observed> all(kSymbols);
  std::vector<BookFeed> feeds(kSymbols);
  std::vector<double> volume(kSymbols, 0);
  for (std::int64_t s = 1; s <= kHours * 3600; ++s) {
    batch.clear();
    market.run_until(kDefaultStartTime + s * kSecond, batch);
    batch.for_each(1, [&](const journal::RecordView& r) {
      const std::uint32_t i = r.header->instrument - 1;
      const UnixNanos now{r.header->ts_engine};
      if (r.type() == RecordType::BOOK_DELTA) feeds[i].on_delta(journal::read<schema::BookDelta>(r), now);
      if (r.type() == RecordType::BOOK_SNAPSHOT) feeds[i].on_snapshot(journal::read<schema::BookSnapshot>(r), now);
      if (r.type() == RecordType::TRADE) {
        const auto t = journal::read<schema::Trade>(r);
        volume[i] += static_cast<double>(t.getPrice()) * 1e-8 * (static_cast<double>(t.getQty()) * 1e-8);
      }
    });
    for (std::uint32_t i = 0; i < kSymbols; ++i) {
      const OrderBook& book = feeds[i].book();
      REQUIRE(book.has_both_sides());
      const double mid = static_cast<double>(book.mid()->e8) * 1e-8;
      double depth = 0;
      for (const auto* side : {"bids", "asks"}) {
        const bool is_bid = *side == 'b';
        for (const Level& level : is_bid ? book.bids() : book.asks()) {
          const double price = static_cast<double>(level.price.e8) * 1e-8;
          if (std::abs(price / mid - 1) > 0.0005) break;
          depth += price * static_cast<double>(level.qty.e8) * 1e-8;
        }
      }
      all[i].mid.push_back(mid);
      all[i].spread.push_back(static_cast<double>(book.spread()->e8) * 1e-8 / mid);
      all[i].depth.push_back(depth);
      all[i].volume.push_back(volume[i]);
      volume[i] = 0;
    }
  }
  return all;
}

double mean(const Series& v) {
  double sum = 0;
  for (const double x : v) sum += x;
  return sum / static_cast<double>(v.size());
}
double correlation(const Series& a, const Series& b) {
  const double ma = mean(a), mb = mean(b);
  double aa = 0, bb = 0, ab = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    aa += (a[i] - ma) * (a[i] - ma);
    bb += (b[i] - mb) * (b[i] - mb);
    ab += (a[i] - ma) * (b[i] - mb);
  }
  return ab / std::sqrt(aa * bb);
}
double autocorrelation(const Series& v, std::ptrdiff_t lag) {
  return correlation({v.begin(), v.end() - lag}, {v.begin() + lag, v.end()});
}
double mean_autocorrelation(const Series& v, std::ptrdiff_t from, std::ptrdiff_t until) {
  double sum = 0;
  for (std::ptrdiff_t lag = from; lag <= until; ++lag) sum += autocorrelation(v, lag);
  return sum / static_cast<double>(until - from + 1);
}
double excess_kurtosis(const Series& v) {
  const double m = mean(v);
  double second = 0, fourth = 0;
  for (const double x : v) {
    const double square = (x - m) * (x - m);
    second += square;
    fourth += square * square;
  }
  const auto n = static_cast<double>(v.size());
  return fourth / n / (second / n * (second / n)) - 3;
}
Series returns(const Series& mid, std::size_t seconds) {
  Series r;
  for (std::size_t i = seconds; i < mid.size(); i += seconds) r.push_back(mid[i] / mid[i - seconds] - 1);
  return r;
}
Series magnitudes(Series v) {
  for (double& x : v) x = std::abs(x);
  return v;
}
// Mean of `what` over the minutes whose realised volatility lies in the highest and in the lowest quarter.
std::pair<double, double> high_and_low(const Series& what, const Series& volatility) {
  Series sorted = volatility;
  std::sort(sorted.begin(), sorted.end());
  const double low = sorted[sorted.size() / 4], high = sorted[sorted.size() * 3 / 4];
  Series in_high, in_low;
  for (std::size_t i = 0; i < what.size(); ++i) {
    if (volatility[i] >= high) in_high.push_back(what[i]);
    if (volatility[i] <= low) in_low.push_back(what[i]);
  }
  return {mean(in_high), mean(in_low)};
}

struct Minutes {
  Series volatility, volume, spread, depth;
};
Minutes minutes(const Observed& o) {
  Minutes m;
  for (std::size_t end = 60; end < o.mid.size(); end += 60) {
    double variance = 0, volume = 0, spread = 0, depth = 0;
    for (std::size_t i = end - 59; i <= end; ++i) {
      const double r = o.mid[i] / o.mid[i - 1] - 1;
      variance += r * r;
      volume += o.volume[i];
      spread += o.spread[i] / 60;
      depth += o.depth[i] / 60;
    }
    m.volatility.push_back(std::sqrt(variance));
    m.volume.push_back(volume);
    m.spread.push_back(spread);
    m.depth.push_back(depth);
  }
  return m;
}

TEST_CASE("the synthetic market shows the stylised facts of real ones") {
  for (const std::uint64_t seed : {2u, 4u}) {
    const auto observed = observe(seed);
    for (std::uint32_t i = 0; i < kSymbols; ++i) {
      const Observed& o = observed[i];
      const Series ten = returns(o.mid, 10);
      const Series size = magnitudes(ten);
      const Minutes m = minutes(o);
      INFO("seed " << seed << ", " << symbol_specs()[i].symbol);

      CHECK(excess_kurtosis(ten) > 2.0);
      CHECK(excess_kurtosis(returns(o.mid, 60)) > 0.8);
      // Fat tails thin out as returns add up.
      CHECK(excess_kurtosis(returns(o.mid, 1)) > excess_kurtosis(ten));

      // Returns cannot be foretold from the last ones, their size can.
      CHECK(std::abs(autocorrelation(ten, 1)) < 0.15);
      CHECK(std::abs(mean_autocorrelation(ten, 2, 10)) < 0.05);
      CHECK(autocorrelation(size, 1) > 0.15);
      CHECK(mean_autocorrelation(size, 2, 6) > 0.08);
      CHECK(mean_autocorrelation(size, 7, 18) > 0.04);
      CHECK(mean_autocorrelation(size, 2, 6) > mean_autocorrelation(size, 40, 60));

      // Who makes the market steps back when prices move, and who trades comes.
      CHECK(correlation(m.volume, m.volatility) > 0.5);
      CHECK(correlation(m.spread, m.volatility) > 0.4);
      CHECK(correlation(m.depth, m.volatility) < -0.4);
      const auto spread = high_and_low(m.spread, m.volatility);
      CHECK(spread.first > 1.15 * spread.second);
      const auto depth = high_and_low(m.depth, m.volatility);
      CHECK(depth.first < 0.8 * depth.second);

      CHECK(correlation(returns(o.mid, 60), returns(observed[(i + 1) % kSymbols].mid, 60)) > 0.35);
    }
  }
}

}  // namespace
}  // namespace reprise::sim
