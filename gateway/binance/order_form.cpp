#include "gateway/binance/order_form.h"

#include "engine/market/fixed.h"
#include "gateway/binance/client_order_id.h"

namespace reprise::gateway::binance {
namespace {

using schema::OrderType;
using schema::TimeInForce;

constexpr std::size_t kMaxBatch = 5;
constexpr std::size_t kMaxCancelBatch = 10;
constexpr RequestCost kNewOrder{0, 1, 1, 0, 0};
constexpr RequestCost kBatch{5, 5, 1, 0, 0};
constexpr Rate kLeastCallback = Rate::of_e8(100'000);        // 0.1 %
constexpr Rate kGreatestCallback = Rate::of_e8(20'000'000);  // 20 %

std::string_view venue_name(OrderType type) {
  switch (type) {
    case OrderType::LIMIT: return "LIMIT";
    case OrderType::MARKET: return "MARKET";
    case OrderType::STOP_LIMIT: return "STOP";
    case OrderType::STOP_MARKET: return "STOP_MARKET";
    case OrderType::TAKE_PROFIT_LIMIT: return "TAKE_PROFIT";
    case OrderType::TAKE_PROFIT_MARKET: return "TAKE_PROFIT_MARKET";
    case OrderType::TRAILING_STOP_MARKET: return "TRAILING_STOP_MARKET";
    default: return {};
  }
}

std::string_view venue_name(TimeInForce time_in_force) {
  switch (time_in_force) {
    case TimeInForce::GTC: return "GTC";
    case TimeInForce::IOC: return "IOC";
    case TimeInForce::FOK: return "FOK";
    case TimeInForce::GTX: return "GTX";
    case TimeInForce::GTD: return "GTD";
    default: return {};
  }
}

std::string_view venue_name(schema::StpMode mode) {
  switch (mode) {
    case schema::StpMode::EXPIRE_TAKER: return "EXPIRE_TAKER";
    case schema::StpMode::EXPIRE_MAKER: return "EXPIRE_MAKER";
    case schema::StpMode::EXPIRE_BOTH: return "EXPIRE_BOTH";
    default: return {};
  }
}

std::string_view venue_name(PriceMatch match) {
  switch (match) {
    case PriceMatch::none: return {};
    case PriceMatch::opponent: return "OPPONENT";
    case PriceMatch::opponent_5: return "OPPONENT_5";
    case PriceMatch::opponent_10: return "OPPONENT_10";
    case PriceMatch::opponent_20: return "OPPONENT_20";
    case PriceMatch::queue: return "QUEUE";
    case PriceMatch::queue_5: return "QUEUE_5";
    case PriceMatch::queue_10: return "QUEUE_10";
    case PriceMatch::queue_20: return "QUEUE_20";
  }
  return {};
}

std::string_view venue_name(schema::Side side) {
  return side == schema::Side::BUY ? "BUY" : "SELL";
}

bool has_limit_price(OrderType type) {
  return type == OrderType::LIMIT || type == OrderType::STOP_LIMIT || type == OrderType::TAKE_PROFIT_LIMIT;
}

Error refuse(const OrderForm& form, const char* what) {
  return usage_error(std::string(venue_name(form.type)) + " order: " + what);
}

// What holds for every type.
Status check_common(const OrderForm& form) {
  if (venue_name(form.type).empty()) return usage_error("an order of a type that cannot be sent");
  if (form.symbol.empty()) return refuse(form, "no symbol");
  if (form.side != schema::Side::BUY && form.side != schema::Side::SELL) return refuse(form, "no side");
  if (!is_valid_client_id(form.client_id)) return refuse(form, "the client id breaks the venue's rule");
  if (form.close_position) {
    if (!form.qty.is_zero()) return refuse(form, "closePosition takes no quantity");
    if (form.reduce_only) return refuse(form, "closePosition takes no reduceOnly");
    if (form.type != OrderType::STOP_MARKET && form.type != OrderType::TAKE_PROFIT_MARKET) {
      return refuse(form, "closePosition goes with STOP_MARKET and TAKE_PROFIT_MARKET only");
    }
  } else if (!form.qty.is_positive()) {
    return refuse(form, "no quantity");
  }
  if (form.reduce_only && form.position_side != schema::PositionSide::BOTH) {
    return refuse(form, "hedge mode takes no reduceOnly");
  }
  if (has_limit_price(form.type)) {
    if (form.price_match == PriceMatch::none && !form.price.is_positive()) return refuse(form, "no price");
    if (form.price_match != PriceMatch::none && !form.price.is_zero()) {
      return refuse(form, "price and price match exclude each other");
    }
  } else if (!form.price.is_zero() || form.price_match != PriceMatch::none) {
    return refuse(form, "it takes no price");
  }
  const bool is_gtd = form.time_in_force == TimeInForce::GTD;
  if (is_gtd != (form.good_till.ns != 0)) return refuse(form, "GTD and its date go together");
  return ok_status();
}

void add_good_till(const OrderForm& form, Parameters& to) {
  // Whole seconds: the venue cuts the rest off, and what it answers shall be what was sent.
  if (form.good_till.ns != 0) to.add("goodTillDate", form.good_till.ns / kSecond * 1000);
}

// The parameters that plain and conditional orders have in common, in front of those of their own.
void add_common(const OrderForm& form, Parameters& to) {
  to.add("symbol", form.symbol);
  to.add("side", venue_name(form.side));
  if (form.position_side == schema::PositionSide::LONG) to.add("positionSide", "LONG");
  if (form.position_side == schema::PositionSide::SHORT) to.add("positionSide", "SHORT");
  to.add("type", venue_name(form.type));
  if (form.time_in_force != TimeInForce::NONE) to.add("timeInForce", venue_name(form.time_in_force));
  if (!form.close_position) to.add("quantity", decimal_text(form.qty));
  if (!form.price.is_zero()) to.add("price", decimal_text(form.price));
  if (form.price_match != PriceMatch::none) to.add("priceMatch", venue_name(form.price_match));
  if (form.reduce_only) to.add("reduceOnly", "true");
}

void add_common_end(const OrderForm& form, Parameters& to) {
  if (form.detail == AnswerDetail::result) to.add("newOrderRespType", "RESULT");
  if (form.stp_mode != schema::StpMode::NONE) to.add("selfTradePreventionMode", venue_name(form.stp_mode));
  add_good_till(form, to);
}

Result<Parameters> plain_parameters(const OrderForm& form) {
  if (Status status = check_common(form); !status) return status.error();
  if (is_algo(form.type)) return refuse(form, "it belongs to the algo endpoint");
  const bool is_limit = form.type == OrderType::LIMIT;
  if (is_limit && form.time_in_force == TimeInForce::NONE) return refuse(form, "no time in force");
  if (!is_limit && form.time_in_force != TimeInForce::NONE) return refuse(form, "it takes no time in force");
  Parameters parameters;
  add_common(form, parameters);
  parameters.add("newClientOrderId", form.client_id);
  add_common_end(form, parameters);
  return parameters;
}

Purpose purpose_of(const OrderForm& form) {
  return form.reduce_only || form.close_position ? Purpose::reduce : Purpose::order;
}

// Symbols and ids need no escape but these two; control characters are in neither.
void append_json_text(std::string& out, std::string_view text) {
  out.push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  out.push_back('"');
}

Status add_order_ref(const OrderRef& order, Parameters& to) {
  if (order.symbol.empty()) return usage_error("an order is named with its symbol");
  to.add("symbol", order.symbol);
  if (order.venue_id != 0) {
    to.add("orderId", order.venue_id);
  } else if (is_valid_client_id(order.client_id)) {
    to.add("origClientOrderId", order.client_id);
  } else {
    return usage_error("an order is named by the venue's id or by ours");
  }
  return ok_status();
}

Status add_algo_ref(const OrderRef& order, Parameters& to) {
  if (order.venue_id != 0) {
    to.add("algoId", order.venue_id);
  } else if (is_valid_client_id(order.client_id)) {
    to.add("clientAlgoId", order.client_id);
  } else {
    return usage_error("an algo order is named by the venue's id or by ours");
  }
  return ok_status();
}

VenueRequest signed_request(Method method, const char* path, const char* ws_method, RequestKind kind, Purpose purpose,
                            RequestCost cost) {
  return {method, path, ws_method, Security::sign, kind, purpose, cost, {}};
}

VenueRequest cancel_request(const char* path, const char* ws_method, RequestKind kind = RequestKind::cancel) {
  return signed_request(Method::del, path, ws_method, kind, Purpose::cancel, {1, 0, 0, 0, 0});
}

VenueRequest query_request(const char* path, const char* ws_method, std::int64_t weight = 1) {
  return signed_request(Method::get, path, ws_method, RequestKind::query, Purpose::query, {weight, 0, 0, 0, 0});
}

VenueRequest open_request(const char* path, std::string_view symbol) {
  VenueRequest request = query_request(path, "", symbol.empty() ? 40 : 1);
  if (!symbol.empty()) request.parameters.add("symbol", symbol);
  return request;
}

}  // namespace

bool is_algo(OrderType type) {
  return type == OrderType::STOP_LIMIT || type == OrderType::STOP_MARKET || type == OrderType::TAKE_PROFIT_LIMIT ||
         type == OrderType::TAKE_PROFIT_MARKET || type == OrderType::TRAILING_STOP_MARKET;
}

Result<VenueRequest> new_order(const OrderForm& form) {
  auto parameters = plain_parameters(form);
  if (!parameters) return parameters.error();
  VenueRequest request =
      signed_request(Method::post, "/fapi/v1/order", "order.place", RequestKind::place, purpose_of(form), kNewOrder);
  request.parameters = std::move(*parameters);
  return request;
}

Result<VenueRequest> new_algo_order(const OrderForm& form) {
  if (Status status = check_common(form); !status) return status.error();
  if (!is_algo(form.type)) return refuse(form, "it does not belong to the algo endpoint");
  const bool is_trailing = form.type == OrderType::TRAILING_STOP_MARKET;
  if (is_trailing == form.trigger_price.is_positive()) {
    return refuse(form, is_trailing ? "it takes no trigger price" : "no trigger price");
  }
  if (is_trailing && (form.callback_rate < kLeastCallback || form.callback_rate > kGreatestCallback)) {
    return refuse(form, "the callback rate is not between 0.1 % and 20 %");
  }
  if (!is_trailing && (!form.callback_rate.is_zero() || !form.activation_price.is_zero())) {
    return refuse(form, "it takes no callback rate and no activation price");
  }
  if (form.trigger_source == schema::TriggerSource::INDEX_PRICE) {
    return refuse(form, "the venue has no trigger by index price");
  }
  VenueRequest request = signed_request(Method::post, "/fapi/v1/algoOrder", "algoOrder.place", RequestKind::place,
                                        purpose_of(form), kNewOrder);
  Parameters& to = request.parameters;
  to.add("algoType", "CONDITIONAL");
  add_common(form, to);
  if (form.close_position) to.add("closePosition", "true");
  if (!is_trailing) to.add("triggerPrice", decimal_text(form.trigger_price));
  if (!form.activation_price.is_zero()) to.add("activatePrice", decimal_text(form.activation_price));
  if (is_trailing) to.add("callbackRate", decimal_text(Rate::of_e8(form.callback_rate.e8 * 100)));
  const bool is_by_mark = form.trigger_source == schema::TriggerSource::MARK_PRICE;
  to.add("workingType", is_by_mark ? "MARK_PRICE" : "CONTRACT_PRICE");
  if (form.price_protect) to.add("priceProtect", "true");
  to.add("clientAlgoId", form.client_id);
  add_common_end(form, to);
  return request;
}

Result<VenueRequest> new_batch(const std::vector<OrderForm>& forms) {
  if (forms.empty() || forms.size() > kMaxBatch) return usage_error("a batch has 1 to 5 orders");
  std::string list = "[";
  Purpose purpose = Purpose::reduce;
  for (const OrderForm& form : forms) {
    auto parameters = plain_parameters(form);
    if (!parameters) return parameters.error();
    if (purpose_of(form) == Purpose::order) purpose = Purpose::order;
    list += list.size() > 1 ? ",{" : "{";
    bool is_first = true;
    for (const auto& [name, value] : parameters->pairs()) {
      if (!is_first) list.push_back(',');
      is_first = false;
      append_json_text(list, name);
      list.push_back(':');
      append_json_text(list, value);
    }
    list.push_back('}');
  }
  list.push_back(']');
  VenueRequest request = signed_request(Method::post, "/fapi/v1/batchOrders", "", RequestKind::place, purpose, kBatch);
  request.parameters.add("batchOrders", list);
  return request;
}

Result<VenueRequest> modify_order(const OrderRef& order, schema::Side side, Qty qty, Price price,
                                  std::int64_t modify_id) {
  if (side != schema::Side::BUY && side != schema::Side::SELL) return usage_error("modify: no side");
  if (!qty.is_positive() || !price.is_positive()) return usage_error("modify: quantity and price are both needed");
  VenueRequest request =
      signed_request(Method::put, "/fapi/v1/order", "order.modify", RequestKind::modify, Purpose::order, kNewOrder);
  if (Status status = add_order_ref(order, request.parameters); !status) return status.error();
  request.parameters.add("side", venue_name(side));
  request.parameters.add("quantity", decimal_text(qty));
  request.parameters.add("price", decimal_text(price));
  if (modify_id != 0) request.parameters.add("modifyId", modify_id);
  return request;
}

Result<VenueRequest> cancel_order(const OrderRef& order) {
  VenueRequest request = cancel_request("/fapi/v1/order", "order.cancel");
  if (Status status = add_order_ref(order, request.parameters); !status) return status.error();
  return request;
}

Result<VenueRequest> cancel_algo_order(const OrderRef& order) {
  VenueRequest request = cancel_request("/fapi/v1/algoOrder", "algoOrder.cancel");
  if (Status status = add_algo_ref(order, request.parameters); !status) return status.error();
  return request;
}

Result<VenueRequest> cancel_batch(const std::vector<OrderRef>& orders) {
  if (orders.empty() || orders.size() > kMaxCancelBatch) return usage_error("a batch of cancels has 1 to 10 orders");
  const bool is_by_venue_id = orders.front().venue_id != 0;
  std::string list = "[";
  for (const OrderRef& order : orders) {
    const bool is_named = is_by_venue_id ? order.venue_id != 0 : is_valid_client_id(order.client_id);
    if (order.symbol != orders.front().symbol || !is_named) {
      return usage_error("a batch of cancels names orders of one symbol in one way");
    }
    if (list.size() > 1) list.push_back(',');
    if (is_by_venue_id) {
      list += std::to_string(order.venue_id);
    } else {
      append_json_text(list, order.client_id);
    }
  }
  list.push_back(']');
  VenueRequest request = cancel_request("/fapi/v1/batchOrders", "");
  request.parameters.add("symbol", orders.front().symbol);
  request.parameters.add(is_by_venue_id ? "orderIdList" : "origClientOrderIdList", list);
  return request;
}

VenueRequest cancel_all_orders(std::string_view symbol) {
  VenueRequest request = cancel_request("/fapi/v1/allOpenOrders", "", RequestKind::cancel_all);
  request.parameters.add("symbol", symbol);
  return request;
}

VenueRequest cancel_all_algo_orders(std::string_view symbol) {
  VenueRequest request = cancel_request("/fapi/v1/algoOpenOrders", "", RequestKind::cancel_all);
  request.parameters.add("symbol", symbol);
  return request;
}

VenueRequest countdown_cancel(std::string_view symbol, DurationNanos countdown) {
  VenueRequest request = signed_request(Method::post, "/fapi/v1/countdownCancelAll", "", RequestKind::account_setting,
                                        Purpose::cancel, {10, 0, 0, 0, 0});
  request.parameters.add("symbol", symbol);
  request.parameters.add("countdownTime", countdown.ns / 1'000'000);
  return request;
}

Result<VenueRequest> query_order(const OrderRef& order) {
  VenueRequest request = query_request("/fapi/v1/order", "order.status");
  if (Status status = add_order_ref(order, request.parameters); !status) return status.error();
  return request;
}

Result<VenueRequest> query_algo_order(const OrderRef& order) {
  VenueRequest request = query_request("/fapi/v1/algoOrder", "");
  if (Status status = add_algo_ref(order, request.parameters); !status) return status.error();
  return request;
}

VenueRequest open_orders(std::string_view symbol) {
  return open_request("/fapi/v1/openOrders", symbol);
}

VenueRequest open_algo_orders(std::string_view symbol) {
  return open_request("/fapi/v1/openAlgoOrders", symbol);
}

}  // namespace reprise::gateway::binance
