// The wire over real sockets: one HTTP client for each address, WebSockets on demand.
#pragma once

#include <functional>
#include <memory>

#include "gateway/binance/environment.h"
#include "gateway/binance/wire.h"

namespace reprise::gateway::binance {

struct NetWireOptions {
  std::size_t connections = 8;                              // HTTP connections to one address
  net::Duration websocket_idle = std::chrono::seconds(60);  // nothing at all for so long ends a socket
  net::Duration websocket_ping = std::chrono::seconds(15);  // so that an idle stream is told from a dead one
  std::size_t websocket_bytes = 16u << 20;                  // of one message
};

// Fails where the authorities' file cannot be read. `clock`: our wall clock.
Result<std::unique_ptr<Wire>> make_net_wire(net::Loop& loop, const Environment& environment,
                                            std::function<UnixNanos()> clock, const NetWireOptions& options = {});

}  // namespace reprise::gateway::binance
