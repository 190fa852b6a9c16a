// One market event as a venue told it, before it becomes a record: the parsers' common output.
//
// Units: prices, quantities, money and rates at 1e-8; times in ns since the epoch (UTC), 0 = not given.
// A message is reused (MessageBuffer), so that parsing allocates nothing once its vectors have grown.
// Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "journal/record.h"

namespace reprise::gateway {

enum class MessageKind : std::uint8_t {
  none,
  trade,
  aggregate_trade,
  book_delta,
  book_snapshot,
  bbo,
  mark_price,
  index_price,  // an index price alone: a record only beside a mark price
  bar,
  funding,
  metric,
  liquidation,
  connected,
  exchange_info,  // `text` is the body; makes no record by itself
};

struct LevelE8 {
  std::int64_t price = 0;
  std::int64_t qty = 0;
  bool operator==(const LevelE8&) const = default;
};

struct MetricE8 {
  schema::MetricKind kind = schema::MetricKind::NONE;
  std::int64_t value = 0;
};

struct MessageFields {
  MessageKind kind = MessageKind::none;
  schema::Venue venue = schema::Venue::UNKNOWN;  // UNKNOWN: the message does not say, its source must know
  std::int64_t ts_recv = 0;
  std::int64_t ts_event = 0;  // transaction time T, else event time E
  std::int64_t ts_sent = 0;   // event time E where there is a transaction time too

  // trades: last_id is the trade id; aggregate trades: first_id and last_id are trade ids. Books: update ids.
  std::int64_t first_id = 0;
  std::int64_t last_id = 0;
  std::int64_t previous_id = 0;
  std::int64_t price = 0;
  std::int64_t qty = 0;
  schema::Side side = schema::Side::NONE;
  schema::TradeKind trade_kind = schema::TradeKind::MARKET;
  bool is_partial = false;

  std::int64_t bid_price = 0;
  std::int64_t bid_qty = 0;
  std::int64_t ask_price = 0;
  std::int64_t ask_qty = 0;

  std::int64_t mark_price = 0;
  std::int64_t index_price = 0;
  std::int64_t settle_price = 0;
  std::int64_t funding_rate = 0;
  std::int64_t next_funding_time = 0;
  std::uint16_t interval_hours = 0;  // funding: 0 = not given

  std::int64_t open = 0;
  std::int64_t high = 0;
  std::int64_t low = 0;
  std::int64_t close = 0;
  std::int64_t volume = 0;
  std::int64_t quote_volume = 0;
  std::int64_t taker_buy_volume = 0;
  std::int64_t trade_count = 0;
  std::int64_t open_time = 0;
  std::int64_t close_time = 0;  // last nanosecond that belongs to the bar
  bool is_mark = false;
  bool is_final = true;

  std::int64_t average_price = 0;  // liquidation prints
  std::int64_t cum_qty = 0;
};

struct MarketMessage : MessageFields {
  std::string symbol;  // as the venue spells it, upper case
  std::vector<LevelE8> bids;
  std::vector<LevelE8> asks;
  std::vector<MetricE8> metrics;  // beside what `kind` says: several figures of one line
  std::string text;
  std::string detail;

  // Of the source, filled in by the importer.
  std::uint64_t line = 0;
  std::uint64_t lines = 0;        // how many lines this message accounts for
  std::uint32_t slot = 0;         // instrument
  const char* problem = nullptr;  // what unsound() says of it
  std::size_t records_at = 0;     // its records in the batch of its chunk: offset of the first, and how many
  std::size_t records = 0;

  void reset() {
    static_cast<MessageFields&>(*this) = MessageFields{};
    symbol.clear();
    drop(bids);
    drop(asks);
    metrics.clear();
    drop(text);
    detail.clear();
    line = lines = 0;
    slot = 0;
    problem = nullptr;
    records_at = records = 0;
  }

 private:
  // Messages wait by the hundred: memory that one of them needed for once is given back.
  static constexpr std::size_t kKeptBytes = 4096;
  template <class Container>
  static void drop(Container& container) {
    container.clear();
    if (container.capacity() * sizeof(typename Container::value_type) > kKeptBytes) Container().swap(container);
  }
};

// Messages in order; clear() keeps their memory.
class MessageBuffer {
 public:
  MarketMessage& push() {
    if (size_ == pool_.size()) pool_.emplace_back();
    MarketMessage& message = pool_[size_++];
    message.reset();
    if (message.bids.capacity() < spare_bids_.capacity()) message.bids.swap(spare_bids_);
    if (message.asks.capacity() < spare_asks_.capacity()) message.asks.swap(spare_asks_);
    return message;
  }
  // The levels of a message are in its record by now: their memory, still warm, serves the next message.
  void release_levels(std::size_t i) {
    pool_[i].bids.clear();
    pool_[i].asks.clear();
    if (pool_[i].bids.capacity() > spare_bids_.capacity()) pool_[i].bids.swap(spare_bids_);
    if (pool_[i].asks.capacity() > spare_asks_.capacity()) pool_[i].asks.swap(spare_asks_);
  }
  void pop() { --size_; }
  void clear() { size_ = 0; }
  void truncate(std::size_t size) { size_ = size; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  MarketMessage& operator[](std::size_t i) { return pool_[i]; }
  MarketMessage& back() { return pool_[size_ - 1]; }

 private:
  std::vector<MarketMessage> pool_;
  std::size_t size_ = 0;
  std::vector<LevelE8> spare_bids_;
  std::vector<LevelE8> spare_asks_;
};

// Milliseconds, microseconds, nanoseconds or seconds since the epoch to nanoseconds, told apart by size.
// 0 for what is not a time between 2009 and 2100.
std::int64_t to_nanos(std::int64_t time);

// Whether the figures can be taken into a journal; nullptr, or the reason why not (a literal).
const char* unsound(const MarketMessage& message);

}  // namespace reprise::gateway
