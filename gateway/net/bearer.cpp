#include "gateway/net/bearer.h"

#include <openssl/crypto.h>

namespace reprise::net {

bool has_bearer_token(const Request& request, std::string_view token) {
  constexpr std::string_view kScheme = "Bearer ";
  const std::string* given = request.headers.find("Authorization");
  if (token.empty() || given == nullptr || !given->starts_with(kScheme)) return false;
  const std::string_view shown = std::string_view(*given).substr(kScheme.size());
  return shown.size() == token.size() && CRYPTO_memcmp(shown.data(), token.data(), token.size()) == 0;
}

}  // namespace reprise::net
