// What the server and its connections share, for the sources of gateway/net only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "gateway/net/server.h"
#include "gateway/net/transport.h"

namespace reprise::net {

class ServerConnection;

// The part of the server that its connections know. detach() of a connection ends the acquaintance.
class ServerCore {
 public:
  ServerCore(LoopCore& loop, const ServerLimits& wanted, ServerHandler& calls)
      : core(loop), limits(wanted), handler(calls) {}
  virtual ~ServerCore() = default;
  virtual void forget(ConnectionId id) = 0;

  LoopCore& core;
  const ServerLimits limits;
  ServerHandler& handler;
  ServerCounts counted;
};

}  // namespace reprise::net
