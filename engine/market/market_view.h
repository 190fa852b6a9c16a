// What the market looks like now, for one instrument: the form in which strategies, sizing and risk see it.
#pragma once

#include <optional>

#include "engine/market/fixed.h"
#include "engine/market/instrument.h"
#include "engine/market/order_book.h"

namespace reprise::engine {

enum class PriceSource : std::uint8_t { none, book, bbo, last_print, bar };

struct MarketView {
  const Instrument* instrument = nullptr;
  const OrderBook* book = nullptr;  // empty when it may not be trusted (gap, no snapshot) or there is none
  std::optional<Price> best_bid;    // from the fresher of book and last Bbo record; see market_state.h
  std::optional<Price> best_ask;
  Qty best_bid_qty;
  Qty best_ask_qty;
  std::optional<Price> mid;  // of the above; else the last price
  std::optional<Price> last_price;
  std::optional<Price> mark_price;
  std::optional<Rate> funding_rate;  // running estimate
  PriceSource source = PriceSource::none;
  bool is_crossed = false;
  // What a price is held against: mid, else mark, else last; none where nothing is known.
  std::optional<Price> reference() const {
    const std::optional<Price> found = mid ? mid : mark_price ? mark_price : last_price;
    return found && found->is_positive() ? found : std::nullopt;
  }
  bool is_stale = false;  // no trustworthy price: none yet, gap without a Bbo, crossed, or too old
};

}  // namespace reprise::engine
