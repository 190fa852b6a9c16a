// An auditor of money and contracts: books an account from the venue's reports in the journal alone, by its own
// arithmetic, and compares. It shares no code with engine/portfolio or the venue's ledger.
//
// What it holds against each other:
//   fees      commission of an execution == notional * the configured rate of its side
//   funding   payment == -(mark * position) * rate, on the position that the executions make
//   fills     one Fill record for each execution, with its figures; none without one
//   orders    an order trades no more than its quantity, no worse than its limit, as maker when it is post-only
//   reduce    in the venue's order of executions, a reduce-only order never enlarges or turns the position
//   books     wallets and positions: ours == the venue's updates == the engine's Position and EquityMark records
//   flow      realised profit - cost of what is open == money that the executions moved, exactly
//
// While executions arrive in the venue's order every wallet is compared, exactly. Executions that come late behind
// others (late_fills) make the engine's books differ for a while by rights; then the end alone is compared, in the
// venue's order.
//
// Units: integers at 1e-8, products in 128 bits, half away from zero. Deterministic; one thread. Feed every record in
// order, then call finish() once.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sim/swarm/finding.h"

namespace reprise::sim::swarm {

class Auditor {
 public:
  explicit Auditor(Findings& findings) : findings_(findings) {}
  void on(const journal::RecordView& record);
  void finish();

  // The account as the auditor has it; for tests.
  std::int64_t wallet() const { return books_.wallet; }
  std::int64_t position(std::uint32_t instrument) const;

 private:
  struct Execution {
    journal::Seq seq = 0;
    std::uint32_t instrument = 0;
    std::uint64_t order = 0;
    std::int64_t time = 0;  // of the venue
    schema::Side side{};
    std::int64_t price = 0;
    std::int64_t qty = 0;
    std::int64_t commission = 0;
    std::uint16_t asset = 0;
    bool is_reduce_only = false;
    std::uint32_t booked = 0;  // Fill records
  };
  struct Held {
    std::int64_t qty = 0;
    std::int64_t cost = 0;  // signed
    std::int64_t realized = 0;
    std::int64_t flow = 0;  // -(signed notional), summed
  };
  struct Books {
    std::int64_t wallet = 0;  // of the settlement asset
    std::int64_t realized = 0;
    std::int64_t commission = 0;
    std::int64_t funding = 0;
    std::map<std::uint32_t, Held> held;
    void book(const Execution& execution);
  };
  struct Terms {  // of an order, over its life
    schema::Side side{};
    std::int64_t most_qty = 0;
    std::int64_t best_limit = 0;  // the furthest that it ever was; 0 = none
    std::int64_t done = 0;
    bool is_post_only = false;
    bool is_reduce_only = false;
  };
  struct Update {  // the venue's last word
    std::int64_t time = 0;
    std::int64_t value = 0;
    bool is_there = false;
  };
  struct Payment {
    std::int64_t time = 0;
    std::int64_t amount = 0;
  };

  void on_configuration(const journal::RecordView& record);
  void on_command(const journal::RecordView& record);
  void on_report(const journal::RecordView& record);
  void on_fill(const journal::RecordView& record);
  void on_balance(const journal::RecordView& record);
  void on_funding(const journal::RecordView& record);
  void on_position(const journal::RecordView& record);
  void on_equity(const journal::RecordView& record);
  void check_fee(const journal::RecordView& record, const Execution& execution, bool is_maker, bool is_forced,
                 bool is_adl);
  void check_terms(const journal::RecordView& record, const Execution& execution, bool is_maker);
  void finish_in_venue_order();
  // A finding that holds only if no execution from before it is told later.
  void suspect(const journal::RecordView& record, const char* invariant, std::string what);
  void stated(std::int64_t time) { last_stated_ = std::max(last_stated_, time); }

  Findings& findings_;
  Books books_;  // in the order of arrival
  bool in_order_ = true;
  std::int64_t last_stated_ = 0;  // venue time of its latest statement about money or positions
  struct Suspicion {
    std::int64_t time = 0;  // engine time
    const char* invariant = "";
    journal::Seq seq = 0;
    std::string what;
  };
  std::vector<Suspicion> suspicions_;
  std::int64_t last_trade_ = 0;
  std::map<std::pair<std::uint32_t, std::int64_t>, Execution> executions_;  // by instrument and trade id
  std::map<std::uint64_t, Terms> orders_;
  std::map<std::uint32_t, std::int64_t> liquidation_fee_;
  std::map<std::uint32_t, std::int64_t> engine_qty_;
  std::map<std::uint32_t, Update> venue_qty_;
  Update venue_wallet_;
  std::vector<Payment> other_money_;  // deposits, funding, insurance: all that is no execution
  std::int64_t maker_rate_ = 0;
  std::int64_t taker_rate_ = 0;
  bool has_fee_asset_ = false;
  bool configured_ = false;
};

}  // namespace reprise::sim::swarm
