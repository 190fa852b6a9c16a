#include "tools/endpoint.h"

#include "gateway/binance/credentials.h"

namespace reprise::tools {

Result<Endpoint> parse_endpoint(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  Endpoint out;
  std::int64_t port = -1;
  if (colon != std::string::npos && colon + 1 < text.size() && text.size() - colon <= 6) {
    port = 0;
    for (const char c : text.substr(colon + 1)) {
      if (c < '0' || c > '9') {
        port = -1;
        break;
      }
      port = port * 10 + (c - '0');
    }
  }
  if (port < 0 || port > 65'535)
    return usage_error("\"" + text + "\" is not HOST:PORT", "for example 127.0.0.1:8080; port 0 takes any free one");
  out.address = text.substr(0, colon);
  out.port = static_cast<std::uint16_t>(port);
  if (out.address == "localhost" || out.address.empty()) out.address = "127.0.0.1";
  return out;
}

Result<gateway::binance::Secret> operator_token(const char* variable, const std::string& option) {
  auto token = gateway::binance::take_environment_variable(variable);
  if (!token || token->size() < 8)
    return usage_error(option + " wants a token of 8 characters or more in " + variable,
                       "whoever has it can use that port");
  return std::move(*token);
}

}  // namespace reprise::tools
