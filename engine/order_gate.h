// The one way to the order manager: every new or changed order passes risk here. Cancels always pass.
#pragma once

#include "engine/core.h"

namespace reprise::engine {

enum class ModifyResult : std::uint8_t { sent, denied, impossible };

class OrderGate {
 public:
  explicit OrderGate(Core& core) : core_(core) {}

  // Risk decision, then the order with the quantity that risk approved. 0 when denied. request.cause is the
  // signal or sizing record; mid_at_decision is filled in here.
  Seq submit(OrderRequest request);
  // `leaves`: what shall still be open afterwards.
  ModifyResult modify(const Order& order, Price price, Qty leaves, Seq cause);
  bool cancel(Seq order_id, Seq cause) { return core_.orders.cancel(order_id, cause, core_.out); }

 private:
  Core& core_;
};

}  // namespace reprise::engine
