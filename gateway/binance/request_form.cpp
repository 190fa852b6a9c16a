#include "gateway/binance/request_form.h"

namespace reprise::gateway::binance {

const char* name_of(Method method) {
  switch (method) {
    case Method::get: return "GET";
    case Method::post: return "POST";
    case Method::put: return "PUT";
    case Method::del: return "DELETE";
  }
  return "?";
}

Parameters timed(const VenueRequest& request, const RequestTime& time) {
  Parameters parameters = request.parameters;
  if (request.security != Security::sign) return parameters;
  if (time.recv_window_millis != 0) parameters.add("recvWindow", time.recv_window_millis);
  parameters.add("timestamp", time.venue_now.ns / 1'000'000);
  return parameters;
}

Result<RestForm> rest_form(const VenueRequest& request, const RequestTime& time, const Signer* signer) {
  std::string query = timed(request, time).query_text();
  if (request.security == Security::sign) {
    if (signer == nullptr) return usage_error(std::string(request.path) + " needs a signature, and there is no key");
    auto signature = signer->encoded_signature(rest_payload(query, {}));
    if (!signature) return signature.error();
    query.append(query.empty() ? "signature=" : "&signature=").append(*signature);
  }
  RestForm form{request.path};
  if (!query.empty()) form.target.append("?").append(query);
  return form;
}

Result<Parameters> ws_form(const VenueRequest& request, const RequestTime& time, std::string_view api_key,
                           const Signer* signer) {
  if (*request.ws_method == '\0') {
    return usage_error(std::string(request.path) + " is not offered by the WebSocket API");
  }
  Parameters parameters = timed(request, time);
  if (request.security == Security::none) return parameters;
  parameters.add("apiKey", api_key);
  if (request.security == Security::key) return parameters;
  if (signer == nullptr) return usage_error(std::string(request.ws_method) + " needs a signature, and there is no key");
  auto signature = signer->signature(ws_payload(parameters));
  if (!signature) return signature.error();
  parameters.add("signature", *signature);
  return parameters;
}

}  // namespace reprise::gateway::binance
