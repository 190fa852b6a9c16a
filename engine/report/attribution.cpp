#include "engine/report/attribution.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "engine/portfolio/margin.h"
#include "engine/report/pairing.h"

namespace reprise::engine {

namespace {

constexpr std::int64_t kRange = std::int64_t{1} << 60;  // what goes beyond is not split further

Money& at(Amounts& amounts, ProfitCause cause) {
  return amounts[static_cast<std::size_t>(cause)];
}

// a * b / c where that is a figure of ordinary size, else 0: the rest then takes it.
Money bounded(std::int64_t a, std::int64_t b, std::int64_t c) {
  const std::int64_t value = saturating_mul_div(a, b, c);
  return value > kRange || value < -kRange ? Money{} : Money{value};
}

void attribute_one(AttributedTrade& trade, const RoundTrip& trip, int sign) {
  const auto signed_amount = [&](Money amount) { return sign > 0 ? amount : -amount; };
  at(trade.amounts, ProfitCause::missed_fills) = signed_amount(trip.realized);
  at(trade.amounts, ProfitCause::open_positions) = signed_amount(trip.unrealized);
  at(trade.amounts, ProfitCause::fees) = signed_amount(-trip.commission);
  at(trade.amounts, ProfitCause::funding) = signed_amount(trip.funding);
}

void attribute_pair(AttributedTrade& trade, const RoundTrip& a, const RoundTrip& b) {
  at(trade.amounts, ProfitCause::fees) = a.commission - b.commission;
  at(trade.amounts, ProfitCause::funding) = b.funding - a.funding;
  at(trade.amounts, ProfitCause::open_positions) = b.unrealized - a.unrealized;
  const Money change = b.realized - a.realized;
  if (!a.closed_qty.is_positive() || !b.closed_qty.is_positive()) {
    at(trade.amounts, ProfitCause::missed_fills) = change;
    return;
  }
  // What the other quantity would have made at A's profit per unit.
  const Money size = bounded(a.realized.e8, (b.closed_qty - a.closed_qty).e8, a.closed_qty.e8);
  // How the market had moved between the decisions of A and those of B, on B's quantity.
  Money timing;
  if (a.mid_in && a.mid_out && b.mid_in && b.mid_out) {
    const PriceDelta moved = (*b.mid_out - *a.mid_out) - (*b.mid_in - *a.mid_in);
    timing = bounded(moved.e8, b.closed_qty.e8, kScale);
    if (a.side == Side::SELL) timing = -timing;
  }
  at(trade.amounts, ProfitCause::size) = size;
  at(trade.amounts, ProfitCause::timing) = timing;
  at(trade.amounts, ProfitCause::price) = change - size - timing;
}

using Group = std::tuple<std::string, std::string, Side>;

TimedGroups<Group, RoundTrip> grouped(const std::vector<RoundTrip>& trips) {
  TimedGroups<Group, RoundTrip> groups;
  for (const RoundTrip& trip : trips) groups[{trip.strategy, trip.symbol, trip.side}].push_back(&trip);
  return groups;
}

template <class F>
Money sum_of(const std::vector<RoundTrip>& trips, F&& figure) {
  Money sum;
  for (const RoundTrip& trip : trips) sum += figure(trip);
  return sum;
}

}  // namespace

const char* name_of(ProfitCause cause) {
  switch (cause) {
    case ProfitCause::price: return "price";
    case ProfitCause::size: return "size";
    case ProfitCause::timing: return "timing";
    case ProfitCause::fees: return "fees";
    case ProfitCause::funding: return "funding";
    case ProfitCause::missed_fills: return "missed_fills";
    case ProfitCause::open_positions: return "open_positions";
    case ProfitCause::corrections: return "corrections";
  }
  return "?";
}

Money AttributedTrade::total() const {
  Money sum;
  for (const Money amount : amounts) sum += amount;
  return sum;
}

Attribution attribute(const RunProfit& a, const RunProfit::StrategyName& names_a, const RunProfit& b,
                      const RunProfit::StrategyName& names_b, DurationNanos window) {
  const std::vector<RoundTrip> trips_a = a.round_trips(names_a);
  const std::vector<RoundTrip> trips_b = b.round_trips(names_b);
  Attribution result;
  const PerformanceFigures account_a = a.account();
  const PerformanceFigures account_b = b.account();
  result.profit_a = account_a.net_profit;
  result.profit_b = account_b.net_profit;

  pair_by_time(
      grouped(trips_a), grouped(trips_b), window, [](const RoundTrip& trip) { return trip.opened; },
      [&](const RoundTrip* in_a, const RoundTrip* in_b) {
        AttributedTrade& trade = result.trades.emplace_back();
        if (in_a != nullptr) trade.a = *in_a;
        if (in_b != nullptr) trade.b = *in_b;
        if (in_b == nullptr) {
          attribute_one(trade, *trade.a, -1);
        } else if (in_a == nullptr) {
          attribute_one(trade, *trade.b, +1);
        } else {
          attribute_pair(trade, *trade.a, *trade.b);
        }
      });
  std::stable_sort(result.trades.begin(), result.trades.end(), [](const AttributedTrade& x, const AttributedTrade& y) {
    const auto when = [](const AttributedTrade& t) {
      return std::min(t.a ? t.a->opened.ns : INT64_MAX, t.b ? t.b->opened.ns : INT64_MAX);
    };
    return when(x) < when(y);
  });

  // What no trade holds. The account nets its strategies' shares, so its realised and unrealised profit differ from
  // theirs one by one, while the sum differs by the rounding of the last valuation alone; funding that came after a
  // position was closed may belong to no trade; whatever the venue corrected is left for the end.
  AttributedTrade account;
  if (a.ledger().corrections() + b.ledger().corrections() == 0) {
    const auto beyond = [&](Money PerformanceFigures::*figure, auto&& of_trip) {
      const Money in_b = account_b.*figure - sum_of(trips_b, of_trip);
      return in_b - (account_a.*figure - sum_of(trips_a, of_trip));
    };
    at(account.amounts, ProfitCause::open_positions) =
        beyond(&PerformanceFigures::gross_profit, [](const RoundTrip& t) { return t.realized + t.unrealized; });
    at(account.amounts, ProfitCause::fees) =
        -beyond(&PerformanceFigures::commission, [](const RoundTrip& t) { return t.commission; });
    at(account.amounts, ProfitCause::funding) =
        beyond(&PerformanceFigures::funding, [](const RoundTrip& t) { return t.funding; });
  }
  Money attributed = account.total();
  for (const AttributedTrade& trade : result.trades) attributed += trade.total();
  at(account.amounts, ProfitCause::corrections) = result.difference() - attributed;
  const bool is_empty =
      std::all_of(account.amounts.begin(), account.amounts.end(), [](Money m) { return m.is_zero(); });
  if (!is_empty) result.trades.push_back(std::move(account));

  for (const AttributedTrade& trade : result.trades)
    for (std::size_t cause = 0; cause < kProfitCauses; ++cause) result.totals[cause] += trade.amounts[cause];
  return result;
}

}  // namespace reprise::engine
