// What came of an order's executions, down to the profit in the end.
//
// What an execution opened is followed until it is closed again: closing executions of the same strategy take from the
// oldest open quantity first. Profit is (exit price - entry price) * quantity by that order; the account's own figure
// goes by average entry, so single lots may differ from it while their sum over a position does not. Funding payments
// are shared over what was open by quantity. What is still open at the end is valued at the last mark price. Shares of
// money are rounded half away from zero.
#pragma once

#include <vector>

#include "engine/report/share_ledger.h"
#include "tools/why/records.h"

namespace reprise::tools {

struct Closing {
  journal::Seq fill_seq;
  journal::Seq order_id;
  std::int64_t time;
  Price price;
  Qty qty;
  Money profit;
  Money commission;  // its share
};

struct Outcome {
  Qty opened, closed, open;  // of the order's executions; quantities that closed something are in `reduced`
  Qty reduced;
  Money entry_commission;  // of the order's own executions
  Money realized_here;     // what its own closing executions realised, average entry
  Money exit_profit, exit_commission, funding, unrealized;
  Price mark;
  std::vector<Closing> closings;

  Money net() const { return exit_profit + realized_here + unrealized + funding - entry_commission - exit_commission; }
};

Result<Outcome> outcome_of(Records& records, journal::Seq order_id);

}  // namespace reprise::tools
