// The requests about the account, its settings, the user stream and general data: as order_form.h, without orders.
// Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/market/fixed.h"
#include "gateway/binance/request_form.h"
#include "journal/record.capnp.h"
#include "journal/result.h"

namespace reprise::gateway::binance {

VenueRequest set_leverage(std::string_view symbol, std::uint32_t leverage);
VenueRequest set_margin_mode(std::string_view symbol, schema::MarginMode mode);
VenueRequest set_hedge_mode(bool is_hedge);
VenueRequest hedge_mode();
VenueRequest set_multi_assets_mode(bool is_multi);
VenueRequest multi_assets_mode();

VenueRequest account();
VenueRequest balances();
VenueRequest position_risk(std::string_view symbol = {});
VenueRequest account_config();
VenueRequest symbol_config(std::string_view symbol = {});
VenueRequest commission_rate(std::string_view symbol);
VenueRequest leverage_brackets(std::string_view symbol = {});
VenueRequest order_limits();
// What the key may do; on a host of its own (the one of spot and wallet), whose limits are not counted here.
VenueRequest key_restrictions();

struct TradeSpan {
  std::optional<std::int64_t> from_id;  // excludes the times
  std::optional<UnixNanos> start;
  std::optional<UnixNanos> end;
  std::uint32_t limit = 0;  // 0: the venue's default
};
Result<VenueRequest> user_trades(std::string_view symbol, const TradeSpan& span);
struct IncomeSpan {
  std::string_view symbol;
  std::string_view type;  // "FUNDING_FEE"; empty: all
  std::optional<UnixNanos> start;
  std::optional<UnixNanos> end;
  std::uint32_t limit = 0;
};
Result<VenueRequest> income(const IncomeSpan& span);

VenueRequest new_listen_key();
VenueRequest keep_listen_key();
VenueRequest close_listen_key();

VenueRequest ping();
VenueRequest server_time();
VenueRequest exchange_info();
Result<VenueRequest> depth(std::string_view symbol, std::uint32_t limit);  // 5, 10, 20, 50, 100, 500, 1000
VenueRequest premium_index(std::string_view symbol = {});
VenueRequest funding_info();

}  // namespace reprise::gateway::binance
