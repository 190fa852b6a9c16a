// What somebody else knows of an account at a venue: enough for the simulated venue to go on with it.
//
// Not known, and assumed: every resting order is last in the queue of its level; trailing stops follow from here on.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/exchange/ledger.h"
#include "sim/exchange/order.h"

namespace reprise::sim {

struct KnownAccount {
  struct Wallet {
    std::uint16_t asset = 0;
    Money balance;
  };
  struct Position {  // and what is set for its instrument; flat ones too, for that
    InstrumentNo instrument = 0;
    LedgerPosition figures;
    MarginMode mode = MarginMode::CROSS;
    std::uint32_t leverage = 1;
  };
  struct OpenOrder {
    InstrumentNo instrument = 0;
    VenueOrder order;
  };
  std::vector<Wallet> wallets;
  std::vector<Position> positions;
  std::vector<OpenOrder> orders;  // by arrival
  // Numbers that the venue has given away up to here.
  std::int64_t last_venue_order_id = 0;
  std::int64_t last_trade_id = 0;
};

}  // namespace reprise::sim
