// Market messages to journal records.
//
// Trades and quotes are nearly all there is, and making a Cap'n Proto message costs ten times the setting of their
// fields: the message around each of the two is made once and kept. The bytes are those of RecordBatch::append().
// Not thread-safe.
#pragma once

#include <cstddef>
#include <memory>

#include "gateway/binance/market_message.h"
#include "journal/record_batch.h"

namespace reprise::gateway {

class RecordMaker {
 public:
  RecordMaker();
  ~RecordMaker();
  RecordMaker(const RecordMaker&) = delete;
  RecordMaker& operator=(const RecordMaker&) = delete;

  // Appends the records that the message makes; header gives times and instrument. Returns their number.
  std::size_t append(const MarketMessage& message, journal::RecordHeader header, journal::RecordBatch& batch);

 private:
  struct Forms;
  std::unique_ptr<Forms> forms_;
};

}  // namespace reprise::gateway
