#include "engine/execution/order_manager.h"
#include "journal/mutant.h"

#include <algorithm>

namespace reprise::engine {

namespace {

using schema::CommandKind;

constexpr WorkingQty kNothingWorking{};

bool id_below(const Order* order, Seq id) {
  return order->id < id;
}

Qty working_qty_of(const Order& order) {
  Qty leaves = order.leaves_qty();
  if (order.modify_command != 0 && is_open(order.status) && !REPRISE_MUTANT(modify_not_counted))
    leaves = std::max(leaves, order.pending_qty - order.cum_qty);
  return leaves.is_negative() ? Qty{} : leaves;
}

}  // namespace

// ---------------------------------------------------------------------------------------- records

Seq OrderManager::emit_state(const Order& order, OrderStatus previous, std::int32_t error_code, Seq cause,
                             Emitter& out) {
  return out.emit<schema::OrderState>(schema::RecordType::ORDER_STATE, order.request.instrument, order.request.strategy,
                                      cause, [&](schema::OrderState::Builder b) {
                                        b.setOrderId(order.id);
                                        b.setStatus(order.status);
                                        b.setPrevious(previous);
                                        b.setSide(order.request.side);
                                        b.setOrderType(order.request.type);
                                        b.setQty(order.request.qty.e8);
                                        b.setCumQty(order.cum_qty.e8);
                                        b.setPrice(order.request.price.e8);
                                        b.setCumNotional(order.cum_notional.e8);
                                        b.setErrorCode(error_code);
                                      });
}

namespace {

Seq emit_command(CommandKind kind, const Order& order, Seq id, Price price, Qty qty, Seq cause, Emitter& out) {
  const OrderRequest& r = order.request;
  return out.emit<schema::OrderCommand>(schema::RecordType::ORDER_COMMAND, r.instrument, r.strategy, cause,
                                        [&](schema::OrderCommand::Builder b) {
                                          b.setKind(kind);
                                          b.setOrderId(id);
                                          b.setSide(r.side);
                                          b.setOrderType(r.type);
                                          b.setTimeInForce(r.time_in_force);
                                          b.setReduceOnly(r.reduce_only);
                                          b.setClosePosition(r.close_position);
                                          b.setTriggerSource(r.trigger_source);
                                          b.setStpMode(r.stp_mode);
                                          b.setQty(qty.e8);
                                          b.setPrice(price.e8);
                                          b.setTriggerPrice(r.trigger_price.e8);
                                          b.setActivationPrice(r.activation_price.e8);
                                          b.setCallbackRate(r.callback_rate.e8);
                                          b.setGoodTillTime(r.good_till.ns);
                                        });
}

}  // namespace

// --------------------------------------------------------------------------------------- commands

Seq OrderManager::submit(const OrderRequest& request, Emitter& out) {
  Order& order = take_slot();
  order = Order{};
  order.id = out.next_seq();
  order.request = request;
  order.status = order.beneath = OrderStatus::SUBMITTED;
  order.submitted_at = out.now();
  if (order_timeout_.ns > 0) {
    order.deadline = out.now() + order_timeout_;
    if (next_deadline_.ns == 0 || order.deadline < next_deadline_) next_deadline_ = order.deadline;
  }
  REPRISE_ASSERT(open_.empty() || open_.back()->id < order.id, "order ids grow");
  open_.push_back(&order);
  count_in(order, +1);
  ++submitted_count_;
  const Seq seq = emit_command(CommandKind::SUBMIT, order, order.id, request.price, request.qty,
                               REPRISE_MUTANT(lost_cause) ? 0 : request.cause, out);
  REPRISE_ASSERT(seq == order.id, "an order's id is the seq of its command");
  emit_state(order, OrderStatus::INITIALIZED, 0, seq, out);
  return seq;
}

void OrderManager::deny(const OrderRequest& request, Seq decision, Emitter& out) {
  Order order;
  order.id = decision;
  order.request = request;
  order.status = OrderStatus::DENIED;
  ++denied_count_;
  emit_state(order, OrderStatus::INITIALIZED, 0, decision, out);
}

bool OrderManager::cancel(Seq order_id, Seq cause, Emitter& out) {
  Order* order = const_cast<Order*>(find(order_id));
  if (order == nullptr || !is_open(order->status) || order->status == OrderStatus::PENDING_CANCEL) return false;
  const OrderStatus previous = order->status;
  if (previous != OrderStatus::PENDING_MODIFY) {
    count_in(*order, -1);  // a modify that was never answered no longer counts
    order->modify_command = 0;
    count_in(*order, +1);
  }
  order->cancel_command =
      emit_command(CommandKind::CANCEL, *order, order->id, order->request.price, order->request.qty, cause, out);
  order->status = OrderStatus::PENDING_CANCEL;
  if (order_timeout_.ns > 0) {
    order->deadline = out.now() + order_timeout_;
    if (next_deadline_.ns == 0 || order->deadline < next_deadline_) next_deadline_ = order->deadline;
  }
  emit_state(*order, previous, 0, order->cancel_command, out);
  return true;
}

bool OrderManager::can_modify(const Order& order) const {
  const bool works = order.status == OrderStatus::ACCEPTED || order.status == OrderStatus::PARTIALLY_FILLED ||
                     order.status == OrderStatus::TRIGGERED;
  return works && order.request.type == OrderType::LIMIT;
}

bool OrderManager::modify(Seq order_id, Price price, Qty qty, Seq cause, Emitter& out) {
  Order* order = const_cast<Order*>(find(order_id));
  if (order == nullptr || !can_modify(*order)) return false;
  if (price == order->request.price && qty == order->request.qty) return false;
  if (qty <= order->cum_qty || !price.is_positive()) return false;
  const OrderStatus previous = order->status;
  count_in(*order, -1);
  order->cancel_command = 0;
  order->modify_command = emit_command(CommandKind::MODIFY, *order, order->id, price, qty, cause, out);
  order->pending_price = price;
  order->pending_qty = qty;
  order->status = OrderStatus::PENDING_MODIFY;
  count_in(*order, +1);
  if (order_timeout_.ns > 0) {
    order->deadline = out.now() + order_timeout_;
    if (next_deadline_.ns == 0 || order->deadline < next_deadline_) next_deadline_ = order->deadline;
  }
  emit_state(*order, previous, 0, order->modify_command, out);
  return true;
}

// -------------------------------------------------------------------------------------- deadlines

std::vector<Order*>& OrderManager::expire_deadlines(UnixNanos now, Emitter& out) {
  expired_now_.clear();
  if (REPRISE_MUTANT(deadline_skipped)) return expired_now_;
  for (Order* order : open_) {
    if (order->deadline.ns == 0 || now < order->deadline) continue;
    const OrderStatus previous = order->status;
    order->status = OrderStatus::UNKNOWN;
    order->deadline = {};
    emit_state(*order, previous, 0, 0, out);
    expired_now_.push_back(order);
  }
  refresh_next_deadline();
  return expired_now_;
}

void OrderManager::refresh_next_deadline() {
  next_deadline_ = {};
  for (const Order* order : open_) {
    if (order->deadline.ns != 0 && (next_deadline_.ns == 0 || order->deadline < next_deadline_))
      next_deadline_ = order->deadline;
  }
}

// ------------------------------------------------------------------------------------ bookkeeping

Order& OrderManager::take_slot() {
  if (free_.empty()) return slots_.emplace_back();
  Order* order = free_.back();
  free_.pop_back();
  return *order;
}

void OrderManager::close(Order& order) {
  const auto at = std::lower_bound(open_.begin(), open_.end(), order.id, id_below);
  REPRISE_ASSERT(at != open_.end() && *at == &order, "a closing order is open");
  open_.erase(at);
  closed_.push_back(&order);
  if (closed_.size() > kClosedKept) {
    free_.push_back(closed_.front());
    closed_.pop_front();
  }
}

const Order* OrderManager::find(Seq order_id) const {
  const auto at = std::lower_bound(open_.begin(), open_.end(), order_id, id_below);
  if (at != open_.end() && (*at)->id == order_id) return *at;
  for (auto it = closed_.rbegin(); it != closed_.rend(); ++it) {
    if ((*it)->id == order_id) return *it;
  }
  return nullptr;
}

Qty WorkingQty::may_reduce(Qty held) const {
  if (REPRISE_MUTANT(reduce_only_not_counted)) return {};
  const bool is_long = held.is_positive();
  if ((is_long ? close_sell : close_buy) != 0) return held.abs();
  return std::min(held.abs(), is_long ? reduce_sell : reduce_buy);
}

Qty WorkingQty::exposed_to(Side side, Qty held) const {
  const Qty towards = side == Side::BUY ? held : -held;
  return towards + (side == Side::BUY ? buy : sell) + (towards.is_negative() ? may_reduce(held) : Qty{});
}

WorkingQty& OrderManager::working_entry(InstrumentNo instrument) {
  auto at = std::lower_bound(working_.begin(), working_.end(), instrument,
                             [](const WorkingQty& w, InstrumentNo number) { return w.instrument < number; });
  if (at == working_.end() || at->instrument != instrument) {
    at = working_.insert(at, WorkingQty{});
    at->instrument = instrument;
  }
  return *at;
}

const WorkingQty& OrderManager::working(InstrumentNo instrument) const {
  const auto at = std::lower_bound(working_.begin(), working_.end(), instrument,
                                   [](const WorkingQty& w, InstrumentNo number) { return w.instrument < number; });
  return at != working_.end() && at->instrument == instrument ? *at : kNothingWorking;
}

void OrderManager::count_in(const Order& order, int sign) {
  WorkingQty& w = working_entry(order.request.instrument);
  const Qty qty = working_qty_of(order);
  const Qty signed_qty = sign > 0 ? qty : -qty;
  const bool is_buy = order.request.side == Side::BUY;
  if (order.request.reduce_only || order.request.close_position) {
    (is_buy ? w.reduce_buy : w.reduce_sell) += signed_qty;
    if (order.request.close_position) (is_buy ? w.close_buy : w.close_sell) += static_cast<std::uint32_t>(sign);
    w.reduce_only_orders += static_cast<std::uint32_t>(sign);
  } else {
    (is_buy ? w.buy : w.sell) += signed_qty;
  }
  w.open_orders += static_cast<std::uint32_t>(sign);
}

bool OrderManager::remember_trade(InstrumentNo instrument, std::int64_t trade_id) {
  if (!trades_.insert({instrument, trade_id}).second) return false;
  trade_order_.emplace_back(instrument, trade_id);
  if (trade_order_.size() > kTradesKept) {
    trades_.erase(trade_order_.front());
    trade_order_.pop_front();
  }
  return true;
}

bool OrderManager::remember_foreign(std::int64_t venue_order_id) {
  if (std::find(foreign_.begin(), foreign_.end(), venue_order_id) != foreign_.end()) return false;
  foreign_.push_back(venue_order_id);
  if (foreign_.size() > kForeignKept) foreign_.pop_front();
  return true;
}

// ------------------------------------------------------------------------------------------ state

namespace {

struct SavedTrade {
  InstrumentNo instrument = 0;
  std::int64_t trade_id = 0;
  void persist(StateArchive& archive) {
    archive.field("instrument", instrument);
    archive.field("trade_id", trade_id);
  }
};

}  // namespace

void OrderManager::persist(StateArchive& archive) {
  std::vector<Order> open;
  std::vector<Order> closed;
  std::vector<SavedTrade> trades;
  std::vector<std::int64_t> foreign(foreign_.begin(), foreign_.end());
  for (const Order* order : open_) open.push_back(*order);
  if (!archive.skips("closed")) {
    for (const Order* order : closed_) closed.push_back(*order);
  }
  if (!archive.skips("trades")) {
    for (const auto& [instrument, trade_id] : trade_order_) trades.push_back({instrument, trade_id});
  }

  archive.field("open", open);
  archive.field("closed", closed);
  archive.field("trades", trades);
  archive.field("foreign", foreign);
  archive.field("next_deadline", next_deadline_);
  archive.field("submitted_count", submitted_count_);
  archive.field("denied_count", denied_count_);
  archive.field("anomaly_count", anomaly_count_);
  if (!archive.loading()) return;

  slots_.clear();
  free_.clear();
  open_.clear();
  closed_.clear();
  working_.clear();
  for (const Order& order : open) {
    slots_.push_back(order);
    open_.push_back(&slots_.back());
    count_in(order, +1);
  }
  for (const Order& order : closed) {
    slots_.push_back(order);
    closed_.push_back(&slots_.back());
  }
  trade_order_.clear();
  trades_.clear();
  for (const SavedTrade& trade : trades) remember_trade(trade.instrument, trade.trade_id);
  foreign_.assign(foreign.begin(), foreign.end());
}

}  // namespace reprise::engine
