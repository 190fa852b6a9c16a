// Functions of an account: orders, positions, settings, user streams.
#include <algorithm>

#include "gateway/exchange/rest_table.h"

namespace reprise::gateway::exchange {

namespace {

using Core = ExchangeCore;
using Caller = ExchangeCore::Caller;

template <std::int64_t kWeight>
std::int64_t weight(const Params&) {
  return kWeight;
}
std::int64_t one_or_forty(const Params& params) {
  return params.has("symbol") ? 1 : 40;
}

// Members that change something.
template <Asked<std::string> (ClientAccount::*kMember)(const Params&, UnixNanos)>
Asked<std::string> act(Core&, const Caller& caller, const Params& params) {
  return (caller.account->*kMember)(params, caller.clock.now);
}
// Members that only show.
template <Asked<std::string> (ClientAccount::*kMember)(const Params&) const>
Asked<std::string> show(Core&, const Caller& caller, const Params& params) {
  return (caller.account->*kMember)(params);
}

Asked<std::string> any_order(Core&, const Caller& caller, const Params& params) {
  return caller.account->order(params, false);
}
Asked<std::string> open_order(Core&, const Caller& caller, const Params& params) {
  return caller.account->order(params, true);
}
template <bool kIsV3>
Asked<std::string> account(Core&, const Caller& caller, const Params&) {
  return caller.account->account(kIsV3);
}
template <bool kIsV3>
Asked<std::string> position_risk(Core&, const Caller& caller, const Params& params) {
  return caller.account->position_risk(params, kIsV3);
}

// A list of requests in one parameter; each is answered by itself, an order or a refusal.
template <Asked<std::string> (ClientAccount::*kMember)(const Params&, UnixNanos)>
Asked<std::string> batch(Core&, const Caller& caller, const Params& params) {
  auto text = params.text("batchOrders");
  if (!text) return text.error();
  json::Document list;
  list.Parse<json::kParseFlags>(text->data(), text->size());
  if (list.HasParseError() || !list.IsArray()) return malformed_parameter("batchOrders");
  if (list.Empty() || list.Size() > 5) return ApiError{-4129, "batchOrders must hold 1 to 5 orders."};
  JsonText out;
  out.open_list();
  for (const json::Value& one : list.GetArray()) {
    auto answer = (caller.account->*kMember)(Params(json_parameters(one)), caller.clock.now);
    out.raw(answer ? *answer : answer_of(answer.error()).body);
  }
  return out.close_list().str();
}

Asked<std::string> cancel_batch(Core&, const Caller& caller, const Params& params) {
  // ccxt and python-binance write both names in lower case, and the venue takes that.
  const bool by_id = params.has("orderIdList") || params.has("orderidlist");
  const char* ids = params.has("orderidlist") ? "orderidlist" : "orderIdList";
  const char* client_ids = params.has("origclientorderidlist") ? "origclientorderidlist" : "origClientOrderIdList";
  auto text = params.text(by_id ? ids : client_ids);
  if (!text) return text.error();
  auto symbol = params.text("symbol");
  if (!symbol) return symbol.error();
  json::Document list;
  list.Parse<json::kParseFlags>(text->data(), text->size());
  if (list.HasParseError() || !list.IsArray() || list.Empty() || list.Size() > 10)
    return malformed_parameter(by_id ? "orderIdList" : "origClientOrderIdList");
  JsonText out;
  out.open_list();
  for (const json::Value& one : list.GetArray()) {
    binance::Parameters order;
    order.add("symbol", *symbol);
    order.add(by_id ? "orderId" : "origClientOrderId", json::text_of(one));
    auto answer = caller.account->cancel(Params(std::move(order)), caller.clock.now);
    out.raw(answer ? *answer : answer_of(answer.error()).body);
  }
  return out.close_list().str();
}

Asked<std::string> multi_assets(Core&, const Caller&, const Params&) {
  return std::string("{\"multiAssetsMargin\":false}");
}
Asked<std::string> set_multi_assets(Core&, const Caller&, const Params& params) {
  auto wanted = params.text("multiAssetsMargin");
  if (!wanted) return wanted.error();
  if (*wanted == "false") return ApiError{-4171, "No need to change multi-assets mode."};
  return ApiError{-1020, "This operation is not supported."};
}
Asked<std::string> fee_burn(Core& core, const Caller&, const Params&) {
  JsonText out;
  return out.open().field("feeBurn", !core.config().account.fee_asset.empty()).close().str();
}
Asked<std::string> account_config(Core&, const Caller& caller, const Params&) {
  JsonText out;
  out.open().field("feeTier", 0).field("canTrade", true).field("canDeposit", true).field("canWithdraw", false);
  out.field("dualSidePosition", caller.account->is_hedged())
      .field("updateTime", 0)
      .field("multiAssetsMargin", false)
      .field("tradeGroupId", -1);
  return out.close().str();
}

// What this exchange's keys may do: trade. There is nothing to withdraw.
Asked<std::string> key_restrictions(Core&, const Caller&, const Params&) {
  JsonText out;
  out.open().field("ipRestrict", false).field("createTime", 0).field("enableReading", true);
  for (const char* right : {"enableWithdrawals", "enableInternalTransfer", "permitsUniversalTransfer", "enableMargin",
                            "enableVanillaOptions", "enableSpotAndMarginTrading", "enablePortfolioMarginTrading"})
    out.field(right, false);
  return out.field("enableFutures", true).field("enableFixApiTrade", false).close().str();
}

Asked<std::string> leverage_bracket(Core& core, const Caller&, const Params& params) {
  const auto symbol = params.get("symbol");
  if (symbol && core.board().find(*symbol) == nullptr) return ApiError{-1121, "Invalid symbol."};
  JsonText out;
  out.open_list();
  for (const auto& [number, owned] : core.board().all()) {
    const Instrument& i = owned->instrument;
    if (!i.is_linear() || (symbol && *symbol != i.symbol)) continue;
    out.open().field("symbol", i.symbol).key("brackets").open_list();
    int bracket = 0;
    for (const MarginTier& tier : i.margin.tiers) {
      out.open().field("bracket", ++bracket).field("initialLeverage", tier.max_leverage);
      out.decimal_number("notionalCap", tier.notional_cap.e8).decimal_number("notionalFloor", tier.notional_floor.e8);
      out.decimal_number("maintMarginRatio", tier.maintenance_margin_rate.e8)
          .decimal_number("cum", tier.maintenance_amount.e8);
      out.close();
    }
    out.close_list().close();
  }
  return out.close_list().str();
}

Asked<std::string> order_rate(Core& core, const Caller&, const Params&) {
  const UsageLimits& limits = core.usage().limits();
  JsonText out;
  out.open_list();
  write_limit(out, "ORDERS", "SECOND", 10, limits.orders_per_10s);
  write_limit(out, "ORDERS", "MINUTE", 1, limits.orders_per_minute);
  return out.close_list().str();
}

Asked<std::string> start_stream(Core&, const Caller& caller, const Params&) {
  JsonText out;
  return out.open().field("listenKey", caller.account->start_listen_key(caller.clock.now)).close().str();
}
Asked<std::string> keep_stream(Core&, const Caller& caller, const Params&) {
  if (!caller.account->keep_listen_key(caller.clock.now)) return ApiError{-1125, "This listenKey does not exist."};
  JsonText out;
  return out.open().field("listenKey", caller.account->start_listen_key(caller.clock.now)).close().str();
}
Asked<std::string> close_stream(Core&, const Caller& caller, const Params&) {
  caller.account->close_listen_key();
  return std::string("{}");
}

constexpr Security kSigned = Security::signed_request;
constexpr Security kKey = Security::key;

constexpr Endpoint kTrading[] = {
    {"POST", "/fapi/v1/order", "order.place", kSigned, weight<0>, 1, 1, act<&ClientAccount::place>},
    {"PUT", "/fapi/v1/order", "order.modify", kSigned, weight<0>, 1, 1, act<&ClientAccount::modify>},
    {"DELETE", "/fapi/v1/order", "order.cancel", kSigned, weight<1>, 0, 0, act<&ClientAccount::cancel>},
    {"GET", "/fapi/v1/order", "order.status", kSigned, weight<1>, 0, 0, any_order},
    {"POST", "/fapi/v1/order/test", nullptr, kSigned, weight<1>, 0, 0, act<&ClientAccount::test>},
    {"POST", "/fapi/v1/batchOrders", nullptr, kSigned, weight<5>, 5, 1, batch<&ClientAccount::place>},
    {"PUT", "/fapi/v1/batchOrders", nullptr, kSigned, weight<5>, 5, 1, batch<&ClientAccount::modify>},
    {"DELETE", "/fapi/v1/batchOrders", nullptr, kSigned, weight<1>, 0, 0, cancel_batch},
    {"DELETE", "/fapi/v1/allOpenOrders", nullptr, kSigned, weight<1>, 0, 0, act<&ClientAccount::cancel_all>},
    {"POST", "/fapi/v1/countdownCancelAll", nullptr, kSigned, weight<10>, 0, 0, act<&ClientAccount::countdown>},
    {"GET", "/fapi/v1/openOrder", nullptr, kSigned, weight<1>, 0, 0, open_order},
    {"GET", "/fapi/v1/openOrders", nullptr, kSigned, one_or_forty, 0, 0, show<&ClientAccount::open_orders>},
    {"GET", "/fapi/v1/allOrders", nullptr, kSigned, weight<5>, 0, 0, show<&ClientAccount::all_orders>},
    {"GET", "/fapi/v1/userTrades", nullptr, kSigned, weight<5>, 0, 0, show<&ClientAccount::user_trades>},
    {"GET", "/fapi/v1/rateLimit/order", nullptr, kSigned, weight<1>, 0, 0, order_rate},
    {"POST", "/fapi/v1/algoOrder", "algoOrder.place", kSigned, weight<0>, 1, 1, act<&ClientAccount::place_algo>},
    {"DELETE", "/fapi/v1/algoOrder", "algoOrder.cancel", kSigned, weight<1>, 0, 0, act<&ClientAccount::cancel_algo>},
    {"GET", "/fapi/v1/algoOrder", nullptr, kSigned, weight<1>, 0, 0, show<&ClientAccount::algo_order>},
    {"GET", "/fapi/v1/openAlgoOrders", nullptr, kSigned, one_or_forty, 0, 0, show<&ClientAccount::open_algo_orders>},
    {"GET", "/fapi/v1/allAlgoOrders", nullptr, kSigned, weight<5>, 0, 0, show<&ClientAccount::all_algo_orders>},
    {"DELETE", "/fapi/v1/algoOpenOrders", nullptr, kSigned, weight<1>, 0, 0, act<&ClientAccount::cancel_all_algo>},
    {"POST", "/fapi/v1/leverage", nullptr, kSigned, weight<1>, 0, 0, act<&ClientAccount::set_leverage>},
    {"POST", "/fapi/v1/marginType", nullptr, kSigned, weight<1>, 0, 0, act<&ClientAccount::set_margin_mode>},
    {"GET", "/fapi/v1/positionSide/dual", nullptr, kSigned, weight<30>, 0, 0, show<&ClientAccount::position_mode>},
    {"POST", "/fapi/v1/positionSide/dual", nullptr, kSigned, weight<1>, 0, 0, act<&ClientAccount::set_position_mode>},
    {"POST", "/fapi/v1/positionMargin", nullptr, kSigned, weight<1>, 0, 0, act<&ClientAccount::change_position_margin>},
    {"GET", "/fapi/v1/positionMargin/history", nullptr, kSigned, weight<1>, 0, 0,
     show<&ClientAccount::position_margin_history>},
    {"GET", "/fapi/v1/adlQuantile", nullptr, kSigned, weight<5>, 0, 0, show<&ClientAccount::adl_quantile>},
    {"GET", "/fapi/v1/multiAssetsMargin", nullptr, kSigned, weight<30>, 0, 0, multi_assets},
    {"POST", "/fapi/v1/multiAssetsMargin", nullptr, kSigned, weight<1>, 0, 0, set_multi_assets},
    {"GET", "/fapi/v1/feeBurn", nullptr, kSigned, weight<30>, 0, 0, fee_burn},
    {"GET", "/sapi/v1/account/apiRestrictions", nullptr, kSigned, weight<1>, 0, 0, key_restrictions},
    {"GET", "/fapi/v1/accountConfig", nullptr, kSigned, weight<5>, 0, 0, account_config},
    {"GET", "/fapi/v1/symbolConfig", nullptr, kSigned, weight<5>, 0, 0, show<&ClientAccount::symbol_config>},
    {"GET", "/fapi/v2/balance", "account.balance", kSigned, weight<5>, 0, 0, show<&ClientAccount::balance>},
    {"GET", "/fapi/v3/balance", "v2/account.balance", kSigned, weight<5>, 0, 0, show<&ClientAccount::balance>},
    {"GET", "/fapi/v2/account", "account.status", kSigned, weight<5>, 0, 0, account<false>},
    {"GET", "/fapi/v3/account", "v2/account.status", kSigned, weight<5>, 0, 0, account<true>},
    {"GET", "/fapi/v2/positionRisk", "account.position", kSigned, weight<5>, 0, 0, position_risk<false>},
    {"GET", "/fapi/v3/positionRisk", "v2/account.position", kSigned, weight<5>, 0, 0, position_risk<true>},
    {"GET", "/fapi/v1/income", nullptr, kSigned, weight<30>, 0, 0, show<&ClientAccount::income>},
    {"GET", "/fapi/v1/leverageBracket", nullptr, kSigned, weight<1>, 0, 0, leverage_bracket},
    {"GET", "/fapi/v1/commissionRate", nullptr, kSigned, weight<20>, 0, 0, show<&ClientAccount::commission_rate>},
    {"POST", "/fapi/v1/listenKey", "userDataStream.start", kKey, weight<1>, 0, 0, start_stream},
    {"PUT", "/fapi/v1/listenKey", "userDataStream.ping", kKey, weight<1>, 0, 0, keep_stream},
    {"DELETE", "/fapi/v1/listenKey", "userDataStream.stop", kKey, weight<1>, 0, 0, close_stream},
};

}  // namespace

binance::Parameters json_parameters(const json::Value& object) {
  binance::Parameters out;
  if (!object.IsObject()) return out;
  for (const auto& member : object.GetObject()) {
    const std::string_view name(member.name.GetString(), member.name.GetStringLength());
    if (member.value.IsBool()) {
      out.add(name, member.value.GetBool() ? "true" : "false");
    } else {
      out.add(name, json::text_of(member.value));
    }
  }
  return out;
}

std::span<const Endpoint> trading_endpoints() {
  return kTrading;
}

namespace {
template <class Fits>
const Endpoint* find(Fits&& fits) {
  for (const std::span<const Endpoint> table : {market_endpoints(), trading_endpoints()}) {
    for (const Endpoint& endpoint : table) {
      if (fits(endpoint)) return &endpoint;
    }
  }
  return nullptr;
}
}  // namespace

const Endpoint* find_endpoint(std::string_view method, std::string_view path) {
  return find([&](const Endpoint& e) { return method == e.method && path == e.path; });
}
const Endpoint* find_ws_method(std::string_view ws_method) {
  return find([&](const Endpoint& e) { return e.ws_method != nullptr && ws_method == e.ws_method; });
}
bool is_known_path(std::string_view path) {
  return find([&](const Endpoint& e) { return path == e.path; }) != nullptr;
}

}  // namespace reprise::gateway::exchange
