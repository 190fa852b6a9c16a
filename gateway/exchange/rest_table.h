// Every function of the venue: where it lies, who may call it, what it costs, and what answers it. REST and the
// WebSocket API go through one table; to add a function is to add a row.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "gateway/binance/json_text.h"
#include "gateway/exchange/core.h"

namespace reprise::gateway::exchange {

enum class Security : std::uint8_t { none, key, signed_request };

using Handler = Asked<std::string> (*)(ExchangeCore&, const ExchangeCore::Caller&, const Params&);

struct Endpoint {
  const char* method;
  const char* path;
  const char* ws_method;  // nullptr: REST only
  Security security;
  std::int64_t (*weight)(const Params&);
  std::int64_t orders_10s;
  std::int64_t orders_minute;
  Handler handler;
};

// The members of a JSON object as parameters: scalars of any kind become texts.
binance::Parameters json_parameters(const json::Value& object);

std::span<const Endpoint> market_endpoints();
std::span<const Endpoint> trading_endpoints();

const Endpoint* find_endpoint(std::string_view method, std::string_view path);
const Endpoint* find_ws_method(std::string_view ws_method);
bool is_known_path(std::string_view path);  // under any method

}  // namespace reprise::gateway::exchange
