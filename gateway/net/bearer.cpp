#include "gateway/net/bearer.h"

#include <openssl/crypto.h>

#include <utility>

namespace reprise::net {

bool has_bearer_token(const Request& request, std::string_view token) {
  constexpr std::string_view kScheme = "Bearer ";
  const std::string* given = request.headers.find("Authorization");
  if (token.empty() || given == nullptr || !given->starts_with(kScheme)) return false;
  const std::string_view shown = std::string_view(*given).substr(kScheme.size());
  return shown.size() == token.size() && CRYPTO_memcmp(shown.data(), token.data(), token.size()) == 0;
}

Response operator_answer(int status, std::string json) {
  return {status, {{"Content-Type", "application/json"}}, std::move(json)};
}

Response token_refusal() {
  return operator_answer(401, R"({"error":"the token is missing or wrong: Authorization: Bearer TOKEN"})");
}

}  // namespace reprise::net
