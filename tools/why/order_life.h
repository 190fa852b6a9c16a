// What happened to one order: sent, accepted, moved, filled, closed, with the time between, and its place in the queue
// as far as the records tell it.
#pragma once

#include <vector>

#include "engine/state_walk.h"
#include "tools/why/figures.h"
#include "tools/why/records.h"

namespace reprise::tools {

struct LifeEvent {
  journal::Seq seq;
  std::int64_t ts_engine;
  std::int64_t ts_venue;  // 0 = none: our own
  std::string text;
};

struct OrderLife {
  journal::Seq order_id = 0;
  std::string title;   // "buy 0.05 BTCUSDT market by trend"
  std::string status;  // at the end of the journal
  std::vector<LifeEvent> events;
  std::vector<Figure> figures;  // latencies, queue, average price
};

// An error where `order_id` is no order of this journal. `walk` is asked for the book at the acceptance of an order
// that rested.
Result<OrderLife> order_life(Records& records, const RunNames& names, journal::Seq order_id,
                             const std::function<Result<engine::StateWalk*>()>& walk);

}  // namespace reprise::tools
