// One connection of the server, for the sources of gateway/net only: TLS handshake, requests one after the other, and
// the WebSocket it may become. It lives as long as a callback of it is pending; the server that forgot it detaches it.
#pragma once

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <memory>
#include <optional>
#include <string>

#include "gateway/net/server_core.h"
#include "gateway/net/websocket_session.h"

namespace reprise::net {

class ServerConnection final : public SessionListener, public std::enable_shared_from_this<ServerConnection> {
 public:
  ServerConnection(ServerCore& server, ConnectionId id, tcp::socket socket, std::string peer);

  void start(std::shared_ptr<TlsContext> tls);
  // Looks at the times; called now and then by the server.
  void check_times(std::int64_t now);
  // The server is gone: no more callbacks to it.
  void detach() { server_ = nullptr; }

  // Answers of the handler. serial tells for which request, so that an old one cannot answer a new one.
  void answer(std::uint64_t serial, Response response);
  void answer_cut(std::uint64_t serial, Response response, std::size_t bytes);
  void hang(std::uint64_t serial);
  void drop_request(std::uint64_t serial);

  bool is_websocket() const { return phase_ == Phase::websocket; }
  bool send_text(std::shared_ptr<const std::string> text);
  bool ping(std::string_view payload);
  void close_websocket(std::uint16_t code, std::string_view reason);
  void mute();
  void drop(std::string reason);
  // Closes behind what the socket takes at once.
  void close(std::string reason);
  std::size_t queued() const { return transport_->queued(); }

 private:
  enum class Phase { handshake, idle, request, answering, upgrading, websocket, lingering, muted, ended };
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  void set_phase(Phase phase, Duration time);
  void next_request();
  void read();
  void on_read(ErrorCode code, std::size_t bytes);
  void parse();
  void on_parse_error(ErrorCode code);
  void take_request();
  void upgrade(Request request);
  void send(const Response& response, bool keep_alive, bool with_body);
  void refuse(int status, std::string_view text);
  void linger();
  void ignore_input();
  void end(std::string_view reason);

  void on_session_open() override;
  void on_session_text(std::string_view text) override;
  void on_session_pong(std::string_view payload) override;
  void on_session_end(const SessionEnd& end) override;

  ServerCore* server_;
  const ServerLimits limits_;
  const ConnectionId id_;
  const std::string peer_;
  std::shared_ptr<Transport> transport_;
  Phase phase_ = Phase::handshake;
  std::int64_t deadline_ = INT64_MAX;
  boost::beast::flat_buffer input_;
  std::optional<Parser> parser_;
  bool header_seen_ = false;
  bool keep_alive_ = true, head_only_ = false;
  bool muted_ = false;
  std::uint64_t serial_ = 0;
  std::unique_ptr<WebsocketSession> session_;
  bool opened_ = false;
  std::string end_reason_;
};

}  // namespace reprise::net
