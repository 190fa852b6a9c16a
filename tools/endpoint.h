// HOST:PORT on the command line, and the token that opens an operator's port there.
#pragma once

#include <cstdint>
#include <string>

#include "gateway/binance/secret.h"
#include "journal/result.h"

namespace reprise::tools {

struct Endpoint {
  std::string address;
  std::uint16_t port = 0;
};

Result<Endpoint> parse_endpoint(const std::string& text);
// From an environment variable, 8 characters or more; `option` is named in the error.
Result<gateway::binance::Secret> operator_token(const char* variable, const std::string& option);

}  // namespace reprise::tools
