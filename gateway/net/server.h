// An HTTP/1.1 and WebSocket server on one address and port, plain or TLS.
//
// Ownership: the caller owns server and handler; the handler outlives the server. Threads: everything happens on the
// loop's thread, and the handler may call the server from within any callback. Errors: start_server says why it cannot
// listen; what a client does wrong is answered or ends its connection, and is counted. Requests of one connection are
// answered in their order: the next one is read when the one before it is answered.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/net/http.h"
#include "gateway/net/loop.h"
#include "gateway/net/tls.h"
#include "journal/result.h"

namespace reprise::net {

using ConnectionId = std::uint64_t;

struct ServerLimits {
  std::size_t connections = 1'024;  // more are closed at once
  std::size_t header_bytes = 16u << 10;
  std::size_t body_bytes = 1u << 20;
  std::size_t message_bytes = 1u << 20;             // of a WebSocket message of a client
  std::size_t send_queue_bytes = 4u << 20;          // of one connection; a WebSocket beyond it is dropped
  Duration header_time = std::chrono::seconds(10);  // TLS handshake, and from the first byte of a request to its body
  Duration body_time = std::chrono::seconds(30);    // from there to its end
  Duration idle_time = std::chrono::seconds(75);    // between requests
  Duration answer_time = std::chrono::minutes(5);   // for the handler
  Duration stall_time = std::chrono::seconds(30);   // output waits and the client takes nothing
  Duration websocket_idle_time = std::chrono::minutes(15);  // nothing at all came from the client
  Duration close_time = std::chrono::seconds(3);            // for the client's part of an orderly end
};

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  // 0: any free one
  std::optional<ServerTls> tls;
  ServerLimits limits;
};

struct ServerCounts {
  std::uint64_t accepted = 0, over_limit = 0;  // connections
  std::uint64_t open = 0, websockets = 0;      // connections at the moment
  std::uint64_t requests = 0, bad_requests = 0;
  std::uint64_t tls_failures = 0;
  std::uint64_t timed_out = 0;     // by any of the times above
  std::uint64_t slow_dropped = 0;  // send queue full, or stalled
  std::uint64_t queued_bytes = 0;  // in all send queues at the moment
};

// The way back to one request. Copies answer the same request; the first answer counts, later ones are ignored, as is
// one for a connection that is gone. If all copies go without an answer, the client gets a 500.
class Reply {
 public:
  struct Target;
  explicit Reply(std::shared_ptr<Target> target) : target_(std::move(target)) {}

  void send(Response response) const;
  // Faults, for an exchange that has to misbehave.
  void drop() const;                                     // resets the connection without an answer
  void cut(Response response, std::size_t bytes) const;  // sends so many bytes of the answer, then closes
  void hang() const;                                     // never answers; reads on and ignores what comes

 private:
  std::shared_ptr<Target> target_;
};

class ServerHandler {
 public:
  virtual ~ServerHandler() = default;
  virtual void on_request(Request request, Reply reply) = 0;
  // A client wants a WebSocket. An answer refuses it; none accepts, and on_open follows.
  virtual std::optional<Response> on_websocket(const Request& request);
  virtual void on_open(ConnectionId) {}
  virtual void on_text(ConnectionId, std::string_view) {}
  virtual void on_pong(ConnectionId, std::string_view) {}
  // The end of a connection for which on_open came, whoever ended it. Never within a call of the server's functions.
  virtual void on_closed(ConnectionId, std::string_view /*reason*/) {}
};

class Server {
 public:
  virtual ~Server() = default;

  virtual std::uint16_t port() const = 0;
  virtual std::string address() const = 0;
  // False: no such WebSocket, or its queue is full (it is dropped then). The text is shared, not copied.
  virtual bool send_text(ConnectionId id, std::shared_ptr<const std::string> text) = 0;
  virtual bool ping(ConnectionId id, std::string_view payload) = 0;
  // Orderly end of a WebSocket, with a code of RFC 6455.
  virtual void close(ConnectionId id, std::uint16_t code, std::string_view reason) = 0;
  // Reset without a close handshake.
  virtual void drop(ConnectionId id) = 0;
  // Half-open: the connection stays, what comes is read and ignored, nothing is sent any more, not even pongs.
  virtual void mute(ConnectionId id) = 0;
  virtual ServerCounts counts() const = 0;
  // Stops listening and closes all connections; on_closed comes for the WebSockets later on. Destruction stops too,
  // and calls nothing any more.
  virtual void stop() = 0;
};

Result<std::unique_ptr<Server>> start_server(Loop& loop, ServerOptions options, ServerHandler& handler);

}  // namespace reprise::net
