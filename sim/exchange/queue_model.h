// Queue position at a price level (sim/MODELS.md, "Queue").
//
// Three things move us forward. Pure functions on a QueuePlace; no randomness.
#pragma once

#include "sim/exchange/order.h"

namespace reprise::sim {

enum class QueueModel : std::uint8_t { pessimistic, probabilistic };

// A trade of `qty` at our price, against our side. Returns what of it is left for us behind the queue.
Qty queue_on_trade(QueuePlace& place, Qty qty);

// The level's quantity is now `level_qty` (ours is not in it).
void queue_on_level(QueuePlace& place, Qty level_qty, QueueModel model);

}  // namespace reprise::sim
