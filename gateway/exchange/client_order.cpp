#include "gateway/exchange/client_order.h"

#include "gateway/exchange/order_words.h"

namespace reprise::gateway::exchange {

namespace {

// Conditional orders that fired are market or limit orders from then on.
OrderType fired_type(OrderType type) {
  switch (type) {
    case OrderType::STOP_LIMIT:
    case OrderType::TAKE_PROFIT_LIMIT: return OrderType::LIMIT;
    case OrderType::STOP_MARKET:
    case OrderType::TAKE_PROFIT_MARKET:
    case OrderType::TRAILING_STOP_MARKET: return OrderType::MARKET;
    default: return type;
  }
}

}  // namespace

std::string_view word(ClientOrderState state) {
  switch (state) {
    case ClientOrderState::fresh: return "NEW";
    case ClientOrderState::partly_filled: return "PARTIALLY_FILLED";
    case ClientOrderState::filled: return "FILLED";
    case ClientOrderState::canceled: return "CANCELED";
    case ClientOrderState::expired: return "EXPIRED";
    case ClientOrderState::expired_in_match: return "EXPIRED_IN_MATCH";
    case ClientOrderState::rejected: return "REJECTED";
  }
  return "NEW";
}

void write_order(JsonText& out, const ClientOrder& o, const BoardInstrument& i, OrderForm form) {
  out.open().field("orderId", o.id).field("symbol", i.instrument.symbol).field("status", word(o.state));
  out.field("clientOrderId", o.client_id).decimal("price", o.price, i.price_decimals);
  if (form == OrderForm::asked) out.decimal("avgPrice", o.average_price(), i.price_decimals);
  out.decimal("origQty", o.qty, i.qty_decimals).decimal("executedQty", o.cum_qty, i.qty_decimals);
  if (form == OrderForm::asked) {
    out.decimal("cumQuote", o.cum_quote);
  } else {
    out.decimal("cumQty", o.cum_qty, i.qty_decimals);
  }
  out.field("timeInForce", word(o.time_in_force)).field("type", word(fired_type(o.type)));
  out.field("reduceOnly", o.reduce_only).field("closePosition", o.close_position).field("side", word(o.side));
  out.field("positionSide", word(o.position_side)).decimal("stopPrice", o.trigger_price, i.price_decimals);
  out.field("workingType", word(o.working_type)).field("priceProtect", o.price_protect);
  out.field("origType", word(o.original_type)).field("priceMatch", o.price_match);
  out.field("selfTradePreventionMode", word(o.stp_mode)).field("goodTillDate", ms(o.good_till));
  if (form == OrderForm::changed) out.field("pair", i.instrument.symbol).field("modifyId", o.modify_id);
  if (form == OrderForm::asked) out.field("time", ms(o.time)).field("pair", i.instrument.symbol);
  out.field("updateTime", ms(o.update_time)).close();
}

void write_algo_order(JsonText& out, const ClientOrder& o, const BoardInstrument& i, bool is_query) {
  out.open().field("algoId", o.id).field("clientAlgoId", o.client_id).field("algoType", "CONDITIONAL");
  out.field("orderType", word(o.original_type)).field("symbol", i.instrument.symbol).field("side", word(o.side));
  out.field("positionSide", word(o.position_side)).field("timeInForce", word(o.time_in_force));
  out.decimal("quantity", o.qty, i.qty_decimals).field("algoStatus", o.algo_state);
  out.decimal("triggerPrice", o.trigger_price, i.price_decimals).decimal("price", o.price, i.price_decimals);
  out.key("icebergQuantity").null();
  out.field("selfTradePreventionMode", word(o.stp_mode)).field("workingType", word(o.working_type));
  out.field("priceMatch", o.price_match).field("closePosition", o.close_position);
  out.field("priceProtect", o.price_protect).field("reduceOnly", o.reduce_only);
  if (o.original_type == OrderType::TRAILING_STOP_MARKET) {
    out.decimal("activatePrice", o.activation_price, i.price_decimals);
    out.decimal("callbackRate", o.callback_rate.e8 * 100, 1);
  } else if (!is_query) {  // queries do not have them; clients that find one take it for a number
    out.field("activatePrice", "").field("callbackRate", "");
  }
  out.field("createTime", ms(o.time)).field("updateTime", ms(o.update_time)).field("triggerTime", ms(o.trigger_time));
  out.field("goodTillDate", ms(o.good_till));
  if (is_query) {
    out.field("actualOrderId", o.actual_id == 0 ? std::string() : std::to_string(o.actual_id));
    out.decimal("actualPrice", o.average_price(), i.price_decimals);
    out.field("actualType", o.actual_id == 0 ? std::string_view() : word(fired_type(o.original_type)));
    out.decimal("actualQty", o.cum_qty, i.qty_decimals).field("tpOrderType", "");
  }
  out.close();
}

std::string order_event(const ClientOrder& o, const BoardInstrument& i, std::string_view execution,
                        const ClientFill* fill, OpenNotional open, int expiry_reason, UnixNanos now) {
  JsonText out;
  // Zero is "0" in these events, whatever decimals the contract has.
  const auto figure = [&out](const char* name, auto value, int decimals) -> JsonText& {
    return out.decimal(name, value, value.is_zero() ? 0 : decimals);
  };
  const int price = i.price_decimals, qty = i.qty_decimals;
  out.open().field("e", "ORDER_TRADE_UPDATE").field("T", ms(now)).field("E", ms(now)).key("o").open();
  out.field("s", i.instrument.symbol).field("c", o.client_id).field("S", word(o.side));
  out.field("o", word(fired_type(o.type))).field("f", word(o.time_in_force));
  figure("q", o.qty, qty);
  figure("p", o.price, price);
  figure("ap", o.average_price(), price);
  figure("sp", o.trigger_price, price).field("x", execution).field("X", word(o.state)).field("i", o.id);
  figure("l", fill != nullptr ? fill->qty : Qty{}, qty);
  figure("z", o.cum_qty, qty);
  figure("L", fill != nullptr ? fill->price : Price{}, price);
  if (fill != nullptr) out.decimal("n", fill->commission).field("N", fill->commission_asset);
  out.field("T", ms(now)).field("t", fill != nullptr ? fill->trade_id : 0);
  out.decimal("b", open.bids).decimal("a", open.asks).field("m", fill != nullptr && fill->is_maker);
  out.field("R", o.reduce_only).field("wt", word(o.working_type)).field("ot", word(o.original_type));
  out.field("ps", word(o.position_side)).field("cp", o.close_position);
  if (o.original_type == OrderType::TRAILING_STOP_MARKET) {
    out.decimal("AP", o.activation_price, i.price_decimals).decimal("cr", o.callback_rate.e8 * 100, 1);
  }
  out.decimal("rp", fill != nullptr ? fill->realized_profit : Money{}).field("pP", o.price_protect);
  out.field("si", 0).field("ss", 0).field("V", word(o.stp_mode)).field("pm", o.price_match);
  out.field("gtd", ms(o.good_till)).field("er", std::to_string(expiry_reason));
  if (execution == "AMENDMENT") out.field("M", std::to_string(o.modify_id));
  return out.close().close().str();
}

std::string trade_lite_event(const ClientOrder& o, const BoardInstrument& i, const ClientFill& fill, UnixNanos now) {
  JsonText out;
  out.open().field("e", "TRADE_LITE").field("E", ms(now)).field("T", ms(now)).field("s", i.instrument.symbol);
  out.decimal("q", o.qty, i.qty_decimals).decimal("p", o.price, i.price_decimals).field("m", fill.is_maker);
  out.field("c", o.client_id).field("S", word(o.side)).decimal("L", fill.price, i.price_decimals);
  out.decimal("l", fill.qty, i.qty_decimals).field("t", fill.trade_id).field("i", o.id);
  return out.close().str();
}

std::string algo_event(const ClientOrder& o, const ClientOrder* actual, const BoardInstrument& i, UnixNanos now) {
  JsonText out;
  out.open().field("e", "ALGO_UPDATE").field("T", ms(now)).field("E", ms(now)).key("o").open();
  out.field("caid", o.client_id).field("aid", o.id).field("at", "CONDITIONAL").field("o", word(o.original_type));
  out.field("s", i.instrument.symbol)
      .field("S", word(o.side))
      .field("ps", word(o.position_side))
      .field("f", word(o.time_in_force));
  out.decimal("q", o.qty, i.qty_decimals).field("X", o.algo_state);
  out.field("ai", o.actual_id == 0 ? std::string() : std::to_string(o.actual_id));
  if (actual != nullptr) {
    out.decimal("ap", actual->average_price(), i.price_decimals).decimal("aq", actual->cum_qty, i.qty_decimals);
    out.field("act", word(fired_type(o.original_type)));
  }
  out.decimal("tp", o.trigger_price, i.price_decimals).decimal("p", o.price, i.price_decimals);
  out.field("V", word(o.stp_mode)).field("wt", word(o.working_type)).field("pm", o.price_match);
  out.field("cp", o.close_position).field("pP", o.price_protect).field("R", o.reduce_only);
  out.field("tt", ms(o.trigger_time)).field("gtd", ms(o.good_till)).field("rm", o.reject_reason);
  if (o.original_type == OrderType::TRAILING_STOP_MARKET) out.field("ia", o.is_trailing_active);
  return out.close().close().str();
}

}  // namespace reprise::gateway::exchange
