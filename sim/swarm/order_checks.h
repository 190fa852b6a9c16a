// Checks what the engine sent and decided against the configuration, record by record, without the engine's code.
//
//   causes     every output names a record before it; an order's command is caused by the risk decision that let it
//              pass, with its quantity and price
//   limits     position, total and order notional, position quantity, open orders, orders a second and a minute, tick,
//              lot and least sizes of every order sent that may enlarge a position; a decision's checks say what their
//              figures and the configuration say
//   state      nothing but what shrinks is sent while trading is reducing, nothing but the flatten order while halted,
//              nothing at all on a contract that is not trading, nothing new on data older than engine.stale_after
//   halt       the step that leaves trading active cancels every order that could enlarge a position
//   reduce_only  a reduce-only order stands against the position and is not larger
//   deadlines  an order without an answer is unknown at the first tick behind its time-out
//   timers     equity marks and state hashes come when they are due
//
// Exposures are recomputed as a lower bound (a modify that lost its answer counts with what is confirmed, and where
// more excuses the engine, with what may be), so a finding is one. Deterministic; one thread. Feed every record in
// order, then call finish() once.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>

#include "sim/swarm/finding.h"

namespace reprise::sim::swarm {

class OrderChecks {
 public:
  explicit OrderChecks(Findings& findings) : findings_(findings) {}
  void on(const journal::RecordView& record);
  void finish() { end_step(); }

 private:
  struct Order {
    std::uint32_t instrument = 0;
    schema::Side side{};
    schema::OrderStatus status{};
    std::int64_t qty = 0;
    std::int64_t done = 0;
    std::int64_t pending_qty = 0;  // of a modify under way
    std::int64_t asked = 0;        // engine time of the last command
    std::int64_t patience = 0;     // time-out then
    bool shrinks = false;          // reduce-only or close-position
    bool closes = false;           // close-position: without a quantity of its own
    bool is_flatten = false;
    std::int64_t working() const;
    std::int64_t may_be_working() const;
  };
  struct Contract {
    bool is_trading = false;
    std::int64_t tick = 0, lot = 0, min_qty = 0, min_notional = 0;
    std::int64_t held = 0;  // the engine's net position
    std::int64_t mark = 0;
    std::int64_t heard = 0;  // last market record
    // Scratch of check_exposure(), by side (0 buy, 1 sell): orders that may enlarge, for certain and at most, and
    // orders that only reduce.
    std::int64_t working[2] = {};
    std::int64_t may_be_working[2] = {};
    std::int64_t reducing[2] = {};
    std::int64_t may_be_reducing[2] = {};
    std::int64_t exposed(int side) const;
    std::int64_t may_be_exposed(int side) const;
  };
  struct Decision {
    bool passes = false;
    std::int64_t qty = 0;
    std::int64_t price = 0;
    schema::Side side{};
    std::uint32_t instrument = 0;
  };

  void end_step();
  void on_configuration(const journal::RecordView& record);
  void on_decision(const journal::RecordView& record);
  void on_command(const journal::RecordView& record);
  void on_state(const journal::RecordView& record);
  void check_sent(const journal::RecordView& record, schema::OrderCommand::Reader command, bool is_flatten);
  void check_exposure(const journal::RecordView& record, schema::OrderCommand::Reader command);
  void check_rate(const journal::RecordView& record, bool is_flatten);
  std::int64_t number(const std::string& key) const;

  Findings& findings_;
  std::map<std::string, std::int64_t> settings_;  // decimals at 1e-8, durations in ns, choices left out
  std::map<std::uint64_t, Order> orders_;         // open ones
  std::map<std::uint32_t, Contract> contracts_;
  std::map<journal::Seq, Decision> decisions_;  // of this step
  std::deque<std::int64_t> sent_;               // engine times of the last minute, flatten orders left out
  journal::Seq input_ = 0;
  schema::RecordType input_type_{};
  std::int64_t now_ = 0;
  std::uint64_t inputs_ = 0;
  std::int64_t equity_due_ = 0;  // 0: not running yet
  schema::TradingStateKind state_{};
  bool left_active_ = false;  // in this step
  bool marked_equity_ = false;
  bool hashed_ = false;
  bool is_configured_ = false;
};

}  // namespace reprise::sim::swarm
