// `generate`: an agent-based market written as a dataset journal. One seed, one dataset, bit for bit.
//
// SyntheticMarket runs the market and gives its records in batches; generate() drives it into a journal.
// Neither reads a clock (the wall clock for the manifest is passed in). Times are ns UTC. MARKET.md says
// what the market is and where it is wrong.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "journal/journal_writer.h"
#include "journal/manifest.h"
#include "journal/record_batch.h"
#include "journal/result.h"
#include "sim/generator/publisher.h"

namespace reprise::sim {

inline constexpr std::int64_t kDefaultStartTime = 1'704'067'200'000'000'000;  // 2024-01-01T00:00:00Z
inline constexpr std::uint32_t kGeneratorVersion = 1;  // raised when one seed gives another dataset

struct GeneratorOptions {
  std::uint64_t seed = 1;
  std::int64_t duration_ns = 24LL * 3'600 * 1'000'000'000;
  std::uint32_t symbols = 3;  // 1 to 20
  std::string out;            // must not exist
  std::int64_t start_time_ns = kDefaultStartTime;
  journal::Durability durability = journal::Durability::buffered;
  journal::WallClock clock;  // required
  std::string build_id;      // for the manifest
  // Market time done and to do; false stops early, leaving a valid dataset that ends there.
  std::function<bool(std::int64_t done_ns, std::int64_t total_ns)> progress;
};

struct GeneratorReport {
  journal::Manifest manifest;
  PublishedCounts counts;
  std::uint64_t records = 0;
  std::uint64_t news = 0;
  std::vector<std::string> symbols;
  std::int64_t first_time = 0;
  std::int64_t last_time = 0;
  bool interrupted = false;
};

Result<GeneratorReport> generate(const GeneratorOptions& options);

class SyntheticMarket {
 public:
  // `symbols` 1 to 20; the market opens at `start_time` (positive) after a hidden minute of trading.
  SyntheticMarket(std::uint64_t seed, std::uint32_t symbols, std::int64_t start_time);
  SyntheticMarket(SyntheticMarket&&) noexcept;
  ~SyntheticMarket();

  // The first call appends instruments, margin tables and whole books; every call appends what is published
  // before `until`. Receive times never decrease over all calls.
  void run_until(std::int64_t until, journal::RecordBatch& out);

  PublishedCounts counts() const;
  std::uint64_t news() const;
  // What cannot be seen from the records; for tests.
  const InstrumentMarket& market(std::uint32_t symbol) const;
  double fundamental_volatility(std::uint32_t symbol) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace reprise::sim
