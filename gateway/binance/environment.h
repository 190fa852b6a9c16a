// Where a venue is: the addresses of its four hosts, by name of an environment or from one address for all.
//
//   live      production: money
//   testnet   the venue's own demonstration system
//   local     whatever answers at one address: reprise exchange
//
// Source of the addresses: the venue's documentation as of autumn 2026. Pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/binance/wire.h"
#include "journal/result.h"

namespace reprise::gateway::binance {

struct Address {
  bool is_tls = true;
  std::string host;
  std::uint16_t port = 443;
  bool operator==(const Address&) const = default;
};
// "https://fapi.binance.com", "http://127.0.0.1:8080", wss and ws alike; no path. `text` is named in the error.
Result<Address> address_of(std::string_view text);
std::string text_of(const Address& address);  // "https://host:port"

struct Environment {
  std::string name;  // "live", "testnet", "local"
  std::array<Address, kHosts> hosts;
  std::string ca_file;  // PEM of the authorities to trust; empty: the system's
  const Address& at(Host host) const { return hosts[static_cast<std::size_t>(host)]; }
  bool is_live() const { return name == "live"; }
};

Environment live_environment();
Environment testnet_environment();
// All four hosts at one address; the name is "live" or "testnet" where the address is one of theirs.
Result<Environment> environment_at(std::string_view url);

}  // namespace reprise::gateway::binance
