#include "sim/exchange/queue_model.h"
#include "sim/exchange/wide.h"

#include <algorithm>

namespace reprise::sim {

Qty queue_on_trade(QueuePlace& place, Qty qty) {
  place.traded_since += qty;
  if (!place.is_known) return Qty::zero();
  const Qty of_queue = std::min(place.ahead, qty);
  place.ahead -= of_queue;
  return qty - of_queue;
}

void queue_on_level(QueuePlace& place, Qty level_qty, QueueModel model) {
  if (!place.is_known) {  // first sight: everybody there was before us
    place.is_known = true;
    place.ahead = level_qty;
  } else if (model == QueueModel::probabilistic) {
    // What left without trading left by cancellation. A lot behind us is taken to be twice as likely to
    // leave as one in front (young orders are the fickle ones): share of the front = ahead / (ahead + 2 behind).
    const Qty canceled = place.seen - level_qty - place.traded_since;
    if (canceled.is_positive()) {
      const std::int64_t ahead = place.ahead.e8;
      const Wide behind = std::max<std::int64_t>(place.seen.e8 - place.traded_since.e8 - ahead, 0);
      const Wide weight = ahead + 2 * behind;
      if (weight > 0) {
        place.ahead -= Qty::of_e8(static_cast<std::int64_t>(static_cast<Wide>(canceled.e8) * ahead / weight));
      }
    }
  }
  // Both models: no more can stand in front of us than stands there at all.
  place.ahead = std::clamp(place.ahead, Qty::zero(), level_qty);
  place.seen = level_qty;
  place.traded_since = Qty::zero();
}

}  // namespace reprise::sim
