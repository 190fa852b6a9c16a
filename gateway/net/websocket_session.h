// One WebSocket over a transport, server or client side, for the sources of gateway/net only. The one source behind
// this header instantiates Beast's WebSocket stream.
//
// Reading, control frames and the closing handshake are Beast's. Text and pings are framed here and go into the
// transport's queue, so that a row of them leaves in one system call and a shared text is not copied on a server.
#pragma once

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/net/http.h"
#include "gateway/net/transport.h"

namespace reprise::net {

struct SessionEnd {
  std::string text;
  std::uint16_t close_code = 0;  // the peer's; 0: no closing handshake took place
  bool too_big = false;
  bool peer_closed = false;  // the peer's close frame came first
  int refused_status = 0;    // client: the answer that was no upgrade
};

// Called on the loop's thread, never within a call of the session. After on_session_end nothing more comes.
class SessionListener {
 public:
  virtual ~SessionListener() = default;
  virtual void on_session_open() = 0;
  virtual void on_session_text(std::string_view text) = 0;
  virtual void on_session_ping(std::string_view) {}
  virtual void on_session_pong(std::string_view) {}
  virtual void on_session_end(const SessionEnd& end) = 0;
};

class WebsocketSession {
 public:
  using UpgradeRequest = boost::beast::http::request<boost::beast::http::string_body>;

  WebsocketSession(std::shared_ptr<Transport> transport, std::size_t max_message_bytes);
  ~WebsocketSession();  // detaches the listener; the connection is the transport's owner's to close
  WebsocketSession(const WebsocketSession&) = delete;
  WebsocketSession& operator=(const WebsocketSession&) = delete;

  // The listener stays the caller's and is kept alive by it while the session is.
  void accept(UpgradeRequest request, SessionListener& listener);
  void connect(const std::string& host, const std::string& target, const Headers& headers, SessionListener& listener);

  bool is_open() const;
  void send_text(std::shared_ptr<const std::string> text);
  void ping(std::string_view payload);
  void close(std::uint16_t code, std::string_view reason);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace reprise::net
