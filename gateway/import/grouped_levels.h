// Book rows that come one level a line, put together again: consecutive rows with one key are one message.
#pragma once

#include <algorithm>

#include "gateway/import/format.h"

namespace reprise::gateway {

class GroupedLevels {
 public:
  // Opens or continues the group of `key`; the message of a finished group goes to the sink first.
  // Returns the group's message; its `lines` counts this row already.
  MarketMessage& row(std::string_view key, std::uint64_t number, LineSink& sink) {
    if (!is_open_ || key != key_) {
      flush(sink);
      is_open_ = true;
      key_ = key;
      open_.reset();
      open_.line = number;
    }
    ++open_.lines;
    return open_;
  }
  void flush(LineSink& sink) {
    if (!is_open_) return;
    is_open_ = false;
    MarketMessage& m = sink.messages.push();
    std::swap(m, open_);
    if (m.kind != MessageKind::book_snapshot) return;
    const auto best_first = [](std::vector<LevelE8>& levels, bool is_bid) {
      std::stable_sort(levels.begin(), levels.end(), [&](const LevelE8& a, const LevelE8& b) {
        return is_bid ? a.price > b.price : a.price < b.price;
      });
    };
    best_first(m.bids, true);
    best_first(m.asks, false);
  }

 private:
  MarketMessage open_;
  std::string key_;
  bool is_open_ = false;
};

}  // namespace reprise::gateway
