// "Authorization: Bearer TOKEN", for the ports of an operator.
#pragma once

#include <string>
#include <string_view>

#include "gateway/net/http.h"

namespace reprise::net {

// Takes the same time wherever the token differs. An empty token opens nothing.
bool has_bearer_token(const Request& request, std::string_view token);
// What such a port answers: JSON, and this to whoever comes without the token.
Response operator_answer(int status, std::string json);
Response token_refusal();

}  // namespace reprise::net
