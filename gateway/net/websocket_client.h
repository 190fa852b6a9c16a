// One WebSocket to a server, plain or TLS. It connects once and ends once; connecting again is the caller's policy.
//
// All calls and callbacks on the loop's thread. on_end comes exactly once, whatever happened, and never within a call
// of the client; nothing comes after it. Destruction closes the connection and calls nothing.
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

struct WebsocketOptions {
  std::string host;
  std::uint16_t port = 0;
  std::string target = "/";  // path and query
  Headers headers;           // beside those of the handshake
  std::optional<ClientTls> tls;
  std::size_t message_bytes = 16u << 20;
  std::size_t send_queue_bytes = 4u << 20;
  Duration connect_time = std::chrono::seconds(10);  // up to the accepted upgrade
  Duration idle_time = std::chrono::minutes(5);      // ends when nothing at all came for so long
  Duration ping_interval{};                          // pings of our own; 0: none
  Duration close_time = std::chrono::seconds(3);     // for the server's part of the closing handshake
};

enum class WebsocketCause {
  not_connected,  // name, TCP, TLS, or no answer in time: no message was sent
  refused,        // an HTTP answer that is no upgrade: see http_status
  closed_by_peer,
  closed_by_us,
  timed_out,  // silent for idle_time
  broken,     // reset, or ended without a closing handshake
  too_large,  // a message beyond message_bytes
};

struct WebsocketEnd {
  WebsocketCause cause = WebsocketCause::not_connected;
  std::uint16_t close_code = 0;  // the server's; 0: none came
  int http_status = 0;
  std::string text;
  // Of the texts that send_text accepted, how many of the last have certainly not left this machine. Those before
  // them may have been received or not.
  std::size_t unsent_texts = 0;
};

class WebsocketHandler {
 public:
  virtual ~WebsocketHandler() = default;
  virtual void on_open() {}
  virtual void on_text(std::string_view text) = 0;
  virtual void on_ping(std::string_view) {}  // answered already
  virtual void on_pong(std::string_view) {}
  virtual void on_end(const WebsocketEnd& end) = 0;
};

class WebsocketClient {
 public:
  virtual ~WebsocketClient() = default;
  virtual bool is_open() const = 0;
  // False: not open, or the queue is full; nothing of it is sent then.
  virtual bool send_text(std::string text) = 0;
  virtual bool ping(std::string_view payload) = 0;
  virtual void close(std::uint16_t code, std::string_view reason) = 0;
};

// Begins to connect. Fails where the authorities' file cannot be read. The handler outlives the client.
Result<std::unique_ptr<WebsocketClient>> open_websocket(Loop& loop, WebsocketOptions options,
                                                        WebsocketHandler& handler);

}  // namespace reprise::net
