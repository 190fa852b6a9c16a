// A request to the venue as pure data, and the way from there to the wire.
//
// order_form.h and account_form.h make them: method, path, parameters in order, cost, and what kind of doubt they can
// leave. rest_form() and ws_form() add time, window and signature. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/market/fixed.h"
#include "gateway/binance/error_table.h"
#include "gateway/binance/parameters.h"
#include "gateway/binance/rate_limiter.h"
#include "gateway/binance/signer.h"
#include "journal/result.h"

namespace reprise::gateway::binance {

enum class Method { get, post, put, del };
const char* name_of(Method method);  // "GET", "DELETE"

enum class Security {
  none,  // public
  key,   // X-MBX-APIKEY only
  sign   // key, timestamp and signature
};

struct VenueRequest {
  Method method = Method::get;
  const char* path = "";       // "/fapi/v1/order"
  const char* ws_method = "";  // "order.place"; empty: not offered by the WebSocket API
  Security security = Security::none;
  RequestKind kind = RequestKind::query;
  Purpose purpose = Purpose::query;
  RequestCost cost;
  Parameters parameters;
};

struct RequestTime {
  UnixNanos venue_now;                     // our clock plus the measured offset
  std::int64_t recv_window_millis = 5000;  // 0: left out, the venue takes 5000 then
};
// The parameters with recvWindow and timestamp at the end, where the request is a signed one.
Parameters timed(const VenueRequest& request, const RequestTime& time);

// All parameters in the query, whatever the method: the venue signs and reads it the same way.
struct RestForm {
  std::string target;  // path?query, with the signature last
};
Result<RestForm> rest_form(const VenueRequest& request, const RequestTime& time, const Signer* signer);
// With apiKey and signature; the request must have a ws_method.
Result<Parameters> ws_form(const VenueRequest& request, const RequestTime& time, std::string_view api_key,
                           const Signer* signer);

}  // namespace reprise::gateway::binance
