// The writing half of an import: messages in their final order become records, and what they show (gaps,
// joins, crossed books, outliers, clock steps) is recorded right behind or before them.
//
// One thread. Times: ns. The session owns the books by which it checks the data.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "engine/market/book_feed.h"
#include "gateway/binance/instrument_table.h"
#include "gateway/binance/market_message.h"
#include "gateway/binance/record_maker.h"
#include "gateway/import/dataset_writer.h"
#include "gateway/import/report.h"

namespace reprise::gateway {

inline constexpr std::uint32_t kNoSlot = UINT32_MAX;
inline constexpr std::size_t kMaxInstruments = 4096;

// Stated in FORMATS.md.
inline constexpr std::int64_t kOutlierFromMid = 1'000'000;    // 1 % of the mid
inline constexpr std::int64_t kOutlierFromLast = 10'000'000;  // 10 % of the last trade, where no mid is known
inline constexpr std::int64_t kMidIsFresh = 10'000'000'000;   // 10 s
inline constexpr std::int64_t kCaptureHole = 60'000'000'000;  // 60 s without any line
inline constexpr std::int64_t kTickHole = 600'000'000'000;    // 10 min without a trade or quote of an instrument

// Figures of an instrument from the first look at the files.
struct SeenSteps {
  std::int64_t price = 0;
  std::int64_t qty = 0;
  void take(const MarketMessage& message);
};

// Instruments by market and symbol; a slot is the instrument's number less one, in order of appearance.
class InstrumentRegistry {
 public:
  // kNoSlot when there are too many, or when the symbol cannot be one.
  std::uint32_t slot_of(Venue venue, const std::string& symbol);
  std::size_t size() const { return entries_.size(); }
  struct Entry {
    Venue venue = Venue::UNKNOWN;
    std::string symbol;
    SeenSteps steps;
  };
  Entry& operator[](std::uint32_t slot) { return entries_[slot]; }

 private:
  std::vector<Entry> entries_;
  std::map<std::pair<Venue, std::string>, std::uint32_t> by_name_;
  std::array<std::uint32_t, 4> recent_{kNoSlot, kNoSlot, kNoSlot, kNoSlot};
  std::size_t next_recent_ = 0;
};

// Where a message comes from.
struct SourceState {
  bool is_capture = false;  // has receive times of its own
  std::int64_t last_recv = 0;
  std::vector<std::uint32_t> slots;  // instruments seen in the first look
  std::vector<std::string> connected;
};

class ImportSession {
 public:
  ImportSession(DatasetWriter& writer, InstrumentRegistry& registry, const InstrumentTable& table,
                ImportReport& report);

  // Instrument and MarginTable records of everything registered so far.
  void declare_all(std::int64_t time);
  // Venue clock ahead of the local one by `offset`, known from the first look.
  void clock_offset(std::uint32_t slot, std::int64_t time, std::int64_t offset);

  struct Outcome {
    std::uint64_t records = 0;      // made from the message itself
    const char* refused = nullptr;  // or the reason why there are none
  };
  // `made`: the batch in which the message's records lie (message_chunk.h).
  Outcome emit(const MarketMessage& message, const journal::RecordBatch& made, SourceState& source);

  // Whether the writer could take everything so far.
  Status status() const { return writer_.status(); }
  std::uint64_t records() const { return records_; }

 private:
  struct Top {
    std::int64_t id = 0;
    Level bid;
    Level ask;
  };
  template <std::size_t kSize>
  struct Ring {
    std::array<Top, kSize> entries{};
    std::size_t next = 0;
    void push(const Top& top) { entries[next++ % kSize] = top; }
    // Ids grow, so the search goes back from the youngest until they are smaller.
    const Top* find(std::int64_t id) const {
      const std::size_t count = next < kSize ? next : kSize;
      for (std::size_t i = 1; i <= count; ++i) {
        const Top& top = entries[(next - i) % kSize];
        if (top.id == id) return &top;
        if (top.id < id) return nullptr;
      }
      return nullptr;
    }
  };
  struct BarTrack {
    bool is_mark = false;
    std::int64_t duration = 0;
    std::int64_t last_open = 0;
    std::int64_t next_open = 0;
    bool last_is_final = true;
  };
  struct State {
    bool is_declared = false;
    BookFeed feed;
    Ring<64> tops;
    Ring<512> bbos;
    bool is_crossed = false;
    bool is_locked = false;
    std::int64_t last_price = 0;
    std::int64_t quote_mid = 0;
    std::int64_t quote_time = 0;
    std::int64_t mark_price = 0;
    std::int64_t last_tick = 0;  // receive time of the last trade or quote
    std::int64_t last_trade_id = 0;
    std::array<std::int64_t, 32> trade_ids{};
    std::size_t next_trade_id = 0;
    std::vector<BarTrack> bars;
  };

  template <class T, class Fill>
  void record(journal::RecordType type, const journal::RecordHeader& header, Fill&& fill, std::size_t extra_words = 0) {
    scratch_.append<T>(type, header, std::forward<Fill>(fill), extra_words);
    put_scratch();
  }
  std::uint64_t put(const MarketMessage& message, const journal::RecordBatch& made,
                    const journal::RecordHeader& header);
  std::uint64_t put_scratch();
  journal::RecordHeader header_for(std::uint32_t slot, std::int64_t ts_recv, std::int64_t ts_event);
  State& state_of(std::uint32_t slot, const MarketMessage& message, const journal::RecordBatch& made);
  void declare(std::uint32_t slot, std::int64_t time);
  void anomaly(const journal::RecordHeader& header, schema::FeedAnomalyKind kind, std::int64_t value,
               std::int64_t bound, std::int64_t update_id);
  void gap(const journal::RecordHeader& header, schema::GapReason reason, std::int64_t expected, std::int64_t received,
           std::int64_t from, std::int64_t until);
  void check_clock(const MarketMessage& message, SourceState& source, std::uint32_t slot);
  const char* check_bar(State& state, const MarketMessage& message, const journal::RecordHeader& header);
  void after_trade(State& state, const MarketMessage& message, const journal::RecordHeader& header);
  void after_bbo(State& state, const MarketMessage& message, const journal::RecordHeader& header);
  void after_book(State& state, const MarketMessage& message, const journal::RecordHeader& header,
                  const journal::RecordBatch& made);
  void compare(const Top& book, const Top& bbo, const journal::RecordHeader& header);
  bool is_repeated_trade(State& state, std::int64_t id);

  DatasetWriter& writer_;
  InstrumentRegistry& registry_;
  const InstrumentTable& table_;
  ImportReport& report_;
  RecordMaker maker_;
  journal::RecordBatch scratch_;  // records that are not made of one message alone, on their way to the writer
  std::deque<State> states_;
  std::int64_t ts_engine_ = 0;
  std::uint64_t records_ = 0;
};

}  // namespace reprise::gateway
