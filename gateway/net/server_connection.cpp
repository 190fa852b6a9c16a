#include "gateway/net/server_connection.h"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <utility>

namespace reprise::net {

namespace beast = boost::beast;
namespace http = beast::http;

namespace {

constexpr std::size_t kRequestReadSize = 8u << 10;

std::int64_t later(std::int64_t now, Duration time) {
  return time.count() > INT64_MAX - now ? INT64_MAX : now + time.count();
}

// Splits "/path?query"; "http://host/path" is a form that a proxy would send.
void set_target(Request& request, std::string target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!target.starts_with(scheme)) continue;
    const std::size_t slash = target.find('/', scheme.size());
    target = slash == std::string::npos ? "/" : target.substr(slash);
    break;
  }
  const std::size_t mark = target.find('?');
  request.query = mark == std::string::npos ? std::string() : target.substr(mark + 1);
  target.resize(std::min(mark, target.size()));
  request.path = std::move(target);
}

}  // namespace

struct Reply::Target {
  Target(std::weak_ptr<ServerConnection> wanted, std::uint64_t number)
      : connection(std::move(wanted)), serial(number) {}
  ~Target() {
    if (const auto alive = take()) alive->answer(serial, Response{500, {}, "no answer was made\n"});
  }
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;

  // The connection, the first time.
  std::shared_ptr<ServerConnection> take() { return std::exchange(answered, true) ? nullptr : connection.lock(); }

  const std::weak_ptr<ServerConnection> connection;
  const std::uint64_t serial;
  bool answered = false;
};

void Reply::send(Response response) const {
  if (const auto connection = target_->take()) connection->answer(target_->serial, std::move(response));
}
void Reply::drop() const {
  if (const auto connection = target_->take()) connection->drop_request(target_->serial);
}
void Reply::cut(Response response, std::size_t bytes) const {
  if (const auto connection = target_->take()) connection->answer_cut(target_->serial, std::move(response), bytes);
}
void Reply::hang() const {
  if (const auto connection = target_->take()) connection->hang(target_->serial);
}

ServerConnection::ServerConnection(ServerCore& server, ConnectionId id, tcp::socket socket, std::string peer)
    : server_(&server),
      limits_(server.limits),
      id_(id),
      peer_(std::move(peer)),
      transport_(std::make_shared<Transport>(server.core, std::move(socket))) {}

void ServerConnection::set_phase(Phase phase, Duration time) {
  phase_ = phase;
  deadline_ = server_ == nullptr ? 0 : later(server_->core.now(), time);
}

void ServerConnection::start(std::shared_ptr<TlsContext> tls) {
  if (!tls) return next_request();
  set_phase(Phase::handshake, limits_.header_time);
  transport_->start_tls(std::move(tls), {}, [self = shared_from_this()](const std::string& problem) {
    if (self->phase_ != Phase::handshake) return;
    if (problem.empty()) return self->next_request();
    if (self->server_ != nullptr) ++self->server_->counted.tls_failures;
    self->close("TLS: " + problem);
  });
}

// ---- requests

void ServerConnection::next_request() {
  parser_.emplace();
  parser_->eager(true);
  parser_->header_limit(static_cast<std::uint32_t>(limits_.header_bytes));
  parser_->body_limit(limits_.body_bytes);
  header_seen_ = false;
  if (input_.size() > 0) {
    set_phase(Phase::request, limits_.header_time);
    return parse();
  }
  set_phase(Phase::idle, limits_.idle_time);
  read();
}

void ServerConnection::read() {
  transport_->read(
      input_.prepare(kRequestReadSize),
      IoCallback([self = shared_from_this()](ErrorCode code, std::size_t bytes) { self->on_read(code, bytes); }));
}

void ServerConnection::on_read(ErrorCode code, std::size_t bytes) {
  if (phase_ == Phase::ended) return;
  if (code) return close(transport_->failure().empty() ? code.message() : transport_->failure());
  input_.commit(bytes);
  if (phase_ == Phase::lingering || phase_ == Phase::muted) return ignore_input();
  if (phase_ == Phase::idle) set_phase(Phase::request, limits_.header_time);
  parse();
}

void ServerConnection::parse() {
  while (input_.size() > 0 && !parser_->is_done()) {
    ErrorCode code;
    const std::size_t used = parser_->put(input_.data(), code);
    input_.consume(used);
    if (code == http::error::need_more) {
      if (!parser_->is_header_done() && input_.size() > limits_.header_bytes)
        return on_parse_error(http::error::header_limit);
      break;
    }
    if (code) return on_parse_error(code);
    if (parser_->is_header_done() && !header_seen_) {
      header_seen_ = true;
      deadline_ = later(server_->core.now(), limits_.body_time);
      const auto expects = parser_->get().find(http::field::expect);
      if (expects != parser_->get().end() && beast::iequals(expects->value(), "100-continue") && !parser_->is_done())
        transport_->write("HTTP/1.1 100 Continue\r\n\r\n");
    }
  }
  if (!parser_->is_done()) return read();
  take_request();
}

void ServerConnection::on_parse_error(ErrorCode code) {
  ++server_->counted.bad_requests;
  if (code == http::error::header_limit) return refuse(431, "the header is too large\n");
  if (code == http::error::body_limit) return refuse(413, "the body is too large\n");
  refuse(400, "not an HTTP request: " + code.message() + "\n");
}

void ServerConnection::take_request() {
  auto& message = parser_->get();
  Request request;
  request.method = std::string(message.method_string());
  set_target(request, std::string(message.target()));
  for (const auto& field : message) request.headers.add(std::string(field.name_string()), std::string(field.value()));
  request.peer = peer_;
  request.connection = id_;
  keep_alive_ = message.keep_alive();
  head_only_ = message.method() == http::verb::head;
  ++server_->counted.requests;
  ++serial_;
  if (beast::websocket::is_upgrade(message)) return upgrade(std::move(request));
  request.body = std::move(message.body());
  set_phase(Phase::answering, limits_.answer_time);
  server_->handler.on_request(std::move(request), Reply(std::make_shared<Reply::Target>(weak_from_this(), serial_)));
}

void ServerConnection::send(const Response& response, bool keep_alive, bool with_body) {
  std::string text = head_of(response, keep_alive);
  if (with_body) text += response.body;
  transport_->write(std::move(text));
}

void ServerConnection::answer(std::uint64_t serial, Response response) {
  if (phase_ != Phase::answering || serial != serial_ || server_ == nullptr) return;
  send(response, keep_alive_, !head_only_);
  if (!keep_alive_) return linger();
  // Not from here: a row of requests that are in already would go round within the handler's calls.
  phase_ = Phase::idle;
  asio::post(server_->core.context(), [self = shared_from_this()] {
    if (self->phase_ == Phase::idle && self->server_ != nullptr) self->next_request();
  });
}

void ServerConnection::answer_cut(std::uint64_t serial, Response response, std::size_t bytes) {
  if (phase_ != Phase::answering || serial != serial_) return;
  std::string text = head_of(response, true) + response.body;
  text.resize(std::min(bytes, text.size()));
  transport_->write(std::move(text));
  linger();
}

void ServerConnection::hang(std::uint64_t serial) {
  if (phase_ != Phase::answering || serial != serial_) return;
  transport_->discard_output();
  set_phase(Phase::muted, limits_.idle_time);
  ignore_input();
}

void ServerConnection::drop_request(std::uint64_t serial) {
  if (phase_ == Phase::answering && serial == serial_) drop("dropped on request");
}

void ServerConnection::refuse(int status, std::string_view text) {
  send(Response{status, {{"Content-Type", "text/plain"}}, std::string(text)}, false, true);
  linger();
}

// Closing at once would be a reset where input is left, and the reset would overtake the answer.
void ServerConnection::linger() {
  transport_->finish_output();
  set_phase(Phase::lingering, limits_.close_time);
  ignore_input();
}

void ServerConnection::ignore_input() {
  input_.consume(input_.size());
  read();
}

// ---- the WebSocket

void ServerConnection::upgrade(Request request) {
  std::optional<Response> refusal = server_->handler.on_websocket(request);
  if (phase_ == Phase::ended || server_ == nullptr) return;
  if (refusal) {
    phase_ = Phase::answering;
    return answer(serial_, std::move(*refusal));
  }
  set_phase(Phase::upgrading, limits_.header_time);
  transport_->put_back({static_cast<const char*>(input_.data().data()), input_.size()});
  input_.consume(input_.size());
  session_ = std::make_unique<WebsocketSession>(transport_, limits_.message_bytes);
  session_->accept(parser_->release(), *this);
}

void ServerConnection::on_session_open() {
  set_phase(Phase::websocket, limits_.websocket_idle_time);
  opened_ = true;
  if (server_ == nullptr) return;
  ++server_->counted.websockets;
  server_->handler.on_open(id_);
}

void ServerConnection::on_session_text(std::string_view text) {
  if (server_ != nullptr && phase_ == Phase::websocket && !muted_) server_->handler.on_text(id_, text);
}

void ServerConnection::on_session_pong(std::string_view payload) {
  if (server_ != nullptr && phase_ == Phase::websocket && !muted_) server_->handler.on_pong(id_, payload);
}

void ServerConnection::on_session_end(const SessionEnd& session_end) {
  end(end_reason_.empty() ? session_end.text : end_reason_);
}

bool ServerConnection::send_text(std::shared_ptr<const std::string> text) {
  if (phase_ != Phase::websocket || !session_->is_open() || !transport_->is_open()) return false;
  if (transport_->queued() + text->size() > limits_.send_queue_bytes) {
    ++server_->counted.slow_dropped;
    drop("too slow: more than " + std::to_string(limits_.send_queue_bytes) + " bytes wait to be sent");
    return false;
  }
  session_->send_text(std::move(text));
  return true;
}

bool ServerConnection::ping(std::string_view payload) {
  if (phase_ != Phase::websocket || !session_->is_open()) return false;
  session_->ping(payload);
  return true;
}

void ServerConnection::close_websocket(std::uint16_t code, std::string_view reason) {
  if (phase_ != Phase::websocket) return;
  session_->close(code, reason);
  deadline_ = std::min(deadline_, later(server_->core.now(), limits_.close_time));
}

void ServerConnection::mute() {
  muted_ = true;
  transport_->discard_output();
}

// ---- the end

void ServerConnection::check_times(std::int64_t now) {
  if (phase_ == Phase::ended) return;
  if (transport_->queued() > 0 && now >= later(transport_->last_progress(), limits_.stall_time)) {
    ++server_->counted.slow_dropped;
    return drop("too slow: takes nothing of what is sent");
  }
  if (transport_->take_received() && phase_ == Phase::websocket && session_->is_open())
    deadline_ = later(now, limits_.websocket_idle_time);
  if (now < deadline_) return;
  ++server_->counted.timed_out;
  switch (phase_) {
    case Phase::request:
      // A read is pending; linger() only needs its phase.
      send(Response{408, {}, "the request took too long\n"}, false, true);
      transport_->finish_output();
      return set_phase(Phase::lingering, limits_.close_time);
    case Phase::answering: return drop("the handler made no answer in time");
    case Phase::websocket: return drop(session_->is_open() ? "nothing came from the client for too long" : "closed");
    case Phase::lingering: return close("closed");
    default: return close("timed out");
  }
}

void ServerConnection::drop(std::string reason) {
  if (phase_ == Phase::ended) return;
  end_reason_ = std::move(reason);
  transport_->reset();
  // A WebSocket ends through its session, whose read comes back now.
  if (!opened_) end(end_reason_);
}

void ServerConnection::close(std::string reason) {
  if (phase_ == Phase::ended) return;
  end_reason_ = std::move(reason);
  transport_->close();
  if (!opened_) end(end_reason_);
}

void ServerConnection::end(std::string_view reason) {
  if (phase_ == Phase::ended) return;
  const std::string text(reason);
  phase_ = Phase::ended;
  const auto self = shared_from_this();
  transport_->close();
  if (server_ == nullptr) return;
  ServerCore& server = *server_;
  if (opened_) {
    --server.counted.websockets;
    server.handler.on_closed(id_, text);
  }
  if (server_ == nullptr) return;  // the handler destroyed the server
  detach();
  server.forget(id_);
}

}  // namespace reprise::net
