#include "gateway/binance/environment.h"

#include <charconv>

namespace reprise::gateway::binance {

const char* name_of(Host host) {
  switch (host) {
    case Host::rest: return "rest";
    case Host::streams: return "streams";
    case Host::ws_api: return "ws_api";
    case Host::wallet: return "wallet";
  }
  return "?";
}

Result<Address> address_of(std::string_view text) {
  const auto bad = [&](const char* why) {
    return usage_error("address '" + std::string(text) + "' " + why,
                       "write http://HOST:PORT or https://HOST:PORT, without a path");
  };
  Address address;
  const std::size_t scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return bad("has no scheme");
  const std::string_view scheme = text.substr(0, scheme_end);
  if (scheme == "https" || scheme == "wss") {
    address.is_tls = true;
  } else if (scheme == "http" || scheme == "ws") {
    address.is_tls = false;
    address.port = 80;
  } else {
    return bad("is neither http nor https");
  }
  std::string_view rest = text.substr(scheme_end + 3);
  if (!rest.empty() && rest.back() == '/') rest.remove_suffix(1);
  if (rest.find_first_of("/?#@") != std::string_view::npos) return bad("has more than a host and a port");
  std::string_view port;
  if (!rest.empty() && rest.front() == '[') {
    const std::size_t end = rest.find(']');
    if (end == std::string_view::npos) return bad("has an IPv6 address without an end");
    address.host = rest.substr(1, end - 1);
    if (end + 1 < rest.size()) {
      if (rest[end + 1] != ':') return bad("has something behind its host");
      port = rest.substr(end + 2);
      if (port.empty()) return bad("has no port behind the colon");
    }
  } else {
    const std::size_t colon = rest.find(':');
    address.host = rest.substr(0, colon);
    if (colon != std::string_view::npos) {
      port = rest.substr(colon + 1);
      if (port.empty()) return bad("has no port behind the colon");
    }
  }
  // One host has one spelling: names know no case, and a dot at the end says what is said without it.
  for (char& c : address.host) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  while (!address.host.empty() && address.host.back() == '.') address.host.pop_back();
  if (address.host.empty()) return bad("has no host");
  if (!port.empty()) {
    unsigned number = 0;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (error != std::errc{} || end != port.data() + port.size() || number == 0 || number > 65535)
      return bad("has a port that is none (1 to 65535)");
    address.port = static_cast<std::uint16_t>(number);
  }
  return address;
}

std::string text_of(const Address& address) {
  const std::string host = address.host.find(':') == std::string::npos ? address.host : "[" + address.host + "]";
  return (address.is_tls ? "https://" : "http://") + host + ":" + std::to_string(address.port);
}

Environment live_environment() {
  Environment e;
  e.name = "live";
  e.hosts = {Address{true, "fapi.binance.com", 443}, Address{true, "fstream.binance.com", 443},
             Address{true, "ws-fapi.binance.com", 443}, Address{true, "api.binance.com", 443}};
  return e;
}

Environment testnet_environment() {
  Environment e;
  e.name = "testnet";
  e.hosts = {Address{true, "demo-fapi.binance.com", 443}, Address{true, "fstream.binancefuture.com", 443},
             Address{true, "testnet.binancefuture.com", 443}, Address{true, "testnet.binancefuture.com", 443}};
  return e;
}

Result<Environment> environment_at(std::string_view url) {
  auto address = address_of(url);
  if (!address) return address.error();
  for (Environment known : {live_environment(), testnet_environment()}) {
    for (const Address& host : known.hosts)
      if (host.host == address->host) return known;
  }
  // Whatever else the venue calls its own trades real money until we know better.
  if (address->host == "binance.com" || address->host.ends_with(".binance.com")) return live_environment();
  Environment local;
  local.name = "local";
  local.hosts.fill(*address);
  return local;
}

}  // namespace reprise::gateway::binance
