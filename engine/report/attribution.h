// Where the difference in net profit between two runs over one market comes from. engine/report/ATTRIBUTION.md states
// the method, its conditions and where it is arbitrary.
//
// Exact: the amounts add up to profit_b - profit_a to the last unit (1e-8), by trade and in total, always. All
// arithmetic is on integers. For tools; never part of a decision.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/report/performance.h"
#include "engine/report/share_ledger.h"

namespace reprise::engine {

enum class ProfitCause : std::uint8_t { price, size, timing, fees, funding, missed_fills, open_positions, corrections };
inline constexpr std::size_t kProfitCauses = 8;
const char* name_of(ProfitCause cause);  // "missed_fills"

// A trade: one strategy's position in one instrument from flat to flat, or to the end of the run.
struct RoundTrip {
  std::string strategy;
  std::string symbol;
  Side side = Side::NONE;    // buy = long
  UnixNanos opened, closed;  // engine time; closed 0 = open at the end
  Seq first_fill = 0;
  Seq last_fill = 0;
  Qty closed_qty;    // sum of what was closed
  Money realized;    // the engine's own, average entry
  Money unrealized;  // at the last mark, of what is left
  Money commission, funding;
  Qty open_qty;
  // Mids at the decisions behind its entries and exits, averaged by quantity; nullopt where one of them had none.
  std::optional<Price> mid_in, mid_out;

  Money net() const { return realized + unrealized - commission + funding; }
};

using Amounts = std::array<Money, kProfitCauses>;

struct AttributedTrade {
  std::optional<RoundTrip> a, b;  // neither: what belongs to the account as a whole
  Amounts amounts{};
  Money total() const;
};

struct Attribution {
  Money profit_a, profit_b;
  std::vector<AttributedTrade> trades;  // by the time at which they were opened
  Amounts totals{};
  Money difference() const { return profit_b - profit_a; }
};

// One run: feed every record, then ask.
class RunProfit {
 public:
  void on(const journal::RecordView& record) {
    ledger_.on(record);
    performance_.on(record);
  }
  const ShareLedger& ledger() const { return ledger_; }
  PerformanceFigures account() const { return performance_.account(); }

  using StrategyName = std::function<std::string(StrategyNo)>;
  std::vector<RoundTrip> round_trips(const StrategyName& strategy_name) const;

 private:
  ShareLedger ledger_;
  Performance performance_;
};

// Trades are one and the same when strategy, symbol and side agree and they were opened within `window` of each other;
// in time order, each at most once.
Attribution attribute(const RunProfit& a, const RunProfit::StrategyName& names_a, const RunProfit& b,
                      const RunProfit::StrategyName& names_b, DurationNanos window);

}  // namespace reprise::engine
