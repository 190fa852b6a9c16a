// The market of an exchange server: a recorded dataset, or a generated market that does not end.
//
// Records come in the venue's time. A dataset is moved in time by whole minutes, so that its clock shows today's and
// its seconds stay where they were; times inside records (next funding, bars) move with it. Not thread-safe; no clock
// is read.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/market/fixed.h"
#include "engine/market/instrument.h"
#include "journal/record.h"
#include "journal/record_batch.h"
#include "journal/result.h"

namespace reprise::gateway::exchange {

class MarketFeed {
 public:
  using Take = std::function<void(const journal::RecordView&, InstrumentNo, UnixNanos now, UnixNanos happened)>;
  virtual ~MarketFeed() = default;
  // Time of the next record; none at the end.
  virtual std::optional<UnixNanos> next() = 0;
  // Hands out the record that next() spoke of.
  virtual void take(const Take& take) = 0;
  virtual Status status() const = 0;
};

// Begins within the minute before `start`, so that the first records come at once.
Result<std::unique_ptr<MarketFeed>> open_dataset_feed(const std::vector<std::string>& datasets, UnixNanos start);
std::unique_ptr<MarketFeed> open_generated_feed(std::uint64_t seed, std::uint32_t symbols, UnixNanos start);

}  // namespace reprise::gateway::exchange
