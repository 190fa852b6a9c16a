// How far the simulated venue is from a real one: the orders of a live run beside those of its branch in which nothing
// was changed.
//
// Orders are paired: those that stood at the point by their id, later ones when strategy, instrument, side and type
// agree and they were sent within a window of each other, in time order. What the pairs have in common was decided
// alike; the rest of their difference is the model's. Orders that only one has come from decisions that the model's
// answers have changed since.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "engine/market/fixed.h"
#include "journal/record.h"

namespace reprise::sim {

struct OrderTrace {
  journal::Seq id = 0;  // of its submit command
  UnixNanos sent;       // engine time; 0 = in front of the first record seen
  std::uint16_t strategy = 0;
  std::uint32_t instrument = 0;
  schema::Side side = schema::Side::NONE;
  schema::OrderType type = schema::OrderType::NONE;
  UnixNanos answered;    // engine time of the first report; 0 = none
  UnixNanos first_fill;  // engine time; 0 = none
  Qty filled;
  Money notional;
};

// One run's orders, in the order in which they were first seen.
class OrderTraces {
 public:
  void on(const journal::RecordView& record);
  const std::vector<OrderTrace>& all() const { return traces_; }

 private:
  OrderTrace& trace(journal::Seq id, const journal::RecordView& record);

  std::vector<OrderTrace> traces_;
  std::map<journal::Seq, std::size_t> places_;
};

struct Fidelity {
  std::uint64_t paired = 0;
  std::uint64_t only_happened = 0;  // in the live run alone
  std::uint64_t only_modelled = 0;  // in the branch alone
  // Of the pairs:
  std::uint64_t filled_in_both = 0;
  std::uint64_t filled_only_happened = 0;
  std::uint64_t filled_only_modelled = 0;
  Money happened;  // notional executed
  Money modelled;
  // Of those filled in both: how much better the model's average price is for us than the venue's, weighted by what was
  // executed there; positive = the model flatters.
  std::optional<Rate> price_gap;
  // Medians over the pairs, ns: from sending to the first answer, and to the first execution.
  std::optional<DurationNanos> answer_happened, answer_modelled;
  std::optional<DurationNanos> fill_happened, fill_modelled;
};

Fidelity fidelity(const std::vector<OrderTrace>& happened, const std::vector<OrderTrace>& modelled,
                  DurationNanos window);

}  // namespace reprise::sim
