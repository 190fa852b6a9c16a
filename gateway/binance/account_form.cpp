#include "gateway/binance/account_form.h"

namespace reprise::gateway::binance {
namespace {

constexpr std::int64_t kLongestTradeSpan = 7 * 86'400'000'000'000;
constexpr std::uint32_t kMostRows = 1000;

VenueRequest read(const char* path, std::int64_t weight, const char* ws_method = "") {
  return {Method::get, path, ws_method, Security::sign, RequestKind::query, Purpose::query, {weight, 0, 0, 0, 0}, {}};
}

VenueRequest change(const char* path) {
  return {Method::post, path, "", Security::sign, RequestKind::account_setting, Purpose::query, {1, 0, 0, 0, 0}, {}};
}

VenueRequest listen_key(Method method, const char* ws_method) {
  return {method,         "/fapi/v1/listenKey", ws_method, Security::key, RequestKind::user_stream,
          Purpose::query, {1, 0, 0, 0, 0},      {}};
}

VenueRequest open_data(const char* path, std::int64_t weight, const char* ws_method = "") {
  return {Method::get,          path, ws_method, Security::none, RequestKind::public_data, Purpose::query,
          {weight, 0, 0, 0, 0}, {}};
}

VenueRequest with_symbol(VenueRequest request, std::string_view symbol) {
  if (!symbol.empty()) request.parameters.add("symbol", symbol);
  return request;
}

void add_time(Parameters& to, const char* name, std::optional<UnixNanos> time) {
  if (time) to.add(name, time->ns / 1'000'000);
}

const char* truth(bool value) {
  return value ? "true" : "false";
}

}  // namespace

VenueRequest set_leverage(std::string_view symbol, std::uint32_t leverage) {
  VenueRequest request = with_symbol(change("/fapi/v1/leverage"), symbol);
  request.parameters.add("leverage", std::int64_t{leverage});
  return request;
}

VenueRequest set_margin_mode(std::string_view symbol, schema::MarginMode mode) {
  VenueRequest request = with_symbol(change("/fapi/v1/marginType"), symbol);
  request.parameters.add("marginType", mode == schema::MarginMode::ISOLATED ? "ISOLATED" : "CROSSED");
  return request;
}

VenueRequest set_hedge_mode(bool is_hedge) {
  VenueRequest request = change("/fapi/v1/positionSide/dual");
  request.parameters.add("dualSidePosition", truth(is_hedge));
  return request;
}

VenueRequest hedge_mode() {
  return read("/fapi/v1/positionSide/dual", 30);
}

VenueRequest set_multi_assets_mode(bool is_multi) {
  VenueRequest request = change("/fapi/v1/multiAssetsMargin");
  request.parameters.add("multiAssetsMargin", truth(is_multi));
  return request;
}

VenueRequest multi_assets_mode() {
  return read("/fapi/v1/multiAssetsMargin", 30);
}

VenueRequest account() {
  return read("/fapi/v3/account", 5, "v2/account.status");
}

VenueRequest balances() {
  return read("/fapi/v3/balance", 5, "v2/account.balance");
}

VenueRequest position_risk(std::string_view symbol) {
  return with_symbol(read("/fapi/v3/positionRisk", 5, "v2/account.position"), symbol);
}

VenueRequest account_config() {
  return read("/fapi/v1/accountConfig", 5);
}

VenueRequest symbol_config(std::string_view symbol) {
  return with_symbol(read("/fapi/v1/symbolConfig", 5), symbol);
}

VenueRequest commission_rate(std::string_view symbol) {
  return with_symbol(read("/fapi/v1/commissionRate", 20), symbol);
}

VenueRequest leverage_brackets(std::string_view symbol) {
  return with_symbol(read("/fapi/v1/leverageBracket", 1), symbol);
}

VenueRequest order_limits() {
  return read("/fapi/v1/rateLimit/order", 1);
}

VenueRequest key_restrictions() {
  return read("/sapi/v1/account/apiRestrictions", 0);
}

Result<VenueRequest> user_trades(std::string_view symbol, const TradeSpan& span) {
  if (symbol.empty()) return usage_error("userTrades: no symbol");
  if (span.from_id && (span.start || span.end)) return usage_error("userTrades: fromId and times exclude each other");
  if (span.limit > kMostRows) return usage_error("userTrades: at most 1000 rows");
  if (span.start && span.end && (*span.end - *span.start).ns > kLongestTradeSpan) {
    return usage_error("userTrades: at most 7 days");
  }
  VenueRequest request = with_symbol(read("/fapi/v1/userTrades", 5), symbol);
  if (span.from_id) request.parameters.add("fromId", *span.from_id);
  add_time(request.parameters, "startTime", span.start);
  add_time(request.parameters, "endTime", span.end);
  if (span.limit != 0) request.parameters.add("limit", std::int64_t{span.limit});
  return request;
}

Result<VenueRequest> income(const IncomeSpan& span) {
  if (span.limit > kMostRows) return usage_error("income: at most 1000 rows");
  VenueRequest request = with_symbol(read("/fapi/v1/income", 30), span.symbol);
  if (!span.type.empty()) request.parameters.add("incomeType", span.type);
  add_time(request.parameters, "startTime", span.start);
  add_time(request.parameters, "endTime", span.end);
  if (span.limit != 0) request.parameters.add("limit", std::int64_t{span.limit});
  return request;
}

VenueRequest new_listen_key() {
  return listen_key(Method::post, "userDataStream.start");
}

VenueRequest keep_listen_key() {
  return listen_key(Method::put, "userDataStream.ping");
}

VenueRequest close_listen_key() {
  return listen_key(Method::del, "userDataStream.stop");
}

VenueRequest ping() {
  return open_data("/fapi/v1/ping", 1);
}

VenueRequest server_time() {
  return open_data("/fapi/v1/time", 1);
}

VenueRequest exchange_info() {
  return open_data("/fapi/v1/exchangeInfo", 1);
}

Result<VenueRequest> depth(std::string_view symbol, std::uint32_t limit) {
  std::int64_t weight = 0;
  switch (limit) {
    case 5:
    case 10:
    case 20:
    case 50: weight = 2; break;
    case 100: weight = 5; break;
    case 500: weight = 10; break;
    case 1000: weight = 20; break;
    default: return usage_error("depth: the limit is one of 5, 10, 20, 50, 100, 500, 1000");
  }
  VenueRequest request = with_symbol(open_data("/fapi/v1/depth", weight, "depth"), symbol);
  request.parameters.add("limit", std::int64_t{limit});
  return request;
}

VenueRequest premium_index(std::string_view symbol) {
  return with_symbol(open_data("/fapi/v1/premiumIndex", symbol.empty() ? 10 : 1), symbol);
}

VenueRequest funding_info() {
  VenueRequest request = open_data("/fapi/v1/fundingInfo", 0);
  request.cost.funding = 1;
  return request;
}

}  // namespace reprise::gateway::binance
