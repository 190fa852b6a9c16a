// What each strategy's share of each instrument did, from the records of a run in one pass: its executions and funding
// payments with exact figures, and where it ended. Feed every record in order. For tools; never part of a decision.
//
// Figures are differences of the Position records that the engine wrote for the share, so they are its own figures to
// the last unit: money in the settlement asset at 1e-8, fees in another asset valued as the engine valued them.
// A change of a share that no execution explains (the venue's position taken over) is a correction.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "engine/emitter.h"
#include "engine/market/instrument.h"
#include "journal/record.h"

namespace reprise::engine {

struct ShareTrade {  // the part of one execution that went to one share
  Seq fill_seq = 0;
  Seq order_id = 0;  // 0 = forced by the venue
  StrategyNo strategy = 0;
  InstrumentNo instrument = 0;
  UnixNanos time;  // engine time
  Side side = Side::NONE;
  Price price;
  Qty qty;              // positive
  Qty position_before;  // signed
  Qty position_after;
  Money cost;  // side * rounded notional: what the position's open notional and profit changed by
  Money realized;
  Money commission;
  Price mid_at_decision;  // 0 = none
  bool is_liquidation = false;
};

struct ShareFunding {
  Seq seq = 0;
  StrategyNo strategy = 0;
  InstrumentNo instrument = 0;
  UnixNanos time;
  Money amount;  // positive = received
};

struct ShareState {
  Qty qty;
  Money open_notional, realized, commission, funding;
};

class ShareLedger {
 public:
  using Key = std::pair<StrategyNo, InstrumentNo>;

  void on(const journal::RecordView& record);

  const std::vector<ShareTrade>& trades() const { return trades_; }  // in the order of the journal
  const std::vector<ShareFunding>& funding() const { return funding_; }
  const std::map<Key, ShareState>& shares() const { return shares_; }  // at the end
  Price mark(InstrumentNo instrument) const;                           // last one; 0 = none
  std::size_t corrections() const { return corrections_; }

 private:
  void on_position(const journal::RecordView& record);

  std::vector<ShareTrade> trades_;
  std::vector<ShareFunding> funding_;
  std::map<Key, ShareState> shares_;
  std::map<InstrumentNo, Price> marks_;
  ShareTrade fill_;  // the Fill whose Position records follow
  bool has_fill_ = false;
  std::size_t corrections_ = 0;
};

}  // namespace reprise::engine
