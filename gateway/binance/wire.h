// How the client reaches the venue: four hosts behind one interface, so that real sockets (net_wire.h) and a virtual
// network with a virtual clock are the same to everything above.
//
// Single-threaded: calls and callbacks on the scheduler's thread. A wire outlives what uses it.
#pragma once

#include <memory>
#include <string>

#include "engine/market/fixed.h"
#include "gateway/net/http_client.h"
#include "gateway/net/loop.h"
#include "gateway/net/websocket_client.h"

namespace reprise::gateway::binance {

enum class Host : std::uint8_t {
  rest,     // /fapi
  streams,  // /public, /market, /private
  ws_api,   // /ws-fapi/v1
  wallet,   // /sapi: what the key may do
};
inline constexpr std::size_t kHosts = 4;
const char* name_of(Host host);

class Wire {
 public:
  virtual ~Wire() = default;
  virtual net::Scheduler& scheduler() = 0;
  virtual UnixNanos clock() = 0;  // our wall clock; may step
  // See net::HttpClient: the result says how far the request came; `done` never comes within the call.
  virtual void request(Host host, net::Request request, net::Duration time, net::HttpClient::Done done) = 0;
  // See net::open_websocket: on_end comes exactly once and never within a call. `target`: path and query.
  virtual Result<std::unique_ptr<net::WebsocketClient>> open(Host host, const std::string& target,
                                                             net::WebsocketHandler& handler) = 0;
};

}  // namespace reprise::gateway::binance
