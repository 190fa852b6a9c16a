#include "engine/order_gate.h"

namespace reprise::engine {

namespace {

StpMode stp_mode_of(const std::string& name) {
  if (name == "none") return StpMode::NONE;
  if (name == "expire_taker") return StpMode::EXPIRE_TAKER;
  if (name == "expire_both") return StpMode::EXPIRE_BOTH;
  REPRISE_ASSERT(name == "expire_maker", "the configuration was checked");
  return StpMode::EXPIRE_MAKER;
}

}  // namespace

Seq OrderGate::submit(OrderRequest request) {
  const RiskInputs inputs = core_.risk_inputs(request.instrument);
  if (inputs.market == nullptr) return 0;
  request.stp_mode = stp_mode_of(core_.config.venue.stp_mode);
  request.mid_at_decision = inputs.market->mid.value_or(Price::zero());
  const RiskEngine::Decision decision = core_.risk.check(request, inputs, core_.out);
  if (!decision.passes()) {
    core_.orders.deny(request, decision.record_seq, core_.out);
    return 0;
  }
  request.qty = decision.approved_qty;
  request.cause = decision.record_seq;
  return core_.orders.submit(request, core_.out);
}

ModifyResult OrderGate::modify(const Order& order, Price price, Qty leaves, Seq cause) {
  if (!core_.orders.can_modify(order)) return ModifyResult::impossible;
  OrderRequest request = order.request;
  request.price = price;
  request.qty = order.cum_qty + leaves;  // a modify names the whole quantity
  request.cause = cause;
  const RiskInputs inputs = core_.risk_inputs(request.instrument, &order);
  if (inputs.market == nullptr) return ModifyResult::impossible;
  const RiskEngine::Decision decision = core_.risk.check(request, inputs, core_.out);
  if (!decision.passes()) return ModifyResult::denied;
  return core_.orders.modify(order.id, price, decision.approved_qty, decision.record_seq, core_.out)
             ? ModifyResult::sent
             : ModifyResult::impossible;
}

}  // namespace reprise::engine
