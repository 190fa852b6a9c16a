// Which streams are opened for a list of contracts, on which route and over how many sockets, and how the venue names
// them. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/market/fixed.h"
#include "engine/market/instrument.h"
#include "journal/result.h"

namespace reprise::gateway::binance {

enum class StreamKind : std::uint8_t { quotes, depth, trades, aggregate_trades, marks, liquidations };

struct MarketInstrument {
  std::string symbol;       // as the venue spells it, upper case
  InstrumentNo number = 0;  // of the records
};

struct StreamChoice {
  bool quotes = true;
  bool depth = true;
  std::uint32_t depth_millis = 100;  // 0, 100, 250, 500: how often the book's changes come
  bool trades = true;
  bool aggregate_trades = false;  // aggTrade in place of trade
  bool marks = true;
  bool liquidations = true;
  std::size_t most_streams = 100;  // of one socket; the venue allows 1024, but their names stand in the path
};

struct StreamPlan {
  struct Stream {
    std::string name;  // "btcusdt@depth@100ms"
    StreamKind kind = StreamKind::quotes;
    std::size_t instrument = 0;  // place in the list
  };
  std::string name;     // "public-1"
  bool is_book = true;  // it holds quotes and books: their loss makes the prices unknown
  std::vector<Stream> streams;
  std::string target;  // "/public/stream?streams=a/b"
};

// All streams of one contract's route stand on one socket where it has room. Errors: no contract, one twice, an
// unknown speed, no room on a socket.
Result<std::vector<StreamPlan>> plan_streams(const std::vector<MarketInstrument>& instruments,
                                             const StreamChoice& choice);

}  // namespace reprise::gateway::binance
