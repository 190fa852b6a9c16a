#include "gateway/binance/user_event.h"

#include <algorithm>
#include <array>

#include "engine/market/fixed.h"
#include "gateway/binance/json_text.h"

namespace reprise::gateway::binance {

namespace {

using json::Value;

// Far more than any account has, and no text can make us take more memory than it has bytes.
constexpr std::size_t kMostItems = 100'000;

template <class T>
struct Word {
  std::string_view text;
  T value;
};

template <class T, std::size_t kSize>
T find_word(const std::array<Word<T>, kSize>& words, std::string_view text, T otherwise) {
  for (const auto& word : words)
    if (word.text == text) return word.value;
  return otherwise;
}

constexpr std::array<Word<VenueStatus>, 14> kOrderStatuses = {{{"NEW", VenueStatus::new_order},
                                                               {"PARTIALLY_FILLED", VenueStatus::partially_filled},
                                                               {"FILLED", VenueStatus::filled},
                                                               {"CANCELED", VenueStatus::canceled},
                                                               {"CANCELLED", VenueStatus::canceled},
                                                               {"EXPIRED", VenueStatus::expired},
                                                               {"EXPIRED_IN_MATCH", VenueStatus::expired},
                                                               {"REJECTED", VenueStatus::rejected},
                                                               {"TRIGGERING", VenueStatus::triggering},
                                                               {"TRIGGERED", VenueStatus::triggered},
                                                               {"FINISHED", VenueStatus::finished},
                                                               {"NEW_INSURANCE", VenueStatus::new_order},
                                                               {"NEW_ADL", VenueStatus::new_order},
                                                               {"PENDING_NEW", VenueStatus::new_order}}};
constexpr std::array<Word<Execution>, 6> kExecutions = {{{"NEW", Execution::new_order},
                                                         {"TRADE", Execution::trade},
                                                         {"CANCELED", Execution::canceled},
                                                         {"EXPIRED", Execution::expired},
                                                         {"AMENDMENT", Execution::amendment},
                                                         {"CALCULATED", Execution::calculated}}};
constexpr std::array<Word<schema::Side>, 2> kSides = {{{"BUY", schema::Side::BUY}, {"SELL", schema::Side::SELL}}};
constexpr std::array<Word<schema::OrderType>, 8> kTypes = {
    {{"LIMIT", schema::OrderType::LIMIT},
     {"MARKET", schema::OrderType::MARKET},
     {"STOP", schema::OrderType::STOP_LIMIT},
     {"STOP_MARKET", schema::OrderType::STOP_MARKET},
     {"TAKE_PROFIT", schema::OrderType::TAKE_PROFIT_LIMIT},
     {"TAKE_PROFIT_MARKET", schema::OrderType::TAKE_PROFIT_MARKET},
     {"TRAILING_STOP_MARKET", schema::OrderType::TRAILING_STOP_MARKET},
     {"LIQUIDATION", schema::OrderType::LIQUIDATION}}};
constexpr std::array<Word<schema::TimeInForce>, 5> kTimesInForce = {{{"GTC", schema::TimeInForce::GTC},
                                                                     {"IOC", schema::TimeInForce::IOC},
                                                                     {"FOK", schema::TimeInForce::FOK},
                                                                     {"GTX", schema::TimeInForce::GTX},
                                                                     {"GTD", schema::TimeInForce::GTD}}};
constexpr std::array<Word<schema::PositionSide>, 2> kPositionSides = {
    {{"LONG", schema::PositionSide::LONG}, {"SHORT", schema::PositionSide::SHORT}}};

schema::MarginMode mode_of(std::string_view text) {
  return text == "isolated" || text == "ISOLATED" ? schema::MarginMode::ISOLATED : schema::MarginMode::CROSS;
}

schema::ExpiryReason expiry_of(std::string_view er) {
  constexpr std::array<schema::ExpiryReason, 10> kReasons = {schema::ExpiryReason::NONE,
                                                             schema::ExpiryReason::SELF_TRADE,
                                                             schema::ExpiryReason::IOC_REMAINDER,
                                                             schema::ExpiryReason::SELF_TRADE,
                                                             schema::ExpiryReason::REDUCE_ONLY_CONFLICT,
                                                             schema::ExpiryReason::ACCOUNT_LIQUIDATED,
                                                             schema::ExpiryReason::REDUCE_ONLY_CONFLICT,
                                                             schema::ExpiryReason::DELISTED,
                                                             schema::ExpiryReason::TRIGGER_REJECTED,
                                                             schema::ExpiryReason::MARKET_REMAINDER};
  return er.size() == 1 && er[0] >= '0' && er[0] <= '9' ? kReasons[static_cast<std::size_t>(er[0] - '0')]
                                                        : schema::ExpiryReason::NONE;
}

UnixNanos time_of(const Value& object, const char* name) {
  std::int64_t millis = 0;
  if (!json::integer(object, name, millis) || millis < 0 || millis > INT64_MAX / kMillisecond) return {};
  return {millis * kMillisecond};
}

std::int64_t e8(const Value& object, const char* name) {
  std::int64_t value = 0;
  return json::decimal(object, name, value, true) ? value : 0;
}

std::int64_t number(const Value& object, const char* name) {
  std::int64_t value = 0;
  return json::integer(object, name, value) ? value : 0;
}

bool flag(const Value& object, const char* name) {
  const Value* value = json::member(object, name);
  if (value == nullptr) return false;
  return value->IsBool() ? value->GetBool() : json::text_of(*value) == "true";
}

Error lacks(const char* what, const char* name) {
  return corrupt_error(std::string(what) + " without a usable " + name);
}

// ------------------------------------------------------------------------------------- the stream's spelling

Status read_order(const Value& object, OrderEvent& out) {
  OrderView& o = out.order;
  o.symbol = json::text(object, "s");
  o.client_id = json::text(object, "c");
  o.venue_id = number(object, "i");
  o.side = find_word(kSides, json::text(object, "S"), schema::Side::NONE);
  const std::string_view original = json::text(object, "ot");
  o.type = find_word(kTypes, original.empty() ? json::text(object, "o") : original, schema::OrderType::NONE);
  if (json::text(object, "o") == "LIQUIDATION") o.type = schema::OrderType::LIQUIDATION;
  o.time_in_force = find_word(kTimesInForce, json::text(object, "f"), schema::TimeInForce::NONE);
  o.status = find_word(kOrderStatuses, json::text(object, "X"), VenueStatus::none);
  o.qty = {e8(object, "q")};
  o.cum_qty = {e8(object, "z")};
  o.price = {e8(object, "p")};
  o.trigger_price = {e8(object, "sp")};
  o.average_price = {e8(object, "ap")};
  o.is_reduce_only = flag(object, "R");
  o.expiry_reason = expiry_of(json::text(object, "er"));
  o.time = time_of(object, "T");
  out.execution = find_word(kExecutions, json::text(object, "x"), Execution::none);
  out.modify_id = static_cast<std::uint64_t>(std::max<std::int64_t>(number(object, "M"), 0));
  if (o.symbol.empty()) return lacks("ORDER_TRADE_UPDATE", "s (symbol)");
  if (o.venue_id == 0) return lacks("ORDER_TRADE_UPDATE", "i (order id)");
  if (o.status == VenueStatus::none) return lacks("ORDER_TRADE_UPDATE", "X (status)");
  if (out.execution != Execution::trade && out.execution != Execution::calculated) return ok_status();
  TradeView& t = out.trade;
  t.symbol = o.symbol;
  t.order_id = o.venue_id;
  t.trade_id = number(object, "t");
  t.side = o.side;
  t.price = {e8(object, "L")};
  t.qty = {e8(object, "l")};
  t.commission = {e8(object, "n")};  // absent on forced executions
  t.commission_asset = json::text(object, "N");
  t.is_maker = flag(object, "m");
  t.time = o.time;
  if (!t.price.is_positive()) return lacks("an execution", "L (price)");
  if (!t.qty.is_positive()) return lacks("an execution", "l (quantity)");
  return ok_status();
}

Status read_algo(const Value& object, UnixNanos time, OrderEvent& out) {
  OrderView& o = out.order;
  o.is_algo = true;
  o.symbol = json::text(object, "s");
  o.client_id = json::text(object, "caid");
  o.venue_id = number(object, "aid");
  o.actual_id = number(object, "ai");
  o.side = find_word(kSides, json::text(object, "S"), schema::Side::NONE);
  o.type = find_word(kTypes, json::text(object, "o"), schema::OrderType::NONE);
  o.time_in_force = find_word(kTimesInForce, json::text(object, "f"), schema::TimeInForce::NONE);
  o.status = find_word(kOrderStatuses, json::text(object, "X"), VenueStatus::none);
  o.qty = {e8(object, "q")};
  o.cum_qty = {e8(object, "aq")};
  o.price = {e8(object, "p")};
  o.trigger_price = {e8(object, "tp")};
  o.is_reduce_only = flag(object, "R");
  o.is_trailing_active = flag(object, "ia");
  o.reject_reason = json::text(object, "rm");
  o.time = time;
  if (o.symbol.empty()) return lacks("ALGO_UPDATE", "s (symbol)");
  if (o.venue_id == 0) return lacks("ALGO_UPDATE", "aid (order id)");
  if (o.status == VenueStatus::none) return lacks("ALGO_UPDATE", "X (status)");
  return ok_status();
}

Status read_account(const Value& object, UnixNanos time, AccountEvent& out) {
  out.reason = json::text(object, "m");
  out.symbol = json::text(object, "S");
  out.time = time;
  if (const Value* balances = json::member(object, "B"); balances != nullptr && balances->IsArray()) {
    for (const Value& item : balances->GetArray()) {
      BalanceView b;
      b.asset = json::text(item, "a");
      std::int64_t wallet = 0;
      if (b.asset.empty() || !json::decimal(item, "wb", wallet, true)) return lacks("a balance", "asset or wb");
      b.wallet = {wallet};
      b.change = {e8(item, "bc")};
      b.time = time;
      out.balances.push_back(std::move(b));
    }
  }
  if (const Value* positions = json::member(object, "P"); positions != nullptr && positions->IsArray()) {
    for (const Value& item : positions->GetArray()) {
      PositionView p;
      p.symbol = json::text(item, "s");
      std::int64_t qty = 0;
      if (p.symbol.empty() || !json::decimal(item, "pa", qty, true)) return lacks("a position", "symbol or pa");
      p.side = find_word(kPositionSides, json::text(item, "ps"), schema::PositionSide::BOTH);
      p.qty = {qty};
      p.entry_price = {e8(item, "ep")};
      p.unrealized = {e8(item, "up")};
      p.isolated_wallet = {e8(item, "iw")};
      p.mode = mode_of(json::text(item, "mt"));
      p.time = time;
      out.positions.push_back(std::move(p));
    }
  }
  return ok_status();
}

Status read_config(const Value& object, UnixNanos time, ConfigEvent& out) {
  out.time = time;
  if (const Value* symbol = json::member(object, "ac"); symbol != nullptr) {
    out.symbol = json::text(*symbol, "s");
    out.leverage = static_cast<std::uint32_t>(std::clamp<std::int64_t>(number(*symbol, "l"), 0, 1000));
  }
  if (const Value* account = json::member(object, "ai"); account != nullptr) {
    out.has_multi_assets = true;
    out.is_multi_assets = flag(*account, "j");
  }
  return ok_status();
}

Status read_margin_call(const Value& object, UnixNanos time, MarginCallEvent& out) {
  out.time = time;
  out.cross_wallet = {e8(object, "cw")};
  const Value* positions = json::member(object, "p");
  if (positions == nullptr || !positions->IsArray()) return lacks("MARGIN_CALL", "p (positions)");
  for (const Value& item : positions->GetArray()) {
    MarginCallEvent::Item i;
    i.symbol = json::text(item, "s");
    i.qty = {e8(item, "pa")};
    i.mark_price = {e8(item, "mp")};
    i.maintenance_margin = {e8(item, "mm")};
    i.unrealized = {e8(item, "up")};
    out.items.push_back(std::move(i));
  }
  return ok_status();
}

// ---------------------------------------------------------------------------------------- REST's spelling

Result<OrderView> order_from(const Value& object) {
  OrderView o;
  o.is_algo = json::member(object, "algoId") != nullptr;
  o.symbol = json::text(object, "symbol");
  o.client_id = json::text(object, o.is_algo ? "clientAlgoId" : "clientOrderId");
  o.venue_id = number(object, o.is_algo ? "algoId" : "orderId");
  o.actual_id = number(object, "actualOrderId");
  o.side = find_word(kSides, json::text(object, "side"), schema::Side::NONE);
  std::string_view type = json::text(object, o.is_algo ? "orderType" : "origType");
  if (type.empty()) type = json::text(object, "type");
  o.type = find_word(kTypes, type, schema::OrderType::NONE);
  o.time_in_force = find_word(kTimesInForce, json::text(object, "timeInForce"), schema::TimeInForce::NONE);
  o.status = find_word(kOrderStatuses, json::text(object, o.is_algo ? "algoStatus" : "status"), VenueStatus::none);
  o.qty = {e8(object, o.is_algo ? "quantity" : "origQty")};
  o.cum_qty = {e8(object, o.is_algo ? "actualQty" : "executedQty")};
  o.price = {e8(object, "price")};
  o.trigger_price = {e8(object, o.is_algo ? "triggerPrice" : "stopPrice")};
  o.average_price = {e8(object, "avgPrice")};
  o.is_reduce_only = flag(object, "reduceOnly");
  o.time = time_of(object, "updateTime");
  if (o.time.ns == 0) o.time = time_of(object, "time");
  // The answer to the cancel of a conditional order names it and nothing else: it is cancelled.
  if (o.is_algo && o.status == VenueStatus::none && json::text(object, "msg") == "success")
    o.status = VenueStatus::canceled;
  if (o.venue_id == 0) return lacks("an order", "order id");
  if (o.status == VenueStatus::none) return lacks("an order", "status");
  return o;
}

Result<json::Document> document_of(std::string_view body) {
  json::Document document;
  document.Parse<json::kParseFlags>(body.data(), body.size());
  if (document.HasParseError())
    return corrupt_error("the venue's answer is no JSON (at byte " + std::to_string(document.GetErrorOffset()) + ")");
  return document;
}

template <class View, class Read>
Result<std::vector<View>> list_of(std::string_view body, const char* what, Read&& read) {
  auto document = document_of(body);
  if (!document) return document.error();
  if (!document->IsArray()) return corrupt_error(std::string("the venue's list of ") + what + " is none");
  std::vector<View> list;
  for (const Value& item : document->GetArray()) {
    if (list.size() == kMostItems) return corrupt_error(std::string("the venue's list of ") + what + " has no end");
    Result<View> view = read(item);
    if (!view) return view.error();
    list.push_back(std::move(view).value());
  }
  return list;
}

}  // namespace

bool is_working(VenueStatus status) {
  return status == VenueStatus::new_order || status == VenueStatus::partially_filled ||
         status == VenueStatus::triggering || status == VenueStatus::triggered;
}

Status parse_user_event(std::string_view frame, UserEvent& event) {
  event = {};
  json::Document document;
  document.Parse<json::kParseFlags>(frame.data(), frame.size());
  if (document.HasParseError())
    return corrupt_error("a user event is no JSON (at byte " + std::to_string(document.GetErrorOffset()) + ")");
  const Value* root = &document;
  if (const Value* data = json::member(document, "data"); data != nullptr && data->IsObject()) root = data;
  if (!root->IsObject()) return corrupt_error("a user event is no JSON object");
  const std::string_view name = json::text(*root, "e");
  event.event_time = time_of(*root, "E");
  UnixNanos time = time_of(*root, "T");
  if (time.ns == 0) time = event.event_time;
  const auto inside = [&](const char* key) { return json::member(*root, key); };
  if (name == "ORDER_TRADE_UPDATE" || name == "ALGO_UPDATE") {
    const Value* object = inside("o");
    if (object == nullptr || !object->IsObject()) return lacks("an order event", "o");
    event.kind = UserEventKind::order;
    if (name == "ALGO_UPDATE") return read_algo(*object, time, event.order);
    if (Status read = read_order(*object, event.order); !read) return read;
    if (event.order.order.time.ns == 0) event.order.order.time = event.order.trade.time = time;
    return ok_status();
  }
  if (name == "ACCOUNT_UPDATE") {
    const Value* object = inside("a");
    if (object == nullptr || !object->IsObject()) return lacks("ACCOUNT_UPDATE", "a");
    event.kind = UserEventKind::account;
    return read_account(*object, time, event.account);
  }
  if (name == "ACCOUNT_CONFIG_UPDATE") {
    event.kind = UserEventKind::config;
    return read_config(*root, time, event.config);
  }
  if (name == "MARGIN_CALL") {
    event.kind = UserEventKind::margin_call;
    return read_margin_call(*root, time, event.margin_call);
  }
  if (name == "listenKeyExpired") event.kind = UserEventKind::listen_key_expired;
  return ok_status();
}

Result<OrderView> parse_order(std::string_view body) {
  auto document = document_of(body);
  if (!document) return document.error();
  if (!document->IsObject()) return corrupt_error("the venue's answer about an order is no JSON object");
  return order_from(*document);
}

Result<std::vector<OrderView>> parse_orders(std::string_view body) {
  return list_of<OrderView>(body, "orders", [](const Value& item) { return order_from(item); });
}

Result<std::vector<TradeView>> parse_trades(std::string_view body) {
  return list_of<TradeView>(body, "trades", [](const Value& item) -> Result<TradeView> {
    TradeView t;
    t.symbol = json::text(item, "symbol");
    t.order_id = number(item, "orderId");
    t.trade_id = number(item, "id");
    t.side = find_word(kSides, json::text(item, "side"), schema::Side::NONE);
    t.price = {e8(item, "price")};
    t.qty = {e8(item, "qty")};
    t.commission = {e8(item, "commission")};
    t.commission_asset = json::text(item, "commissionAsset");
    t.is_maker = flag(item, "maker");
    t.time = time_of(item, "time");
    if (t.symbol.empty() || t.order_id == 0 || !t.qty.is_positive() || !t.price.is_positive())
      return lacks("a trade", "symbol, orderId, qty or price");
    return t;
  });
}

Result<std::vector<BalanceView>> parse_balances(std::string_view body) {
  return list_of<BalanceView>(body, "balances", [](const Value& item) -> Result<BalanceView> {
    BalanceView b;
    b.asset = json::text(item, "asset");
    std::int64_t wallet = 0;
    if (b.asset.empty() || !json::decimal(item, "balance", wallet, true)) return lacks("a balance", "asset or balance");
    b.wallet = {wallet};
    b.time = time_of(item, "updateTime");
    return b;
  });
}

Result<std::vector<PositionView>> parse_positions(std::string_view body) {
  return list_of<PositionView>(body, "positions", [](const Value& item) -> Result<PositionView> {
    PositionView p;
    p.symbol = json::text(item, "symbol");
    std::int64_t qty = 0;
    if (p.symbol.empty() || !json::decimal(item, "positionAmt", qty, true))
      return lacks("a position", "symbol or positionAmt");
    p.side = find_word(kPositionSides, json::text(item, "positionSide"), schema::PositionSide::BOTH);
    p.qty = {qty};
    p.entry_price = {e8(item, "entryPrice")};
    p.unrealized = {e8(item, "unRealizedProfit")};
    p.isolated_wallet = {e8(item, "isolatedWallet")};
    p.mode = mode_of(json::text(item, "marginType"));
    p.time = time_of(item, "updateTime");
    return p;
  });
}

}  // namespace reprise::gateway::binance
