// "Authorization: Bearer TOKEN", for the ports of an operator.
#pragma once

#include <string_view>

#include "gateway/net/http.h"

namespace reprise::net {

// Takes the same time wherever the token differs. An empty token opens nothing.
bool has_bearer_token(const Request& request, std::string_view token);

}  // namespace reprise::net
