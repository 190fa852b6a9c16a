// The simulated venue as it may have stood beside an engine that traded with a real one: what the engine knows of the
// market and of its account, as input for a SimExchange.
//
// The engine's wallets and positions are the venue's own, up to what was on its way; its open orders stand as it knows
// them, last in their queues. Commands without an answer are on their way again. What the venue had sent and we had
// not received is lost (sim/MODELS.md, "A live parent").
#pragma once

#include <vector>

#include "engine/engine.h"
#include "journal/record_batch.h"
#include "sim/exchange/known_account.h"

namespace reprise::sim {

struct AssumedVenue {
  journal::RecordBatch market;  // declarations, books, mark prices, at engine time
  KnownAccount account;
  std::vector<Command> in_flight;  // in the order in which they were sent
};

AssumedVenue assume_venue(const engine::Engine& engine);

}  // namespace reprise::sim
