// Features of the top of the book. Results are quantised (1e-8).
#pragma once

#include <optional>

#include "engine/market/fixed.h"
#include "engine/market/order_book.h"

namespace reprise::engine {

// (bid - ask) / (bid + ask) of the quantities: -1 (all offers) to 1 (all bids); 0 when both are 0.
Rate imbalance(Qty bid_qty, Qty ask_qty);
// The same over the best `levels` of a book.
Rate imbalance(const OrderBook& book, std::size_t levels);

// (bid * ask_qty + ask * bid_qty) / (bid_qty + ask_qty): leans to the side that is about to be taken out.
// The mid when both quantities are 0. Always within [bid, ask].
Price micro_price(Price bid, Qty bid_qty, Price ask, Qty ask_qty);

}  // namespace reprise::engine
